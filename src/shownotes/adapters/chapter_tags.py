"""A copy of an audio file with chapters in its tags; not a byte of its sound is changed.

Why mutagen: it writes single ID3 and MP4 tags and keeps those that it does not know; FFmpeg's
libraries lose pictures and podcast tags. Why PyAV for M4A: it writes both forms of chapters, the
text track that Apple's players read and the list that others read (mutagen writes neither).
Source: ID3v2 Chapter Frame Addendum 1.0; ID3v2.3.0, 3.1.
"""

from collections.abc import Sequence
from fractions import Fraction
from io import BytesIO
from pathlib import Path
from shutil import copyfileobj
from typing import Any, BinaryIO

import av
import av.error
import mutagen
import mutagen.id3
import mutagen.mp4

from shownotes.adapters.recording import open_recording, packets, sound_track
from shownotes.adapters.store import translate
from shownotes.core.characters import printable
from shownotes.errors import InputError, StoreError
from shownotes.model import Chapter

# Mutagen says that it is typed, and is not.
id3: Any = mutagen.id3
mp4: Any = mutagen.mp4

# The table of contents counts in one byte, as the list in an MP4 does.
MOST_CHAPTERS = 255
# An MP4's title has its length in one byte, and FFmpeg cuts a longer one through a letter.
_MP4_TITLE_BYTES = 255
# What a tag of version 2.3 begins with, before its size in four bytes of seven bits.
_HEAD = b"ID3\x03\x00\x00"
_SIZE_SHIFTS = (21, 14, 7, 0)
_TOP_LEVEL_ORDERED = id3.CTOCFlags.TOP_LEVEL | id3.CTOCFlags.ORDERED
# "Go by the times, not by places in the file."
_NO_OFFSET = 0xFFFFFFFF
# Dates and people that version 2.3 writes in other frames; nothing is lost with these.
_WRITTEN_OTHERWISE = ("TDRC", "TDOR", "TIPL", "TMCL")
_LAST_MS = 2**32 - 2
_ID3V1_BYTES = 128
_COPY_BYTES = 2**20
# Codecs of what Apple calls an M4A; others are MP4 in general.
_M4A_CODECS = ("aac", "alac")


def copy_ending(path: Path) -> str | None:
    """The ending of a copy with chapters; `None` for a container that cannot hold any.

    Raises:
        InputError: one of its kinds, when the file cannot be opened.
    """
    with open_recording(path) as container:
        name = container.format.name
    if name == "mp3":
        return ".mp3"
    return ".m4a" if "mp4" in name.split(",") else None


def copy_with_chapters(source: Path, copy: Path, chapters: Sequence[Chapter]) -> None:
    """Write a copy of an MP3 or MP4 whose chapters are these, in place of any it had.

    Other tags are kept. Of more than `MOST_CHAPTERS` the first are taken.

    Args:
        source: the audio, which is only read.
        copy: ends as `copy_ending` says.
        chapters: in order of time.

    Raises:
        InputError: the source cannot be read, or its tags cannot.
        StoreError: the copy cannot be written.
    """
    make = _copy_mp3 if copy.suffix == ".mp3" else _copy_mp4
    make(source, copy, chapters[:MOST_CHAPTERS])


def _copy_mp3(source: Path, copy: Path, chapters: Sequence[Chapter]) -> None:
    """New tags, then all that follows the old ones, ID3v1 and APE tags at the end included."""
    try:
        file = source.open("rb")
    except OSError as error:
        raise InputError(f"{source} cannot be opened: {error.strerror}.") from error
    with file:
        blocks = _tag_blocks(file)
        tags = _mp3_tags(source, blocks) if blocks else _old_tags(file)
        tags.delall("CHAP")
        tags.delall("CTOC")
        frames = _frames(tags) + _chapter_frames(chapters)
        head = _HEAD + bytes(len(frames) >> shift & 0x7F for shift in _SIZE_SHIFTS)
        file.seek(sum(len(block) for block in blocks))
        try:
            with copy.open("wb") as written:
                written.write(head + frames)
                copyfileobj(file, written, _COPY_BYTES)
        except OSError as error:
            raise translate(error, copy) from error


def _tag_blocks(file: BinaryIO) -> list[bytes]:
    """The ID3v2 tags at the beginning; some programs put theirs before another's."""
    blocks: list[bytes] = []
    while len(head := file.read(10)) == 10 and head[:3] == b"ID3" and max(head[6:10]) < 0x80:
        size = sum(byte << shift for byte, shift in zip(head[6:10], _SIZE_SHIFTS, strict=True))
        has_footer = bool(head[5] & 0x10)
        blocks.append(head + file.read(size + 10 * has_footer))
    return blocks


def _mp3_tags(source: Path, blocks: Sequence[bytes]) -> Any:
    """The frames of all tags in version 2.3; of two alike the first counts."""
    try:
        found = [id3.ID3(BytesIO(block), translate=False, load_v1=False) for block in blocks]
    except (mutagen.MutagenError, ValueError) as error:
        raise _unreadable(source, error) from error
    for tags in found:
        before = dict(tags)
        tags.update_to_v23()
        # Frames that came with version 2.4 and that players read in 2.3 as well: release date, ...
        for key, frame in before.items():
            if key not in tags and frame.FrameID not in _WRITTEN_OTHERWISE:
                tags.add(frame)
    first, *others = found
    for key, frame in ((k, f) for tags in others for k, f in tags.items()):
        if key not in first:
            first.add(frame)
    return first


