"""What the desk is asked to do to an episode, checked and turned into registers to set."""

import datetime
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from shownotes.core import review_ops, reviewed_quotes, segment_times
from shownotes.core.characters import printable
from shownotes.core.note_items import LISTS
from shownotes.core.review import Value
from shownotes.core.review_ops import Wanted
from shownotes.errors import ReviewError
from shownotes.model import Organization, OrganizationKind, Person, PersonRole
from shownotes.steps.resolving import resolve
from shownotes.steps.reviewing import Reviewing

Op = Mapping[str, Any]
# One change holds at most so many operations: every place of a word in ten hours of talk.
MOST_OPS = 20_000
MOST_TEXT, MOST_ITEMS = 5_000, 100

_WORD = r"[0-9]{1,9}"
_NOTE_KEYS = re.compile(
    r"title|hook|sign_off|date|number"
    rf"|{'|'.join(LISTS)}"
    r"|person/[^\n]{1,200}/(?:name|role|title|organization|description|link|keep)"
    r"|body/[^\n]{1,200}/(?:name|kind|description|keep)"
    r"|event/[^\n]{1,300}/keep"
    rf"|chapter/[+-]?{_WORD}/(?:title|start|keep)"
    rf"|quote/{_WORD}-{_WORD}/(?:keep|speaker)"
    r"|resource/[^\n]{1,300}/(?:name|url|keep)"
    r"|link/[^\n]{1,300}/(?:text|url|keep)"
    r"|earlier/[^\n]{1,300}/keep"
)
_URL = re.compile(r"(?:https?://|mailto:)\S+", re.IGNORECASE)


def decide(ops: Sequence[Op]) -> Callable[[Reviewing, Wanted], None]:
    """What `Reviewing.change` is to be asked for these operations, all of them or none.

    Raises:
        ReviewError: they are not operations of ours.
    """
    if not ops or len(ops) > MOST_OPS:
        raise ReviewError(f"A change has 1 to {MOST_OPS} operations.")
    for op in ops:
        if not isinstance(op.get("op"), str) or op["op"] not in _OPS:
            raise ReviewError(f"There is no operation {op.get('op')!r}.")

    def want(reviewing: Reviewing, wanted: Wanted) -> None:
        for op in ops:
            _OPS[str(op["op"])](reviewing, wanted, op)

    return want


def _text(reviewing: Reviewing, wanted: Wanted, op: Op) -> None:
    review_ops.write_text(
        reviewing.editing,
        reviewing.review,
        wanted,
        {**op, "text": _clean(op.get("text"))},
    )


def _clean(text: Value) -> Value:
    return printable(text) if isinstance(text, str) else text


def _split(reviewing: Reviewing, wanted: Wanted, op: Op) -> None:
    review_ops.split(reviewing.editing, wanted, op, is_split=True)


def _join(reviewing: Reviewing, wanted: Wanted, op: Op) -> None:
    review_ops.split(reviewing.editing, wanted, op, is_split=False)


def _time(reviewing: Reviewing, wanted: Wanted, op: Op) -> None:
    segment_times.set_time(reviewing.editing, wanted, op, reviewing.draft.transcript.duration)


def _voice(reviewing: Reviewing, wanted: Wanted, op: Op) -> None:
    review_ops.give_voice(reviewing.editing, wanted, {**op, "label": _clean(op.get("label"))})


def _speaker(reviewing: Reviewing, wanted: Wanted, op: Op) -> None:
    label, name = op.get("label"), _clean(op.get("name"))
    if not isinstance(label, str) or not label:
        raise ReviewError("Which speaker is to be named?")
    if name is not None and (not isinstance(name, str) or not name.strip() or len(name) > 128):
        raise ReviewError("A speaker's name has 1 to 128 characters.")
    value = None if name is None else " ".join(name.split())
    is_machines = value == reviewing.draft.speakers.get(label)
    wanted.set(f"speaker/{label}", None if is_machines else value, reviewing.voices.record(label))
    wanted.positions = None


def _sure(reviewing: Reviewing, wanted: Wanted, op: Op) -> None:
    review_ops.accept(reviewing.editing, wanted, op)


def _seen(_reviewing: Reviewing, wanted: Wanted, op: Op) -> None:
    check = op.get("check")
    if not isinstance(check, str) or not re.fullmatch(r"[0-9a-f]{12}", check):
        raise ReviewError("There is no such check.")
    wanted.set(f"seen/{check}", None if op.get("is") is False else True, None)
    wanted.read.discard(f"seen/{check}")


