"""The walk over real steps, on an episode that came as a transcript (no speech engine needed)."""

import errno
import json
import subprocess
import sys
from pathlib import Path

import pytest

from shownotes import pipeline
from shownotes.adapters import names
from shownotes.adapters.store import EpisodeFolder
from shownotes.batch import (
    Outcome,
    Run,
    RunOptions,
    Warm,
    is_anything_due,
    process_one,
    process_plainly,
)
from shownotes.errors import ModelMissingError, StoreError
from shownotes.model import Names, ShowNotes, State
from shownotes.settings import Settings, load_settings
from shownotes.steps import identify, prepare, render
from shownotes.steps.step import Part, Silent, Step, Walk

VTT = """WEBVTT

00:00:00.000 --> 00:00:06.000
Why are the trains of Velmora late every winter?

00:00:06.500 --> 00:00:12.000
I'm Ingrid Solberg, and this is Slow Rails, the podcast about public transport.

00:00:13.000 --> 00:00:20.000
My guest is Tomas Okoye, director of planning at the Velmora Railway Institute.

00:00:21.000 --> 00:00:28.000
Tomas, what does the Rail Safety Commission do, the body that decides how fast trains may run?

00:00:29.000 --> 00:00:36.000
It closed nine bridges in March, and every detour costs us twenty minutes.

00:00:37.000 --> 00:00:44.000
A bridge from nineteen thirty does not like forty trucks a day, and neither do the passengers.

00:00:45.000 --> 00:00:50.000
Thank you, Tomas Okoye. This was Slow Rails.
"""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    (tmp_path / "audio").mkdir()
    (tmp_path / "shownotes.toml").write_text("", encoding="utf-8")
    (tmp_path / "audio" / "late-trains.vtt").write_text(VTT, encoding="utf-8")
    return load_settings(tmp_path)


def run(settings: Settings, *, forced: frozenset[str] = frozenset()) -> Outcome:
    paths = prepare.find_audio(settings)
    outcomes = process_plainly(
        paths, settings, options=RunOptions(forced=forced), progress=Silent()
    )
    assert len(outcomes) == 1
    if outcomes[0].error is not None:
        raise outcomes[0].error
    return outcomes[0]


def folder_of(outcome: Outcome) -> EpisodeFolder:
    assert outcome.folder is not None
    return outcome.folder


def made_at(folder: EpisodeFolder) -> dict[str, int]:
    return {path.name: path.stat().st_mtime_ns for path in folder.path.iterdir() if path.is_file()}


def due(folder: EpisodeFolder, settings: Settings) -> list[str]:
    walk = Walk(folder=folder, settings=settings)
    return [d.step.name for d in pipeline.preview(walk) if d.is_due]


def test_a_transcript_becomes_a_draft(settings: Settings) -> None:
    outcome = run(settings)
    folder = folder_of(outcome)
    assert outcome.status is not None
    assert outcome.status.state is State.DRAFT
    assert outcome.status.guests == ("Tomas Okoye",)
    for name in ("notes.md", "notes.html", "transcript.vtt", "transcript.srt"):
        assert (folder.path / name).stat().st_size > 0
    notes = folder.read("draft.json", ShowNotes)
    assert [person.name for person in notes.hosts] == ["Ingrid Solberg"]
    assert "Tomas Okoye" in (folder.path / "notes.md").read_text(encoding="utf-8")
    assert len((folder.path / "status.json").read_bytes()) <= 4096


