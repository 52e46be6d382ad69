"""Files of strangers, read in a process of their own."""

import errno
import os
import signal
import struct
from pathlib import Path

import numpy as np
import psutil
import pytest

from shownotes.adapters import recording, sound
from shownotes.adapters.audio import read_samples
from shownotes.adapters.sound import Wanted
from shownotes.errors import (
    BrokenAudioError,
    DecoderError,
    DiskFullError,
    InputError,
    NotAudioError,
    RunCancelledError,
)
from tests.audio_files import noise, tone, write
from tests.torture.hostile_media import constant_flac


@pytest.fixture(scope="module")
def long(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten minutes: enough for a child to be met at work."""
    path = tmp_path_factory.mktemp("long") / "long.wav"
    return write(path, np.tile(noise(10.0, rate_hz=8_000), 60), rate_hz=8_000)


def children() -> list[psutil.Process]:
    return [
        process
        for process in psutil.Process().children()
        if "shownotes.adapters.sound_process" in process.cmdline()
    ]


def wanted(folder: Path) -> Wanted:
    return Wanted(wavs=[(folder / "w", None)], speech=True)


def test_the_child_tells_what_reading_here_tells(tmp_path: Path) -> None:
    path = write(tmp_path / "a.mp3", noise(3.0), title="Ünïcode")
    assert sound.scan(path) == recording.scan(path)


def test_one_pass_makes_all_that_is_wanted(tmp_path: Path) -> None:
    path, wav = write(tmp_path / "a.mp3", tone(3.0)), tmp_path / "a.work"
    everything = Wanted(wavs=[(wav, None)], speech=True, loudness=True)
    heard = sound.hear(path, everything, length_s=3.0)
    assert heard.duration == pytest.approx(3.0, abs=0.05)
    assert len(read_samples(wav, start=0.0, end=9.0)) == pytest.approx(48_000, abs=800)
    assert heard.loudness is not None
    assert heard.speech == ((),)


@pytest.mark.parametrize("name", ["SIGSEGV", "SIGABRT", "SIGBUS", "SIGFPE", "SIGILL"])
def test_a_crash_costs_one_file(tmp_path: Path, long: Path, name: str) -> None:

    def crash(_done_s: float) -> None:
        for child in children():
            os.kill(child.pid, getattr(signal, name))

    with pytest.raises(BrokenAudioError, match="crash"):
        sound.hear(long, wanted(tmp_path), length_s=600.0, advance=crash)
    assert sound.scan(long).codec == "pcm_s16le"


def test_a_child_that_somebody_ended_is_not_the_files_fault(tmp_path: Path, long: Path) -> None:

    def end(_done_s: float) -> None:
        for child in children():
            child.kill()

    with pytest.raises(DecoderError) as caught:
        sound.hear(long, wanted(tmp_path), length_s=600.0, advance=end)
    assert caught.value.retryable


def test_who_stops_it_leaves_no_child_at_work(tmp_path: Path, long: Path) -> None:
    busy: list[int] = []

    def stop(_done_s: float) -> None:
        busy.extend(child.pid for child in children())
        raise RunCancelledError("enough")

    with pytest.raises(RunCancelledError):
        sound.hear(long, wanted(tmp_path), length_s=600.0, advance=stop)
    assert not {child.pid for child in children()} & set(busy)


def test_what_progress_cannot_write_is_not_told_as_the_readers_fault(
    tmp_path: Path, long: Path
) -> None:

    def fill(_done_s: float) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(OSError, match="No space left"):
        sound.hear(long, wanted(tmp_path), length_s=600.0, advance=fill)
    assert sound.scan(long).codec == "pcm_s16le"


@pytest.mark.skipif(not hasattr(psutil.Process, "rlimit"), reason="Linux alone shows limits")
def test_the_child_has_a_limit_of_memory_and_leaves_no_core(tmp_path: Path) -> None:
    sound.scan(write(tmp_path / "a.wav", tone(1.0)))
    (child,) = children()
    assert child.rlimit(psutil.RLIMIT_DATA) == (2**30, 2**30)
    assert child.rlimit(psutil.RLIMIT_CORE) == (0, 0)


def test_a_full_disk_is_told_as_such(tmp_path: Path) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full on this system")
    path = write(tmp_path / "a.mp3", noise(30.0))
    with pytest.raises(DiskFullError):
        sound.hear(path, Wanted(wavs=[(Path("/dev/full"), None)]), length_s=30.0)


def wav(samples: int, *, claimed: int, rate: int = 8_000) -> bytes:
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, rate, rate, 1, 8)
    riff = struct.pack("<4sI4s", b"RIFF", 36 + samples, b"WAVE")
    return riff + form + struct.pack("<4sI", b"data", claimed) + b"\x80" * samples


def test_more_than_can_be_numbered_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "endless.wav"
    path.write_bytes(wav(8_000, claimed=0xFFFFFFFF))
    os.truncate(path, 10**12)
    with pytest.raises(InputError, match="37 hours"):
        sound.scan(path)


def test_hours_in_a_few_bytes_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "bomb.flac"
    path.write_bytes(constant_flac(6 * 3600))
    assert path.stat().st_size < 100_000
    with pytest.raises(BrokenAudioError, match="which no recording does"):
        sound.scan(path)


def test_an_hour_of_silence_is_not(tmp_path: Path) -> None:
    path = tmp_path / "silence.flac"
    path.write_bytes(constant_flac(0.9 * 3600))
    assert sound.scan(path).length_s == pytest.approx(0.9 * 3600, rel=0.01)


PLAYLISTS = {
    "hls": "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n{}\n#EXT-X-ENDLIST\n",
    "concat": "ffconcat version 1.0\nfile '{}'\n",
    "sdp": "v=0\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio 5004 RTP/AVP 0\n",
}


@pytest.mark.parametrize("kind", PLAYLISTS)
def test_a_playlist_opens_nothing(tmp_path: Path, kind: str) -> None:
    write(tmp_path / "neighbour.mp3", noise(3.0))
    path = tmp_path / f"{kind}.mp3"
    path.write_text(PLAYLISTS[kind].format("neighbour.mp3"), encoding="utf-8")
    with pytest.raises(NotAudioError, match=r"ArgumentError|InvalidDataError"):
        # Refused as it is opened: a playlist that can be opened has opened its files by then.
        sound.scan(path)
