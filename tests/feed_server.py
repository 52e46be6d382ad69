"""A podcast host that misbehaves as it is told: slow, cut off, lying, leading astray."""

import re
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr


@dataclass
class Resource:
    """What is at a path.

    `cuts`: bytes of the body after which the connection is cut, one a request, in turn.
    `declared`: the length that is announced instead of the true one.
    `before`: called before a request is answered.
    """

    body: bytes = b""
    mime: str = "application/octet-stream"
    etag: str | None = None
    modified: str | None = None
    has_ranges: bool = True
    ignores_if_range: bool = False
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    cuts: list[int] = field(default_factory=list)
    declared: int | None = None
    is_chunked: bool = False
    piece_bytes: int = 65_536
    pause_s: float = 0.0
    is_silent: bool = False
    before: Callable[["Resource"], None] | None = None


@dataclass
class Asked:
    path: str
    headers: dict[str, str]


@dataclass
class FeedServer:
    url: str = ""
    port: int = 0
    resources: dict[str, Resource] = field(default_factory=dict)
    seen: list[Asked] = field(default_factory=list)
    sent: dict[str, int] = field(default_factory=dict)
    is_closing: bool = False

    def asked(self, path: str) -> list[Asked]:
        return [request for request in self.seen if request.path == path]


@contextmanager
def serve_feeds(host: str = "127.0.0.1") -> Iterator[FeedServer]:
    server = FeedServer()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            server.seen.append(Asked(self.path, headers))
            self.close_connection = True
            resource = server.resources.get(self.path.partition("?")[0])
            if resource is None:
                self._head(404, {"Content-Length": "0"})
                return
            with suppress(OSError):
                self._answer(resource, headers)

        def _answer(self, resource: Resource, headers: dict[str, str]) -> None:
            if resource.before:
                resource.before(resource)
            while resource.is_silent and not server.is_closing:
                time.sleep(0.02)
            status, start, more = _part(resource, headers)
            body = resource.body[start:] if status in (200, 206) else b""
            told = {
                "Content-Type": resource.mime,
                **({"ETag": resource.etag} if resource.etag else {}),
                **({"Last-Modified": resource.modified} if resource.modified else {}),
                **more,
                **resource.headers,
            }
            if resource.is_chunked:
                told["Transfer-Encoding"] = "chunked"
            else:
                length = len(body) if resource.declared is None else resource.declared - start
                told["Content-Length"] = str(length)
            self._head(status, told)
            cut = resource.cuts.pop(0) if resource.cuts and body else len(body)
            self._body(resource, body[:cut], is_whole=cut == len(body))

        def _head(self, status: int, headers: dict[str, str]) -> None:
            self.send_response_only(status)
            for name, value in {"Date": formatdate(usegmt=True), **headers}.items():
                self.send_header(name, value)
            self.end_headers()

        def _body(self, resource: Resource, body: bytes, *, is_whole: bool) -> None:
            for at in range(0, len(body), resource.piece_bytes):
                piece = body[at : at + resource.piece_bytes]
                framed = b"%x\r\n%s\r\n" % (len(piece), piece) if resource.is_chunked else piece
                self.wfile.write(framed)
                server.sent[self.path] = server.sent.get(self.path, 0) + len(piece)
                if resource.pause_s:
                    self.wfile.flush()
                    time.sleep(resource.pause_s)
                if server.is_closing:
                    return
            if resource.is_chunked and is_whole:
                self.wfile.write(b"0\r\n\r\n")

        def log_message(self, *_: object) -> None:
            pass

    http = ThreadingHTTPServer((host, 0), Handler)
    http.daemon_threads = True
    thread = threading.Thread(target=http.serve_forever, args=(0.02,))
    thread.start()
    server.port = http.server_port
    server.url = f"http://{host}:{server.port}"
    try:
        yield server
    finally:
        server.is_closing = True
        http.shutdown()
        thread.join()
        http.server_close()


def _part(resource: Resource, headers: dict[str, str]) -> tuple[int, int, dict[str, str]]:
    """Status, first byte and further headers, as RFC 9110 wants them where nothing else is told."""
    if resource.status != 200:
        return resource.status, 0, {}
    if resource.etag and headers.get("if-none-match") == resource.etag:
        return 304, 0, {}
    if resource.modified and headers.get("if-modified-since") == resource.modified:
        return 304, 0, {}
    found = re.fullmatch(r"bytes=(\d+)-", headers.get("range", ""))
    if not found or not resource.has_ranges:
        return 200, 0, {}
    told = headers.get("if-range")
    if told not in (None, resource.etag, resource.modified) and not resource.ignores_if_range:
        return 200, 0, {}
    start, total = int(found[1]), len(resource.body)
    if start >= total:
        return 416, 0, {"Content-Range": f"bytes */{total}"}
    return 206, start, {"Content-Range": f"bytes {start}-{total - 1}/{total}"}


# --------------------------------------------------------------------------- feeds


@dataclass
class Item:
    """An `<item>`; `more` is put into it as it stands."""

    title: str
    url: str
    guid: str | None = None
    date: str | None = None
    mime: str = "audio/mpeg"
    length: int | None = None
    more: str = ""

    def text(self) -> str:
        guid = f"<guid isPermaLink='false'>{escape(self.guid)}</guid>" if self.guid else ""
        date = f"<pubDate>{escape(self.date)}</pubDate>" if self.date else ""
        length = f" length='{self.length}'" if self.length is not None else ""
        enclosure = f"<enclosure url={quoteattr(self.url)} type={quoteattr(self.mime)}{length}/>"
        return f"<item><title>{escape(self.title)}</title>{guid}{date}{enclosure}{self.more}</item>"


def feed(items: Sequence[Item], *, title: str = "The Warmer Ledger", more: str = "") -> bytes:
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<rss version="2.0" xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd"'
        ' xmlns:podcast="https://podcastindex.org/namespace/1.0"'
        ' xmlns:psc="http://podlove.org/simple-chapters">'
        f"<channel><title>{escape(title)}</title>{more}{''.join(i.text() for i in items)}"
        "</channel></rss>\n"
    ).encode()


def day(number: int) -> str:
    """Noon of a day in January 2026, as feeds write it."""
    return formatdate(1_767_268_800 + 86_400 * (number - 1), usegmt=True)


def audio_bytes(path: Path, *, duration: float = 4.0, seed: int = 0) -> bytes:
    """An MP3 unlike those of other seeds."""
    from tests.audio_files import noise, write

    write(path, noise(duration, seed=seed))
    return path.read_bytes()
