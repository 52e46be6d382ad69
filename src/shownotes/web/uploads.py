"""A file dropped on the page, into the in-tray."""

from anyio import to_thread
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from starlette.requests import ClientDisconnect

from shownotes.adapters.intake import Intake, receive_file, remove_left_over
from shownotes.batch import RunOptions
from shownotes.core.file_names import clean_file_name
from shownotes.errors import DiskFullError, ShowNotesError, StoreError, UploadError
from shownotes.steps.intray import AUDIO_ENDINGS
from shownotes.web.answers import error
from shownotes.web.context import DeskContext
from shownotes.web.sessions import editor_of

# Bytes handed to the disk at a time.
_PIECE_BYTES = 2**20


def upload_routes(desk: DeskContext) -> APIRouter:
    """The routes of this module; clears away what an earlier server left."""
    router = APIRouter()
    remove_left_over(desk.settings.audio_folder)

    async def upload(request: Request, name: str) -> Response:
        if editor_of(request) is None:
            return error(401, "Say who you are first, so that it is known who sent the file.")
        try:
            stored, is_new = await _store(request, name, desk)
        except UploadError as refused:
            return error(refused.status, str(refused))
        except DiskFullError as refused:
            return error(507, str(refused))
        except StoreError as refused:
            return error(500, str(refused))
        except ClientDisconnect:
            # Nobody is left to be told; or the guard tells why it hung up.
            return Response(status_code=400)
        told = {"name": stored, "is_new": is_new}
        if desk.start_run is not None:
            try:
                path = desk.settings.audio_folder / stored
                await to_thread.run_sync(desk.start_run, [path], RunOptions())
            except ShowNotesError as failed:
                # The file is there all the same.
                told["error"] = str(failed)
        return JSONResponse(told, status_code=201 if is_new else 200)

    router.add_api_route("/api/uploads/{name}", upload, methods=["PUT"], response_model=None)
    return router


async def _store(request: Request, name: str, desk: DeskContext) -> tuple[str, bool]:
    cleaned = clean_file_name(name, endings=AUDIO_ENDINGS)
    if request.headers.get("content-encoding", "identity") != "identity":
        raise UploadError("Send the file as it is, without Content-Encoding.", status=415)
    declared = request.headers.get("content-length")
    with receive_file(
        desk.settings.audio_folder,
        cleaned,
        most_bytes=desk.settings.desk.most_upload_mb * 2**20,
        declared=int(declared) if declared else None,
    ) as intake:
        await _write(request, intake)
        return await to_thread.run_sync(intake.finish)


async def _write(request: Request, intake: Intake) -> None:
    piece = bytearray()
    async for data in request.stream():
        piece += data
        if len(piece) >= _PIECE_BYTES:
            await to_thread.run_sync(intake.write, bytes(piece))
            piece.clear()
    await to_thread.run_sync(intake.write, bytes(piece))
