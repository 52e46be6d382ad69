from pathlib import Path

import numpy as np
import pytest
from mutagen import id3, mp4
from mutagen.apev2 import APEv2

from shownotes.adapters.audio import WorkingAudio, decode, read_samples
from shownotes.adapters.chapter_tags import MOST_CHAPTERS, copy_ending, copy_with_chapters
from shownotes.adapters.encoding import encode
from shownotes.adapters.recording import scan
from shownotes.errors import DiskFullError, InputError
from shownotes.model import Chapter
from tests.audio_files import clicks, noise, tone, video, write

HOSTILE = (
    'He said: "It\'s 5 < 6 & 7"',
    "\u202bשלום עולם\u202c",
    "🎙️ Who pays? 👩🏽‍🔬",
    "long " + "é" * 300,
    " two\nlines\x00\x1b[31m ",
)
needs_dev_full = pytest.mark.skipif(
    not Path("/dev/full").exists(), reason="no /dev/full on this system"
)


def chapters(*titles: str, length: float = 1.0) -> list[Chapter]:
    return [
        Chapter(start=n * length, end=(n + 1) * length, title=title)
        for n, title in enumerate(titles)
    ]


def frames(path: Path) -> id3.ID3:
    return id3.ID3(path, translate=False)


def test_mp3_chapters_as_ffmpeg_reads_them(tmp_path: Path) -> None:
    source = write(tmp_path / "a.mp3", noise(6.0), title="T", album="B", date="2026-01-02")
    before = source.read_bytes()
    copy_with_chapters(source, tmp_path / "b.mp3", chapters(*HOSTILE))
    found = scan(tmp_path / "b.mp3")
    assert source.read_bytes() == before
    assert found.packets_sha256 == scan(source).packets_sha256
    assert [start for start, _ in found.chapters] == [0.0, 1.0, 2.0, 3.0, 4.0]
    assert [title for _, title in found.chapters] == [*HOSTILE[:4], "two lines[31m"]
    assert {k: found.tags[k] for k in ("title", "album")} == {"title": "T", "album": "B"}
    assert found.tags["date"].startswith("2026-01-02")


def test_the_frames_are_those_of_the_addendum(tmp_path: Path) -> None:
    source = write(tmp_path / "a.mp3", tone(3.0))
    copy_with_chapters(source, tmp_path / "b.mp3", chapters("One", "Two"))
    tags = frames(tmp_path / "b.mp3")
    assert tags.version == (2, 3, 0)
    table = tags["CTOC:toc"]
    assert (int(table.flags), table.child_element_ids) == (0x03, ["chp0", "chp1"])
    mark = tags["CHAP:chp1"]
    assert (mark.start_time, mark.end_time) == (1000, 2000)
    assert (mark.start_offset, mark.end_offset) == (0xFFFFFFFF, 0xFFFFFFFF)
    assert mark.sub_frames["TIT2"].text == ["Two"]


def test_chapters_come_in_order_whatever_their_length(tmp_path: Path) -> None:
    source = write(tmp_path / "a.mp3", tone(3.0))
    titles = ["x" * (40 - n * 7 % 31) for n in range(20)]
    copy_with_chapters(source, tmp_path / "b.mp3", chapters(*titles, length=0.1))
    starts = [start for start, _ in scan(tmp_path / "b.mp3").chapters]
    assert starts == sorted(starts)
    assert len(starts) == 20


@pytest.mark.parametrize("ending", ["mp3", "m4a"])
def test_old_chapters_are_replaced_and_more_than_a_byte_counts_left_out(
    tmp_path: Path, ending: str
) -> None:
    source = write(tmp_path / f"a.{ending}", noise(4.0))
    first, second = tmp_path / f"b.{ending}", tmp_path / f"c.{ending}"
    many = chapters(*(f"Chapter {n}" for n in range(300)), length=0.01)
    copy_with_chapters(source, first, many)
    assert len(scan(first).chapters) == MOST_CHAPTERS
    copy_with_chapters(first, second, chapters("Only"))
    assert scan(second).chapters == ((0.0, "Only"),)
    assert scan(second).packets_sha256 == scan(source).packets_sha256


