"""prepare: an audio file as it was dropped -> working audio, measurements, episode.json."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from shownotes.adapters.store import check_room, content_sha256, file_sha256, translate
from shownotes.adapters.wholeness import find_fault
from shownotes.errors import EpisodeNotFoundError, InputError
from shownotes.model import (
    AudioFile,
    Episode,
    GivenTrack,
    Loudness,
    Metadata,
    Notice,
    Span,
    Track,
)
from shownotes.settings import Settings
from shownotes.steps import tracks
from shownotes.steps.admission import (
    BOX,
    SeenFile,
    admit,
    changed_meanwhile,
    check_links,
    is_unchanged,
    known,
    remember,
    scan_once,
    seen_files,
    version_of,
)
from shownotes.steps.intray import (
    find_audio,
    is_there,
    merged_metadata,
    relative,
    sidecar_beside,
    transcript_beside,
)
from shownotes.steps.links import check_link
from shownotes.steps.step import Step, Walk

__all__ = ["STEP", "admit", "find_audio", "known", "working_audio"]

WORKING_AUDIO = "work/audio.wav"
LISTENING_COPY = "work/listen.mp3"
_MAKING_WAV = "work/.making-audio.wav"
_MAKING_MP3 = "work/.making-listen.mp3"
# Room wanted on the disk besides the working audio, in bytes: windows, notes, pages.
MARGIN_BYTES = 50_000_000
# Bytes a second of working audio and of a listening copy.
_WAV_BYTES_A_SECOND = 32_000
_MP3_BYTES_A_SECOND = 6_000
# An end that is missing: more than this of what was declared, or more than so many seconds.
# Encoders round and pad; the widest honest difference seen was 0.3 s.
MISSING_SHARE = 0.005
MISSING_S = 0.35
# Those without loss do neither: a single frame that is missing shows, in seconds.
MISSING_EXACTLY_S = 0.02
EXACT = ("flac", "wav", "w64", "aiff", "caf", "wv", "tta")
# A sound track that begins later than this on its own timeline is not where browsers show it.
MAX_START_S = 0.05
# Codecs that the current Chrome, Firefox and Safari play, by FFmpeg's name of the container.
PLAYABLE = {
    "mp3": {"mp3"},
    "mov,mp4,m4a,3gp,3g2,mj2": {"aac", "mp3", "flac"},
    "ogg": {"opus", "vorbis"},
    "flac": {"flac"},
    "wav": {"pcm_s16le", "pcm_u8", "pcm_s24le", "pcm_f32le"},
}


def working_audio(walk: Walk) -> Path:
    """The working audio of an episode, made again when its work folder was cleaned.

    Raises:
        EpisodeNotFoundError: there is no audio, or it is gone.
    """
    path = walk.folder.path / WORKING_AUDIO
    episode = None if path.is_file() else walk.folder.read(BOX, Episode)
    if episode is not None:
        if episode.audio is None:
            raise EpisodeNotFoundError(f"{walk.folder.name} has a transcript and no audio.")
        _hear(walk, _source(walk, episode), measures=False, given=episode.metadata.tracks)
    return path


def _inputs(walk: Walk) -> Mapping[str, str]:
    """What lies outside the folder; no engine is imported while the audio is unchanged."""
    if not walk.folder.has(BOX):
        return {}
    episode = walk.folder.read(BOX, Episode)
    path = _main_file(walk, episode)
    # Where a show's feed is says nothing about its episodes.
    shows = {
        name: show.model_dump(mode="json", exclude={"feed"})
        for name, show in walk.settings.show.items()
    }
    return {
        "audio": _audio_sha256(walk, episode),
        "sidecar": _hash(sidecar_beside(path), walk.settings),
        "transcript": _hash(transcript_beside(path), walk.settings),
        "shows": content_sha256(shows),
    }


def _hash(path: Path | None, settings: Settings) -> str:
    """Hash of a file; empty when there is none."""
    if path is None or not is_there(path):
        return ""
    check_link(path, settings)
    try:
        return file_sha256(path)
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}.") from error


def _audio_sha256(walk: Walk, episode: Episode) -> str:
    """The hash of the packets: as recorded while the file is untouched, else computed."""
    audio = episode.audio
    if audio is None:
        return ""
    path = walk.settings.root / audio.path
    seen = (file for file in seen_files(walk.folder) if file.path == audio.path)
    recorded: tuple[AudioFile | SeenFile, ...] = (audio, *seen)
    for file in recorded:
        if is_unchanged(path, file):
            return file.packets_sha256
    if not path.exists():
        # What was made stays good when its source is put away.
        return audio.packets_sha256
    found = version_of(path, audio.path, scan_once(path))
    if found.packets_sha256 == audio.packets_sha256:
        remember(walk.folder, found)
    return found.packets_sha256


def _main_file(walk: Walk, episode: Episode) -> Path:
    """The file beside which sidecar and transcript lie."""
    name = episode.audio.path if episode.audio else episode.transcript_path or episode.folder
    return walk.settings.root / name


def _run(walk: Walk) -> None:
    made_from, made_with = STEP.made_from(walk), STEP.made_with(walk)
    before = walk.folder.read(BOX, Episode)
    after = _with_audio(walk, before) if before.audio else _without_audio(walk, before)
    # A new export may have been admitted meanwhile: it stays current, and prepare due for it.
    now = walk.folder.read(BOX, Episode)
    done = {v.packets_sha256 for v in (*before.versions, *after.versions)}
    late = tuple(v for v in now.versions if v.packets_sha256 not in done)
    walk.folder.write(
        BOX,
        replace(after, versions=(*after.versions, *late)),
        made_from=made_from,
        made_with=made_with,
    )


def _without_audio(walk: Walk, episode: Episode) -> Episode:
    path = _main_file(walk, episode)
    if not path.is_file():
        raise EpisodeNotFoundError(f"{path} is gone. Put it back, or remove {walk.folder.name}.")
    walk.progress.begin(STEP.name, 0)
    return replace(
        episode,
        metadata=merged_metadata(path, walk.settings, Metadata()),
        transcript_sha256=_hash(path, walk.settings),
    )


def _with_audio(walk: Walk, before: Episode) -> Episode:
    from shownotes.adapters.tags import read_tags

    path = _source(walk, before)
    check_links(path, walk.settings)
    scan = scan_once(path)
    version = version_of(path, before.versions[-1].path, scan)
    metadata = merged_metadata(path, walk.settings, read_tags(scan.tags, scan.chapters))
    heard = _heard_before(walk, before, version, metadata.tracks) or _hear(
        walk, path, given=metadata.tracks
    )
    if path.exists() and not is_unchanged(path, version):
        # What was heard may be of both; what has been put away was heard to its end.
        raise changed_meanwhile(path)
    version = replace(
        version,
        decoded_s=heard.decoded_s,
        broken_packets=heard.broken_packets,
        loudness=heard.loudness,
    )
    is_playable = _is_playable(version, is_constant=scan.is_constant_bit_rate, start=scan.start_s)
    version = replace(version, browser_playable=is_playable)
    copy = None if is_playable else _listening_copy(walk)
    transcript = transcript_beside(path)
    earlier = [v for v in before.versions if v.packets_sha256 != version.packets_sha256]
    return replace(
        before,
        metadata=metadata,
        versions=(*earlier, version),
        duration=heard.duration,
        speech=heard.speech,
        working_audio=WORKING_AUDIO,
        listening_copy=copy,
        transcript_path=relative(transcript, walk.settings) if transcript else None,
        transcript_sha256=_hash(transcript, walk.settings) or None,
        tracks=heard.tracks,
        warnings=(
            *_notices(version, heard, is_cut_short=scan.is_cut_short, torn=_why_torn(path)),
            *heard.warnings,
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Heard:
    """What one pass over the audio told."""

    duration: float
    decoded_s: float
    broken_packets: int
    loudness: Loudness | None = None
    speech: tuple[Span, ...] = ()
    tracks: tuple[Track, ...] = ()
    warnings: tuple[Notice, ...] = ()


def _source(walk: Walk, episode: Episode) -> Path:
    path = _main_file(walk, episode)
    if not path.exists():
        raise EpisodeNotFoundError(
            f"{path} is gone. Put it back, or drop the episode's audio again under any name."
        )
    return path


def _heard_before(
    walk: Walk, before: Episode, version: AudioFile, given: Sequence[GivenTrack]
) -> _Heard | None:
    """The measurements of the same audio, when only something beside it has changed."""
    old = before.audio
    wanted = walk.settings.audio.measure_loudness
    stamp = walk.folder.stamp(BOX)
    told: Any = stamp.made_with.get("settings") if stamp else None
    was_measured = bool(told) and told.get("audio.measure_loudness") is True
    if (
        old is None
        or STEP.name in walk.forced
        or old.packets_sha256 != version.packets_sha256
        or not old.decoded_s
        or (wanted and not was_measured)
        or not (walk.folder.path / WORKING_AUDIO).is_file()
        or not all((walk.folder.path / t.working_audio).is_file() for t in before.tracks)
        or (version.container == tracks.CONTAINER and tuple(given) != before.metadata.tracks)
    ):
        return None
    return _Heard(
        duration=before.duration,
        decoded_s=old.decoded_s,
        broken_packets=old.broken_packets,
        loudness=old.loudness if wanted else None,
        speech=before.speech,
        tracks=before.tracks,
        warnings=tuple(w for w in before.warnings if w.code.startswith("track")),
    )


def _hear_folder(walk: Walk, path: Path, *, measures: bool, given: Sequence[GivenTrack]) -> _Heard:
    length = scan_once(path).length_s
    check_room(walk.folder.path, int(2 * length * _WAV_BYTES_A_SECOND) + MARGIN_BYTES)
    walk.progress.begin(STEP.name, length)
    making = walk.folder.path / _MAKING_WAV
    making.parent.mkdir(exist_ok=True)
    try:
        heard = tracks.hear_tracks(
            walk,
            path,
            making,
            given=given,
            with_loudness=measures and walk.settings.audio.measure_loudness,
        )
        _put(making, walk.folder.path / WORKING_AUDIO)
    finally:
        making.unlink(missing_ok=True)
    return _Heard(
        duration=heard.duration,
        decoded_s=heard.decoded_s,
        broken_packets=heard.broken_packets,
        loudness=heard.loudness,
        speech=heard.speech,
        tracks=heard.tracks,
        warnings=heard.warnings,
    )


def _hear(
    walk: Walk, path: Path, *, measures: bool = True, given: Sequence[GivenTrack] = ()
) -> _Heard:
    """Decode once: working audio, loudness and speech together, in flat memory."""
    if path.is_dir():
        return _hear_folder(walk, path, measures=measures, given=given)
    from shownotes.adapters.sound import Wanted, hear

    scan = scan_once(path)
    needed = scan.length_s * (_WAV_BYTES_A_SECOND + _MP3_BYTES_A_SECOND) + MARGIN_BYTES
    check_room(walk.folder.path, int(needed))
    walk.progress.begin(STEP.name, scan.length_s)
    making = walk.folder.path / _MAKING_WAV
    making.parent.mkdir(exist_ok=True)
    before = () if measures else walk.folder.read(BOX, Episode).speech
    wanted = Wanted(
        wavs=[(making, None)],
        speech=measures,
        loudness=measures and walk.settings.audio.measure_loudness,
        people=scan.channels == 2,
        known_speech=before,
    )
    try:
        heard = hear(path, wanted, length_s=scan.length_s, advance=walk.progress.advance)
        _put(making, walk.folder.path / WORKING_AUDIO)
    finally:
        making.unlink(missing_ok=True)
    speech = heard.speech[0] if measures else before
    channels: tuple[Track, ...] = ()
    if heard.has_two_people:
        channels = tracks.hear_channels(walk, path, duration=heard.duration)
    return _Heard(
        duration=heard.duration,
        decoded_s=round(heard.decoded_s, 3),
        broken_packets=heard.broken_packets,
        loudness=heard.loudness,
        speech=tracks.join(s for t in channels for s in t.speech) if channels else speech,
        tracks=channels,
    )


def _listening_copy(walk: Walk) -> str:
    from shownotes.adapters.encoding import encode_listening_copy

    making = walk.folder.path / _MAKING_MP3
    try:
        encode_listening_copy(walk.folder.path / WORKING_AUDIO, making)
        _put(making, walk.folder.path / LISTENING_COPY)
    finally:
        making.unlink(missing_ok=True)
    return LISTENING_COPY


def _put(making: Path, path: Path) -> None:
    """Give a finished file its name."""
    try:
        making.replace(path)
    except OSError as error:
        raise translate(error, path) from error


def _is_playable(version: AudioFile, *, is_constant: bool, start: float) -> bool:
    """Whether browsers play the file from the same first sample and seek it exactly.

    They look for a place in an MP3 of variable bit rate by estimate: its seek table, where there
    is one, has 256 steps, so that an hour is off by up to 14 s.
    """
    if version.codec not in PLAYABLE.get(version.container, set()):
        return False
    if version.container == "mp3" and not is_constant:
        return False
    return not version.broken_packets and start <= MAX_START_S


def _why_torn(path: Path) -> str:
    """Why the file itself, whatever was heard, does not look whole: it was waited for in vain."""
    if path.is_dir():
        return ""
    try:
        fault = find_fault(path)
    except OSError:
        return ""
    return fault.reason if fault is not None and fault.is_sure else ""


def _notices(
    version: AudioFile, heard: _Heard, *, is_cut_short: bool, torn: str
) -> Iterator[Notice]:
    name, decoded, declared = version.path, version.decoded_s, version.declared_s
    missing = (declared or 0.0) - decoded
    if is_cut_short or missing > _may_be_missing(version):
        told = f" of the {declared:.1f} s its header promises" if declared else ""
        yield Notice(
            code="truncated",
            message=f"{name} ends early: {decoded:.1f} s decoded{told}. "
            "Copy or export it again if the end is missing.",
        )
    elif torn and not version.broken_packets:
        yield Notice(
            code="truncated",
            message=f"{name} may end early: {torn}. {decoded:.1f} s decoded. "
            "Copy or export it again if the end is missing.",
        )
    if version.broken_packets:
        yield Notice(
            code="broken_packets",
            message=f"{name} is damaged in {version.broken_packets} places; only those were lost, "
            f"and {decoded:.1f} s decoded.",
        )
    if not heard.speech:
        yield Notice(
            code="silent",
            message=f"Nobody is heard speaking in {name} ({decoded:.1f} s decoded).",
        )
    if not version.browser_playable and version.container != tracks.CONTAINER:
        yield Notice(
            code="browser_listening_copy",
            message=f"Browsers do not play or seek {name} exactly; the pages use a copy to "
            f"listen to ({LISTENING_COPY}).",
        )


def _may_be_missing(version: AudioFile) -> float:
    """Seconds that may be missing of what the header promises without anything being lost."""
    if version.container in EXACT:
        return MISSING_EXACTLY_S
    return max(MISSING_S, MISSING_SHARE * (version.declared_s or 0.0))


STEP = Step(
    name="prepare",
    box=BOX,
    version=1,
    settings_keys=("audio.measure_loudness",),
    inputs=_inputs,
    run=_run,
)
