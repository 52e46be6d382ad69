"""One request to one server: connected to an address that was checked, answered within a deadline.

Why httpcore, which is under httpx, and not httpx itself: its network backends are where names are
looked up and bytes are read, so that what was checked is what is connected to, and a server that
sends a byte now and then cannot hold up a run. httpx would also write every address into a log,
and those of private feeds hold passwords.
"""

import functools
import logging
import os
import ssl
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import httpcore
import httpx

from shownotes.adapters.network_places import Resolve, places, resolve
from shownotes.errors import FetchError

# Seconds that a server has to accept a connection, for all of its answer's head, and then for each
# piece of its body.
CONNECT_S, HEAD_S, READ_S = 10.0, 60.0, 30.0
# Slower than this over so many seconds, and the server is left alone until the next attempt.
PACE_BYTES, PACE_S = 65_536, 60.0
# What it would say of every answer's head holds addresses too.
logging.getLogger("httpcore").setLevel(logging.INFO)
# Addresses of one name that are tried.
_MOST_PLACES = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Manners:
    """How servers are asked.

    Attributes:
        allow_private: this machine and private networks may be asked.
        resolve: looks names up.
        connect_s: seconds for a connection.
        head_s: seconds until the body begins.
        read_s: seconds for each piece of the body.
        pace_s: seconds over which `PACE_BYTES` must come.
    """

    allow_private: bool = False
    resolve: Resolve = resolve
    connect_s: float = CONNECT_S
    head_s: float = HEAD_S
    read_s: float = READ_S
    pace_s: float = PACE_S


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What a server answered; `body` is as it was sent, packed or not."""

    status: int
    headers: httpx.Headers
    body: Iterable[bytes]


@contextmanager
def request(url: httpx.URL, headers: Mapping[str, str], manners: Manners) -> Iterator[Reply]:
    """Ask for what is at an address, once, and hold the connection for the length of the block.

    Raises:
        AddressRefusedError: it may not be asked.
        FetchError: the server does not answer, or not within the time it has.
    """
    backend = _Backend(manners)
    asked = httpcore.Request(
        "GET",
        httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
        headers=list(
            {"Host": url.netloc.decode("ascii"), "Connection": "close", **headers}.items()
        ),
        extensions={"timeout": {"connect": manners.connect_s, "read": manners.read_s}},
    )
    context = _trusted(os.environ.get("SSL_CERT_FILE")) if url.scheme == "https" else None
    with httpcore.ConnectionPool(ssl_context=context, network_backend=backend) as pool:
        with _our_errors(url.host):
            response = pool.handle_request(asked)
        backend.deadline = None
        yield Reply(
            status=response.status,
            headers=httpx.Headers(response.headers),
            body=_body(response, url.host, manners.pace_s),
        )


@functools.cache
def _trusted(_certificates: str | None) -> ssl.SSLContext:
    """Whose certificates are believed; made once, for that takes a tenth of a second."""
    return httpx.create_ssl_context()


def _body(response: httpcore.Response, host: str, pace_s: float) -> Iterator[bytes]:
    """The body in pieces, unless it only drips."""
    began, got = time.monotonic(), 0
    with _our_errors(host):
        for piece in response.iter_stream():
            yield piece
            got += len(piece)
            if time.monotonic() - began < pace_s:
                continue
            if got < PACE_BYTES:
                raise FetchError(f"{host} sends too slowly; it is tried again another time.")
            began, got = time.monotonic(), 0


@contextmanager
def _our_errors(host: str) -> Iterator[None]:
    try:
        yield
    except httpcore.TimeoutException as error:
        raise FetchError(f"{host} does not answer in time.") from error
    except httpcore.ConnectError as error:
        raise FetchError(f"{host} cannot be reached: {error}.") from error
    except (httpcore.NetworkError, httpcore.ProtocolError) as error:
        raise FetchError(f"{host} broke off: {error or type(error).__name__}.") from error


class _Backend(httpcore.NetworkBackend):
    """Connects to addresses that may be asked, and to no others."""

    def __init__(self, manners: Manners) -> None:
        self._manners = manners
        self._plain = httpcore.SyncBackend()
        self.deadline: float | None = time.monotonic() + manners.head_s

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        """Connect to the first address of a name that accepts."""
        manners = self._manners
        found = places(host, port, allow_private=manners.allow_private, resolve=manners.resolve)
        *others, last = found[:_MOST_PLACES]
        connect = partial(
            self._plain.connect_tcp,
            port=port,
            local_address=local_address,
            socket_options=socket_options,
        )
        for place in others:
            try:
                return _Stream(connect(place, timeout=self.left(timeout)), self)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                continue
        return _Stream(connect(last, timeout=self.left(timeout)), self)

    def left(self, timeout: float | None) -> float | None:
        """Seconds that are left for one operation."""
        if self.deadline is None:
            return timeout
        left = max(self.deadline - time.monotonic(), 0.001)
        return left if timeout is None else min(left, timeout)


class _Stream(httpcore.NetworkStream):
    """A connection whose every operation keeps to the deadline."""

    def __init__(self, stream: httpcore.NetworkStream, backend: _Backend) -> None:
        self._stream, self._backend = stream, backend

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, self._backend.left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._backend.left(timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        left = self._backend.left(timeout)
        return _Stream(self._stream.start_tls(ssl_context, server_hostname, left), self._backend)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)
