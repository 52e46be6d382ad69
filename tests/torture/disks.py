"""Full, slow and broken disks: the old output intact, a clear error, and on it goes afterwards.

Faults are real where the machine lets us make them: a small file system in memory that is full or
read-only (as root on Linux), permissions tried by another user, and failing or slow system calls
injected from outside (where strace is). What cannot be had here is said, and left out.
"""

import hashlib
import itertools
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Any

from shownotes.adapters.encoding import encode
from shownotes.batch import Warm
from shownotes.errors import DiskFullError, ShowNotesError
from shownotes.model import Episode
from shownotes.pipeline import STEPS, call_plainly, walk_episode
from shownotes.settings import load_settings
from shownotes.steps import prepare
from shownotes.steps.deciding import decide
from shownotes.steps.reviewing import open_review
from shownotes.steps.step import Closeable, Part, Step, Walk
from tests.audio_files import noise, speech, write
from tests.torture.arguments import Outcomes, arguments
from tests.torture.strace import Strace

PART = "disks"
COUNT = 40
EPISODE = "undated-ep"
ROOM_MB = 200
# What is left free when the disk is full, in bytes: nothing, a page, a few small files.
LEFT = (0, 4_096, 20_480, 102_400)
SETTINGS = '[speech]\nmodel = "demo"\nlanguage = "en"\n'
# Files whose content says when or by whom, or that a run keeps for itself.
# The log of decisions only grows, and holds nothing that was not acknowledged.
_PASSING = ("status.json", "work/", ".logs/", ".lock", ".index", ".sqlite")
COMMANDS: tuple[tuple[str, ...], ...] = (
    ("process", "--no-prefect", "--force"),
    ("render",),
    ("lint",),
    ("status",),
    ("stats",),
    ("site",),
    ("approve", EPISODE, "--by", "Ed"),
    ("publish", EPISODE, "--no-prefect"),
    ("unpublish", EPISODE),
    ("doctor",),
)
NOBODY = 65_534


@dataclass(frozen=True, slots=True)
class Place:
    """A working folder on a disk that can be filled and closed."""

    root: Path
    is_mounted: bool

    def fill(self, left: int) -> None:
        """Leave so many bytes."""
        stat = os.statvfs(self.root)
        wanted = stat.f_bavail * stat.f_frsize - left
        if wanted > 0:
            # Somebody who writes meanwhile leaves less than there was.
            with suppress(OSError), (self.root / ".filler").open("ab") as file:
                os.posix_fallocate(file.fileno(), file.seek(0, 2), wanted)

    def free(self) -> None:
        """Give all of it back."""
        (self.root / ".filler").unlink(missing_ok=True)

    def remount(self, how: str) -> None:
        """Let it be written to or not."""
        subprocess.run(["mount", "-o", f"remount,{how}", self.root], check=True)

    def looks(self) -> dict[str, str]:
        """Every file that is output, by its hash."""
        return {
            str(path.relative_to(self.root)): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted((self.root / "output").rglob("*"))
            if path.is_file() and not any(part in str(path) for part in _PASSING)
        }


@contextmanager
def small_disk(scratch: Path) -> Iterator[Place]:
    """A working folder with an episode, in memory where it can be mounted."""
    root = scratch / "disk"
    root.mkdir(parents=True)
    is_mounted = _mount(root)
    try:
        for name in ("audio", "output"):
            (root / name).mkdir()
        (root / "shownotes.toml").write_text(SETTINGS, encoding="utf-8")
        encode(speech(pause=0.5)[: 16_000 * 15], root / "audio" / "ep.mp3")
        yield Place(root, is_mounted)
    finally:
        if is_mounted:
            subprocess.run(["umount", "-l", root], check=False)


def _mount(root: Path) -> bool:
    if not hasattr(os, "geteuid") or os.geteuid() != 0 or not shutil.which("mount"):
        return False
    command = ["mount", "-t", "tmpfs", "-o", f"size={ROOM_MB}m", "torture", str(root)]
    return subprocess.run(command, check=False, capture_output=True).returncode == 0


