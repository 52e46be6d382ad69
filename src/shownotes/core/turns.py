"""Who speaks when: turns out of voices or labels, and a transcript in which they stand."""

import bisect
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from shownotes.model import Segment, Track, Transcript, Turn, Word

# A speaker of whom nobody said the name, in our words or in those of common editors.
_UNNAMED = re.compile(r"^(?:speaker|spk|voice|unknown speaker)[ _]?\d*$", re.IGNORECASE)
# A pause in which somebody else may begin, in seconds.
_LETS_IN_S = 0.3
# A word is at least so long, in seconds.
_LEAST_COVER = 0.01
# What calibration found: a turn by its sound is right in 96 % at most, in half of all cases when
# next to nothing speaks for it, and the rest of the way is gone by this gain.
_SUREST_VOICE, _LEAST_SURE, _GAIN = 0.96, 0.45, 150.0
# Nobody is surer than this of who speaks on a track.
_SUREST = 0.99


def is_unnamed(speaker: str | None) -> bool:
    """Whether a label is only a number."""
    return speaker is None or bool(_UNNAMED.match(speaker.strip()))


def label(number: int) -> str:
    """What the speaker with this number is called, counted from 0."""
    return f"Speaker {number + 1}"


def words_of(transcript: Transcript) -> tuple[Word, ...]:
    """All words, in order."""
    return tuple(word for segment in transcript.segments for word in segment.words)


def from_labels(transcript: Transcript) -> tuple[Turn, ...]:
    """The turns of a transcript that came with speakers; empty when it has none."""
    turns: list[Turn] = []
    for segment in transcript.segments:
        if segment.speaker is None:
            continue
        if turns and turns[-1].speaker == segment.speaker:
            turns[-1] = replace(turns[-1], end=max(turns[-1].end, segment.end))
        else:
            turns.append(Turn(start=segment.start, end=segment.end, speaker=segment.speaker))
    return tuple(turns)


def interleave(segments: Sequence[Segment]) -> tuple[Segment, ...]:
    """The segments of several tracks as one transcript: in order of time, overlaps kept.

    A segment in which somebody else begins is cut there, if its speaker pauses or ends a sentence;
    who is merely talked into keeps the sentence whole, and the interjection follows it.
    """
    pieces: list[Segment] = []
    for segment in segments:
        begun = sorted(
            other.start
            for other in segments
            if other.speaker != segment.speaker and segment.start < other.start < segment.end
        )
        pieces += _cut_for(segment, begun)
    return tuple(sorted(pieces, key=lambda piece: (piece.start, piece.end)))


def _cut_for(segment: Segment, begun: Sequence[float]) -> list[Segment]:
    """A segment in pieces, cut after each of these times where its speaker lets others in."""
    groups: list[list[Word]] = [[]]
    waiting = list(begun)
    for number, word in enumerate(segment.words):
        groups[-1].append(word)
        after = segment.words[number + 1] if number + 1 < len(segment.words) else None
        if after is None or not waiting or waiting[0] >= after.start:
            continue
        if after.start - word.end >= _LETS_IN_S or word.text[-1:] in ".?!":
            groups.append([])
            waiting = [time for time in waiting if time >= after.start]
    if len(groups) == 1:
        return [segment]
    return [_piece(segment, words, number, len(groups)) for number, words in enumerate(groups)]


def _piece(segment: Segment, words: Sequence[Word], number: int, count: int) -> Segment:
    """One of several parts of a segment."""
    return replace(
        segment,
        start=words[0].start if number else segment.start,
        end=words[-1].end if number < count - 1 else segment.end,
        text=" ".join(word.text for word in words),
        words=tuple(words),
    )