def test_names_pipelines_are_loaded_once_and_ahead(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded: list[str] = []
    load = names.load_pipeline
    monkeypatch.setattr(names, "load_pipeline", lambda *s: loaded.append(*s) or load(*s))
    folder = folder_of(run(settings))
    expected = folder.read("names.json", Names)
    loaded.clear()
    with Warm() as kept:
        walk = Walk(folder=folder, settings=settings, kept_warm=kept)
        for _ in range(2):
            identify.load_ahead(walk)
            identify.STEP.run(walk)
    assert folder.read("names.json", Names) == expected
    assert loaded == ["names-en"]


def test_a_pipeline_that_is_missing_is_told_by_the_step_and_not_before(settings: Settings) -> None:
    folder = folder_of(run(settings))
    pipelines = {"en": str(settings.root / "nowhere")}
    other = settings.model_copy(
        update={"names": settings.names.model_copy(update={"pipelines": pipelines})}
    )
    with Warm() as kept:
        walk = Walk(folder=folder, settings=other, kept_warm=kept)
        identify.load_ahead(walk)
        with pytest.raises(ModelMissingError, match="nowhere"):
            identify.STEP.run(walk)


def test_running_twice_is_running_once(settings: Settings) -> None:
    folder = folder_of(run(settings))
    before = made_at(folder)
    assert not is_anything_due(prepare.find_audio(settings), settings, options=RunOptions())
    run(settings)
    assert made_at(folder) == before


def test_an_unchanged_second_run_loads_no_engine(settings: Settings) -> None:
    run(settings)
    script = """
import sys
from pathlib import Path
from shownotes.batch import RunOptions, process_plainly
from shownotes.settings import load_settings
from shownotes.steps import prepare
from shownotes.steps.step import Silent
settings = load_settings(Path(sys.argv[1]))
paths = prepare.find_audio(settings)
outcomes = process_plainly(paths, settings, options=RunOptions(), progress=Silent())
assert outcomes[0].status is not None, outcomes
engines = {"av", "faster_whisper", "ctranslate2", "spacy", "prefect", "numpy", "pydub"}
print(sorted(engines & set(sys.modules)))
"""
    done = subprocess.run(
        [sys.executable, "-c", script, str(settings.root)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "[]"


def test_the_list_of_commands_needs_no_more_than_the_commands() -> None:
    script = """
import sys
from shownotes import cli
try:
    cli.app(["--help"])
except SystemExit as leaving:
    assert not leaving.code
heavy = {"av", "faster_whisper", "spacy", "prefect", "numpy", "pydantic", "fastapi", "jinja2"}
print(sorted(heavy & set(sys.modules)), file=sys.stderr)
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert "status" in done.stdout
    assert done.stderr.strip() == "[]"


def test_a_template_change_renders_again_and_no_more(settings: Settings) -> None:
    folder = folder_of(run(settings))
    ours = settings.root / "templates" / "notes"
    ours.mkdir(parents=True)
    (ours / "notes.md").write_text("# Mine: {{ notes.title | md }}\n", encoding="utf-8")
    assert due(folder, settings) == ["render"]
    run(settings)
    assert (folder.path / "notes.md").read_text(encoding="utf-8").startswith("# Mine: ")


def test_a_settings_change_runs_from_its_step_on(settings: Settings) -> None:
    folder = folder_of(run(settings))
    changed = settings.with_values({"chapters.min_length_s": 12.0})
    assert due(folder, changed)[0] == "divide"
    assert "identify" not in due(folder, changed)


def test_a_forced_step_takes_all_after_it_along(settings: Settings) -> None:
    folder = folder_of(run(settings))
    assert pipeline.forced_from("divide") == {"divide", "compose", "render"}
    walk = Walk(folder=folder, settings=settings, forced=frozenset({"divide"}))
    assert [d.step.name for d in pipeline.preview(walk) if d.is_due] == [
        "divide",
        "compose",
        "render",
    ]


def test_hand_edits_survive_a_new_run(settings: Settings) -> None:
    folder = folder_of(run(settings))
    notes = folder.path / "notes.md"
    notes.write_text("my own notes\n", encoding="utf-8")
    outcome = run(settings, forced=frozenset(pipeline.STEP_NAMES))
    assert notes.read_text(encoding="utf-8") == "my own notes\n"
    assert (folder.path / "notes.new.md").exists()
    assert outcome.status is not None
    assert outcome.status.kept_edits == ("notes.md",)


def test_a_name_corrected_by_hand_in_names_json_reaches_the_notes(settings: Settings) -> None:
    folder = folder_of(run(settings))
    path = folder.path / "names.json"
    path.write_text(
        path.read_text(encoding="utf-8").replace("Tomas Okoye", "Tomáš Okoye"), encoding="utf-8"
    )
    run(settings)
    assert folder.read("names.json", Names).people[0].name
    assert "Tomáš Okoye" in (folder.path / "notes.md").read_text(encoding="utf-8")


def test_the_source_is_never_touched(settings: Settings) -> None:
    source = settings.root / "audio" / "late-trains.vtt"
    before = (source.read_bytes(), source.stat().st_mtime_ns)
    run(settings)
    assert (source.read_bytes(), source.stat().st_mtime_ns) == before
    assert [path.name for path in source.parent.iterdir()] == ["late-trains.vtt"]


def test_a_failed_episode_does_not_stop_the_next(settings: Settings) -> None:
    (settings.root / "audio" / "a-broken.mp3").write_bytes(b"not audio at all" * 100)
    paths = prepare.find_audio(settings)
    outcomes = process_plainly(paths, settings, options=RunOptions(), progress=Silent())
    assert [outcome.error is None for outcome in outcomes] == [False, True]
    assert "a-broken.mp3" in str(outcomes[0].error)


def test_a_run_that_died_is_told_by_status(settings: Settings) -> None:
    folder = folder_of(run(settings))
    path = folder.path / "status.json"
    raw = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({**raw, "state": "processing", "step": "divide"}), encoding="utf-8")
    status = pipeline.current_status(folder)
    assert status is not None
    assert status.state is State.WAITING
    assert "goes on from there" in str(status.error)


def test_an_episode_walked_before_the_one_it_names_still_links_it(settings: Settings) -> None:
    audio = settings.root / "audio"
    (audio / "late-trains.toml").write_text(
        'title = "Why Trains Are Late"\nshow = "Slow Rails"\nnumber = 1\n', encoding="utf-8"
    )
    later = VTT.replace(
        "It closed nine bridges in March",
        "In our last episode, Why Trains Are Late, we heard that it closed nine bridges in March",
    )
    (audio / "a-walked-first.vtt").write_text(later, encoding="utf-8")
    (audio / "a-walked-first.toml").write_text(
        'title = "Bridges"\nshow = "Slow Rails"\nnumber = 2\n', encoding="utf-8"
    )
    paths = prepare.find_audio(settings)
    assert paths[0].name == "a-walked-first.vtt"
    outcomes = process_plainly(paths, settings, options=RunOptions(), progress=Silent())
    notes = folder_of(outcomes[0]).read("draft.json", ShowNotes)
    assert [link.text for link in notes.earlier_episodes] == ["Why Trains Are Late"]
    assert not is_anything_due(paths, settings, options=RunOptions())


def test_an_untranslated_fault_of_the_disk_fails_one_episode_and_stops_no_batch(
    settings: Settings,
) -> None:
    (settings.audio_folder / "second.vtt").write_text(VTT, encoding="utf-8")
    failing = [OSError(errno.EIO, "Input/output error", "some/file")]

    def call(step: Step, walk: Walk, part: Part | None) -> None:
        if step is render.STEP and failing:
            raise failing.pop()
        pipeline.call_plainly(step, walk, part)

    with Warm() as kept_warm:
        run = Run(
            settings=settings,
            options=RunOptions(),
            progress=Silent(),
            kept_warm=kept_warm,
            call=call,
        )
        first, second = (process_one(path, run) for path in prepare.find_audio(settings))
    assert isinstance(first.error, StoreError)
    assert "some/file" in str(first.error)
    status = pipeline.read_status(folder_of(first))
    assert status is not None
    assert (status.state, status.error_kind) == (State.FAILED, "StoreError")
    assert second.error is None
