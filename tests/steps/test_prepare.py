import shutil
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import numpy as np
import pytest

from shownotes.adapters.audio import read_samples
from shownotes.adapters.encoding import encode
from shownotes.adapters.recording import scan
from shownotes.errors import BrokenAudioError, EpisodeNotFoundError, SidecarError
from shownotes.model import Episode, GivenChapter
from shownotes.settings import AudioSettings, Settings, ShowSettings
from shownotes.steps.prepare import LISTENING_COPY, STEP, WORKING_AUDIO, admit, working_audio
from shownotes.steps.step import Silent, Walk
from tests.audio_files import clicks, first_click, flip_bytes, noise, speech, video, write


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    (tmp_path / "audio").mkdir()
    return Settings(root=tmp_path)


def prepared(path: Path, settings: Settings) -> tuple[Walk, Episode]:
    walk = Walk(folder=admit(path, settings), settings=settings)
    STEP.run(walk)
    return walk, walk.folder.read("episode.json", Episode)


def codes(episode: Episode) -> list[str]:
    return [warning.code for warning in episode.warnings]


def is_due(walk: Walk) -> bool:
    stamp = walk.folder.stamp("episode.json")
    assert stamp is not None
    return (dict(stamp.made_from), dict(stamp.made_with)) != (
        STEP.made_from(walk),
        STEP.made_with(walk),
    )


def test_an_episode_of_speech(settings: Settings) -> None:
    samples = speech(pause=2.0)
    path = settings.audio_folder / "ep.mp3"
    encode(samples, path, tags={"title": "T", "album": "S", "track": "3", "date": "2026-09-16"})
    walk, episode = prepared(path, settings)
    duration = len(samples) / 16_000
    assert episode.duration == pytest.approx(duration, abs=0.05)
    assert episode.speech[0].start == pytest.approx(2.0, abs=0.2)
    assert episode.speech[-1].end == pytest.approx(duration - 2.0, abs=0.3)
    assert (episode.metadata.title, episode.metadata.number) == ("T", 3)
    assert episode.audio is not None
    assert episode.audio.decoded_s == pytest.approx(duration, abs=0.05)
    assert episode.audio.declared_s == pytest.approx(duration, abs=0.05)
    assert episode.audio.loudness is not None
    assert -40 < episode.audio.loudness.integrated_lufs < -10
    assert episode.audio.browser_playable
    assert episode.listening_copy is None
    assert episode.warnings == ()
    assert not is_due(walk)
    heard = read_samples(walk.folder.path / WORKING_AUDIO, start=0, end=duration)
    assert np.corrcoef(heard[: len(samples)], samples[: len(heard)])[0, 1] > 0.95


def test_what_makes_it_due_again(settings: Settings) -> None:
    path = write(settings.audio_folder / "ep.mp3", noise(2.0))
    walk, _ = prepared(path, settings)
    path.with_suffix(".toml").write_text('title = "Given"')
    assert is_due(walk)
    assert prepared(path, settings)[1].metadata.title == "Given"
    assert not is_due(walk)
    path.with_suffix(".vtt").write_text("WEBVTT\n")
    assert is_due(walk)
    _, episode = prepared(path, settings)
    assert episode.transcript_path == "audio/ep.vtt"
    assert episode.transcript_sha256
    walk.settings = settings.model_copy(update={"show": {"S": ShowSettings(language="de")}})
    assert is_due(walk)
    walk.settings = settings.model_copy(update={"audio": AudioSettings(measure_loudness=False)})
    assert is_due(walk)
    walk.settings = settings
    write(path, noise(2.0, seed=1))
    assert is_due(walk)


def test_a_new_sidecar_does_not_decode_again(settings: Settings) -> None:
    path = write(settings.audio_folder / "ep.mp3", noise(2.0))
    walk, before = prepared(path, settings)
    made = (walk.folder.path / WORKING_AUDIO).stat().st_mtime_ns
    path.with_suffix(".toml").write_text('title = "Given"')
    _, after = prepared(path, settings)
    assert (walk.folder.path / WORKING_AUDIO).stat().st_mtime_ns == made
    assert (after.metadata.title, after.duration) == ("Given", before.duration)
    assert after.audio == before.audio


