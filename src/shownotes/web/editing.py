"""The routes by which the page of an episode reads and changes it. All answers are JSON."""

import contextlib
import json
import math
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from anyio import to_thread
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from shownotes.adapters.glossaries import settle_terms
from shownotes.core.review import Change
from shownotes.core.review_ops import GLOSSARY, glossary_terms
from shownotes.errors import (
    EpisodeBusyError,
    InputError,
    OutdatedChangeError,
    PublishingError,
    ReviewError,
    SettingsError,
    ShowNotesError,
    StoreError,
)
from shownotes.steps.deciding import decide
from shownotes.steps.render import materialize
from shownotes.steps.reviewing import Reviewing
from shownotes.steps.targets import lint_episode
from shownotes.web import answers
from shownotes.web.context import DeskContext
from shownotes.web.desk_data import (
    Data,
    describe,
    describe_history,
    describe_notes,
    describe_segment,
    describe_standing,
)
from shownotes.web.shelf import OpenEpisode, Shelf
from shownotes.web.visit import editor_of

# A change holds the number of the change that its page saw last, and a name of its own.
MOST_NAME = 100
MOST_DIGITS = 16


def editing_routes(desk: DeskContext, shelf: Shelf, publication: Callable[..., Data]) -> APIRouter:
    """The routes of this module; `publication` tells what is published of an episode."""
    router = APIRouter()
    table = _Table(desk, shelf, publication)
    add = partial(router.add_api_route, response_model=None)
    base = "/api/episodes/{episode_id}"
    add(base, table.show, methods=["GET"])
    add(f"{base}/since/{{seq}}", table.since, methods=["GET"])
    add(f"{base}/changes", table.change, methods=["POST"])
    add(f"{base}/undo", table.undo, methods=["POST"])
    add(f"{base}/redo", table.redo, methods=["POST"])
    add(f"{base}/lint", table.lint, methods=["GET"])
    add(f"{base}/history", table.history, methods=["GET"])
    return router


async def read_body(request: Request) -> dict[str, Any]:
    """The JSON object in a request.

    Raises:
        ReviewError: there is none.
    """
    try:
        body = parse_body(await request.body())
    except (ValueError, RecursionError) as error:
        # Python's reader gives up on what is nested a thousand deep.
        raise ReviewError("The request is not JSON.") from error
    if not isinstance(body, dict):
        raise ReviewError("The request is not a JSON object.")
    return body


def parse_body(data: bytes) -> Any:
    """What JSON says, stricter than Python reads it: numbers are finite and of a usual size.

    Halves of characters, which browsers send and no file can hold, are left out.

    Raises:
        ValueError: it is no such JSON.
        RecursionError: it is nested too deep.
    """
    body = json.loads(
        data, parse_constant=_refuse_number, parse_int=_whole_number, parse_float=_finite_number
    )
    if b"\\u" not in data:
        return body
    text = json.dumps(body, ensure_ascii=False)
    whole = text.encode("utf-8", "ignore").decode()
    return body if whole == text else json.loads(whole)


def _refuse_number(text: str) -> float:
    raise ValueError(f"{text[:20]} is no number of ours")


def _whole_number(text: str) -> int:
    # What a browser's numbers hold; arithmetic with longer ones fails or takes its time.
    return int(text) if len(text) <= MOST_DIGITS else int(_refuse_number(text))


def _finite_number(text: str) -> float:
    found = float(text)
    return found if math.isfinite(found) else _refuse_number(text)


def number(value: object, name: str) -> int:
    """A whole number of a request.

    Raises:
        ReviewError: it is none.
    """
    if isinstance(value, bool) or not isinstance(value, int):
        raise ReviewError(f"`{name}` is missing, or no whole number.")
    return value


