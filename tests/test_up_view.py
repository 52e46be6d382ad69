"""What `up` shows is read from the working folder's files."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from shownotes.adapters.intray_book import open_book
from shownotes.adapters.store import EpisodeFolder
from shownotes.core.dropped import FileState, Record
from shownotes.model import State, Status
from shownotes.settings import Settings, load_settings
from shownotes.up_view import Journal, Looker, told_at


@pytest.fixture
def settings(workspace: Path) -> Settings:
    return load_settings(workspace)


def episode(
    settings: Settings, name: str, state: State = State.DRAFT, status: Status | None = None
) -> EpisodeFolder:
    folder = EpisodeFolder(settings.output_folder / name)
    folder.path.mkdir(exist_ok=True)
    (folder.path / "episode.json").touch()
    folder.write("status.json", status or Status(state=state, title=name))
    return folder


def transcribing(done_s: float = 0.0) -> Status:
    return Status(
        state=State.PROCESSING, title="one", step="transcribe", audio_done=done_s, duration=90.0
    )


def in_the_tray(settings: Settings, *records: Record) -> None:
    with open_book(settings.output_folder, looks=3, wait_s=1) as book:
        assert book is not None
        book.records = {record.path: record for record in records}
        book.save()


def test_an_empty_folder_shows_nothing(settings: Settings) -> None:
    view = Looker(settings).look()
    assert (view.work, view.waiting, view.trouble, dict(view.counts)) == ((), (), (), {})


def test_episodes_in_work_waiting_files_and_trouble(settings: Settings) -> None:
    running = episode(settings, "one", status=transcribing(30.0))
    failed = Status(state=State.FAILED, title="two", error="It is not audio.")
    episode(settings, "two", status=failed)
    episode(settings, "three")
    in_the_tray(
        settings,
        Record(path="audio/a.mp3", state=FileState.WAITING, reason="it is open for writing"),
        Record(path="audio/b.mp3", state=FileState.DONE),
    )
    looker = Looker(settings)
    with running.claim(holder="a run"):
        view = looker.look()
        assert [(work.folder, work.left_s) for work in view.work] == [("one", None)]
        # It goes on, so that there is a pace.
        running.write("status.json", transcribing(60.0))
        left_s = looker.look().work[0].left_s
        assert left_s is not None
        assert left_s > 0
    assert [(e.path, e.reason) for e in view.waiting] == [("audio/a.mp3", "it is open for writing")]
    assert [(name, status.error) for name, status in view.trouble] == [("two", "It is not audio.")]
    assert view.counts[State.DRAFT] == 1


def test_a_run_that_died_is_not_in_work(settings: Settings) -> None:
    episode(settings, "one", status=transcribing())
    view = Looker(settings).look()
    assert view.work == ()
    assert "shownotes process" in (view.trouble[0][1].error or "")


def test_an_episode_that_goes_is_forgotten(settings: Settings) -> None:
    folder = episode(settings, "one")
    looker = Looker(settings)
    assert looker.look().counts[State.DRAFT] == 1
    (folder.path / "episode.json").unlink()
    assert looker.look().counts[State.DRAFT] == 0


def test_what_happens_is_told_once(settings: Settings) -> None:
    looker, journal = Looker(settings), Journal()
    episode(settings, "old")
    episode(settings, "one", State.QUEUED)
    assert journal.read(looker.look()) == []
    running = episode(settings, "one", status=transcribing())
    with running.claim(holder="a run"):
        assert journal.read(looker.look()) == ["one: in work"]
        assert journal.read(looker.look()) == []
    episode(settings, "one", status=Status(state=State.DRAFT, title="The First"))
    assert journal.read(looker.look()) == ["The First (one): the draft is ready to be reviewed"]
    failed = Status(state=State.FAILED, title="The First", error="No room.")
    episode(settings, "one", status=failed)
    assert journal.read(looker.look()) == ["The First (one): failed: No room."]


def test_what_becomes_of_a_file_is_told_once(settings: Settings) -> None:
    looker, journal, path = Looker(settings), Journal(), "audio/a.mp3"
    told = []
    for state, reason in (
        (FileState.ARRIVING, "it is arriving"),
        (FileState.WAITING, "it is open for writing"),
        (FileState.WAITING, "it is open for writing"),
        (FileState.QUEUED, ""),
        (FileState.PROCESSING, ""),
        # The run is just ending.
        (FileState.QUEUED, ""),
        (FileState.DONE, ""),
    ):
        in_the_tray(settings, Record(path=path, state=state, reason=reason))
        told += journal.read(looker.look())
    assert told == [
        f"{path}: is arriving",
        f"{path}: waits: it is open for writing",
        f"{path}: queued",
    ]


def test_sentences_have_the_time_of_the_day() -> None:
    at = datetime(2026, 11, 30, 7, 5, 9, tzinfo=UTC)
    assert told_at(["It begins."], at) == ["07:05:09  It begins."]
