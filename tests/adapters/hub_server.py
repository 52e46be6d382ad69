"""A local HTTP server in the hub's place: one repository, ranges, and broken cables."""

import hashlib
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@dataclass
class Hub:
    """What it serves and what it was asked.

    `break_after`: bytes of model.bin after which the connection is cut; from then on the server
    refuses it. -1: never.
    """

    files: dict[str, bytes]
    repository: str
    endpoint: str = ""
    break_after: int = -1
    is_broken: bool = False
    corrupts: bool = False
    sent: int = 0
    ranges: list[str] = field(default_factory=list)


@contextmanager
def serve(folder: Path, repository: str) -> Iterator[Hub]:
    """Serve a folder as the repository's main revision."""
    hub = Hub({path.name: path.read_bytes() for path in folder.iterdir()}, repository)

    class Handler(_Handler):
        pass

    Handler.hub = hub
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    hub.endpoint = f"http://127.0.0.1:{server.server_port}"
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    hub: Hub
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        pass

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def _answer(self, *, with_body: bool) -> None:
        hub = self.hub
        if self.path.startswith(f"/api/models/{hub.repository}"):
            self._send_json(self._listing())
            return
        match = re.fullmatch(f"/{hub.repository}/resolve/[^/]+/(.+)", self.path.split("?")[0])
        if match is None or match[1] not in hub.files:
            self._send_nothing(404)
            return
        self._send_file(match[1], with_body=with_body)

    def _listing(self) -> object:
        if "/tree/" in self.path:
            return [
                {"type": "file", "path": name, "size": len(data), "oid": COMMIT}
                for name, data in self.hub.files.items()
            ]
        siblings = [{"rfilename": name} for name in self.hub.files]
        return {"id": self.hub.repository, "sha": COMMIT, "siblings": siblings}

    def _send_json(self, data: object) -> None:
        body = json.dumps(data).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _send_nothing(self, status: int) -> None:
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _send_file(self, name: str, *, with_body: bool) -> None:
        hub, data = self.hub, self.hub.files[name]
        if name == "model.bin" and with_body and hub.is_broken:
            self._send_nothing(500)
            return
        start = 0
        asked = self.headers.get("Range", "")
        if asked:
            hub.ranges.append(f"{name} {asked}")
            start = int(asked.removeprefix("bytes=").split("-")[0])
        self.send_response(206 if asked else 200)
        self.send_header("X-Repo-Commit", COMMIT)
        self.send_header("ETag", f'"{hashlib.sha256(data).hexdigest()}"')
        self.send_header("Accept-Ranges", "bytes")
        if asked:
            self.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
        self.send_header("Content-Length", str(len(data) - start))
        self.end_headers()
        if not with_body:
            return
        body = data[start:]
        if hub.corrupts and name == "model.bin":
            body = bytes(byte ^ 1 for byte in body)
        if name == "model.bin" and hub.break_after >= 0:
            body = body[: hub.break_after]
            hub.is_broken = self.close_connection = True
        self.wfile.write(body)
        hub.sent += len(body)