def test_every_tag_of_version_2_4_is_kept(tmp_path: Path) -> None:
    source = write(tmp_path / "a.mp3", noise(2.0), title="T")
    tags = frames(source)
    tags.add(id3.TDRC(encoding=3, text=["2026-01-02T10:20"]))
    tags.add(id3.TDRL(encoding=3, text=["2026-01-03"]))
    tags.add(id3.TSOA(encoding=3, text=["sorted"]))
    tags.add(id3.PRIV(owner="somebody", data=b"\x00\x01"))
    tags.add(id3.APIC(encoding=3, mime="image/png", type=3, desc="", data=b"\x89PNG" * 900))
    tags.add(id3.TXXX(encoding=3, desc="mine", text=["🎧"]))
    tags.save(source)
    copy_with_chapters(source, tmp_path / "b.mp3", chapters("One"))
    kept = frames(tmp_path / "b.mp3")
    assert [str(kept[name]) for name in ("TIT2", "TYER", "TDAT", "TIME")] == [
        "T",
        "2026",
        "0201",
        "1020",
    ]
    assert [str(kept[name]) for name in ("TDRL", "TSOA", "TXXX:mine")] == [
        "2026-01-03",
        "sorted",
        "🎧",
    ]
    assert kept["PRIV:somebody:\x00\x01"].data == b"\x00\x01"
    assert kept["APIC:"].data == b"\x89PNG" * 900


def test_an_mp3_without_any_tag(tmp_path: Path) -> None:
    source = write(tmp_path / "a.mp3", noise(5.0))
    frames(source).delete(source)
    assert source.read_bytes()[:3] != b"ID3"
    copy_with_chapters(source, tmp_path / "b.mp3", chapters("One", "Two"))
    assert [title for _, title in scan(tmp_path / "b.mp3").chapters] == ["One", "Two"]
    assert (tmp_path / "b.mp3").read_bytes().endswith(source.read_bytes())
    copy_with_chapters(source, tmp_path / "c.mp3", [])
    assert scan(tmp_path / "c.mp3").packets_sha256 == scan(source).packets_sha256


def test_tags_at_the_end_stay_to_the_byte(tmp_path: Path) -> None:
    source = write(tmp_path / "a.mp3", noise(2.0))
    frames(source).delete(source)
    ape = APEv2()
    ape["Artist"] = "Somebody"
    ape.save(source)
    old = b"TAG" + b"An old title".ljust(30, b"\0") + b"\0" * 94 + b"\x0c"
    source.write_bytes(source.read_bytes() + old)
    copy_with_chapters(source, tmp_path / "b.mp3", chapters("One"))
    assert (tmp_path / "b.mp3").read_bytes().endswith(source.read_bytes())
    # Players that find new tags do not look for old ones.
    assert str(frames(tmp_path / "b.mp3")["TIT2"]) == "An old title"
    assert APEv2(tmp_path / "b.mp3")["Artist"] == "Somebody"
    assert scan(tmp_path / "b.mp3").packets_sha256 == scan(source).packets_sha256


def test_a_tag_of_version_2_2(tmp_path: Path) -> None:
    source = write(tmp_path / "a.mp3", noise(2.0))
    frames(source).delete(source)
    old = b"TT2\0\0\x06\0Title" + b"TYE\0\0\x05\x002004"
    source.write_bytes(b"ID3\x02\0\0\0\0\0" + bytes([len(old)]) + old + source.read_bytes())
    copy_with_chapters(source, tmp_path / "b.mp3", chapters("One"))
    kept = frames(tmp_path / "b.mp3")
    assert (str(kept["TIT2"]), str(kept["TYER"])) == ("Title", "2004")
    assert scan(tmp_path / "b.mp3").packets_sha256 == scan(source).packets_sha256


