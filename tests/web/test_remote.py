"""The desk behind a TLS proxy, as docs/remote.md sets it up."""

import ssl
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from shownotes.adapters import accounts
from shownotes.web.attempts import FREE_BY_ADDRESS, Attempts
from tests.audio_files import noise, write
from tests.web.small_desk import (
    ANN,
    OURS,
    PASSWORD,
    SmallDesk,
    add_editor,
    read_page,
    sign_in,
    small_desk,
)
from tests.web.tls_proxy import NAME, Proxy, tls_proxy

ORIGIN = f"https://{NAME}"
TRUSTED = f'[desk]\npublic_url = "{ORIGIN}"\ntrusted_proxies = ["127.0.0.1"]\n'
UNTRUSTED = f'[desk]\nallowed_hosts = ["{NAME}"]\n'


def browser(proxy: Proxy, **headers: str) -> httpx.Client:
    """A browser for which the name is the proxy's address."""
    context = ssl.create_default_context(cafile=str(proxy.certificate))
    return httpx.Client(
        base_url=f"https://127.0.0.1:{proxy.port}",
        verify=context,
        trust_env=False,
        timeout=60.0,
        headers={"Host": NAME, "Origin": ORIGIN, **OURS, **headers},
    )


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[SmallDesk]:
    add_editor(tmp_path)
    with small_desk(tmp_path, config=TRUSTED, attempts=Attempts(clock=lambda: 0.0)) as running:
        yield running


def test_a_whole_visit(desk: SmallDesk, tmp_path: Path) -> None:
    token = accounts.invite(desk.root, "Bo Rask")
    data = write(tmp_path / "x.wav", noise(20.0)).read_bytes()
    with tls_proxy(tmp_path, desk.port) as proxy, browser(proxy) as client:
        assert client.get("/", headers={"Accept": "text/html"}).status_code == 303
        csrf = read_page(client.get(f"/invite/{token}"))["csrf"]
        form = {"name": "Bo Rask", "password": PASSWORD, "csrf": csrf}
        answer = client.post(f"/invite/{token}", data=form)
        assert answer.status_code == 303
        session = answer.headers.get_list("set-cookie")[-1]
        assert session.startswith("__Host-shownotes-session=")
        for wanted in ("Secure", "HttpOnly", "SameSite=lax", "Path=/"):
            assert wanted in session
        assert "Domain" not in session
        assert client.get("/api/who").json() == {"editor": "Bo Rask"}
        assert client.put("/api/uploads/x.wav", content=data).status_code == 201
        assert (desk.audio / "x.wav").read_bytes() == data
        assert client.post("/api/echo", json=[1]).json() == [1]


def test_the_cookie_of_https_is_not_taken_by_http(desk: SmallDesk, tmp_path: Path) -> None:
    with tls_proxy(tmp_path, desk.port) as proxy, browser(proxy) as client:
        assert sign_in(client, ANN, PASSWORD).status_code == 303
        token = next(v for name, v in client.cookies.items() if name.startswith("__Host-"))
    plain = desk.client(headers={"Cookie": f"__Host-shownotes-session={token}"})
    assert plain.get("/api/who").status_code == 401


def test_other_origins_are_refused_through_a_proxy_too(desk: SmallDesk, tmp_path: Path) -> None:
    with tls_proxy(tmp_path, desk.port) as proxy, browser(proxy) as client:
        for origin in (f"http://{NAME}", "https://evil.example", f"{ORIGIN}:8443", "null"):
            assert client.post("/api/echo", json={}, headers={"Origin": origin}).status_code == 403
        assert client.get("/login", headers={"Host": "evil.example"}).status_code == 400


@pytest.mark.skipif(sys.platform != "linux", reason="needs a second address of this machine")
def test_guessing_through_a_proxy_is_the_browsers_and_not_what_it_says(tmp_path: Path) -> None:
    """Counted by the address that the proxy added, not by those that the browser wrote itself."""
    add_editor(tmp_path)
    config = TRUSTED.replace("127.0.0.1", "127.0.0.2")
    told = []
    with (
        small_desk(tmp_path, config=config, attempts=Attempts(clock=lambda: 0.0)) as desk,
        tls_proxy(tmp_path, desk.port, address="127.0.0.2") as proxy,
    ):
        for number in range(FREE_BY_ADDRESS + 2):
            with browser(proxy, **{"X-Forwarded-For": f"203.0.113.{number}"}) as client:
                told.append(client.get(f"/invite/{number}").status_code)
    assert told == [410] * FREE_BY_ADDRESS + [429] * 2


def test_an_untrusted_proxy_is_told_of(tmp_path: Path) -> None:
    add_editor(tmp_path)
    with (
        small_desk(tmp_path, config=UNTRUSTED) as desk,
        tls_proxy(tmp_path, desk.port) as proxy,
        browser(proxy) as client,
    ):
        page = read_page(client.get("/login", headers={"Origin": f"http://{NAME}"}))
        form = {"name": ANN, "password": PASSWORD, "csrf": page["csrf"]}
        answer = client.post("/login", data=form)
        assert answer.status_code == 403
        assert "trusted_proxies" in answer.json()["error"]


def test_a_proxy_that_says_nothing_still_serves_the_public_address(
    desk: SmallDesk, tmp_path: Path
) -> None:
    with tls_proxy(tmp_path, desk.port, is_bare=True) as proxy, browser(proxy) as client:
        assert sign_in(client, ANN, PASSWORD).status_code == 303
        assert client.get("/api/who").json() == {"editor": ANN}
        evil = {"Origin": "https://evil.example"}
        assert client.post("/api/echo", json={}, headers=evil).status_code == 403


def test_a_desk_without_accounts_is_not_served_by_a_proxy(tmp_path: Path) -> None:
    with (
        small_desk(tmp_path) as desk,
        tls_proxy(tmp_path, desk.port) as proxy,
        browser(proxy, Host=f"127.0.0.1:{desk.port}", Origin=desk.url) as client,
    ):
        assert client.get("/").status_code == 403
        assert client.get("/name").status_code == 403