def _spelling(reviewing: Reviewing, wanted: Wanted, op: Op) -> None:
    notes = reviewing.draft.notes
    people = (*notes.hosts, *notes.guests, *notes.mentioned)
    bodies = (*notes.agencies, *notes.organizations)
    named: list[Person | Organization] = [*people, *bodies]
    review_ops.fix_spelling(
        wanted,
        {**op, "to": _clean(op.get("to"))},
        variants={one.name: one.spelling_variants for one in named},
        names=tuple(one.name for one in named),
        decisions=reviewing.review.decisions,
    )


def _set(reviewing: Reviewing, wanted: Wanted, op: Op) -> None:
    register, value = op.get("key"), op.get("value")
    if not isinstance(register, str) or not _NOTE_KEYS.fullmatch(register):
        raise ReviewError("The notes have no such field.")
    if value is not None:
        value = _checked(reviewing, register, value)
    machine = reviewing.view().machine_value(register)
    if register.startswith("quote/"):
        value, machine = _of_quote(reviewing, register, value, machine)
    elif register.startswith("chapter/") and register.endswith("/keep") and value is True:
        value = None  # as the machine has it
    wanted.set(register, value, machine)
    if register.endswith("/name"):
        # Names are marked wherever they are said.
        wanted.positions = None


def _of_quote(
    reviewing: Reviewing, register: str, value: Value, machine: Value
) -> tuple[Value, Value]:
    """A quote of the editor's own is remembered with its words; taken out, nothing is left of it.

    Raises:
        ReviewError: its words are not in the transcript.
    """
    owner, _, attribute = register.rpartition("/")
    item = reviewing.view().find(owner)
    if item is not None and not (item.is_added and attribute == "keep"):
        return value, machine
    if attribute == "speaker":
        first = reviewing.machine.position.get((reviewed_quotes.ends_of(owner) or (-1, 0))[0])
        return value, reviewed_quotes.speaker_at(reviewing.segments, first)
    if value is not True:
        return None, machine
    words = reviewed_quotes.record_words(reviewing.machine, owner)
    if words is None:
        raise ReviewError("Those words are not in the transcript any more. Load the page again.")
    return True, words


def _checked(reviewing: Reviewing, register: str, value: Value) -> Value:
    """A value of a field of the notes, as it is kept.

    Raises:
        ReviewError: it is none.
    """
    attribute = register.rpartition("/")[2]
    if attribute in LISTS:
        return _list(reviewing, value)
    if attribute == "keep":
        if not isinstance(value, bool):
            raise ReviewError("Keep is yes or no.")
        return value
    if register == "number" or attribute == "start":
        if isinstance(value, bool) or not isinstance(value, int):
            raise ReviewError("That is a whole number.")
        if attribute == "start":
            review_ops.position_of(reviewing.editing, value)
        return value
    if not isinstance(value, str) or len(value) > MOST_TEXT:
        raise ReviewError(f"That is a text of at most {MOST_TEXT} characters.")
    text = " ".join(printable(value).split())
    return _valid(attribute, text)


def _valid(attribute: str, text: str) -> str:
    if attribute == "date":
        try:
            datetime.datetime.strptime(text, "%Y-%m-%d")  # noqa: DTZ007 - a day, nowhere
        except ValueError as error:
            raise ReviewError("Write a date as 2026-09-30.") from error
    choices: Mapping[str, type[PersonRole] | type[OrganizationKind]] = {
        "role": PersonRole,
        "kind": OrganizationKind,
    }
    if attribute in choices and text not in [member.value for member in choices[attribute]]:
        raise ReviewError(f"{text!r} is not a {attribute} that there is.")
    if attribute in ("url", "link") and text and not _URL.fullmatch(text):
        raise ReviewError("An address begins with https:// or http:// and has no spaces.")
    return text


def _list(reviewing: Reviewing, value: Value) -> list[dict[str, Value]]:
    if not isinstance(value, list) or len(value) > MOST_ITEMS:
        raise ReviewError(f"That is a list of at most {MOST_ITEMS} texts.")
    items = []
    for item in value:
        text = item.get("text") if isinstance(item, dict) else None
        if not isinstance(text, str) or len(text) > MOST_TEXT:
            raise ReviewError(f"Every line is a text of at most {MOST_TEXT} characters.")
        start = item.get("start")
        word = reviewing.machine.at(float(start)) if isinstance(start, (int, float)) else None
        items.append({"text": " ".join(printable(text).split()), "word": word})
    return items


_OPS: Mapping[str, Callable[[Reviewing, Wanted, Op], None]] = {
    "text": _text,
    "split": _split,
    "join": _join,
    "time": _time,
    "voice": _voice,
    "speaker": _speaker,
    "sure": _sure,
    "seen": _seen,
    "spelling": _spelling,
    "set": _set,
    "resolve": resolve,
}
