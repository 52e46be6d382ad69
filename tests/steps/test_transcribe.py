import json
import wave
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks.dummy_whisper import make_model
from shownotes import pipeline
from shownotes.adapters.store import EpisodeFolder
from shownotes.errors import ModelMissingError, SettingsError, TranscriptFileError
from shownotes.model import AudioFile, Episode, Flag, Metadata, Span, Transcript
from shownotes.settings import Settings, SpeechSettings
from shownotes.steps import transcribe
from shownotes.steps.step import Closeable, Walk

STEP = transcribe.STEP
DURATION = 310.0
# Two windows of about 155 s; the speech model hears the same sentence in every half minute.
SPEECH = tuple(Span(start=float(n), end=n + 8.0) for n in range(1, 310, 10))


class Listener:
    """A progress that remembers."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.reached: list[float] = []

    def begin(self, step: str, total_s: float) -> None:
        self.reached.append(0.0)

    def advance(self, done_s: float) -> None:
        self.reached.append(done_s)

    def say(self, message: str) -> None:
        self.said.append(message)


@pytest.fixture(scope="module")
def models_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    make_model(folder / "english", says="the river has a budget.", is_multilingual=False)
    make_model(folder / "other", says="who pays?", is_multilingual=False)
    make_model(folder / "german", says="guten tag.", heard=["de"])
    make_model(folder / "unsure", says="hm.", heard=["nl", "de"])
    return folder


@pytest.fixture(autouse=True)
def no_models_of_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "empty-cache"))


@pytest.fixture(scope="module")
def kept_warm() -> Iterator[dict[str, Closeable]]:
    """One engine for all tests: it starts anew only for another model."""
    kept: dict[str, Closeable] = {}
    yield kept
    for thing in kept.values():
        thing.close()


@pytest.fixture
def cold() -> dict[str, Closeable]:
    """For what must not start an engine."""
    return {}


def _episode(**changes: object) -> Episode:
    audio = AudioFile(
        path="audio/a.wav",
        size_bytes=1,
        modified_ns=1,
        inode=1,
        packets_sha256="ab" * 32,
        container="wav",
        codec="pcm_s16le",
        channels=1,
        sample_rate_hz=16_000,
        decoded_s=DURATION,
        declared_s=DURATION,
    )
    episode = Episode(
        id="1",
        key="file:a",
        folder="a",
        metadata=Metadata(language="en"),
        versions=(audio,),
        duration=DURATION,
        speech=SPEECH,
        working_audio="work/audio.wav",
    )
    return replace(episode, **changes)  # type: ignore[arg-type]


def _walk(
    root: Path, kept_warm: dict[str, Closeable], episode: Episode | None = None, **speech: object
) -> Walk:
    """A walk over an episode whose audio is noise."""
    folder = EpisodeFolder(root / "output" / "a")
    wav = folder.path / "work" / "audio.wav"
    if not wav.exists():
        wav.parent.mkdir(parents=True)
        noise = np.random.default_rng(0).normal(0, 500, int(DURATION * 16_000)).astype("<i2")
        with wave.open(str(wav), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(16_000)
            file.writeframes(noise.tobytes())
    folder.write("episode.json", episode or _episode())
    options = {"device": "cpu", "threads": 1, "beam_size": 1, "window_s": 150.0, **speech}
    settings = Settings(root=root, speech=SpeechSettings(**options))  # type: ignore[arg-type]
    return Walk(folder=folder, settings=settings, progress=Listener(), kept_warm=kept_warm)


def _transcribe(walk: Walk) -> Transcript:
    for part in STEP.parts(walk):
        STEP.run_part(walk, part)
    STEP.run(walk)
    return walk.folder.read(STEP.box, Transcript)


def _is_due(walk: Walk) -> bool:
    return pipeline.decide(STEP, walk).is_due


def _windows(walk: Walk) -> dict[str, int]:
    folder = walk.folder.path / "work" / "windows"
    return {path.name: path.stat().st_mtime_ns for path in sorted(folder.glob("0*.json"))}


def test_an_episode_is_transcribed_in_windows(
    workspace: Path, models_folder: Path, kept_warm: dict[str, Closeable]
) -> None:
    walk = _walk(workspace, kept_warm, model=str(models_folder / "english"))
    assert len(STEP.parts(walk)) == 2
    transcript = _transcribe(walk)
    assert {s.text for s in transcript.segments} == {"the river has a budget."}
    words = [word for s in transcript.segments for word in s.words]
    times = [time for word in words for time in (word.start, word.end)]
    assert times == sorted(times)
    assert times[0] >= SPEECH[0].start - 0.2
    assert times[-1] <= SPEECH[-1].end + 0.2
    for word in words:
        assert any(s.start - 0.201 <= word.start and word.end <= s.end + 0.201 for s in SPEECH)
    assert transcript.language == "en"
    assert not transcript.is_demo
    listener = walk.progress
    assert isinstance(listener, Listener)
    assert listener.reached[-1] == DURATION
    assert "english on the CPU, 1 thread" in listener.said[0]


def test_what_a_window_leaves_is_heard_with_the_next(
    workspace: Path, models_folder: Path, kept_warm: dict[str, Closeable]
) -> None:
    walk = _walk(workspace, kept_warm, model=str(models_folder / "english"))
    transcript = _transcribe(walk)
    # Of 309 s the model hears eleven pieces, where two windows of their own would be twelve.
    assert len(transcript.segments) == 11
    first, second = (
        json.loads((walk.folder.path / "work" / "windows" / name).read_text())
        for name in ("0000.json", "0001.json")
    )
    assert second["start"] == first["rest"]["start"] < first["end"]
    assert "rest" not in second or second["rest"] is None
    last_heard = first["segments"][-1]["words"][-1]["end"]
    next_heard = second["segments"][0]["words"][0]["start"]
    assert last_heard <= first["rest"]["start"] <= next_heard < first["end"]


def test_a_draft_is_heard_side_by_side_says_so_and_is_made_anew(
    workspace: Path, models_folder: Path, kept_warm: dict[str, Closeable]
) -> None:
    english = str(models_folder / "english")
    walk = _walk(workspace, kept_warm, model=english, beam_size=5, profile="draft")
    transcript = _transcribe(walk)
    assert {s.text for s in transcript.segments} == {"the river has a budget."}
    # Nothing is left to the next window where each piece is heard by itself.
    second = json.loads((walk.folder.path / "work" / "windows" / "0001.json").read_text())
    assert second["start"] == 150.0
    assert "draft_profile" in {notice.code for notice in transcript.warnings}
    assert not _is_due(walk)
    assert _is_due(_walk(workspace, kept_warm, model=english, beam_size=5))
    # How many are heard at once is no reason to hear them again.
    many = _walk(workspace, kept_warm, model=english, beam_size=5, profile="draft", batch_size=3)
    assert not _is_due(many)


def test_a_second_run_has_nothing_to_do(
    workspace: Path, models_folder: Path, kept_warm: dict[str, Closeable]
) -> None:
    walk = _walk(workspace, kept_warm, model=str(models_folder / "english"))
    _transcribe(walk)
    assert not _is_due(walk)
    # A changed title, another machine's threads or a bigger deadline change no text.
    titled = _episode(metadata=Metadata(language="en", title="New"))
    again = _walk(
        workspace, kept_warm, titled, model=str(models_folder / "english"), deadline_factor=99.0
    )
    assert not _is_due(again)


def test_what_changes_the_text_runs_it_again(
    workspace: Path, models_folder: Path, kept_warm: dict[str, Closeable]
) -> None:
    english = str(models_folder / "english")
    _transcribe(_walk(workspace, kept_warm, model=english))
    assert _is_due(_walk(workspace, kept_warm, model=str(models_folder / "other")))
    assert _is_due(_walk(workspace, kept_warm, model=english, beam_size=2))
    with_terms = _episode(metadata=Metadata(language="en", glossary=("Brennick",)))
    assert _is_due(_walk(workspace, kept_warm, with_terms, model=english))
    assert not _is_due(_walk(workspace, kept_warm, model=english))


def test_an_interrupted_run_goes_on_at_the_window(
    workspace: Path, models_folder: Path, kept_warm: dict[str, Closeable]
) -> None:
    walk = _walk(workspace, kept_warm, model=str(models_folder / "english"))
    first, second = STEP.parts(walk)
    STEP.run_part(walk, first)
    before = _windows(walk)
    assert list(before) == ["0000.json"]
    assert [part.index for part in STEP.parts(walk)] == [second.index]
    transcript = _transcribe(walk)
    assert _windows(walk)["0000.json"] == before["0000.json"]
    assert transcript.segments[-1].end > 250.0
    transcribe.forget_windows(walk)
    assert _transcribe(walk).segments == transcript.segments


def test_a_window_of_other_settings_is_never_taken(
    workspace: Path, models_folder: Path, kept_warm: dict[str, Closeable]
) -> None:
    walk = _walk(workspace, kept_warm, model=str(models_folder / "english"))
    STEP.run_part(walk, STEP.parts(walk)[0])
    other = _walk(workspace, kept_warm, model=str(models_folder / "other"))
    assert len(STEP.parts(other)) == 2
    assert {s.text for s in _transcribe(other).segments} == {"who pays?"}


def test_a_torn_window_is_made_again(
    workspace: Path, models_folder: Path, kept_warm: dict[str, Closeable]
) -> None:
    walk = _walk(workspace, kept_warm, model=str(models_folder / "english"))
    STEP.run_part(walk, STEP.parts(walk)[0])
    (walk.folder.path / "work" / "windows" / "0000.json").write_text('{"torn')
    assert len(STEP.parts(walk)) == 2
    assert _transcribe(walk).segments


def test_one_stretch_is_transcribed_again(
    workspace: Path, models_folder: Path, kept_warm: dict[str, Closeable]
) -> None:
    walk = _walk(workspace, kept_warm, model=str(models_folder / "english"))
    _transcribe(walk)
    box = walk.folder.path / STEP.box
    before = json.loads(box.read_text())["segments"]
    # With a better model, as one would: only the stretch shows it.
    again = _walk(workspace, kept_warm, model=str(models_folder / "other"))
    again.redo = Span(start=100.0, end=110.0)
    assert _is_due(again)
    (part,) = STEP.parts(again)
    assert "1:40-1:50" in part.name
    STEP.run_part(again, part)
    STEP.run(again)
    after = json.loads(box.read_text())["segments"]
    changed = [s for s in after if s not in before]
    assert changed
    assert {s["text"] for s in changed} == {"who pays?"}
    kept = [s for s in before if s["end"] <= 100.0 or s["start"] >= 110.0]
    assert [s for s in after if s in before] == kept
    starts = [s["start"] for s in after]
    assert starts == sorted(starts)
    # The rest is as it was, and so is what it was made from.
    assert not _is_due(_walk(workspace, kept_warm, model=str(models_folder / "english")))


def test_a_stretch_of_new_audio_makes_a_whole_new_transcript(
    workspace: Path, models_folder: Path, kept_warm: dict[str, Closeable]
) -> None:
    model = str(models_folder / "english")
    _transcribe(_walk(workspace, kept_warm, model=model))
    episode = _episode()
    assert episode.audio is not None
    other = replace(episode, versions=(replace(episode.audio, packets_sha256="cd" * 32),))
    walk = _walk(workspace, kept_warm, other, model=model)
    walk.redo = Span(start=100.0, end=110.0)
    assert len(STEP.parts(walk)) == 2


def test_a_forced_run_hears_everything_again(
    workspace: Path, models_folder: Path, kept_warm: dict[str, Closeable]
) -> None:
    walk = _walk(workspace, kept_warm, model=str(models_folder / "english"))
    _transcribe(walk)
    assert STEP.parts(walk) == []
    walk.forced = frozenset({"transcribe"})
    assert len(STEP.parts(walk)) == 2


def test_a_model_folder_that_is_gone_is_told_when_it_is_needed(
    workspace: Path, cold: dict[str, Closeable]
) -> None:
    walk = _walk(workspace, cold, model="no-such-folder")
    assert _is_due(walk)
    with pytest.raises(SettingsError, match="no-such-folder"):
        STEP.parts(walk)


def test_a_stretch_heard_again_survives_a_new_assembly(
    workspace: Path, models_folder: Path, kept_warm: dict[str, Closeable]
) -> None:
    model = str(models_folder / "english")
    walk = _walk(workspace, kept_warm, model=model)
    _transcribe(walk)
    walk.redo = Span(start=100.0, end=110.0)
    redone = _transcribe(walk)
    (walk.folder.path / STEP.box).unlink()
    walk.redo = None
    assert STEP.parts(walk) == []
    assert _transcribe(walk).segments == redone.segments


def test_the_language_is_heard_where_nobody_says_it(
    workspace: Path, models_folder: Path, kept_warm: dict[str, Closeable]
) -> None:
    unsaid = _episode(metadata=Metadata())
    walk = _walk(workspace, kept_warm, unsaid, model=str(models_folder / "german"))
    transcript = _transcribe(walk)
    assert transcript.language == "de"
    assert transcript.language_probability == pytest.approx(1.0, abs=0.01)
    assert "language_uncertain" not in [notice.code for notice in transcript.warnings]


def test_a_doubtful_language_is_used_and_told(
    workspace: Path, models_folder: Path, kept_warm: dict[str, Closeable]
) -> None:
    unsaid = _episode(metadata=Metadata())
    walk = _walk(workspace, kept_warm, unsaid, model=str(models_folder / "unsure"))
    transcript = _transcribe(walk)
    assert transcript.language in ("nl", "de")
    (notice,) = (n for n in transcript.warnings if n.code == "language_uncertain")
    assert repr(transcript.language) in notice.message


def test_silence_needs_no_model(workspace: Path, cold: dict[str, Closeable]) -> None:
    walk = _walk(workspace, cold, _episode(speech=()), model="large-v3")
    transcript = _transcribe(walk)
    assert transcript.segments == ()
    assert [notice.code for notice in transcript.warnings] == ["no_speech"]
    assert not _is_due(walk)
    assert not cold


def test_a_missing_model_fails_before_work_begins(
    workspace: Path, cold: dict[str, Closeable]
) -> None:
    walk = _walk(workspace, cold, model="small")
    with pytest.raises(ModelMissingError, match="shownotes models fetch small"):
        STEP.parts(walk)
    assert not cold


def test_a_transcript_outlives_its_model(
    workspace: Path, models_folder: Path, kept_warm: dict[str, Closeable], tmp_path: Path
) -> None:
    cache = tmp_path / "empty-cache" / "models--Systran--faster-whisper-tiny"
    snapshot = cache / "snapshots" / "main-commit"
    snapshot.mkdir(parents=True)
    for file in (models_folder / "english").iterdir():
        (snapshot / file.name).write_bytes(file.read_bytes())
    (cache / "refs").mkdir()
    (cache / "refs" / "main").write_text("main-commit")
    walk = _walk(workspace, kept_warm, model="tiny")
    assert _transcribe(walk).model == "tiny"
    (snapshot / "model.bin").unlink()
    assert not _is_due(walk)


def test_an_imported_transcript_is_taken_with_its_speakers(
    workspace: Path, cold: dict[str, Closeable]
) -> None:
    (workspace / "audio" / "a.vtt").write_text(
        "WEBVTT\n\n00:01.000 --> 00:09.000\n<v Ann>Who pays for the pipes?</v>\n\n"
        "00:11.000 --> 00:19.000\n<v Bob>All of us.</v>\n"
    )
    episode = _episode(transcript_path="audio/a.vtt", transcript_sha256="12" * 32)
    walk = _walk(workspace, cold, episode, model="large-v3")
    assert STEP.parts(walk) == ()
    transcript = _transcribe(walk)
    assert transcript.model == "imported"
    assert [(s.speaker, s.text) for s in transcript.segments] == [
        ("Ann", "Who pays for the pipes?"),
        ("Bob", "All of us."),
    ]
    assert Flag.ESTIMATED_TIMES in transcript.segments[0].flags
    assert [notice.code for notice in transcript.warnings] == ["speech_without_text"]
    assert not cold
    assert not _is_due(walk)
    changed = replace(episode, transcript_sha256="34" * 32)
    assert _is_due(_walk(workspace, cold, changed, model="large-v3"))


def test_an_imported_transcript_that_cannot_be_read_is_named(
    workspace: Path, cold: dict[str, Closeable]
) -> None:
    (workspace / "audio" / "a.srt").write_text("no cue here")
    episode = _episode(transcript_path="audio/a.srt", transcript_sha256="12" * 32)
    with pytest.raises(TranscriptFileError, match=r"a\.srt"):
        _transcribe(_walk(workspace, cold, episode))


def test_the_demo_model_is_told_on_other_audio(
    workspace: Path, kept_warm: dict[str, Closeable]
) -> None:
    short = _episode(speech=SPEECH[:1])
    walk = _walk(workspace, kept_warm, short, model="demo")
    transcript = _transcribe(walk)
    assert transcript.is_demo
    assert "demo_model" in [notice.code for notice in transcript.warnings]
    listener = walk.progress
    assert isinstance(listener, Listener)
    assert any("demo model" in line for line in listener.said)
    asked = _episode(speech=SPEECH[:1], metadata=Metadata(language="en", model="demo"))
    transcript = _transcribe(_walk(workspace, kept_warm, asked, model="large-v3"))
    assert transcript.is_demo
    assert "demo_model" not in [notice.code for notice in transcript.warnings]


def test_a_model_is_offered_once_for_many_files(workspace: Path) -> None:
    files = [workspace / "audio" / f"{name}.mp3" for name in "abc"]
    for file in files:
        file.write_bytes(b"x")
    files[2].with_suffix(".vtt").write_text("WEBVTT")
    settings = Settings(root=workspace, speech=SpeechSettings(model="tiny", device="cpu"))
    questions: list[str] = []

    def refuse(question: str) -> bool:
        questions.append(question)
        return False

    transcribe.ask_before_work(files, settings, ask=refuse)
    assert len(questions) == 1
    assert "tiny" in questions[0]
    assert "78 MB" in questions[0]
    transcribe.ask_before_work([files[2]], settings, ask=refuse)
    assert len(questions) == 1
    never = settings.with_values({"speech.download": "never"})
    transcribe.ask_before_work(files, never, ask=refuse)
    assert len(questions) == 1
