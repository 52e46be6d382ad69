"""Every route of the whole desk, attacked in every way; a real server in a thread."""

import random
import socket
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import httpx
from fastapi import FastAPI
from fastapi.routing import APIRoute

from shownotes.adapters import sign_ins
from shownotes.settings import load_settings
from shownotes.web.app import build_desk
from shownotes.web.guard import JSON_BYTES, POLICY, PREVIEW_POLICY, Guard
from tests.torture.arguments import Outcomes
from tests.web.desk_server import RIVER, lay_out_desk
from tests.web.small_desk import ANN, OURS, add_editor, read_all, running_on

Tried = TypeVar("Tried")
SECRET = "canary-in-the-coal-mine"
CONFIG = '[show."The Long Table"]\ntimezone = "Europe/Oslo"\n'
SILENCE_S = 0.4
# What every answer bears, whoever asked and whatever came of it.
ALWAYS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}
OPEN = ("/login", "/logout", "/name", "/invite/", "/static/", "/favicon.ico")
TRAVERSALS = (
    "..", ".", "../..", "..%2f..%2fsecret.txt", "%2e%2e%2fsecret.txt", "%2e%2e", "..%5c..%5csecret",
    "%2fetc%2fpasswd", "..;/secret.txt", "....//secret.txt", "%252e%252e%252fsecret.txt",
    "%c0%ae%c0%ae/secret.txt", "secret.txt%00.mp3", "%00", "%0d%0aSet-Cookie:x=1", "~root", "C:%5c",
    "%5c%5chost%5cshare", "CON", "con.mp3", ".mp3", "..mp3", "-rf", "%F0%9F%8E%99.mp3", "%ff%fe",
    "%e2%80%ae3pm.exe", "x" * 300, "x" * 300 + ".mp3", "a.mp3%3f", "a.mp3%23", "*", "|id", "$(id)",
    "`id`", "%7b%7b7*7%7d%7d", "' OR 1=1--", "<script>", "file:%2f%2f%2fetc%2fpasswd", "0", "-1",
    "1e9", "99999999999999999999999999", "null", "undefined", "episode.json", "review.json",
    "work", "..%2f" * 20 + "secret.txt",
)  # fmt: skip


@dataclass
class Desk:
    """A whole desk that is running, with a finished episode and an editor."""

    root: Path
    url: str
    app: FastAPI
    episode_id: str
    audio: Path
    share: float = 1.0
    seed: int = 0
    runs: list[Any] = field(default_factory=list)
    cookies: dict[str, str] = field(default_factory=dict)

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    def client(self, *, is_known: bool = True, **headers: str) -> httpx.Client:
        """A browser, signed in or not."""
        return httpx.Client(
            base_url=self.url,
            headers={**OURS, "Origin": self.url, **headers},
            cookies=self.cookies if is_known else {},
            timeout=60.0,
            trust_env=False,
        )

    def routes(self) -> Iterator[tuple[str, str]]:
        """Every method and path, with parameters that are there where it matters."""
        for method, path in self.templates():
            yield method, self.filled(path)

    def some(self, tries: Iterable[Tried]) -> list[Tried]:
        """All of them, or as many as this run has time for; the same for the same seed."""
        everything = list(tries)
        count = max(1, round(len(everything) * self.share))
        return random.Random(self.seed).sample(everything, count)

    def templates(self) -> Iterator[tuple[str, str]]:
        for route in self.app.routes:
            found = route.original_router.routes if hasattr(route, "original_router") else [route]
            for inner in found:
                if isinstance(inner, APIRoute):
                    for method in sorted(inner.methods):
                        yield method, inner.path_format

    def filled(self, path: str, **values: str) -> str:
        known = {
            "episode_id": self.episode_id, "seq": "0", "target": "notes.html", "token": "0" * 43,
            "name": "desk.css" if path.startswith("/static") else "new.mp3", **values,
        }  # fmt: skip
        for name, value in known.items():
            path = path.replace("{" + name + "}", value)
        return path

    def raw(self, data: bytes, *, then: bytes = b"") -> bytes:
        with socket.create_connection(("127.0.0.1", self.port), timeout=60) as connection:
            connection.sendall(data)
            if then:
                connection.sendall(then)
            return read_all(connection)

    def head(self, method: str, path: str, *more: str) -> bytes:
        """A request's head by hand."""
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        lines = [
            f"{method} {path} HTTP/1.1", f"Host: 127.0.0.1:{self.port}", f"Cookie: {cookies}",
            "X-Shownotes: desk", "Connection: close", *more,
        ]  # fmt: skip
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


