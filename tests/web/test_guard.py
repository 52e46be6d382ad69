"""The guard before the whole desk, attacked over real sockets."""

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from shownotes.adapters import accounts
from shownotes.errors import AccountError
from shownotes.settings import Settings
from shownotes.web.app import build_desk
from shownotes.web.guard import JSON_BYTES, POLICY
from shownotes.web.origins import find_source
from tests.web.small_desk import (
    OURS,
    PASSWORD,
    SmallDesk,
    add_editor,
    read_all,
    running_on,
    sign_in,
    small_desk,
)

ELSEWHERE = '[desk]\nallowed_hosts = ["desk.example.org", "tunnel.example.org:9000"]\n'


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallDesk]:
    """Without accounts, on 127.0.0.1."""
    with small_desk(tmp_path_factory.mktemp("desk")) as running:
        yield running


@pytest.fixture(scope="module")
def closed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallDesk]:
    """With an account, and other names by which it may be called."""
    root = tmp_path_factory.mktemp("closed")
    add_editor(root)
    with small_desk(root, config=ELSEWHERE) as running:
        yield running


def status(told: bytes) -> int:
    return int(told.split(b" ", 2)[1])


# --------------------------------------------------------------------------- whom it is for


@pytest.mark.parametrize(
    "host", ["127.0.0.1:PORT", "localhost:PORT", "LocalHost:PORT", "[::1]:PORT"]
)
def test_its_own_names(desk: SmallDesk, host: str) -> None:
    told = desk.client(headers={"Host": host.replace("PORT", str(desk.port))}).get("/api/who")
    assert told.status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example:PORT",
        "evil.example",
        "127.0.0.1",
        "127.0.0.1:1",
        "localhost.evil.example:PORT",
        "127.0.0.1.evil.example:PORT",
        "evil.example@127.0.0.1:PORT",
        "localhost.:PORT",
        "127.0.0.1:PORT:PORT",
        "127.1:PORT",
        "2130706433:PORT",
        "0.0.0.0:PORT",
        "192.168.1.5:PORT",
        "127.0.0.1:PORT, evil.example",
        "",
    ],
)
def test_foreign_names_are_refused(desk: SmallDesk, host: str) -> None:
    told = desk.client(headers={"Host": host.replace("PORT", str(desk.port))}).get("/api/who")
    assert told.status_code == 400
    assert "allowed_hosts" in told.json()["error"]


def test_dns_rebinding_reads_and_changes_nothing(desk: SmallDesk) -> None:
    """A name of the attacker's that has come to mean 127.0.0.1: same origin, as browsers see it."""
    evil = f"evil.example:{desk.port}"
    client = desk.client(
        headers={"Host": evil, "Origin": f"http://{evil}", "Sec-Fetch-Site": "same-origin", **OURS}
    )
    assert client.get("/").status_code == 400
    assert client.post("/api/echo", json={}).status_code == 400
    assert client.post("/name", data={"name": "x"}).status_code == 400


@pytest.mark.parametrize(
    "head",
    [
        b"GET / HTTP/1.0\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: HOST\r\nHost: evil.example\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: evil.example\r\nX-Forwarded-Host: HOST\r\n\r\n",
        b"GET http://HOST/ HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n",
        b"GET http://evil.example/api/who HTTP/1.1\r\nHost: HOST\r\nConnection: close\r\n\r\n",
        b"GET /\x00 HTTP/1.1\r\nHost: HOST\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost : HOST\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
    ],
)
def test_heads_that_say_two_things_or_nothing(desk: SmallDesk, head: bytes) -> None:
    head = head.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n", 1)
    assert status(desk.talk(head)) == 400


def test_names_that_the_operator_allows(closed: SmallDesk) -> None:
    for host in ("desk.example.org", "desk.example.org:443", f"desk.example.org:{closed.port}"):
        assert closed.client(headers={"Host": host}).get("/login").status_code == 200
    for host in ("tunnel.example.org:9000", "TUNNEL.example.org:9000"):
        assert closed.client(headers={"Host": host}).get("/login").status_code == 200
    for host in ("desk.example.org:9000", "tunnel.example.org", "xdesk.example.org"):
        assert closed.client(headers={"Host": host}).get("/login").status_code == 400


def test_an_address_in_figures_is_its_own_on_every_interface(tmp_path: Path) -> None:
    add_editor(tmp_path)
    with small_desk(tmp_path, host="0.0.0.0") as running:
        assert running.client().get("/login").status_code == 200
        other = {"Host": f"192.168.1.5:{running.port}"}
        assert running.client(headers=other).get("/login").status_code == 400