@dataclass(slots=True)
class Trial:
    """One run of this part."""

    outcomes: Outcomes
    place: Place
    rng: random.Random
    kept_warm: dict[str, Closeable]
    ends: float = field(default_factory=lambda: monotonic() + 700)

    def walk(self) -> Walk:
        """A new walk over the episode."""
        settings = load_settings(self.place.root)
        folder = prepare.admit(settings.audio_folder / "ep.mp3", settings)
        return Walk(folder=folder, settings=settings, kept_warm=self.kept_warm)

    def expect(self, what: str, *, is_so: bool, told: str = "") -> None:
        """Count it, or keep it as a failure."""
        if is_so:
            self.outcomes.count(what)
        else:
            self.outcomes.fail(f"{what}: not so. {told[:600]}", told)

    def expect_intact(self, what: str, before: dict[str, str]) -> None:
        """Every file of the output is what it was."""
        after = self.place.looks()
        changed = [name for name in before if after.get(name) != before[name]]
        changed = [name for name in changed if not name.endswith("review.log.jsonl")]
        self.expect(f"{what}: the old output intact", is_so=not changed, told=str(changed))


# --------------------------------------------------------------------------- full


def full_at_every_step(trial: Trial) -> None:
    """The disk fills as a step begins; the step fails as it should, and goes on with room."""
    for left in LEFT:
        shutil.rmtree(trial.place.root / "output")
        (trial.place.root / "output").mkdir()
        for step in STEPS:
            _full_at(trial, step, left, forced=frozenset())
    reference = trial.place.looks()
    trial.expect("made on a full disk, step by step", is_so=len(reference) > 15)
    for step in STEPS:
        before = trial.place.looks()
        _full_at(trial, step, 0, forced=frozenset([step.name]))
        trial.expect_intact(f"full at {step.name}", before)
    missing = set(reference) - set(trial.place.looks())
    trial.expect("the same files after all faults", is_so=not missing, told=str(missing))


def _full_at(trial: Trial, wanted: Step, left: int, *, forced: frozenset[str]) -> None:
    reached = False

    def call(step: Step, walk: Walk, part: Part | None) -> None:
        nonlocal reached
        if step is wanted and not reached:
            reached = True
            trial.place.fill(left)
        call_plainly(step, walk, part)

    walk = trial.walk()
    walk.forced = forced
    name = f"full ({left} bytes left) at {wanted.name}"
    try:
        walk_episode(walk, call=call)
    except DiskFullError:
        trial.outcomes.count("full disk: DiskFullError")
    except ShowNotesError as error:
        trial.expect(name, is_so=False, told=f"{type(error).__name__}: {error}")
    except OSError as error:
        trial.expect(name, is_so=False, told=f"untranslated {error!r}")
    else:
        trial.outcomes.count("full disk: there was room enough")
    finally:
        trial.place.free()
    torn = [path for path in trial.place.root.rglob("*.json") if not _is_json(path)]
    trial.expect("full disk: no torn file", is_so=not torn, told=str(torn))
    left_over = list(trial.place.root.rglob("*.tmp"))
    trial.expect("full disk: nothing left over", is_so=not left_over, told=str(left_over))
    again = trial.walk()
    try:
        walk_episode(again, call=_stop_after(wanted))
    except _StopWalk:
        pass
    except ShowNotesError as error:
        trial.expect(f"{name}, with room again", is_so=False, told=str(error))


class _StopWalk(Exception):  # noqa: N818
    pass


def _stop_after(wanted: Step) -> Callable[[Step, Walk, Part | None], None]:
    """Walk as far as a step, so that the next ones are still to be done."""
    names = [step.name for step in STEPS]

    def call(step: Step, walk: Walk, part: Part | None) -> None:
        if names.index(step.name) > names.index(wanted.name):
            raise _StopWalk
        call_plainly(step, walk, part)

    return call


def _is_json(path: Path) -> bool:
    try:
        json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, OSError):
        return False
    return True


