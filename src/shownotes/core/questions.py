"""The hook and the list of questions: what the episode really asks."""

from collections.abc import Sequence

from shownotes.core import clutter, salience
from shownotes.core.draftsman import OPENING_SENTENCES, Draftsman, spread
from shownotes.core.points import PRINTABLE, claim_worth
from shownotes.core.wording import Wording
from shownotes.model import Chapter, Fact, Sentence

# A question must be worth this much to open the notes; else a striking sentence does.
LEAST_HOOK = 0.8
# How likely an editor must find a sentence fit to open the notes.
LIKELY_HOOK = 0.15
# And a question to be listed: above this a quarter of those judged were chat, below nine in ten.
PRINTABLE_QUESTION = 0.12
# A question asked later than this, in seconds, gains nothing from being early.
EARLY_S = 180.0
MOST_QUESTIONS = 6


def choose_hook(draftsman: Draftsman) -> Fact | None:
    """A question that the episode is about, else its most striking early sentence."""
    sentences = draftsman.sentences
    asked = [(_question_worth(s, draftsman), -s.index, s) for s in sentences]
    best = max(asked, default=None, key=lambda entry: entry[:2])
    if best is not None and best[0] > LEAST_HOOK:
        text = salience.without_vocative(best[2].text, draftsman.people)
        return draftsman.take(best[2], text=text)
    early = sentences[: max(OPENING_SENTENCES, len(sentences) // 3)]
    told = [(_striking_worth(s, draftsman), -s.index, s) for s in early]
    striking = max(told, default=None, key=lambda entry: entry[:2])
    return draftsman.take(striking[2]) if striking is not None and striking[0] > 0 else None


def _striking_worth(sentence: Sentence, draftsman: Draftsman) -> float:
    """How well a claim opens the notes."""
    value = claim_worth(sentence, draftsman)
    return value + draftsman.odds("hook", sentence, least=LIKELY_HOOK) if value > 0 else value


def _question_worth(sentence: Sentence, draftsman: Draftsman) -> float:
    """How well a question opens the notes: early, whole, of the episode's subject."""
    text, wording = sentence.text, draftsman.wording
    bare_question = salience.without_vocative(text, draftsman.people)
    words = bare_question.split()
    if not salience.is_question(text) or not 4 <= len(words) <= 24:
        return 0.0
    if not draftsman.is_free(sentence) or not draftsman.is_plain(sentence):
        return 0.0
    if wording.holds("talk", text) or not _is_real_question(bare_question, wording):
        return 0.0
    is_first = sentence.index == 0
    if not is_first and (_points_back(words, wording) or wording.has("dangling_end", words[-1])):
        return 0.0
    telling = min(1.0, draftsman.vocabulary.density(bare_question) / 2)
    to_somebody = 0.4 * sum(wording.has("second_person", w) for w in words)
    asked = min(0.0, draftsman.odds("claim", sentence, least=PRINTABLE))
    if sentence.index < 3:
        return (2.0 if is_first else 1.2) + telling + asked
    return 0.8 * max(0.0, 1 - sentence.start / EARLY_S) + telling - to_somebody + asked


def _is_real_question(text: str, wording: Wording) -> bool:
    """Begins with a question word: not a statement with a rising voice."""
    if not wording.is_known:
        return True
    words = clutter.tidy(text, wording=wording, stands_alone=True).split()
    if not words or not wording.has("question_words", words[0]):
        return False
    is_open = wording.has("open_question_words", words[0])
    return not (is_open and len(words) > 1 and wording.has("not_turned_around", words[1]))


def _is_asked_of_you(words: Sequence[str], wording: Wording) -> bool:
    """`Have you been out in February?`: of the person spoken to, and of no use to a reader."""
    return (
        len(words) > 1
        and wording.has("asked_of_you", words[0])
        and wording.has("second_person", words[1])
    )


def choose_questions(draftsman: Draftsman, chapters: Sequence[Chapter]) -> tuple[Fact, ...]:
    """Questions that were really asked and answered, spread over the chapters, in order of time."""
    worth = []
    for sentence in draftsman.sentences:
        value = _listed_question_worth(sentence, draftsman)
        if value > 0:
            worth.append((value, sentence))
    chosen = spread(worth, chapters, most=MOST_QUESTIONS, a_chapter=2)
    return tuple(
        draftsman.take(s, text=salience.without_vocative(s.text, draftsman.people)) for s in chosen
    )


def _listed_question_worth(sentence: Sentence, draftsman: Draftsman) -> float:
    text = salience.without_vocative(sentence.text, draftsman.people)
    wording, words = draftsman.wording, text.split()
    if not salience.is_question(text) or not 5 <= len(words) <= 30:
        return 0.0
    if not draftsman.is_free(sentence) or not draftsman.is_plain(sentence):
        return 0.0
    if not _is_real_question(text, wording) or wording.holds("talk", text):
        return 0.0
    if wording.has("dangling_end", words[-1]) or _points_back(words, wording):
        return 0.0
    if _is_asked_of_you(words, wording):
        return 0.0
    late = sum(wording.has("pointing_late", w) for w in words)
    value = 1.0 + min(1.0, draftsman.vocabulary.density(text) / 2) - 0.6 * late
    odds = draftsman.odds("claim", sentence, least=PRINTABLE_QUESTION)
    return value + odds if odds >= 0 else 0.0


def _points_back(words: Sequence[str], wording: Wording) -> bool:
    """Whether a question is about an "it" or "that" which its reader does not know."""
    return any(wording.has("pointing", word) for word in words[: salience.EARLY_WORDS])
