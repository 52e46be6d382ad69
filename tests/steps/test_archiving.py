"""Cleaning and archiving finished episodes; nothing is ever transcribed again for it."""

from dataclasses import replace
from pathlib import Path

import pytest

from shownotes import pipeline
from shownotes.adapters.encoding import encode
from shownotes.adapters.store import EpisodeFolder
from shownotes.batch import RunOptions, process_plainly
from shownotes.errors import EpisodeBusyError, StoreError
from shownotes.model import Episode, State, Status
from shownotes.settings import Settings, load_settings
from shownotes.steps import archiving, cleaning, prepare, reviewing
from shownotes.steps.publishing import publish
from shownotes.steps.step import Silent, Walk
from tests.audio_files import RATE_HZ, noise
from tests.episodes import lay_out
from tests.spoken import STORY, spoken
from tests.test_pipeline import VTT

SIDECAR = 'title = "The Fog"\nnumber = 7\ndate = 2026-03-04\n'


@pytest.fixture
def settings(workspace: Path) -> Settings:
    """An episode of a show: audio, sidecar and transcript in the show's folder."""
    (workspace / "shownotes.toml").write_text("[publish]\naudio = false\n", encoding="utf-8")
    show = workspace / "audio" / "Slow Rails"
    show.mkdir()
    encode(noise(3.0, seed=1), show / "fog.mp3", sample_rate_hz=RATE_HZ)
    (show / "fog.toml").write_text(SIDECAR, encoding="utf-8")
    (show / "fog.vtt").write_text(VTT, encoding="utf-8")
    (show / "fog.mp3.problem.txt").write_text("It failed once.", encoding="utf-8")
    return load_settings(workspace)


def process(settings: Settings) -> list[EpisodeFolder]:
    paths = prepare.find_audio(settings)
    done = process_plainly(paths, settings, options=RunOptions(), progress=Silent())
    for outcome in done:
        assert outcome.error is None, outcome.error
    return [outcome.folder for outcome in done if outcome.folder]


@pytest.fixture
def published(settings: Settings) -> Walk:
    (folder,) = process(settings)
    walk = Walk(folder=folder, settings=settings)
    reviewing.approve(walk, by="Ann")
    publish(walk, by="Ann")
    assert cleaning.is_published(folder)
    return walk


def due(walk: Walk) -> list[str]:
    plain = Walk(folder=walk.folder, settings=walk.settings)
    return [decision.step.name for decision in pipeline.preview(plain) if decision.is_due]


def place_in(published: Walk) -> Path:
    told = (published.folder.path / "published.json").read_text("utf-8")
    year = told.split('"at": "')[1][:4]
    return published.settings.audio_folder / "archive" / year / "Slow Rails"


def test_audio_goes_into_the_archive_with_all_that_belongs_to_it(published: Walk) -> None:
    settings, folder, place = published.settings, published.folder, place_in(published)
    before = folder.read("episode.json", Episode)
    moves = archiving.archive(folder, settings)
    assert {path.name for path in place.iterdir()} == {"fog.mp3", "fog.toml", "fog.vtt"}
    assert list((settings.audio_folder / "Slow Rails").iterdir()) == []
    after = folder.read("episode.json", Episode)
    assert after.id == before.id
    assert settings.root / after.versions[-1].path == place / "fog.mp3"
    assert settings.root / str(after.transcript_path) == place / "fog.vtt"
    # Only the page, which plays the audio from another place now.
    assert due(published) == ["render"]
    pipeline.render_again(published)
    assert due(published) == []
    assert cleaning.is_published(folder)
    assert "Slow%20Rails/fog.mp3" in (folder.path / "notes.html").read_text("utf-8")

    # It is no episode of the in-tray any more, and stays one of its show.
    assert prepare.find_audio(settings) == []
    assert archiving.archive(folder, settings) == []
    assert prepare.admit(place / "fog.mp3", settings).path == folder.path
    prepare.STEP.run(published)
    assert folder.read("episode.json", Episode).metadata.show == "Slow Rails"

    # Killed after the record was changed, the files lie in both places: one episode, made once.
    for source, target in moves:
        source.hardlink_to(target)
    assert [f.path for f in process(settings)] == [folder.path]
    assert due(published) == []
    archiving.archive(folder, settings)
    assert not (settings.audio_folder / "Slow Rails" / "fog.mp3").exists()
    assert (place / "fog.mp3").is_file()