def full_while_decoding(trial: Trial) -> None:
    """The disk fills in the middle of the working audio."""
    write(trial.place.root / "audio" / "long.mp3", noise(240.0))
    settings = load_settings(trial.place.root)
    folder = prepare.admit(settings.audio_folder / "long.mp3", settings)

    class Filling:
        def begin(self, step: str, total_s: float) -> None:
            trial.place.fill(60_000_000)

        def advance(self, done_s: float) -> None:
            trial.place.fill(0)

        def say(self, message: str) -> None:
            pass

    walk = Walk(folder=folder, settings=settings, progress=Filling())
    try:
        prepare.STEP.run(walk)
    except DiskFullError:
        trial.outcomes.count("full while decoding: DiskFullError")
    except (ShowNotesError, OSError) as error:
        trial.expect("full while decoding", is_so=False, told=repr(error))
    else:
        trial.expect("full while decoding", is_so=False, told="it was not noticed")
    trial.place.free()
    left_over = [p.name for p in (folder.path / "work").iterdir() if p.name.startswith(".making")]
    trial.expect("full while decoding: nothing left over", is_so=not left_over)
    prepare.STEP.run(Walk(folder=folder, settings=settings))
    episode = folder.read("episode.json", Episode)
    trial.expect("decoded when there is room", is_so=abs(episode.duration - 240.0) < 0.2)
    (trial.place.root / "audio" / "long.mp3").unlink()
    shutil.rmtree(folder.path)


def desk_on_a_full_disk(trial: Trial) -> None:
    """What an editor saves is kept, or the editor is told that it is not."""
    walk = trial.walk()
    review = open_review(walk)
    for number, left in enumerate((0, 0, 4_096, 20_480)):
        before = trial.place.looks()
        trial.place.fill(left)
        change = decide([{"op": "set", "key": "title", "value": f"Title {number}"}])
        is_saved = False
        try:
            review.change(change, by="Ed", label="torture", seen=None)
            is_saved = True
        except ShowNotesError:
            trial.outcomes.count("desk on a full disk: refused, typed")
        except OSError as error:
            trial.expect("desk on a full disk", is_so=False, told=f"untranslated {error!r}")
        trial.place.free()
        found = open_review(trial.walk()).notes().title
        if is_saved:
            trial.expect("desk: what was acknowledged is there", is_so=found == f"Title {number}")
        else:
            trial.expect_intact("desk on a full disk", before)
        review = open_review(trial.walk())


# --------------------------------------------------------------------------- commands


def run_command(
    place: Place, *arguments: str, user: int | None = None, under: Sequence[str] = ()
) -> Any:
    """A command as a person gives it."""
    environment = {**os.environ, "PYTHONWARNINGS": "ignore", "HOME": "/nonexistent"}
    environment["PYTHONDONTWRITEBYTECODE"] = "1"
    changed = [] if user is None else [shutil.which("setpriv") or "setpriv", f"--reuid={user}"]
    changed += [] if user is None else [f"--regid={user}", "--clear-groups"]
    return subprocess.run(
        [*under, *changed, sys.executable, "-m", "shownotes.cli", *arguments],
        cwd=place.root,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
        stdin=subprocess.DEVNULL,
        env=environment,
        timeout=300,
    )


def _expect_told(trial: Trial, what: str, done: Any, *, may_succeed: bool = True) -> None:
    """No traceback, an exit code of ours, and a message where it failed."""
    said = done.stdout + done.stderr
    is_told = "Traceback" not in said and 0 <= done.returncode <= 20
    is_told &= bool(done.returncode == 0 or said.strip())
    is_told &= may_succeed or done.returncode != 0
    trial.expect(what, is_so=is_told, told=f"exit {done.returncode}\n{said[-3000:]}")


def commands_on_a_full_disk(trial: Trial, commands: Sequence[tuple[str, ...]] = COMMANDS) -> None:
    """Every command, with nothing left."""
    for command in commands:
        before = trial.place.looks()
        trial.place.fill(0)
        done = run_command(trial.place, *command)
        trial.place.free()
        _expect_told(trial, f"full disk: {command[0]} says so or does without", done)
        trial.expect_intact(f"full disk: {command[0]}", before)
    for command in (
        ("process", "--no-prefect"),
        ("approve", EPISODE),
        ("publish", EPISODE, "--no-prefect"),
    ):
        done = run_command(trial.place, *command)
        trial.expect(f"with room again: {command[0]}", is_so=done.returncode == 0, told=done.stderr)


