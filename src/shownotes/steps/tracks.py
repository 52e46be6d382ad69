"""An episode on separate tracks: a folder of recordings, one a person, with or without their mix.

The working part of `prepare` for such a folder.
"""

import hashlib
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from shownotes.core import turns
from shownotes.errors import BrokenAudioError, EpisodeNotFoundError, ShowNotesError
from shownotes.model import GivenTrack, Loudness, Notice, Span, Track
from shownotes.steps.admission import scan_once
from shownotes.steps.intray import relative, tracks_in
from shownotes.steps.step import Walk

if TYPE_CHECKING:
    from shownotes.adapters.sound import Scan
    from shownotes.adapters.tracks import Placement, Samples

CONTAINER = "tracks"
FOLDER = "work/tracks"
# What recorders and people put into file names beside the person's name.
_NO_NAME = re.compile(
    r"riverside|zencastr|squadcast|craig|cleanfeed|zoom\d*|audacity|recording|recorded|audio|"
    r"track|trk|\btr\d*\b|microphone|\bmic\d*\b|channel|\bch\d*\b|input|raw|isolated|local|final|edit(?:ed)?|"
    r"mono|stereo|wav|flac|mp3|\bhost\b|\bco-?host\b|\bguest\b|speaker|mix(?:down|ed)?|master|take|"
    r"podcast|episode|\bep\b|[0-9a-f]{8,}",
    re.IGNORECASE,
)
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_WORD = re.compile(r"[^\W\d_]{2,}(?:['’][^\W\d_]+)*")


@dataclass(frozen=True, slots=True, kw_only=True)
class HeardTracks:
    """What one pass over the tracks told; the mix lies where it was asked for."""

    duration: float
    decoded_s: float
    broken_packets: int
    tracks: tuple[Track, ...]
    loudness: Loudness | None = None
    warnings: tuple[Notice, ...] = ()

    @property
    def speech(self) -> tuple[Span, ...]:
        """When anybody speaks."""
        return join(span for track in self.tracks for span in track.speech)


@dataclass(frozen=True, slots=True)
class _Recording:
    """A recording of the folder, decoded."""

    path: Path
    wav: Path
    levels: "Samples"
    speech: tuple[Span, ...]
    broken_packets: int


def scan_folder(folder: Path) -> "Scan":
    """A folder of tracks as if it were one file: its hash is that of all of them.

    Raises:
        InputError: there is none, or one of them has no sound to be had.
    """
    from shownotes.adapters.sound import Scan

    files = tracks_in(folder)
    if not files:
        raise EpisodeNotFoundError(f"{folder} holds no recordings.")
    scans = [scan_once(file) for file in files]
    told = "\n".join(f"{f.name} {s.packets_sha256}" for f, s in zip(files, scans, strict=True))
    return Scan(
        container=CONTAINER,
        codec=scans[0].codec,
        channels=len(files),
        sample_rate_hz=scans[0].sample_rate_hz,
        declared_s=None,
        packets_sha256=hashlib.sha256(told.encode()).hexdigest(),
        is_constant_bit_rate=False,
        length_s=sum(scan.length_s for scan in scans),
        is_cut_short=any(scan.is_cut_short for scan in scans),
    )


