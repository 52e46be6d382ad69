"""An episode's sound for the player, with ranges.

Why not Starlette's FileResponse: it answers 400 where RFC 9110 has a range ignored or 416 (units
that it does not know, `bytes=5-2`, one of several ranges too far), and knows no If-None-Match.
"""

import re
from collections.abc import AsyncIterator
from email.utils import formatdate
from pathlib import Path

import anyio
from fastapi import APIRouter, Request
from fastapi.responses import Response, StreamingResponse

from shownotes.adapters.store import EpisodeFolder
from shownotes.errors import NoAudioError, ShowNotesError
from shownotes.model import Episode
from shownotes.settings import Settings
from shownotes.web.answers import error
from shownotes.web.context import DeskContext
from shownotes.web.ranges import parse_range

_ID = re.compile(r"[0-9A-Za-z_-]{1,100}")
_PIECE_BYTES = 2**18
_COPY_TYPE = "audio/mpeg"
# By FFmpeg's name of the container; what is not here browsers do not play, and there is a copy.
_TYPES = {
    "mp3": "audio/mpeg",
    "mov,mp4,m4a,3gp,3g2,mj2": "audio/mp4",
    "ogg": "audio/ogg",
    "flac": "audio/flac",
    "wav": "audio/wav",
}
# Kept by this browser, and asked for each time whether it is still the same.
_KEPT = {"cache-control": "private, no-cache"}


def media_routes(desk: DeskContext) -> APIRouter:
    """The routes of this module."""
    router = APIRouter()

    def audio(request: Request, episode_id: str) -> Response:
        folder = find_folder(desk, episode_id)
        if folder is None:
            return error(404, "There is no such episode.")
        try:
            path, kind = audio_of(folder, desk.settings)
            return answer_file(request, path, kind)
        except ShowNotesError as missing:
            return error(404, str(missing))
        except OSError:
            return error(404, f"The audio of {folder.name} is gone.")

    router.add_api_route(
        "/episode/{episode_id}/audio", audio, methods=["GET", "HEAD"], response_model=None
    )
    return router


def find_folder(desk: DeskContext, episode_id: str) -> EpisodeFolder | None:
    """The folder of an episode; of what is not an id none is looked for."""
    return desk.folder_of(episode_id) if _ID.fullmatch(episode_id) else None


def audio_of(folder: EpisodeFolder, settings: Settings) -> tuple[Path, str]:
    """The file that a browser plays for an episode, and its media type.

    The listening copy where there is one, else the episode's own audio in the in-tray; the working
    audio where that lies elsewhere. A link that leads out of these folders is not followed.

    Raises:
        NoAudioError: there is none of these.
        FormatError: episode.json cannot be read.
    """
    episode = folder.read("episode.json", Episode)
    own, tray = folder.path.resolve(), settings.audio_folder.resolve()
    candidates: list[tuple[Path, Path, str]] = []
    if episode.listening_copy:
        candidates.append((folder.path / episode.listening_copy, own, _COPY_TYPE))
    elif episode.audio is not None:
        kind = _TYPES.get(episode.audio.container, "application/octet-stream")
        candidates.append((settings.root / episode.audio.path, tray, kind))
    if episode.working_audio:
        candidates.append((folder.path / episode.working_audio, own, _TYPES["wav"]))
    for path, inside, kind in candidates:
        real = path.resolve()
        if real.is_relative_to(inside) and real.is_file():
            return real, kind
    raise NoAudioError(
        f"{folder.name} has no audio that may be played from here: its work folder was cleaned, or "
        "its file lies outside the in-tray. Process it again."
    )


def answer_file(request: Request, path: Path, kind: str) -> Response:
    """A file, or the stretch of it that is asked for (RFC 9110: 13, conditions; 14, ranges)."""
    found = path.stat()
    etag = f'"{found.st_mtime_ns:x}-{found.st_size:x}"'
    modified = formatdate(found.st_mtime, usegmt=True)
    headers = {**_KEPT, "accept-ranges": "bytes", "etag": etag, "last-modified": modified}
    if _is_known(request, etag, modified):
        return Response(status_code=304, headers=headers)
    status, start, end = 200, 0, found.st_size
    asked = request.headers.get("range") if request.method == "GET" else None
    if asked is not None and request.headers.get("if-range", etag) in (etag, modified):
        try:
            stretch = parse_range(asked, found.st_size)
        except ValueError:
            headers["content-range"] = f"bytes */{found.st_size}"
            return Response(status_code=416, headers=headers)
        if stretch is not None:
            status, (start, end) = 206, stretch
            headers["content-range"] = f"bytes {start}-{end - 1}/{found.st_size}"
    headers["content-length"] = str(end - start)
    if request.method == "HEAD":
        return Response(status_code=status, headers=headers, media_type=kind)
    pieces = _read(path, start, end)
    return StreamingResponse(pieces, status_code=status, headers=headers, media_type=kind)


def _is_known(request: Request, etag: str, modified: str) -> bool:
    """Whether the browser has this version: by its tag if it names one, else by the time."""
    tags = request.headers.get("if-none-match")
    if tags is not None:
        known = {tag.strip().removeprefix("W/") for tag in tags.split(",")}
        return bool(known & {etag, "*"})
    return request.headers.get("if-modified-since") == modified


async def _read(path: Path, start: int, end: int) -> AsyncIterator[bytes]:
    async with await anyio.open_file(path, "rb") as file:
        await file.seek(start)
        while start < end:
            piece = await file.read(min(_PIECE_BYTES, end - start))
            if not piece:
                # Cut off meanwhile: the connection is, too, and the browser asks again.
                return
            start += len(piece)
            yield piece
