"""What a child process and its parent say to each other: frames over pipes.

Why not `multiprocessing`: it pickles, and a child that reads files of strangers is not to be
believed more than its answers in JSON; and pipes of a plain child work alike on Linux, macOS and
Windows.
"""

import contextlib
import json
import os
import queue
import signal
import struct
import sys
import threading
from collections.abc import Callable, Mapping
from functools import partial
from typing import IO, Any

_HEAD = struct.Struct(">II")
Send = Callable[[Mapping[str, Any]], None]
Requests = queue.SimpleQueue[tuple[dict[str, Any], bytes]]


def write_frame(stream: IO[bytes], message: Mapping[str, Any], payload: bytes = b"") -> None:
    """Send a message: two lengths (4 bytes each, big-endian), JSON, raw bytes."""
    text = json.dumps(message).encode()
    stream.write(_HEAD.pack(len(text), len(payload)) + text)
    stream.write(payload)
    stream.flush()


def read_frame(stream: IO[bytes]) -> tuple[dict[str, Any], bytes] | None:
    """The next message and its raw bytes; `None` when the other side has gone."""
    head = stream.read(_HEAD.size)
    if len(head) < _HEAD.size:
        return None
    text_length, payload_length = _HEAD.unpack(head)
    text, payload = stream.read(text_length), stream.read(payload_length)
    if len(text) < text_length or len(payload) < payload_length:
        return None
    return json.loads(text), payload


def serve(
    answer: Callable[[dict[str, Any], bytes, Send], None],
    *,
    get_ready: Callable[[], None] = lambda: None,
    idle_s: float | None = None,
) -> None:
    """Be the child: answer requests until the parent closes the pipe or has been silent too long.

    Args:
        answer: does what a request asks and sends all answers, the last being `done`.
        get_ready: done at once, while requests may be coming already.
        idle_s: how long to wait for another request, in seconds; for ever by default.
    """
    # Ctrl-C reaches every process of the terminal; the parent decides what becomes of this one.
    with contextlib.suppress(ValueError):
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    send = partial(write_frame, _take_stdout())
    requests: Requests = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(sys.stdin.buffer, requests), daemon=True).start()
    get_ready()
    while True:
        try:
            request, payload = requests.get(timeout=idle_s)
        except queue.Empty:
            # Not by the interpreter's own end, which aborts when it finds the listener reading.
            os._exit(0)
        try:
            answer(request, payload, send)
        except Exception as error:  # noqa: BLE001  (the border: the parent makes it one of ours)
            send({"event": "failed", "kind": type(error).__name__, "message": str(error)})


def _take_stdout() -> IO[bytes]:
    """Keep stdout for frames alone; whatever a library prints goes to stderr."""
    kept = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return kept


def _listen(stream: IO[bytes], requests: Requests) -> None:
    while (frame := read_frame(stream)) is not None:
        requests.put(frame)  # nosec B113
    # The parent has gone or has closed us, perhaps in mid-work: nobody waits for the answer.
    os._exit(0)