def _old_tags(file: BinaryIO) -> Any:
    """New tags that say what an ID3v1 tag at the end says: players read the new ones alone."""
    file.seek(0, 2)
    file.seek(max(0, file.tell() - _ID3V1_BYTES))
    return _tag_of(*(id3.ParseID3v1(file.read(), v2_version=3) or {}).values())


def _tag_of(*frames: Any) -> Any:
    tags: Any = id3.ID3()
    for frame in frames:
        tags.add(frame)
    return tags


def _chapter_frames(chapters: Sequence[Chapter]) -> bytes:
    """Table of contents and chapters, in the order of time.

    Each is written by itself: mutagen sorts the frames of a tag by size, and players that do not
    look at the table show them as they come.
    """
    if not chapters:
        return b""
    names = [f"chp{number}" for number in range(len(chapters))]
    table = id3.CTOC(
        element_id="toc", flags=_TOP_LEVEL_ORDERED, child_element_ids=names, sub_frames=[]
    )
    marks = (_chapter_frame(name, c) for name, c in zip(names, chapters, strict=True))
    return b"".join(_frames(_tag_of(frame)) for frame in (table, *marks))


def _chapter_frame(name: str, chapter: Chapter) -> Any:
    start, end = _milliseconds(chapter)
    return id3.CHAP(
        element_id=name,
        start_time=start,
        end_time=end,
        start_offset=_NO_OFFSET,
        end_offset=_NO_OFFSET,
        sub_frames=[id3.TIT2(encoding=id3.Encoding.UTF16, text=[_title(chapter)])],
    )


def _frames(tags: Any) -> bytes:
    """Frames as version 2.3 has them, without the head of a tag."""
    written = BytesIO()
    tags.save(written, v1=id3.ID3v1SaveOptions.REMOVE, v2_version=3, padding=lambda _: 0)
    return written.getvalue()[len(_HEAD) + len(_SIZE_SHIFTS) :]


def _title(chapter: Chapter) -> str:
    return " ".join(printable(chapter.title).split())


def _milliseconds(chapter: Chapter) -> tuple[int, int]:
    start = min(_LAST_MS, max(0, round(chapter.start * 1000)))
    return start, min(_LAST_MS, max(start, round(chapter.end * 1000)))


def _copy_mp4(source: Path, copy: Path, chapters: Sequence[Chapter]) -> None:
    with open_recording(source) as container:
        stream = sound_track(container, source)
        try:
            _remux(container, stream, copy, chapters)
        except av.FFmpegError as error:
            if isinstance(error, OSError):
                raise translate(error, copy) from error
            raise StoreError(
                f"{copy} cannot be written: {error}. {source.name} has sound that an M4A does not "
                "hold; export it as MP3 or AAC."
            ) from error
    _keep_mp4_tags(source, copy)


def _remux(container: Any, stream: Any, copy: Path, chapters: Sequence[Chapter]) -> None:
    """The sound track's packets as they are, in a new MP4 whose index comes first."""
    kind = "ipod" if stream.codec_context.codec.canonical_name in _M4A_CODECS else "mp4"
    options = {"movflags": "faststart"}
    with av.open(str(copy), "w", format=kind, options=options) as written:
        written.metadata.update(container.metadata)
        written.set_chapters([_mp4_chapter(n, chapter) for n, chapter in enumerate(chapters)])
        track = written.add_stream_from_template(stream)
        for packet in packets(container, stream, lambda: None):
            if packet.size:
                packet.stream = track
                written.mux(packet)


def _mp4_chapter(number: int, chapter: Chapter) -> Any:
    start, end = _milliseconds(chapter)
    title = _title(chapter).encode()[:_MP4_TITLE_BYTES].decode(errors="ignore")
    return {
        "id": number,
        "start": start,
        "end": end,
        "time_base": Fraction(1, 1000),
        "metadata": {"title": title},
    }


def _keep_mp4_tags(source: Path, copy: Path) -> None:
    """All tags as they were: FFmpeg's own choice leaves out covers and podcast tags."""
    try:
        tags = mp4.MP4(source).tags
    except (mutagen.MutagenError, ValueError, OSError):
        # FFmpeg could read them, and what it knows of them is in the copy already.
        return
    try:
        written = mp4.MP4(copy)
        written.tags = tags
        written.save()
    except OSError as error:
        raise translate(error, copy) from error
    except mutagen.MutagenError as error:
        cause = error.__context__
        if isinstance(cause, OSError):
            raise translate(cause, copy) from error
        raise _unreadable(source, error) from error


def _unreadable(source: Path, error: Exception) -> InputError:
    return InputError(
        f"{source} has tags that cannot be read ({error}), and chapters go into them. "
        "Write its tags again with a tag editor, or export it again."
    )
