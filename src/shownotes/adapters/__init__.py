"""One outside thing each: turns its objects and errors into ours."""
