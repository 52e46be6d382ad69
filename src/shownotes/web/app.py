"""The desk as an application: its pages, and the routes of all its parts behind the guard."""

import threading
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import FileResponse, HTMLResponse, PlainTextResponse, Response

from shownotes.adapters.pages import as_markup, render_desk
from shownotes.adapters.peaks import read_peaks
from shownotes.batch import RunOptions
from shownotes.errors import ReviewError
from shownotes.settings import Settings
from shownotes.steps.render import materialize, template_roots
from shownotes.steps.step import Walk
from shownotes.steps.targets import TARGETS, make_all
from shownotes.web.approving import approving_routes, describe_publication
from shownotes.web.context import DeskContext
from shownotes.web.desk_data import describe, words_html
from shownotes.web.editing import answer, draft_of, editing_routes
from shownotes.web.guard import PREVIEW_POLICY, Guard
from shownotes.web.listing import listing_routes, read_all
from shownotes.web.media import media_routes
from shownotes.web.sessions import session_routes
from shownotes.web.shelf import OpenEpisode, Shelf
from shownotes.web.tray import tray_routes
from shownotes.web.uploads import upload_routes
from shownotes.web.visit import asked_for_name, csrf_of, editor_of

REVIEW = "review"
_STATIC = {".js": "text/javascript", ".css": "text/css"}


def build_desk(
    settings: Settings,
    *,
    host: str | None = None,
    port: int | None = None,
    start_run: Callable[[Sequence[Path], RunOptions], None] | None = None,
) -> tuple[Guard, DeskContext]:
    """The application behind its guard, and what it was told."""
    shelf = Shelf(settings)
    folders = tuple(root / REVIEW for root in template_roots(settings))
    desk = DeskContext(
        settings=settings,
        render=partial(_render, folders, settings.root),
        folder_of=shelf.folder_of,
        start_run=start_run,
        host=host or settings.desk.host,
        port=settings.desk.port if port is None else port,
    )

    pages = Pages(desk, shelf, folders)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        # The first search need not wait for a thousand transcripts to be read.
        ready = partial(shelf.keep_ready, pages.rehearse)
        for ahead in (ready, partial(read_all, settings)):
            threading.Thread(target=ahead, daemon=True).start()
        yield
        shelf.close()

    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None, lifespan=lifespan)
    publication = partial(describe_publication, desk)
    for routes in (
        session_routes(desk),
        listing_routes(desk),
        tray_routes(desk),
        page_routes(pages),
        editing_routes(desk, shelf, publication),
        approving_routes(desk, shelf),
        media_routes(desk),
        upload_routes(desk),
    ):
        app.include_router(routes)
    app.add_exception_handler(404, partial(_message, desk))
    return Guard(app, desk), desk


def _render(folders: Sequence[Path], root: Path, template: str, /, **context: object) -> str:
    return render_desk(template, folders, root=root, **context)


async def _message(desk: DeskContext, request: Request, _error: Exception) -> Response:
    if request.url.path.startswith("/api/"):
        return Response(
            '{"error": "There is no such thing here."}', 404, media_type="application/json"
        )
    page = desk.render(
        "message.html", title="Not here", message="There is no such page, or no such episode."
    )
    return HTMLResponse(page, status_code=404)


def page_routes(pages: "Pages") -> APIRouter:
    """The page of an episode, what is shown in it, and the files that pages are made of."""
    router = APIRouter()
    add = partial(router.add_api_route, response_model=None, methods=["GET"])
    add("/episode/{episode_id}", pages.show)
    add("/episode/{episode_id}/peaks", pages.peaks)
    add("/episode/{episode_id}/preview/{target}", pages.preview)
    add("/static/{name}", pages.static)
    return router


class Pages:
    """What the routes share."""

    def __init__(self, desk: DeskContext, shelf: Shelf, folders: Sequence[Path]) -> None:
        self._desk = desk
        self._shelf = shelf
        self._folders = folders

    async def show(self, request: Request, episode_id: str) -> Response:
        """The desk of one episode."""
        asking = asked_for_name(request)
        if asking is not None:
            return asking
        editor = editor_of(request)

        def work() -> Response:
            try:
                with self._shelf.opened(episode_id) as episode:
                    shown = self._of(episode, editor)
            except KeyError:
                return self._message(404, "There is no such episode.")
            except ReviewError as error:
                return self._message(409, str(error))
            return HTMLResponse(self._made(shown, editor, csrf_of(request, self._desk)))

        return await answer(work)

    def rehearse(self, episode: OpenEpisode) -> None:
        """Make an episode's page for nobody, so that the first editor does not wait."""
        self._made(self._of(episode, ""), "", "")

    def _of(self, episode: OpenEpisode, editor: str | None) -> dict[str, Any]:
        reviewing = episode.reviewing
        data = describe(reviewing, editor=editor) | describe_publication(self._desk, reviewing)
        data["draft"] = draft_of(episode)
        words = words_html(reviewing.segments, reviewing.speakers)
        return {"desk": data, "transcript_html": as_markup(words)}

    def _made(self, shown: Mapping[str, Any], editor: str | None, csrf: str) -> str:
        has_accounts = self._desk.has_accounts()
        return self._desk.render(
            "desk.html", **shown, editor=editor, has_accounts=has_accounts, csrf=csrf
        )

    def _message(self, status: int, message: str) -> Response:
        page = self._desk.render("message.html", title="Not yet", message=message)
        return HTMLResponse(page, status_code=status)

    async def peaks(self, episode_id: str) -> Response:
        """How loud it is, one byte a twentieth of a second."""

        def work() -> Response:
            folder = self._desk.folder_of(episode_id)
            if folder is None:
                raise KeyError(episode_id)
            found = read_peaks(Walk(folder=folder, settings=self._desk.settings))
            return Response(found, media_type="application/octet-stream")

        return await answer(work)

    async def preview(self, episode_id: str, target: str) -> Response:
        """A file as it would be published now."""
        if target not in {known.name for known in TARGETS}:
            return Response("There is no such file.", 404, media_type="text/plain")

        def work() -> Response:
            with self._shelf.opened(episode_id) as episode:
                reviewing = episode.reviewing
                notes, transcript = reviewing.notes(), reviewing.transcript()
            material = materialize(reviewing.walk, reviewing.draft.episode, notes, transcript)
            # Without what stands on a draft for its editor alone.
            page = replace(material.page, for_editor=False)
            text = dict(make_all(replace(material, page=page))).get(target)
            if text is None:
                return PlainTextResponse("There is nothing to make this file of yet.")
            kind = "text/html" if target.endswith(".html") else "text/plain"
            headers = {"Content-Security-Policy": PREVIEW_POLICY}
            return Response(text, media_type=f"{kind}; charset=utf-8", headers=headers)

        return await answer(work)

    async def static(self, name: str) -> Response:
        """A script or style of ours: one that lies among the templates, never a path."""
        kind = _STATIC.get(Path(name).suffix)
        for folder in self._folders:
            known = {path.name: path for path in folder.glob("*")} if folder.is_dir() else {}
            if kind is not None and name in known and known[name].is_file():
                return FileResponse(known[name], media_type=kind)
        return Response("There is no such file.", 404, media_type="text/plain")