@contextmanager
def whole_desk(root: Path, *, share: float = 1.0, seed: int = 0) -> Iterator[Desk]:
    """Run one; beside its folder lies a secret that nobody may see."""
    work = root / "desk"
    laid = lay_out_desk(work, seconds=20.0)
    (root / "secret.txt").write_text(SECRET, encoding="utf-8")
    (work / "secret.txt").write_text(SECRET, encoding="utf-8")
    (work / "shownotes.toml").write_text(CONFIG, encoding="utf-8")
    add_editor(work)
    runs: list[Any] = []
    settings = load_settings(work)
    guard, context = build_desk(settings, start_run=lambda *told: runs.append(told))
    app = guard._app
    assert isinstance(app, FastAPI)
    patient = Guard(app, context, silence_s=SILENCE_S)
    with running_on(patient, context, head_s=SILENCE_S * 4) as url:
        audio = work / "audio" / f"{RIVER}.mp3"
        desk = Desk(work, url, app, laid.episode_id, audio, share=share, seed=seed, runs=runs)
        token = sign_ins.open_session(work, ANN)
        desk.cookies = {f"shownotes-{desk.port}-session": token}
        yield desk


def check(outcomes: Outcomes, what: str, answer: httpx.Response, *statuses: int) -> None:
    """An answer is one of these, bears what all bear, and says nothing of what is secret."""
    faults = [f"{answer.status_code}"] if answer.status_code not in statuses else []
    if answer.status_code >= 500:
        faults.append("the server failed")
    policy = answer.headers.get("content-security-policy")
    if policy not in (POLICY, PREVIEW_POLICY):
        faults.append(f"policy {policy!r}")
    faults += [n for n, value in ALWAYS.items() if answer.headers.get(n) != value]
    faults += [n for n in answer.headers if n.startswith("access-control-")]
    if SECRET in answer.text:
        faults.append("the secret is out")
    if faults:
        outcomes.fail(f"{what}: {', '.join(faults)}", answer.text[:4000])
    else:
        outcomes.count(f"{what.partition(':')[0]}: answered {answer.status_code}")


def is_open(path: str) -> bool:
    return path.startswith(OPEN)


def by_strangers(desk: Desk, outcomes: Outcomes) -> None:
    """Nobody, with a cookie that is forged, too old, unused for too long, or signed out."""
    now = datetime.now(UTC)
    aged = [
        sign_ins.open_session(desk.root, ANN, at=now - timedelta(days=31)),
        sign_ins.open_session(desk.root, ANN, at=now - timedelta(days=8)),
        sign_ins.open_session(desk.root, ANN),
        "forged",
        "",
    ]
    sign_ins.close_session(desk.root, aged[2])
    for token in (None, *aged):
        cookies = {} if token is None else {f"shownotes-{desk.port}-session": token}
        with desk.client(is_known=False) as client:
            client.cookies.update(cookies)
            for method, path in desk.some(desk.routes()):
                what = f"strangers: {method} {path} with {str(token)[:8]!r}"
                expected = (200, 303, 304, 400, 403, 404, 410, 429) if is_open(path) else (401,)
                check(outcomes, what, client.request(method, path), *expected)


