from pathlib import Path

import numpy as np
import pytest

from shownotes.adapters.audio import WorkingAudio, decode, read_samples
from shownotes.adapters.encoding import encode, encode_chunks, encode_listening_copy
from shownotes.adapters.recording import scan
from shownotes.errors import InputError, StoreError
from tests.audio_files import clicks, first_click, tone, write


def test_tags_come_back(tmp_path: Path) -> None:
    tags = {"title": "T", "artist": "A", "album": "B", "track": "7", "date": "2026-01-02"}
    for ending in ("mp3", "m4a", "opus", "flac"):
        path = tmp_path / f"a.{ending}"
        encode(tone(1.0, rate_hz=16_000), path, tags=tags)
        found = scan(path).tags
        assert {key: found.get(key) for key in tags} == tags, ending


def test_int16_and_float_are_the_same_sound(tmp_path: Path) -> None:
    sound = tone(1.0, rate_hz=16_000)
    encode(sound, tmp_path / "float.wav")
    encode((sound * 32767).round().astype(np.int16), tmp_path / "int.wav")
    assert (tmp_path / "float.wav").read_bytes() == (tmp_path / "int.wav").read_bytes()


def test_a_codec_may_be_chosen(tmp_path: Path) -> None:
    encode(tone(1.0), tmp_path / "a.m4a", "alac", sample_rate_hz=44_100)
    assert scan(tmp_path / "a.m4a").codec == "alac"


def test_chunks_of_any_size_make_one_file(tmp_path: Path) -> None:
    sound = (clicks(2.0, duration=4.0, rate_hz=16_000) * 32767).astype(np.int16)[None, :]
    chunks = [sound[:, :5], sound[:, 5:5], sound[:, 5:40_000], sound[:, 40_000:]]
    encode_chunks(chunks, tmp_path / "a.flac")
    decode(tmp_path / "a.flac", [WorkingAudio(tmp_path / "w.wav")])
    samples = read_samples(tmp_path / "w.wav", start=0, end=9)
    assert len(samples) == 4 * 16_000
    assert first_click(samples) == pytest.approx(2.0, abs=0.001)


def test_a_listening_copy_begins_and_seeks_like_the_working_audio(tmp_path: Path) -> None:
    working = tmp_path / "working.wav"
    decode(write(tmp_path / "a.flac", clicks(7.25, duration=9.0)), [WorkingAudio(working)])
    encode_listening_copy(working, tmp_path / "listen.mp3")
    found = scan(tmp_path / "listen.mp3")
    assert found.is_constant_bit_rate
    assert found.declared_s == pytest.approx(9.0, abs=0.05)
    decode(tmp_path / "listen.mp3", [WorkingAudio(tmp_path / "again.wav")])
    assert first_click(read_samples(tmp_path / "again.wav", start=0, end=9)) == pytest.approx(
        7.25, abs=0.02
    )


def test_what_cannot_be_written_is_named(tmp_path: Path) -> None:
    sound = tone(0.5)
    with pytest.raises(InputError, match=r"a\.xyz: no codec"):
        encode(sound, tmp_path / "a.xyz")
    with pytest.raises(InputError, match="no-such-codec"):
        encode(sound, tmp_path / "a.mp3", "no-such-codec")
    with pytest.raises(StoreError, match=r"a\.mp3 cannot be written"):
        encode(sound, tmp_path / "no" / "folder" / "a.mp3")
