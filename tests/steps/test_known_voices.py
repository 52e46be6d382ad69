"""Voices remembered when an episode is approved, and suggested in the next: on made recordings."""

import json
import shutil
import wave
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from shownotes.adapters.store import EpisodeFolder, episode_folders
from shownotes.errors import FormatError
from shownotes.model import (
    Episode,
    Evidence,
    Names,
    Person,
    PersonRole,
    Segment,
    ShowNotes,
    Speaker,
    Transcript,
    Turns,
    Word,
)
from shownotes.pipeline import decide
from shownotes.settings import DeskSettings, Settings
from shownotes.steps import attribute, compose, divide, prepare, reviewing
from shownotes.steps.deciding import decide as deciding
from shownotes.steps.known_voices import (
    FILE,
    read_known,
    remember_voices,
    suggest_voices,
    suggestions_by_label,
    voices_folder,
)
from shownotes.steps.step import Walk
from shownotes.web.desk_data import describe_standing
from tests.adapters.test_voice_prints import RATE_HZ, THREE, chunks
from training.speech.grammar import Grammar
from training.speech.speak import speak

SHOW, TITLE = "Loud Rooms", "The First One"
HOST, GUEST, OTHER = THREE
FIRST, SECOND = "first", "second"


def record(path: Path, voices: tuple[dict[str, Any], ...], seed: int) -> list[Word]:
    """Two people in turn for 64 s each and more, in some room."""
    rng, grammar = np.random.default_rng(seed), Grammar(seed)
    own = [{**voice, "pitch": voice["pitch"] + int(rng.integers(-2, 3))} for voice in voices]
    pieces, words, at, spoken = [], [], 0.0, [0.0] * len(voices)
    while min(spoken) < 64.0:
        who = spoken.index(min(spoken))
        speech = speak(" ".join(grammar.sentence() for _ in range(3)), **own[who])
        pieces += [speech.samples, np.zeros(int(0.3 * RATE_HZ), np.float32)]
        words += [Word(text=w.text, start=at + w.start, end=at + w.end) for w in speech.words]
        spoken[who] += sum(w.end - w.start for w in speech.words)
        at += speech.duration + 0.3
    samples = np.concatenate(pieces)
    room = np.array([1.0, *(0.2 * rng.standard_normal(30) * np.exp(-np.arange(30) / 9))])
    heard = np.convolve(samples, room, "same") * rng.uniform(0.4, 0.9)
    heard += rng.normal(0.0, 0.002, len(heard))
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, RATE_HZ, 0, "NONE", ""))
        file.writeframes(np.concatenate(chunks(heard.astype(np.float32))).tobytes())
    return words


def lay_out(root: Path, stem: str, title: str, words: list[Word], names: Names) -> None:
    """An episode with its draft, by the real steps where voices matter."""
    sidecar = root / "audio" / f"{stem}.toml"
    sidecar.write_text(f'title = "{title}"\nshow = "{SHOW}"\n', encoding="utf-8")
    settings = Settings(root=root)
    walk = Walk(folder=prepare.admit(root / "audio" / f"{stem}.wav", settings), settings=settings)
    prepare.STEP.run(walk)
    whole = Segment(
        start=words[0].start,
        end=words[-1].end,
        text=" ".join(word.text for word in words),
        words=tuple(words),
    )
    length = words[-1].end + 1
    transcript = Transcript(language="en", segments=(whole,), duration=length, model="demo")
    walk.folder.write("transcript.json", transcript, made_from={})
    attribute.STEP.run(walk)
    walk.folder.write("names.json", names, made_from={})
    draft(walk)


def draft(walk: Walk) -> ShowNotes:
    for step in (divide.STEP, compose.STEP):
        step.run(walk)
    return walk.folder.read("draft.json", ShowNotes)


