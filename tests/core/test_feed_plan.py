"""Which episode is which, what is taken, and when a feed is asked again."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from shownotes.core.feed_book import (
    Book,
    Standing,
    after_failure,
    after_poll,
    entry_failed,
    is_due,
)
from shownotes.core.feed_plan import (
    MOST_REPLACEMENTS,
    dropped,
    empty_queue,
    queue_archive,
    take_note,
    wanted_now,
)
from shownotes.core.feeds import Feed, FeedItem, Found, Offer, feed_address, recognise

ENDINGS = (".mp3", ".m4a")
NOW = datetime(2026, 3, 1, tzinfo=UTC)
HOUR_S = 3600.0


def item(
    number: int,
    *,
    guid: str | None = None,
    url: str | None = None,
    length: int | None = None,
    dated: bool = True,
    title: str | None = None,
) -> FeedItem:
    return FeedItem(
        title=title or f"Episode {number}",
        guid=f"guid-{number}" if guid is None else guid or None,
        published=datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=number) if dated else None,
        audio=Offer(url=url or f"https://a.test/{number}.mp3", length=length),
    )


def look(book: Book, *items: FeedItem, at_first: int = 1, now: datetime = NOW) -> Book:
    feed = Feed(title="Show", items=items)
    return take_note(book, feed, found(*items), now=now, at_first=at_first)


def found(*items: FeedItem) -> Found:
    return recognise(items, endings=ENDINGS)


def wanted(book: Book, *items: FeedItem, **more: bool) -> list[str]:
    return [w.title for w in wanted_now(book, found(*items), now=NOW, **more)]


def taken(book: Book) -> Book:
    """As if all that is wanted had been fetched."""
    entries = tuple(
        replace(e, standing=Standing.TAKEN, sha256="0") if e.is_waiting else e for e in book.entries
    )
    return replace(book, entries=entries)


def test_at_first_the_newest_is_taken_and_the_others_are_the_archive() -> None:
    items = (item(1), item(3), item(2))
    book = look(Book(), *items)
    assert wanted(book, *items) == ["Episode 3"]
    assert len(book.seen) == 2
    assert wanted(look(Book(), *items, at_first=0), *items) == []
    assert wanted(look(Book(), *items, at_first=9), *items) == [
        "Episode 3",
        "Episode 2",
        "Episode 1",
    ]


def test_what_is_new_is_taken_and_an_old_one_that_is_only_now_listed_is_not() -> None:
    book = taken(look(Book(), item(30), item(29)))
    items = (item(31), item(30), item(29), item(25), item(2))
    book = look(book, *items)
    # One that was put in a few days late counts as new; one of four weeks before does not.
    assert wanted(book, *items) == ["Episode 31", "Episode 25"]
    assert wanted(taken(book), *items) == []


def test_a_date_in_the_future_does_not_make_what_follows_old() -> None:
    book = taken(look(Book(), item(4000)))
    items = (item(4000), item(55))
    assert wanted(look(book, *items), *items) == ["Episode 55"]


def test_what_has_no_date_is_new_when_it_was_not_there_before() -> None:
    book = taken(look(Book(), item(1, dated=False)))
    items = (item(1, dated=False), item(2, dated=False))
    assert wanted(look(book, *items), *items) == ["Episode 2"]


def test_guids_given_anew_make_nothing_new() -> None:
    """By the same address; and, where that changed as well, by title and time."""
    book = taken(look(Book(), item(2), item(1)))
    moved = (
        item(2, guid="new-2"),
        item(1, guid="new-1", url="https://b.test/other-1.mp3"),
    )
    assert wanted(look(book, *moved), *moved) == []


def test_a_signature_in_an_address_that_changes_daily_is_no_other_file() -> None:
    book = taken(look(Book(), item(1, url="https://a.test/1.mp3?sig=a")))
    again = item(1, url="https://a.test/1.mp3?sig=b")
    assert wanted(look(book, again), again) == []
    # Without a file's name the parameters say which episode it is.
    book = taken(look(Book(), item(1, url="https://a.test/play?id=1")))
    two = (item(1, url="https://a.test/play?id=1"), item(2, url="https://a.test/play?id=2"))
    assert wanted(look(book, *two), *two) == ["Episode 2"]


def test_one_guid_for_all_episodes_says_nothing() -> None:
    items = (item(1, guid="same"), item(2, guid="same"))
    book = look(Book(), *items, at_first=9)
    assert wanted(book, *items) == ["Episode 2", "Episode 1"]
    third = (*items, item(3, guid="same"))
    assert wanted(look(taken(book), *third), *third) == ["Episode 3"]


def test_an_episode_that_is_listed_twice_is_taken_once() -> None:
    items = (item(1), item(1))
    book = look(Book(), *items, at_first=9)
    assert wanted(book, *items) == ["Episode 1"]
    # Nor is it new when the second listing comes later.
    book = taken(look(Book(), item(1)))
    assert wanted(look(book, *items), *items) == []


def test_another_file_under_the_same_guid_is_wanted_again_but_not_for_ever() -> None:
    book = taken(look(Book(), item(1, length=100)))
    for number in range(MOST_REPLACEMENTS + 2):
        other = item(1, url=f"https://a.test/1-v{number}.mp3", length=100)
        book = look(book, other)
        is_followed = number < MOST_REPLACEMENTS
        assert wanted(book, other) == (["Episode 1"] if is_followed else [])
        book = taken(book)
    assert "left as it is" in str(book.entries[0].note)


def test_another_length_under_the_same_address_is_another_file() -> None:
    book = taken(look(Book(), item(1, length=100)))
    assert wanted(look(book, item(1, length=100)), item(1)) == []
    assert wanted(look(book, item(1)), item(1)) == []
    assert wanted(look(book, item(1, length=120)), item(1)) == ["Episode 1"]


def test_what_the_feed_takes_back_is_no_longer_wanted() -> None:
    before = look(Book(), item(1), item(2), at_first=2)
    after = look(before, item(2))
    assert wanted(after, item(2)) == ["Episode 2"]
    assert [entry.title for entry in dropped(before, after)] == ["Episode 1"]
    # One that is here stays here, though its new file was taken back.
    book = look(taken(look(Book(), item(1))), item(1, url="https://a.test/new.mp3"))
    assert look(book).entries[0].standing is Standing.TAKEN


# --------------------------------------------------------------------------- the archive


def test_an_archive_is_queued_newest_first_and_gone_on_with() -> None:
    items = tuple(item(number) for number in range(1, 7))
    book = taken(look(Book(), *items))
    queued = queue_archive(book, found(*items), since=None, limit=3)
    assert wanted(queued, *items) == []
    assert wanted(queued, *items, with_queue=True) == ["Episode 5", "Episode 4", "Episode 3"]
    # One was fetched; the same words go on with the other two, and so does no word at all.
    first = replace(queued.of(Standing.QUEUED)[0], standing=Standing.TAKEN, sha256="0")
    stopped = queued.with_entry(first)
    for limit in (3, None):
        again = queue_archive(stopped, found(*items), since=None, limit=limit)
        assert wanted(again, *items, with_queue=True) == ["Episode 4", "Episode 3"]
    # Other words make another queue; nothing that was fetched is in it.
    since = datetime(2026, 1, 4, tzinfo=UTC)
    other = queue_archive(stopped, found(*items), since=since, limit=None)
    assert wanted(other, *items, with_queue=True) == ["Episode 4", "Episode 3"]
    rest = queue_archive(taken(other), found(*items), since=None, limit=None)
    assert wanted(rest, *items, with_queue=True) == ["Episode 2", "Episode 1"]


def test_a_queue_that_is_forgotten_can_be_queued_again() -> None:
    items = (item(1), item(2), item(3))
    book = taken(look(Book(), *items))
    queued = queue_archive(book, found(*items), since=None, limit=None)
    forgotten = empty_queue(queued)
    assert sorted(forgotten.seen) == sorted(book.seen)
    assert wanted(forgotten, *items, with_queue=True) == []
    assert queue_archive(forgotten, found(*items), since=None, limit=None) == queued
    # And it is not new in the meantime.
    assert wanted(look(forgotten, *items), *items) == []


# --------------------------------------------------------------------------- when


def test_a_feed_that_fails_is_asked_less_and_less_up_to_once_a_day() -> None:
    book, waits = Book(), []
    for _ in range(12):
        book = after_failure(book, now=NOW, every_s=HOUR_S, reason="away")
        assert book.next_poll is not None
        waits.append((book.next_poll - NOW).total_seconds())
    assert waits[:3] == [0.9 * HOUR_S, 1.8 * HOUR_S, 3.6 * HOUR_S]
    assert waits == sorted(waits)
    assert waits[-1] == 86_400
    well = after_poll(book, now=NOW, every_s=HOUR_S)
    assert (well.failures, well.reason) == (0, None)
    assert not is_due(well, NOW + timedelta(minutes=50))
    assert is_due(well, NOW + timedelta(minutes=55))


def test_a_server_is_obeyed_that_asks_for_patience_but_for_no_more_than_a_week() -> None:
    book = after_failure(Book(), now=NOW, every_s=HOUR_S, reason="busy", wait_s=5 * HOUR_S)
    assert book.next_poll == book.not_before == NOW + timedelta(hours=5)
    book = after_failure(Book(), now=NOW, every_s=HOUR_S, reason="busy", wait_s=1e12)
    assert book.next_poll == NOW + timedelta(days=7)


@pytest.mark.parametrize("wrong", [timedelta(days=-400), timedelta(days=400)])
def test_a_clock_that_was_wrong_stops_no_feed(wrong: timedelta) -> None:
    book = after_poll(Book(), now=NOW + wrong, every_s=HOUR_S)
    assert is_due(book, NOW)


def test_a_feed_that_is_gone_is_left_alone() -> None:
    assert not is_due(Book(is_gone=True), NOW)


def test_an_episode_that_fails_waits_and_does_not_hold_up_others() -> None:
    items = (item(1), item(2))
    book = look(Book(), *items, at_first=2)
    failed = entry_failed(book.of(Standing.WANTED)[0], now=NOW, reason="404")
    book = book.with_entry(failed)
    assert wanted(book, *items) == ["Episode 1"]
    assert wanted(book, *items, is_asked=True) == ["Episode 2", "Episode 1"]
    later = wanted_now(book, found(*items), now=NOW + timedelta(minutes=16))
    assert [w.title for w in later] == ["Episode 2", "Episode 1"]


def test_a_feed_is_the_same_whoever_signs_in() -> None:
    one = feed_address("https://ann:secret@host.test/feed.xml?show=1")
    assert one == feed_address("https://HOST.test/feed.xml?show=1")
    assert one != feed_address("https://host.test/feed.xml?show=2")