async def answer(work: Callable[[], Response]) -> Response:
    """What comes of a piece of work, in a thread; errors of ours as sentences for people."""
    try:
        return await to_thread.run_sync(work)
    except KeyError:
        return answers.error(404, "There is no such episode.")
    except OutdatedChangeError as error:
        return answers.error(409, str(error))
    except (ReviewError, InputError, SettingsError) as error:
        return answers.error(400, str(error))
    except (PublishingError, EpisodeBusyError) as error:
        return answers.error(409, str(error))
    except ShowNotesError as error:
        return answers.error(503 if error.retryable else 500, str(error))


class _Table:
    """What the routes share."""

    def __init__(self, desk: DeskContext, shelf: Shelf, publication: Callable[..., Data]) -> None:
        self._desk = desk
        self._shelf = shelf
        self._publication = publication

    async def show(self, request: Request, episode_id: str) -> Response:
        """All of an episode."""
        editor = editor_of(request)

        def work() -> Response:
            with self._shelf.opened(episode_id) as episode:
                data = describe(episode.reviewing, editor=editor)
                data |= self._publication(episode.reviewing)
                return JSONResponse({**data, "draft": draft_of(episode)})

        return await answer(work)

    async def since(self, request: Request, episode_id: str, seq: int) -> Response:
        """What was changed after a change; 204 when nothing was."""
        editor = editor_of(request)
        draft = request.query_params.get("draft")

        def work() -> Response:
            with self._shelf.opened(episode_id) as episode:
                is_other = draft is not None and draft != draft_of(episode)
                if episode.reviewing.review.seq <= seq and not is_other:
                    return Response(status_code=204)
                patch = self._patch(episode, seq, editor)
                return JSONResponse({**patch, "reload": is_other or patch["reload"]})

        return await answer(work)

    async def change(self, request: Request, episode_id: str) -> Response:
        """Decide something."""
        return await self._decide(request, episode_id, self._changed)

    async def undo(self, request: Request, episode_id: str) -> Response:
        """Take the editor's last change back."""
        return await self._decide(request, episode_id, partial(self._taken_back, is_redo=False))

    async def redo(self, request: Request, episode_id: str) -> Response:
        """Do again what the editor undid last."""
        return await self._decide(request, episode_id, partial(self._taken_back, is_redo=True))

    async def _decide(
        self,
        request: Request,
        episode_id: str,
        make: Callable[[Reviewing, Mapping[str, Any], str, int], None],
    ) -> Response:
        editor = editor_of(request)
        if editor is None:
            return answers.error(401, "Say who you are first: load the page again.")
        try:
            body = await read_body(request)
            seen = number(body.get("seen"), "seen")
        except ReviewError as error:
            return answers.error(400, str(error))

        def work() -> Response:
            with self._shelf.opened(episode_id) as episode:
                try:
                    check_draft(episode, body)
                    make(episode.reviewing, body, editor, seen)
                except OutdatedChangeError as error:
                    episode.note()
                    return self._outdated(episode, error, seen, editor)
                episode.note()
                patch = self._patch(episode, seen, editor)
                self._shelf.let_rest(episode_id, episode.reviewing.walk)
                return JSONResponse(patch)

        return await answer(work)

    def _changed(
        self, reviewing: Reviewing, body: Mapping[str, Any], editor: str, seen: int
    ) -> None:
        ops = body.get("ops")
        if not isinstance(ops, list) or not all(isinstance(op, dict) for op in ops):
            raise ReviewError("`ops` is missing, or no list of operations.")
        change = reviewing.change(
            decide(ops),
            by=editor,
            label=str(body.get("label") or "Change")[:200],
            seen=seen,
            change_id=_name(body),
        )
        self._teach(reviewing, change)

    def _teach(self, reviewing: Reviewing, change: Change | None) -> None:
        """Have names that were fixed in the show's glossary, and no more those taken back."""
        if change is None or not any(edit.key.startswith(GLOSSARY) for edit in change.edits):
            return
        episode, terms = reviewing.draft.episode, glossary_terms(reviewing.review.decisions)
        # The name is fixed and saved, whatever becomes of the next episode's glossary.
        with contextlib.suppress(SettingsError, StoreError):
            settle_terms(self._desk.root, episode.metadata.show, episode.id, terms)

    def _taken_back(
        self,
        reviewing: Reviewing,
        body: Mapping[str, Any],
        editor: str,
        _seen: int,
        *,
        is_redo: bool,
    ) -> None:
        change = reviewing.take_back(by=editor, is_redo=is_redo, change_id=_name(body))
        self._teach(reviewing, change)

    def _outdated(
        self, episode: OpenEpisode, error: OutdatedChangeError, seen: int, editor: str
    ) -> Response:
        """The refusal, with what the others did, to be shown beside what was sent."""
        review = episode.reviewing.review
        theirs = [
            {
                "key": key,
                "by": review.touched[key].by,
                "at": review.touched[key].at,
                "value": _plain(review.value(key)),
            }
            for key in error.keys
        ]
        patch = self._patch(episode, seen, editor)
        if not error.keys:
            patch["reload"] = True
        return JSONResponse(
            {"error": str(error), "theirs": theirs, "patch": patch}, status_code=409
        )

    def _patch(self, episode: OpenEpisode, seen: int, editor: str | None) -> Data:
        reviewing = episode.reviewing
        gone, put = episode.since(seen)
        return {
            **describe_standing(reviewing, editor=editor),
            **self._publication(reviewing),
            "draft": draft_of(episode),
            "segments": {"gone": gone, "put": [describe_segment(segment) for segment in put]},
            "notes": describe_notes(reviewing),
            "reload": seen < episode.born,
        }

    async def lint(self, episode_id: str) -> Response:
        """What the rules of platforms say of the notes as they are now."""

        def work() -> Response:
            with self._shelf.opened(episode_id) as episode:
                reviewing = episode.reviewing
                notes, transcript = reviewing.notes(), reviewing.transcript()
            material = materialize(reviewing.walk, reviewing.draft.episode, notes, transcript)
            found = [
                {
                    "rule": finding.rule,
                    "target": finding.target,
                    "message": finding.message,
                    "source": finding.source,
                    "fix": finding.fix,
                    "is_error": finding.is_error,
                    "start": finding.start,
                    "field": field_of(finding.rule, finding.start, reviewing),
                }
                for finding in lint_episode(material)
            ]
            return JSONResponse({"findings": found})

        return await answer(work)

    async def history(self, episode_id: str) -> Response:
        """Every change: who, when, before, after."""

        def work() -> Response:
            with self._shelf.opened(episode_id) as episode:
                changes = list(episode.reviewing.review.changes.values())
            return JSONResponse({"changes": describe_history(changes)})

        return await answer(work)


