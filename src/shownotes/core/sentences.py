"""A transcript as sentences, each with the words it is made of.

Every later step (names, chapters, notes) speaks of sentences by their index in this list, so it is
made in one place and always the same way from the same transcript.
"""

import re
from collections.abc import Iterator

from shownotes.model import Segment, Sentence, Transcript, Word

# A sentence longer than this is cut at the next pause: recognisers sometimes drop punctuation for
# minutes. In words; the longest spoken sentence in well-edited transcripts is about 60 words.
MAX_WORDS = 60
# A silence that ends a sentence in text without punctuation, in seconds.
LONG_PAUSE_S = 1.2

_END = re.compile(r"""[.!?…。!?]+["'”’»)\]]*$""")
_ABBREVIATION = re.compile(
    r"^(?:[A-Z]|(?:[A-Za-z]\.)+[A-Za-z]?|Mr|Mrs|Ms|Dr|Prof|St|Sen|Rep|Gov|Gen|Lt|Col|Jr|Sr|vs|etc"
    r"|e\.g|i\.e|a\.m|p\.m|U\.S|U\.K|Inc|Ltd|Co|Corp)\.$"
)
# Abbreviations of these kinds may also end a sentence, when the next word begins like one.
_MAY_END = re.compile(r"^(?:[ap]\.m|etc|Inc|Ltd|Co|Corp|Jr|Sr|U\.S|U\.K)\.$")


def split(transcript: Transcript) -> tuple[Sentence, ...]:
    """All sentences in order of time; indices are positions in the returned tuple."""
    sentences: list[Sentence] = []
    last_end = 0.0
    for segment_index, words, speaker in _groups(transcript):
        start = words[0].start
        sentences.append(
            Sentence(
                index=len(sentences),
                text=" ".join(word.text for word in words),
                start=start,
                end=words[-1].end,
                segment=segment_index,
                speaker=speaker,
                pause_before=max(0.0, start - last_end),
                words=tuple(words),
            )
        )
        last_end = words[-1].end
    return tuple(sentences)


def _groups(transcript: Transcript) -> Iterator[tuple[int, list[Word], str | None]]:
    words: list[Word] = []
    first_segment, speaker = 0, None
    stream = _stream(transcript)
    upcoming = next(stream, None)
    while upcoming is not None:
        (index, segment, word), upcoming = upcoming, next(stream, None)
        if not words:
            first_segment, speaker = index, segment.speaker
        words.append(word)
        if upcoming is None or _ends(words, upcoming[2], segment.speaker != upcoming[1].speaker):
            yield first_segment, words, speaker
            words = []


def _stream(transcript: Transcript) -> Iterator[tuple[int, Segment, Word]]:
    for index, segment in enumerate(transcript.segments):
        for word in segment.words:
            if word.text.strip():
                yield index, segment, word


def _ends(words: list[Word], following: Word, speaker_changes: bool) -> bool:
    """Whether the words so far are a whole sentence."""
    last = words[-1].text
    pause = following.start - words[-1].end
    if speaker_changes:
        return True
    if len(words) >= MAX_WORDS:
        return pause > 0.3 or len(words) >= 2 * MAX_WORDS
    if not _END.search(last):
        return pause >= LONG_PAUSE_S and len(words) > 2 and not _is_open(last)
    if last == "No." and following.text[:1].isdigit():
        return False
    if _ABBREVIATION.match(last):
        starts_like_one = following.text[:1].isupper()
        return bool(_MAY_END.match(last)) and starts_like_one
    return True


def _is_open(text: str) -> bool:
    """A word after which speakers pause in mid-sentence."""
    return text.endswith((",", ";", ":", "-", "–", "—"))
