"""The drop folder over real files; only the clocks are the test's own."""

import json
import os
import shutil
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from shownotes.adapters.intray_book import BOOK, Entry, open_book, read_entries
from shownotes.adapters.store import EpisodeFolder, write_text
from shownotes.core.dropped import FileState, Moment
from shownotes.core.readiness import GRACE_S
from shownotes.errors import (
    AudioChangedError,
    DiskFullError,
    EpisodeBusyError,
    NotAudioError,
    RunCancelledError,
    ShowNotesError,
    SidecarError,
)
from shownotes.model import State, Status
from shownotes.settings import Settings, ShowSettings
from shownotes.steps import drop_folder, prepare, trash
from shownotes.steps.admission import scan_once, version_of
from shownotes.steps.drop_folder import Sweep, Taken
from shownotes.steps.intray import find_audio
from shownotes.steps.step import Silent, Walk
from tests.audio_files import noise, write

RATE_HZ = 16_000


@pytest.fixture(scope="module")
def mp3(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Three seconds of sound."""
    path = tmp_path_factory.mktemp("sound") / "a.mp3"
    return write(path, noise(3.0, rate_hz=RATE_HZ), rate_hz=RATE_HZ).read_bytes()


@dataclass
class Watch:
    """Whoever looks at the in-tray, every two seconds of a clock of the test's own."""

    settings: Settings
    wall: float
    ticks: float
    last: Sweep | None = None

    @property
    def tray(self) -> Path:
        return self.settings.audio_folder

    def look(self, passed: float = 2.0, queued: tuple[str, ...] = ()) -> list[Taken]:
        self.wall += passed
        self.ticks += passed
        now = Moment(wall=self.wall, ticks=self.ticks)
        self.last = drop_folder.sweep(self.settings, queued=queued, now=now)
        assert not self.last.is_busy
        return list(self.last.take)

    def look_for(self, seconds: float, queued: tuple[str, ...] = ()) -> list[Taken]:
        """Everything that is taken in so many seconds."""
        return [t for _ in range(round(seconds / 2)) for t in self.look(queued=queued)]

    def take_one(self, seconds: float = 16.0) -> Taken:
        (taken,) = self.look_for(seconds)
        return taken

    def entry(self, name: str) -> Entry:
        (found,) = [
            e for e in read_entries(self.settings.output_folder) if e.path == f"audio/{name}"
        ]
        return found

    def ends(self, taken: Taken, error: ShowNotesError | None = None) -> EpisodeFolder | None:
        """A run of what was taken comes to its end: admitted, and then done or failed."""
        path = self.settings.root / taken.path
        folder = None if error else prepare.admit(path, self.settings)
        name = folder.name if folder else None
        drop_folder.record_outcome(self.settings, path, episode=name, error=error)
        return folder


@pytest.fixture
def watch(workspace: Path) -> Watch:
    return Watch(Settings(root=workspace), wall=time.time(), ticks=time.monotonic())


def put(path: Path, data: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


# --------------------------------------------------------------------------- arriving


def test_a_file_is_taken_once_when_it_has_rested(watch: Watch, mp3: bytes) -> None:
    put(watch.tray / "a.mp3", mp3)
    assert watch.look_for(10.0) == []
    assert watch.entry("a.mp3").state is FileState.ARRIVING
    taken = watch.take_one(2.0)
    assert (taken.path, taken.attempt) == ("audio/a.mp3", 1)
    assert watch.look_for(120.0, queued=("audio/a.mp3",)) == []
    assert watch.entry("a.mp3").state is FileState.QUEUED
    folder = watch.ends(taken)
    assert folder is not None
    # Prefect's books may say for a while that its run goes on.
    assert watch.look_for(60.0, queued=("audio/a.mp3",)) == []
    assert (watch.entry("a.mp3").state, watch.entry("a.mp3").episode) == (
        FileState.DONE,
        folder.name,
    )
    assert watch.last is not None
    assert watch.last.waiting == ()


def test_rest_goes_on_counting_when_another_process_looks(watch: Watch, mp3: bytes) -> None:
    put(watch.tray / "a.mp3", mp3)
    watch.look_for(4.0)
    # What another process knows is what stands in the book.
    book = watch.settings.output_folder / BOOK
    book.write_bytes(book.read_bytes())
    assert len(watch.look_for(8.0)) == 1


def test_a_copy_that_grows_is_left_until_it_has_ended(watch: Watch, mp3: bytes) -> None:
    path = put(watch.tray / "a.mp3", mp3[:1000])
    for _ in range(30):
        with path.open("ab") as file:
            file.write(b"x" * 10)
        assert watch.look() == []
    path.write_bytes(mp3)
    assert watch.look_for(10.0) == []
    watch.take_one(2.0)


def test_a_copy_that_pauses_for_longer_than_the_rest_is_not_taken_for_whole(
    watch: Watch, mp3: bytes
) -> None:
    path = put(watch.tray / "a.mp3", mp3[:9000])
    assert watch.look_for(300.0) == []
    entry = watch.entry("a.mp3")
    assert entry.state is FileState.WAITING
    assert "ends early" in entry.reason
    assert entry.retry_at is not None
    with path.open("ab") as file:
        file.write(mp3[9000:])
    watch.take_one(12.0)


def test_a_file_that_stays_cut_off_is_taken_in_the_end(watch: Watch, mp3: bytes) -> None:
    put(watch.tray / "a.mp3", mp3[:9000])
    assert watch.look_for(590.0) == []
    watch.take_one(24.0)


def test_a_copying_tool_that_sets_times_back_does_not_deceive(watch: Watch, mp3: bytes) -> None:
    path = put(watch.tray / "a.mp3", mp3)
    old = path.stat()
    for _ in range(20):
        with path.open("r+b") as file:
            file.write(mp3[:10])
        os.utime(path, ns=(old.st_atime_ns, old.st_mtime_ns))
        assert watch.look() == []
    assert path.stat().st_mtime_ns == old.st_mtime_ns
    watch.take_one(12.0)


def test_a_file_of_full_size_is_not_taken_while_it_is_filled(watch: Watch, tmp_path: Path) -> None:
    data = write(tmp_path / "a.wav", noise(5.0)).read_bytes()
    path = watch.tray / "a.wav"
    with path.open("wb") as file:
        file.truncate(len(data))
    marks = path.stat()
    for begin in range(0, len(data), 100_000):
        # Nothing that a network drive shows betrays the writer, and each piece comes late.
        with path.open("r+b") as file:
            file.seek(begin)
            file.write(data[begin : begin + 100_000])
        os.utime(path, ns=(marks.st_atime_ns, marks.st_mtime_ns))
        if begin + 100_000 < len(data):
            assert watch.look_for(40.0) == []
    watch.take_one(12.0)
    assert path.read_bytes() == data


def test_content_that_changes_behind_its_marks_is_seen(watch: Watch, mp3: bytes) -> None:
    path = put(watch.tray / "a.mp3", mp3)
    watch.look_for(8.0)
    # The record believes that it saw these marks before: a drive that shows no changes.
    with path.open("r+b") as file:
        file.seek(2000)
        file.write(bytes(reversed(mp3[2000:])))
    with open_book(watch.settings.output_folder, looks=3, wait_s=0) as book:
        assert book is not None
        record = book.records["audio/a.mp3"]
        assert record.look is not None
        status = path.stat()
        blind = replace(record.look, modified_ns=status.st_mtime_ns, changed_ns=status.st_ctime_ns)
        book.records["audio/a.mp3"] = replace(record, look=blind)
        book.save()
    assert watch.look_for(8.0) == []
    watch.take_one(8.0)


def test_a_file_renamed_into_place_rests_under_its_new_name(watch: Watch, mp3: bytes) -> None:
    hidden = put(watch.tray / ".a.mp3.x7Qe2K", mp3)
    part = put(watch.tray / "b.mp3.part", mp3[:5000] + b"b")
    assert watch.look_for(60.0) == []
    assert read_entries(watch.settings.output_folder) == []
    hidden.rename(watch.tray / "a.mp3")
    part.rename(watch.tray / "b.mp3")
    assert [t.path for t in watch.look_for(12.0)] == ["audio/a.mp3"]


def test_what_a_downloader_keeps_beside_a_file_says_that_it_is_not_whole(
    watch: Watch, mp3: bytes
) -> None:
    put(watch.tray / "a.mp3", mp3)
    control = put(watch.tray / "a.mp3.aria2", b"")
    assert watch.look_for(60.0) == []
    assert "a.mp3.aria2" in watch.entry("a.mp3").reason
    control.unlink()
    assert len(watch.look_for(20.0)) == 1


def test_a_file_that_somebody_has_open_is_left(watch: Watch, mp3: bytes) -> None:
    path = put(watch.tray / "a.mp3", mp3)
    with path.open("ab"):
        assert watch.look_for(1200.0) == []
        assert "has a.mp3 open" in watch.entry("a.mp3").reason
    watch.take_one(6.0)


def test_an_empty_file_waits_for_its_content(watch: Watch, mp3: bytes) -> None:
    path = put(watch.tray / "a.mp3", b"")
    assert watch.look_for(300.0) == []
    assert "empty" in watch.entry("a.mp3").reason
    path.write_bytes(mp3)
    watch.take_one()


@pytest.mark.parametrize("jump", [-7200.0, 7200.0])
def test_a_clock_that_is_set_takes_no_file_early(watch: Watch, mp3: bytes, jump: float) -> None:
    put(watch.tray / "a.mp3", mp3)
    watch.look_for(8.0)
    watch.wall += jump
    assert watch.look_for(10.0) == []
    watch.take_one(2.0)


# --------------------------------------------------------------------------- what it waits for


def test_a_pipe_is_never_opened(watch: Watch, mp3: bytes) -> None:
    os.mkfifo(watch.tray / "a.mp3")
    os.mkfifo(watch.tray / "b.toml")
    put(watch.tray / "b.mp3", mp3)

    def is_open_for_reading(name: str) -> bool:
        try:
            os.close(os.open(watch.tray / name, os.O_WRONLY | os.O_NONBLOCK))
        except OSError:
            return False
        return True

    seen: list[bool] = []
    is_over = threading.Event()

    def spy() -> None:
        while not is_over.wait(0.0005):
            seen.extend(is_open_for_reading(name) for name in ("a.mp3", "b.toml"))

    thread = threading.Thread(target=spy)
    thread.start()
    taken = watch.look_for(20.0)
    is_over.set()
    thread.join()
    assert [t.path for t in taken] == ["audio/b.mp3"]
    assert seen
    assert not any(seen)
    assert watch.entry("a.mp3").state is FileState.REFUSED
    assert "pipe" in (watch.tray / "a.mp3.problem.txt").read_text()


def test_links_stay_in_the_working_folder(watch: Watch, mp3: bytes, tmp_path: Path) -> None:
    outside = put(tmp_path / "outside" / "secret.mp3", mp3)
    inside = put(watch.settings.root / "kept" / "inside.mp3", mp3[:5] + mp3[5:])
    (watch.tray / "out.mp3").symlink_to(outside)
    (watch.tray / "show").symlink_to(outside.parent)
    (watch.tray / "in.mp3").symlink_to(inside)
    (watch.tray / "nothing.mp3").symlink_to(watch.settings.root / "kept" / "gone.mp3")
    (watch.tray / "nowhere.mp3").symlink_to("/nowhere/at/all.mp3")
    (watch.tray / "loop.mp3").symlink_to(watch.tray / "loop.mp3")
    assert [t.path for t in watch.look_for(20.0)] == ["audio/in.mp3"]
    states = {e.path: e.state for e in read_entries(watch.settings.output_folder)}
    assert states == {
        "audio/in.mp3": FileState.QUEUED,
        "audio/loop.mp3": FileState.WAITING,
        "audio/nothing.mp3": FileState.WAITING,
        "audio/nowhere.mp3": FileState.REFUSED,
        "audio/out.mp3": FileState.REFUSED,
        "audio/show": FileState.REFUSED,
    }


def test_names_that_cannot_be_written_are_refused_and_told(watch: Watch, mp3: bytes) -> None:
    put(watch.tray / "a\nb.mp3", mp3)
    Path(os.fsdecode(os.fsencode(watch.tray) + b"/c\xff.mp3")).write_bytes(mp3)
    put(watch.tray / "ünï „cödé“ 🎙.mp3", mp3 + b"more")
    assert [t.path for t in watch.look_for(20.0)] == ["audio/ünï „cödé“ 🎙.mp3"]
    assert watch.entry(r"a\nb.mp3").state is FileState.REFUSED
    assert watch.entry(r"c\udcff.mp3").state is FileState.REFUSED
    notes = sorted(p.name for p in watch.tray.glob("*.problem.txt"))
    assert notes == ["a_nb.mp3.problem.txt", "c_udcff.mp3.problem.txt"]


def test_placeholders_of_cloud_drives_wait(watch: Watch, mp3: bytes) -> None:
    put(watch.tray / ".a.mp3.icloud", b"bplist00")
    with (watch.tray / "b.mp3").open("wb") as file:
        file.truncate(1_000_000)
    assert watch.look_for(1200.0) == []
    assert "iCloud" in watch.entry("a.mp3").reason
    assert "no content" in watch.entry("b.mp3").reason
    (watch.tray / ".a.mp3.icloud").unlink()
    put(watch.tray / "a.mp3", mp3)
    watch.take_one()


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_file_that_may_not_be_read_waits_and_says_so(mp3: bytes) -> None:
    # Beside pytest's own folders, into which nobody else may look.
    root = Path(tempfile.mkdtemp())
    try:
        root.chmod(0o755)
        (root / "audio").mkdir()
        watch = Watch(Settings(root=root), wall=time.time(), ticks=time.monotonic())
        path = put(watch.tray / "a.mp3", mp3)
        watch.take_one()
        drop_folder.ask_again(watch.settings, ["audio/a.mp3"])
        path.chmod(0)
        assert as_nobody(watch, lambda: len(watch.look_for(60.0))) == 0
        entry = watch.entry("a.mp3")
        assert entry.state is FileState.WAITING
        assert entry.reason == "a.mp3 may not be read: change its permissions"
        assert "permissions" in (watch.tray / "a.mp3.problem.txt").read_text()
        path.chmod(0o644)
        assert as_nobody(watch, lambda: len(watch.look_for(20.0))) == 1
        assert not (watch.tray / "a.mp3.problem.txt").exists()
    finally:
        shutil.rmtree(root)


def as_nobody(watch: Watch, count: Callable[[], int]) -> int:
    """Do something as a user to whom permissions apply: root may read everything."""
    if os.geteuid():
        return count()
    for path in (watch.settings.root, *watch.settings.root.rglob("*")):
        if path != watch.tray / "a.mp3":
            os.chown(path, 65534, 65534)
    child = os.fork()
    if not child:
        try:
            os.setgroups([])
            os.setresgid(65534, 65534, 65534)
            os.setresuid(65534, 65534, 65534)
            os._exit(count())
        except BaseException:  # noqa: BLE001 - it must not go on as a second run of the tests
            os._exit(99)
    watch.wall, watch.ticks = watch.wall + 60.0, watch.ticks + 60.0
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


# --------------------------------------------------------------------------- company


def wav(length: float) -> bytes:
    """A WAV of noise."""
    folder = Path(tempfile.mkdtemp())
    try:
        return write(folder / "a.wav", noise(length, rate_hz=8000), rate_hz=8000).read_bytes()
    finally:
        shutil.rmtree(folder)


def test_a_folder_of_tracks_rests_as_a_whole(watch: Watch) -> None:
    put(watch.tray / "talk" / "host.wav", wav(2.0))
    put(watch.tray / "talk" / "guest.wav", wav(2.0))
    assert watch.look_for(8.0) == []
    put(watch.tray / "talk" / "mic 3.wav", wav(2.0))
    assert watch.look_for(10.0) == []
    assert watch.take_one(2.0).path == "audio/talk"


def test_the_first_track_of_a_folder_is_not_taken_for_an_episode(watch: Watch) -> None:
    put(watch.tray / "talk" / "host.wav", wav(2.0))
    assert watch.look_for(50.0) == []
    assert "alone" in watch.entry("talk/host.wav").reason
    put(watch.tray / "talk" / "guest.wav", wav(2.0))
    assert [t.path for t in watch.look_for(20.0)] == ["audio/talk"]


def test_a_file_alone_in_its_folder_is_an_episode_in_the_end(watch: Watch) -> None:
    put(watch.tray / "talk" / "host.wav", wav(2.0))
    assert [t.path for t in watch.look_for(70.0)] == ["audio/talk/host.wav"]


def test_files_of_a_new_folder_wait_for_those_that_still_arrive(watch: Watch) -> None:
    whole = wav(2.0)
    put(watch.tray / "talk" / "ann.wav", whole)
    for share in range(10):
        # Whatever arrives first of a file whose header comes last.
        put(watch.tray / "talk" / "bo.wav", b"x" * (100 + share))
        assert watch.look_for(4.0) == []
    assert "still arriving" in watch.entry("talk/ann.wav").reason
    put(watch.tray / "talk" / "bo.wav", whole)
    # Of one length, they are tracks.
    assert [t.path for t in watch.look_for(20.0)] == ["audio/talk"]


def test_episodes_of_a_show_do_not_wait_for_one_another(watch: Watch, mp3: bytes) -> None:
    watch.settings = watch.settings.model_copy(update={"show": {"News": ShowSettings()}})
    put(watch.tray / "News" / "ann.mp3", mp3)
    for step in range(8):
        put(watch.tray / "News" / "bo.mp3", mp3[: 1000 * (step + 1)])
        taken = watch.look()
    assert [t.path for t in taken] == [] or taken[0].path == "audio/News/ann.mp3"
    assert watch.entry("News/ann.mp3").state is FileState.QUEUED
    assert watch.entry("News/bo.mp3").state is FileState.ARRIVING


def test_the_same_file_twice_is_one_episode_and_no_two_runs_at_once(
    watch: Watch, mp3: bytes
) -> None:
    put(watch.tray / "a.mp3", mp3)
    put(watch.tray / "b.mp3", mp3)
    first = watch.take_one()
    assert watch.look_for(60.0, queued=(first.path,)) == []
    assert watch.entry("b.mp3").reason == (
        "it looks the same as audio/a.mp3, which is being processed"
    )
    folder = watch.ends(first)
    second = watch.take_one(4.0)
    assert second.path == "audio/b.mp3"
    again = watch.ends(second)
    assert folder is not None
    assert again is not None
    assert again.path == folder.path
    watch.look()
    assert watch.entry("b.mp3").state is FileState.DONE
    assert watch.entry("b.mp3").reason == "the same as audio/a.mp3"


def test_a_transcript_waits_for_audio_that_is_still_copied(watch: Watch, mp3: bytes) -> None:
    put(watch.tray / "a.vtt", b"WEBVTT\n\n00:00.000 --> 00:02.000\nHello.\n")
    part = put(watch.tray / "a.mp3.part", mp3)
    assert watch.look_for(60.0) == []
    part.rename(watch.tray / "a.mp3")
    assert [t.path for t in watch.look_for(20.0)] == ["audio/a.mp3"]


# --------------------------------------------------------------------------- afterwards


def finished(watch: Watch, taken: Taken) -> EpisodeFolder:
    """The episode as far as prepare makes it, and its status as the last step leaves it."""
    folder = prepare.admit(watch.settings.root / taken.path, watch.settings)
    prepare.STEP.run(Walk(folder=folder, settings=watch.settings, progress=Silent()))
    status = Status(state=State.DRAFT, title="T", updated_at="2026-01-01T00:00:00Z")
    folder.write("status.json", status)
    return folder


@pytest.mark.parametrize("late", ["a.toml", "a.vtt"])
def test_what_comes_late_beside_a_file_makes_it_due_again(
    watch: Watch, mp3: bytes, late: str
) -> None:
    put(watch.tray / "a.mp3", mp3)
    first = watch.take_one()
    watch.ends(first)
    assert watch.look_for(60.0) == []
    put(watch.tray / late, b'title = "x"')
    assert watch.look_for(10.0) == []
    second = watch.take_one(2.0)
    assert (second.path, second.attempt) == (first.path, 2)
    assert second.fingerprint != first.fingerprint
    watch.ends(second)
    assert watch.look_for(60.0) == []


def test_a_file_replaced_while_it_is_processed_is_taken_again_afterwards(
    watch: Watch, mp3: bytes
) -> None:
    path = put(watch.tray / "a.mp3", mp3)
    first = watch.take_one()
    other = put(watch.tray / ".a.mp3.new", mp3 + b"TAG" + bytes(125))
    shutil.copystat(path, other)
    other.replace(path)
    assert watch.look_for(60.0, queued=(first.path,)) == []
    watch.ends(first)
    second = watch.take_one()
    assert second.attempt == 2
    watch.ends(second)
    assert watch.look_for(60.0) == []


def test_a_file_that_is_written_to_afterwards_with_its_time_set_back_is_taken_again(
    watch: Watch, mp3: bytes
) -> None:
    path = put(watch.tray / "a.mp3", mp3)
    watch.ends(watch.take_one())
    watch.look()
    times = path.stat()
    path.chmod(0o600)
    assert watch.look_for(30.0) == []
    assert watch.entry("a.mp3").state is FileState.DONE
    with path.open("r+b") as file:
        file.seek(-100, os.SEEK_END)
        file.write(b"other")
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert watch.take_one().attempt == 2


def test_a_file_removed_between_look_and_take_is_no_trouble(watch: Watch, mp3: bytes) -> None:
    path = put(watch.tray / "a.mp3", mp3)
    watch.look_for(10.0)
    path.unlink()
    assert watch.look_for(10.0) == []
    assert read_entries(watch.settings.output_folder) == []
    put(path, mp3)
    taken = watch.take_one()
    path.unlink()
    with pytest.raises(ShowNotesError) as gone:
        prepare.admit(path, watch.settings)
    drop_folder.record_outcome(watch.settings, path, episode=None, error=gone.value)
    assert watch.look_for(60.0) == []
    put(path, mp3)
    again = watch.take_one()
    assert again.key != taken.key


def test_a_network_drive_that_comes_back_has_nothing_new(watch: Watch, mp3: bytes) -> None:
    put(watch.tray / "a.mp3", mp3)
    put(watch.tray / "b.mp3", mp3 + b"junk" * 8)
    one, two = watch.look_for(12.0)
    watch.ends(one)
    watch.ends(two, NotAudioError("no audio"))
    assert watch.look_for(10.0) == []
    away = watch.tray.rename(watch.settings.root / "away")
    assert watch.look_for(600.0) == []
    assert read_entries(watch.settings.output_folder) == []
    away.rename(watch.tray)
    assert watch.look_for(60.0) == []
    assert watch.entry("a.mp3").state is FileState.DONE
    assert watch.entry("b.mp3").state is FileState.REFUSED


def test_what_was_not_submitted_is_handed_out_again(watch: Watch, mp3: bytes) -> None:
    put(watch.tray / "a.mp3", mp3)
    first = watch.take_one()
    second = watch.take_one(GRACE_S + 2.0)
    assert (second.fingerprint, second.attempt) == (first.fingerprint, 2)
    assert second.key != first.key


def test_a_run_that_could_not_tell_is_judged_by_its_episode(watch: Watch, mp3: bytes) -> None:
    put(watch.tray / "a.mp3", mp3)
    taken = watch.take_one()
    finished(watch, taken)
    assert watch.look_for(120.0) == []
    assert watch.entry("a.mp3").state is FileState.DONE


def test_a_run_that_died_in_its_work_is_tried_again(watch: Watch, mp3: bytes) -> None:
    put(watch.tray / "a.mp3", mp3)
    taken = watch.take_one()
    folder = prepare.admit(watch.settings.root / taken.path, watch.settings)
    drop_folder.record_begun(watch.settings, watch.tray / "a.mp3", episode=folder.name)
    assert watch.entry("a.mp3").state is FileState.QUEUED
    folder.write("status.json", Status(state=State.PROCESSING, title="T", step="transcribe"))
    with folder.claim():
        assert watch.look_for(120.0) == []
        assert watch.entry("a.mp3").state is FileState.PROCESSING
    assert watch.take_one(4.0).attempt == 2


def test_episodes_made_without_a_watcher_are_known(watch: Watch, mp3: bytes) -> None:
    put(watch.tray / "a.mp3", mp3)
    finished(watch, Taken(path="audio/a.mp3", fingerprint="", attempt=1, key=""))
    assert watch.look_for(60.0) == []
    assert watch.entry("a.mp3").state is FileState.DONE
    # So it is when the book is lost.
    write_text(watch.settings.output_folder / BOOK, "{")
    assert watch.look_for(60.0) == []
    assert watch.entry("a.mp3").state is FileState.DONE


def test_an_episode_removed_by_hand_is_made_again(watch: Watch, mp3: bytes) -> None:
    put(watch.tray / "a.mp3", mp3)
    folder = watch.ends(watch.take_one())
    assert folder is not None
    watch.look()
    shutil.rmtree(folder.path)
    assert watch.take_one(6.0).attempt == 2


def test_an_episode_that_was_deleted_is_not_made_again(watch: Watch, mp3: bytes) -> None:
    put(watch.tray / "a.mp3", mp3)
    folder = finished(watch, watch.take_one())
    trash.delete(folder, watch.settings, by="Ann")
    (watch.settings.output_folder / BOOK).unlink()
    assert watch.look_for(60.0) == []
    entry = watch.entry("a.mp3")
    assert entry.state is FileState.WAITING
    assert "deleted by Ann" in entry.reason


# --------------------------------------------------------------------------- failures


def test_what_is_the_files_fault_is_said_beside_it_until_it_changes(
    watch: Watch, mp3: bytes
) -> None:
    path = put(watch.tray / "a.mp3", b"no audio at all, only words " * 50)
    watch.ends(watch.take_one(), NotAudioError("a.mp3 is not audio. Export it as MP3."))
    assert watch.look_for(7200.0 * 2) == []
    assert watch.entry("a.mp3").state is FileState.REFUSED
    note = watch.tray / "a.mp3.problem.txt"
    assert "Export it as MP3." in note.read_text()
    assert find_audio(watch.settings) == [path]
    path.write_bytes(mp3)
    taken = watch.take_one()
    assert taken.attempt == 2
    assert not note.exists()


def test_a_wrong_sidecar_is_tried_again_when_it_is_mended(watch: Watch, mp3: bytes) -> None:
    put(watch.tray / "a.mp3", mp3)
    sidecar = put(watch.tray / "a.toml", b'titel = "x"')
    watch.ends(watch.take_one(), SidecarError("`titel` is not a setting."))
    watch.look()
    assert watch.entry("a.mp3").state is FileState.REFUSED
    sidecar.write_bytes(b'title = "x"')
    watch.take_one()


def test_a_failure_that_may_pass_is_tried_by_itself_and_says_when(watch: Watch, mp3: bytes) -> None:
    put(watch.tray / "a.mp3", mp3)
    watch.ends(watch.take_one(), DiskFullError("No room left."))
    watch.look()
    entry = watch.entry("a.mp3")
    assert (entry.state, entry.reason) == (FileState.WAITING, "No room left.")
    assert entry.retry_at is not None
    assert entry.retry_at[:16].replace("T", " ") in (watch.tray / "a.mp3.problem.txt").read_text()
    assert len(watch.look_for(62.0)) == 1


def test_a_person_who_asks_has_it_tried_at_once(watch: Watch, mp3: bytes) -> None:
    for name in ("a.mp3", "b.mp3"):
        put(watch.tray / name, mp3 + name.encode() * 20)
    for taken in watch.look_for(12.0):
        watch.ends(taken, NotAudioError("no"))
    watch.look()
    assert drop_folder.ask_again(watch.settings, ["audio/b.mp3", "audio/other.mp3"]) == [
        "audio/b.mp3"
    ]
    assert watch.take_one(2.0).path == "audio/b.mp3"
    assert drop_folder.ask_again(watch.settings) == ["audio/a.mp3"]
    assert watch.take_one(2.0).path == "audio/a.mp3"


def test_what_was_cancelled_or_set_aside_is_left_alone(watch: Watch, mp3: bytes) -> None:
    put(watch.tray / "a.mp3", mp3)
    put(watch.tray / "b.mp3", mp3 + b"junk" * 8)
    drop_folder.set_aside(watch.settings, ["audio/b.mp3"], reason="Cancelled by Ann.")
    watch.ends(watch.take_one(), RunCancelledError("Cancelled by Bo."))
    assert watch.look_for(7200.0) == []
    assert watch.entry("a.mp3").reason == "Cancelled by Bo."
    assert watch.entry("b.mp3").reason == "Cancelled by Ann."
    drop_folder.ask_again(watch.settings, ["audio/a.mp3", "audio/b.mp3"])
    assert len(watch.look_for(16.0)) == 2


def test_an_episode_that_another_run_has_is_waited_for(watch: Watch, mp3: bytes) -> None:
    put(watch.tray / "a.mp3", mp3)
    taken = watch.take_one()
    folder = finished(watch, taken)
    path = watch.settings.root / taken.path
    busy = EpisodeBusyError("another run has it")
    folder.write("status.json", Status(state=State.PROCESSING, title="T", step="prepare"))
    with folder.claim():
        drop_folder.record_outcome(watch.settings, path, episode=folder.name, error=busy)
        assert watch.look_for(60.0) == []
        assert watch.entry("a.mp3").state is FileState.PROCESSING
        folder.write("status.json", Status(state=State.DRAFT, title="T"))
    assert watch.look_for(60.0) == []
    assert watch.entry("a.mp3").state is FileState.DONE


def test_a_file_of_that_name_that_is_somebody_elses_is_left(watch: Watch) -> None:
    put(watch.tray / "a.mp3", b"words " * 100)
    own = put(watch.tray / "a.mp3.problem.txt", b"My own list of problems.")
    orphan = put(watch.tray / "b.mp3.problem.txt", b"Shownotes: nothing was made of b.mp3 yet.")
    watch.ends(watch.take_one(), NotAudioError("no"))
    watch.look_for(4.0)
    assert own.read_bytes() == b"My own list of problems."
    assert not orphan.exists()


def test_a_note_that_somebody_removes_is_not_written_again(watch: Watch) -> None:
    put(watch.tray / "a.mp3", b"words " * 100)
    watch.ends(watch.take_one(), NotAudioError("no"))
    watch.look()
    (watch.tray / "a.mp3.problem.txt").unlink()
    watch.look_for(20.0)
    assert not (watch.tray / "a.mp3.problem.txt").exists()


def test_without_a_watcher_no_book_is_kept(watch: Watch, mp3: bytes) -> None:
    path = put(watch.tray / "a.mp3", mp3)
    drop_folder.record_outcome(watch.settings, path, episode=None, error=NotAudioError("no"))
    assert not (watch.settings.output_folder / BOOK).exists()


# --------------------------------------------------------------------------- two at once


def test_a_second_sweep_at_once_does_nothing(watch: Watch, mp3: bytes) -> None:
    put(watch.tray / "a.mp3", mp3)
    with open_book(watch.settings.output_folder, looks=3, wait_s=0):
        assert drop_folder.sweep(watch.settings).is_busy


def test_the_book_says_what_is_taken_before_anybody_is_handed_it(watch: Watch, mp3: bytes) -> None:
    put(watch.tray / "a.mp3", mp3)
    taken = watch.take_one()
    book = json.loads((watch.settings.output_folder / BOOK).read_text())
    assert [record["taken"] for record in book["files"]] == [taken.fingerprint]


# --------------------------------------------------------------------------- while it is read


def test_a_file_that_changes_while_it_is_scanned_is_not_recorded(watch: Watch, mp3: bytes) -> None:
    path = put(watch.tray / "a.mp3", mp3)
    scan = scan_once(path)
    path.write_bytes(mp3[:-2000] + bytes(reversed(mp3[-2000:])))
    with pytest.raises(AudioChangedError):
        version_of(path, "audio/a.mp3", scan)


def test_a_file_replaced_while_it_is_heard_is_heard_again(watch: Watch, mp3: bytes) -> None:
    path = put(watch.tray / "a.mp3", mp3)
    folder = prepare.admit(path, watch.settings)

    class Replacing(Silent):
        def advance(self, done_s: float) -> None:
            if path.stat().st_size == len(mp3):
                put(path.with_name(".new"), mp3 + b"TAG" + bytes(125)).replace(path)

    walk = Walk(folder=folder, settings=watch.settings, progress=Replacing())
    with pytest.raises(AudioChangedError):
        prepare.STEP.run(walk)
    prepare.STEP.run(walk)
    episode = folder.stamp("episode.json")
    assert episode is not None
    assert episode.made_from["audio"]
