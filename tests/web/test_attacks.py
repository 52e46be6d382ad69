"""What a page of another site can do to a desk on 127.0.0.1, in a real Chromium: nothing."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.web.small_desk import SmallDesk, add_editor, small_desk

pytestmark = pytest.mark.browser
# Chromium takes every name that ends so for this machine, and for a site of its own.
EVIL = "evil.localhost"
# Each answers what came of it: "sent" where a browser does not say more.
TRIES = {
    "read": "fetch(desk + '/api/who', {credentials: 'include'}).then((r) => r.text())",
    "read unseen": "fetch(desk + '/api/who', {mode: 'no-cors', credentials: 'include'})"
    ".then((r) => r.type)",
    "change with our header": "fetch(desk + '/api/echo', {method: 'POST', credentials: 'include', "
    "headers: {'X-Shownotes': 'desk'}, body: '{}'}).then((r) => r.text())",
    "change as text": "fetch(desk + '/api/echo', {method: 'POST', mode: 'no-cors', "
    "credentials: 'include', body: '{}'}).then((r) => r.type)",
    "send a file": "fetch(desk + '/api/uploads/a.mp3', {method: 'PUT', credentials: 'include', "
    "headers: {'X-Shownotes': 'desk'}, body: 'x'}).then((r) => r.text())",
    "beacon": "Promise.resolve(navigator.sendBeacon(desk + '/logout', "
    "new URLSearchParams({csrf: ''})) ? 'sent' : 'not sent')",
    "image": "load('img')",
    "script": "load('script')",
    "style": "load('link')",
    "sound": "load('audio')",
    "websocket": "new Promise((done) => { const s = new WebSocket(desk.replace('http', 'ws')); "
    "s.onopen = () => done('open'); s.onerror = () => done('refused'); })",
}
PAGE = """<!doctype html><title>evil</title><body><script>
const desk = "DESK";
const load = (tag) => new Promise((done) => {
  const node = document.createElement(tag);
  node.onload = node.onloadeddata = () => done("loaded");
  node.onerror = () => done("refused");
  if (tag === "link") { node.rel = "stylesheet"; node.href = desk + "/static/desk.css"; }
  else node.src = desk + (tag === "audio" ? "/episode/0/audio" : "/static/desk.css");
  document.body.append(node);
});
const attempt = (what) => Promise.resolve().then(() => eval(what)).catch((e) => "refused");
</script>"""


@pytest.fixture(scope="module")
def evil() -> Iterator[ThreadingHTTPServer]:
    """Somebody else's site."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = PAGE.replace("DESK", server.desk).encode()  # type: ignore[attr-defined]
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallDesk]:
    root = tmp_path_factory.mktemp("desk")
    add_editor(root)
    with small_desk(root) as running:
        yield running


@pytest.fixture
def browser(chromium: Any, desk: SmallDesk) -> Iterator[Any]:
    """A browser whose person is signed in to the desk."""
    context = chromium.new_context()
    token = next(v for name, v in desk.signed_in().cookies.items() if "session" in name)
    name = f"shownotes-{desk.port}-session"
    cookie = {"name": name, "value": token, "url": desk.url, "httpOnly": True, "sameSite": "Lax"}
    context.add_cookies([cookie])
    yield context
    context.close()


def who(browser: Any, desk: SmallDesk) -> str:
    page = browser.new_page()
    page.goto(f"{desk.url}/api/who")
    return str(page.inner_text("body"))


@pytest.mark.parametrize("host", [EVIL, "127.0.0.1", "localhost"])
def test_another_site_reads_and_changes_nothing(
    browser: Any, desk: SmallDesk, evil: ThreadingHTTPServer, host: str
) -> None:
    """From a site of its own, and from another port of this machine."""
    evil.desk = desk.url  # type: ignore[attr-defined]
    assert "Ann Lee" in who(browser, desk)
    page = browser.new_page()
    page.goto(f"http://{host}:{evil.server_port}/")
    desk.reached.clear()
    results = {name: page.evaluate(f"attempt({what!r})") for name, what in TRIES.items()}
    assert results.pop("beacon") == "sent"
    assert set(results.values()) <= {"refused", "opaque"}, results
    page.wait_for_timeout(200)
    assert desk.reached == []
    assert list(desk.audio.iterdir()) == []
    assert "Ann Lee" in who(browser, desk)


