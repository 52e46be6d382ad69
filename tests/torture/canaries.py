"""Files outside and an address that nobody may touch, and the watch over them."""

import ctypes
import os
import struct
import threading
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from shownotes.adapters.encoding import encode
from tests.audio_files import speech
from tests.torture.hostile_media import Canary

MARK = b"CANARY-b3c1"
# inotify(7): opened, read, written, attributes, made, removed, moved.
_EVENTS = {0x20: "opened", 0x1: "read", 0x2: "written", 0x100: "made", 0x200: "removed"}
_MASK = 0x20 | 0x1 | 0x2 | 0x100 | 0x200 | 0x40 | 0x80
_NONBLOCK = os.O_NONBLOCK


class Canaries:
    """Use as a context manager; `touched` says what was."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True)
        self._folder = folder
        self._seen: list[str] = []
        audio, text = folder / "secret.mp3", folder / "secret.txt"
        encode(speech(), audio, tags={"title": MARK.decode()})
        text.write_bytes(b"title = 'x'\n\n" + MARK + b" is nobody's business.\n")
        seen = self._seen

        class Handler(BaseHTTPRequestHandler):
            def handle(self) -> None:
                seen.append(f"a connection to the canary address from {self.client_address}")

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        url = f"http://127.0.0.1:{self._server.server_address[1]}/secret.mp3"
        self.canary = Canary(audio=audio, text=text, url=url)

    def __enter__(self) -> "Canaries":
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self._watch = _watch(self._folder)
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        if self._watch is not None:
            os.close(self._watch)

    def touched(self) -> list[str]:
        """What was opened, read, written or connected to since the beginning."""
        found = list(self._seen)
        if self._watch is not None:
            found += [f"{self._folder / name} was {what}" for name, what in _events(self._watch)]
        return list(dict.fromkeys(found))


def _watch(folder: Path) -> int | None:
    """The kernel's own watch over a folder's files; `None` where there is none (not Linux)."""
    try:
        libc = ctypes.CDLL(None, use_errno=True)
        handle: int = libc.inotify_init1(_NONBLOCK)
        libc.inotify_add_watch(handle, os.fsencode(folder), _MASK)
    except (AttributeError, OSError):
        return None
    return handle


def _events(handle: int) -> Iterator[tuple[str, str]]:
    with suppress(BlockingIOError):
        while data := os.read(handle, 65_536):
            at = 0
            while at < len(data):
                _, mask, _, length = struct.unpack_from("iIII", data, at)
                name = os.fsdecode(data[at + 16 : at + 16 + length].rstrip(b"\0"))
                what = " and ".join(word for bit, word in _EVENTS.items() if mask & bit)
                # Without a name it is the folder itself: other programs of this machine list it.
                if name:
                    yield name, what or f"touched ({mask:#x})"
                at += 16 + length
