"""An episode under review as the page of the desk gets it: plain data, and the words as HTML.

The shapes are those that `templates/review/*.js` read; each is made in one place here.
"""

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

from shownotes.core.edited_words import DOUBTFUL, EDITED, NAME, SURE, EditedSegment
from shownotes.core.note_items import LISTS, Field, Item
from shownotes.core.review import Change
from shownotes.model import Evidence
from shownotes.steps.known_voices import suggestions_by_label
from shownotes.steps.reviewing import Reviewing
from shownotes.steps.targets import TARGETS

Data = dict[str, Any]
# A title of a chapter that would do for the episode is offered, as is its hook, in so many words.
TITLE_CHARACTERS = 70


def describe(reviewing: Reviewing, *, editor: str | None) -> Data:
    """Everything that the page shows of an episode; publishing is put in by the caller."""
    draft = reviewing.draft
    metadata = draft.episode.metadata
    return {
        "id": draft.episode.id,
        "folder": reviewing.walk.folder.name,
        "show": metadata.show,
        "duration": draft.transcript.duration,
        "has_audio": draft.episode.audio is not None,
        "has_peaks": draft.episode.audio is not None,
        "editor": editor,
        "segments": [describe_segment(segment) for segment in reviewing.segments],
        "targets": [{"name": t.name, "kind": t.kind or _PAGE_KINDS[t.name]} for t in TARGETS],
        **describe_standing(reviewing, editor=editor),
        "notes": describe_notes(reviewing),
    }


_PAGE_KINDS = {"notes.md": "Markdown", "notes.html": "Web page"}


def describe_standing(reviewing: Reviewing, *, editor: str | None) -> Data:
    """What may change with every change, besides the words."""
    review = reviewing.review
    undo = review.undoable(editor) if editor else None
    redo = review.redoable(editor) if editor else None
    approval = review.approval
    title = reviewing.view().fields["title"].value
    speakers = reviewing.speakers
    suggested = suggestions_by_label(reviewing.walk, speakers)
    return {
        "seq": review.seq,
        "title": title or reviewing.walk.folder.name,
        "state": reviewing.state.value,
        "undo": undo.label if undo else None,
        "redo": redo.label if redo else None,
        "approval": {"by": approval.by, "at": approval.at} if approval else None,
        "publish_at": approval.publish_at if approval else None,
        "speakers": [
            {"label": label, "name": name or label, "suggestion": suggested.get(label)}
            for label, name in speakers.items()
        ],
    }


def describe_segment(segment: EditedSegment) -> Data:
    """A segment with its words: `[id, text, start, end, bits]`."""
    return {
        "at": segment.at,
        "start": segment.start,
        "end": segment.end,
        "speaker": segment.label,
        "flags": [flag.value for flag in segment.flags],
        "words": [[w.id, w.text, w.start, w.end, w.bits] for w in segment.words],
    }


def describe_change(
    before: Mapping[int, EditedSegment], reviewing: Reviewing, *, editor: str | None
) -> Data:
    """What is different on a page that has seen the segments `before`, by their first words."""
    now = {segment.at: segment for segment in reviewing.segments}
    put = [s for at, s in now.items() if before.get(at) is not s and before.get(at) != s]
    return {
        **describe_standing(reviewing, editor=editor),
        "segments": {
            "gone": [at for at in before if at not in now],
            "put": [describe_segment(segment) for segment in put],
        },
        "notes": describe_notes(reviewing),
        "reload": False,
    }


# --------------------------------------------------------------------------- notes


def describe_notes(reviewing: Reviewing) -> Data:
    """The right-hand side of the page."""
    view, names = reviewing.view(), reviewing.names
    return {
        "fields": {name: _field(reviewing, found) for name, found in view.fields.items()},
        "suggestions": {"title": _titles(reviewing)},
        "people": [_person(item) for item in view.people],
        "bodies": [_body(item) for item in view.bodies],
        "events": [
            {**_item(item), "name": item.values["name"], "evidence": _said(item)}
            for item in view.events
        ],
        "chapters": [_chapter(item) for item in view.chapters],
        "quotes": [_quote(item, names) for item in view.quotes],
        "resources": [
            {**_item(item), **_values(item, "name", "kind", "url"), "evidence": _said(item)}
            for item in view.resources
        ],
        "links": [{**_item(item), **_values(item, "text", "url")} for item in view.links],
        "earlier": [{**_item(item), **_values(item, "text", "url")} for item in view.earlier],
        "checks": [
            {
                "key": key,
                "code": check.code,
                "message": check.message,
                "start": check.start,
                "end": check.end,
                "seen": is_seen,
            }
            for key, check, is_seen in view.checks
        ],
        "conflicts": [
            {
                "key": conflict.key,
                "label": conflict.label,
                "mine": _readable(conflict.mine),
                "then": _readable(conflict.then),
                "now": _readable(conflict.now),
                "by": conflict.by,
                "at": conflict.at,
                "start": conflict.start,
            }
            for conflict in reviewing.conflicts()
        ],
    }