def person(name: str, role: PersonRole) -> Person:
    return Person(name=name, role=role, evidence=Evidence(text="It is.", start=0.0, end=1.0))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two episodes: a host who is known by name in the first, each time with another guest."""
    root = tmp_path_factory.mktemp("voices")
    for name in ("audio", "output"):
        (root / name).mkdir()
    (root / "shownotes.toml").write_text("", encoding="utf-8")
    people = (person("Amara Lindqvist", PersonRole.HOST), person("Bo Diaz", PersonRole.GUEST))
    speakers = (
        Speaker(label="Speaker 1", name="Amara Lindqvist"),
        Speaker(label="Speaker 2", name="Bo Diaz"),
    )
    words = record(root / "audio" / f"{FIRST}.wav", (HOST, GUEST), 1)
    lay_out(root, FIRST, TITLE, words, Names(people=people, organizations=(), speakers=speakers))
    words = record(root / "audio" / f"{SECOND}.wav", (OTHER, HOST), 2)
    lay_out(root, SECOND, "The Second", words, Names(people=(), organizations=()))
    return root


@pytest.fixture
def root(made: Path, tmp_path: Path) -> Path:
    shutil.copytree(made, tmp_path / "root")
    return tmp_path / "root"


def open_walk(root: Path, stem: str, **desk: object) -> Walk:
    settings = Settings(root=root, desk=DeskSettings.model_validate(desk))
    found = {
        folder.read("episode.json", Episode).metadata.title: folder
        for folder in episode_folders(root / "output")
    }
    title = TITLE if stem == FIRST else "The Second"
    return Walk(folder=found[title], settings=settings)


def book(root: Path) -> Path:
    return voices_folder(Settings(root=root), SHOW).path / FILE


def do(walk: Walk, *ops: dict[str, Any]) -> None:
    reviewing.open_review(walk).change(deciding(ops), by="Ed", label="test")


def test_approving_keeps_the_named_voices_and_the_next_episode_gets_a_suggestion(
    root: Path,
) -> None:
    first, second = open_walk(root, FIRST), open_walk(root, SECOND)
    assert suggest_voices(second) == ()
    reviewing.approve(first, by="Ed")
    known = {voice.name: voice for voice in read_known(EpisodeFolder(book(root).parent))}
    assert set(known) == {"Amara Lindqvist", "Bo Diaz"}
    host = known["Amara Lindqvist"]
    assert (host.role, host.title, host.by) == (PersonRole.HOST, TITLE, "Ed")
    assert (host.folder, host.seconds > 60) == (first.folder.name, True)
    assert book(root).stat().st_size < 3000
    (found,) = suggest_voices(second)
    assert (found.label, found.name, found.title) == ("Speaker 2", "Amara Lindqvist", TITLE)
    notes = draft(second)
    check = next(check for check in notes.checks if check.code == "known_voice")
    assert check.message == (
        f"Speaker 2 sounds like Amara Lindqvist of “{TITLE}”. If so, name the speaker."
    )
    turns = second.folder.read("turns.json", Turns)
    assert check.start in [turn.start for turn in turns.turns if turn.speaker == "Speaker 2"]


def test_nothing_is_assumed(root: Path) -> None:
    reviewing.approve(open_walk(root, FIRST), by="Ed")
    second = open_walk(root, SECOND)
    draft(second)
    assert {s.speaker for s in attribute.spoken(second).segments} == {"Speaker 1", "Speaker 2"}
    review = reviewing.open_review(second)
    assert review.speakers == {"Speaker 1": "Speaker 1", "Speaker 2": "Speaker 2"}
    assert review.notes().hosts == ()


def test_a_new_voice_is_no_reason_to_do_anything_again(root: Path) -> None:
    walks = [open_walk(root, FIRST), open_walk(root, SECOND)]
    reviewing.approve(walks[0], by="Ed")
    for walk in walks:
        for step in (prepare.STEP, attribute.STEP, divide.STEP, compose.STEP):
            assert not decide(step, walk).is_due, step.name


def test_the_desk_offers_it_until_the_speaker_has_a_name(root: Path) -> None:
    reviewing.approve(open_walk(root, FIRST), by="Ed")
    second = open_walk(root, SECOND)
    draft(second)

    def speakers() -> list[dict[str, Any]]:
        return describe_standing(reviewing.open_review(second), editor="Ed")["speakers"]

    offer = {"name": "Amara Lindqvist", "episode": TITLE}
    assert speakers() == [
        {"label": "Speaker 1", "name": "Speaker 1", "suggestion": None},
        {"label": "Speaker 2", "name": "Speaker 2", "suggestion": offer},
    ]
    do(second, {"op": "speaker", "label": "Speaker 2", "name": "Amara Lindqvist"})
    assert [one["suggestion"] for one in speakers()] == [None, None]
    view = reviewing.open_review(second).view()
    assert [seen for _, check, seen in view.checks if check.code == "known_voice"] == [True]


def test_names_are_kept_as_the_editor_left_them_and_replaced_when_approved_again(
    root: Path,
) -> None:
    first = open_walk(root, FIRST)
    reviewing.approve(first, by="Ed")
    do(first, {"op": "speaker", "label": "Speaker 1", "name": "Amara Lind"})
    do(first, {"op": "speaker", "label": "Speaker 2", "name": None})
    reviewing.open_review(first).approve(by="Ida")
    known = read_known(EpisodeFolder(book(root).parent))
    assert {(voice.name, voice.by) for voice in known} == {
        ("Amara Lind", "Ida"),
        ("Bo Diaz", "Ida"),
    }
    assert [one.name for one in suggest_voices(open_walk(root, SECOND))] == ["Amara Lind"]


def test_an_episode_is_not_compared_with_itself(root: Path) -> None:
    first = open_walk(root, FIRST)
    reviewing.approve(first, by="Ed")
    assert suggest_voices(first, {"Speaker 1": None, "Speaker 2": None}) == ()


def test_turns_that_the_editor_gave_to_somebody_else_are_theirs(root: Path) -> None:
    first = open_walk(root, FIRST)
    review = reviewing.open_review(first)
    own = [s.at for s in review.segments if s.label == "Speaker 2"]
    for at in own[1:]:
        do(first, {"op": "voice", "at": at, "label": "Cy Obi"})
    reviewing.approve(first, by="Ed")
    known = {voice.name: voice.seconds for voice in read_known(EpisodeFolder(book(root).parent))}
    # What is left of Bo Diaz is one turn: too little to know a voice by.
    assert "Bo Diaz" not in known
    assert "Amara Lindqvist" in known


def test_without_the_working_audio_the_prints_of_the_attribute_step_serve(root: Path) -> None:
    first = open_walk(root, FIRST)
    shutil.rmtree(first.folder.path / "work")
    reviewing.approve(first, by="Ed")
    assert [one.label for one in suggest_voices(open_walk(root, SECOND))] == ["Speaker 2"]


def test_a_damaged_file_stops_neither_approvals_nor_drafts(root: Path) -> None:
    first, second = open_walk(root, FIRST), open_walk(root, SECOND)
    book(root).parent.mkdir(parents=True)
    book(root).write_text("torn", encoding="utf-8")
    assert reviewing.approve(first, by="Ed").by == "Ed"
    assert book(root).read_text(encoding="utf-8") == "torn"
    with pytest.raises(FormatError, match=FILE):
        remember_voices(first, by="Ed")
    notes = draft(second)
    assert [w.code for w in notes.warnings if FILE in w.message] == ["known_voices_unread"]
    assert suggestions_by_label(second, {}) == {}


def test_nothing_is_kept_where_it_is_not_wanted(root: Path) -> None:
    first, second = (open_walk(root, stem, remember_voices=False) for stem in (FIRST, SECOND))
    attribute.STEP.run(first)
    assert first.folder.read("turns.json", Turns).voices == ()
    draft(first)
    reviewing.approve(first, by="Ed")
    assert not book(root).exists()
    remember_voices(open_walk(root, FIRST), by="Ed")
    assert book(root).exists()
    assert suggest_voices(second) == ()


def test_named_tracks_are_remembered_and_need_no_suggestion(root: Path) -> None:
    reviewing.approve(open_walk(root, FIRST), by="Ed")
    second = open_walk(root, SECOND)
    transcript = attribute.spoken(second)
    names = {"Speaker 1": "Cy Obi", "Speaker 2": "A. Lindqvist"}
    labelled = tuple(replace(s, speaker=names[s.speaker or ""]) for s in transcript.segments)
    second.folder.write("transcript.json", replace(transcript, segments=labelled), made_from={})
    attribute.STEP.run(second)
    assert [v.label for v in second.folder.read("turns.json", Turns).voices] == list(names.values())
    assert suggest_voices(second) == ()
    draft(second)
    reviewing.approve(second, by="Ed")
    known = read_known(EpisodeFolder(book(root).parent))
    assert {voice.name for voice in known} >= set(names.values())


def test_turns_of_an_older_version_are_read(root: Path) -> None:
    reviewing.approve(open_walk(root, FIRST), by="Ed")
    second = open_walk(root, SECOND)
    path = second.folder.path / "turns.json"
    old = json.loads(path.read_text(encoding="utf-8"))
    del old["voices"]
    path.write_text(json.dumps(old), encoding="utf-8")
    assert second.folder.read("turns.json", Turns).voices == ()
    assert suggest_voices(second) == ()


def test_a_show_hears_only_its_own_voices(root: Path) -> None:
    reviewing.approve(open_walk(root, FIRST), by="Ed")
    second = open_walk(root, SECOND)
    episode = second.folder.read("episode.json", Episode)
    other = replace(episode, metadata=replace(episode.metadata, show="Quiet Rooms"))
    second.folder.write("episode.json", other, made_from={})
    assert suggest_voices(second) == ()
