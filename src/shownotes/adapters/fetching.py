"""What is at an address of a feed's: redirections checked, packing undone, limits kept.

Addresses of private feeds hold passwords, so that no message here holds an address: only its host.
"""

import base64
import email.utils
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from urllib.parse import unquote

import httpx

from shownotes import __version__
from shownotes.adapters.connecting import Manners, Reply, request
from shownotes.adapters.store import translate
from shownotes.errors import AddressRefusedError, EnclosureError, FetchError, RefusedError

MOST_REDIRECTS = 5
_PIECE_BYTES = 65_536
_AGENT = f"Shownotes/{__version__}"
_REDIRECTS = (301, 302, 303, 307, 308)
_PERMANENT = (301, 308)
# Answers by which a server says that it is busy, or does not know yet.
_LATER = (408, 421, 425, 429)
# Who is asked too often and does not say for how long is left alone for so long, in seconds.
_TOO_MANY_WAIT_S = 900.0
_PACKED = ("gzip", "x-gzip", "deflate")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a server said, its body still to come.

    Attributes:
        url: where it came from in the end; may hold a password.
        host: the same, for people.
        moved_to: where it has moved, if it has moved for good.
    """

    reply: Reply
    url: str
    host: str
    moved_to: str | None = None

    @property
    def status(self) -> int:
        """The HTTP status."""
        return self.reply.status

    def header(self, name: str) -> str:
        """A header; empty when it is not there, or is none that could be sent back."""
        value = str(self.reply.headers.get(name, "")).strip()
        return value if value.isascii() and value.isprintable() else ""

    @property
    def packing(self) -> str:
        """How its bytes are packed; empty when they are the file's own."""
        return self.header("content-encoding").lower().replace("identity", "")

    @property
    def length(self) -> int | None:
        """Bytes of the body, where the server says it."""
        said = self.header("content-length")
        return int(said) if said.isdecimal() and not self.packing else None

    def pieces(self) -> Iterator[bytes]:
        """The body, unpacked, in pieces of a bounded size.

        Raises:
            FetchError: it broke off, or is too slow.
        """
        if self.packing:
            return _unpacked(self.reply.body, self.packing, self.host)
        return iter(self.reply.body)


@contextmanager
def ask(url: str, headers: Mapping[str, str], manners: Manners) -> Iterator[Answer]:
    """Ask for what is at an address, following redirections, each of which is checked as the first.

    Raises:
        AddressRefusedError: it, or one that it leads to, may not be asked.
        FetchError: the server does not answer, or is busy.
        RefusedError: the server says no.
    """
    first = here = _parse(url)
    is_permanent = True
    for _ in range(MOST_REDIRECTS + 1):
        told = {"User-Agent": _AGENT, **headers, **_credentials(here, first)}
        with request(here, told, manners) as reply:
            if reply.status not in _REDIRECTS:
                _check_status(reply, here.host)
                moved = _new_address(first, here) if is_permanent and here != first else None
                yield Answer(reply=reply, url=str(here), host=here.host, moved_to=moved)
                return
            is_permanent &= reply.status in _PERMANENT
            here = _next(here, reply)
    raise RefusedError(
        f"{first.host} leads from one address to the next, more than {MOST_REDIRECTS} times.",
        status=HTTPStatus.LOOP_DETECTED,
    )


def fetch_small(url: str, manners: Manners, *, most_bytes: int) -> bytes:
    """A small file, whole.

    Raises:
        FeedError: it cannot be had.
    """
    with ask(url, {"Accept-Encoding": "gzip"}, manners) as answer:
        return b"".join(whole_pieces(answer, most_bytes=most_bytes))


def receive(answer: Answer, path: Path, *, most_bytes: int) -> None:
    """Write the whole body of an answer to a file.

    Raises:
        FeedError: it cannot be had.
        StoreError: it cannot be written.
    """
    try:
        with path.open("wb") as file:
            file.writelines(whole_pieces(answer, most_bytes=most_bytes))
    except OSError as error:
        raise translate(error, path) from error


def whole_pieces(answer: Answer, *, most_bytes: int) -> Iterator[bytes]:
    """The pieces of a body, as long as there are no more than may be, and no fewer than announced.

    Raises:
        EnclosureError: it is larger.
        FetchError: it broke off.
    """
    size = 0
    _check_size(answer, answer.length or 0, most_bytes)
    for piece in answer.pieces():
        size += len(piece)
        _check_size(answer, size, most_bytes)
        yield piece
    if answer.length is not None and size != answer.length:
        raise FetchError(f"{answer.host} broke off after {size} of {answer.length} bytes.")