def test_without_loudness(settings: Settings) -> None:
    path = write(settings.audio_folder / "ep.mp3", noise(2.0))
    quiet = settings.model_copy(update={"audio": AudioSettings(measure_loudness=False)})
    _, episode = prepared(path, quiet)
    assert episode.audio is not None
    assert episode.audio.loudness is None
    _, episode = prepared(path, settings)
    assert episode.audio is not None
    assert episode.audio.loudness is not None


def test_a_new_export_is_prepared_and_the_old_version_remembered(settings: Settings) -> None:
    path = write(settings.audio_folder / "ep.mp3", noise(2.0))
    _, first = prepared(path, settings)
    write(path, noise(4.0, seed=1))
    _, second = prepared(path, settings)
    assert second.id == first.id
    assert [round(version.decoded_s) for version in second.versions] == [2, 4]
    assert second.duration == pytest.approx(4.0, abs=0.05)


def test_an_old_export_put_back_is_current_again(settings: Settings) -> None:
    path = write(settings.audio_folder / "ep.mp3", noise(2.0))
    old = path.read_bytes()
    prepared(path, settings)
    write(path, noise(4.0, seed=1))
    prepared(path, settings)
    path.write_bytes(old)
    walk, episode = prepared(path, settings)
    assert episode.duration == pytest.approx(2.0, abs=0.05)
    assert len(episode.versions) == 2
    assert not is_due(walk)


def test_an_export_dropped_while_prepare_runs_is_the_next_runs(settings: Settings) -> None:
    path = write(settings.audio_folder / "ep.mp3", noise(2.0))

    class Dropping(Silent):
        def begin(self, step: str, total_s: float) -> None:
            admit(write(path.with_suffix(".wav"), noise(4.0, seed=1)), settings)

    walk = Walk(folder=admit(path, settings), settings=settings, progress=Dropping())
    STEP.run(walk)
    episode = walk.folder.read("episode.json", Episode)
    assert episode.duration == pytest.approx(2.0, abs=0.05)
    assert len(episode.versions) == 2
    assert is_due(walk)
    walk.progress = Silent()
    STEP.run(walk)
    assert walk.folder.read("episode.json", Episode).duration == pytest.approx(4.0, abs=0.05)
    assert not is_due(walk)


def test_the_audio_is_never_touched(settings: Settings) -> None:
    path = write(settings.audio_folder / "ep.mp3", noise(2.0))
    before = (path.read_bytes(), path.stat().st_mtime_ns)
    prepared(path, settings)
    assert (path.read_bytes(), path.stat().st_mtime_ns) == before
    assert [file.name for file in settings.audio_folder.iterdir()] == ["ep.mp3"]


def test_a_transcript_alone(settings: Settings) -> None:
    path = settings.audio_folder / "ep.srt"
    path.write_text("1\n00:00:01,000 --> 00:00:02,000\nHello.\n")
    path.with_suffix(".toml").write_text('title = "Only text"')
    walk, episode = prepared(path, settings)
    assert (episode.metadata.title, episode.transcript_path) == ("Only text", "audio/ep.srt")
    assert episode.working_audio is None
    assert not is_due(walk)
    path.write_text("changed")
    assert is_due(walk)
    with pytest.raises(EpisodeNotFoundError, match="no audio"):
        working_audio(walk)


# --------------------------------------------------------------------------- what is wrong


