"""What lies in the in-tray and is no episode yet, and why, beside the list of episodes."""

from pathlib import PurePosixPath
from typing import Any

from fastapi import APIRouter
from fastapi.responses import JSONResponse, Response

from shownotes.adapters.intray_book import Entry, is_watched, read_entries
from shownotes.core.dropped import FileState
from shownotes.settings import Settings
from shownotes.web.context import DeskContext
from shownotes.web.editing import answer

# More than these nobody reads; the others are counted.
MOST_SHOWN = 50
_WORDS = {
    FileState.ARRIVING: ("Arriving", "queued"),
    FileState.WAITING: ("Waiting", "waiting"),
    FileState.QUEUED: ("Queued", "queued"),
    FileState.PROCESSING: ("Being made", "processing"),
    FileState.REFUSED: ("Refused", "failed"),
}


def tray_routes(desk: DeskContext) -> APIRouter:
    """The routes of this module."""
    router = APIRouter()

    async def tray() -> Response:
        """The files, for the list that keeps itself up to date."""
        return await answer(lambda: JSONResponse(describe_tray(desk.settings)))

    router.add_api_route("/api/tray", tray, methods=["GET"], response_model=None)
    return router


def describe_tray(settings: Settings) -> dict[str, Any]:
    """What waits, and whether anybody sees to it."""
    entries = read_entries(settings.output_folder, with_done=False)
    # An episode tells of itself in the list, unless another version of it is coming.
    told = [e for e in entries if e.episode is None or e.state is FileState.ARRIVING]
    return {
        "is_watched": is_watched(settings.output_folder),
        "files": [_describe(entry) for entry in told[:MOST_SHOWN]],
        "more": max(0, len(told) - MOST_SHOWN),
    }


def _describe(entry: Entry) -> dict[str, Any]:
    words, state = _WORDS[entry.state]
    return {
        "path": entry.path,
        "name": PurePosixPath(entry.path).name,
        "words": words,
        "state": state,
        "reason": entry.reason,
        "until": entry.retry_at,
    }
