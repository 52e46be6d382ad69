"""Items and feeds, read back by feedparser and by their namespaces."""

import datetime
from dataclasses import replace
from typing import Any
from xml.etree import ElementTree

import feedparser
import pytest

from shownotes.core.chapter_files import xml_document
from shownotes.core.feed import (
    ITUNES,
    PODCAST,
    Channel,
    Enclosure,
    Item,
    feed,
    feed_guid,
    item,
)
from shownotes.model import Person, PersonRole, Soundbite
from tests.core.test_lint import notes

CHANNEL = Channel(
    title="The Ledger & Co.",
    description="Heat, <rent> and power.",
    language="en",
    site_url="https://example.org/ledger/",
    feed_url="https://example.org/ledger/feed.xml",
    cover_url="https://example.org/ledger/cover.jpg",
    category="News",
    author="Example Media",
    owner_email="pod@example.org",
    hosts=(("Amara Lindqvist", "https://example.org/amara"),),
)
WHEN = datetime.datetime(2026, 9, 16, tzinfo=datetime.UTC)


def person(name: str, role: PersonRole) -> Person:
    return Person(name=name, role=role, evidence=None)


def source(**changes: Any) -> Item:
    made = Item(
        notes=notes(
            season=2,
            hosts=(person("Amara Lindqvist", PersonRole.HOST),),
            guests=(person("Mei & Söhne", PersonRole.GUEST), person("x" * 200, PersonRole.GUEST)),
            soundbites=(Soundbite(title="You cannot “heat” a street.", start=62.5, end=80.0),),
        ),
        guid="0a1b2c",
        description="<p>Why is it cold?</p>\n<p>00:00:00 One</p>",
        published=WHEN,
        address="https://example.org/ledger/one/",
        enclosure=Enclosure(
            url="https://cdn.example.org/one.mp3", size_bytes=1234, mime_type="audio/mpeg"
        ),
    )
    return replace(made, **changes)


def parsed(*items: Item, channel: Channel = CHANNEL) -> Any:
    read = feedparser.parse(xml_document(feed(channel, items)))
    assert not read.bozo, read.get("bozo_exception")
    return read


def texts(element: ElementTree.Element, tag: str) -> list[str | None]:
    return [found.text for found in element.iter(f"{{{PODCAST}}}{tag}")]


def test_feedparser_reads_the_show() -> None:
    read = parsed(source()).feed
    assert read.title == "The Ledger & Co."
    assert read.language == "en"
    assert read.link == "https://example.org/ledger/"
    assert read.image.href == "https://example.org/ledger/cover.jpg"
    assert read.author == "Example Media"
    assert read.tags[0].term == "News"
    assert [link.href for link in read.links if link.rel == "self"] == [CHANNEL.feed_url]


def test_feedparser_reads_an_episode() -> None:
    (entry,) = parsed(source()).entries
    assert entry.title == "A cold house"
    assert entry.id == "0a1b2c"
    assert entry.guidislink is False
    assert entry.link == "https://example.org/ledger/one/"
    assert entry.published_parsed[:3] == (2026, 9, 16)
    assert entry.enclosures[0].href == "https://cdn.example.org/one.mp3"
    assert (entry.enclosures[0].length, entry.enclosures[0].type) == ("1234", "audio/mpeg")
    assert entry.itunes_duration == "180"
    assert (entry.itunes_episode, entry.itunes_season) == ("1", "2")
    assert entry.description.startswith("<p>Why is it cold?</p>")


def test_an_item_restates_its_hosts_and_names_fit() -> None:
    people = [(e.get("role"), e.text) for e in item(source()).iter(f"{{{PODCAST}}}person")]
    assert people == [("host", "Amara Lindqvist"), ("guest", "Mei & Söhne"), ("guest", "x" * 128)]


def test_files_are_linked_with_their_types() -> None:
    element = item(source())
    found = [
        (e.get("url"), e.get("type"), e.get("rel"))
        for e in element.iter(f"{{{PODCAST}}}transcript")
    ]
    at = "https://example.org/ledger/one/"
    assert found == [
        (f"{at}transcript.vtt", "text/vtt", "captions"),
        (f"{at}transcript.srt", "application/x-subrip", "captions"),
        (f"{at}transcript.podcast.json", "application/json", None),
    ]
    (chapters,) = element.iter(f"{{{PODCAST}}}chapters")
    assert chapters.get("type") == "application/json+chapters"
    (bite,) = element.iter(f"{{{PODCAST}}}soundbite")
    assert bite.attrib == {"startTime": "62.500", "duration": "17.500"}
    assert bite.text == "You cannot “heat” a street."


def test_without_addresses_an_item_is_written_and_links_nothing() -> None:
    element = item(source(address=None, enclosure=None, published=None))
    assert list(element.iter(f"{{{PODCAST}}}transcript")) == []
    assert element.find("enclosure") is None
    assert element.find("link") is None
    assert element.find("pubDate") is None
    assert element.findtext("guid") == "0a1b2c"


def test_what_a_show_says_of_machines_is_said() -> None:
    assert texts(item(source(ai_content=True)), "txt") == ["true"]
    assert texts(item(source(ai_content=False)), "txt") == ["false"]
    assert texts(item(source()), "txt") == []


def test_a_preview_is_kept_out_of_directories() -> None:
    blocked = feed(replace(CHANNEL, is_blocked=True), [source()])
    assert blocked.findtext(f"channel/{{{ITUNES}}}block") == "Yes"
    assert feed(CHANNEL, [source()]).find(f"channel/{{{ITUNES}}}block") is None


def test_the_guid_of_a_show_is_the_one_that_the_specification_gives() -> None:
    # The worked example of podcast-namespace docs/tags/guid.md.
    assert str(feed_guid("https://mp3s.nashownotes.com/pc20rss.xml")) == (
        "917393e3-1b1e-5cef-ace4-edaa54e1f810"
    )
    assert feed_guid("http://a.org/feed/") == feed_guid("https://a.org/feed")


@pytest.mark.parametrize("bad", ["\x00", "\x0b", "\ud800", "\ufffe"])
def test_characters_that_xml_forbids_are_left_out(bad: str) -> None:
    made = source(notes=notes(title=f"Co{bad}ld", guests=(person(f"A{bad}b", PersonRole.GUEST),)))
    (entry,) = parsed(made).entries
    assert entry.title == "Cold"
