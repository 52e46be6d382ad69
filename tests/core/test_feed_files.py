"""Names and sidecars made of strangers' texts."""

import tomllib
from datetime import datetime, timedelta, timezone
from pathlib import Path, PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shownotes.core.feed_files import (
    audio_ending,
    episode_stem,
    feed_id,
    one_line,
    show_folder,
    sidecar,
)
from shownotes.core.feeds import FeedItem, FeedPerson, Offer, short_hash
from shownotes.core.tray_names import is_unfinished
from shownotes.model import GivenChapter, GivenPerson
from shownotes.settings import Sidecar, load_sidecar

NEW_YORK = timezone(timedelta(hours=-5))
LATE = datetime(2025, 1, 6, 23, 30, tzinfo=NEW_YORK)


def item(title: str = "The River Has a Budget", guid: str = "g") -> FeedItem:
    audio = Offer(url="https://a.test/1.mp3")
    return FeedItem(title=title, guid=guid, audio=audio, published=LATE)


def write(source: FeedItem) -> str:
    people = (FeedPerson(name="Ann Lee"), FeedPerson(name="Bo Rask", role="guest"))
    return sidecar(source, show="Show", feed_id="x", people=people, chapters=(), with_hosts=True)


def read(text: str, folder: Path) -> Sidecar:
    path = folder / "a.toml"
    path.write_text(text, encoding="utf-8")
    return load_sidecar(path)


HOSTILE = [
    '"""\n[tracks]\nmodel = "x"',
    "a\\\"b\\n\\u0000'''",
    "../../etc/passwd",
    "C:\\Windows\\system32",
    "\u202egnp.3pm\u202c",
    "nul",
    "a\x00b\x07c\x85d\u2028e",
    "\ud800",
    "日本語のタイトル",
    " " * 50,
    "x" * 5000,
    ".hidden",
    "name.mp3.part",
    "#=[]{}",
]


@pytest.mark.parametrize("title", HOSTILE)
def test_a_hostile_title_is_text_and_no_more(title: str, tmp_path: Path) -> None:
    source = item(title)
    told = read(write(source), tmp_path)
    assert told.tracks == {}
    assert told.model is None
    assert len(told.title or "") <= 300
    assert all(c.isprintable() for c in told.title or "")
    stem = episode_stem(source, "0123456789abcdef", taken=())
    assert stem.startswith("2025-01-06-")
    assert stem.isascii()
    assert len(stem) < 100
    folder = show_folder(title)
    assert PurePosixPath(folder).parts == (folder,)
    assert not is_unfinished(folder)
    (tmp_path / folder).mkdir()
    (tmp_path / folder / stem).write_text("", encoding="utf-8")


@given(st.text(), st.text(), st.text())
def test_whatever_a_feed_says_the_sidecar_is_read_as_it_was_meant(
    title: str, name: str, link: str
) -> None:
    people = (FeedPerson(name=name, link=link), FeedPerson(name=name, role="guest", link=link))
    text = sidecar(
        item(title),
        show=title,
        feed_id=title or "x",
        people=people,
        chapters=(GivenChapter(start=1.5, title=title),),
        with_hosts=True,
    )
    told = tomllib.loads(text)
    assert set(told) <= {"title", "show", "feed_id", "date", "hosts", "guests", "chapters"}
    assert told.get("title", "") == one_line(title)
    assert [person["name"] for person in told.get("guests", [])] in ([], [one_line(name)[:128]])


def test_the_sidecar_says_what_the_feed_says(tmp_path: Path) -> None:
    chapters = [GivenChapter(start=60.25, title="Two"), GivenChapter(start=0, title="One")]
    people = (
        FeedPerson(name="Ann Lee", link="https://ann.test/"),
        FeedPerson(name="Bo Rask", role="guest", link="https://bo:secret@bo.test/"),
        FeedPerson(name="bo rask", role="guest"),
        FeedPerson(name="Cy", role="editor"),
    )
    source = FeedItem(
        title="Two “Rivers”",
        audio=Offer(url="https://a.test/1.mp3"),
        published=LATE,
        season=2,
        number=7,
    )
    text = sidecar(
        source, show="Show", feed_id="id", people=people, chapters=chapters, with_hosts=True
    )
    told = read(text, tmp_path).metadata()
    assert (told.title, told.show, told.season, told.number) == ("Two “Rivers”", "Show", 2, 7)
    # The day by the publisher's own clock.
    assert told.date == "2025-01-06"
    assert told.feed_id == "id"
    assert told.hosts == (GivenPerson(name="Ann Lee", link="https://ann.test/"),)
    assert told.guests == (GivenPerson(name="Bo Rask"),)
    assert [(c.start, c.title) for c in told.chapters] == [(0.0, "One"), (60.25, "Two")]
    without = sidecar(
        source, show="Show", feed_id="id", people=people, chapters=(), with_hosts=False
    )
    assert "Ann Lee" not in without


def test_a_name_that_is_taken_gets_a_number() -> None:
    stem = "2025-01-06-the-river-has-a-budget"
    assert episode_stem(item(), "k", taken=()) == stem
    assert episode_stem(item(), "k", taken={stem, f"{stem}-2"}) == f"{stem}-3"


def test_a_title_without_ascii_is_named_by_its_key() -> None:
    assert episode_stem(item("日本語"), "abcdef0123", taken=()) == "2025-01-06-episode-abcdef"


@pytest.mark.parametrize(
    ("guid", "is_kept"),
    [
        ("6ba7b810-9dad-11d1-80b4-00c04fd430c8", True),
        ("12", False),
        ("https://ann:secret@a.test/?p=12&auth=token", False),
        ("tag:soundcloud,2010:tracks/1234567", False),
        ("x" * 500, False),
        ("a guid with spaces in it", False),
    ],
)
def test_a_guid_is_kept_only_where_it_is_one_of_a_kind_and_no_address(
    guid: str, is_kept: bool
) -> None:
    key = short_hash(guid)
    assert feed_id(item(guid=guid), key, feed="show") == (guid if is_kept else f"show:{key}")


def test_folders_of_devices_and_of_our_own_are_not_taken() -> None:
    assert show_folder("CON") == "CON show"
    assert show_folder("Archive") == "Archive show"
    assert show_folder("Q&A: Live / Unplugged") == "Q&A Live Unplugged"
    assert show_folder("...").startswith("feed-")


@pytest.mark.parametrize(
    ("url", "mime", "ending"),
    [
        ("https://a.test/x.M4A?y=.exe", "audio/mpeg", ".m4a"),
        ("https://a.test/x.php", "audio/mp4; codecs=x", ".m4a"),
        ("https://a.test/x.mp3/", "", ".mp3"),
        ("https://a.test/x", "", ".mp3"),
        ("https://a.test/x.html", "text/html", ".mp3"),
    ],
)
def test_the_ending_of_the_address_else_of_the_type(url: str, mime: str, ending: str) -> None:
    assert audio_ending(Offer(url=url, mime_type=mime), {".mp3", ".m4a"}) == ending
