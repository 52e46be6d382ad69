"""The walk: every step in order, written once.

The command line walks it plainly; a flow walks the same list and wraps each piece of work in a
Prefect task. Whoever walks hands in `call`, which does one piece of work.
"""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from time import monotonic
from typing import Protocol

from shownotes.adapters import models
from shownotes.adapters.store import EpisodeFolder, as_ours
from shownotes.errors import (
    EpisodeBusyError,
    RunCancelledError,
    ShowNotesError,
)
from shownotes.model import State, Status
from shownotes.settings import Settings
from shownotes.steps import (
    attribute,
    cancelling,
    compose,
    divide,
    identify,
    prepare,
    render,
    transcribe,
)
from shownotes.steps.standing import STATUS_BOX as STATUS_BOX
from shownotes.steps.standing import UNFINISHED, reviewed_state
from shownotes.steps.statuses import level_of as level_of
from shownotes.steps.statuses import read_status as read_status
from shownotes.steps.statuses import write_status
from shownotes.steps.step import Part, Step, Walk

STEPS: tuple[Step, ...] = (
    prepare.STEP,
    transcribe.STEP,
    attribute.STEP,
    identify.STEP,
    divide.STEP,
    compose.STEP,
    render.STEP,
)
STEP_NAMES = tuple(step.name for step in STEPS)


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether a step is to run, and why, for a person."""

    step: Step
    is_due: bool
    why: str


class Call(Protocol):
    """Does one piece of work: a part of a step, or the step itself (`part` is `None`)."""

    def __call__(self, step: Step, walk: Walk, part: Part | None) -> None:
        """Do it, letting our errors through."""


def call_plainly(step: Step, walk: Walk, part: Part | None) -> None:
    """Do the work here and now."""
    if part is None:
        step.run(walk)
    else:
        step.run_part(walk, part)


def decide(step: Step, walk: Walk) -> Decision:
    """Compare what a step's box was made from with what it would be made from now."""
    if step.name in walk.forced:
        return Decision(step, True, "asked for")
    stamp = walk.folder.stamp(step.box)
    if stamp is None:
        return Decision(step, True, f"{step.box} is not there yet")
    if stamp.is_edited:
        return Decision(step, False, f"{step.box} was edited by hand and is kept")
    made_from = step.made_from(walk)
    if dict(stamp.made_from) != made_from:
        changed = sorted(
            key
            for key in stamp.made_from.keys() | made_from.keys()
            if stamp.made_from.get(key) != made_from.get(key)
        )
        return Decision(step, True, f"changed: {', '.join(changed)}")
    made_with = step.made_with(walk)
    if stamp.made_with.get("step_version") != made_with["step_version"]:
        return Decision(step, True, "the step itself changed")
    if stamp.made_with.get("settings") != made_with["settings"]:
        changed_keys = _changed_settings(stamp.made_with, made_with)
        return Decision(step, True, f"settings changed: {changed_keys}")
    return Decision(step, False, "unchanged")


def _changed_settings(old: object, new: dict[str, object]) -> str:
    before = old.get("settings", {}) if hasattr(old, "get") else {}
    after = new["settings"]
    if not isinstance(after, dict):
        return ""
    return ", ".join(key for key in after if before.get(key) != after[key])


def forced_from(step_name: str) -> frozenset[str]:
    """The names of a step and all after it (`--from`)."""
    return frozenset(STEP_NAMES[STEP_NAMES.index(step_name) :])


def walk_episode(walk: Walk, *, call: Call = call_plainly, holder: str = "shownotes") -> Status:
    """Run every step that is due, keeping `status.json` up to date.

    Returns:
        The episode's status afterwards.

    Raises:
        EpisodeBusyError: another run has the episode.
        ShowNotesError: a step failed; what was finished before it stays.
    """
    with walk.folder.claim(holder=holder), ExitStack() as afterwards:
        afterwards.callback(attribute.let_go, walk)
        began = monotonic()
        walk = replace(walk, progress=cancelling.Stoppable(walk.progress, walk.folder))
        did_work = False
        for step in STEPS:
            try:
                if not decide(step, walk).is_due:
                    continue
                cancelling.check(walk.folder)
                if step is prepare.STEP:
                    # The engine's libraries load while the audio is read.
                    transcribe.warm_up(walk)
                did_work = True
                write_status(walk, state=State.PROCESSING, step=step.name)
                _do(step, walk, call)
            except (ShowNotesError, OSError) as error:
                ours = _ours(error, walk)
                if isinstance(error, RunCancelledError) and _is_whole(walk):
                    _finish(walk, took_s=monotonic() - began, did_work=did_work)
                else:
                    write_status(walk, state=State.FAILED, step=step.name, error=ours)
                if ours is error:
                    raise
                raise ours from error
        return _finish(walk, took_s=monotonic() - began, did_work=did_work)


