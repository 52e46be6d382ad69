"""The screen of `up`, drawn into a recording console."""

import io
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from shownotes.adapters.intray_book import Entry
from shownotes.core.dropped import FileState
from shownotes.model import State, Status
from shownotes.settings import load_settings
from shownotes.supervisor import Plan, Supervisor
from shownotes.up_screen import MOST_WAITING, LiveScreen, PlainScreen, draw
from shownotes.up_view import View, Work

WORKING = Work(
    folder="one",
    status=Status(
        state=State.PROCESSING,
        title="Late Trains [bold]",
        step="transcribe",
        audio_done=754.0,
        duration=3000.0,
    ),
    left_s=1500.0,
)
WAITING = Entry(path="audio/show/new.mp3", state=FileState.WAITING, reason="it is open for writing")
REFUSED = Entry(path="audio/z.mp3", state=FileState.REFUSED, reason="it has no sound")
FAILED = Status(state=State.FAILED, title="two", error="Nothing could be decoded.")
IN_WORK = Entry(path="audio/one.mp3", state=FileState.PROCESSING)
VIEW = View(
    work=(WORKING,),
    waiting=(WAITING, REFUSED, IN_WORK),
    trouble=(("two", FAILED),),
    counts=Counter({State.DRAFT: 2, State.PUBLISHED: 1}),
)


@pytest.fixture
def supervisor(workspace: Path) -> Supervisor:
    plan = Plan(settings=load_settings(workspace), prefect_port=4321, desk_port=8765)
    return Supervisor(plan)


def drawn(view: View, supervisor: Supervisor, *lines: str, width: int = 150) -> str:
    console = Console(file=io.StringIO(), width=width, record=True)
    console.print(draw(view, supervisor, lines))
    return console.export_text()


def test_it_says_where_everything_is(supervisor: Supervisor, workspace: Path) -> None:
    early = drawn(View(), supervisor)
    assert str(workspace / "audio") in early.replace("\n", "")
    assert "is opening" in early
    assert "http://127.0.0.1:4321/ is starting" in early
    supervisor.desk, supervisor.is_ready = "http://127.0.0.1:8765/", True
    told = drawn(View(), supervisor)
    assert "http://127.0.0.1:8765/" in told
    assert "http://127.0.0.1:4321/\n" in told.replace(" ", "")
    assert "starting" not in told
    assert "put an audio file into the in-tray" in told


def test_it_says_what_is_going_on_what_waits_and_why(supervisor: Supervisor) -> None:
    told = drawn(VIEW, supervisor, "07:05:09  flows ended")
    for words in (
        "Late Trains [bold]",
        "transcribing",
        "12:34 of 50:00, about 25 min left",
        "show/new.mp3",
        "it is open for writing",
        "it has no sound",
        "Nothing could be decoded.",
        "draft, to be reviewed: 2; published: 1",
        "07:05:09  flows ended",
        "Ctrl-C",
    ):
        assert words in told, told
    # It is told of among the episodes already.
    assert "one.mp3" not in told


def test_a_long_list_is_cut_but_what_needs_a_person_is_not(supervisor: Supervisor) -> None:
    queued = [Entry(path=f"audio/{n}.mp3", state=FileState.QUEUED) for n in range(40)]
    told = drawn(replace(VIEW, waiting=(*queued, REFUSED)), supervisor)
    assert "it has no sound" in told
    assert f"and {41 - MOST_WAITING} more" in told
    assert len(told.splitlines()) < 40


def test_it_fits_a_narrow_terminal(supervisor: Supervisor) -> None:
    told = drawn(VIEW, supervisor, "07:05:09  " + "a long story " * 20, width=60)
    assert max(map(len, told.splitlines())) <= 60


def test_lines_tell_everything_once(supervisor: Supervisor) -> None:
    console = Console(file=io.StringIO(), width=200)
    with PlainScreen(console, supervisor) as screen:
        screen.show(VIEW)
        supervisor.news.append("desk ended (code 1). It is started again in 1 s.")
        screen.show(VIEW)
        supervisor.is_ready = True
        screen.show(VIEW)
        screen.say("Ending [now] ...")
    assert isinstance(console.file, io.StringIO)
    lines = [line.split("  ", 1)[1] for line in console.file.getvalue().splitlines()]
    assert lines[-3:] == [
        "desk ended (code 1). It is started again in 1 s.",
        "Prefect: http://127.0.0.1:4321/",
        "Ending [now] ...",
    ]
    assert len(lines) == len(set(lines))
    assert "audio/show/new.mp3: waits: it is open for writing" in lines


def test_the_live_screen_draws_into_a_terminal(supervisor: Supervisor) -> None:
    console = Console(file=io.StringIO(), width=120, height=60, force_terminal=True)
    with LiveScreen(console, supervisor) as screen:
        supervisor.news.append("desk ended (code 1).")
        screen.show(VIEW)
        screen.say("Ending ...")
    assert isinstance(console.file, io.StringIO)
    told = console.file.getvalue()
    assert "desk ended (code 1)." in told
    assert "Ending ..." in told