# --------------------------------------------------------------------------- who asks for a change


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": ""},
        {"Origin": "http://127.0.0.1:1"},
        {"Origin": "https://127.0.0.1:PORT"},
        {"Origin": "http://localhost:PORT"},
        {"Origin": "http://127.0.0.1:PORT.evil.example"},
        {"Origin": "http://evil.example#http://127.0.0.1:PORT"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "same-origin", "Origin": "https://evil.example"},
        {"Sec-Fetch-Site": "nonsense"},
    ],
)
def test_other_sites_change_nothing(desk: SmallDesk, headers: dict[str, str]) -> None:
    headers = {name: value.replace("PORT", str(desk.port)) for name, value in headers.items()}
    client = desk.client(headers={**OURS, **headers})
    for answer in (
        client.post("/api/echo", json={}),
        client.put("/api/uploads/a.mp3", content=b"x"),
        client.post("/name", data={"name": "Mallory"}),
        client.delete("/api/echo"),
    ):
        assert answer.status_code == 403
        assert "another site" in answer.json()["error"]


def test_our_own_pages_change(desk: SmallDesk) -> None:
    for headers in (
        {"Origin": desk.url, "Sec-Fetch-Site": "same-origin"},
        {"Origin": desk.url},
        {},
    ):
        client = desk.client(headers={**OURS, **headers})
        assert client.post("/api/echo", json={"a": 1}).json() == {"a": 1}


@pytest.mark.parametrize(
    "headers", [{}, {"X-Shownotes": ""}, {"X-Shownotes": "Desk"}, {"X-Shownotes": "desk, desk"}]
)
def test_changes_need_our_header(desk: SmallDesk, headers: dict[str, str]) -> None:
    client = desk.client(headers={"Origin": desk.url, **headers})
    for answer in (
        client.post("/api/echo", json={}),
        client.put("/api/uploads/a.mp3", content=b"x"),
        # What a page of another site can send as a form without asking.
        client.post("/api/echo", data={"a": "b"}),
        client.post("/api/echo", content=b'{"a":1}', headers={"Content-Type": "text/plain"}),
        client.post("/name", content=b'{"a":1}', headers={"Content-Type": "text/plain"}),
        client.request("PATCH", "/api/echo"),
        client.request("TRACE", "/"),
    ):
        assert answer.status_code == 403
        assert "X-Shownotes" in answer.json()["error"]