def _is_whole(walk: Walk) -> bool:
    """Whether only what was asked for again was not finished: the draft before it stands."""
    plain = replace(walk, forced=frozenset(), redo=None)
    return not any(decide(step, plain).is_due for step in STEPS)


def _ours(error: ShowNotesError | OSError, walk: Walk) -> ShowNotesError:
    """What no adapter has translated is the disk's doing, and no reason to stop a batch."""
    return as_ours(error, walk.folder.path) if isinstance(error, OSError) else error


def _do(step: Step, walk: Walk, call: Call) -> None:
    """Do one step, piece by piece, and write into the log what each took."""
    name, began = walk.folder.name, monotonic()
    try:
        parts = step.parts(walk)
        if parts and step is transcribe.STEP:
            # The speech engine is a process of its own and leaves ours idle.
            attribute.hear_ahead(walk)
            identify.load_ahead(walk)
        for part in parts:
            cancelling.check(walk.folder)
            part_began = monotonic()
            call(step, walk, part)
            took_s = monotonic() - part_began
            walk.log.write(f"{part.name} done", episode=name, step=step.name, took_s=took_s)
        call(step, walk, None)
    except (ShowNotesError, OSError) as error:
        ours = _ours(error, walk)
        told, level = f"{type(ours).__name__}: {ours}", level_of(ours)
        took_s = monotonic() - began
        walk.log.write(told, level=level, episode=name, step=step.name, took_s=took_s)
        raise
    walk.log.write("done", episode=name, step=step.name, took_s=monotonic() - began)


def preview(walk: Walk) -> Iterator[Decision]:
    """What would run and why (`--dry-run`): after the first due step, all that need it are due."""
    stale: set[str] = set()
    for step in STEPS:
        decision = decide(step, walk)
        upstream = [box for box in step.needs if box in stale]
        if not decision.is_due and upstream:
            decision = Decision(step, True, f"needs {', '.join(upstream)}, which is made anew")
        if decision.is_due:
            stale.add(step.box)
        yield decision


def _finish(walk: Walk, *, took_s: float, did_work: bool) -> Status:
    # Whoever asked to stop it was too late.
    cancelling.withdraw(walk.folder)
    before = read_status(walk.folder)
    if not did_work and before is not None and before.state is State.DRAFT:
        kept = render.kept_edits(walk.folder)
        if kept == before.kept_edits:
            return before
    return write_status(
        walk, state=State.DRAFT, took_s=took_s if did_work or before is None else before.took_s
    )


def current_status(folder: EpisodeFolder) -> Status | None:
    """The episode's status, put right when the run that was working on it has died."""
    status = read_status(folder)
    if status is not None and status.state is State.DRAFT:
        return replace(status, state=reviewed_state(folder))
    if status is not None and status.model and models.locate(status.model) is not None:
        words = f"The speech model {status.model} is here now; `shownotes process` goes on."
        return replace(status, waits_for=None, model=None, error=words)
    if status is None or status.state is not State.PROCESSING or folder.is_claimed():
        return status
    return replace(
        status,
        state=State.WAITING,
        error=f"The run that was working on it ended in `{status.step}`. What was finished is "
        "kept; `shownotes process` goes on from there.",
    )


def cancel(folder: EpisodeFolder, settings: Settings, *, by: str) -> bool:
    """Have whoever works on an episode stop; one that is not worked on waits from now on.

    Returns:
        Whether it waits already; else its run will see the request.
    """
    request = cancelling.ask_to_stop(folder, by=by)
    try:
        with folder.claim(holder="shownotes cancel"):
            status, walk = read_status(folder), Walk(folder=folder, settings=settings)
            if status is not None and status.state not in UNFINISHED:
                cancelling.withdraw(folder)
                return True
            error = RunCancelledError(cancelling.message(folder, request))
            step = status.step if status else None
            write_status(walk, state=State.WAITING, step=step, error=error)
            return True
    except EpisodeBusyError:
        return False


def cancel_file(path: Path, settings: Settings, *, by: str) -> None:
    """Cancel the episode of a file, if it has one."""
    folder = prepare.known(path, settings)
    if folder is not None:
        cancel(folder, settings, by=by)


def render_again(walk: Walk) -> None:
    """Write an episode's pages and files anew, whatever they were made from."""
    with walk.folder.claim(holder="shownotes render"):
        render.STEP.run(walk)
