import os
import subprocess
from contextlib import suppress
from pathlib import Path

import av
import imageio_ffmpeg
import numpy as np
import pytest
from numpy.typing import NDArray

from shownotes.adapters.audio import (
    GROUP_S,
    SAMPLE_RATE_HZ,
    WorkingAudio,
    decode,
    read_samples,
)
from shownotes.adapters.recording import scan
from shownotes.errors import (
    BrokenAudioError,
    DiskFullError,
    EmptyFileError,
    EpisodeNotFoundError,
    InputError,
    NoSoundError,
    NotAudioError,
    TruncatedAudioError,
)
from tests.audio_files import (
    RATE_HZ,
    clicks,
    first_click,
    flip_bytes,
    noise,
    picture,
    tone,
    video,
    write,
)

FORMATS = ("mp3", "m4a", "opus", "flac", "wav")


def working(path: Path) -> tuple[NDArray[np.float32], float, int]:
    """Samples of the working audio, seconds decoded, packets lost."""
    wav = path.with_name(f"{path.name}.working.wav")
    sink = WorkingAudio(wav)
    decoding = decode(path, [sink])
    assert sink.duration == pytest.approx(decoding.duration, abs=0.01)
    samples = read_samples(wav, start=0.0, end=sink.duration + 1)
    return samples, decoding.decoded_s, decoding.broken_packets


@pytest.mark.parametrize("ending", FORMATS)
def test_a_click_stays_where_it_is(tmp_path: Path, ending: str) -> None:
    path = write(tmp_path / f"click.{ending}", clicks(3.0, duration=5.0))
    samples, decoded_s, broken = working(path)
    assert first_click(samples) == pytest.approx(3.0, abs=0.02)
    assert decoded_s == pytest.approx(5.0, abs=0.06)
    assert broken == 0


def test_a_click_at_the_start_of_a_video(tmp_path: Path) -> None:
    video(tmp_path / "v.mp4", sound=clicks(1.0, duration=2.0))
    samples, decoded_s, _ = working(tmp_path / "v.mp4")
    assert first_click(samples) == pytest.approx(1.0, abs=0.02)
    assert decoded_s == pytest.approx(2.0, abs=0.06)


@pytest.mark.parametrize("ending", FORMATS)
def test_scan_tells_what_a_file_is(tmp_path: Path, ending: str) -> None:
    path = write(tmp_path / f"a.{ending}", tone(6.0), title="Ünïcode", album="Show", track="12/40")
    found = scan(path)
    assert found.codec == {"m4a": "aac", "wav": "pcm_s16le"}.get(ending, ending)
    assert found.channels == 1
    assert found.declared_s == pytest.approx(6.0, abs=0.06)
    assert found.length_s == pytest.approx(6.0, abs=0.1)
    assert not found.is_cut_short
    assert found.tags["title"] == "Ünïcode"


@pytest.mark.parametrize("ending", FORMATS)
def test_tags_do_not_change_the_packets_hash(tmp_path: Path, ending: str) -> None:
    one = write(tmp_path / f"one.{ending}", noise(3.0), title="One")
    two = write(tmp_path / f"two.{ending}", noise(3.0), title="A much longer title", artist="X")
    other = write(tmp_path / f"other.{ending}", noise(3.0, seed=1), title="One")
    assert one.read_bytes() != two.read_bytes()
    assert scan(one).packets_sha256 == scan(two).packets_sha256
    assert scan(one).packets_sha256 != scan(other).packets_sha256


def test_an_id3v1_tag_at_the_end_changes_nothing(tmp_path: Path) -> None:
    path = write(tmp_path / "a.mp3", noise(3.0))
    before = scan(path).packets_sha256
    path.write_bytes(path.read_bytes() + b"TAG" + b"Title".ljust(125, b"\0"))
    assert scan(path).packets_sha256 == before


def test_stereo_is_mixed_and_no_channel_lost(tmp_path: Path) -> None:
    left, right = clicks(1.0, duration=4.0), clicks(3.0, duration=4.0)
    path = write(tmp_path / "s.wav", np.stack([left, right]))
    samples, _, _ = working(path)
    assert scan(path).channels == 2
    assert first_click(samples) == pytest.approx(1.0, abs=0.01)
    assert first_click(samples[2 * SAMPLE_RATE_HZ :]) == pytest.approx(1.0, abs=0.01)


