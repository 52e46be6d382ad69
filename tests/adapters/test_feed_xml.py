"""Feeds as strangers write them."""

import random
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from shownotes.adapters.feed_texts import read_chapters, transcript_text
from shownotes.adapters.feeds import read_feed
from shownotes.core.feeds import Feed, FeedPerson, recognise
from shownotes.core.transcripts import parse
from shownotes.errors import NotAFeedError
from tests.feed_server import Item, feed

URL = "https://a.test/shows/feed.xml"
ENDINGS = (".mp3", ".m4a")


def read(data: bytes | str, folder: Path) -> Feed:
    path = folder / "feed.xml"
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return read_feed(path, url=URL, endings=ENDINGS)


WHOLE = Item(
    "Two Rivers",
    "/a.mp3?x=1&y=2",
    "guid-1",
    "Mon, 06 Jan 2025 23:30:00 -0500",
    length=1234,
    more="<itunes:title>Rivers</itunes:title><itunes:season>2</itunes:season>"
    "<podcast:episode>7</podcast:episode><podcast:person role='Guest' href='https://bo.test/'>Bo"
    "</podcast:person><podcast:person>Ann</podcast:person><podcast:person group='writing'"
    " role='editor'>Cy</podcast:person><podcast:transcript url='t.vtt' type='text/vtt'/>"
    "<podcast:transcript url='https://b.test/t.json' type='application/json' language='en'/>"
    "<podcast:chapters url='c.json' type='application/json+chapters'/><psc:chapters>"
    "<psc:chapter start='0' title='One'/><psc:chapter start='1:02.5' title='Two'/>"
    "<psc:chapter start='x' title='No'/></psc:chapters>",
)


def test_everything_that_an_episode_says(tmp_path: Path) -> None:
    told = read(
        feed(
            [WHOLE],
            more="<podcast:locked owner='a@b.test'>yes</podcast:locked><language>en-us</language>"
            "<podcast:person>Show Host</podcast:person>"
            "<itunes:new-feed-url>https://new.test/feed</itunes:new-feed-url>",
        ),
        tmp_path,
    )
    assert (told.title, told.language, told.is_locked) == ("The Warmer Ledger", "en-us", True)
    assert told.new_url == "https://new.test/feed"
    assert told.people == (FeedPerson(name="Show Host"),)
    (item,) = told.items
    assert (item.title, item.guid, item.season, item.number) == ("Rivers", "guid-1", 2, 7)
    assert item.published == datetime(2025, 1, 7, 4, 30, tzinfo=UTC)
    assert item.published.utcoffset() == timedelta(hours=-5)
    assert item.audio.url == "https://a.test/a.mp3?x=1&y=2"
    assert item.audio.length == 1234
    assert item.people == (
        FeedPerson(name="Bo", role="guest", link="https://bo.test/"),
        FeedPerson(name="Ann"),
    )
    assert [(c.start, c.title) for c in item.chapters] == [(0, "One"), (62.5, "Two")]
    assert item.chapters_file is not None
    assert item.chapters_file.url == "https://a.test/shows/c.json"
    assert [t.url for t in item.transcripts] == [
        "https://a.test/shows/t.vtt",
        "https://b.test/t.json",
    ]


def test_atom_and_media_rss(tmp_path: Path) -> None:
    told = read(
        "<feed xmlns='http://www.w3.org/2005/Atom' xmlns:media='http://search.yahoo.com/mrss/'>"
        "<title>Show</title><entry><title>One</title><id>urn:1</id>"
        "<published>2025-01-06T10:00:00Z</published><link rel='alternate' href='/page'/>"
        "<link rel='enclosure' href='/1.mp3' type='audio/mpeg'/></entry>"
        "<entry><title>Two</title><id>urn:2</id><media:group><media:content url='/2.mp3'"
        " type='audio/mpeg'/></media:group></entry></feed>",
        tmp_path,
    )
    assert [(i.title, i.guid, i.audio.url) for i in told.items] == [
        ("One", "urn:1", "https://a.test/1.mp3"),
        ("Two", "urn:2", "https://a.test/2.mp3"),
    ]


