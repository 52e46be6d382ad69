"""Runs that are killed at random moments; `benchmarks/kills.py` kills many more."""

import os
import shutil
from pathlib import Path

import pytest

from benchmarks import kills
from benchmarks.backlog import Ledger, differences, read_output

pytestmark = pytest.mark.skipif(os.name != "posix", reason="kills processes as POSIX does")

SEED = 7


def test_ten_kills_lose_nothing_and_do_nothing_twice(tmp_path: Path) -> None:
    series = kills.begin(tmp_path, episodes=3, seed=SEED, lengths_s=(8.0, 12.0), whole=0)
    kills.carry_on(tmp_path, series, kills=10)
    assert series.kills == 10
    assert series.rounds >= 1
    assert series.differing == []
    assert series.ledger.windows_again == []
    assert series.ledger.boxes_again == []
    assert series.orphans == 0
    assert kills.Series.load(tmp_path) == series
    _see_what_is_wrong(tmp_path)


def _see_what_is_wrong(folder: Path) -> None:
    """What the comparison lets pass, and what it does not."""
    one, other = folder / "undisturbed", folder / "other"
    shutil.copytree(one, other)
    episode = min(path for path in other.glob("[!.]*") if path.is_dir())
    ledger = Ledger()
    ledger.look(other)

    status = (episode / "status.json").read_text(encoding="utf-8")
    later = status.replace('"updated_at": "2', '"updated_at": "3')
    assert later != status
    (episode / "status.json").write_text(later, encoding="utf-8")
    (episode / ".notes.md.x.tmp").write_text("half", encoding="utf-8")
    assert differences(read_output(one), read_output(other)) == []
    assert read_output(other).litter == [f"{episode.name}/.notes.md.x.tmp"]

    notes = (episode / "notes.md").read_text(encoding="utf-8")
    (episode / "notes.md").write_text(notes + ".", encoding="utf-8")
    (episode / "topics.json").unlink()
    window = next((episode / "work" / "windows").glob("*.json"))
    again = window.with_suffix(".again")
    shutil.copyfile(window, again)
    again.replace(window)
    found = [line.partition(":")[0] for line in differences(read_output(one), read_output(other))]
    assert f"{episode.name}/notes.md" in found
    assert f"{episode.name}/topics.json" in found
    ledger.look(other)
    assert ledger.windows_again == [f"{episode.name}/work/windows/{window.name}"]
    assert ledger.boxes_again == []
