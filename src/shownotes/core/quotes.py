"""Sentences worth quoting: short, whole, striking, and word for word."""

from collections.abc import Sequence

from shownotes.core import clutter, salience
from shownotes.core.draftsman import Draftsman
from shownotes.core.salience import Vocabulary
from shownotes.core.turns import is_unnamed
from shownotes.core.wording import bare
from shownotes.model import Flag, Quote, Sentence

FEWEST, WANTED = 3, 5
# After the third quote, one worth less than this share of the best is better left out.
WEAK_SHARE = 0.5
# Words in a quote that people repeat; calibrated by hand on the demo texts and the blind scripts.
FEWEST_WORDS, MOST_WORDS, BEST_WORDS = 5, 26, 11
# A saying must be worth more than this.
LEAST_QUOTE = 0.5
# What a sentence is worth that the rules forbid, however an editor's judgement was guessed.
NO_QUOTE = -LEAST_QUOTE
# How likely an editor must find it quotable, and printable alone. Calibrated on training/notes.
LIKELY_QUOTE, PRINTABLE = 0.15, 0.15
# Two quotes from within this many sentences tell the same story.
APART = 3


def choose(draftsman: Draftsman, *, hosts: Sequence[str] = ()) -> tuple[Quote, ...]:
    """Three to five quotes in order of time, none from a flagged passage or already printed.

    One that calls somebody in the room by name, or says less than a whole, is none; `hosts` are
    quoted where nobody else is worth it.
    """
    sentences, vocabulary = draftsman.sentences, draftsman.vocabulary
    used = frozenset(s.index for s in draftsman.used)
    scored = sorted(
        (
            (_worth(s, draftsman) - (0.5 if s.speaker in hosts else 0.0), -s.index, s)
            for s in sentences
            if s.index not in used
            and s.index not in draftsman.flagged
            and not salience.is_addressed(s.text, draftsman.people)
            and not salience.is_fragment(s, sentences, vocabulary.wording)
            and draftsman.is_plain(s)
        ),
        reverse=True,
        key=lambda entry: entry[:2],
    )
    chosen: list[Sentence] = []
    for value, _, sentence in scored:
        is_enough = len(chosen) >= FEWEST and value < WEAK_SHARE * scored[0][0]
        if len(chosen) == WANTED or value <= 0 or is_enough:
            break
        if all(abs(sentence.index - other.index) >= APART for other in chosen):
            chosen.append(sentence)
    return tuple(
        Quote(
            text=s.text,
            start=s.start,
            end=s.end,
            speaker=None if is_unnamed(s.speaker) else s.speaker,
        )
        for s in sorted(chosen, key=lambda s: s.index)
    )


def _worth(sentence: Sentence, draftsman: Draftsman) -> float:
    """How quotable it is by the rules and by what editors would say."""
    by_rule = score(sentence, draftsman.vocabulary)
    if by_rule <= NO_QUOTE:
        return by_rule
    return (
        by_rule
        + draftsman.odds("quote", sentence, least=LIKELY_QUOTE)
        + min(0.0, draftsman.odds("claim", sentence, least=PRINTABLE))
    )


def score(sentence: Sentence, vocabulary: Vocabulary) -> float:
    """How quotable a sentence is; 0 and less is not, `NO_QUOTE` whatever else is said of it."""
    wording, text = vocabulary.wording, sentence.text
    words = text.split()
    if not FEWEST_WORDS <= len(words) <= MOST_WORDS or salience.is_question(text):
        return NO_QUOTE
    if not text[:1].isupper() or text.rstrip()[-1:] not in '.!”"':
        return NO_QUOTE
    if salience.is_housekeeping(text, wording) or wording.holds("talk", text):
        return NO_QUOTE
    if salience.is_run_on(text, wording) or clutter.is_cluttered(text, wording):
        return NO_QUOTE
    if salience.is_begun_anew(text, wording):
        return NO_QUOTE
    if not salience.stands_alone(text, wording) or wording.starts("turn_strong", text):
        return NO_QUOTE
    value = 1.0 - abs(len(words) - BEST_WORDS) / 14
    value += 0.45 * min(2, wording.cues["striking"].count(text)) if wording.is_known else 0.3
    value += 0.5 * _echo(text, vocabulary)
    value += 0.25 * min(2.0, vocabulary.density(text) / 2)
    value -= 0.4 * salience.pointers(text, wording)
    value -= 0.6 if salience.has_number(text, wording) else 0.0
    value -= 0.3 if wording.has("dangling_end", words[-1]) else 0.0
    return value - LEAST_QUOTE


def _echo(text: str, vocabulary: Vocabulary) -> int:
    """1 when a telling word comes twice, as in a saying."""
    terms = vocabulary.terms(text)
    return int(len(set(terms)) < len(terms))


def doubtful(
    sentences: Sequence[Sentence], flags: Sequence[Sequence[Flag]], *, floor: float
) -> frozenset[int]:
    """Indices of sentences in flagged segments or with a mean word probability under `floor`."""
    found = set()
    for sentence in sentences:
        heard = [w.probability for w in sentence.words if w.probability is not None]
        is_unsure = bool(heard) and sum(heard) / len(heard) < floor
        marks = set(flags[sentence.segment]) - {Flag.ESTIMATED_TIMES}
        if is_unsure or marks:
            found.add(sentence.index)
    return frozenset(found)


def is_verbatim(quote: Quote, sentences: Sequence[Sentence]) -> bool:
    """Whether the quote's words are, in a row, words of the transcript at its time."""
    said = [
        bare(w.text)
        for s in sentences
        if s.end > quote.start and s.start < quote.end
        for w in s.words
    ]
    words = [bare(word) for word in quote.text.split()]
    rows = range(len(said) - len(words) + 1)
    return bool(words) and any(said[at : at + len(words)] == words for at in rows)
