"""`shownotes stats` as a person runs it, over an episode that was really reviewed."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from shownotes.core.publication import Event, EventKind, Published
from shownotes.model import Episode
from shownotes.steps.deciding import decide
from shownotes.steps.reviewing import open_review
from shownotes.steps.step import Walk
from tests.episodes import demo_walk, finish
from tests.test_cli import shownotes_command

RIVER, HEAT = "the-river-has-a-budget", "who-pays-for-the-heat-pump"
BEGAN = datetime(2100, 10, 1, 9, 0, tzinfo=UTC)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "shownotes.toml").write_text("", encoding="utf-8")
    return tmp_path


def do(walk: Walk, *ops: dict[str, Any], by: str = "Ada Editor") -> None:
    assert open_review(walk).change(decide(ops), by=by, label="A change") is not None


def set_times(walk: Walk, seconds: list[int]) -> None:
    """Have the entries of the log be made at these seconds."""
    path = walk.folder.path / "review.log.jsonl"
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    for line, second in zip(lines, seconds, strict=True):
        line["at"] = (BEGAN + timedelta(seconds=second)).isoformat().replace("+00:00", "Z")
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")


@pytest.fixture
def reviewed(root: Path) -> Walk:
    """Two sittings of 4 and 2 minutes, 3 words corrected, a name fixed, the hook rewritten."""
    walk = finish(demo_walk(root, RIVER))
    words = open_review(walk).machine.words
    do(walk, {"op": "text", "first": words[10].id, "last": words[11].id, "text": "quite otherwise"})
    do(walk, {"op": "text", "first": words[20].id, "last": words[20].id, "text": ""})
    do(walk, {"op": "spelling", "from": "Kofi Asante", "to": "Kofi Assante"})
    do(walk, {"op": "set", "key": "hook", "value": "Why a river needs a budget."})
    do(walk, {"op": "set", "key": "title", "value": "Rivers & budgets [part 1]"})
    set_times(walk, [0, 120, 240, 4000, 4120])
    event = Event(
        kind=EventKind.PUBLISHED,
        version=1,
        at=(BEGAN + timedelta(hours=30)).isoformat(),
        by="Ada Editor",
    )
    walk.folder.write("published.json", Published(current=1, history=(event,)))
    episode = walk.folder.read("episode.json", Episode)
    dropped = int((BEGAN - timedelta(hours=2)).timestamp() * 1e9)
    version = replace(episode.versions[0], modified_ns=dropped)
    # As if prepared again long after: then the first version's own time tells.
    walk.folder.write("episode.json", replace(episode, versions=(version,)), made_from={})
    path = walk.folder.path / "episode.json"
    box = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({**box, "made_at": "2100-12-24T00:00:00Z"}), encoding="utf-8")
    return walk


def test_nothing_reviewed_yet_says_what_to_do(root: Path) -> None:
    finish(demo_walk(root, RIVER))
    done = shownotes_command("stats", cwd=root)
    assert done.returncode == 0, done.stderr
    assert "shownotes desk" in done.stdout


def test_the_table_has_the_figures(root: Path, reviewed: Walk) -> None:
    finish(demo_walk(root, HEAT))
    done = shownotes_command("stats", cwd=root)
    assert done.returncode == 0, done.stdout + done.stderr
    line = next(line for line in done.stdout.splitlines() if "Rivers & budgets" in line)
    for text in ("[part 1]", "Ada Editor", "6 min", "32 h"):
        assert text in line
    assert "1 more not reviewed yet." in done.stdout


def test_the_figures_as_json(root: Path, reviewed: Walk) -> None:
    done = shownotes_command("stats", RIVER, "--json", cwd=root)
    assert done.returncode == 0, done.stdout + done.stderr
    told = json.loads(done.stdout)
    (found,) = told["episodes"]
    assert found["folder"] == RIVER
    assert found["editor_minutes"] == pytest.approx(6.0)
    assert found["editor_minutes_by_editor"] == {"Ada Editor": pytest.approx(6.0)}
    hours = found["audio_s"] / 3600
    assert found["editor_minutes_an_audio_hour"] == pytest.approx(6.0 / hours)
    assert found["names_corrected"] == 1
    assert found["words_corrected"] == 3
    assert found["words_corrected_in_1000"] == pytest.approx(3000 / found["words"])
    # The hook is another one; whatever has the name in it reads otherwise too.
    assert 0 < found["sentences_kept"] < found["sentences"]
    assert found["drop_to_published_s"] == 32 * 3600
    assert told["together"]["words"] == found["words"]


def test_two_episodes_have_a_line_together(root: Path, reviewed: Walk) -> None:
    other = finish(demo_walk(root, HEAT))
    do(other, {"op": "set", "key": "title", "value": "Heat"}, by="Bo")
    done = shownotes_command("stats", cwd=root)
    assert "all 2" in done.stdout
    assert "Ada Editor, Bo" in done.stdout
    assert "not yet" in done.stdout


def test_a_torn_last_line_was_never_a_change(root: Path, reviewed: Walk) -> None:
    with (reviewed.folder.path / "review.log.jsonl").open("ab") as log:
        log.write(b'{"seq": 6, "id": "x", "at": "2100-10-0')
    done = shownotes_command("stats", "--json", cwd=root)
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(done.stdout)["episodes"][0]["editor_minutes"] == pytest.approx(6.0)


def test_a_damaged_log_is_told_and_does_not_stop_the_others(root: Path, reviewed: Walk) -> None:
    other = finish(demo_walk(root, HEAT))
    do(other, {"op": "set", "key": "title", "value": "Heat"})
    path = other.folder.path / "review.log.jsonl"
    path.write_bytes(b"scrambled\n" + path.read_bytes())
    done = shownotes_command("stats", cwd=root)
    assert done.returncode == 1
    assert "Rivers & budgets" in done.stdout
    assert "left out:" in done.stdout
    assert "line 1" in done.stdout