def _check_size(answer: Answer, size: int, most_bytes: int) -> None:
    if size > most_bytes:
        raise EnclosureError(
            f"{answer.host} sends more than {most_bytes / 2**20:.0f} MB, which is more than is "
            "taken."
        )


# --------------------------------------------------------------------------- addresses


def _parse(url: str) -> httpx.URL:
    try:
        found = httpx.URL(url.strip())
    except (httpx.InvalidURL, ValueError, TypeError) as error:
        raise AddressRefusedError("What should be an address is none.") from error
    if found.scheme not in ("http", "https"):
        raise AddressRefusedError(
            f"Only http and https are asked, and this leads to {found.scheme or 'no scheme'}:"
        )
    if not found.raw_host:
        raise AddressRefusedError("An address names no host.")
    return found


def _next(here: httpx.URL, reply: Reply) -> httpx.URL:
    location = reply.headers.get("location")
    if not location:
        raise RefusedError(f"{here.host} says to look elsewhere, and not where.", status=502)
    try:
        return _parse(str(here.join(location)))
    except (httpx.InvalidURL, ValueError) as error:
        raise AddressRefusedError(f"{here.host} leads to what is no address.") from error


def _origin(url: httpx.URL) -> tuple[str, bytes, int | None]:
    return url.scheme, url.raw_host, url.port


def _credentials(here: httpx.URL, first: httpx.URL) -> dict[str, str]:
    """What stands before the `@`: told to that host alone, and never in an address."""
    if here.userinfo:
        told = here.userinfo
    elif first.userinfo and _origin(here) == _origin(first):
        told = first.userinfo
    else:
        return {}
    name, _, password = told.decode("ascii").partition(":")
    pair = f"{unquote(name)}:{unquote(password)}".encode()
    return {"Authorization": f"Basic {base64.b64encode(pair).decode('ascii')}"}


def _new_address(first: httpx.URL, here: httpx.URL) -> str | None:
    """Where it has moved; not to where everybody can listen in, if that was not so before."""
    if first.scheme == "https" and here.scheme == "http":
        return None
    if first.userinfo and not here.userinfo and _origin(here) == _origin(first):
        here = here.copy_with(username=first.username, password=first.password)
    return str(here)


# --------------------------------------------------------------------------- answers


def _check_status(reply: Reply, host: str) -> None:
    status = reply.status
    if status < HTTPStatus.BAD_REQUEST or status == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
        return
    told = f"{host} answered {_describe(status)}."
    if status in _LATER or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise FetchError(told, wait_s=_asked_wait(status, reply.headers))
    raise RefusedError(told, status=status)


def _describe(status: int) -> str:
    """`404 Not Found`. What else a server says may repeat the address."""
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)


def _asked_wait(status: int, headers: httpx.Headers) -> float | None:
    """Seconds from `Retry-After`. A date is taken by the server's own clock: ours may differ."""
    said = headers.get("retry-after", "").strip()
    if said.isdecimal():
        return float(said[:12])
    if status == HTTPStatus.TOO_MANY_REQUESTS and not said:
        return _TOO_MANY_WAIT_S
    until = read_date(said)
    if until is None:
        return None
    now = read_date(headers.get("date", "")) or datetime.now(UTC)
    return max(0.0, (until - now).total_seconds())


def read_date(text: str) -> datetime | None:
    """A date of HTTP's."""
    try:
        found = email.utils.parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _unpacked(body: Iterable[bytes], packing: str, host: str) -> Iterator[bytes]:
    """What was packed, a bounded piece at a time: a few bytes may stand for a great many."""
    if packing not in _PACKED:
        raise FetchError(f"{host} packs what it sends in a way that was not asked for.")
    # 32: gzip's and zlib's heads are told apart.
    state = zlib.decompressobj(zlib.MAX_WBITS | 32)
    for packed in body:
        while packed and not state.eof:
            try:
                yield state.decompress(packed, _PIECE_BYTES)
            except zlib.error as error:
                raise FetchError(f"{host} sends what cannot be unpacked.") from error
            packed = state.unconsumed_tail
    if not state.eof:
        raise FetchError(f"{host} broke off within what it had packed.")
