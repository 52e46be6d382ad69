"""The transcript as the podcast world's files: WebVTT, SRT, Podcasting 2.0 JSON.

Source: W3C WebVTT; podcast-namespace docs/tags/transcript.md; Netflix Timed Text Style Guide (2
lines of 42 characters, 5/6 s to 7 s).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from shownotes.core.characters import printable
from shownotes.core.timecodes import stamp
from shownotes.core.turns import is_unnamed
from shownotes.model import Sentence, Word

LINE_CHARACTERS = 42
LINES = 2
SHORTEST_S, LONGEST_S = 5 / 6, 7.0
# A silence within a sentence after which a new cue begins, in seconds.
PAUSE_S = 0.8
# A cue that is read to its end sooner than it is spoken may stand this much longer, in seconds.
LINGER_S = 0.5
# Speakers' names longer than this take a line of captions for themselves.
NAME_CHARACTERS = 30
_SOFT_ENDS = (",", ";", ":", "–", "—")


@dataclass(frozen=True, slots=True)
class Cue:
    """One caption: at most `LINES` lines."""

    start: float
    end: float
    lines: tuple[str, ...]
    speaker: str | None = None


def make_cues(sentences: Sequence[Sentence], *, with_names: bool = False) -> tuple[Cue, ...]:
    """Captions in order of time; none holds two speakers, none begins before the last one ends.

    `with_names` puts the speaker's name into the text (`Name: …`), where it counts in the length.
    """
    cues: list[Cue] = []
    previous: str | None = None
    for sentence in sentences:
        speaker = _name(sentence.speaker)
        prefix = f"{speaker}: " if with_names and speaker and speaker != previous else ""
        for number, group in enumerate(_groups(sentence.words, len(prefix))):
            text = " ".join(word.text for word in group)
            lines = _wrap((prefix if number == 0 else "") + text)
            cues.append(Cue(start=group[0].start, end=group[-1].end, lines=lines, speaker=speaker))
        previous = speaker
    return tuple(_timed(cues))


def _name(speaker: str | None) -> str | None:
    """What a caption calls a speaker; nothing where nobody said the name."""
    name = "" if is_unnamed(speaker) else " ".join(printable(speaker or "").split())
    return name[:NAME_CHARACTERS].rstrip() or None


def _groups(words: Sequence[Word], prefix: int) -> Iterator[list[Word]]:
    """Cut a sentence into cues: at commas and pauses where it can be, else where it must be."""
    left = [piece for word in words for piece in _pieces(word)]
    while left:
        count = _fitting(left, prefix)
        if count < len(left):
            count = _best_cut(left, count)
        yield left[:count]
        left, prefix = left[count:], 0


def _pieces(word: Word) -> list[Word]:
    """A word; one longer than a line is cut (links, runs of letters without spaces)."""
    text = " ".join(word.text.split())
    if len(text) <= LINE_CHARACTERS:
        whole = word if text == word.text else replace(word, text=text)
        return [whole] if text else []
    parts = [text[i : i + LINE_CHARACTERS] for i in range(0, len(text), LINE_CHARACTERS)]
    step = (word.end - word.start) / len(parts)
    return [
        replace(word, text=part, start=word.start + i * step, end=word.start + (i + 1) * step)
        for i, part in enumerate(parts)
    ]


def _fitting(words: Sequence[Word], prefix: int) -> int:
    """How many words fit into one cue's lines and time, at least one."""
    lines, length = 1, prefix
    for index, word in enumerate(words):
        glue = 1 if length and not (index == 0 and prefix) else 0
        length += glue + len(word.text)
        if length > LINE_CHARACTERS:
            lines, length = lines + 1, len(word.text)
        is_paused = index > 0 and word.start - words[index - 1].end >= PAUSE_S
        if index and (lines > LINES or is_paused or word.end - words[0].start > LONGEST_S):
            return index
    return len(words)


def _best_cut(words: Sequence[Word], most: int) -> int:
    """After a comma in the second half of what fits; else so that no two words are left over."""
    for count in range(most, max(1, most // 2), -1):
        if words[count - 1].text.endswith(_SOFT_ENDS):
            return count
    rest = len(words) - most
    return max(1, most - 2) if rest <= 2 and most > 4 else most


def _wrap(text: str) -> tuple[str, ...]:
    """One line, or two as even as words allow."""
    if len(text) <= LINE_CHARACTERS:
        return (text,)
    words = text.split(" ")
    splits = [(" ".join(words[:i]), " ".join(words[i:])) for i in range(1, len(words))]
    fitting = [pair for pair in splits if max(map(len, pair)) <= LINE_CHARACTERS]
    if not fitting:
        return _filled(words)
    return min(fitting, key=lambda pair: (abs(len(pair[0]) - len(pair[1])), len(pair[0])))


def _filled(words: Sequence[str]) -> tuple[str, ...]:
    lines: list[str] = []
    for word in words:
        if lines and len(lines[-1]) + 1 + len(word) <= LINE_CHARACTERS:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return tuple(lines)


def _timed(cues: Sequence[Cue]) -> Iterator[Cue]:
    """Times in whole milliseconds, rising, none shorter than can be read where there is room."""
    floor = 0.0
    for index, cue in enumerate(cues):
        start = round(max(floor, cue.start), 3)
        following = cues[index + 1].start if index + 1 < len(cues) else cue.end + LONGEST_S
        wanted = max(cue.end + LINGER_S, start + SHORTEST_S)
        end = max(cue.end, min(wanted, following))
        end = min(end, start + LONGEST_S) if cue.end - start <= LONGEST_S else cue.end
        end = round(max(end, start + 0.001), 3)
        floor = end
        yield replace(cue, start=start, end=end)


# --------------------------------------------------------------------------- files


def webvtt(cues: Sequence[Cue]) -> str:
    """A WebVTT file; the speaker is named in every cue, as Apple asks."""
    blocks = ["WEBVTT"]
    for cue in cues:
        text = "\n".join(_escaped(line) for line in cue.lines)
        # A name that ends in hyphens would make an arrow of the end of its tag.
        voice = f"<v {_escaped(cue.speaker.rstrip(' -'))}>" if cue.speaker else ""
        blocks.append(f"{stamp(cue.start)} --> {stamp(cue.end)}\n{voice}{text}")
    return "\n\n".join(blocks) + "\n"


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def srt(cues: Sequence[Cue]) -> str:
    """A SubRip file."""
    blocks = []
    for number, cue in enumerate(cues, start=1):
        times = f"{stamp(cue.start, decimal=',')} --> {stamp(cue.end, decimal=',')}"
        # Players end the cue at an arrow and some read <…> as markup: typographic twins are inert.
        lines = [line.replace("-->", "→").replace("<", "‹").replace(">", "›") for line in cue.lines]
        blocks.append("\n".join([str(number), times, *lines]))
    return "\n\n".join(blocks) + "\n" if blocks else ""


def transcript_document(sentences: Sequence[Sentence]) -> dict[str, object]:
    """The Podcasting 2.0 JSON transcript, a segment a sentence."""
    segments = []
    for sentence in sentences:
        speaker = printable(sentence.speaker or "").strip()
        segment: dict[str, object] = {"speaker": speaker} if speaker else {}
        segment |= {
            "startTime": round(sentence.start, 3),
            "endTime": round(sentence.end, 3),
            "body": sentence.text,
        }
        segments.append(segment)
    return {"version": "1.0.0", "segments": segments}