def hear_tracks(
    walk: Walk, folder: Path, mix: Path, *, given: Sequence[GivenTrack], with_loudness: bool
) -> HeardTracks:
    """Bring all tracks onto one clock, and find out when everybody speaks.

    Args:
        walk: of the episode; the tracks' working audio goes into its `work/tracks/`.
        folder: of the recordings.
        mix: where the working audio of the whole is written.
        given: whose they are, as far as the producer said so.
        with_loudness: measure the loudness of the whole.

    Raises:
        InputError: one of them has no sound to be had.
    """
    from shownotes.adapters import tracks as sound

    place = walk.folder.path / FOLDER
    place.mkdir(parents=True, exist_ok=True)
    for old in place.glob("*.wav"):
        old.unlink()
    recordings = list(_decode(walk, tracks_in(folder), place))
    try:
        found = sound.find_mix([r.wav for r in recordings], [r.levels for r in recordings])
        at, placements = found if found else (None, _place_by_leaks(recordings))
        own = [number for number in range(len(recordings)) if number != at]
        if at is None:
            duration = _shift(placements, recordings)
            pairs = [(recordings[n].wav, placements[n]) for n in own]
            sound.write_sum(pairs, mix, duration=duration)
        else:
            duration = sound.length_of(recordings[at].wav)
            recordings[at].wav.replace(mix)
        speech = _find_speech([recordings[n] for n in own], [placements[n] for n in own], duration)
        names = name_tracks([recordings[n].path for n in own], given)
        tracks: list[Track] = []
        for number, spans, name in zip(own, speech, names, strict=True):
            target = place / f"{len(tracks) + 1}.wav"
            placement = placements[number]
            sound.write_placed(
                recordings[number].wav, target, placement, duration=duration, speech=spans
            )
            tracks.append(
                Track(
                    path=relative(recordings[number].path, walk.settings),
                    speaker=name,
                    working_audio=f"{FOLDER}/{target.name}",
                    offset_s=round(placement.offset_s, 3),
                    drift=round(placement.drift, 7),
                    is_placed=placement.is_found or placement.tried == 0,
                    speech=spans,
                )
            )
    finally:
        for recording in recordings:
            recording.wav.unlink(missing_ok=True)
    source = recordings[at].path if at is not None else mix
    return HeardTracks(
        duration=duration,
        decoded_s=round(duration, 3),
        broken_packets=sum(r.broken_packets for r in recordings),
        tracks=tuple(tracks),
        loudness=_measure_loudness(source) if with_loudness else None,
        warnings=tuple(_notices(tracks, has_mix=at is not None)),
    )


def hear_channels(walk: Walk, path: Path, *, duration: float) -> tuple[Track, ...]:
    """The two channels of a recording as two tracks.

    Args:
        walk: of the episode; the channels' working audio goes into its `work/tracks/`.
        path: a recording of which each channel is a person's.
        duration: of its working audio.

    Raises:
        InputError: it has no sound to be had.
    """
    from shownotes.adapters import tracks as sound
    from shownotes.adapters.sound import Wanted, hear

    place = walk.folder.path / FOLDER
    place.mkdir(parents=True, exist_ok=True)
    raws = [place / f".raw-{number}.wav" for number in (1, 2)]
    wanted = Wanted(wavs=[(raw, channel) for channel, raw in enumerate(raws)], speech=True)
    try:
        heard = hear(path, wanted, length_s=duration)
        recordings = [
            _Recording(path, raw, sound.measure_levels(raw), spans, 0)
            for raw, spans in zip(raws, heard.speech, strict=True)
        ]
        together = sound.Placement()
        speech = _find_speech(recordings, [together, together], duration)
        order = sorted((0, 1), key=lambda n: speech[n][0].start if speech[n] else duration)
        tracks: list[Track] = []
        for number in order:
            target = place / f"{len(tracks) + 1}.wav"
            sound.write_placed(
                raws[number], target, together, duration=duration, speech=speech[number]
            )
            tracks.append(
                Track(
                    path=relative(path, walk.settings),
                    speaker=turns.label(len(tracks)),
                    working_audio=f"{FOLDER}/{target.name}",
                    is_placed=True,
                    speech=speech[number],
                )
            )
    finally:
        for raw in raws:
            raw.unlink(missing_ok=True)
    return tuple(tracks)


def _decode(walk: Walk, files: Sequence[Path], place: Path) -> Iterator[_Recording]:
    from shownotes.adapters.sound import Wanted, hear
    from shownotes.adapters.tracks import measure_levels

    done = 0.0
    for number, path in enumerate(files):
        target = place / f".raw-{number + 1}.wav"
        try:
            heard = hear(
                path,
                Wanted(wavs=[(target, None)], speech=True),
                length_s=scan_once(path).length_s,
                advance=_onwards(walk, done),
            )
        except BrokenAudioError as error:
            raise BrokenAudioError(f"{error} It is one of the tracks of its folder.") from error
        done += heard.duration
        yield _Recording(
            path, target, measure_levels(target), heard.speech[0], heard.broken_packets
        )


def _onwards(walk: Walk, before: float) -> Callable[[float], None]:
    return lambda done_s: walk.progress.advance(before + done_s)


def _place_by_leaks(recordings: Sequence[_Recording]) -> list["Placement"]:
    """Without a mix: where a voice can be heard on the longest track too, by that; else together.

    Recorders start their tracks together.
    """
    from shownotes.adapters.tracks import Placement, find_placement

    longest = max(range(len(recordings)), key=lambda n: len(recordings[n].levels))
    return [
        Placement()
        if number == longest
        else find_placement(recording.wav, recordings[longest].wav, recording.levels)
        for number, recording in enumerate(recordings)
    ]


