"""The list of episodes and the search over all of them, from the derived index."""

import contextlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, replace
from functools import partial
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response

from shownotes.adapters import index, models
from shownotes.adapters.full_text import Hit
from shownotes.adapters.index import Row, Sources
from shownotes.adapters.store import EpisodeFolder
from shownotes.batch import RunOptions
from shownotes.core.passages import Passage, of_notes, of_transcript
from shownotes.core.timecodes import clock
from shownotes.errors import ReviewError, ShowNotesError
from shownotes.model import Episode, State, WaitsFor
from shownotes.settings import Settings
from shownotes.steps import cancelling
from shownotes.steps.reviewing import reviewed
from shownotes.steps.reviews import BOX, ReviewBox, is_reviewed
from shownotes.steps.standing import state_of
from shownotes.steps.step import Walk
from shownotes.web.answers import error
from shownotes.web.context import DeskContext
from shownotes.web.editing import answer
from shownotes.web.fetching import Fetches
from shownotes.web.tray import describe_tray
from shownotes.web.visit import asked_for_name, csrf_of, editor_of

STATES = {
    State.WAITING: "Waiting",
    State.QUEUED: "Queued",
    State.PROCESSING: "Being made",
    State.FAILED: "Failed",
    State.DRAFT: "Draft",
    State.IN_REVIEW: "In review",
    State.APPROVED: "Approved",
    State.CHANGED_SINCE_APPROVAL: "Changed since approval",
    State.PUBLISHED: "Published",
}
LEFT = "The run that was working on it ended. What was finished is kept."


def sources_of(settings: Settings) -> Sources:
    """How the index reads an episode: as the editor has it."""

    def passages(folder: EpisodeFolder) -> Iterable[Passage]:
        if not is_reviewed(folder):
            return index.passages_of(folder)
        edited = reviewed(Walk(folder=folder, settings=settings))
        if edited is None:
            return index.passages_of(folder)
        notes, transcript = edited
        return [*of_transcript(transcript), *of_notes(notes)]

    return Sources(state=state_of, passages=passages, shown=as_edited)


def as_edited(folder: EpisodeFolder, row: Row) -> Row:
    """A row of the list with the title, guests and checks that the editor has left."""
    if not folder.has(BOX):
        return row
    box = folder.read(BOX, ReviewBox)
    checks = box.checks + box.conflicts
    return replace(row, title=box.title or row.title, guests=box.guests, checks=checks)


def read_all(settings: Settings) -> None:
    """Bring the index up to date; one that cannot be written is named where it is asked."""
    with contextlib.suppress(ShowNotesError, OSError):
        index.refresh(settings.output_folder, sources=sources_of(settings))


def listing_routes(desk: DeskContext) -> APIRouter:
    """The routes of this module."""
    router = APIRouter()
    shelf = _Listing(desk)
    add = partial(router.add_api_route, response_model=None, methods=["GET"])
    add("/", shelf.show)
    add("/search", shelf.search)
    add("/api/episodes", shelf.rows)
    post = partial(router.add_api_route, response_model=None, methods=["POST"])
    post("/api/episodes/{episode_id}/retry", shelf.retry)
    post("/api/models/{name}/fetch", shelf.fetch)
    return router