def commands_on_a_read_only_disk(
    trial: Trial, commands: Sequence[tuple[str, ...]] = COMMANDS
) -> None:
    """Every command, where nothing can be written."""
    before = trial.place.looks()
    trial.place.remount("ro")
    try:
        for command in commands:
            _expect_told(trial, f"read-only: {command[0]}", run_command(trial.place, *command))
    finally:
        trial.place.remount("rw")
    trial.expect_intact("read-only", before)


def files_cannot_grow(trial: Trial, limits: Sequence[int] = (0, 2, 8, 32, 128, 512)) -> None:
    """A limit on how large a file may become, which is what can be had where nothing is mounted."""
    if shutil.which("sh") is None:
        return
    for blocks in limits:
        limited = ["sh", "-c", f'ulimit -f {blocks}; exec "$@"', "sh"]
        before = trial.place.looks()
        done = run_command(trial.place, "process", "--no-prefect", "--force", under=limited)
        _expect_told(trial, "files cannot grow: process", done)
        _expect_whole(trial, f"files of at most {blocks} blocks", before)
    done = run_command(trial.place, "process", "--no-prefect")
    trial.expect("files can grow again: process", is_so=done.returncode == 0, told=done.stderr)


def permissions(trial: Trial) -> None:
    """What another user may not read or write."""
    if run_command(trial.place, "--version", user=NOBODY).returncode != 0:
        print("  left out: permissions (another user cannot start this Python)")
        return
    root = trial.place.root
    subprocess.run(["chmod", "-R", "a+rwX", root], check=True)
    closed: list[tuple[str, int]] = [
        ("audio/ep.mp3", 0o000),
        ("audio/ep.toml", 0o000),
        ("audio/ep.vtt", 0o000),
        ("audio", 0o000),
        ("shownotes.toml", 0o000),
        ("output", 0o555),
        ("output", 0o000),
        (f"output/{EPISODE}", 0o555),
        (f"output/{EPISODE}", 0o000),
        (f"output/{EPISODE}/work", 0o000),
        *(
            (f"output/{EPISODE}/{box}.json", 0o000)
            for box in ("episode", "transcript", "draft", "status")
        ),
    ]
    for name, mode in closed:
        path = root / name
        is_made = not path.exists()
        if is_made:
            path.write_text(
                'title = "T"\n' if name.endswith("toml") else "WEBVTT\n", encoding="utf-8"
            )
        os.chown(path, 0, 0)
        before, was = trial.place.looks(), path.stat().st_mode
        path.chmod(mode)
        for command in (
            ("process", "--no-prefect"),
            ("process", "--no-prefect", "--force"),
            ("status",),
            ("render",),
        ):
            done = run_command(trial.place, *command, user=NOBODY)
            _expect_told(trial, f"permission: {command[0]}", done)
        path.chmod(was)
        if is_made:
            path.unlink()
        else:
            _expect_whole(trial, f"permission {mode:o} of {name}", before)
    done = run_command(trial.place, "process", "--no-prefect")
    trial.expect("permissions given back: process", is_so=done.returncode == 0, told=done.stderr)


def _expect_whole(trial: Trial, what: str, before: dict[str, str]) -> None:
    """All files are there and whole; they may have been made anew."""
    after = trial.place.looks()
    gone = [name for name in before if name not in after]
    torn = [
        p for p in trial.place.root.rglob("*.json") if p.stat().st_mode & 0o400 and not _is_json(p)
    ]
    trial.expect(
        "permission: no output lost or torn",
        is_so=not gone and not torn,
        told=f"{what} {gone} {torn}",
    )


# --------------------------------------------------------------------------- reading


