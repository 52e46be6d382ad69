"""The walk: every step in order, written once.

The command line walks it plainly; a flow walks the same list and wraps each piece of work in a
Prefect task. Whoever walks hands in `call`, which does one piece of work.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from time import monotonic
from typing import Protocol

from shownotes.adapters.store import EpisodeFolder, now
from shownotes.errors import FormatError, ShowNotesError
from shownotes.model import Episode, Names, ShowNotes, State, Status, Topics
from shownotes.steps import attribute, compose, divide, identify, prepare, render, transcribe
from shownotes.steps.standing import reviewed_state
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
STATUS_BOX = "status.json"


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
    with walk.folder.claim(holder=holder):
        began = monotonic()
        did_work = False
        for step in STEPS:
            decision = decide(step, walk)
            if not decision.is_due:
                continue
            if step is prepare.STEP:
                # The engine's libraries load while the audio is read.
                transcribe.warm_up(walk)
            did_work = True
            _write_status(walk, state=State.PROCESSING, step=step.name)
            try:
                for part in step.parts(walk):
                    call(step, walk, part)
                call(step, walk, None)
            except ShowNotesError as error:
                _write_status(walk, state=State.FAILED, step=step.name, error=error)
                raise
        return _finish(walk, took_s=monotonic() - began, did_work=did_work)


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


def read_status(folder: EpisodeFolder) -> Status | None:
    """The episode's last written status, put right from the files when a run died."""
    if not folder.has(STATUS_BOX):
        return None
    try:
        return folder.read(STATUS_BOX, Status)
    except FormatError:
        return None


def _finish(walk: Walk, *, took_s: float, did_work: bool) -> Status:
    before = read_status(walk.folder)
    if not did_work and before is not None and before.state is State.DRAFT:
        kept = render.kept_edits(walk.folder)
        if kept == before.kept_edits:
            return before
    return _write_status(
        walk, state=State.DRAFT, took_s=took_s if did_work or before is None else before.took_s
    )


def _write_status(
    walk: Walk,
    *,
    state: State,
    step: str | None = None,
    error: ShowNotesError | None = None,
    took_s: float = 0.0,
) -> Status:
    status = replace(
        _describe(walk.folder),
        state=state,
        step=step,
        error=str(error)[:2000] if error else None,
        error_kind=type(error).__name__ if error else None,
        retryable=error.retryable if error else False,
        took_s=took_s,
        updated_at=now(),
    )
    walk.folder.write(STATUS_BOX, status)
    return status


def _describe(folder: EpisodeFolder) -> Status:
    """What a list shows of an episode, from its boxes as far as they exist."""
    status = Status(state=State.WAITING, title=folder.name)
    if folder.has("episode.json"):
        episode = folder.read("episode.json", Episode)
        status = replace(
            status,
            title=episode.metadata.title or folder.name,
            duration=episode.duration,
            audio_path=episode.audio.path if episode.audio else episode.transcript_path,
        )
    if folder.has("names.json"):
        names = folder.read("names.json", Names)
        status = replace(status, agencies=tuple(o.name for o in names.agencies)[:12])
    if folder.has("topics.json"):
        status = replace(status, chapters=len(folder.read("topics.json", Topics).chapters))
    if folder.has("draft.json"):
        notes = folder.read("draft.json", ShowNotes)
        status = replace(
            status,
            title=notes.title,
            duration=notes.duration or status.duration,
            guests=tuple(person.name for person in notes.guests)[:12],
            checks=len(notes.checks),
        )
    return replace(status, kept_edits=render.kept_edits(folder))


def current_status(folder: EpisodeFolder) -> Status | None:
    """The episode's status, put right when the run that was working on it has died."""
    status = read_status(folder)
    if status is not None and status.state is State.DRAFT:
        return replace(status, state=reviewed_state(folder))
    if status is None or status.state is not State.PROCESSING or folder.is_claimed():
        return status
    return replace(
        status,
        state=State.WAITING,
        error=f"The run that was working on it ended in `{status.step}`. What was finished is "
        "kept; `shownotes process` goes on from there.",
    )


def render_again(walk: Walk) -> None:
    """Write an episode's pages and files anew, whatever they were made from."""
    with walk.folder.claim(holder="shownotes render"):
        render.STEP.run(walk)