def from_elsewhere(desk: Desk, outcomes: Outcomes) -> None:
    """Pages of other sites, other names of this machine, and requests that say two things."""
    origins = (
        "https://evil.example", "null", f"http://127.0.0.1:{desk.port + 1}", "http://127.0.0.1",
        f"https://127.0.0.1:{desk.port}", f"http://127.0.0.1:{desk.port}.evil.example", "",
        f"http://evil@127.0.0.1:{desk.port}", "file://",
    )  # fmt: skip
    others: list[tuple[dict[str, str], int]] = [({"Origin": origin}, 403) for origin in origins]
    others += [({"Sec-Fetch-Site": s, "Sec-Fetch-Mode": "cors"}, 403) for s in
               ("cross-site", "same-site")]  # fmt: skip
    others += [
        ({"Host": host}, 400)
        for host in (
            "evil.example", f"evil.example:{desk.port}", "127.0.0.1:1", f"127.0.0.1:{desk.port}.x",
            f"127.0.0.1.nip.io:{desk.port}", f"[::1%25lo]:{desk.port}", f"0.0.0.0:{desk.port}",
            f"127.0.0.1:{desk.port}@evil.example", f"127.1:{desk.port}", "localhost:0x2190",
        )
    ]  # fmt: skip
    with desk.client() as client:
        for headers, expected in others:
            for method, path in desk.some(desk.routes()):
                told = client.request(method, path, headers=headers)
                check(outcomes, f"elsewhere: {method} {path} {headers}", told, expected)
        for method, path in desk.routes():
            if method not in ("GET", "HEAD"):
                bare = httpx.request(method, desk.url + path, cookies=desk.cookies, trust_env=False)
                check(outcomes, f"elsewhere: {method} {path} without our header", bare, 403)
    for method, path in desk.some(desk.routes()):
        twice = desk.raw(desk.head(method, path, "Host: evil.example"))
        _check_raw(outcomes, f"elsewhere: {method} {path} two hosts", twice, 400)


def _check_raw(outcomes: Outcomes, what: str, told: bytes, *statuses: int) -> None:
    status = int(told.split(b" ", 2)[1]) if told.startswith(b"HTTP/") else 0
    if status in statuses and SECRET.encode() not in told:
        outcomes.count(f"{what.partition(':')[0]}: answered {status}")
    else:
        outcomes.fail(f"{what}: {status}", told[:4000])