def check_draft(episode: OpenEpisode, body: Mapping[str, Any]) -> None:
    """Refuse what was decided looking at another draft, unless it was done already.

    Raises:
        OutdatedChangeError: the draft was made anew since the page was loaded.
    """
    draft, name = body.get("draft"), body.get("id")
    if isinstance(name, str) and name in episode.reviewing.review.applied:
        return
    if isinstance(draft, str) and draft != draft_of(episode):
        raise OutdatedChangeError(
            "The draft was made anew meanwhile. Nothing is lost: look at it as it is now, and "
            "choose again."
        )


def draft_of(episode: OpenEpisode) -> str:
    """By what a page knows that the draft is another one."""
    return episode.reviewing.draft.version[:16]


def field_of(rule: str, start: float | None, reviewing: Reviewing) -> str | None:
    """The register that a finding is about, where it is about one."""
    if rule.startswith("chapter") and start is not None:
        chapters = reviewing.view().chapters
        near = [item for item in chapters if abs(float(item.values["seconds"]) - start) < 0.01]
        return f"{near[0].key}/title" if near else None
    for name in ("title", "hook", "summary"):
        if rule.startswith(name):
            return name
    return None


def _name(body: Mapping[str, Any]) -> str:
    name = body.get("id")
    if not isinstance(name, str) or not 8 <= len(name) <= MOST_NAME:
        raise ReviewError("`id` is missing: a change needs a name of its own.")
    return name


def _plain(value: object) -> object:
    return value.get("text", value) if isinstance(value, dict) else value
