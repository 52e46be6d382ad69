"""“Transcribe this passage again”, from the request to the new words, by the bundled model."""

import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from shownotes.adapters.glossaries import read_terms
from shownotes.adapters.store import EpisodeFolder, episode_folders
from shownotes.adapters.stretches import write_clip
from shownotes.model import Episode, Transcript
from shownotes.pipeline import preview, walk_episode
from shownotes.settings import load_settings
from shownotes.steps.reviewing import open_review
from shownotes.steps.step import Walk
from tests.web.desk_server import DeskServer

RIVER = Path("audio") / "2026-09-30-the-river-has-a-budget.mp3"
LENGTH_S = 22.0
# A second run of the walk, with Prefect's server, on a busy machine.
PATIENCE_S = 180.0
CONFIG = '[speech]\nmodel = "demo"\n'
# What the transcript is made to have in place of two words, as a worse model would have heard them.
WRONG, WORSE = "wrong", "worse"


@pytest.fixture(scope="module")
def heard(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A working folder with the beginning of a demo episode, heard by the bundled model."""
    root = tmp_path_factory.mktemp("again")
    for name in ("audio", "output"):
        (root / name).mkdir()
    (root / "shownotes.toml").write_text(CONFIG, encoding="utf-8")
    write_clip(RIVER, root / "audio" / "river.mp3", start=0.0, end=LENGTH_S, tags={})
    command = [sys.executable, "-m", "shownotes.cli", "process", "--no-prefect"]
    done = subprocess.run(
        [*command, "--root", str(root)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return root


@pytest.fixture
def desk(heard: Path) -> Iterator[DeskServer]:
    (folder,) = episode_folders(heard / "output")
    episode = folder.read("episode.json", Episode)
    server = DeskServer(root=heard, episode_id=episode.id, folder=folder)
    server.start()
    yield server
    server.stop()


def hear_worse(folder: EpisodeFolder, root: Path, segment: int, places: dict[int, str]) -> None:
    """Some words of a segment as a worse model would have heard them, and the draft of that."""
    stamp = folder.stamp("transcript.json")
    assert stamp is not None
    transcript = folder.read("transcript.json", Transcript)
    segments = list(transcript.segments)
    words = tuple(
        replace(word, text=places.get(index, word.text))
        for index, word in enumerate(segments[segment].words)
    )
    text = " ".join(word.text for word in words)
    segments[segment] = replace(segments[segment], words=words, text=text)
    folder.write(
        "transcript.json",
        replace(transcript, segments=tuple(segments)),
        made_from=stamp.made_from,
        made_with=stamp.made_with,
    )
    walk_episode(Walk(folder=folder, settings=load_settings(root)))


class Page:
    """What an editor's browser sends and gets."""

    def __init__(self, desk: DeskServer) -> None:
        self.client, self.base = desk.client(), f"/api/episodes/{desk.episode_id}"

    def show(self) -> Any:
        return self.client.get(self.base).json()

    def write(self, word: int, text: str) -> None:
        self.send({"op": "text", "first": word, "last": word, "text": text})

    def send(self, *ops: dict[str, Any]) -> httpx.Response:
        shown = self.show()
        body = {"id": uuid.uuid4().hex, "seen": shown["seq"], "label": "test", "ops": list(ops)}
        answer = self.client.post(f"{self.base}/changes", json={**body, "draft": shown["draft"]})
        assert answer.status_code == 200, answer.text
        return answer

    def await_draft(self, before: str, log: Path) -> Any:
        """The episode when its draft is another one and nobody is at work on it."""
        began = time.monotonic()
        while time.monotonic() - began < PATIENCE_S:
            rows = self.client.get("/api/episodes").json()
            if self.show()["draft"] != before and rows[0]["state"] == "in_review":
                return self.show()
            time.sleep(0.3)
        pytest.fail(f"{rows}\n{log.read_text(encoding='utf-8') if log.exists() else 'no run'}")


def words_of(shown: Any) -> dict[int, str]:
    return {word[0]: word[1] for segment in shown["segments"] for word in segment["words"]}


def test_a_passage_is_heard_again_and_edits_are_where_they_were(desk: DeskServer) -> None:
    transcript = desk.folder.read("transcript.json", Transcript)
    number = next(i for i, s in enumerate(transcript.segments) if len(s.words) >= 10 and i > 0)
    right = [word.text for word in transcript.segments[number].words]
    hear_worse(desk.folder, desk.root, number, {1: WRONG, 3: WORSE})
    page = Page(desk)
    shown = page.show()
    ids = {text: word for word, text in words_of(shown).items() if text in (WRONG, WORSE)}
    passage = next(s for s in shown["segments"] if ids[WRONG] in [w[0] for w in s["words"]])
    inside = [word[0] for word in passage["words"]]
    outside = [s for s in shown["segments"] if s["at"] != passage["at"]]
    first, last = outside[0]["words"][0][0], outside[-1]["words"][-1][0]
    # In the passage: one word as the model will hear it, two as it will not. And elsewhere.
    page.write(ids[WRONG], right[1])
    page.write(ids[WORSE], "giraffe")
    page.write(inside[-2], "zebra")
    page.write(first, "Well,")
    page.send({"op": "sure", "first": last, "last": last, "is": True})
    page.send({"op": "set", "key": "title", "value": "Mine"})
    before = page.show()

    answer = page.client.post(
        f"{page.base}/again",
        json={
            "start": passage["start"] + 0.2,
            "end": passage["end"] - 0.2,
            "model": "demo",
            "glossary": ["Port Ellery"],
        },
    )
    assert answer.status_code == 202, answer.text
    after = page.await_draft(before["draft"], desk.root / "output" / ".desk-run.log")

    # What the model has come to by itself is settled, and the better transcript is there.
    heard = desk.folder.read("transcript.json", Transcript)
    again = " ".join(s.text for s in heard.segments).split()
    assert WRONG not in again
    assert WORSE not in again
    assert words_of(after)[ids[WRONG]] == right[1]
    # What the editor has otherwise is asked about: not dropped, and not put over the new words.
    conflicts = {conflict["key"]: conflict for conflict in after["notes"]["conflicts"]}
    worse = conflicts[f"word/{ids[WORSE]}"]
    assert (worse["mine"], worse["then"]) == ("giraffe", WORSE)
    assert "giraffe" not in words_of(after).values()
    # The other one holds where the model hears the same, else it is asked about as well.
    zebra = words_of(after).get(inside[-2]) == "zebra"
    assert zebra or f"word/{inside[-2]}" in conflicts
    # Elsewhere nothing has moved, in time either.
    there = {s["at"]: s for s in after["segments"]}
    assert [there[s["at"]] for s in before["segments"] if s["at"] != passage["at"]] == [
        s for s in before["segments"] if s["at"] != passage["at"]
    ]
    assert words_of(after)[first] == "Well,"
    assert after["title"] == "Mine"
    # Nothing of what was decided is gone, and the conflict can be settled.
    settings = load_settings(desk.root)
    review = open_review(Walk(folder=desk.folder, settings=settings)).review
    assert {f"sure/{last}", "title", f"word/{ids[WORSE]}"} <= review.decisions.keys()
    page.send({"op": "resolve", "key": worse["key"], "take": "mine"})
    assert "giraffe" in words_of(page.show()).values()
    # The name to listen for is the show's now, and the next run has nothing to do.
    assert read_terms(desk.root, None) == ("Port Ellery",)
    walk = Walk(folder=desk.folder, settings=settings)
    assert [d.step.name for d in preview(walk) if d.is_due and d.step.name != "render"] == []
