"""Children that fail, die, hang and babble."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from shownotes.adapters.child_process import Child, ChildDied, ChildFailed, ChildSilent

ROOT = Path(__file__).parents[2]


@pytest.fixture
def child() -> Iterator[Child]:
    child = Child("tests.adapters.odd_child", {"PYTHONPATH": str(ROOT)})
    child.start()
    yield child
    child.close()


def ask(child: Child, what: str, **limits: float) -> list[dict[str, Any]]:
    return list(child.ask({"do": what}, b"12345", **{"deadline_s": 60.0, **limits}))


def test_it_answers_and_is_kept(child: Child) -> None:
    first, second = ask(child, "echo"), ask(child, "echo")
    assert (
        first == second == [{"event": "progress", "length": 5}, {"event": "done", "pid": child.pid}]
    )


def test_a_failure_leaves_it_alive(child: Child) -> None:
    with pytest.raises(ChildFailed, match="no") as caught:
        ask(child, "fail")
    assert caught.value.kind == "ValueError"
    assert ask(child, "echo")


def test_its_death_is_told_with_its_last_words(child: Child) -> None:
    with pytest.raises(ChildDied) as caught:
        ask(child, "die")
    assert (caught.value.code, caught.value.last_words) == (3, "something was wrong")
    assert not child.is_alive
    child.start()
    assert ask(child, "echo")


def test_what_it_prints_is_no_answer(child: Child) -> None:
    assert ask(child, "babble") == [{"event": "done"}]


def test_one_that_waits_is_ended(child: Child) -> None:
    with pytest.raises(ChildSilent) as caught:
        ask(child, "sleep", silence_s=1.0)
    assert not caught.value.is_busy
    assert not child.is_alive


def test_one_that_is_busy_for_nothing_is_ended(child: Child) -> None:
    with pytest.raises(ChildSilent) as caught:
        ask(child, "spin", most_cpu_s=0.5)
    assert caught.value.is_busy
    assert not child.is_alive


def test_who_leaves_early_ends_it(child: Child) -> None:
    with closing(child.ask({"do": "echo"}, deadline_s=60.0)) as answers:
        next(answers)
    assert not child.is_alive
