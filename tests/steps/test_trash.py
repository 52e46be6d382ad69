"""Deleting, bringing back, and what becomes of the audio that stays in the in-tray."""

import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from shownotes.adapters.encoding import encode
from shownotes.adapters.review_log import ReviewLog
from shownotes.adapters.store import EpisodeFolder
from shownotes.batch import RunOptions, process_plainly
from shownotes.core.publication import Event, EventKind, Published
from shownotes.errors import (
    EpisodeBusyError,
    EpisodeNotFoundError,
    FormatError,
    StillPublishedError,
    StoreError,
)
from shownotes.model import Episode
from shownotes.settings import Settings, load_settings
from shownotes.steps import prepare, trash
from shownotes.steps.deleted import read_deleted, twin_of, wanted_audio
from shownotes.steps.step import Silent
from tests.audio_files import RATE_HZ, noise


@pytest.fixture
def settings(workspace: Path) -> Settings:
    encode(noise(2.0, seed=1), workspace / "audio" / "ep.mp3", sample_rate_hz=RATE_HZ)
    return load_settings(workspace)


@pytest.fixture
def folder(settings: Settings) -> EpisodeFolder:
    return prepare.admit(settings.audio_folder / "ep.mp3", settings)


def test_a_deleted_episode_is_not_made_again_of_the_file_that_stays(
    settings: Settings, folder: EpisodeFolder
) -> None:
    (folder.path / "review.log.jsonl").write_text("a line\n", encoding="utf-8")
    deleted = trash.delete(folder, settings, by="Ann")
    assert not folder.path.exists()
    assert (settings.output_folder / ".trash" / deleted.trashed / "review.log.jsonl").is_file()
    assert (settings.audio_folder / "ep.mp3").is_file()
    assert wanted_audio(settings) == []
    # Whoever asks for it by name gets a new one.
    assert prepare.admit(settings.audio_folder / "ep.mp3", settings).name == folder.name
    assert wanted_audio(settings) == [settings.audio_folder / "ep.mp3"]


def test_a_file_dropped_afterwards_is_a_new_episode_and_knows_its_twin(
    settings: Settings, folder: EpisodeFolder
) -> None:
    deleted = trash.delete(folder, settings, by="Ann")
    shutil.copyfile(settings.audio_folder / "ep.mp3", settings.audio_folder / "again.mp3")
    again = settings.audio_folder / "again.mp3"
    assert wanted_audio(settings) == [again]
    told: list[str] = []

    class Listener(Silent):
        def say(self, message: str) -> None:
            told.append(message)

    process_plainly([again], settings, options=RunOptions(), progress=Listener())
    assert f"shownotes undelete {deleted.trashed}" in told[0]
    new = prepare.admit(again, settings)
    assert twin_of(new, settings) == deleted
    with pytest.raises(StoreError, match=f"shownotes delete {new.name}"):
        trash.undelete(deleted, settings)
    trash.delete(new, settings, by="Ann")
    assert trash.undelete(deleted, settings).name == folder.name


def test_it_comes_back_as_it_was(settings: Settings, folder: EpisodeFolder) -> None:
    before = folder.read("episode.json", Episode)
    trash.delete(folder, settings, by="Ann")
    deleted = trash.find_deleted(before.id[:6], settings)
    back = trash.undelete(deleted, settings)
    assert back.read("episode.json", Episode) == before
    assert not back.is_claimed()
    assert wanted_audio(settings) == [settings.audio_folder / "ep.mp3"]
    assert prepare.known(settings.audio_folder / "ep.mp3", settings) is not None
    assert read_deleted(settings) == []
    with pytest.raises(EpisodeNotFoundError, match="lists what can be brought back"):
        trash.find_deleted(folder.name, settings)


