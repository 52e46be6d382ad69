import datetime

import pytest

from shownotes.core.publication import (
    Deliveries,
    Delivery,
    Event,
    EventKind,
    Published,
    appointment,
)
from shownotes.errors import SettingsError

OSLO = "Europe/Oslo"


def event(kind: EventKind, version: int, *, approval: int = 0) -> Event:
    return Event(kind=kind, version=version, at="2026-10-01T05:00:00Z", by="Ann", approval=approval)


def test_history_is_kept_and_the_last_event_says_what_is_out() -> None:
    published = Published()
    assert (published.current, published.newest, published.since) == (None, 0, None)
    first, second = event(EventKind.PUBLISHED, 1), event(EventKind.PUBLISHED, 2)
    published = published.after(first).after(second)
    assert (published.current, published.newest, published.since) == (2, 2, second)
    gone = event(EventKind.UNPUBLISHED, 2)
    published = published.after(gone)
    assert (published.current, published.newest, published.since) == (None, 2, None)
    assert published.history == (first, second, gone)


def test_an_approval_has_its_effect_once() -> None:
    published = Published().after(event(EventKind.PUBLISHED, 1, approval=7))
    assert published.has_used(7)
    assert not published.has_used(9)
    published = published.after(event(EventKind.UNPUBLISHED, 1, approval=9))
    assert published.has_used(9)


def test_of_one_event_and_target_the_last_outcome_counts() -> None:
    failed = Delivery(event=0, target="webhook", is_done=False, at="")
    other = Delivery(event=0, target="command", is_done=True, at="")
    done = Delivery(event=0, target="webhook", is_done=True, at="", attempts=2)
    told = Deliveries().with_one(failed).with_one(other).with_one(done)
    assert told.of(0) == (other, done)
    assert told.find(0, "webhook") == done
    assert told.find(1, "webhook") is None


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2026-07-01T06:00", "2026-07-01T04:00"),
        ("2026-12-01 06:00", "2026-12-01T05:00"),
        ("2026-12-01T06:00:30+05:45", "2026-12-01T00:15:30"),
        ("2026-12-01T06:00Z", "2026-12-01T06:00"),
        ("2026-12-01", "2026-11-30T23:00"),
        # Clocks go from 02:00 to 03:00: half past two is half past three.
        ("2026-03-29T02:30", "2026-03-29T01:30"),
        ("2026-03-29T01:59", "2026-03-29T00:59"),
        ("2026-03-29T03:00", "2026-03-29T01:00"),
        # Clocks go from 03:00 to 02:00: the first half past two is meant.
        ("2026-10-25T02:30", "2026-10-25T00:30"),
        ("2026-10-25T03:00", "2026-10-25T02:00"),
    ],
)
def test_a_time_is_read_in_its_zone(text: str, utc: str) -> None:
    wanted = datetime.datetime.fromisoformat(f"{utc}+00:00")
    assert appointment(text, OSLO) == wanted


def test_a_time_in_a_gap_is_told_as_clocks_show_it() -> None:
    assert appointment("2026-03-29T02:30", OSLO).isoformat() == "2026-03-29T03:30:00+02:00"


@pytest.mark.parametrize(
    ("text", "zone", "told"),
    [
        ("tomorrow", OSLO, "is not a time"),
        ("2026-13-01T06:00", OSLO, "is not a time"),
        ("2026-10-25T06:00", None, "in which time zone"),
        ("2026-10-25T06:00", "Mars/Olympus", "no such time zone"),
        ("2026-10-25T06:00", "/etc/passwd", "no such time zone"),
    ],
)
def test_what_is_no_time_is_refused(text: str, zone: str | None, told: str) -> None:
    with pytest.raises(SettingsError, match=told):
        appointment(text, zone)