def _field(reviewing: Reviewing, found: Field) -> Data:
    value, machine = found.value, found.machine
    if found.key in LISTS:
        value = [
            {"text": item["text"], "start": _start_of(reviewing, item.get("word"))}
            for item in value
        ]
        machine = [{"text": text, "start": None} for text in machine]
    return {
        "value": value,
        "machine": machine,
        "by": found.decision.by if found.decision else None,
        "at": found.decision.at if found.decision else None,
        "evidence": _evidence(found.evidence),
    }


def _start_of(reviewing: Reviewing, word: object) -> float | None:
    return reviewing.machine.start_of(word) if isinstance(word, int) else None


def _titles(reviewing: Reviewing) -> list[str]:
    """What the episode might be called, in its own words."""
    view = reviewing.view()
    hook = view.fields["hook"].value
    offered = [str(view.fields["title"].machine), *([str(hook)] if hook else [])]
    offered += [str(item.values["title"]) for item in view.chapters if item.values.get("title")]
    current = view.fields["title"].value
    unique = dict.fromkeys(t for t in offered if len(t) <= TITLE_CHARACTERS and t != current)
    return list(unique)[:6]


def _item(item: Item) -> Data:
    return {
        "key": item.key,
        "keep": item.is_kept,
        "added": item.is_added,
        "edited": list(item.edited),
    }


def _values(item: Item, *attributes: str) -> Data:
    return {attribute: item.values.get(attribute) for attribute in attributes}


def _evidence(evidence: Evidence | None) -> Data | None:
    if evidence is None:
        return None
    return {"text": evidence.text, "start": evidence.start, "end": evidence.end}


def _said(item: Item, attribute: str = "") -> Data | None:
    return _evidence(item.evidence.get(attribute))


def _person(item: Item) -> Data:
    values = _values(item, "name", "role", "title", "organization", "description", "link")
    confidence = getattr(item.source, "confidence", 1.0)
    return {
        **_item(item),
        **values,
        "role": values["role"] or "guest",
        "evidence": _said(item),
        "title_evidence": _said(item, "title"),
        "organization_evidence": _said(item, "organization"),
        "description_evidence": _said(item, "description"),
        "confidence": confidence,
        "machine": dict(item.machine),
    }


def _body(item: Item) -> Data:
    values = _values(item, "name", "kind", "description")
    return {
        **_item(item),
        **values,
        "kind": values["kind"] or "other",
        "evidence": _said(item),
        "description_evidence": _said(item, "description"),
        "machine": dict(item.machine),
    }


def _chapter(item: Item) -> Data:
    is_given = getattr(item.source, "is_given", False)
    return {
        **_item(item),
        "title": item.values.get("title") or "",
        "start": item.values["seconds"],
        "word": item.values.get("start"),
        "given": is_given,
        "evidence": _said(item, "title"),
        "machine": dict(item.machine),
    }


def _quote(item: Item, names: Mapping[str, str]) -> Data:
    speaker = item.values.get("speaker")
    return {
        **_item(item),
        "text": item.values["text"],
        "speaker": names.get(speaker, speaker) if isinstance(speaker, str) else None,
        "start": item.values["start"],
        "end": item.values["end"],
    }


def _readable(value: object) -> object:
    """A value for people: lists of lines as lines, patches as their words."""
    if isinstance(value, list):
        return "\n".join(str(i["text"] if isinstance(i, dict) else i) for i in value)
    if isinstance(value, dict):
        return value.get("text", value.get("label", ""))
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value


# --------------------------------------------------------------------------- history and words


def describe_history(changes: Iterable[Change]) -> list[Data]:
    """Every change, newest first."""
    return [
        {
            "seq": change.seq,
            "at": change.at,
            "by": change.by,
            "kind": change.kind.value,
            "label": change.label,
            "undoes": change.undoes,
            "edits": [
                {
                    "key": edit.key,
                    "machine": _readable(edit.machine),
                    "before": _readable(edit.before),
                    "after": _readable(edit.after),
                }
                for edit in change.edits
            ],
        }
        for change in sorted(changes, key=lambda change: -change.seq)
    ]


_CLASSES = tuple(
    " ".join(
        name
        for bit, name in ((DOUBTFUL, "doubt"), (EDITED, "edited"), (SURE, "sure"), (NAME, "name"))
        if bits & bit
    )
    for bits in range(16)
)


def words_html(segments: Sequence[EditedSegment], names: Mapping[str, str | None]) -> str:
    """The transcript as the page shows it, everything escaped.

    Made here and not by the template engine: 28,000 words take it a second, and this a tenth.
    """
    parts: list[str] = []
    for segment in segments:
        name = names.get(segment.label) if segment.label else None
        flagged = ' data-flags="' + " ".join(segment.flags) + '"' if segment.flags else ""
        label = "" if segment.label is None else f' data-speaker="{escape(segment.label)}"'
        parts.append(
            f'<div class="segment" data-at="{segment.at}" data-start="{segment.start:.2f}"'
            f'{label}{flagged}><span class="who">{escape(name or "")}</span><p class="words">'
        )
        parts.append(
            " ".join(
                f'<span class="w{" " + _CLASSES[w.bits] if w.bits else ""}" data-w="{w.id}" '
                f'data-s="{w.start:.2f}">{escape(w.text, quote=False)}</span>'
                for w in segment.words
            )
        )
        parts.append("</p></div>\n")
    return "".join(parts)
