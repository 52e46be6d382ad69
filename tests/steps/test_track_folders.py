"""A folder of tracks as one episode: admitted, put on one clock, named, made again."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from shownotes.errors import EpisodeNotFoundError, NotAudioError
from shownotes.model import Episode, GivenTrack
from shownotes.pipeline import decide
from shownotes.settings import Settings
from shownotes.steps import prepare
from shownotes.steps.step import Walk
from shownotes.steps.tracks import name_tracks
from tests.adapters.test_tracks import CLOCKS, record


def lay_out(root: Path, *, with_mix: bool, leak: float = 0.0) -> Path:
    folder = root / "audio" / "talk"
    folder.mkdir()
    recorded = record(folder, leak)
    names = ("Tr1 Ann Lee.wav", "Tr2.wav", "Tr3_bo-diaz.wav")
    for path, name in zip(recorded.tracks, names, strict=True):
        path.rename(folder / name)
    recorded.mix.rename(folder / "final.wav")
    if not with_mix:
        (folder / "final.wav").unlink()
    return folder


def prepared(folder: Path, settings: Settings) -> tuple[Walk, Episode]:
    walk = Walk(folder=prepare.admit(folder, settings), settings=settings)
    prepare.STEP.run(walk)
    return walk, walk.folder.read("episode.json", Episode)


def test_tracks_with_their_mix_are_one_episode_on_its_clock(workspace: Path) -> None:
    folder = lay_out(workspace, with_mix=True, leak=0.1)
    settings = Settings(root=workspace)
    assert prepare.find_audio(settings) == [folder]
    walk, episode = prepared(folder, settings)
    assert [track.speaker for track in episode.tracks] == ["Ann Lee", "Speaker 1", "Bo Diaz"]
    for track, (offset, drift) in zip(episode.tracks, CLOCKS, strict=True):
        assert track.is_placed
        assert track.offset_s == pytest.approx(offset, abs=0.02)
        assert track.drift == pytest.approx(drift, abs=5e-4)
        assert track.speech
        assert (walk.folder.path / track.working_audio).is_file()
    assert episode.warnings == ()
    assert not decide(prepare.STEP, walk).is_due
    assert [f.name for f in [prepare.known(folder, settings)] if f] == [walk.folder.name]
    assert sorted(p.name for p in (walk.folder.path / "work" / "tracks").iterdir()) == [
        *("1.wav", "2.wav", "3.wav")
    ]


def test_working_audio_and_tracks_are_made_again(workspace: Path) -> None:
    folder = lay_out(workspace, with_mix=True)
    walk, episode = prepared(folder, Settings(root=workspace))
    before = (walk.folder.path / episode.tracks[0].working_audio).read_bytes()
    shutil.rmtree(walk.folder.path / "work")
    assert prepare.working_audio(walk).is_file()
    assert (walk.folder.path / episode.tracks[0].working_audio).read_bytes() == before


def test_tracks_alone_are_mixed_and_taken_to_begin_together(workspace: Path) -> None:
    folder = lay_out(workspace, with_mix=False)
    walk, episode = prepared(folder, Settings(root=workspace))
    assert [w.code for w in episode.warnings] == ["tracks_assumed_together"]
    assert {track.offset_s for track in episode.tracks} == {0.0}
    assert prepare.working_audio(walk).stat().st_size == 44 + 32_000 * episode.duration


def test_a_track_that_changes_is_noticed_and_one_that_is_renamed_in_the_sidecar(
    workspace: Path,
) -> None:
    folder = lay_out(workspace, with_mix=True)
    settings = Settings(root=workspace)
    walk, before = prepared(folder, settings)
    (workspace / "audio" / "talk.toml").write_text('tracks = {"Tr2.wav" = "Mei Tanaka"}\n')
    assert "sidecar" in decide(prepare.STEP, walk).why
    walk, after = prepared(folder, settings)
    assert [track.speaker for track in after.tracks] == ["Ann Lee", "Mei Tanaka", "Bo Diaz"]
    assert len(after.versions) == 1
    shutil.copy(folder / "Tr2.wav", folder / "Tr1 Ann Lee.wav")
    again = Walk(folder=prepare.admit(folder, settings), settings=settings)
    assert again.folder.name == walk.folder.name
    assert decide(prepare.STEP, again).is_due
    assert len(again.folder.read("episode.json", Episode).versions) == 2
    assert replace(before, versions=()).tracks != after.tracks


def test_a_file_without_sound_among_the_tracks_is_named(workspace: Path) -> None:
    folder = lay_out(workspace, with_mix=False)
    (folder / "Tr4.wav").write_bytes(b"This is no recording at all, only text.")
    with pytest.raises(NotAudioError, match=r"Tr4\.wav"):
        prepare.admit(folder, Settings(root=workspace))
    empty = workspace / "audio" / "empty"
    empty.mkdir()
    with pytest.raises(EpisodeNotFoundError, match="holds no recordings"):
        prepare.admit(empty, Settings(root=workspace))


@pytest.mark.parametrize(
    ("files", "names"),
    [
        (["1-maria_okafor.flac", "2-rafael.flac"], ["Maria Okafor", "Rafael"]),
        (["audioMariaOkafor2164.m4a", "audioJo99.m4a"], ["Maria Okafor", "Jo"]),
        (["ZOOM0001_Tr1.WAV", "ZOOM0001_Tr2.WAV"], ["Speaker 1", "Speaker 2"]),
        (["host.wav", "guest.wav"], ["Speaker 1", "Speaker 2"]),
        (["the-show-ann-lee.wav", "the-show-bo-diaz.wav"], ["Ann Lee", "Bo Diaz"]),
        (["riverside_ann_raw-audio_x_0123abcd9.wav", "riverside_bo_raw.wav"], ["Ann", "Bo"]),
        (["mic.wav", "a b c d e f.wav"], ["Speaker 1", "Speaker 2"]),
    ],
)
def test_names_in_file_names(files: list[str], names: list[str]) -> None:
    assert name_tracks([Path(file) for file in files], []) == names


def test_what_the_producer_says_wins_and_no_two_tracks_are_one_person() -> None:
    files = [Path("ann.wav"), Path("mic2.wav"), Path("ANN_2.wav")]
    given = [GivenTrack(file="MIC2.wav", name="Mei Tanaka")]
    assert name_tracks(files, given) == ["Ann", "Mei Tanaka", "Speaker 1"]
