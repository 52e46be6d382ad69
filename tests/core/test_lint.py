"""Each rule is broken once and found, with its source and what to do; good notes break none."""

from dataclasses import replace

import pytest

from shownotes.core.captions import Cue
from shownotes.core.lint import FeedFacts, lint
from shownotes.model import (
    Chapter,
    Evidence,
    Fact,
    Finding,
    Link,
    Person,
    PersonRole,
    ShowNotes,
    Soundbite,
)

FEED = FeedFacts(
    has_audio=True,
    audio_url="https://example.org/{file}",
    site_url="https://example.org",
    cover="cover.jpg",
    category="News",
    author="Ann Lee",
    owner_email="ann@example.org",
)
CHAPTERS = tuple(
    Chapter(start=s, end=s + 60.0, title=f"Part of {s:.0f}") for s in (0.0, 60.0, 120.0)
)
APP = f"<p>{'word ' * 120}</p>\n<p>00:00:00 One</p>\n"
CUE = Cue(start=0.0, end=2.0, lines=("Yes, it is.",))


def notes(**changes: object) -> ShowNotes:
    made = ShowNotes(
        title="A cold house", show="The Ledger", number=1, date="2026-09-16", language="en",
        duration=180.0, hook=None, summary=(), narrative=(), questions=(), key_points=(),
        quotes=(), hosts=(), guests=(), mentioned=(), agencies=(), organizations=(), events=(),
        chapters=CHAPTERS, earlier_episodes=(), links=(), sign_off=None,
    )  # fmt: skip
    return replace(made, **changes)  # type: ignore[arg-type]


def found(
    made: ShowNotes, *, cues: tuple[Cue, ...] = (CUE,), feed: FeedFacts = FEED, **texts: str
) -> dict[str, Finding]:
    files = {name.replace("_", "."): text for name, text in ({"app_html": APP} | texts).items()}
    return {finding.rule: finding for finding in lint(made, texts=files, cues=cues, feed=feed)}


def after(*spans: tuple[float, float, str]) -> tuple[Chapter, ...]:
    """Chapters, and two good ones after them."""
    good = (60.0, 120.0, "Two"), (120.0, 180.0, "Three")
    return tuple(Chapter(start=a, end=b, title=title) for a, b, title in (*spans, *good))


def test_good_notes_break_no_rule() -> None:
    assert found(notes(), video_txt="Plain.", social_txt="Short.\n\nShorter.\n") == {}


@pytest.mark.parametrize(
    ("rule", "is_error", "changes"),
    [
        ("title_length", True, {"title": "x" * 256}),
        ("title_repeats", False, {"title": "The Ledger: a cold house"}),
        ("title_repeats", False, {"title": "#12: A cold house"}),
        ("chapter_count", False, {"chapters": CHAPTERS[:2]}),
        ("chapter_first", True, {"chapters": after((2.0, 60.0, "One"))}),
        ("chapter_refused", True, {"chapters": after((0.0, 9.0, "1"), (9.0, 60.0, "1b"))}),
        ("chapter_short", False, {"chapters": after((0.0, 20.0, "1"), (20.0, 60.0, "1b"))}),
        ("chapter_title_length", False, {"chapters": after((0.0, 60.0, "x" * 41))}),
        ("chapter_title_empty", True, {"chapters": after((0.0, 60.0, " "))}),
        ("chapter_title_emoji", False, {"chapters": after((0.0, 60.0, "Heat 🔥"))}),
        ("soundbite_length", False, {"soundbites": (Soundbite(title="a", start=5.0, end=9.0),)}),
        ("link_address", True, {"links": (Link(text="Here", url="../there"),)}),
        ("feed_date", False, {"date": None}),
    ],
)  # fmt: skip
def test_a_broken_rule_is_found(rule: str, is_error: bool, changes: dict[str, object]) -> None:
    finding = found(notes(**changes))[rule]
    assert finding.is_error is is_error
    assert finding.source
    assert finding.fix
    assert finding.message.endswith(".")


def test_too_many_chapters_for_a_tag() -> None:
    many = tuple(Chapter(start=i * 60.0, end=i * 60.0 + 60, title=f"C {i}") for i in range(256))
    assert set(found(notes(chapters=many))) == {"chapter_most"}


def test_a_hook_that_says_nothing() -> None:
    hook = Fact(value="In this episode we talk.", evidence=Evidence(text="x", start=3.0, end=4.0))
    assert found(notes(hook=hook))["empty_opening"].start == 3.0


@pytest.mark.parametrize("name", ["", "x" * 129])
def test_a_name_that_a_feed_cannot_hold(name: str) -> None:
    person = Person(name=name, role=PersonRole.GUEST, evidence=None)
    assert found(notes(guests=(person,)))["person_name"].is_error


def test_the_app_description_is_measured_in_bytes_words_and_tags() -> None:
    curly = "<p>" + "“” " * 1000 + "</p>"
    assert "7007 bytes" in found(notes(), app_html=curly)["app_bytes"].message
    assert found(notes(), app_html=f"<h2>{'word ' * 120}</h2>")["app_tags"].is_error
    few = found(notes(), app_html="<p>Too short.</p>\n<p>00:00:00 One two three four</p>")
    assert "has 2 words" in few["app_words"].message


def test_plain_texts_are_measured_in_characters() -> None:
    assert found(notes(), video_txt="x" * 5001)["video_characters"].is_error
    assert found(notes(), video_txt="a < b")["video_brackets"].is_error
    assert found(notes(), social_txt="ok\n\n" + "x" * 281)["post_characters"].is_error


@pytest.mark.parametrize(
    ("rule", "cue"),
    [
        ("caption_shape", Cue(start=1.0, end=4.0, lines=("x" * 43,))),
        ("caption_shape", Cue(start=1.0, end=3.0, lines=("a", "b", "c"))),
        ("caption_speed", Cue(start=1.0, end=2.0, lines=("x" * 21,))),
        ("caption_length", Cue(start=1.0, end=1.5, lines=("x",))),
        ("caption_length", Cue(start=1.0, end=9.0, lines=("x",))),
    ],
)
def test_captions_that_cannot_be_read(rule: str, cue: Cue) -> None:
    findings = found(notes(), cues=(CUE, cue, cue))
    assert set(findings) == {rule}
    assert "2 captions, the first at 0:01, are" in findings[rule].message
    assert findings[rule].start == 1.0


def test_what_a_feed_lacks_is_said_once() -> None:
    bare = found(notes(), feed=FeedFacts(has_audio=True))
    assert set(bare) == {"feed_audio_url", "feed_site_url"}
    some = found(notes(), feed=replace(FEED, cover=None, author=None))
    assert some["feed_settings"].message == "A feed also needs cover, author."
    assert set(found(notes(), feed=FeedFacts(has_audio=False))) == {"feed_audio"}


def test_errors_come_first() -> None:
    findings = lint(
        notes(chapters=after((0.0, 9.0, "x" * 41), (9.0, 60.0, "1b")), date=None),
        texts={"app.html": APP},
        cues=(),
        feed=FEED,
    )
    assert [f.is_error for f in findings] == sorted((f.is_error for f in findings), reverse=True)
