"""Chapter files and HTML transcripts that feeds name -> our nouns, and text.

Source: JSON chapters 1.2.0; podcast-namespace docs/examples/transcripts/transcripts.md @ 2026-05-13
(HTML: `<cite>` the speaker, `<time>` the start, `<p>` what is said).
"""

import json
from typing import Any

from shownotes.adapters.feed_elements import read_seconds
from shownotes.core.feed_files import one_line
from shownotes.model import GivenChapter


def read_chapters(data: bytes) -> tuple[GivenChapter, ...]:
    """The chapters of a `podcast:chapters` file, without those that are not listed."""
    try:
        told = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return ()
    chapters = told.get("chapters") if isinstance(told, dict) else None
    found = []
    for chapter in chapters if isinstance(chapters, list) else []:
        if isinstance(chapter, dict) and chapter.get("toc") is not False:
            start, title = read_seconds(chapter.get("startTime")), chapter.get("title")
            if start is not None and isinstance(title, str) and one_line(title):
                found.append(GivenChapter(start=start, title=one_line(title)))
    return tuple(found)


def transcript_text(data: bytes) -> str:
    """A transcript in HTML (`<cite>` who, `<time>` when, `<p>` what) as lines of text."""
    from lxml import etree

    root = etree.fromstring(data, etree.HTMLParser(no_network=True, remove_comments=True))
    if root is None:
        return ""
    lines, told = [], {"cite": "", "time": ""}
    for element in root.iter("cite", "time", "p"):
        if element.tag == "p":
            said = _said(element, told)
            if said:
                when, who = told["time"], told["cite"].rstrip(":")
                lines.append(f"{f'[{when}] ' if when else ''}{f'{who}: ' if who else ''}{said}")
                told = {"cite": "", "time": ""}
        elif not any(parent.tag == "p" for parent in element.iterancestors()):
            told[element.tag] = " ".join("".join(element.itertext()).split())
    return "\n".join(lines) + "\n"


def _said(element: Any, told: dict[str, str]) -> str:
    """The words of a paragraph; names and times in it are noted instead."""
    for found in element.iter("cite", "time"):
        told[found.tag] = " ".join("".join(found.itertext()).split())
    texts = element.xpath(".//text()[not(ancestor::cite or ancestor::time)]")
    return " ".join("".join(map(str, texts)).split())
