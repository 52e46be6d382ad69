"""A desk of the guard, sign-in, upload and media routes alone, on a real uvicorn in a thread.

Templates are a line each, so that these tests stand whatever the pages look like.
"""

import html
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response

from shownotes.adapters import accounts
from shownotes.adapters.store import EpisodeFolder
from shownotes.batch import RunOptions
from shownotes.settings import load_settings
from shownotes.web.attempts import Attempts
from shownotes.web.context import DeskContext
from shownotes.web.guard import PREVIEW_POLICY, Guard
from shownotes.web.media import media_routes
from shownotes.web.serving import HEAD_S, server
from shownotes.web.sessions import editor_of, session_routes
from shownotes.web.uploads import upload_routes

ANN, PASSWORD = "Ann Lee", "correct horse battery staple"
OURS = {"X-Shownotes": "desk"}
PATIENCE_S = 60.0


def render(template: str, /, **context: object) -> str:
    """Every value of a page, escaped, where a test finds it."""
    values = "".join(
        f'<p id="{key}">{html.escape(str(value))}</p>' for key, value in sorted(context.items())
    )
    return f"<!doctype html><title>{template}</title>{values}"


def read_page(response: httpx.Response) -> dict[str, str]:
    """The values of such a page."""
    values = re.findall(r'<p id="(\w+)">(.*?)</p>', response.text, re.DOTALL)
    return {key: html.unescape(value) for key, value in values}


@dataclass
class SmallDesk:
    """A running desk; `reached` grows when a request gets past the guard to its two routes."""

    root: Path
    port: int
    runs: list[tuple[Sequence[Path], RunOptions]] = field(default_factory=list)
    episodes: dict[str, EpisodeFolder] = field(default_factory=dict)
    clients: list[httpx.Client] = field(default_factory=list)
    reached: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def audio(self) -> Path:
        return self.root / "audio"

    def client(self, **options: Any) -> httpx.Client:
        """A browser; closed with the desk."""
        base_url = options.pop("base_url", self.url)
        client = httpx.Client(base_url=base_url, timeout=PATIENCE_S, trust_env=False, **options)
        self.clients.append(client)
        return client

    def named(self, name: str = ANN) -> httpx.Client:
        """A browser at a desk without accounts, after it was asked for a name."""
        client = self.client(headers={**OURS, "Origin": self.url})
        page = read_page(client.get("/name"))
        answer = client.post("/name", data={"name": name, "csrf": page["csrf"], "next": "/"})
        assert answer.status_code == 303, answer.text
        return client

    def signed_in(self, name: str = ANN, password: str = PASSWORD) -> httpx.Client:
        """A browser after signing in."""
        client = self.client(headers={**OURS, "Origin": self.url})
        answer = sign_in(client, name, password)
        assert answer.status_code == 303, answer.text
        return client

    def talk(self, data: bytes, *, then: bytes = b"", host: str | None = None) -> bytes:
        """Send bytes as they are, and read until the server closes."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE_S) as connection:
            connection.sendall(data.replace(b"HOST", (host or f"127.0.0.1:{self.port}").encode()))
            if then:
                connection.sendall(then)
            return read_all(connection)


def read_all(connection: socket.socket) -> bytes:
    told = b""
    try:
        while data := connection.recv(65536):
            told += data
    except ConnectionResetError:
        pass
    return told


def sign_in(client: httpx.Client, name: str, password: str, **more: str) -> httpx.Response:
    """Fill in the form as a person does."""
    page = read_page(client.get("/login"))
    form = {"name": name, "password": password, "csrf": page.get("csrf", ""), "next": "/", **more}
    return client.post("/login", data=form)


def add_editor(root: Path, name: str = ANN, password: str = PASSWORD) -> None:
    token = accounts.invite(root, name)
    accounts.accept(root, token, name=name, password=password)


@contextmanager
def small_desk(
    root: Path,
    *,
    config: str = "",
    host: str = "127.0.0.1",
    attempts: Attempts | None = None,
    silence_s: float = 30.0,
    head_s: float = HEAD_S,
    with_runs: bool = False,
) -> Iterator[SmallDesk]:
    """Run one; `config` is the text of its shownotes.toml."""
    (root / "audio").mkdir(parents=True, exist_ok=True)
    (root / "shownotes.toml").write_text(config, encoding="utf-8")
    listening = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    listening.bind((host, 0))
    told = SmallDesk(root=root, port=listening.getsockname()[1])
    runs: Callable[..., None] | None = None
    if with_runs:
        runs = lambda paths, options: told.runs.append((paths, options))  # noqa: E731
    desk = DeskContext(
        settings=load_settings(root),
        render=render,
        folder_of=told.episodes.get,
        start_run=runs,
        host=host,
        port=told.port,
    )
    guard = Guard(_app(desk, attempts, told.reached), desk, silence_s=silence_s)
    try:
        with running_on(guard, desk, listening=listening, head_s=head_s):
            yield told
    finally:
        for client in told.clients:
            client.close()
        listening.close()


@contextmanager
def running_on(
    guard: Guard,
    desk: DeskContext,
    *,
    listening: socket.socket | None = None,
    head_s: float = HEAD_S,
) -> Iterator[str]:
    """Serve from a thread until the block ends; hands out the address."""
    own = listening or socket.create_server(("127.0.0.1", 0))
    try:
        serving = server(guard, desk, head_s=head_s)
        thread = threading.Thread(target=serving.run, kwargs={"sockets": [own]}, daemon=True)
        thread.start()
        began = time.monotonic()
        while not serving.started and thread.is_alive() and time.monotonic() - began < PATIENCE_S:
            time.sleep(0.01)
        assert serving.started
        try:
            yield f"http://127.0.0.1:{own.getsockname()[1]}"
        finally:
            serving.should_exit = True
            thread.join(PATIENCE_S)
    finally:
        own.close()


def _app(desk: DeskContext, attempts: Attempts | None, reached: list[str]) -> FastAPI:
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    for router in (session_routes(desk, attempts), upload_routes(desk), media_routes(desk)):
        app.include_router(router)

    def who(request: Request) -> Response:
        reached.append("read")
        return JSONResponse({"editor": editor_of(request)})

    async def echo(request: Request) -> Response:
        reached.append("changed")
        return JSONResponse(await request.json())

    def breaks(request: Request) -> Response:
        raise RuntimeError("on purpose")

    def generous(request: Request) -> Response:
        return PlainTextResponse("hello", headers={"Access-Control-Allow-Origin": "*"})

    def preview(request: Request) -> Response:
        page = (
            "<p style='color: rgb(1, 2, 3)'>as it will be</p><script>document.title='ran'</script>"
        )
        return HTMLResponse(page, headers={"Content-Security-Policy": PREVIEW_POLICY})

    app.add_api_route("/", who, response_model=None)
    app.add_api_route("/preview", preview, response_model=None)
    app.add_api_route("/api/who", who, response_model=None)
    app.add_api_route("/api/echo", echo, methods=["POST"], response_model=None)
    app.add_api_route("/api/breaks", breaks, response_model=None)
    app.add_api_route("/static/desk.css", generous, response_model=None)
    return app
