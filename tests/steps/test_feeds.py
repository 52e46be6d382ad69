"""Feeds followed against a real server: what comes into the in-tray, and what does not."""

import random
import stat
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from shownotes.adapters.feed_books import held, read_book
from shownotes.core.feed_book import Book, Entry, Standing
from shownotes.errors import (
    AddressRefusedError,
    EnclosureError,
    FeedBusyError,
    FetchError,
    FormatError,
    NotAFeedError,
    RefusedError,
    SettingsError,
)
from shownotes.model import Episode, Metadata
from shownotes.polling import FeedPoll, Poller
from shownotes.settings import Settings, load_settings
from shownotes.steps.admission import admit
from shownotes.steps.feeds import Asked
from shownotes.steps.intray import find_audio, merged_metadata, transcript_beside
from shownotes.steps.subscriptions import choose, subscriptions
from tests.feed_server import FeedServer, Item, Resource, audio_bytes, day, feed, serve_feeds

NOW = datetime(2026, 3, 1, tzinfo=UTC)
SHOW = "The Warmer Ledger"
VTT = b"WEBVTT\n\n00:00.000 --> 00:02.000\n<v Ann Lee>Good morning.\n"


@pytest.fixture(scope="module")
def sounds(tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    folder = tmp_path_factory.mktemp("sounds")
    return [audio_bytes(folder / f"{seed}.mp3", seed=seed) for seed in range(4)]


@pytest.fixture
def server(sounds: list[bytes]) -> Iterator[FeedServer]:
    """A show of three episodes."""
    with serve_feeds() as running:
        for number, sound in enumerate(sounds[:3], 1):
            resource = Resource(sound, "audio/mpeg", etag=f'"{number}"')
            running.resources[f"/{number}.mp3"] = resource
        publish(running, *(item(number) for number in (3, 2, 1)))
        yield running


def item(number: int, *, more: str = "", **changes: str | int) -> Item:
    made = Item(f"Episode {number}", f"/{number}.mp3", f"guid-{number}", day(number), more=more)
    return replace(made, **changes)


def publish(server: FeedServer, *items: Item, more: str = "", etag: str | None = None) -> None:
    data = feed(items, more=more)
    etag = etag or f'"{hash(data)}"'
    server.resources["/feed.xml"] = Resource(data, "application/rss+xml", etag=etag)


@pytest.fixture
def settings(workspace: Path, server: FeedServer) -> Settings:
    return configure(workspace, server)


def configure(workspace: Path, server: FeedServer, more: str = "", show: str = "") -> Settings:
    text = (
        f'[feeds]\nallow_private = true\n{more}\n[show."{SHOW}"]\nfeed = "{server.url}/feed.xml"\n'
    )
    (workspace / "shownotes.toml").write_text(text + show, encoding="utf-8")
    return load_settings(workspace)


def poll(settings: Settings, *, at: datetime = NOW, asked: Asked | None = None) -> FeedPoll:
    return poll_all(settings, at=at, asked=asked)[0]


def poll_all(
    settings: Settings, *, at: datetime = NOW, asked: Asked | None = None
) -> list[FeedPoll]:
    return Poller(settings=settings, asked=asked, now=lambda: at).run()


def book(settings: Settings) -> Book:
    return read_book(settings.output_folder, subscriptions(settings)[0].book)


def entry(settings: Settings, title: str) -> Entry:
    return next(e for e in book(settings).entries if e.title == title)


def names(settings: Settings) -> list[str]:
    """All that lies in the in-tray."""
    files = (f for f in settings.audio_folder.rglob("*") if f.is_file())
    return sorted(f.relative_to(settings.audio_folder).as_posix() for f in files)


def due() -> Iterator[datetime]:
    """The time of one poll after the other, each later than any wait."""
    at = NOW
    while True:
        yield at
        at += timedelta(days=2)


LATEST = f"{SHOW}/2026-01-03-episode-3"


# --------------------------------------------------------------------------- what comes


def test_the_newest_comes_with_its_sidecar_and_the_rest_stays_there(
    settings: Settings, server: FeedServer, sounds: list[bytes]
) -> None:
    told = poll(settings)
    assert [path.name for path in told.taken] == ["2026-01-03-episode-3.mp3"]
    assert names(settings) == [f"{LATEST}.mp3", f"{LATEST}.toml"]
    path = settings.audio_folder / f"{LATEST}.mp3"
    assert path.read_bytes() == sounds[2]
    assert find_audio(settings) == [path]
    metadata = merged_metadata(path, settings, Metadata(title="Of the file"))
    assert (metadata.title, metadata.show) == ("Episode 3", SHOW)
    assert metadata.date == "2026-01-03"
    assert admit(path, settings).name == "2026-01-03-episode-3"


def test_a_feed_that_has_not_changed_is_not_sent_again(
    settings: Settings, server: FeedServer
) -> None:
    at = due()
    for _ in range(3):
        poll(settings, at=next(at))
    assert server.sent["/feed.xml"] == len(server.resources["/feed.xml"].body)
    told = [request.headers.get("if-none-match") for request in server.asked("/feed.xml")]
    assert told == [None, *[server.resources["/feed.xml"].etag] * 2]
    assert len(server.asked("/3.mp3")) == 1


def test_a_schedule_asks_when_it_is_time_and_a_person_at_once(
    settings: Settings, server: FeedServer
) -> None:
    poll(settings)
    poll(settings, at=NOW + timedelta(minutes=30))
    assert len(server.asked("/feed.xml")) == 1
    poll(settings, at=NOW + timedelta(minutes=58))
    poll(settings, at=NOW + timedelta(minutes=59), asked=Asked())
    assert len(server.asked("/feed.xml")) == 3


def test_new_episodes_come_as_they_appear(
    settings: Settings, server: FeedServer, sounds: list[bytes]
) -> None:
    at = due()
    poll(settings, at=next(at))
    server.resources["/4.mp3"] = Resource(sounds[3], "audio/mpeg")
    publish(server, item(4), item(3), item(2), item(1))
    assert [p.name for p in poll(settings, at=next(at)).taken] == ["2026-01-04-episode-4.mp3"]
    assert poll(settings, at=next(at)).taken == []


def test_people_numbers_and_chapters_come_from_the_feed(
    workspace: Path, server: FeedServer
) -> None:
    more = (
        "<itunes:episode>7</itunes:episode><podcast:person role='guest'>Bo Rask</podcast:person>"
        "<podcast:chapters url='/c.json' type='application/json+chapters'/>"
    )
    server.resources["/c.json"] = Resource(
        b'{"version":"1.2.0","chapters":[{"startTime":0,"title":"One"},{"startTime":2,"title":"Two"}]}',
        "application/json+chapters",
    )
    publish(server, item(3, more=more), more="<podcast:person>Ann Lee</podcast:person>")
    settings = configure(workspace, server)
    (path,) = poll(settings).taken
    told = merged_metadata(path, settings, Metadata())
    assert told.number == 7
    assert [p.name for p in told.guests] == ["Bo Rask"]
    assert [c.title for c in told.chapters] == ["One", "Two"]


def test_hosts_of_the_settings_say_more_than_the_feeds(workspace: Path, server: FeedServer) -> None:
    publish(server, item(3), more="<podcast:person>Ann Lee</podcast:person>")
    hosts = 'hosts = [{ name = "Ann Lee", title = "editor" }]\n'
    settings = configure(workspace, server, show=hosts)
    (path,) = poll(settings).taken
    assert merged_metadata(path, settings, Metadata()).hosts[0].title == "editor"


def test_a_feed_that_is_only_an_address_has_the_folder_of_its_title(
    workspace: Path, server: FeedServer
) -> None:
    title = "../Späte: Stunde\u202e?"
    server.resources["/feed.xml"] = Resource(feed([item(3)], title=title))
    text = f'[feeds]\nallow_private = true\nurls = ["{server.url}/feed.xml"]\n'
    (workspace / "shownotes.toml").write_text(text, encoding="utf-8")
    settings = load_settings(workspace)
    (path,) = poll(settings).taken
    assert path.parent == settings.audio_folder / "Späte Stunde"
    assert subscriptions(settings)[0].name == title.replace("\u202e", "\u202e")
    assert choose([title], settings) == subscriptions(settings)
    with pytest.raises(SettingsError, match="No such feed"):
        choose(["other"], settings)


# --------------------------------------------------------------------------- transcripts

OFFERS = (
    "<podcast:transcript url='/t.html' type='text/html'/>"
    "<podcast:transcript url='/t.vtt' type='text/vtt'/>"
)


def offer(server: FeedServer, body: bytes = VTT) -> None:
    html = b"<cite>Ann Lee:</cite><time>0:00</time><p>Good morning.</p>"
    server.resources["/t.vtt"] = Resource(body, "text/vtt")
    server.resources["/t.html"] = Resource(html, "text/html")
    publish(server, item(3, more=OFFERS))


def test_ours_leaves_the_publishers_transcript_alone(
    settings: Settings, server: FeedServer
) -> None:
    offer(server)
    poll(settings)
    assert names(settings) == [f"{LATEST}.mp3", f"{LATEST}.toml"]
    assert server.asked("/t.vtt") == []


def test_publisher_puts_it_beside_the_audio(workspace: Path, server: FeedServer) -> None:
    offer(server)
    settings = configure(workspace, server, 'transcript = "publisher"')
    (path,) = poll(settings).taken
    assert transcript_beside(path) == path.with_suffix(".vtt")
    assert path.with_suffix(".vtt").read_bytes() == VTT
    assert find_audio(settings) == [path]


def test_compare_keeps_it_apart(workspace: Path, server: FeedServer) -> None:
    offer(server)
    settings = configure(workspace, server, 'transcript = "compare"')
    (path,) = poll(settings).taken
    assert transcript_beside(path) is None
    assert path.with_suffix(".publisher.vtt").read_bytes() == VTT
    assert find_audio(settings) == [path]


def test_one_that_cannot_be_read_is_left_out_for_the_next_best(
    workspace: Path, server: FeedServer
) -> None:
    offer(server, b"<html>not there</html>")
    settings = configure(workspace, server, 'transcript = "publisher"')
    (path,) = poll(settings).taken
    assert not path.with_suffix(".vtt").exists()
    assert path.with_suffix(".txt").read_text("utf-8") == "[0:00] Ann Lee: Good morning.\n"
    assert "transcript cannot be read" in str(entry(settings, "Episode 3").note)


def test_for_one_that_is_away_the_episode_waits_but_not_for_ever(
    workspace: Path, server: FeedServer
) -> None:
    offer(server)
    server.resources["/t.vtt"].status = server.resources["/t.html"].status = 503
    settings = configure(workspace, server, 'transcript = "publisher"')
    at = due()
    for _ in range(3):
        told = poll(settings, at=next(at))
        assert told.taken == []
        assert isinstance(told.failed[0][1], FetchError)
    assert names(settings) == [f"{LATEST}.mp3.part"]
    assert len(poll(settings, at=next(at)).taken) == 1
    # The audio came once.
    assert server.sent["/3.mp3"] == len(server.resources["/3.mp3"].body)


# --------------------------------------------------------------------------- other files


def test_another_file_under_the_same_guid_is_the_same_episodes_next_version(
    settings: Settings, server: FeedServer, sounds: list[bytes]
) -> None:
    at = due()
    (path,) = poll(settings, at=next(at)).taken
    folder = admit(path, settings)
    server.resources["/3-mended.mp3"] = Resource(sounds[3], "audio/mpeg")
    publish(server, item(3, url="/3-mended.mp3", title="Episode 3, mended"))
    assert poll(settings, at=next(at)).taken == [path]
    assert path.read_bytes() == sounds[3]
    assert admit(path, settings).path == folder.path
    assert len(folder.read("episode.json", Episode).versions) == 2
    assert merged_metadata(path, settings, Metadata()).title == "Episode 3, mended"


def test_the_same_file_at_another_address_is_only_asked_about(
    settings: Settings, server: FeedServer
) -> None:
    at = due()
    poll(settings, at=next(at))
    server.resources["/tracker/3.mp3"] = replace(server.resources["/3.mp3"])
    publish(server, item(3, url="/tracker/3.mp3"))
    assert poll(settings, at=next(at)).taken == []
    assert entry(settings, "Episode 3").standing is Standing.TAKEN
    # Its bytes were begun at most, never used.
    assert names(settings) == [f"{LATEST}.mp3", f"{LATEST}.toml"]


def test_what_a_person_changed_is_theirs(
    settings: Settings, server: FeedServer, sounds: list[bytes]
) -> None:
    at = due()
    (path,) = poll(settings, at=next(at)).taken
    path.with_suffix(".toml").write_text('title = "Mine"\n', encoding="utf-8")
    path.write_bytes(sounds[0])
    server.resources["/new.mp3"] = Resource(sounds[3], "audio/mpeg")
    publish(server, item(3, url="/new.mp3"))
    (other,) = poll(settings, at=next(at)).taken
    assert path.read_bytes() == sounds[0]
    assert path.with_suffix(".toml").read_text("utf-8") == 'title = "Mine"\n'
    assert other.name == "2026-01-03-episode-3-2.mp3"
    assert other.read_bytes() == sounds[3]


def test_a_file_of_that_name_is_never_overwritten(
    settings: Settings, server: FeedServer, sounds: list[bytes]
) -> None:
    mine = settings.audio_folder / f"{LATEST}.WAV"
    mine.parent.mkdir()
    mine.write_bytes(b"mine")
    (path,) = poll(settings).taken
    assert path.name == "2026-01-03-episode-3-2.mp3"
    assert mine.read_bytes() == b"mine"


def test_the_same_audio_under_two_guids_comes_once(
    settings: Settings, server: FeedServer, sounds: list[bytes]
) -> None:
    at = due()
    poll(settings, at=next(at))
    server.resources["/again.mp3"] = Resource(sounds[2], "audio/mpeg")
    rerun = Item("A rerun", "/again.mp3", "other", day(9))
    publish(server, rerun, item(3))
    assert poll(settings, at=next(at)).taken == []
    assert entry(settings, "A rerun").standing is Standing.SAME
    assert names(settings) == [f"{LATEST}.mp3", f"{LATEST}.toml"]


# --------------------------------------------------------------------------- what does not come


def test_a_page_in_place_of_the_audio_is_tried_again_when_it_is_time(
    settings: Settings, server: FeedServer
) -> None:
    good = server.resources["/3.mp3"]
    server.resources["/3.mp3"] = Resource(b"<html>Sign in</html>", "text/html")
    told = poll(settings)
    assert isinstance(told.failed[0][1], EnclosureError)
    assert told.needs_look
    assert names(settings) == []
    server.resources["/3.mp3"] = good
    poll(settings, at=NOW + timedelta(minutes=10))
    assert len(server.asked("/3.mp3")) == 1
    # The feed itself has not changed, and is asked for whole: only it knows the address.
    assert len(poll(settings, at=NOW + timedelta(hours=1)).taken) == 1


@pytest.mark.parametrize("body", [b"<html>Sign in</html>", b"\x00" * 5000, b""])
def test_what_only_says_that_it_is_audio_never_has_its_name(
    body: bytes, settings: Settings, server: FeedServer
) -> None:
    server.resources["/3.mp3"] = Resource(body, "audio/mpeg")
    told = poll(settings)
    assert isinstance(told.failed[0][1], EnclosureError)
    assert str(settings.audio_folder) not in str(told.failed[0][1])
    assert find_audio(settings) == []


def test_a_file_that_ends_early_is_looked_at_again_and_then_taken_as_it_is(
    workspace: Path, server: FeedServer, tmp_path: Path
) -> None:
    from tests.audio_files import noise, write

    whole = write(tmp_path / "a.wav", noise(4.0)).read_bytes()
    half = whole[: len(whole) // 2]
    server.resources["/3.mp3"] = Resource(half, "audio/wav", etag='"half"')
    settings = configure(workspace, server)
    at = due()
    for _ in range(2):
        told = poll(settings, at=next(at))
        assert "looked at again" in str(told.failed[0][1])
    assert len(poll(settings, at=next(at)).taken) == 1
    # It lay there whole, as whole as it is, and was only asked about.
    assert server.sent["/3.mp3"] == len(half)


def test_a_file_that_was_still_being_put_there_is_taken_whole(
    settings: Settings, server: FeedServer, sounds: list[bytes], tmp_path: Path
) -> None:
    from tests.audio_files import noise, write

    whole = write(tmp_path / "a.wav", noise(4.0)).read_bytes()
    server.resources["/3.mp3"] = Resource(whole[:100_000], "audio/wav", etag='"half"')
    at = due()
    assert poll(settings, at=next(at)).taken == []
    server.resources["/3.mp3"] = Resource(whole, "audio/wav", etag='"whole"')
    (path,) = poll(settings, at=next(at)).taken
    assert path.read_bytes() == whole


def test_too_large_a_file_stays_there(
    workspace: Path, server: FeedServer, sounds: list[bytes]
) -> None:
    server.resources["/3.mp3"] = Resource(sounds[2], "audio/mpeg", declared=2 * 2**20)
    settings = configure(workspace, server, "most_mb = 1")
    told = poll(settings)
    assert isinstance(told.failed[0][1], EnclosureError)
    assert names(settings) == []


def test_a_bad_feed_stops_no_other(workspace: Path, server: FeedServer) -> None:
    """Whatever is the matter with it."""
    server.resources["/html"] = Resource(b"<html/>", "text/html")
    server.resources["/busy"] = Resource(status=503)
    server.resources["/loop"] = Resource(status=302, headers={"Location": "/loop"})
    server.resources["/cut"] = Resource(feed([item(1)]), cuts=[100])
    server.resources["/meta"] = Resource(
        status=302, headers={"Location": "http://169.254.169.254/latest/"}
    )
    server.resources["/file"] = Resource(status=301, headers={"Location": "file:///etc/passwd"})
    paths = ("html", "busy", "loop", "cut", "meta", "file", "none")
    urls = [f"{server.url}/{path}" for path in paths]
    settings = configure(workspace, server, f"urls = {urls}")
    polls = poll_all(settings)
    assert len(polls[0].taken) == 1
    kinds = [type(told.error) for told in polls[1:]]
    assert kinds == [
        NotAFeedError,
        FetchError,
        RefusedError,
        FetchError,
        AddressRefusedError,
        AddressRefusedError,
        RefusedError,
    ]
    # Servers that are away come back; the others want a look.
    assert [told.needs_look for told in polls] == [
        False,
        True,
        False,
        True,
        False,
        True,
        True,
        True,
    ]


def test_without_leave_nothing_in_private_networks_is_asked(
    workspace: Path, server: FeedServer
) -> None:
    settings = configure(workspace, server).with_values({"feeds.allow_private": False})
    assert isinstance(poll(settings).error, AddressRefusedError)
    assert server.seen == []


def test_without_feeds_nothing_is_asked_and_nothing_written(workspace: Path) -> None:
    settings = load_settings(workspace)
    assert poll_all(settings) == []
    assert list(settings.output_folder.iterdir()) == []


# --------------------------------------------------------------------------- the feed's server


def test_who_asks_for_patience_is_left_alone_also_by_a_person(
    settings: Settings, server: FeedServer
) -> None:
    server.resources["/feed.xml"].status = 429
    server.resources["/feed.xml"].headers = {"Retry-After": "10000"}
    assert isinstance(poll(settings).error, FetchError)
    server.resources["/feed.xml"].status = 200
    for minutes, asked in ((60, None), (120, Asked())):
        poll(settings, at=NOW + timedelta(minutes=minutes), asked=asked)
    assert len(server.asked("/feed.xml")) == 1
    assert len(poll(settings, at=NOW + timedelta(minutes=168)).taken) == 1


def test_a_feed_that_has_moved_is_asked_where_it_is(
    settings: Settings, server: FeedServer, sounds: list[bytes]
) -> None:
    at = due()
    server.resources["/new.xml"] = server.resources["/feed.xml"]
    server.resources["/feed.xml"] = Resource(status=301, headers={"Location": "/new.xml"})
    poll(settings, at=next(at))
    poll(settings, at=next(at))
    assert len(server.asked("/feed.xml")) == 1
    assert len(server.asked("/new.xml")) == 2
    # The new place goes: back to the one in the settings.
    del server.resources["/new.xml"]
    assert isinstance(poll(settings, at=next(at)).error, RefusedError)
    publish(server, item(3))
    assert poll(settings, at=next(at)).error is None
    assert len(server.asked("/feed.xml")) == 2


def test_a_feed_that_says_itself_that_it_has_moved(settings: Settings, server: FeedServer) -> None:
    at = due()
    server.resources["/new.xml"] = server.resources["/feed.xml"]
    told = f"<itunes:new-feed-url>{server.url}/new.xml</itunes:new-feed-url>"
    publish(server, item(3), item(2), item(1), more=told)
    poll(settings, at=next(at))
    poll(settings, at=next(at))
    assert [r.path for r in server.seen if r.path.endswith("xml")] == ["/feed.xml", "/new.xml"]


def test_a_feed_that_is_gone_is_asked_only_by_a_person(
    settings: Settings, server: FeedServer
) -> None:
    at = due()
    server.resources["/feed.xml"].status = 410
    assert poll(settings, at=next(at)).needs_look
    for _ in range(3):
        assert poll(settings, at=next(at)).error is None
    assert len(server.asked("/feed.xml")) == 1
    server.resources["/feed.xml"].status = 200
    assert len(poll(settings, at=next(at), asked=Asked()).taken) == 1
    assert not book(settings).is_gone


def test_another_address_in_the_settings_is_a_new_beginning_for_the_server_alone(
    workspace: Path, server: FeedServer
) -> None:
    at = due()
    settings = configure(workspace, server)
    poll(settings, at=next(at))
    server.resources["/feed.xml"].status = 410
    poll(settings, at=next(at))
    publish(server, item(3), item(2))
    server.resources["/other.xml"] = server.resources["/feed.xml"]
    path = workspace / "shownotes.toml"
    path.write_text(path.read_text("utf-8").replace("/feed.xml", "/other.xml"), encoding="utf-8")
    assert poll(load_settings(workspace), at=next(at)).error is None
    assert len(server.asked("/3.mp3")) == 1


def test_two_runs_at_one_feed(settings: Settings, server: FeedServer) -> None:
    with held(settings.output_folder, subscriptions(settings)[0].book):
        told = poll(settings)
    assert isinstance(told.error, FeedBusyError)
    assert told.is_untried
    assert not told.needs_look
    assert server.seen == []
    assert len(poll(settings).taken) == 1


def test_a_torn_book_is_named(settings: Settings) -> None:
    poll(settings)
    (path,) = (settings.output_folder / ".feeds").glob("*.json")
    path.write_text("{", encoding="utf-8")
    told = poll(settings)
    assert isinstance(told.error, FormatError)
    assert path.name in str(told.error)
    assert told.needs_look
    # Made again, nothing that is here comes twice, under whatever name.
    path.unlink()
    assert poll(settings).taken == []
    assert names(settings) == [f"{LATEST}.mp3", f"{LATEST}.toml"]
    assert entry(settings, "Episode 3").standing is Standing.TAKEN


# --------------------------------------------------------------------------- the archive


def test_an_archive_comes_newest_first_and_goes_on_where_it_was_stopped(
    settings: Settings, server: FeedServer
) -> None:
    server.resources["/2.mp3"].status = 404
    told = poll(settings, asked=Asked(is_archive=True))
    assert [p.name for p in told.taken] == ["2026-01-03-episode-3.mp3", "2026-01-01-episode-1.mp3"]
    assert [title for title, _ in told.failed] == ["Episode 2"]
    server.resources["/2.mp3"].status = 200
    told = poll(settings, asked=Asked(is_archive=True))
    assert [p.name for p in told.taken] == ["2026-01-02-episode-2.mp3"]
    assert len(server.asked("/3.mp3")) == len(server.asked("/1.mp3")) == 1


def test_an_archive_since_a_day_and_no_more_than_so_many(
    settings: Settings, server: FeedServer
) -> None:
    since = datetime(2026, 1, 2, tzinfo=UTC)
    told = poll(settings, asked=Asked(is_archive=True, since=since, limit=1))
    assert [p.name for p in told.taken] == ["2026-01-03-episode-3.mp3"]
    told = poll(settings, asked=Asked(is_archive=True, since=since))
    assert [p.name for p in told.taken] == ["2026-01-02-episode-2.mp3"]
    assert poll(settings, asked=Asked(is_archive=True, since=since)).taken == []


def test_a_schedule_does_not_go_on_with_an_archive(settings: Settings, server: FeedServer) -> None:
    server.resources["/1.mp3"].status = server.resources["/2.mp3"].status = 404
    at = due()
    poll(settings, at=next(at), asked=Asked(is_archive=True))
    server.resources["/1.mp3"].status = server.resources["/2.mp3"].status = 200
    assert poll(settings, at=next(at)).taken == []


def test_a_locked_feed_is_followed_and_its_archive_left_to_its_owner(
    settings: Settings, server: FeedServer
) -> None:
    publish(server, item(3), item(2), more="<podcast:locked>yes</podcast:locked>")
    assert "--mine" in str(poll(settings, asked=Asked(is_archive=True)).error)
    at = due()
    next(at)
    assert len(poll(settings, at=next(at)).taken) == 1
    told = poll(settings, asked=Asked(is_archive=True, is_mine=True))
    assert [p.name for p in told.taken] == ["2026-01-02-episode-2.mp3"]


# --------------------------------------------------------------------------- secrets


def test_passwords_of_private_feeds_stand_in_no_file_that_others_see(
    workspace: Path, server: FeedServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(0)
    secret = "s3cr3t-t0ken"
    private = item(
        3,
        url=f"/3.mp3?auth={secret}",
        guid=f"https://a.test/?auth={secret}",
        more=OFFERS.replace(".vtt", f".vtt?auth={secret}"),
    )
    offer(server)
    server.resources["/feed.xml"] = Resource(
        status=301, headers={"Location": f"/moved?auth={secret}"}
    )
    server.resources["/moved"] = Resource(feed([private, item(2, url="/none.mp3")]))
    settings = configure(workspace, server, 'transcript = "compare"\ntake_at_first = 2')
    url = f"http://ann:{secret}@127.0.0.1:{server.port}/feed.xml?key={secret}"
    path = workspace / "shownotes.toml"
    text = path.read_text("utf-8").replace(f"{server.url}/feed.xml", url)
    path.write_text(text, encoding="utf-8")
    settings = load_settings(workspace)
    at = due()
    told = [poll(settings, at=next(at)) for _ in range(2)]
    assert len(told[0].taken) == 1
    assert len(told[0].failed) == 1
    assert server.asked(f"/moved?auth={secret}")[1].headers["authorization"].startswith("Basic ")
    for file in workspace.rglob("*"):
        if file.is_file() and file != path and secret.encode() in file.read_bytes():
            # Only where it moved to is kept, and only the owner may read that.
            assert file.parent.name == ".feeds"
            assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert secret not in caplog.text
    assert secret not in repr(told)


def test_a_wrong_address_is_not_repeated(workspace: Path) -> None:
    text = '[show.X]\nfeed = "htp://ann:s3cr3t@host/feed"\n[feeds]\nurls = ["//ann:s3cr3t@host"]\n'
    (workspace / "shownotes.toml").write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError, match="whole address") as caught:
        load_settings(workspace)
    assert "s3cr3t" not in str(caught.value)


# --------------------------------------------------------------------------- many


def test_thousands_of_episodes_are_looked_through_and_only_the_new_ones_fetched(
    workspace: Path, server: FeedServer, sounds: list[bytes]
) -> None:
    many = [Item(f"Old {n}", f"/old/{n}.mp3", f"old-{n}") for n in range(5_000)]
    server.resources["/feed.xml"] = Resource(feed([item(3), *many]))
    settings = configure(workspace, server)
    at = due()
    assert len(poll(settings, at=next(at)).taken) == 1
    assert len(book(settings).seen) == 5_000
    random.Random(1).shuffle(many)
    server.resources["/4.mp3"] = Resource(sounds[3], "audio/mpeg")
    server.resources["/feed.xml"] = Resource(feed([*many, item(4), item(3)]))
    assert [p.name for p in poll(settings, at=next(at)).taken] == ["2026-01-04-episode-4.mp3"]
