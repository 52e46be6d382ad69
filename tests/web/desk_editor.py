"""Somebody at the desk: what tests of its pages press, type and read."""

import inspect
import re
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import httpx
from playwright.sync_api import Error, expect

from tests.web.desk_server import DeskServer

PATIENCE_S = 20.0


@dataclass
class Editor:
    """Somebody at the desk."""

    page: Any
    desk: DeskServer
    episode_id: str
    errors: list[str] = field(default_factory=list)

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def type(self, text: str) -> None:
        self.page.keyboard.type(text)

    def segment(self, place: int) -> Any:
        return self.page.locator(".segment").nth(place)

    def words(self, place: int) -> Any:
        return self.segment(place).locator(".words")

    def text(self, place: int) -> str:
        return " ".join(self.words(place).inner_text().split())

    def word(self, place: int, number: int) -> Any:
        return self.segment(place).locator(".w").nth(number)

    def choose(self, place: int) -> None:
        """Mark a segment as the keyboard does."""
        self.segment(place).evaluate("(node) => { node.tabIndex = 0; node.focus(); }")
        expect(self.segment(place)).to_have_class(has("chosen"))

    def edit(self, place: int) -> None:
        self.choose(place)
        self.press("Enter")
        expect(self.segment(place)).to_have_class(has("editing"))

    def now(self) -> float:
        return float(self.page.evaluate("document.getElementById('audio').currentTime"))

    def is_playing(self) -> bool:
        return bool(self.page.evaluate("!document.getElementById('audio').paused"))

    def seek(self, time_s: float) -> None:
        self.page.evaluate(f"document.getElementById('audio').currentTime = {time_s}")
        until(lambda: abs(self.now() - time_s) < 0.01)

    def says(self, words: str) -> None:
        expect(self.page.locator("#says")).to_contain_text(words)

    def saved(self) -> None:
        expect(self.page.locator("#saving")).to_have_text("Saved", timeout=PATIENCE_S * 1000)

    @cached_property
    def reader(self) -> httpx.Client:
        """Somebody else who asks the server what it has."""
        return self.desk.client("Rita Reader")

    def data(self) -> dict[str, Any]:
        return dict(self.reader.get(f"/api/episodes/{self.episode_id}").json())

    def server_text(self, place: int) -> str:
        return " ".join(word[1] for word in self.data()["segments"][place]["words"])

    def labels(self) -> list[str]:
        history = self.reader.get(f"/api/episodes/{self.episode_id}/history").json()
        return [change["label"] for change in history["changes"]]

    def close(self) -> None:
        if "reader" in vars(self):
            self.reader.close()


def has(name: str) -> Any:
    """A class among others."""
    return re.compile(rf"(^|\s){name}(\s|$)")


def until(holds: Callable[[], bool]) -> None:
    """Wait for something to become true. The desk's policy forbids Playwright's own way."""
    began = time.monotonic()
    while not holds():
        assert time.monotonic() - began < PATIENCE_S, inspect.getsource(holds)
        time.sleep(0.03)


def crash(page: Any) -> None:
    """End a tab's process: no event of the page is fired."""
    with page.expect_event("crash"), suppress(Error):
        page.goto("chrome://crash")