def changed_while_read(trial: Trial) -> None:
    """A file that vanishes, is cut, grows or becomes another while it is read."""
    audio = trial.place.root / "audio" / "changing.wav"
    other = trial.place.root / "other.wav"
    write(other, noise(30.0, seed=5))

    def vanish() -> None:
        audio.unlink(missing_ok=True)

    def cut() -> None:
        os.truncate(audio, audio.stat().st_size // 3)

    def empty() -> None:
        os.truncate(audio, 0)

    def grow() -> None:
        with audio.open("ab") as file:
            file.write(bytes(1_000_000))

    def become_another() -> None:
        other.replace(audio)
        write(other, noise(30.0, seed=5))

    for how, when in itertools.product(
        (vanish, cut, empty, grow, become_another), ("begin", "advance")
    ):
        write(audio, noise(240.0, rate_hz=16_000), rate_hz=16_000)
        _change_while_read(trial, audio, how, when)
    audio.unlink(missing_ok=True)
    other.unlink()


def _change_while_read(trial: Trial, audio: Path, how: Callable[[], None], when: str) -> None:
    settings = load_settings(trial.place.root)
    folder = prepare.admit(audio, settings)

    class Changing:
        is_done = False

        def _do(self, now: str) -> None:
            if now == when and not self.is_done:
                self.is_done = True
                how()

        def begin(self, step: str, total_s: float) -> None:
            self._do("begin")

        def advance(self, done_s: float) -> None:
            self._do("advance")

        def say(self, message: str) -> None:
            pass

    walk = Walk(folder=folder, settings=settings, progress=Changing())
    what = f"{how.__name__} on {when}"
    try:
        prepare.STEP.run(walk)
    except ShowNotesError as error:
        trial.outcomes.count(f"changed while read: rejected, {type(error).__name__}")
    except OSError as error:
        trial.expect(f"changed while read: {what}", is_so=False, told=f"untranslated {error!r}")
    else:
        episode = folder.read("episode.json", Episode)
        is_flagged = any(w.code in ("truncated", "broken_packets") for w in episode.warnings)
        is_whole = abs(episode.duration - 240.0) < 0.2
        is_due = _is_due_again(audio, settings, walk)
        trial.expect(
            "changed while read: whole, flagged or done again",
            is_so=is_flagged or is_whole or is_due,
            told=f"{what}: {episode.duration} s, {episode.warnings}",
        )
    shutil.rmtree(folder.path)


def _is_due_again(audio: Path, settings: Any, walk: Walk) -> bool:
    """Whether the next run sees that the file is another one."""
    try:
        found = prepare.admit(audio, settings)
        stamp = found.stamp("episode.json")
        again = Walk(folder=found, settings=settings)
        return stamp is None or dict(stamp.made_from) != prepare.STEP.made_from(again)
    except ShowNotesError:
        return True


# --------------------------------------------------------------------------- injected


def failing_reads(trial: Trial, strace: Strace) -> None:
    """The audio's disk fails from some place on, or is slow."""
    log, audio = trial.place.root.parent / "strace.log", trial.place.root / "audio" / "ep.mp3"
    for at in (1, 2, 3, 5, 8, 13):
        before = trial.place.looks()
        rules = ("trace=read,pread64", f"inject=read,pread64:error=EIO:when={at}+")
        command = ("process", "--no-prefect", "--force", str(audio))
        done = run_command(trial.place, *command, under=strace.under(log, *rules, only=audio))
        _expect_told(trial, "read error: told, or flagged", done)
        if done.returncode:
            trial.expect_intact("read error", before)
    rules = ("trace=read,pread64", "inject=read,pread64:delay_exit=300000")
    began = monotonic()
    done = run_command(
        trial.place,
        "process",
        "--no-prefect",
        "--force",
        str(audio),
        under=strace.under(log, *rules, only=audio),
    )
    trial.expect(
        f"slow disk ({monotonic() - began:.0f} s): done all the same",
        is_so=done.returncode == 0,
        told=done.stderr,
    )


def failing_writes(trial: Trial, strace: Strace, count: int) -> None:
    """Any one call that writes fails, in a run that makes everything anew."""
    log = trial.place.root.parent / "strace.log"
    calls = ("write", "fsync", "rename", "renameat2", "mkdir", "unlink", "pwrite64", "ftruncate")
    for _ in range(count):
        if monotonic() > trial.ends:
            trial.outcomes.count("failing writes: left out for want of time")
            return
        one, fault = (
            trial.rng.choice(calls[:3]),
            trial.rng.choice(("ENOSPC", "EIO", "EDQUOT", "EROFS")),
        )
        at = trial.rng.randrange(1, {"write": 40, "fsync": 35, "rename": 20}[one])
        rules = (f"trace={one}", f"inject={one}:error={fault}:when={at}")
        before = trial.place.looks()
        done = run_command(
            trial.place, "process", "--no-prefect", "--force", under=strace.under(log, *rules)
        )
        hit = [line for line in log.read_text(errors="replace").splitlines() if "INJECTED" in line]
        is_ours = any(str(trial.place.root) in line for line in hit)
        what = f"{fault} on {one}"
        if is_ours:
            _expect_told(trial, f"{what}: told", done)
        else:
            # A pipe between processes, or the screen: nothing is promised but the output.
            trial.outcomes.count(f"{one} failed elsewhere than on the disk")
        _expect_whole(trial, f"{what} at {at}: {hit[:2]}", before)
        again = run_command(trial.place, "process", "--no-prefect")
        trial.expect(
            f"after {what}: process", is_so=again.returncode == 0, told=f"{hit} {again.stderr}"
        )


# --------------------------------------------------------------------------- all


def selection(outcomes: Outcomes, scratch: Path) -> None:
    """A few of them; the episode has its transcript, so that nothing is recognised."""
    with small_disk(scratch) as place, Warm() as kept_warm:
        beside = "WEBVTT\n\n00:00.000 --> 00:12.000\nThe river has a budget.\n"
        (place.root / "audio" / "ep.vtt").write_text(beside, encoding="utf-8")
        trial = Trial(outcomes, place, random.Random(1), kept_warm)
        if place.is_mounted:
            for step in STEPS:
                _full_at(trial, step, 0, forced=frozenset())
            for step in STEPS[:1] + STEPS[-1:]:
                before = trial.place.looks()
                _full_at(trial, step, 0, forced=frozenset([step.name]))
                trial.expect_intact(f"full at {step.name}", before)
            desk_on_a_full_disk(trial)
            commands_on_a_full_disk(trial, [("publish", EPISODE, "--no-prefect")])
            commands_on_a_read_only_disk(trial, [("process", "--no-prefect", "--force")])
        else:
            walk_episode(trial.walk())
            files_cannot_grow(trial, [8])


def run(outcomes: Outcomes, scratch: Path, *, seed: int, count: int) -> None:
    """Everything that this machine lets us try."""
    strace = Strace()
    with small_disk(scratch) as place, Warm() as kept_warm:
        trial = Trial(outcomes, place, random.Random(seed), kept_warm)
        if place.is_mounted:
            full_at_every_step(trial)
            full_while_decoding(trial)
            desk_on_a_full_disk(trial)
            commands_on_a_full_disk(trial)
            commands_on_a_read_only_disk(trial)
            permissions(trial)
        else:
            walk_episode(trial.walk())
            print("  left out: full and read-only disks, permissions (cannot mount here)")
        files_cannot_grow(trial)
        changed_while_read(trial)
        if strace.path:
            failing_reads(trial, strace)
            failing_writes(trial, strace, count)
        else:
            print("  left out: failing and slow system calls (no strace here)")


def main() -> None:
    """The whole part."""
    told = arguments(PART, count=COUNT)
    scratch = Path(tempfile.mkdtemp(prefix="torture-disks-"))
    scratch.chmod(0o755)
    with Outcomes(PART, told) as outcomes:
        run(outcomes, scratch, seed=told.seed, count=told.count)
    with suppress(OSError):
        shutil.rmtree(scratch)


if __name__ == "__main__":
    main()