def by_size(desk: Desk, outcomes: Outcomes) -> None:
    """Bodies that are too large, say so or do not; deep ones, and ones that are no JSON."""
    changes = desk.some((m, p) for m, p in desk.routes() if m not in ("GET", "HEAD"))
    deep = (b"[" * 100_000, b'{"a":' * 100_000, b'{"ops":' + b"[" * 100_000, b"1" * 100_000)
    odd = (b"", b"{", b"[]", b"null", b"\xff\xfe", b'"\\ud800"', b"NaN", b"{}" + b" " * 100_000)
    with desk.client() as client:
        for method, path in changes:
            if "/uploads/" in path:
                continue
            with suppress_broken():
                whole = client.request(method, path, content=b"x" * (JSON_BYTES + 1))
                check(outcomes, f"size: {method} {path} declared", whole, 413)
            with suppress_broken():
                pieces = (b"x" * 65536 for _ in range(JSON_BYTES // 65536 + 2))
                unsaid = client.request(method, path, content=pieces)
                expected = (413,) if path.endswith(_READING) else ANY
                check(outcomes, f"size: {method} {path} in pieces", unsaid, *expected)
            for body in (*deep, *odd):
                with suppress_broken():
                    told = client.request(method, path, content=body)
                    check(outcomes, f"size: {method} {path} with {body[:12]!r}", told, *ANY)
        for method, path in desk.routes():
            if method == "GET":
                told = client.request("GET", path, content=b"x" * 1000)
                check(outcomes, f"size: GET {path} with a body", told, *ANY)


# What a request may be answered that is neither right nor known to be wrong; never 500.
ANY = (200, 201, 202, 204, 303, 304, 400, 401, 403, 404, 405, 409, 410, 413, 415, 422, 429)
_READING = ("/changes", "/undo", "/redo", "/approve", "/withdraw", "/publish", "/again")


@contextmanager
def suppress_broken() -> Iterator[None]:
    """A connection that is closed while much is still sent is a refusal that httpx cannot read."""
    try:
        yield
    except (httpx.WriteError, httpx.ReadError, httpx.RemoteProtocolError):
        return


def by_slowness(desk: Desk, outcomes: Outcomes) -> None:
    """A body that never comes, a head that never ends: the connection is let go."""

    def wait(route: tuple[str, str]) -> None:
        method, path = route
        reads = path.endswith(_READING) or "/uploads/" in path or is_open(path)
        head = desk.head(
            method, path, "Content-Length: 1000", "Content-Type: application/x-www-form-urlencoded"
        )
        told = desk.raw(head, then=b'{"seen":')
        _check_raw(outcomes, f"slow: {method} {path}", told, *((408,) if reads else ANY))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(wait, [r for r in desk.routes() if r[0] not in ("GET", "HEAD")]))
    told = desk.raw(b"GET / HTTP/1.1\r\nHost: 127.0.0.1")
    _check_raw(outcomes, "slow: a head", told, 408)


def by_traversal(desk: Desk, outcomes: Outcomes) -> None:
    """Ways out of the folder, in every place that an address has."""
    names = ("episode_id", "seq", "target", "token", "name")
    for method, template in desk.templates():
        for name in names:
            if "{" + name + "}" not in template:
                continue
            for way in desk.some(TRAVERSALS):
                path = desk.filled(template, **{name: way})
                told = desk.raw(desk.head(method, path.replace(" ", "%20"), "Content-Length: 0"))
                _check_raw(outcomes, f"traversal: {method} {path}", told, *ANY)
    for way in TRAVERSALS:
        told = desk.raw(desk.head("GET", "/" + way.replace(" ", "%20")))
        _check_raw(outcomes, f"traversal: GET /{way}", told, *ANY)
    strays = [p for p in desk.root.parent.iterdir() if p.name not in ("desk", "secret.txt")]
    if strays:
        outcomes.fail(f"traversal: written outside: {strays}")


def ranges(rng: random.Random, size: int) -> str:
    """A Range header, mostly nearly right."""
    number = lambda: rng.choice(  # noqa: E731
        ["", "0", "1", str(size - 1), str(size), str(size + 1), "-1", "9" * 30, "x", " 3", "1.5",
         "0x1", "٣", "+1", str(rng.randrange(size))]
    )  # fmt: skip
    unit = rng.choice(["bytes"] * 8 + ["Bytes", "lines", "", "bytes "])
    parts = [f"{number()}{rng.choice(['-'] * 6 + ['', '--', '–'])}{number()}" for _ in range(
        rng.choice([1] * 8 + [2, 3, 200]))]  # fmt: skip
    return f"{unit}{rng.choice(['='] * 8 + ['', ' ', '=='])}{','.join(parts)}"


def by_ranges(desk: Desk, outcomes: Outcomes, *, count: int, seed: int) -> None:
    """Stretches of the sound of every shape: what comes is what lies there, or a refusal."""
    rng = random.Random(seed)
    whole = desk.audio.read_bytes()
    path = f"/episode/{desk.episode_id}/audio"
    with desk.client() as client:
        etag = client.head(path).headers["etag"]
        for _ in range(count):
            asked = ranges(rng, len(whole))
            headers = {"Range": asked.strip().encode("utf-8")}
            condition = rng.choice([None] * 5 + [etag, '"other"', "x", f"W/{etag}"])
            if condition is not None:
                headers[rng.choice(["If-Range", "If-None-Match"])] = condition.encode()
            with client.stream(rng.choice(["GET", "GET", "HEAD"]), path, headers=headers) as told:
                body = told.read()
            what = f"ranges: {asked[:60]!r}"
            check(outcomes, what, told, 200, 206, 304, 416)
            fault = _range_fault(told, body, whole)
            if fault:
                outcomes.fail(f"{what}: {fault}", asked)


def _range_fault(told: httpx.Response, body: bytes, whole: bytes) -> str:
    if told.request.method == "HEAD" or told.status_code in (304, 416):
        return "a body" if body else ""
    if told.status_code == 200:
        return "" if body == whole else "not the whole"
    stretch, _, size = told.headers["content-range"].removeprefix("bytes ").partition("/")
    start, _, end = stretch.partition("-")
    if int(size) != len(whole):
        return "another size"
    return "" if body == whole[int(start) : int(end) + 1] and body else "other bytes"


def is_whole(desk: Desk, outcomes: Outcomes) -> None:
    """After all that the episode can be read, shown and printed."""
    from shownotes.steps.targets import TARGETS

    with desk.client() as client:
        paths = [
            "/", "/search?q=river", f"/episode/{desk.episode_id}",
            f"/api/episodes/{desk.episode_id}", f"/api/episodes/{desk.episode_id}/history",
            f"/api/episodes/{desk.episode_id}/lint",
            *(f"/episode/{desk.episode_id}/preview/{target.name}" for target in TARGETS),
        ]  # fmt: skip
        for path in paths:
            check(outcomes, f"whole: {path}", client.get(path), 200)