def test_what_feeds_are_full_of_is_mended(tmp_path: Path) -> None:
    told = read(
        b"\xef\xbb\xbf\n<rss><channel><title>Q & A &nbsp;&amp;amp; B\x07</title>"
        b"<item><itunes:title>Caf\xc3\xa9 &eacute;</itunes:title>"
        b"<enclosure url=' /1.mp3 ' type='AUDIO/MPEG' length='n/a'/><guid> g </guid></item>"
        b"<item><title>Torn off<enclosure url='/2.mp3'/>",
        tmp_path,
    )
    assert told.title == "Q & A & B"
    assert told.items[0].title == "Café é"
    assert told.items[0].guid == "g"
    assert told.items[0].audio.url == "https://a.test/1.mp3"


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("Mon, 06 Jan 2025 10:00:00", datetime(2025, 1, 6, 10, tzinfo=UTC)),
        ("Mon, 06 Jan 2025 10:00:00 EST", datetime(2025, 1, 6, 15, tzinfo=UTC)),
        (
            "2025-01-06T10:00:00+05:30",
            datetime(2025, 1, 6, 10, tzinfo=timezone(timedelta(hours=5, minutes=30))),
        ),
        ("2025-01-06", datetime(2025, 1, 6, tzinfo=UTC)),
        ("Mon, 30 Feb 2025 10:00:00 GMT", None),
        ("0001-01-01T00:00:00Z", None),
        ("0001-01-01T00:00:00+14:00", None),
        ("9999-12-31T23:59:59-14:00", None),
        ("yesterday", None),
    ],
)
def test_dates_of_every_kind(written: str, meant: datetime | None, tmp_path: Path) -> None:
    told = read(feed([Item("One", "/1.mp3", date=written)]), tmp_path)
    assert told.items[0].published == meant


@pytest.mark.parametrize(
    "url",
    ["file:///etc/passwd", "ftp://a.test/x.mp3", "http://[::1", "javascript:alert(1)", ""],
)
def test_an_address_that_is_none_is_no_offer(url: str, tmp_path: Path) -> None:
    good = Item("Good", "/1.mp3")
    assert [i.title for i in read(feed([Item("Bad", url), good]), tmp_path).items] == ["Good"]


def test_pictures_and_books_are_no_episodes(tmp_path: Path) -> None:
    items = [
        Item("Picture", "/1.jpg", mime="image/jpeg"),
        Item("Book", "/1.pdf", mime="application/pdf"),
        Item("Film", "/1.mp4", mime="video/mp4"),
    ]
    assert [i.title for i in read(feed(items), tmp_path).items] == ["Film"]


def test_a_bare_ampersand_costs_nothing_that_follows_it(tmp_path: Path) -> None:
    """Wherever the pieces end in which it is read."""
    items = "".join(
        f"<item><title>{'x' * (n % 250)} R&D & Q&amp;A &eacute; <![CDATA[&nbsp;&amp; <b>]]></title>"
        f"<enclosure url='/{n}.mp3?a=1&b=2&amp;c=3'/></item>"
        for n in range(3000)
    )
    told = read(f"<rss><channel>{items}</channel></rss>", tmp_path)
    assert len(told.items) == 3000
    for number, item in enumerate(told.items):
        assert item.title.removeprefix("x" * (number % 250)).strip() == "R&D & Q&A é & <b>"
        assert item.audio.url == f"https://a.test/{number}.mp3?a=1&b=2&c=3"


def test_a_feed_in_utf_16(tmp_path: Path) -> None:
    text = "<?xml version='1.0' encoding='utf-16'?><rss><channel><title>Café &amp; Co</title>"
    for encoding in ("utf-16", "utf-16-be"):
        told = read(f"{text}</channel></rss>".encode(encoding), tmp_path)
        assert told.title == "Café & Co"


# --------------------------------------------------------------------------- attacks

BOMB = "".join(f"<!ENTITY l{n} '{(f'&l{n - 1};' if n else 'lol') * 10}'>" for n in range(10))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_text_that_grows_does_not(encoding: str, tmp_path: Path) -> None:
    item = "<item a='&l9;'><title>&l9;</title><enclosure url='/1.mp3?&l9;'/></item>"
    text = f"<!DOCTYPE rss [{BOMB}]><rss><channel><title>&l9;</title>{item}</channel></rss>"
    try:
        told = read(text.encode(encoding), tmp_path)
    except NotAFeedError:
        return
    assert told.title == told.items[0].title == "&l9;"
    assert len(told.items[0].audio.url) < 50


def test_a_quadratic_text_is_not_written_out(tmp_path: Path) -> None:
    entity = f"<!DOCTYPE rss [<!ENTITY a '{'x' * 100_000}'>]>"
    item = f"<item><title>{'&a;' * 1000}</title><enclosure url='/1.mp3'/></item>"
    text = f"{entity}<rss><channel>{item * 20}</channel></rss>"
    try:
        told = read(text, tmp_path)
    except NotAFeedError:
        return
    assert all(len(i.title) <= 2000 for i in told.items)


