"""Work that is done ahead in a thread, while another process has most of the processor."""

import contextlib
import os
import sys
import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from shownotes.errors import RunCancelledError

Value = TypeVar("Value")
GoOn = Callable[[float], None]
# How much less urgent it is than the rest.
_NICENESS = 5


class Ahead(Generic[Value]):
    """A value that is being made.

    Whoever needs it asks for the `result`; whoever does not, `close`s it.
    """

    def __init__(self, make: Callable[[GoOn], Value]) -> None:
        """Begin.

        Args:
            make: makes the value; told a function that it is to call now and then (with the
                seconds done, or any number), which leaves by an exception when nobody wants it.
        """
        self._make = make
        self._is_unwanted = threading.Event()
        self._value: list[Value] = []
        self._error: Exception | None = None
        self._thread = threading.Thread(target=self._work, name="ahead", daemon=True)
        self._thread.start()

    def result(self) -> Value:
        """Wait for it.

        Raises:
            Exception: whatever making it raised.
        """
        self._thread.join()
        if self._error is not None:
            raise self._error
        return self._value[0]

    def close(self) -> None:
        """Let it be, and wait until it is."""
        self._is_unwanted.set()
        self._thread.join()
        self._value.clear()

    def _work(self) -> None:
        if sys.platform == "linux":
            # There a thread has a niceness of its own.
            with contextlib.suppress(OSError):
                own = threading.get_native_id()
                os.setpriority(
                    os.PRIO_PROCESS, own, os.getpriority(os.PRIO_PROCESS, own) + _NICENESS
                )
        try:
            self._value.append(self._make(self._go_on))
        except Exception as error:  # noqa: BLE001 (raised in the thread that asks)
            self._error = error

    def _go_on(self, _done: float) -> None:
        if self._is_unwanted.is_set():
            raise RunCancelledError("Nobody waits for this any more.")
