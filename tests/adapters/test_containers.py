import struct
from pathlib import Path

import pytest

from shownotes.adapters.containers import is_mp4_without_index, read_promise
from tests.audio_files import tone, write
from tests.torture import hostile_media


def wav(data_bytes: int, claimed: int) -> bytes:
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, 16_000, 32_000, 2, 16)
    odd = struct.pack("<4sI4s", b"LIST", 3, b"abc\0")
    return (
        struct.pack("<4sI4s", b"RIFF", 36, b"WAVE")
        + form
        + odd
        + struct.pack("<4sI", b"data", claimed)
        + bytes(data_bytes)
    )


def test_a_wav_promises_what_its_data_chunk_says(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(wav(32_000, 64_000))
    promise = read_promise(path, "wav")
    assert promise.declared_s == 2.0
    assert promise.is_cut_short
    path.write_bytes(wav(64_000, 64_000))
    assert not read_promise(path, "wav").is_cut_short


@pytest.mark.parametrize("claimed", [0, 0xFFFFFFFF])
def test_a_recorder_that_streamed_promises_nothing(tmp_path: Path, claimed: int) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(wav(32_000, claimed))
    promise = read_promise(path, "wav")
    assert promise.declared_s is None
    assert not promise.is_cut_short


@pytest.mark.parametrize("length", [0, 4, 11, 13, 20, 30, 43])
def test_a_header_cut_anywhere_promises_nothing(tmp_path: Path, length: int) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(wav(32_000, 64_000)[:length])
    assert read_promise(path, "wav").declared_s is None


def test_an_ogg_ends_with_a_page_that_says_so(tmp_path: Path) -> None:
    path = write(tmp_path / "a.opus", tone(5.0))
    assert not read_promise(path, "ogg").is_cut_short
    path.write_bytes(path.read_bytes()[:-20_000])
    assert read_promise(path, "ogg").is_cut_short


def test_an_mp3_without_a_header_of_its_own_promises_nothing(tmp_path: Path) -> None:
    path = write(tmp_path / "a.mp3", tone(5.0), title="x" * 500)
    assert read_promise(path, "mp3").trusts_container
    data = path.read_bytes()
    path.write_bytes(data.replace(b"Info", b"\0\0\0\0").replace(b"Xing", b"\0\0\0\0"))
    assert not read_promise(path, "mp3").trusts_container


def test_an_mp4_without_its_index(tmp_path: Path) -> None:
    path = write(tmp_path / "a.m4a", tone(5.0))
    assert not is_mp4_without_index(path)
    path.write_bytes(path.read_bytes()[:20_000])
    assert is_mp4_without_index(path)
    path.write_bytes(b"not an MP4 at all")
    assert not is_mp4_without_index(path)
    assert not is_mp4_without_index(tmp_path / "none.m4a")


def test_what_does_not_fit_into_32_bit_stands_in_a_chunk_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    whole = wav(64_000, 0xFFFFFFFF)
    ds64 = struct.pack("<4sIQQQI", b"ds64", 28, 0, 64_000, 0, 0)
    path.write_bytes(b"RF64" + b"\xff" * 4 + whole[8:12] + ds64 + whole[12:])
    promise = read_promise(path, "wav")
    assert (promise.declared_s, promise.is_cut_short) == (2.0, False)
    path.write_bytes(path.read_bytes()[:-1000])
    assert read_promise(path, "wav").is_cut_short


@pytest.mark.parametrize("ending", ["w64", "caf", "avi", "ogg"])
@pytest.mark.parametrize("share", [0.5, 0.9, 0.995])
def test_an_end_that_is_missing_shows(tmp_path: Path, ending: str, share: float) -> None:
    path = tmp_path / f"a.{ending}"
    whole = hostile_media.whole(ending)
    path.write_bytes(whole)
    assert not read_promise(path, ending).is_cut_short
    path.write_bytes(whole[: int(share * len(whole))])
    assert read_promise(path, ending).is_cut_short


@pytest.mark.parametrize("container", ["wav", "w64", "caf", "avi", "ogg", "mp3"])
def test_zeros_and_ones_promise_nothing_and_do_not_take_long(
    tmp_path: Path, container: str
) -> None:
    path = tmp_path / "a"
    for byte in (b"\0", b"\xff"):
        path.write_bytes(b"RIFF\0\0\0\0WAVE" + byte * 5_000_000)
        assert read_promise(path, container).declared_s is None