@pytest.mark.parametrize("kind", ["SYSTEM 'file://{}'", "PUBLIC 'x' 'file://{}'"])
def test_nothing_outside_is_read_in(kind: str, tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("<title>SECRET</title>", encoding="utf-8")
    text = (
        f"<!DOCTYPE rss [<!ENTITY x {kind.format(secret)}><!ENTITY % p {kind.format(secret)}> %p;]>"
        "<rss><channel><title>&x;</title><item><title>a &x; b</title>"
        "<enclosure url='/1.mp3'/></item></channel></rss>"
    )
    try:
        told = read(text, tmp_path)
    except NotAFeedError:
        return
    assert "SECRET" not in repr(told)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"not xml at all",
        b"<html><body>Sign in</body></html>",
        b'{"rss": 1}',
        b"<rss>" + b"<a>" * 100_000,
        b"\x00\xff" * 1000,
    ],
)
def test_what_is_no_feed_is_said_to_be_none(data: bytes, tmp_path: Path) -> None:
    with pytest.raises(NotAFeedError):
        read(data, tmp_path)


@pytest.mark.parametrize("seed", range(3))
def test_torn_and_mixed_up_in_any_way_it_is_a_feed_or_none(seed: int, tmp_path: Path) -> None:
    rng = random.Random(seed)
    whole = feed(
        [WHOLE, replace(WHOLE, guid=None, date="x")], more="<podcast:locked>no</podcast:locked>"
    )
    for _ in range(150):
        data = bytearray(whole)
        for _ in range(rng.randrange(1, 12)):
            at = rng.randrange(len(data))
            kind = rng.randrange(4)
            if kind == 0:
                data[at] = rng.randrange(256)
            elif kind == 1:
                del data[at : at + rng.randrange(1, 60)]
            elif kind == 2:
                data[at:at] = data[rng.randrange(len(data)) :][: rng.randrange(80)]
            else:
                data[at:at] = rng.choice(
                    [b"<", b"&", b"]]>", b"<!--", b"'", b"\xff\xfe", b"<item>"]
                )
        try:
            told = read(bytes(data), tmp_path)
        except NotAFeedError:
            continue
        for identity, item in recognise(told.items, endings=ENDINGS):
            assert identity.key
            assert item.audio.url.startswith(("http://", "https://"))


MEASURE = """
import resource, sys, time
from pathlib import Path
from shownotes.adapters.feeds import read_feed
from shownotes.core.feeds import recognise
path = Path(sys.argv[1])
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
feed = read_feed(path, url="https://a.test/", endings=(".mp3",))
assert len(recognise(feed.items, endings=(".mp3",))) == 50_000
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="memory is measured as Linux counts it")
def test_100_megabytes_and_50_000_episodes_need_little_memory(tmp_path: Path) -> None:
    path = tmp_path / "feed.xml"
    notes = "lorem ipsum " * 155
    with path.open("w", encoding="utf-8") as file:
        file.write("<rss><channel><title>Long</title>")
        for number in range(50_000):
            item = Item(f"Episode {number}", f"/{number}.mp3", f"guid-{number}")
            file.write(item.text().replace("</item>", f"<description>{notes}</description></item>"))
        file.write("</channel></rss>")
    assert path.stat().st_size > 100_000_000
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, str(path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    # 2 kB an episode; the whole feed as a tree would be 500 MB.
    assert int(done.stdout) < 150


# --------------------------------------------------------------------------- texts


def test_chapters_in_json() -> None:
    told = read_chapters(
        b'\xef\xbb\xbf{"version":"1.2.0","chapters":[{"startTime":0,"title":"One"},'
        b'{"startTime":5.5,"title":" Two "},{"startTime":6,"title":"Silent","toc":false},'
        b'{"startTime":7},{"startTime":true,"title":"x"},{"startTime":1e999,"title":"x"},'
        b'{"startTime":-1,"title":"x"},[],{"startTime":"8","title":"Three"}]}'
    )
    assert [(c.start, c.title) for c in told] == [(0, "One"), (5.5, "Two"), (8, "Three")]


@pytest.mark.parametrize("data", [b"", b"[]", b"{", b'{"chapters":5}', b"\xff", b"[" * 100_000])
def test_what_holds_no_chapters_gives_none(data: bytes) -> None:
    assert read_chapters(data) == ()


def test_a_transcript_in_html_keeps_speakers_and_times() -> None:
    text = transcript_text(
        b"<html><head><title>x</title><style>p{}</style></head><body><cite>Ann Lee:</cite>"
        b"<time>0:00</time><p>Hello &amp; <b>welcome</b>.</p><script>no</script>"
        b"<p><cite>Bo:</cite> <time>0:05</time> Thanks.</p></body></html>"
    )
    assert text == "[0:00] Ann Lee: Hello & welcome.\n[0:05] Bo: Thanks.\n"
    segments = parse(text, name="a.txt", duration=10.0).segments
    assert [s.start for s in segments] == [0.0, 5.0]
    assert transcript_text(b"") == ""
