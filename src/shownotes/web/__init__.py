"""The editor's desk: a local web application over the boxes, closed by default."""
