"""A request's body with an end to its size and to the patience with it."""

import asyncio
import time
from contextlib import suppress
from dataclasses import dataclass

from starlette.types import Message, Receive, Send

# After a refusal this much of a body that still comes is read and thrown away, for this long in all
# and without a byte, in bytes and seconds: a browser that is cut off in the middle of sending never
# reads the answer.
_LINGER_BYTES = 32 * 2**20
_LINGER_S = 5.0
_LINGER_SILENCE_S = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a body may be.

    Attributes:
        most_bytes: of it.
        silence_s: without a byte.
        whole_s: for all of it; `None` where only silence counts.
    """

    most_bytes: int
    silence_s: float
    whole_s: float | None


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a body was not taken."""

    status: int
    message: str


class Body:
    """The receiving side of a request. Once a limit is passed, the client seems to have gone.

    Attributes:
        refusal: which limit, if any.
    """

    def __init__(self, receive: Receive, limits: Limits) -> None:
        self._receive = receive
        self._limits = limits
        self._size = 0
        self._is_whole = False
        self._end = None if limits.whole_s is None else time.monotonic() + limits.whole_s
        self.refusal: Refusal | None = None

    async def receive(self) -> Message:
        """The next message, as ASGI has it."""
        if self.refusal is not None:
            return {"type": "http.disconnect"}
        if self._is_whole:
            return await self._receive()
        try:
            message = await asyncio.wait_for(self._receive(), self._patience())
        except TimeoutError:
            return self._refuse(408, "The request took too long to arrive. Try again.")
        if message["type"] == "http.request":
            self._size += len(message.get("body", b""))
            self._is_whole = not message.get("more_body", False)
            if self._size > self._limits.most_bytes:
                return self._refuse(413, too_large(self._limits.most_bytes))
        return message

    def _patience(self) -> float:
        silence = self._limits.silence_s
        return (
            silence if self._end is None else max(0.0, min(silence, self._end - time.monotonic()))
        )

    def _refuse(self, status: int, message: str) -> Message:
        self.refusal = Refusal(status, message)
        return {"type": "http.disconnect"}


def too_large(most_bytes: int) -> str:
    """What is said of a body that is too large."""
    size = f"{most_bytes / 2**20:.0f} MB" if most_bytes >= 2**20 else f"{most_bytes // 2**10} kB"
    return f"This is more than the {size} that may be sent at once."


async def answer_and_linger(receive: Receive, send: Send, start: Message, content: bytes) -> None:
    """Send an answer to a request whose body was not read to its end, so that it is read."""
    await send(start)
    await send({"type": "http.response.body", "body": content, "more_body": True})
    size = 0
    with suppress(TimeoutError):
        async with asyncio.timeout(_LINGER_S):
            while size < _LINGER_BYTES:
                message = await asyncio.wait_for(receive(), _LINGER_SILENCE_S)
                size += len(message.get("body", b""))
                if message["type"] != "http.request" or not message.get("more_body", False):
                    break
    await send({"type": "http.response.body", "body": b"", "more_body": False})