def _shift(placements: list["Placement"], recordings: Sequence[_Recording]) -> float:
    """Let the first of the tracks begin at 0; returns how long they last together."""
    from shownotes.adapters.tracks import FRAME_S

    first = min(placement.offset_s for placement in placements)
    placements[:] = [replace(p, offset_s=p.offset_s - first) for p in placements]
    ends = [
        placement.to_other(len(recording.levels) * FRAME_S)
        for placement, recording in zip(placements, recordings, strict=True)
    ]
    return max(ends)


def _find_speech(
    recordings: Sequence[_Recording], placements: Sequence["Placement"], duration: float
) -> list[tuple[Span, ...]]:
    from shownotes.adapters.tracks import FRAME_S, find_speech, place_levels

    count = int(duration / FRAME_S)
    levels = [place_levels(r.levels, p, count) for r, p in zip(recordings, placements, strict=True)]
    heard = [
        [Span(start=p.to_other(s.start), end=p.to_other(s.end)) for s in r.speech]
        for r, p in zip(recordings, placements, strict=True)
    ]
    return find_speech(levels, heard)


def _measure_loudness(path: Path) -> Loudness | None:
    from shownotes.adapters.sound import Wanted, hear

    return hear(path, Wanted(loudness=True), length_s=scan_once(path).length_s).loudness


def name_tracks(files: Sequence[Path], given: Sequence[GivenTrack]) -> list[str]:
    """Whose every file is: as the producer said, else by its tags, else by its name; else a number.

    Names are never made up: what is left when recorders' words and numbers are taken away is one.
    """
    said = {track.file.casefold(): track.name for track in given}
    common = _common_words([file.stem for file in files])
    names: list[str] = []
    for file in files:
        known = said.get(file.name.casefold()) or said.get(file.stem.casefold())
        names.append(known or _tagged(file) or _name_in(file.stem, common))
    unnamed = 0
    for number, name in enumerate(names):
        if not name or names.index(name) != number:
            names[number] = turns.label(unnamed)
            unnamed += 1
    return names


def _tagged(file: Path) -> str:
    """The artist by the file's tags, if that looks like a person's name."""
    with suppress(ShowNotesError):
        artist = scan_once(file).tags.get("artist", "").strip()
        words = _WORD.findall(artist)
        if 1 <= len(words) <= 3 and " ".join(words) == artist and not _NO_NAME.search(artist):
            return artist
    return ""


def _common_words(stems: Sequence[str]) -> frozenset[str]:
    """Words that all names share: the show, the date."""
    words = [set(_split(stem)) for stem in stems]
    return frozenset(set.intersection(*words)) if len(words) > 1 else frozenset()


def _split(stem: str) -> list[str]:
    spaced = _CAMEL.sub(" ", _NO_NAME.sub(" ", re.sub(r"[_-]+", " ", stem)))
    return [word.casefold() for word in _WORD.findall(_NO_NAME.sub(" ", spaced))]


def _name_in(stem: str, common: frozenset[str]) -> str:
    words = [word for word in _split(stem) if word not in common]
    return " ".join(word.title() for word in words) if 1 <= len(words) <= 3 else ""


def join(spans: Iterator[Span]) -> tuple[Span, ...]:
    """Spans in order, those that touch made one."""
    joined: list[Span] = []
    for span in sorted(spans, key=lambda span: span.start):
        if joined and span.start <= joined[-1].end:
            joined[-1] = Span(start=joined[-1].start, end=max(span.end, joined[-1].end))
        else:
            joined.append(span)
    return tuple(joined)


def _notices(tracks: Sequence[Track], *, has_mix: bool) -> Iterator[Notice]:
    lost = [Path(track.path).name for track in tracks if not track.is_placed]
    if lost and has_mix:
        yield Notice(
            code="track_not_in_mix",
            message=f"{', '.join(lost)}: the mix does not hold this voice, or too little of it; "
            "it was taken to begin with the mix. Check that it belongs to this episode.",
        )
    elif lost:
        yield Notice(
            code="tracks_assumed_together",
            message=f"{', '.join(lost)}: no voice can be heard on two tracks, so that all were "
            "taken to begin together, as recorders start them. If they do not, put the mix into "
            "the folder.",
        )
    silent = [Path(track.path).name for track in tracks if not track.speech]
    if silent:
        yield Notice(
            code="track_silent", message=f"{', '.join(silent)}: nobody speaks on this track."
        )
