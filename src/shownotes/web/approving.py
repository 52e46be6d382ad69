"""The routes by which an episode is approved, published and taken back, and heard again."""

import functools
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from shownotes.adapters import models
from shownotes.adapters.glossaries import add_term
from shownotes.batch import RunOptions
from shownotes.core.publication import appointment
from shownotes.errors import PublishingError, ReviewError, StoreError
from shownotes.model import Span, State
from shownotes.release import Releases, release, take_back
from shownotes.steps.published import (
    address_of,
    read_edition,
    read_publication,
    read_published,
)
from shownotes.steps.publishing import timezone_of
from shownotes.steps.reviewing import Reviewing
from shownotes.steps.step import Walk
from shownotes.web import answers
from shownotes.web.context import DeskContext
from shownotes.web.desk_data import Data, describe_standing
from shownotes.web.editing import answer, check_draft, read_body
from shownotes.web.listing import start_again
from shownotes.web.shelf import Shelf
from shownotes.web.visit import editor_of

# One passage is heard again at a time; a longer one is the whole episode's business. Seconds.
MOST_AGAIN_S = 1800.0
NOBODY = "Say who you are first: load the page again."


def approving_routes(desk: DeskContext, shelf: Shelf) -> APIRouter:
    """The routes of this module."""
    router = APIRouter()
    press = _Press(desk, shelf)
    add = partial(router.add_api_route, response_model=None, methods=["POST"])
    base = "/api/episodes/{episode_id}"
    for name in ("approve", "withdraw", "publish", "unpublish", "again"):
        add(f"{base}/{name}", getattr(press, name))
    return router


