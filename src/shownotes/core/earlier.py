"""Earlier episodes that are spoken of, found in our own archive by title, and the sign-off."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from shownotes.core import salience
from shownotes.core.clutter import capitalized
from shownotes.core.wording import Wording, bare
from shownotes.model import Link, Sentence

# A title counts as said when its letters agree this much with a stretch of the sentence: speech
# models mishear a word of a title now and then. Under it lie other titles on the same subject.
TITLE_LIKENESS = 0.82
# The title may come in the sentence of the cue or one of the next ones.
SENTENCES_AFTER = 1
# Among the last sentences the sign-off is looked for.
LAST_SENTENCES = 6
MOST_SIGN_OFF_WORDS = 24
# Two episodes that end alike in so many words end with the show's own.
FEWEST_SHARED = 4
_NUMBER = re.compile(r"\bepisode (?:number )?(\w+)", re.IGNORECASE)
_COUNT = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"),
    *("eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen"),
    *("nineteen", "twenty"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Archived:
    """An episode of the archive, as far as a reference to it needs.

    Attributes:
        url: where its notes are, relative to this episode's.
    """

    title: str
    url: str
    folder: str
    show: str | None = None
    number: int | None = None
    date: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """A sentence that speaks of an earlier episode; `episode` is `None` when it was not found."""

    sentence: Sentence
    episode: Archived | None
    by_title: bool = False


def find_references(
    sentences: Sequence[Sentence],
    archive: Sequence[Archived],
    *,
    wording: Wording,
    show: str | None,
    number: int | None,
) -> tuple[Reference, ...]:
    """Every earlier episode that is spoken of, once each, unresolved ones included."""
    found: list[Reference] = []
    for sentence in sentences:
        if not wording.holds("earlier", sentence.text):
            continue
        near = sentences[sentence.index : sentence.index + 1 + SENTENCES_AFTER]
        text = " ".join(s.text for s in near)
        titled = _by_title(text, archive)
        episode = titled or _by_place(sentence.text, archive, wording, show, number)
        is_known = any(
            r.episode is episode and (episode or r.sentence.index + 3 >= sentence.index)
            for r in found
        )
        if not is_known:
            found.append(Reference(sentence=sentence, episode=episode, by_title=titled is not None))
    return tuple(found)


def title_likeness(title: str, text: str) -> float:
    """How well the best stretch of the text agrees with a title, 0 to 1."""
    wanted = [bare(word) for word in title.split() if bare(word)]
    said = [bare(word) for word in text.split() if bare(word)]
    best = 0.0
    for size in range(max(1, len(wanted) - 1), len(wanted) + 2):
        for at in range(max(1, len(said) - size + 1)):
            stretch = " ".join(said[at : at + size])
            best = max(best, SequenceMatcher(None, " ".join(wanted), stretch).ratio())
    return best


def _by_title(text: str, archive: Sequence[Archived]) -> Archived | None:
    scored = [(title_likeness(e.title, text), -i, e) for i, e in enumerate(archive)]
    best = max(scored, default=None, key=lambda entry: entry[:2])
    return best[2] if best is not None and best[0] >= TITLE_LIKENESS else None


def _by_place(
    text: str,
    archive: Sequence[Archived],
    wording: Wording,
    show: str | None,
    number: int | None,
) -> Archived | None:
    """`our last episode` and `episode twelve`, by the show's numbers."""
    wanted = _said_number(text)
    if wanted is None and number is not None and wording.holds("previous", text):
        wanted = number - 1
    if wanted is None:
        return None
    same = [e for e in archive if e.number == wanted and e.show == show]
    return same[0] if len(same) == 1 else None


def _said_number(text: str) -> int | None:
    """The number in `episode twelve`; `None` when another word follows."""
    match = _NUMBER.search(text)
    if match is None:
        return None
    said = match.group(1).lower()
    if said.isdigit():
        return int(said)
    return _COUNT.index(said) if said in _COUNT else None


def as_links(references: Sequence[Reference]) -> tuple[Link, ...]:
    """The episodes that were found, as links with what says so."""
    return tuple(
        Link(
            text=r.episode.title,
            url=r.episode.url,
            episode=r.episode.folder,
            evidence=r.sentence.evidence,
        )
        for r in references
        if r.episode is not None
    )


def find_sign_off(
    sentences: Sequence[Sentence],
    endings: Sequence[Sequence[str]],
    *,
    wording: Wording,
    show: str | None = None,
) -> tuple[Sentence, str] | None:
    """The show's standing last words: what other episodes end with too, else the last sentence.

    `endings` are the last sentences of other episodes of the show.

    Returns:
        The sentence, and what of it is the sign-off: one that is run together with a farewell
        (`This was The Ledger, stay warm.`) is only its end.
    """
    last = [s for s in sentences[-LAST_SENTENCES:] if len(s.text.split()) <= MOST_SIGN_OFF_WORDS]
    others = [other for ending in endings for other in ending]
    for sentence in reversed(last):
        if _may_close(sentence.text, wording) and any(_is_same(sentence.text, o) for o in others):
            return sentence, sentence.text
        shared = max((_shared_end(sentence.text, o) for o in others), key=len, default="")
        if shared and _may_close(shared, wording):
            return sentence, shared
    if endings or not last or sentences[-1] is not last[-1] or not wording.is_known:
        return None
    closing = last[-1]
    if len(sentences) > 1 and salience.is_question(sentences[-2].text):
        return None
    text = _after_name(closing.text, show)
    return (closing, text) if _may_close(text, wording) else None


def _after_name(text: str, show: str | None) -> str:
    """What follows the name of the show: `This was The Ledger, stay warm.` -> `Stay warm.`."""
    if not show or not (found := re.search(rf"\b{re.escape(show)}, ", text, re.IGNORECASE)):
        return text
    rest = text[found.end() :]
    return capitalized(rest) if len(rest.split()) >= FEWEST_SHARED else text


def _shared_end(one: str, other: str) -> str:
    """The words with which both end, when they are all of one of them and enough to be a saying."""
    first, second = one.split(), other.split()
    count = 0
    for word, twin in zip(reversed(first), reversed(second), strict=False):
        if bare(word) != bare(twin):
            break
        count += 1
    is_all = count == min(len(first), len(second))
    return capitalized(" ".join(first[-count:])) if is_all and count >= FEWEST_SHARED else ""


def spoken_sign_off(sentences: Sequence[Sentence], given: str) -> Sentence | None:
    """Where the show's given sign-off is said, near the end."""
    last = list(sentences[-LAST_SENTENCES:])
    return next((s for s in reversed(last) if _is_same(s.text, given)), None)


def _may_close(text: str, wording: Wording) -> bool:
    """Whether a sentence can be a sign-off: no thanks, no credit, no question."""
    is_whole = len(text.split()) >= 3 and text[:1].isupper() and not text.rstrip().endswith("?")
    return is_whole and not wording.starts("farewell", text)


def _is_same(one: str, other: str) -> bool:
    first, second = (" ".join(bare(w) for w in text.split()) for text in (one, other))
    return SequenceMatcher(None, first, second).ratio() >= 0.85