def test_nobody_is_told_that_they_may_ask_from_elsewhere(desk: SmallDesk) -> None:
    preflight = {
        "Origin": "https://evil.example",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "x-shownotes",
    }
    answer = desk.client().options("/api/echo", headers=preflight)
    assert answer.status_code == 403
    for headers in (answer.headers, desk.client().get("/static/desk.css").headers):
        assert not [name for name in headers if name.startswith("access-control-")]


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_other_sites_may_link_and_not_embed(desk: SmallDesk, site: str) -> None:
    def get(mode: str, target: str) -> int:
        headers = {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": mode, "Sec-Fetch-Dest": target}
        return desk.client(headers=headers).get("/").status_code

    assert get("navigate", "document") == 200
    for mode, target in (
        ("navigate", "iframe"),
        ("no-cors", "script"),
        ("no-cors", "audio"),
        ("no-cors", "image"),
        ("cors", "empty"),
        ("no-cors", "document"),
    ):
        assert get(mode, target) == 403
    for origin in ("https://evil.example", "null", "http://127.0.0.1:1"):
        assert desk.client(headers={"Origin": origin}).get("/").status_code == 403
    assert desk.client(headers={"Origin": desk.url}).get("/").status_code == 200


# --------------------------------------------------------------------------- paths


@pytest.mark.parametrize(
    "path",
    [
        "/../etc/passwd",
        "/static/../../etc/passwd",
        "/static/%2e%2e/%2e%2e/etc/passwd",
        "/static/%2e%2e%2f%2e%2e%2fetc%2fpasswd",
        "/static/..%5c..%5csecret",
        "/static/..%2Fsecret",
        "/static/%252e%252e%252fsecret",
        "/episode/../../secret/audio",
        "/episode/%2e%2e/audio",
        "/episode/..%2f..%2fsecret/audio",
        "/episode/a%00b/audio",
        "/episode/a%0ab/audio",
        "/episode/%5c%5cserver%5cshare/audio",
        "/episode/C:%5cWindows/audio",
        "/episode/%e2%80%ae/audio",
        "/api/uploads/%2e%2e",
        "/api/uploads/..%2fa.mp3",
        "//etc/passwd",
        "/./././",
        "/invite/..%2f..%2faccounts",
        "/%ff%fe",
    ],
)
def test_no_path_leads_out(desk: SmallDesk, path: str) -> None:
    for method in (b"GET", b"PUT"):
        told = desk.talk(
            method + b" " + path.encode() + b" HTTP/1.1\r\nHost: HOST\r\nX-Shownotes: desk\r\n"
            b"Content-Length: 0\r\nConnection: close\r\n\r\n"
        )
        assert status(told) in {400, 401, 404, 405}
        assert b"root:" not in told


# --------------------------------------------------------------------------- bodies


def test_a_huge_body_is_refused_before_it_is_read(desk: SmallDesk) -> None:
    told = desk.talk(
        b"POST /api/echo HTTP/1.1\r\nHost: HOST\r\nX-Shownotes: desk\r\n"
        b"Content-Type: application/json\r\nContent-Length: 99999999999999\r\n\r\n"
        b'{"a": "'
    )
    assert status(told) == 413
    assert b"4 MB" in told


def test_a_huge_body_without_a_length_is_refused_while_it_is_read(desk: SmallDesk) -> None:
    sent = 0

    def endless() -> Iterator[bytes]:
        nonlocal sent
        yield b'{"a": "'
        while sent < 10 * JSON_BYTES:
            sent += 65536
            yield b"x" * 65536

    answer = desk.client(headers=OURS).post("/api/echo", content=endless())
    assert answer.status_code == 413
    assert answer.headers["content-security-policy"] == POLICY


def test_a_body_of_just_the_limit_is_taken(desk: SmallDesk) -> None:
    body = b'{"a": "' + b"x" * (JSON_BYTES - 9) + b'"}'
    client = desk.client(headers=OURS)
    headers = {"Content-Type": "application/json"}
    assert client.post("/api/echo", content=body, headers=headers).status_code == 200
    assert client.post("/api/echo", content=body + b" ", headers=headers).status_code == 413


def test_a_form_is_small(desk: SmallDesk) -> None:
    page = desk.client()
    assert page.post("/name", data={"name": "x" * 100_000}).status_code == 413


@pytest.mark.parametrize(
    "head", [b"", b"POST /api/echo HTTP/1.1\r\nHost: HOST\r\nX-Shownotes: desk\r\n"]
)
def test_the_head_has_to_come(tmp_path: Path, head: bytes) -> None:
    with small_desk(tmp_path, head_s=0.3) as running:
        told = running.talk(head)
    # A connection that said nothing is closed without a word.
    assert told[:12] == (b"HTTP/1.1 408" if head else b"")


def test_the_second_head_of_a_connection_has_to_come_too(tmp_path: Path) -> None:
    get = b"GET /api/who HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\n"
    with small_desk(tmp_path, head_s=0.3) as running:
        get = get.replace(b"PORT", str(running.port).encode())
        with socket.create_connection(("127.0.0.1", running.port), timeout=60) as connection:
            connection.sendall(get + b"\r\n")
            first = connection.recv(65536)
            connection.sendall(get)
            second = first + read_all(connection)
    assert second.startswith(b"HTTP/1.1 200")
    assert b"HTTP/1.1 408" in second


@pytest.mark.parametrize("path", ["/api/echo", "/name", "/api/uploads/a.mp3"])
def test_the_body_has_to_come(tmp_path: Path, path: str) -> None:
    with small_desk(tmp_path, silence_s=0.3) as running:
        client = running.named()
        cookie = "; ".join(f"{name}={value}" for name, value in client.cookies.items())
        method = b"PUT" if "uploads" in path else b"POST"
        kind = b"application/json" if "echo" in path else b"application/x-www-form-urlencoded"
        told = running.talk(
            method + b" " + path.encode() + b" HTTP/1.1\r\nHost: HOST\r\nX-Shownotes: desk\r\n"
            b"Cookie: " + cookie.encode() + b"\r\nContent-Type: " + kind + b"\r\n"
            b"Content-Length: 1000\r\n\r\n{"
        )
        assert status(told) == 408
        assert list(running.audio.iterdir()) == []
        assert client.get("/api/who").status_code == 200


def test_a_huge_head_is_refused(desk: SmallDesk) -> None:
    head = b"GET / HTTP/1.1\r\nHost: HOST\r\nX-Long: " + b"x" * 200_000
    assert status(desk.talk(head + b"\r\n\r\n")) == 400


def test_two_lengths_are_refused(desk: SmallDesk) -> None:
    """Request smuggling: a length and chunks, or two lengths."""
    for lengths in (
        b"Content-Length: 5\r\nContent-Length: 6\r\n",
        b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
        b"Content-Length: -1\r\n",
        b"Transfer-Encoding: gzip\r\n",
    ):
        told = desk.talk(
            b"POST /api/echo HTTP/1.1\r\nHost: HOST\r\nX-Shownotes: desk\r\nConnection: close\r\n"
            + lengths
            + b"\r\n0\r\n\r\n"
        )
        assert status(told) in {400, 501}


def test_websockets_are_refused(desk: SmallDesk) -> None:
    told = desk.talk(
        b"GET / HTTP/1.1\r\nHost: evil.example\r\n"
        b"Connection: Upgrade, close\r\nUpgrade: websocket\r\n"
        b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )
    assert status(told) == 400


# --------------------------------------------------------------------------- what answers bear


def test_every_answer_bears_the_headers(desk: SmallDesk) -> None:
    client = desk.client()
    answers = [
        client.get("/api/who"),
        client.get("/name"),
        client.get("/static/desk.css"),
        client.get("/nowhere"),
        client.get("/api/breaks"),
        client.get("/", headers={"Host": "evil.example"}),
        client.post("/api/echo", json={}),
    ]
    assert [a.status_code for a in answers] == [200, 200, 200, 404, 500, 400, 403]
    for answer in answers:
        headers = answer.headers
        assert headers["content-security-policy"] == POLICY
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "same-origin"
        assert headers["cross-origin-opener-policy"] == "same-origin"
        assert headers["cross-origin-resource-policy"] == "same-origin"
        assert "microphone=()" in headers["permissions-policy"]
        assert "server" not in headers
        is_page = headers["content-type"].startswith(("text/html", "application/json"))
        assert (headers.get("cache-control") == "no-store") == is_page or answer.status_code == 500


def test_the_policy_is_the_designs() -> None:
    for forbidden in ("unsafe-inline", "unsafe-eval", "http:", "https:", "*"):
        assert forbidden not in POLICY
    assert "default-src 'none'" in POLICY
    assert "frame-ancestors 'self'" in POLICY


# --------------------------------------------------------------------------- who may come in


def test_without_accounts_it_is_this_machines_only(tmp_path: Path) -> None:
    with (
        pytest.raises(AccountError, match=r"desk\.example\.org"),
        small_desk(tmp_path, config=ELSEWHERE),
    ):
        pass
    with pytest.raises(AccountError), small_desk(tmp_path / "b", host="0.0.0.0"):
        pass


@pytest.mark.parametrize(
    "header", ["X-Forwarded-For", "X-Forwarded-Proto", "Forwarded", "X-Real-IP", "Via"]
)
def test_without_accounts_nothing_comes_through_a_proxy(desk: SmallDesk, header: str) -> None:
    """nginx on this machine passes on `Host: 127.0.0.1` unless it is told otherwise."""
    answer = desk.client(headers={header: "203.0.113.9"}).get("/api/who")
    assert answer.status_code == 403
    assert "no accounts" in answer.json()["error"]


def test_without_accounts_nothing_comes_as_nginx_sends_it(desk: SmallDesk) -> None:
    """Its `proxy_pass` alone: another Host, HTTP/1.0 and no header that says so."""
    told = desk.talk(b"GET /api/who HTTP/1.0\r\nHost: HOST\r\nConnection: close\r\n\r\n")
    assert status(told) == 403


def test_the_last_account_removed_closes_a_desk_to_others(tmp_path: Path) -> None:
    add_editor(tmp_path)
    with small_desk(tmp_path, config=ELSEWHERE) as running:
        away = running.client(headers={"Host": "desk.example.org"})
        assert away.get("/login").status_code == 200
        accounts.remove(tmp_path, "Ann Lee")
        assert away.get("/").status_code == 403
        assert away.get("/name").status_code == 403
        assert running.client().get("/name").status_code == 200


def test_with_accounts_nothing_is_shown_to_strangers(closed: SmallDesk) -> None:
    stranger = closed.client(headers={**OURS, "Origin": closed.url})
    for answer in (
        stranger.get("/"),
        stranger.get("/api/who"),
        stranger.get("/nowhere"),
        stranger.get("/episode/" + "0" * 32 + "/audio"),
        stranger.head("/"),
        stranger.post("/api/echo", json={}),
        stranger.put("/api/uploads/a.mp3", content=b"x" * 100_000),
        stranger.get("/static/a/b"),
        stranger.get("/invite/a/b"),
        stranger.get("/LOGIN"),
        stranger.get("/login/"),
    ):
        assert answer.status_code == 401
    assert stranger.get("/static/desk.css").status_code == 200
    assert stranger.get("/login").status_code == 200


def test_a_page_leads_strangers_to_the_door_and_back(closed: SmallDesk) -> None:
    stranger = closed.client(headers={"Accept": "text/html", "Origin": closed.url})
    answer = stranger.get("/episode/1?at=2&b=%22")
    assert answer.status_code == 303
    page = stranger.get(answer.headers["location"])
    assert '<p id="next">/episode/1?at=2&amp;b=%22</p>' in page.text
    away = sign_in(stranger, "Ann Lee", PASSWORD, next="/episode/1?at=2&b=%22")
    assert away.headers["location"] == "/episode/1?at=2&b=%22"


def test_a_name_is_no_account(tmp_path: Path) -> None:
    """The cookie of a desk without accounts is worth nothing once there are some."""
    with small_desk(tmp_path) as running:
        client = running.named("Ann Lee")
        assert client.get("/api/who").json() == {"editor": "Ann Lee"}
        add_editor(tmp_path)
        assert client.get("/api/who").status_code == 401


def test_accounts_that_cannot_be_read_close_the_desk(tmp_path: Path) -> None:
    add_editor(tmp_path)
    with small_desk(tmp_path) as running:
        client = running.signed_in()
        (tmp_path / ".shownotes" / "accounts.json").write_text("{")
        answer = client.get("/api/who")
        assert answer.status_code == 503
        assert str(tmp_path) not in answer.text


def routes_of(router: Any) -> Iterator[Any]:
    for route in router.routes:
        inner = getattr(route, "original_router", None)
        yield from routes_of(inner) if inner is not None else [route]


def test_no_route_of_the_whole_desk_was_forgotten(tmp_path: Path) -> None:
    """Every route there is, asked by a stranger, by their own addresses."""
    (tmp_path / "audio").mkdir()
    (tmp_path / "output").mkdir()
    add_editor(tmp_path)
    guard, desk = build_desk(Settings(root=tmp_path), port=0)
    routes = list(routes_of(guard._app.router))
    assert len(routes) > 15
    with running_on(guard, desk) as url, httpx.Client(base_url=url, trust_env=False) as client:
        for route in routes:
            path = route.path_format
            for name in route.param_convertors:
                path = path.replace("{" + name + "}", "0" * 32)
            for method in route.methods:
                answer = client.request(method, path, headers=OURS)
                expected = {401}
                if path.startswith(("/login", "/logout", "/name", "/invite/", "/static/")):
                    expected = {200, 303, 403, 404, 410}
                assert answer.status_code in expected, (method, path)


def test_proxies_are_believed_when_they_are_trusted() -> None:
    headers = {
        "x-forwarded-for": "198.51.100.7, 203.0.113.9, 10.0.0.2",
        "x-forwarded-proto": "https",
    }

    def told(client: str, *trusted: str) -> tuple[str, str]:
        source = find_source(headers, client=client, scheme="http", trusted_proxies=trusted)
        return source.scheme, source.address

    assert told("10.0.0.1") == ("http", "10.0.0.1")
    assert told("10.0.0.1", "10.0.0.9") == ("http", "10.0.0.1")
    assert told("10.0.0.1", "10.0.0.1") == ("https", "10.0.0.2")
    # What a client wrote itself stands to the left of what our proxies have added.
    assert told("10.0.0.1", "10.0.0.0/8") == ("https", "203.0.113.9")


def test_a_forged_proxy_header_is_not_believed() -> None:
    for forged in ("", "nonsense", "127.0.0.1, nonsense", "1.2.3.4:80", "a" * 10_000):
        headers = {"x-forwarded-for": forged, "x-forwarded-proto": "ftp"}
        source = find_source(
            headers, client="10.0.0.1", scheme="http", trusted_proxies=("10.0.0.1",)
        )
        assert source.scheme == "http"
        assert source.address == "10.0.0.1"
        assert source.is_forwarded
