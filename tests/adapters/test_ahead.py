import threading

import pytest

from shownotes.adapters.ahead import Ahead, GoOn


def test_what_was_made_meanwhile_is_handed_over() -> None:
    ahead = Ahead(lambda _go_on: threading.current_thread() is threading.main_thread())
    assert ahead.result() is False
    assert ahead.result() is False


def test_what_went_wrong_is_raised_where_it_is_asked_for() -> None:
    def make(_go_on: GoOn) -> int:
        raise OSError("no room")

    with pytest.raises(OSError, match="no room"):
        Ahead(make).result()


def test_what_nobody_wants_stops() -> None:
    begun = threading.Event()

    def make(go_on: GoOn) -> int:
        done = 0
        while True:
            go_on(done)
            begun.set()
            done += 1

    ahead = Ahead(make)
    begun.wait()
    ahead.close()
    assert "ahead" not in {thread.name for thread in threading.enumerate()}
