import pytest

from shownotes.adapters.tags import read_tags
from shownotes.model import GivenChapter, GivenPerson


def test_a_podcast_episode() -> None:
    found = read_tags(
        {
            "title": " Who  pays?\n",
            "album": "The Show",
            "artist": "Ann Host",
            "track": "12/40",
            "date": "2026-09-16T06:00:00Z",
        }
    )
    assert (found.title, found.show, found.number) == ("Who pays?", "The Show", 12)
    assert found.date == "2026-09-16"
    assert found.guests == ()
    assert found.hosts == ()


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2026", None),
        ("20260916", "2026-09-16"),
        ("2026-13-40", None),
        ("16.9.2026", None),
        ("2026-09-161", None),
        ("٢٠٢٦-٠٩-١٦", None),
    ],
)
def test_only_whole_dates(value: str, expected: str | None) -> None:
    assert read_tags({"date": value}).date == expected


@pytest.mark.parametrize("value", ["0", "", "A1", "x/12", "99999999", "-3"])
def test_numbers_that_are_none(value: str) -> None:
    assert read_tags({"track": value}).number is None


def test_guests_only_from_a_tag_of_that_name() -> None:
    found = read_tags({"guests": "Ann Lee; Bo Ek, Cy Oh", "performer": "Dan Host"})
    assert found.guests == tuple(GivenPerson(name=n) for n in ("Ann Lee", "Bo Ek", "Cy Oh"))


def test_a_feed_id() -> None:
    assert read_tags({"episode_uid": "abc-1"}).feed_id == "abc-1"


def test_hostile_text_is_made_plain() -> None:
    found = read_tags({"title": "a\u202e\x00b\x1b[31m" + "x" * 1000})
    assert found.title is not None
    assert found.title.startswith("a b [31mx")
    assert len(found.title) == 300


def test_chapters_with_titles_in_order() -> None:
    found = read_tags({}, [(60.0, "Two"), (-1.0, " One\n"), (90.0, "")])
    assert found.chapters == (
        GivenChapter(start=0.0, title="One"),
        GivenChapter(start=60.0, title="Two"),
    )
