"""Pages of a running desk in Chromium, with everything that they complained about."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

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