def from_words(
    words: Sequence[Word], speakers: Sequence[int], margins: Sequence[float]
) -> tuple[Turn, ...]:
    """Turns of words that were each given to a speaker.

    Args:
        words: in order of time.
        speakers: for each word, a number from 0.
        margins: for each word, by how much it is this speaker's rather than another's, in natural
            logarithms a second.
    """
    turns: list[Turn] = []
    total = 0.0
    for word, speaker, margin in zip(words, speakers, margins, strict=True):
        gain = margin * (word.end - word.start)
        if turns and turns[-1].speaker == label(speaker):
            total += gain
            turns[-1] = replace(
                turns[-1], end=max(word.end, turns[-1].end), confidence=_confidence(total)
            )
        else:
            total = gain
            turns.append(
                Turn(
                    start=word.start,
                    end=word.end,
                    speaker=label(speaker),
                    confidence=_confidence(total),
                )
            )
    return tuple(turns)


def _confidence(gain: float) -> float:
    """How often turns of such a gain were right, on 18 made conversations of 2 to 4 people."""
    return round(_SUREST_VOICE - _LEAST_SURE * math.exp(-max(0.0, gain) / _GAIN), 3)


def from_tracks(words: Sequence[Word], tracks: Sequence[Track]) -> tuple[Turn, ...]:
    """Turns of words that were heard in a mix, by who speaks on their own track meanwhile."""
    turns: list[Turn] = []
    for word in words:
        shares = [_covered(word, track) for track in tracks]
        best = max(shares)
        own = turns[-1].speaker if turns else ""
        # Of several who speak at once, whoever has spoken already.
        likely = [t.speaker for t, share in zip(tracks, shares, strict=True) if share == best]
        speaker = own if own in likely else likely[0]
        confidence = round(_SUREST * best / max(sum(shares), _LEAST_COVER), 3)
        if turns and turns[-1].speaker == speaker:
            turns[-1] = replace(
                turns[-1],
                end=max(word.end, turns[-1].end),
                confidence=max(confidence, turns[-1].confidence),
            )
        else:
            turns.append(
                Turn(start=word.start, end=word.end, speaker=speaker, confidence=confidence)
            )
    return tuple(turns)


def _covered(word: Word, track: Track) -> float:
    """The share of a word during which a track's person speaks."""
    at = bisect.bisect_left(track.speech, word.start, key=lambda span: span.end)
    length = max(_LEAST_COVER, word.end - word.start)
    covered = 0.0
    while at < len(track.speech) and track.speech[at].start < word.end:
        span = track.speech[at]
        covered += min(span.end, word.end) - max(span.start, word.start)
        at += 1
    return round(max(0.0, covered) / length, 2)


def voiced(
    transcript: Transcript, turns: Sequence[Turn], names: Mapping[str, str] | None = None
) -> Transcript:
    """The transcript with every word under its speaker: segments are cut where speakers change.

    Args:
        transcript: whose own speakers, where it has any, are kept.
        turns: of the same transcript.
        names: of speakers, by label, where they are known.
    """
    known = names or {}
    starts = [turn.start for turn in turns]
    segments: list[Segment] = []
    for segment in transcript.segments:
        if segment.speaker is not None:
            segments.append(replace(segment, speaker=known.get(segment.speaker, segment.speaker)))
        elif not turns or not segment.words:
            segments.append(segment)
        else:
            segments += _cut(segment, turns, starts, known)
    return replace(transcript, segments=tuple(segments))


def _cut(
    segment: Segment, turns: Sequence[Turn], starts: Sequence[float], names: Mapping[str, str]
) -> list[Segment]:
    groups: list[tuple[str, list[Word]]] = []
    for word in segment.words:
        # A word belongs to the turn that has begun last: every turn begins with a word.
        at = max(0, bisect.bisect_right(starts, word.start + 1e-6) - 1)
        speaker = names.get(turns[at].speaker, turns[at].speaker)
        if groups and groups[-1][0] == speaker:
            groups[-1][1].append(word)
        else:
            groups.append((speaker, [word]))
    if len(groups) == 1:
        return [replace(segment, speaker=groups[0][0])]
    return [
        replace(_piece(segment, words, number, len(groups)), speaker=speaker)
        for number, (speaker, words) in enumerate(groups)
    ]
