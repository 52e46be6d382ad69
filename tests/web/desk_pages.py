"""Pages of a running desk in Chromium, with everything that they complained about."""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
from axe_playwright_python.sync_playwright import Axe

from tests.web.desk_server import DeskServer

PHONE, DESKTOP = {"width": 390, "height": 844}, {"width": 1280, "height": 900}
# What a preview in its sandbox says of itself is not the desk's.
_OF_PREVIEWS = "/preview/"
_REFUSED = "Failed to load resource"


@dataclass
class Opened:
    """A page and what went wrong in it."""

    page: Any
    errors: list[str] = field(default_factory=list)

    def hear(self, message: Any) -> None:
        told = f"{message.text} ({message.location.get('url', '')})"
        is_refusal = message.text.startswith(_REFUSED)
        if message.type == "error" and _OF_PREVIEWS not in told and not is_refusal:
            self.errors.append(told)


@contextmanager
def opening(chromium: Any, server: DeskServer) -> Iterator[Callable[..., Opened]]:
    """Open pages as somebody; each in a browser of its own unless `beside` another one's page."""
    contexts: list[Any] = []

    def opens(
        path: str = "/", *, name: str = "Ada Editor", beside: Opened | None = None, **options: Any
    ) -> Opened:
        if beside is None:
            context = chromium.new_context(**{"viewport": DESKTOP, **options})
            contexts.append(context)
            server.sign_in(context, name)
        else:
            context = beside.page.context
        opened = Opened(context.new_page())
        opened.page.set_default_timeout(15_000)
        opened.page.on("pageerror", lambda error: opened.errors.append(str(error)))
        opened.page.on("console", opened.hear)
        opened.page.goto(server.url + path)
        return opened

    yield opens
    for context in contexts:
        context.close()


def wait_until_ready(page: Any) -> None:
    """Until the scripts of an episode's page have taken over."""
    page.wait_for_selector("html[data-desk=ready]")
    page.wait_for_selector("#story .field", state="attached")


def violations(page: Any) -> list[tuple[str, list[str]]]:
    """What axe has to say."""
    found = Axe().run(page).response["violations"]
    return [(v["id"], [node["html"] for node in v["nodes"]][:3]) for v in found]


SAVED = "() => document.getElementById('saving').dataset.state === 'saved'"
PLAYING_AT = "(time) => Math.abs(document.querySelector('audio').currentTime - time) < 3"


def open_desk(opens_pages: Callable[..., Opened], server: DeskServer, **options: Any) -> Opened:
    opened = opens_pages(f"/episode/{server.episode_id}", **options)
    wait_until_ready(opened.page)
    return opened


def data_of(server: DeskServer) -> dict[str, Any]:
    with closing(server.client("Reader")) as client:
        data: dict[str, Any] = client.get(f"/api/episodes/{server.episode_id}").json()
    return data


def notes_of(server: DeskServer) -> dict[str, Any]:
    notes: dict[str, Any] = data_of(server)["notes"]
    return notes


def named(items: list[dict[str, Any]], name: str) -> dict[str, Any]:
    return next(item for item in items if item["name"] == name)


def change(client: httpx.Client, server: DeskServer, *ops: dict[str, Any], seen: int) -> Any:
    body = {"id": f"by-a-test-{seen}-{ops[0]}"[:90], "seen": seen, "label": "Test", "ops": ops}
    answer = client.post(f"/api/episodes/{server.episode_id}/changes", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


def wait_until_saved(page: Any) -> None:
    page.wait_for_function(SAVED)


def field_of(page: Any, key: str) -> Any:
    return page.locator(f'.field[data-key="{key}"]').first


def write(page: Any, key: str, text: str, *, enter: bool = True) -> None:
    box = field_of(page, key).locator("textarea, input").first
    box.fill(text)
    if enter:
        box.press("Enter")
