"""Answers that every part of the desk gives alike."""

from fastapi.responses import JSONResponse


def error(status: int, message: str, *, headers: dict[str, str] | None = None) -> JSONResponse:
    """A refusal, in a sentence for a person."""
    return JSONResponse({"error": message}, status_code=status, headers=headers)