def test_another_site_posts_no_form(
    browser: Any, desk: SmallDesk, evil: ThreadingHTTPServer
) -> None:
    evil.desk = desk.url  # type: ignore[attr-defined]
    for kind in ("application/x-www-form-urlencoded", "text/plain", "multipart/form-data"):
        for path in ("/logout", "/login", "/api/echo"):
            page = browser.new_page()
            page.goto(f"http://{EVIL}:{evil.server_port}/")
            with page.expect_navigation() as going:
                page.evaluate(
                    """([action, kind]) => {
                      const form = document.createElement("form");
                      Object.assign(form, { method: "post", action, enctype: kind });
                      form.innerHTML = '<input name="csrf" value="x"><input name="name" value="M">';
                      document.body.append(form);
                      form.submit();
                    }""",
                    [desk.url + path, kind],
                )
            assert going.value.status == 403
            page.close()
    assert "Ann Lee" in who(browser, desk)


def test_another_site_cannot_frame_the_desk(
    browser: Any, desk: SmallDesk, evil: ThreadingHTTPServer
) -> None:
    evil.desk = desk.url  # type: ignore[attr-defined]
    page = browser.new_page()
    page.goto(f"http://{EVIL}:{evil.server_port}/")
    with page.expect_response(lambda r: desk.url in r.url) as framed:
        page.evaluate(
            "url => { const f = document.createElement('iframe'); f.src = url; "
            "document.body.append(f); }",
            desk.url + "/",
        )
    assert framed.value.status == 403
    page.wait_for_timeout(100)
    assert "Ann Lee" not in "".join(frame.content() for frame in page.frames[1:])


def test_another_site_may_link(browser: Any, desk: SmallDesk, evil: ThreadingHTTPServer) -> None:
    """A link in a mail or a chat leads to the episode, and its reader is still signed in."""
    evil.desk = desk.url  # type: ignore[attr-defined]
    page = browser.new_page()
    page.goto(f"http://{EVIL}:{evil.server_port}/")
    page.evaluate(
        "url => { const a = document.createElement('a'); a.href = url; a.textContent = 'to'; "
        "document.body.append(a); }",
        desk.url + "/api/who",
    )
    page.click("a")
    page.wait_for_url(desk.url + "/api/who")
    assert "Ann Lee" in page.inner_text("body")


def test_a_rebound_name_is_not_ours(browser: Any, desk: SmallDesk) -> None:
    """A name of the attacker's that means 127.0.0.1, on the desk's own port: same origin."""
    page = browser.new_page()
    answer = page.goto(f"http://{EVIL}:{desk.port}/")
    assert answer.status == 400
    status = page.evaluate(
        "fetch('/api/echo', {method: 'POST', headers: {'X-Shownotes': 'desk'}, body: '{}'})"
        ".then((r) => r.status)"
    )
    assert status == 400


def test_no_markup_gets_into_a_page(browser: Any, desk: SmallDesk) -> None:
    """A name with a script in it is shown, and would not run if it were not escaped."""
    page = browser.new_page()
    said: list[str] = []
    page.on("dialog", lambda dialog: said.append(dialog.message) or dialog.dismiss())
    page.goto(f"{desk.url}/login?next=/%22%3E%3Cscript%3Ealert(1)%3C/script%3E")
    page.set_content("<script>alert(2)</script><img src=x onerror=alert(3)>")
    page.wait_for_timeout(100)
    assert said == []


def test_a_preview_has_its_styles_and_can_do_nothing(browser: Any, desk: SmallDesk) -> None:
    page = browser.new_page()
    page.goto(f"{desk.url}/api/who")
    page.evaluate(
        "() => new Promise((done) => { const f = document.createElement('iframe'); "
        "f.onload = done; f.src = '/preview'; document.body.append(f); })"
    )
    frame = page.frames[1]
    shown = frame.locator("p")
    assert shown.evaluate("(p) => getComputedStyle(p).color") == "rgb(1, 2, 3)"
    assert frame.title() == ""
    assert frame.evaluate("origin") == "null"


def test_a_file_that_is_too_large_is_told_so(chromium: Any, tmp_path: Path) -> None:
    """The answer comes while the browser still sends, and is read all the same."""
    with small_desk(tmp_path, config="[desk]\nmost_upload_mb = 1\n") as running:
        context = chromium.new_context()
        cookies = running.named().cookies.items()
        context.add_cookies([{"name": n, "value": v, "url": running.url} for n, v in cookies])
        page = context.new_page()
        page.goto(running.url + "/api/who")
        status = page.evaluate(
            "fetch('/api/uploads/a.mp3', {method: 'PUT', headers: {'X-Shownotes': 'desk'}, "
            "body: new Blob([new Uint8Array(20e6)])}).then((r) => r.status)"
        )
        assert status == 413
        context.close()