def test_two_tags_one_after_the_other_become_one(tmp_path: Path) -> None:
    source = write(tmp_path / "a.mp3", noise(2.0), title="Second", artist="A")
    copy_with_chapters(source, tmp_path / "old.mp3", chapters("Old", "Older"))
    head = write(tmp_path / "head.mp3", noise(2.0), title="First").read_bytes()
    head = head[: 10 + (head[8] << 7) + head[9]]
    both = tmp_path / "both.mp3"
    both.write_bytes(head + (tmp_path / "old.mp3").read_bytes())
    copy_with_chapters(both, tmp_path / "b.mp3", chapters("New"))
    found = scan(tmp_path / "b.mp3")
    assert found.chapters == ((0.0, "New"),)
    assert (found.tags["title"], found.tags["artist"]) == ("First", "A")


def test_tags_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    source = write(tmp_path / "a.mp3", noise(2.0), title="T")
    data = bytearray(source.read_bytes())
    data[3] = 9
    source.write_bytes(data)
    with pytest.raises(InputError, match=r"a\.mp3 has tags that cannot be read"):
        copy_with_chapters(source, tmp_path / "b.mp3", chapters("One"))


def test_m4a_chapters_as_mutagen_and_ffmpeg_read_them(tmp_path: Path) -> None:
    source = write(tmp_path / "a.m4a", clicks(2.0, duration=6.0), title="T")
    tagged = mp4.MP4(source)
    tagged["----:com.apple.iTunes:OWN"] = [b"kept"]
    tagged["covr"] = [mp4.MP4Cover(b"\x89PNG" * 50, mp4.MP4Cover.FORMAT_PNG)]
    tagged["pcst"] = True
    tagged.save()
    copy_with_chapters(source, tmp_path / "b.m4a", chapters(*HOSTILE))
    found = scan(tmp_path / "b.m4a")
    assert found.packets_sha256 == scan(source).packets_sha256
    read = mp4.MP4(tmp_path / "b.m4a")
    assert dict(read.tags) == dict(mp4.MP4(source).tags)
    titles = [*HOSTILE[:3], "long " + "é" * 125, "two lines[31m"]
    assert [c.title for c in read.chapters] == titles
    assert [c.start for c in read.chapters] == [0.0, 1.0, 2.0, 3.0, 4.0]
    assert [title for _, title in found.chapters] == titles


def test_an_m4a_begins_where_it_began(tmp_path: Path) -> None:
    source = write(tmp_path / "a.m4a", clicks(2.0, duration=4.0))
    copy_with_chapters(source, tmp_path / "b.m4a", chapters("One", "Two"))
    heard = []
    for path in (source, tmp_path / "b.m4a"):
        decode(path, [WorkingAudio(tmp_path / "w.wav")])
        heard.append(read_samples(tmp_path / "w.wav", start=0, end=9))
    assert np.array_equal(*heard)


def test_of_a_video_the_sound_is_copied(tmp_path: Path) -> None:
    video(tmp_path / "a.mp4", sound=tone(2.0))
    copy_with_chapters(tmp_path / "a.mp4", tmp_path / "b.m4a", chapters("One"))
    assert scan(tmp_path / "b.m4a").packets_sha256 == scan(tmp_path / "a.mp4").packets_sha256
    assert scan(tmp_path / "b.m4a").chapters == ((0.0, "One"),)


def test_which_files_hold_chapters(tmp_path: Path) -> None:
    endings = {"mp3": ".mp3", "m4a": ".m4a", "wav": None, "flac": None, "opus": None}
    for ending, expected in endings.items():
        encode(tone(0.5, rate_hz=16_000), tmp_path / f"a.{ending}")
        assert copy_ending(tmp_path / f"a.{ending}") == expected


@needs_dev_full
@pytest.mark.parametrize("ending", ["mp3", "m4a"])
def test_a_full_disk(tmp_path: Path, ending: str) -> None:
    source = write(tmp_path / f"a.{ending}", noise(2.0))
    (tmp_path / f"full.{ending}").symlink_to("/dev/full")
    with pytest.raises(DiskFullError, match="Free some space"):
        copy_with_chapters(source, tmp_path / f"full.{ending}", chapters("One"))