@pytest.mark.parametrize("ending", ["mp3", "opus", "flac", "wav"])
def test_a_truncated_file_says_how_much_is_there(settings: Settings, ending: str) -> None:
    path = write(settings.audio_folder / f"half.{ending}", noise(20.0))
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    _, episode = prepared(path, settings)
    assert "truncated" in codes(episode)
    told = next(w.message for w in episode.warnings if w.code == "truncated")
    assert told.startswith(f"audio/half.{ending} ends early: ")
    if ending != "opus":
        assert " of the 20.0 s its header promises" in told


def test_damage_is_told_and_gets_a_listening_copy(settings: Settings) -> None:
    path = write(settings.audio_folder / "ep.mp3", noise(30.0))
    path.write_bytes(flip_bytes(path.read_bytes(), count=200, seed=1))
    _, episode = prepared(path, settings)
    assert {"broken_packets", "browser_listening_copy"} <= set(codes(episode))
    assert episode.audio is not None
    assert episode.audio.broken_packets > 0


def test_silence_is_told(settings: Settings) -> None:
    path = write(settings.audio_folder / "ep.wav", np.zeros(44_100 * 5, np.float32))
    _, episode = prepared(path, settings)
    assert codes(episode) == ["silent"]
    assert episode.speech == ()


def test_packets_of_which_none_can_be_decoded(settings: Settings) -> None:
    path = write(settings.audio_folder / "ep.m4a", noise(5.0))
    data = bytearray(path.read_bytes())
    start, end = data.find(b"mdat") + 4, data.rfind(b"moov") - 4
    data[start:end] = b"\xff" * (end - start)
    path.write_bytes(bytes(data))
    with pytest.raises(BrokenAudioError, match=r"ep\.m4a"):
        prepared(path, settings)
    work = settings.output_folder / "undated-ep" / "work"
    assert not (settings.output_folder / "undated-ep" / WORKING_AUDIO).exists()
    assert not list(work.glob(".making*"))


def test_a_wrong_sidecar_stops_before_any_work(settings: Settings) -> None:
    path = write(settings.audio_folder / "ep.mp3", noise(1.0))
    path.with_suffix(".toml").write_text("titel = 1")
    with pytest.raises(SidecarError, match=r"ep\.toml"):
        admit(path, settings)


def test_audio_that_is_gone(settings: Settings) -> None:
    path = write(settings.audio_folder / "ep.mp3", noise(1.0))
    folder = admit(path, settings)
    path.unlink()
    with pytest.raises(EpisodeNotFoundError, match="is gone"):
        STEP.run(Walk(folder=folder, settings=settings))


# --------------------------------------------------------------------------- browsers


def test_a_video_gets_a_copy_to_listen_to_that_starts_alike(settings: Settings) -> None:
    path = settings.audio_folder / "ep.mkv"
    video(path, sound=clicks(1.0, duration=2.0))
    walk, episode = prepared(path, settings)
    assert episode.audio is not None
    assert not episode.audio.browser_playable
    assert episode.listening_copy == LISTENING_COPY
    assert "browser_listening_copy" in codes(episode)
    copy = walk.folder.path / LISTENING_COPY
    assert scan(copy).codec == "mp3"
    working = read_samples(walk.folder.path / WORKING_AUDIO, start=0, end=2)
    assert first_click(working) == pytest.approx(1.0, abs=0.02)


@pytest.mark.parametrize(
    ("name", "codec", "is_playable"),
    [
        ("a.mp3", None, True),
        ("a.m4a", None, True),
        ("a.opus", None, True),
        ("a.flac", None, True),
        ("a.wav", None, True),
        ("a.m4a", "alac", False),
        ("a.mka", "ac3", False),
        ("a.wma", "wmav2", False),
        ("a.aac", "aac", False),
    ],
)
def test_what_browsers_play(
    settings: Settings, name: str, codec: str | None, is_playable: bool
) -> None:
    path = settings.audio_folder / name
    encode(noise(2.0), path, codec, sample_rate_hz=44_100)
    _, episode = prepared(path, settings)
    assert episode.audio is not None
    assert episode.audio.browser_playable is is_playable