def test_its_name_may_be_taken_when_it_comes_back(
    settings: Settings, folder: EpisodeFolder
) -> None:
    deleted = trash.delete(folder, settings, by="Ann")
    encode(noise(2.0, seed=2), settings.audio_folder / "ep.mp3", sample_rate_hz=RATE_HZ)
    other = prepare.admit(settings.audio_folder / "ep.mp3", settings)
    assert other.name == folder.name
    back = trash.undelete(deleted, settings)
    assert back.name == f"{folder.name}-2"
    assert back.read("episode.json", Episode).folder == back.name
    stamp = back.stamp("episode.json")
    assert stamp is not None
    assert not stamp.is_edited


def test_two_of_one_name_lie_beside_each_other(settings: Settings, folder: EpisodeFolder) -> None:
    first = trash.delete(folder, settings, by="Ann")
    second = trash.delete(
        prepare.admit(settings.audio_folder / "ep.mp3", settings), settings, by="Ann"
    )
    assert second.trashed == f"{first.trashed}-2"
    assert trash.find_deleted(folder.name, settings) == second


HOLDER = """
import sys, time
from pathlib import Path
from shownotes.adapters.store import EpisodeFolder
with EpisodeFolder(Path(sys.argv[1])).claim(holder="shownotes process"):
    print("mine", flush=True)
    sys.stdin.read()
"""


def test_one_that_is_processed_elsewhere_is_not_deleted(
    settings: Settings, folder: EpisodeFolder
) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(folder.path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"mine\n"
    try:
        with pytest.raises(EpisodeBusyError, match="shownotes process"):
            trash.delete(folder, settings, by="Ann")
        assert folder.has("episode.json")
        assert wanted_audio(settings) == [settings.audio_folder / "ep.mp3"]
    finally:
        process.communicate(timeout=60)
    trash.delete(folder, settings, by="Ann")


def test_one_that_readers_see_is_not_deleted(settings: Settings, folder: EpisodeFolder) -> None:
    event = Event(kind=EventKind.PUBLISHED, version=1, at="2026-10-01T00:00:00Z", by="Ann")
    folder.write("published.json", Published().after(event))
    with pytest.raises(StillPublishedError, match=f"shownotes unpublish {folder.name}"):
        trash.delete(folder, settings, by="Ann")
    assert folder.has("episode.json")


def test_a_desk_that_still_has_it_open_writes_nowhere(
    settings: Settings, folder: EpisodeFolder
) -> None:
    log = ReviewLog(folder.path)
    trash.delete(folder, settings, by="Ann")
    with pytest.raises(StoreError, match="was deleted or moved"), log.locked():
        pytest.fail("a lock in a folder that is gone")
    assert not folder.path.exists()


def test_the_trash_is_emptied_by_age_and_the_file_is_left_alone_all_the_same(
    settings: Settings, folder: EpisodeFolder
) -> None:
    deleted = trash.delete(folder, settings, by="Ann")
    assert trash.empty_trash(settings, older_than_days=1) == []
    place = settings.output_folder / ".trash"
    old = f"{datetime.now(UTC) - timedelta(days=40):%Y-%m-%d}-before-restore"
    (place / old).mkdir()
    assert trash.empty_trash(settings, older_than_days=30) == [old]
    assert trash.empty_trash(settings, older_than_days=0) == [deleted.trashed]
    assert [path.name for path in place.iterdir()] == ["deleted.json"]
    assert wanted_audio(settings) == []
    (settings.audio_folder / "ep.mp3").unlink()
    trash.empty_trash(settings, older_than_days=0)
    assert read_deleted(settings) == []


def test_a_damaged_book_stops_nobody_and_is_not_written_over(
    settings: Settings, folder: EpisodeFolder
) -> None:
    book = settings.output_folder / ".trash" / "deleted.json"
    book.parent.mkdir()
    book.write_text('{"format": "sho', encoding="utf-8")
    assert wanted_audio(settings) == [settings.audio_folder / "ep.mp3"]
    with pytest.raises(FormatError, match="deleted"):
        trash.delete(folder, settings, by="Ann")
    assert folder.has("episode.json")
    assert book.read_text("utf-8") == '{"format": "sho'