@pytest.mark.parametrize("seed", range(4))
def test_a_damaged_minute_keeps_what_ffmpeg_recovers(tmp_path: Path, seed: int) -> None:
    path = write(tmp_path / "damaged.mp3", noise(60.0))
    path.write_bytes(flip_bytes(path.read_bytes(), count=200, seed=seed))
    decoding = decode(path, [])
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "quiet", "-i", str(path)]
    command += ["-f", "s16le", "-ac", "1", "-ar", "16000", "-"]
    raw = subprocess.run(command, capture_output=True, check=False)
    recovered = len(raw.stdout) / (2 * SAMPLE_RATE_HZ)
    assert recovered > 50
    assert decoding.decoded_s >= 0.99 * recovered
    assert decoding.broken_packets > 0


def test_times_after_a_hole_stay_where_they_were(tmp_path: Path) -> None:
    whole = write(tmp_path / "a.flac", clicks(8.0, duration=10.0) + noise(10.0) * 0.05)
    data = bytearray(whole.read_bytes())
    middle = len(data) // 3
    data[middle : middle + len(data) // 10] = bytes(len(data) // 10)
    whole.write_bytes(bytes(data))
    samples, decoded_s, _ = working(whole)
    assert decoded_s < 9.7
    # Until 7 s there may be bursts: half a frame is decoded as noise.
    assert first_click(samples[7 * SAMPLE_RATE_HZ :]) == pytest.approx(1.0, abs=0.15)


def test_every_sink_hears_the_same_in_groups(tmp_path: Path) -> None:
    heard: list[float] = []

    class Listener:
        is_finished = False

        def write(self, frame: av.AudioFrame) -> None:
            heard.append(frame.samples / frame.sample_rate)

        def finish(self) -> None:
            self.is_finished = True

    listener = Listener()
    done: list[float] = []
    decode(write(tmp_path / "a.mp3", tone(2.5)), [listener], advance=done.append)
    assert listener.is_finished
    assert len(heard) == 3
    assert all(GROUP_S <= seconds < GROUP_S + 0.1 for seconds in heard[:-1])
    assert sum(heard) == pytest.approx(2.5, abs=0.06)
    assert done == sorted(done)
    assert len(done) == 2


def test_read_samples_reads_a_stretch(tmp_path: Path) -> None:
    wav = tmp_path / "w.wav"
    decode(write(tmp_path / "c.flac", clicks(2.0, duration=4.0)), [WorkingAudio(wav)])
    piece = read_samples(wav, start=1.5, end=2.5)
    assert piece.dtype == np.float32
    assert len(piece) == SAMPLE_RATE_HZ
    assert first_click(piece) == pytest.approx(0.5, abs=0.002)
    assert len(read_samples(wav, start=3.5, end=9.0)) == SAMPLE_RATE_HZ // 2
    assert len(read_samples(wav, start=9.0, end=10.0)) == 0


def test_read_samples_of_a_file_that_is_not_there_or_torn(tmp_path: Path) -> None:
    torn = tmp_path / "torn.wav"
    torn.write_bytes(b"RIFF")
    for path in (tmp_path / "none.wav", torn):
        with pytest.raises(InputError, match="--from prepare"):
            read_samples(path, start=0, end=1)


# --------------------------------------------------------------------------- files that are wrong


def test_each_wrong_file_has_an_error_of_its_own(tmp_path: Path) -> None:
    cases: dict[str, tuple[bytes, type[InputError]]] = {
        "empty.mp3": (b"", EmptyFileError),
        "text.mp3": (b"Hello, this is a letter and not a song.\n" * 50, NotAudioError),
        "page.m4a": (b"<!doctype html><html><body>404</body></html>" * 20, NotAudioError),
        "zeros.wav": (bytes(50_000), NotAudioError),
        "list.mp3": (b"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\na.mp3\n", NotAudioError),
    }
    for name, (data, kind) in cases.items():
        path = tmp_path / name
        path.write_bytes(data)
        with pytest.raises(kind, match=name):
            scan(path)


def test_a_picture_named_mp3(tmp_path: Path) -> None:
    picture(tmp_path / "cover.mp3")
    with pytest.raises(NotAudioError, match=r"cover\.mp3 is not audio"):
        scan(tmp_path / "cover.mp3")


def test_a_video_without_sound(tmp_path: Path) -> None:
    video(tmp_path / "mute.mp4", sound=None)
    with pytest.raises(NoSoundError, match="no sound track"):
        scan(tmp_path / "mute.mp4")


def test_zeros_named_mp3_are_nothing_to_decode(tmp_path: Path) -> None:
    path = tmp_path / "zeros.mp3"
    path.write_bytes(bytes(100_000))
    with pytest.raises(BrokenAudioError, match=r"zeros\.mp3 has a sound track, but nothing"):
        scan(path)


def test_half_an_m4a_without_its_index(tmp_path: Path) -> None:
    path = write(tmp_path / "half.m4a", noise(20.0))
    data = path.read_bytes()
    assert data.rfind(b"moov") > data.rfind(b"mdat")
    path.write_bytes(data[: len(data) // 2])
    with pytest.raises(TruncatedAudioError, match=r"half\.m4a ends before"):
        scan(path)


@pytest.mark.parametrize("ending", ["mp3", "opus", "flac", "wav"])
def test_half_a_file_is_decoded_as_far_as_it_goes(tmp_path: Path, ending: str) -> None:
    path = write(tmp_path / f"half.{ending}", noise(30.0))
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    found = scan(path)
    _, decoded_s, _ = working(path)
    assert decoded_s == pytest.approx(15.0, abs=1.5)
    if ending == "opus":
        assert found.is_cut_short
    else:
        assert found.declared_s == pytest.approx(30.0, abs=0.1)


def test_folders_devices_and_loops(tmp_path: Path) -> None:
    (tmp_path / "folder.mp3").mkdir()
    (tmp_path / "loop.mp3").symlink_to(tmp_path / "loop.mp3")
    with pytest.raises(NotAudioError, match="a folder or a device"):
        scan(tmp_path / "folder.mp3")
    with pytest.raises(InputError, match=r"loop\.mp3 cannot be opened"):
        scan(tmp_path / "loop.mp3")
    with pytest.raises(EpisodeNotFoundError, match=r"none\.mp3"):
        scan(tmp_path / "none.mp3")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes on this system")
def test_a_named_pipe_does_not_hang(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.mp3")
    with pytest.raises(NotAudioError, match="a folder or a device"):
        scan(tmp_path / "pipe.mp3")


@pytest.mark.parametrize("ending", FORMATS)
@pytest.mark.parametrize("seed", range(3))
def test_hostile_bytes_raise_only_our_errors(tmp_path: Path, ending: str, seed: int) -> None:
    path = write(tmp_path / f"a.{ending}", noise(5.0), title="x")
    whole = path.read_bytes()
    rng = np.random.default_rng(seed)
    data = flip_bytes(whole, count=len(whole) // 40, seed=seed, skip=0)
    path.write_bytes(data[: int(rng.integers(len(data) // 3, len(data)))])
    seconds = 0.0
    with suppress(InputError):
        scan(path)
        seconds = decode(path, [WorkingAudio(tmp_path / "w.wav")]).decoded_s
    assert 0 <= seconds < 60


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full on this system")
def test_a_full_disk_is_named(tmp_path: Path) -> None:
    path = write(tmp_path / "a.wav", tone(20.0))
    sink = WorkingAudio(Path("/dev/full"))
    with pytest.raises(DiskFullError, match="Free some space"):
        decode(path, [sink])
    sink.close()


def test_a_name_that_is_hard_to_write(tmp_path: Path) -> None:
    path = write(tmp_path / "a.mp3", tone(1.0))
    odd = path.rename(tmp_path / "naïve 'quote\" 気候 %s\n#1?.mp3")
    assert scan(odd).codec == "mp3"
    assert scan(odd).sample_rate_hz == RATE_HZ
