"""Chapters as other programs read them: Podcasting 2.0 JSON, Podlove, mp4chaps text.

Source: podcast-namespace docs/examples/chapters/jsonChapters.md (version 1.2.0); Podlove Simple
Chapters 1.2 (times in Normal Play Time); mp4chaps' `hh:mm:ss.mmm Title`, as Podlove and Auphonic
write and read it.
"""

from collections.abc import Sequence
from xml.etree import ElementTree

from shownotes.core.characters import printable
from shownotes.core.timecodes import stamp
from shownotes.model import Chapter, ShowNotes

PODLOVE = "http://podlove.org/simple-chapters"
PODLOVE_VERSION = "1.2"


def chapters_document(notes: ShowNotes) -> dict[str, object]:
    """The Podcasting 2.0 JSON chapters, version 1.2.0."""
    document: dict[str, object] = {"version": "1.2.0", "title": notes.title}
    if notes.show:
        document["podcastName"] = notes.show
    document["chapters"] = [
        {
            "startTime": round(chapter.start, 3),
            "endTime": round(chapter.end, 3),
            "title": chapter.title,
        }
        for chapter in notes.chapters
    ]
    return document


def podlove(chapters: Sequence[Chapter]) -> ElementTree.Element:
    """`<psc:chapters>`, for a file of its own or an item of a feed."""
    ElementTree.register_namespace("psc", PODLOVE)
    root = ElementTree.Element(f"{{{PODLOVE}}}chapters", {"version": PODLOVE_VERSION})
    for chapter in chapters:
        told = {"start": stamp(chapter.start), "title": printable(chapter.title)}
        ElementTree.SubElement(root, f"{{{PODLOVE}}}chapter", told)
    return root


def chapters_text(chapters: Sequence[Chapter]) -> str:
    """`chapters.txt`: one line a chapter."""
    lines = [f"{stamp(c.start)} {' '.join(c.title.split())}" for c in chapters]
    return "\n".join(lines) + "\n"


def xml_document(root: ElementTree.Element) -> str:
    """An element as a whole XML file."""
    ElementTree.indent(root, " ")
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, "unicode") + "\n"
