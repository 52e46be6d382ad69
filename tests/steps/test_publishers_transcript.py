"""A publisher's transcript beside the audio, compared in the draft."""

from pathlib import Path

import pytest

from shownotes.model import ShowNotes
from shownotes.settings import Settings
from shownotes.steps import compose
from shownotes.steps.intray import find_audio
from shownotes.steps.step import Walk
from tests.episodes import demo_walk, finish
from tests.spoken import demo_episodes

HEAT = "who-pays-for-the-heat-pump"


@pytest.fixture
def walk(workspace: Path) -> Walk:
    return demo_walk(workspace, HEAT)


def put(walk: Walk, text: str, ending: str = ".vtt") -> Path:
    path = walk.settings.root / "audio" / f"{HEAT}.publisher{ending}"
    path.write_text(text, encoding="utf-8")
    return path


def cue(text: str) -> str:
    return f"WEBVTT\n\n00:00.000 --> 01:00:00.000\n{text}\n"


def draft(walk: Walk) -> ShowNotes:
    finish(walk)
    return walk.folder.read("draft.json", ShowNotes)


def codes(walk: Walk) -> set[str]:
    return {check.code for check in draft(walk).checks if check.code.startswith("publisher")}


def test_the_same_words_are_no_check(walk: Walk) -> None:
    put(walk, cue(" ".join(demo_episodes()[HEAT]["text"].split())))
    assert codes(walk) == set()


def test_where_it_differs_is_a_check(walk: Walk) -> None:
    words = demo_episodes()[HEAT]["text"].split()
    words[200:300] = ["blah"] * 100
    put(walk, cue(" ".join(words)))
    (check,) = [c for c in draft(walk).checks if c.code == "publisher_differs"]
    assert "blah blah" in check.message
    assert check.start is not None


def test_it_is_due_again_when_it_comes_late_and_only_then(walk: Walk) -> None:
    finish(walk)
    before = compose.STEP.made_from(walk)
    assert "publishers" not in before
    put(walk, cue("Something else. " * 300))
    assert compose.STEP.made_from(walk) != before
    assert codes(walk) == {"publisher_other"}
    stamp = walk.folder.stamp("draft.json")
    assert stamp is not None
    assert dict(stamp.made_from) == compose.STEP.made_from(walk)


def test_one_that_cannot_be_read_is_a_notice_and_costs_nothing(walk: Walk) -> None:
    put(walk, "nothing with times in it")
    notes = draft(walk)
    assert [w.code for w in notes.warnings if w.code.startswith("publisher")] == [
        "publishers_unread"
    ]


def test_in_the_in_tray_it_is_no_episode(workspace: Path) -> None:
    settings = Settings(root=workspace)
    for name in ("a.publisher.vtt", "b.mp3", "b.publisher.json", "c.srt"):
        (workspace / "audio" / name).write_text("x", encoding="utf-8")
    assert [path.name for path in find_audio(settings)] == ["b.mp3", "c.srt"]