def test_cut_off_before_the_record_was_changed_it_is_finished_later(published: Walk) -> None:
    settings, folder, place = published.settings, published.folder, place_in(published)
    tray = settings.audio_folder / "Slow Rails"
    place.mkdir(parents=True)
    for name in ("fog.vtt", "fog.mp3"):
        (place / name).hardlink_to(tray / name)
    archiving.archive(folder, settings)
    assert list(tray.iterdir()) == []
    assert {path.name for path in place.iterdir()} == {"fog.mp3", "fog.toml", "fog.vtt"}
    assert due(published) == ["render"]


def test_a_name_in_the_archive_is_never_overwritten(published: Walk) -> None:
    settings, folder, place = published.settings, published.folder, place_in(published)
    place.mkdir(parents=True)
    (place / "fog.toml").write_text("another's", encoding="utf-8")
    record = folder.path / "episode.json"
    text = record.read_text("utf-8")
    record.write_text(text.replace("The Fog", "The Mist"), encoding="utf-8")
    with pytest.raises(StoreError, match="edited by hand"):
        archiving.archive(folder, settings)
    assert len(prepare.find_audio(settings)) == 1
    record.write_text(text, encoding="utf-8")
    archiving.archive(folder, settings)
    assert (place / "fog.toml").read_text("utf-8") == "another's"
    names = {"fog.toml", "fog-2.mp3", "fog-2.toml", "fog-2.vtt"}
    assert {path.name for path in place.iterdir()} == names
    assert due(published) == ["render"]


def test_folders_of_years_are_no_episodes_on_tracks(settings: Settings) -> None:
    year = settings.audio_folder / "archive" / "2026"
    year.mkdir(parents=True)
    for name in ("host.mp3", "guest.mp3"):
        encode(noise(2.0, seed=len(name)), year / name, sample_rate_hz=RATE_HZ)
    assert [path.name for path in prepare.find_audio(settings)] == ["fog.mp3"]


def test_cleaning_frees_what_can_be_made_again(settings: Settings) -> None:
    (folder,) = process(settings)
    walk = Walk(folder=folder, settings=settings)
    wav = folder.path / "work" / "audio.wav"
    size = wav.stat().st_size
    with folder.claim(), pytest.raises(EpisodeBusyError):
        cleaning.clean(folder, settings)
    assert [f.path for f in cleaning.finished_episodes(settings)] == [folder.path]
    assert cleaning.finished_episodes(settings, older_than_days=1) == []
    assert cleaning.room_in(folder, settings) >= size
    assert cleaning.clean(folder, settings) >= size
    assert not wav.exists()
    assert due(walk) == []
    assert cleaning.clean(folder, settings) == 0
    assert prepare.working_audio(walk).stat().st_size == size
    # The working audio is all that is left where the audio itself is gone.
    (settings.audio_folder / "Slow Rails" / "fog.mp3").unlink()
    assert cleaning.clean(folder, settings) == 0
    assert wav.exists()


@pytest.mark.parametrize("state", [State.FAILED, State.PROCESSING, State.WAITING])
def test_what_is_not_finished_is_not_cleaned(workspace: Path, state: State) -> None:
    folder = lay_out(workspace, "fog", spoken(STORY)).folder
    settings = load_settings(workspace)
    status = Status(state=State.DRAFT, title="Fog", updated_at="2026-01-01T00:00:00Z")
    folder.write("status.json", status)
    assert [f.path for f in cleaning.finished_episodes(settings)] == [folder.path]
    folder.write("status.json", replace(status, state=state))
    assert cleaning.finished_episodes(settings) == []
