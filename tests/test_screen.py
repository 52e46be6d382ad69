"""What a terminal is sent."""

import io

import pytest

from shownotes.core.characters import visible
from shownotes.screen import open_console


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