def test_an_mp3_of_variable_bit_rate_gets_a_copy(settings: Settings) -> None:
    import imageio_ffmpeg

    source = write(settings.root / "source.wav", np.concatenate([noise(4.0), np.zeros(200_000)]))
    path = settings.audio_folder / "vbr.mp3"
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-i", str(source), "-q:a", "2"]
    subprocess.run([*command, str(path)], check=True)
    _, episode = prepared(path, settings)
    assert episode.listening_copy == LISTENING_COPY


def test_chapters_of_the_file_are_the_creators_unless_the_sidecar_has_some(
    settings: Settings,
) -> None:
    import imageio_ffmpeg

    marks = settings.root / "marks.txt"
    marks.write_text(
        ";FFMETADATA1\n"
        "[CHAPTER]\nTIMEBASE=1/1000\nSTART=0\nEND=2000\ntitle=Welcome\n"
        "[CHAPTER]\nTIMEBASE=1/1000\nSTART=2000\nEND=5000\ntitle=The river\n"
    )
    source = write(settings.root / "source.wav", noise(5.0))
    for ending in ("mp3", "m4a"):
        path = settings.audio_folder / f"{ending}.{ending}"
        command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-i", str(source)]
        subprocess.run([*command, "-i", str(marks), "-map_chapters", "1", str(path)], check=True)
        _, episode = prepared(path, settings)
        assert [(round(c.start, 1), c.title) for c in episode.metadata.chapters] == [
            (0.0, "Welcome"),
            (2.0, "The river"),
        ], ending
        path.with_suffix(".toml").write_text('chapters = [{ start = 1, title = "Mine" }]')
        _, episode = prepared(path, settings)
        assert episode.metadata.chapters == (GivenChapter(start=1.0, title="Mine"),)
        path.unlink()


# --------------------------------------------------------------------------- interruption


def test_cleaned_working_audio_is_made_again(settings: Settings) -> None:
    path = write(settings.audio_folder / "ep.mp3", noise(2.0))
    walk, _ = prepared(path, settings)
    before = (walk.folder.path / WORKING_AUDIO).read_bytes()
    shutil.rmtree(walk.folder.path / "work")
    assert not is_due(walk)
    assert working_audio(walk).read_bytes() == before


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no SIGKILL on this system")
def test_a_killed_prepare_leaves_no_half_file(settings: Settings) -> None:
    path = write(settings.audio_folder / "ep.flac", noise(400.0))
    folder = admit(path, settings)
    code = """
        import sys
        from pathlib import Path
        from shownotes.settings import Settings
        from shownotes.steps.prepare import STEP, admit
        from shownotes.steps.step import Silent, Walk
        settings = Settings(root=Path(sys.argv[1]))
        STEP.run(Walk(folder=admit(Path(sys.argv[2]), settings), settings=settings))
    """
    command = [sys.executable, "-c", textwrap.dedent(code), str(settings.root), str(path)]
    running = subprocess.Popen(command)
    making = folder.path / "work" / ".making-audio.wav"
    while running.poll() is None and not (making.exists() and making.stat().st_size > 100_000):
        time.sleep(0.005)
    running.kill()
    assert running.wait() == -signal.SIGKILL
    assert not (folder.path / WORKING_AUDIO).exists()
    _, episode = prepared(path, settings)
    assert episode.duration == pytest.approx(400.0, abs=0.05)
    assert not making.exists()


def test_a_single_frame_that_is_missing_shows_where_nothing_is_padded(settings: Settings) -> None:
    path = write(settings.audio_folder / "ep.flac", noise(30.0))
    data = path.read_bytes()
    middle = data.find(b"\xff\xf8", len(data) // 2)
    path.write_bytes(data[: middle + 2] + bytes(8) + data[middle + 10 :])
    _, episode = prepared(path, settings)
    assert episode.audio is not None
    assert 29.5 < episode.audio.decoded_s < 30.0
    assert {"truncated", "broken_packets"} & set(codes(episode))
