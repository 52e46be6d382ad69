"""The desk on a socket: uvicorn, told to be patient for so long and no longer.

Why a protocol of our own: uvicorn waits forever for the first bytes of a request, so that anybody
could hold all its connections with nothing. What comes after the head of a request is the guard's.
"""

import asyncio
import os
import socket
import sys
from typing import Any, cast

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from shownotes.adapters.accounts import check_binding
from shownotes.errors import SettingsError
from shownotes.web.context import DeskContext
from shownotes.web.guard import Guard
from shownotes.web.origins import other_names

# Seconds from a connection's first byte, or the end of its last request, to the end of a head.
HEAD_S = 30.0
# A browser keeps at most six connections for a tab.
MOST_CONNECTIONS = 200
# Seconds after which a thread that computes lets another one in; Python's 5 ms, taken at each of
# the ten times that a save goes to the disk and back, are what an editor feels.
_TURN_S = 0.001
# Seconds that a request may still take when the desk is closed.
_CLOSING_S = 5
_TOO_SLOW = b"The request took too long to arrive.\n"


class _Patient(H11Protocol):
    """uvicorn's HTTP/1.1, with an end to the wait for a request's head."""

    head_s = HEAD_S

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(cast("asyncio.Transport", transport))
        self._has_bytes = False
        self._timer: asyncio.TimerHandle | None = None
        self._watch()

    def data_received(self, data: bytes) -> None:
        self._has_bytes = True
        super().data_received(data)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop()
        super().connection_lost(exc)

    def _watch(self) -> None:
        """Count from here when a head is due, and go on counting while it is."""
        if self.conn.their_state is not h11.IDLE:
            self._stop()
        elif self._timer is None:
            self._timer = self.loop.call_later(self.head_s, self._give_up)

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _give_up(self) -> None:
        if self.transport.is_closing():
            return
        # A connection that was only opened, as browsers do in advance, is closed without a word.
        if self._has_bytes and self.conn.our_state is h11.IDLE:
            headers = [
                (b"content-type", b"text/plain; charset=utf-8"),
                (b"content-length", str(len(_TOO_SLOW)).encode()),
                (b"connection", b"close"),
            ]
            for event in (
                h11.Response(status_code=408, headers=headers, reason=b"Request Timeout"),
                h11.Data(data=_TOO_SLOW),
                h11.EndOfMessage(),
            ):
                self.transport.write(self.conn.send(event) or b"")
        self.transport.close()


def listen(desk: DeskContext) -> socket.socket:
    """The desk's place on the network, before anybody is told that it is open.

    Raises:
        SettingsError: somebody else is there, or there is no such address.
    """
    family = socket.AF_INET6 if ":" in desk.host else socket.AF_INET
    # Named, or asyncio leaves Nagle's algorithm on, and every answer waits 40 ms.
    place = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    if os.name == "posix":
        place.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        place.bind((desk.host, desk.port))
        place.listen(MOST_CONNECTIONS)
    except OSError as error:
        place.close()
        raise SettingsError(
            f"The desk cannot listen on {desk.host}, port {desk.port}: {error.strerror}. If "
            f"another desk is open there, use that one; else: shownotes desk --port {desk.port + 1}"
        ) from error
    return place


def server(app: Any, desk: DeskContext, *, head_s: float = HEAD_S) -> uvicorn.Server:
    """A server for the desk's application, which stands behind the guard whoever made it.

    Args:
        app: the routes, bare or behind their guard.
        desk: says where to listen.
        head_s: how long the head of a request may take.

    Raises:
        AccountError: the desk could be reached from elsewhere, and there is no account.
    """
    check_binding(desk.host, desk.root, reached_as=other_names(desk))
    sys.setswitchinterval(_TURN_S)

    class Protocol(_Patient):
        pass

    Protocol.head_s = head_s
    config = uvicorn.Config(
        app if isinstance(app, Guard) else Guard(app, desk),
        host=desk.host,
        port=desk.port,
        http=Protocol,
        ws="none",
        # The guard believes proxies, and only those that the operator trusts.
        proxy_headers=False,
        server_header=False,
        # Addresses of invitations are keys, and do not belong in a log.
        access_log=False,
        limit_concurrency=MOST_CONNECTIONS,
        timeout_graceful_shutdown=_CLOSING_S,
        log_level="warning",
    )
    return uvicorn.Server(config)