class _Listing:
    """What the routes share."""

    def __init__(self, desk: DeskContext) -> None:
        self._desk = desk
        self._sources = sources_of(desk.settings)
        self._fetches = Fetches(self._go_on)

    def _rows(self) -> list[Row]:
        return index.rows(self._desk.settings.output_folder, sources=self._sources)

    async def rows(self) -> Response:
        """The episodes, for the list that keeps itself up to date."""
        return await answer(lambda: JSONResponse([self._describe(row) for row in self._rows()]))

    async def show(self, request: Request) -> Response:
        """The list, filtered as asked; works without scripts."""
        asking = asked_for_name(request)
        if asking is not None:
            return asking
        asked = request.query_params
        text, state = asked.get("filter", "").strip(), asked.get("state", "")

        def work() -> Response:
            everything = self._rows()
            chosen = [row for row in everything if _fits(row, text, state)]
            counts = Counter(row.state for row in everything)
            page = self._desk.render(
                "list.html",
                episodes=[self._describe(row) for row in chosen],
                filter=text,
                state=state,
                states=[(s.value, words, counts[s]) for s, words in STATES.items() if counts[s]],
                total=len(everything),
                tray=describe_tray(self._desk.settings),
                **self._person(request),
            )
            return HTMLResponse(page)

        return await answer(work)

    async def search(self, request: Request) -> Response:
        """Places in transcripts and notes, each opening at its time."""
        query = request.query_params.get("q", "").strip()[:500]

        def work() -> Response:
            hits: list[Hit] = []
            if query:
                output = self._desk.settings.output_folder
                hits = index.search(output, query, sources=self._sources)
            page = self._desk.render(
                "search.html",
                query=query,
                results=[describe_hit(hit) for hit in hits],
                **self._person(request),
            )
            return HTMLResponse(page)

        return await answer(work)

    async def retry(self, episode_id: str) -> Response:
        """Process an episode again that failed."""

        def work() -> Response:
            start_again(self._desk, episode_id, RunOptions())
            return JSONResponse({}, status_code=202)

        return await answer(work)

    async def fetch(self, request: Request, name: str) -> Response:
        """Fetch a speech model that episodes wait for; they go on when it is here."""
        if editor_of(request) is None:
            return error(401, "Say who you are first: load the page again.")

        def work() -> Response:
            if self._desk.settings.speech.download == "never":
                raise ReviewError('Nothing is fetched here: [speech] download = "never".')
            begun = self._fetches.start(name)
            return JSONResponse(asdict(begun), status_code=202)

        return await answer(work)

    def _go_on(self, name: str) -> None:
        """Process what waited for a model that is here now."""
        waiting = [row for row in self._rows() if row.model == name and not _is_on_its_own(row)]
        if waiting and self._desk.start_run is None:
            raise ReviewError("The model is here. Now start: shownotes process")
        for row in waiting:
            start_again(self._desk, row.id, RunOptions())

    def _describe(self, row: Row) -> dict[str, Any]:
        told = describe_row(row)
        if row.waits_for is not WaitsFor.MODEL or row.model is None:
            return told
        fetch = self._fetches.find(row.model)
        if models.locate(row.model, root=self._desk.root) is None:
            told["needs"] = {
                "model": row.model,
                "megabytes": models.megabytes(row.model),
                "can_fetch": self._desk.settings.speech.download != "never",
                "fetch": asdict(fetch) if fetch else None,
            }
        elif fetch is not None and fetch.error is None:
            # It was asked to go on when the model came.
            told |= {"state": State.QUEUED.value, "waits_for": None, "error": None}
        else:
            words = f"The speech model {row.model} is here now; it goes on with the next run."
            words += f" {fetch.error}" if fetch and fetch.error else ""
            told |= {"waits_for": None, "error": words, "retryable": True}
        return told

    def _person(self, request: Request) -> dict[str, Any]:
        return {
            "editor": editor_of(request),
            "has_accounts": self._desk.has_accounts(),
            "csrf": csrf_of(request, self._desk),
        }


def start_again(desk: DeskContext, episode_id: str, options: RunOptions) -> None:
    """Begin to process an episode.

    Raises:
        KeyError: there is no such episode.
        ReviewError: nothing may be started here, or its audio is not there.
    """
    folder = desk.folder_of(episode_id)
    if folder is None:
        raise KeyError(episode_id)
    if desk.start_run is None:
        raise ReviewError("This desk only shows; start `shownotes process` on the machine itself.")
    episode = folder.read("episode.json", Episode)
    path = episode.audio.path if episode.audio else episode.transcript_path
    if path is None or not (desk.root / path).exists():
        raise ReviewError(f"{path or folder.name} is not there any more. Put it back into audio/.")
    # Whoever asks for it wants it, whatever somebody else has cancelled.
    cancelling.withdraw(folder)
    desk.start_run([desk.root / path], options)


def _is_on_its_own(row: Row) -> bool:
    """Whether an episode does not wait for a model, or not any more."""
    return row.waits_for is not WaitsFor.MODEL


def _fits(row: Row, text: str, state: str) -> bool:
    words = text.casefold().split()
    told = " ".join([row.title, row.show or "", *row.guests, row.folder]).casefold()
    return (not state or row.state == state) and all(word in told for word in words)


def describe_row(row: Row) -> dict[str, Any]:
    """An episode for the list."""
    # Whoever worked on one that stands in a step and is not claimed has died.
    is_left = row.state is State.WAITING and row.step is not None and row.error is None
    is_cancelled = row.waits_for is WaitsFor.RETRY
    return {
        "id": row.id,
        "url": f"/episode/{row.id}",
        "folder": row.folder,
        "title": row.title,
        "show": row.show,
        "state": row.state.value,
        "step": row.step,
        "audio_done": row.audio_done,
        "duration": row.duration,
        "error": LEFT if is_left else row.error,
        "retryable": row.state is State.FAILED or is_left or is_cancelled,
        "waits_for": row.waits_for.value if row.waits_for else None,
        "needs": None,
        "guests": list(row.guests),
        "checks": row.checks,
        "updated_at": row.updated_at,
    }


def describe_hit(hit: Hit) -> dict[str, Any]:
    """A place that was found, for the page."""
    at = "" if hit.start is None else f"#t={hit.start:.2f}"
    return {
        "episode_title": hit.title,
        "show": hit.show,
        "url": f"/episode/{hit.id}{at}",
        "clock": "" if hit.start is None else clock(hit.start),
        "where": hit.where.value,
        "snippet": [list(piece) for piece in hit.snippet],
    }
