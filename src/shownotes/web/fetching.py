"""Speech models fetched while the desk is open: one thread each, with how far it is."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace

from shownotes.adapters import models
from shownotes.errors import ReviewError, ShowNotesError


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetch:
    """How far fetching a model is.

    Attributes:
        done: bytes that are here.
        total: bytes in all; 0 while that is not known.
        error: why it broke off, or what went wrong afterwards.
    """

    is_running: bool = True
    done: int = 0
    total: int = 0
    error: str | None = None


class Fetches:
    """Every model that somebody asked for since the desk was opened.

    Args:
        go_on: told a model's name when it is here; may raise one of our errors.
    """

    def __init__(self, go_on: Callable[[str], None]) -> None:
        self._go_on = go_on
        self._lock = threading.Lock()
        self._fetches: dict[str, Fetch] = {}

    def find(self, name: str) -> Fetch | None:
        """How far a model is; `None` when nobody asked for it."""
        with self._lock:
            return self._fetches.get(name)

    def start(self, name: str) -> Fetch:
        """Begin to fetch a model; one that is on its way already goes on as it is.

        Raises:
            ReviewError: it is none that can be fetched.
        """
        if name not in models.SIZES and name not in models.ALIASES:
            raise ReviewError(f"{name!r} is no model that can be fetched.")
        with self._lock:
            known = self._fetches.get(name)
            if known is not None and known.is_running:
                return known
            begun = self._fetches[name] = Fetch()
        # A download that is cut off with the desk goes on where it stopped.
        threading.Thread(target=self._fetch, args=(name,), daemon=True).start()
        return begun

    def _fetch(self, name: str) -> None:
        def report(done: int, total: int) -> None:
            self._note(name, Fetch(done=done, total=total))

        try:
            models.fetch(name, progress=report)
            self._go_on(name)
        except ShowNotesError as error:
            self._end(name, str(error))
        except Exception as error:
            self._end(name, f"{type(error).__name__}: {error}")
            raise
        else:
            self._end(name, None)

    def _end(self, name: str, error: str | None) -> None:
        self._note(name, replace(self._fetches[name], is_running=False, error=error))

    def _note(self, name: str, fetch: Fetch) -> None:
        with self._lock:
            self._fetches[name] = fetch
