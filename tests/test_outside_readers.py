"""Every file is read back by a reader that we did not write: ordinary, hostile and made-up input.

WebVTT by webvtt-py, SRT by srt, feeds by feedparser, HTML by html5lib in strict mode, Markdown by
markdown-it, JSON by schemas written from the specifications, XML by expat.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import feedparser
import html5lib
import jsonschema
import pytest
import srt
import webvtt
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from shownotes.adapters.languages import load_wording
from shownotes.core.captions import make_cues
from shownotes.core.chapter_files import xml_document
from shownotes.core.feed import Channel, feed
from shownotes.core.page import build_page
from shownotes.model import (
    AudioFile,
    Chapter,
    Credit,
    Episode,
    Evidence,
    Fact,
    Link,
    Metadata,
    Organization,
    OrganizationKind,
    Person,
    PersonRole,
    Quote,
    Resource,
    ResourceKind,
    Sentence,
    ShowNotes,
    Soundbite,
    Word,
)
from shownotes.settings import ShowSettings
from shownotes.steps.targets import Material, feed_item, make_all
from tests.core.test_lint import notes

TEMPLATES = Path(__file__).parents[1] / "templates" / "notes"
# Source: podcast-namespace docs/examples/transcripts/transcripts.md.
TRANSCRIPT_SCHEMA = {
    "type": "object",
    "required": ["version", "segments"],
    "properties": {
        "version": {"const": "1.0.0"},
        "segments": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["startTime", "body"],
                "additionalProperties": False,
                "properties": {
                    "speaker": {"type": "string", "minLength": 1},
                    "startTime": {"type": "number", "minimum": 0},
                    "endTime": {"type": "number", "minimum": 0},
                    "body": {"type": "string"},
                },
            },
        },
    },
}
# Source: podcast-namespace docs/examples/chapters/jsonChapters.md, version 1.2.
CHAPTERS_SCHEMA = {
    "type": "object",
    "required": ["version", "chapters"],
    "properties": {
        "version": {"const": "1.2.0"},
        **{
            key: {"type": "string"}
            for key in ("author", "title", "podcastName", "description", "fileName")
        },
        "waypoints": {"type": "boolean"},
        "chapters": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["startTime"],
                "additionalProperties": False,
                "properties": {
                    "startTime": {"type": "number", "minimum": 0},
                    "endTime": {"type": "number", "minimum": 0},
                    "title": {"type": "string"},
                    "img": {"type": "string"},
                    "url": {"type": "string"},
                    "toc": {"type": "boolean"},
                },
            },
        },
    },
}
# Normal Play Time, as Podlove Simple Chapters takes it.
PLAY_TIME = re.compile(r"\d{2,}:[0-5]\d:[0-5]\d(?:\.\d{3})?")
HOSTILE = (
    "</script><script>alert(1)</script>",
    "<b>bold</b> & <i>x</i> &amp; &lt;",
    "]]> <!-- --> --> end",
    "\"quotes\" 'single' `ticks` “curly”",
    "# heading * star _under_ [link](http://x) | pipe ~ !",
    "1. list - item + plus > quote",
    "{{ notes.title }} {% raw %} {# no #}",
    "שלום עולם مرحبا بالعالم",
    "\u202eright to left\u202c",
    "🎙️👩‍🚒🇳🇴 emoji",
    "line\nbreak\r\nand\ttab",
    "null\x00 bell\x07 vertical\x0b escape\x1b",
    "surrogate \ud83d alone, noncharacter \ufffe",
    "\u2028separator\u2029 \u0085next",
    "x" * 300,
    " ",
    "--",
    "00:00:01.000 --> 00:00:02.000",
    "WEBVTT",
    "javascript:alert(1)",
)


def evidence(text: str, start: float = 1.0) -> Evidence:
    return Evidence(text=text, start=start, end=start + 1)


def fact(text: str, start: float = 1.0) -> Fact:
    return Fact(value=text, evidence=evidence(text, start))


def sentences_of(
    texts: Sequence[str], speakers: Sequence[str | None], step: float
) -> list[Sentence]:
    made = []
    for index, text in enumerate(texts):
        start = index * step
        words = text.split() or ["…"]
        each = min(0.4, step / (len(words) + 1))
        spoken = tuple(
            Word(text=w, start=start + i * each, end=start + (i + 1) * each)
            for i, w in enumerate(words)
        )
        made.append(
            Sentence(
                index=index,
                text=" ".join(words),
                start=start,
                end=spoken[-1].end,
                segment=index,
                speaker=speakers[index % len(speakers)],
                words=spoken,
            )
        )
    return made


def full_notes(texts: Sequence[str], duration: float) -> ShowNotes:
    """Notes in which every field holds one of the texts."""

    def at(index: int) -> str:
        return texts[index % len(texts)]

    step = duration / max(1, len(texts))
    person = Person(
        name=at(0),
        role=PersonRole.GUEST,
        evidence=evidence(at(1)),
        title=fact(at(2)),
        organization=fact(at(3)),
        description=fact(at(4)),
        link=at(5),
    )
    body = Organization(
        name=at(1),
        kind=OrganizationKind.GOVERNMENT_AGENCY,
        evidence=evidence(at(2)),
        acronym=at(3),
        description=fact(at(4)),
    )
    return notes(
        title=at(0) if at(0).strip() else "Untitled",
        show=at(1),
        duration=duration,
        hook=fact(at(2)),
        summary=tuple(fact(t) for t in texts[:4]),
        long_summary=tuple(fact(t) for t in texts[:6]),
        narrative=tuple(fact(t) for t in texts[2:5]),
        questions=tuple(fact(t) for t in texts[:3]),
        key_points=tuple(fact(t) for t in texts[:5]),
        quotes=tuple(Quote(text=t, start=1.0, end=2.0, speaker=at(3)) for t in texts[:3]),
        hosts=(replace(person, role=PersonRole.HOST),),
        guests=(person,),
        agencies=(body,),
        organizations=(body,),
        chapters=tuple(
            Chapter(start=i * step, end=(i + 1) * step, title=t) for i, t in enumerate(texts)
        ),
        earlier_episodes=(Link(text=at(4), url="../a%20b/notes.html", episode="a b"),),
        links=(Link(text=at(5), url=at(6)), Link(text=at(6), url="https://example.org/?a=1&b=2")),
        resources=(
            Resource(name=at(7), kind=ResourceKind.BOOK, evidence=evidence(at(7)), url=at(8)),
        ),
        credits=(Credit(role=at(8), name=at(9)),),
        soundbites=(Soundbite(title=at(10), start=1.0, end=20.0),),
        sign_off=fact(at(11)),
    )


def material_of(texts: Sequence[str], *, duration: float = 600.0) -> Material:
    made = full_notes(texts, duration)
    spoken = sentences_of(texts, [texts[0], None, texts[-1]], duration / (len(texts) + 1))
    show = ShowSettings(
        audio_url="https://cdn.example.org/{file}", site_url="https://example.org/s"
    )
    audio = AudioFile(
        path="audio/a b.mp3", size_bytes=9, modified_ns=1, inode=1, packets_sha256="0",
        container="mp3", codec="mp3", channels=1, sample_rate_hz=44_100, decoded_s=duration,
        declared_s=None,
    )  # fmt: skip
    wording = load_wording("en")
    page = build_page(
        made,
        spoken,
        wording=wording,
        audio_path="../../audio/a b.mp3",
        files=(("transcript.vtt", "WebVTT"),),
        publication=texts[0],
        address="https://example.org/s/one/",
    )
    return Material(
        notes=made,
        sentences=tuple(spoken),
        cues=make_cues(spoken),
        page=page,
        episode=Episode(id="0a", key="k", folder="one", metadata=Metadata(), versions=(audio,)),
        show=show,
        wording=wording,
        folders=(TEMPLATES,),
    )


def files_of(material: Material) -> dict[str, str]:
    return {name: text for name, text in make_all(material) if text is not None}


def plain(text: str) -> str:
    return " ".join(text.split())


def read_all(material: Material) -> None:
    """Read every file; raises where a reader finds fault."""
    files = files_of(material)
    for name, text in files.items():
        text.encode()  # no lone surrogates: the file can be written
        assert "\x00" not in text, name
    read_captions(material, files)
    read_chapters(material, files)
    for name in ("notes.html", "newsletter.html"):
        html5lib.HTMLParser(strict=True).parse(files[name])
    html5lib.HTMLParser(strict=True).parseFragment(files["app.html"])
    assert "<script>alert" not in files["notes.html"]
    assert "javascript:" not in "".join(re.findall(r'href="([^"]*)"', files["notes.html"]))
    read_feed(material, files)
    tokens = MarkdownIt("commonmark", {"html": True}).parse(files["notes.md"])
    raw = [t.content for t in tokens if t.type == "html_block"]
    assert all(block.startswith("<!--") and block.count("<!--") == 1 for block in raw)
    inline = [c for t in tokens for c in t.children or () if c.type == "html_inline"]
    assert inline == []
    assert "<" not in files["video.txt"]
    assert ">" not in files["video.txt"]
    assert len(files["video.txt"]) <= 5000
    assert len(files["app.html"].encode()) <= 4000


def read_captions(material: Material, files: dict[str, str]) -> None:
    found = list(webvtt.from_buffer(StringIO(files["transcript.vtt"])))
    assert len(found) == len(material.cues)
    for caption, cue in zip(found, material.cues, strict=True):
        assert abs(caption.start_in_seconds - int(cue.start)) <= 1
    subtitles = list(srt.parse(files["transcript.srt"]))
    assert len(subtitles) >= 1
    for subtitle in subtitles:
        lines = subtitle.content.split("\n")
        assert len(lines) <= 2
        assert max(map(len, lines)) <= 42
        assert subtitle.end > subtitle.start
    assert [s.index for s in subtitles] == list(range(1, len(subtitles) + 1))
    jsonschema.validate(json.loads(files["transcript.podcast.json"]), TRANSCRIPT_SCHEMA)


def read_chapters(material: Material, files: dict[str, str]) -> None:
    document = json.loads(files["chapters.podcast.json"])
    jsonschema.validate(document, CHAPTERS_SCHEMA)
    starts = [chapter["startTime"] for chapter in document["chapters"]]
    assert starts == sorted(starts)
    root = ElementTree.fromstring(files["chapters.psc.xml"])
    assert len(root) == len(material.notes.chapters)
    for chapter in root:
        assert PLAY_TIME.fullmatch(chapter.attrib["start"])
        assert "title" in chapter.attrib
    lines = files["chapters.txt"].split("\n")
    assert lines[-1] == ""
    assert len(lines) - 1 == len(material.notes.chapters)
    assert all(PLAY_TIME.fullmatch(line.split(" ")[0]) for line in lines[:-1])


def read_feed(material: Material, files: dict[str, str]) -> None:
    ElementTree.fromstring(files["item.xml"])
    channel = Channel(
        title=material.notes.show or "S",
        description=material.notes.title,
        language="en",
        site_url="https://example.org/s/",
        feed_url="https://example.org/s/feed.xml",
    )
    read = feedparser.parse(xml_document(feed(channel, [feed_item(material)])))
    assert not read.bozo, read.get("bozo_exception")
    (entry,) = read.entries
    assert entry.enclosures[0].href == "https://cdn.example.org/a%20b.mp3"
    html5lib.HTMLParser(strict=True).parseFragment(entry.description)


def test_ordinary_text() -> None:
    words = "The river is smaller than its permits, and nobody counts it."
    read_all(material_of([f"{words} {i}" for i in range(12)]))


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_everywhere(text: str) -> None:
    read_all(material_of([text] * 12))


def test_all_hostile_texts_at_once_over_a_day() -> None:
    read_all(material_of(HOSTILE, duration=86_400.0))


def test_markup_in_a_transcript_is_shown_as_it_was_said() -> None:
    material = material_of(["<b>bold</b> & -->", *["plain words"] * 11])
    files = files_of(material)
    tree: Any = html5lib.parse(files["notes.html"], namespaceHTMLElements=False)
    said = "".join(tree.find(".//span[@data-s='0.00']").itertext())
    assert said == "<b>bold</b> & -->"
    captions = list(webvtt.from_buffer(StringIO(files["transcript.vtt"])))
    assert "<b>" not in captions[0].raw_text


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)
@given(texts=st.lists(st.text(max_size=120), min_size=1, max_size=12), hours=st.integers(0, 30))
def test_any_text_in_any_length(texts: list[str], hours: int) -> None:
    read_all(material_of(texts, duration=hours * 3600.0 + 60.0))