def describe_publication(desk: DeskContext, reviewing: Reviewing) -> Data:
    """What is published of an episode, and in which state that leaves it."""
    state = reviewing.state
    found: Data = {"published": None, "models": list(_models_here(int(time.monotonic() // 60)))}
    folder = reviewing.walk.folder
    try:
        published = read_published(folder)
        event = published.since
        if event is not None and published.current is not None:
            edition = read_edition(folder, published.current)
            found["published"] = {
                "version": published.current,
                "at": event.at,
                "by": event.by,
                "url": address_of(edition, desk.settings, folder.name),
            }
            if state is State.APPROVED and _is_same(reviewing, published.current):
                state = State.PUBLISHED
    except (StoreError, OSError):
        # Damaged papers of a publication are named where it is published again.
        found["published"] = None
    return {**found, "state": state.value}


@functools.lru_cache(maxsize=2)
def _models_here(_minute: int) -> tuple[str, ...]:
    """Names of the models that are on this machine: looked for once a minute, for all changes."""
    return tuple(entry.name for entry in models.catalogue() if entry.path)


def _is_same(reviewing: Reviewing, version: int) -> bool:
    publication = read_publication(reviewing.walk.folder)
    approval = reviewing.review.approval
    return bool(
        publication is not None
        and publication.version == version
        and approval is not None
        and publication.content == approval.version
    )


def _set_time(reviewing: Reviewing, _body: dict[str, Any], by: str, *, at: object) -> None:
    """Have what is approved published at a time."""
    if not isinstance(at, str):
        raise ReviewError("`at` is no time.")
    if reviewing.state is not State.APPROVED:
        raise ReviewError("Approve the episode first, then say when it is published.")
    time = appointment(at, timezone_of(reviewing.walk))
    reviewing.approve(by=by, publish_at=time.isoformat(), seen=reviewing.review.seq)


class _Press:
    """What the routes share."""

    def __init__(self, desk: DeskContext, shelf: Shelf) -> None:
        self._desk = desk
        self._shelf = shelf

    async def approve(self, request: Request, episode_id: str) -> Response:
        """Approve the episode as the editor has seen it."""

        def work(reviewing: Reviewing, body: dict[str, Any], by: str) -> None:
            seen = body.get("seen")
            reviewing.approve(by=by, seen=seen if isinstance(seen, int) else None)

        return await self._decide(request, episode_id, work)

    async def withdraw(self, request: Request, episode_id: str) -> Response:
        """Take an approval back."""

        def work(reviewing: Reviewing, _body: dict[str, Any], by: str) -> None:
            reviewing.withdraw(by=by)

        return await self._decide(request, episode_id, work)

    async def publish(self, request: Request, episode_id: str) -> Response:
        """Publish what is approved, now or at a time."""
        try:
            at = (await read_body(request)).get("at")
        except ReviewError as error:
            return answers.error(400, str(error))
        if at:
            return await self._decide(request, episode_id, partial(_set_time, at=at))
        return await self._release(request, episode_id, release)

    async def unpublish(self, request: Request, episode_id: str) -> Response:
        """Take back what is published."""
        return await self._release(request, episode_id, take_back)

    async def _decide(
        self,
        request: Request,
        episode_id: str,
        work: Callable[[Reviewing, dict[str, Any], str], None],
    ) -> Response:
        """Do something to an episode that is quickly done."""
        by = editor_of(request)
        if by is None:
            return answers.error(401, NOBODY)
        try:
            body = await read_body(request)
        except ReviewError as error:
            return answers.error(400, str(error))

        def run() -> Response:
            with self._shelf.opened(episode_id) as episode:
                check_draft(episode, body)
                work(episode.reviewing, body, by)
            return self._standing(episode_id, by)

        return await answer(run)

    async def _release(
        self, request: Request, episode_id: str, work: Callable[..., Releases]
    ) -> Response:
        """Publish or take back, which takes its time: nobody is kept from editing meanwhile."""
        by = editor_of(request)
        if by is None:
            return answers.error(401, NOBODY)

        def run() -> Response:
            with self._shelf.opened(episode_id) as episode:
                walk = episode.reviewing.walk
            done = work(Walk(folder=walk.folder, settings=walk.settings), by=by).episodes[0]
            is_refused = isinstance(done.error, PublishingError) or done.publication is None
            if done.error is not None and is_refused:
                raise done.error
            return self._standing(episode_id, by, warnings=list(done.failures))

        return await answer(run)

    def _standing(self, episode_id: str, by: str, *, warnings: Sequence[str] = ()) -> Response:
        """Where the episode stands now."""
        with self._shelf.opened(episode_id) as episode:
            told = describe_standing(episode.reviewing, editor=by)
            told |= describe_publication(self._desk, episode.reviewing)
        return JSONResponse({**told, "warnings": list(warnings)})

    async def again(self, request: Request, episode_id: str) -> Response:
        """Transcribe a passage again, with another model or with names to listen for."""
        try:
            body = await read_body(request)
            span, terms = _span(body), _terms(body)
        except ReviewError as error:
            return answers.error(400, str(error))

        def run() -> Response:
            with self._shelf.opened(episode_id) as episode:
                show = episode.reviewing.draft.episode.metadata.show
            for term in terms:
                add_term(self._desk.root, show, term)
            model = body.get("model")
            known = [entry.name for entry in models.catalogue() if entry.path]
            if model and model not in known:
                raise ReviewError(f"The model {model!r} is not on this machine.")
            options = RunOptions(redo=span, model=str(model) if model else None)
            start_again(self._desk, episode_id, options)
            return JSONResponse({}, status_code=202)

        return await answer(run)


def _span(body: dict[str, Any]) -> Span:
    start, end = body.get("start"), body.get("end")
    if not isinstance(start, (int, float)) or not isinstance(end, (int, float)):
        raise ReviewError("Say from when to when, in seconds.")
    if not 0 <= start < end or end - start > MOST_AGAIN_S:
        raise ReviewError("A passage is at most half an hour, and ends after it begins.")
    return Span(start=float(start), end=float(end))


def _terms(body: dict[str, Any]) -> list[str]:
    terms = body.get("glossary") or []
    if not isinstance(terms, list) or not all(isinstance(term, str) for term in terms):
        raise ReviewError("Names to listen for are a list of texts.")
    return terms
