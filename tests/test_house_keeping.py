"""What is done at night, on real folders."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from shownotes.adapters import index
from shownotes.adapters.store import EpisodeFolder
from shownotes.house_keeping import keep_house
from shownotes.model import State, Status
from shownotes.settings import Settings, load_settings
from shownotes.steps import publishing, reviewing
from shownotes.steps.step import Walk
from shownotes.steps.trash import delete
from tests.episodes import demo_walk, finish

HEAT, RIVER = "who-pays-for-the-heat-pump", "the-river-has-a-budget"
LONG_AGO = "2026-01-01T00:00:00Z"


@pytest.fixture
def settings(workspace: Path) -> Settings:
    (workspace / "shownotes.toml").write_text(
        "[publish]\naudio = false\n[schedules]\nkeep_work_days = 0\nwarn_free_gb = 0\n",
        encoding="utf-8",
    )
    return load_settings(workspace)


def walked(settings: Settings, name: str) -> Walk:
    """An episode with a draft and working files, whose audio is still there."""
    walk = finish(demo_walk(settings.root, name))
    (settings.audio_folder / f"{name}.mp3").write_bytes(b"audio")
    work = walk.folder.path / "work"
    work.mkdir(exist_ok=True)
    (work / "speech.flac").write_bytes(b"x" * 5_000_000)
    walk.folder.write("status.json", Status(state=State.DRAFT, title=name, updated_at=LONG_AGO))
    return Walk(folder=walk.folder, settings=settings)


def has_working_files(walk: Walk) -> bool:
    return (walk.folder.path / "work" / "speech.flac").exists()


def test_working_files_of_published_episodes_go_and_those_of_drafts_stay(
    settings: Settings,
) -> None:
    heat, river = walked(settings, HEAT), walked(settings, RIVER)
    reviewing.approve(heat, by="Ann")
    publishing.publish(heat, by="Ann")
    report = keep_house(settings)
    assert report.warnings == []
    assert report.done == ["Working files of 1 published episodes removed: 5.0 MB."]
    assert not has_working_files(heat)
    assert has_working_files(river)
    assert str(keep_house(settings)) == "Nothing was to be done."


def test_what_was_published_lately_keeps_its_working_files(settings: Settings) -> None:
    heat = walked(settings, HEAT)
    reviewing.approve(heat, by="Ann")
    publishing.publish(heat, by="Ann")
    later = settings.with_values({"schedules.keep_work_days": 30})
    assert str(keep_house(later)) == "Nothing was to be done."
    assert has_working_files(heat)


def test_an_episode_that_somebody_works_on_is_left_alone(settings: Settings) -> None:
    heat = walked(settings, HEAT)
    reviewing.approve(heat, by="Ann")
    publishing.publish(heat, by="Ann")
    with heat.folder.claim(holder="a run"):
        assert keep_house(settings).warnings == []
    assert has_working_files(heat)


def test_the_trash_is_emptied(settings: Settings) -> None:
    river = walked(settings, RIVER)
    trashed = delete(river.folder, settings, by="Ann").trashed
    assert str(keep_house(settings)) == "Nothing was to be done."
    report = keep_house(settings.with_values({"schedules.keep_trash_days": 0}))
    assert report.done == [f"Gone from the trash for good: {trashed}."]


def test_too_little_room_is_told(settings: Settings) -> None:
    careful = settings.with_values({"schedules.warn_free_gb": 5})
    (warning,) = keep_house(careful, free_bytes=1_200_000_000).warnings
    assert "1.2 GB" in warning
    assert "shownotes clean" in warning
    assert keep_house(careful, free_bytes=6_000_000_000).warnings == []


def test_a_damaged_index_is_made_anew(settings: Settings) -> None:
    walked(settings, HEAT)
    index.refresh(settings.output_folder)
    path = settings.output_folder / index.NAME
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    whole = bytearray(path.read_bytes())
    # Everything behind the first page, which the schema stands on.
    whole[4096:] = b"\xa5" * (len(whole) - 4096)
    path.write_bytes(whole)
    assert keep_house(settings).done == ["The index of the list was damaged; it is made anew."]
    assert [row.folder for row in index.rows(settings.output_folder)] == [HEAT]
    assert str(keep_house(settings)) == "Nothing was to be done."


def test_one_thing_that_goes_wrong_stops_no_other(settings: Settings) -> None:
    heat = walked(settings, HEAT)
    reviewing.approve(heat, by="Ann")
    publishing.publish(heat, by="Ann")
    book = EpisodeFolder(settings.output_folder / ".trash")
    book.path.mkdir()
    (book.path / "deleted.json").write_text("{torn", encoding="utf-8")
    report = keep_house(settings)
    assert len(report.warnings) == 1
    assert "deleted.json" in report.warnings[0]
    assert not has_working_files(heat)
    assert "deleted.json" in str(report)
    assert "5.0 MB" in str(report)
