"""`shownotes render --watch` as a person has it: a real process, whose templates are edited."""

import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from shownotes.adapters.store import episode_folders
from shownotes.batch import RunOptions, process_plainly
from shownotes.settings import load_settings
from shownotes.steps.step import Silent, Walk
from shownotes.watch import Watched
from shownotes.workspace import shipped
from tests.test_pipeline import VTT

DEADLINE_S = 120
EPISODE = "undated-late-trains"


class Watching:
    """The process and what it has said so far."""

    def __init__(self, root: Path, *arguments: str) -> None:
        # Of its own group, so that an interrupt reaches it and nobody else.
        self.process = subprocess.Popen(
            [sys.executable, "-m", "shownotes.cli", "render", *arguments, "--watch"],
            cwd=root,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
            env={**os.environ, "PYTHONWARNINGS": "ignore", "PYTHONUTF8": "1"},
        )
        self.said = ""
        self._lines: queue.Queue[str | None] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._lines.put(line)
        self._lines.put(None)

    def until(self, is_there: Callable[[str], bool]) -> str:
        """Read line after line until one is what is waited for."""
        while (line := self._lines.get(timeout=DEADLINE_S)) is not None:
            self.said += line
            if is_there(line):
                return line
        pytest.fail(f"it ended: {self.said}")

    def end(self) -> int:
        """Press Ctrl-C, and read the rest."""
        self.process.send_signal(signal.SIGINT)
        while (line := self._lines.get(timeout=DEADLINE_S)) is not None:
            self.said += line
        return self.process.wait(timeout=DEADLINE_S)


@pytest.fixture
def root(workspace: Path) -> Path:
    """A working folder with an episode of a show."""
    folder = workspace / "audio" / "The Night Desk"
    folder.mkdir()
    (folder / "late-trains.vtt").write_text(VTT, encoding="utf-8")
    config = workspace / "shownotes.toml"
    config.write_text('[show."The Night Desk"]\nlanguage = "en"\n', encoding="utf-8")
    outcomes = process_plainly(
        [folder / "late-trains.vtt"],
        load_settings(workspace),
        options=RunOptions(),
        progress=Silent(),
    )
    assert outcomes[0].error is None
    return workspace


@pytest.fixture
def watching(root: Path) -> Iterator[Watching]:
    started = Watching(root, EPISODE)
    yield started
    started.process.kill()
    started.process.wait()
    assert started.process.stdout is not None
    started.process.stdout.close()


@pytest.mark.skipif(sys.platform == "win32", reason="no Ctrl-C for another process there")
def test_pages_follow_the_templates_until_ctrl_c(root: Path, watching: Watching) -> None:
    made = root / "output" / EPISODE / "notes.md"

    def is_made(text: str) -> Callable[[str], bool]:
        return lambda line: line.startswith("rendered") and made.read_text(encoding="utf-8") == text

    opened = watching.until(lambda line: line.startswith("open"))
    assert opened.split()[1] == (made.parent / "notes.html").as_uri()
    assert "watching  templates\n" in watching.said
    assert f"watching  {shipped('templates')} (the program's)\n" in watching.said

    # A new file in a folder that was not there before.
    own = root / "templates" / "notes"
    own.mkdir()
    (own / "notes.md").write_text("one {{ notes.show }}\n", encoding="utf-8")
    watching.until(is_made("one The Night Desk\n"))

    # An error is said, the page stays, and watching goes on.
    (own / "notes.md").write_text("{{ notes.gest }}\n", encoding="utf-8")
    told = watching.until(lambda line: "notes.gest" in line)
    assert told.startswith("error     templates/notes/notes.md, line 1: ")
    assert "Did you mean `notes.guests`?" in told
    assert made.read_text(encoding="utf-8") == "one The Night Desk\n"
    (own / "notes.md").write_text("two\n", encoding="utf-8")
    watching.until(is_made("two\n"))

    # An editor that saves beside the file and renames.
    (own / "notes.md~new").write_text("three\n", encoding="utf-8")
    (own / "notes.md~new").replace(own / "notes.md")
    watching.until(is_made("three\n"))

    # The show's own wins as soon as it is there, and no longer.
    of_show = root / "templates" / "shows" / "the-night-desk"
    of_show.mkdir(parents=True)
    (of_show / "notes.md").write_text("the show's\n", encoding="utf-8")
    watching.until(is_made("the show's\n"))
    (of_show / "notes.md").unlink()
    watching.until(is_made("three\n"))

    assert watching.end() == 0
    assert "Traceback" not in watching.said
    assert watching.said.endswith("Stopped watching.\n")


def watched(root: Path) -> tuple[Watched, list[tuple[str, str]]]:
    settings = load_settings(root)
    said: list[tuple[str, str]] = []
    walks = [
        Walk(folder=folder, settings=settings) for folder in episode_folders(settings.output_folder)
    ]
    return Watched(walks=walks, tell=lambda word, text: said.append((word, text))), said


def test_unchanged_templates_are_rendered_once(root: Path) -> None:
    episodes, said = watched(root)
    episodes.look()
    episodes.look()
    assert said == [("rendered", str(root / "output" / EPISODE))]


def test_an_error_is_said_once_and_again_after_a_change(root: Path) -> None:
    own = root / "templates" / "notes"
    own.mkdir(parents=True)
    (own / "notes.md").write_text("{{ notes.gest }}", encoding="utf-8")
    episodes, said = watched(root)
    episodes.look()
    episodes.look()
    assert [word for word, _ in said] == ["error"]
    (own / "notes.md").write_text("fine", encoding="utf-8")
    episodes.look()
    (own / "notes.md").write_text("{{ notes.gest }}", encoding="utf-8")
    episodes.look()
    assert [word for word, _ in said] == ["error", "rendered", "error"]


def test_a_busy_episode_is_tried_again(root: Path) -> None:
    episodes, said = watched(root)
    with episodes.walks[0].folder.claim(holder="somebody"):
        episodes.look()
        episodes.look()
    assert [word for word, _ in said] == ["error"]
    episodes.look()
    assert [word for word, _ in said] == ["error", "rendered"]


def test_a_page_that_a_person_edited_is_kept_and_the_new_one_named(root: Path) -> None:
    page = root / "output" / EPISODE / "notes.html"
    page.write_text("mine", encoding="utf-8")
    episodes, said = watched(root)
    episodes.look()
    assert page.read_text(encoding="utf-8") == "mine"
    assert said[0][0] == "kept"
    assert "notes.new.html" in said[0][1]
