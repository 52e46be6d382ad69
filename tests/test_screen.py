"""What a terminal is sent."""

import io
from pathlib import Path

import pytest
from rich.console import Console

from shownotes.adapters.store import EpisodeFolder
from shownotes.core.characters import visible
from shownotes.model import State, Status
from shownotes.screen import MOST_EPISODES, open_console, show_status


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Ünïcode, 日本語, العربية", "Ünïcode, 日本語, العربية"),
        ("red\x1b[31m\x07", "red\\x1b[31m\\x07"),
        ("8-bit \x9b31m", "8-bit \\x9b31m"),
        ("3pm.\u202eexe", "3pm.\\u202eexe"),
        ("latin\udce9", "latin\\udce9"),
        ("two\nlines\tand a tab", "two\nlines\tand a tab"),
    ],
)
def test_what_a_terminal_would_obey_is_written_out(text: str, shown: str) -> None:
    assert visible(text) == shown


def test_a_name_cannot_command_the_terminal() -> None:
    console = open_console()
    console.file = io.StringIO()
    console.print("failed  \x1b]0;owned\x07name.mp3", soft_wrap=True)
    assert console.file.getvalue() == "failed  \\x1b]0;owned\\x07name.mp3\n"


def _many(tmp_path: Path, count: int) -> list[tuple[EpisodeFolder, Status | None]]:
    long = "A title that is longer than any terminal is wide, " * 5
    return [
        (
            EpisodeFolder(tmp_path / f"2026-{number:04}-episode"),
            Status(state=State.DRAFT, title=f"{number}\n{long}\x1b[31m", duration=61.0),
        )
        for number in range(count)
    ]


def test_a_terminal_shows_the_last_hundred_episodes(tmp_path: Path) -> None:
    rows = _many(tmp_path, 103)
    for most, first in ((MOST_EPISODES, "2026-0003-episode"), (None, "2026-0000-episode")):
        said = io.StringIO()
        show_status(Console(file=said, force_terminal=True, width=200), rows, most=most)
        assert first in said.getvalue()
        assert ("before them: shownotes status --all" in said.getvalue()) is (most is not None)
        assert ("2026-0002-episode" in said.getvalue()) is (most is None)


def test_a_pipe_gets_every_episode_whole_on_a_line(tmp_path: Path) -> None:
    rows = _many(tmp_path, 103)
    said = io.StringIO()
    show_status(Console(file=said, width=80), rows)
    _, *lines = said.getvalue().splitlines()
    assert len(lines) == 103
    assert all(line.endswith(f"2026-{number:04}-episode") for number, line in enumerate(lines))
    assert "\x1b" not in "".join(lines)
