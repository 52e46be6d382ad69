"""What the notes tell: the opening scene, the summary and the key points."""

from collections.abc import Sequence
from dataclasses import replace

from shownotes.core import clutter, salience
from shownotes.core.draftsman import OPENING_SENTENCES, SAME, Draftsman, spread
from shownotes.model import Chapter, Fact, Sentence

MOST_POINTS, FEWEST_POINTS = 5, 3
MOST_SUMMARY, FEWEST_SUMMARY = 4, 2
# Show-notes sources agree on about 150 words for a page; up to so many.
LONG_SUMMARY_WORDS = 165
# A sentence that begins a scene ("In May, ...") tells a story more than a claim.
SCENE_COST = 0.4
# What a real beginning ("It was a Tuesday in February") is worth to a passage.
SCENE_OPENER = 0.8
# How likely an editor must find the first of its sentences printable, and all of them a story.
FIRST_OF_SCENE, LIKELY_SCENE = 0.2, 0.3
# A narrative opening: at most so many sentences and words.
MOST_OPENING, MOST_OPENING_WORDS = 5, 95
# What a "those" or an early "it" costs a claim: as good as out, but better than too few claims.
POINTER_COST = 1.5
# A claim must be worth more than this: below it stand asides and half sentences.
LEAST_CLAIM = 0.35
# How likely an editor must find it printable alone. Calibrated on training/notes.
PRINTABLE = 0.2


def choose_opening(draftsman: Draftsman) -> tuple[Fact, ...]:
    """The scene the episode opens with: sentences in a row, as they were told."""
    cold = _cold_open(draftsman)
    passage = cold if len(cold) >= 2 and _is_told(cold, draftsman) else _best_scene(draftsman)
    return tuple(
        draftsman.take(sentence, stands_alone=place == 0) for place, sentence in enumerate(passage)
    )


def _cold_open(draftsman: Draftsman) -> list[Sentence]:
    """From the first sentence after the hook to where the host says who is speaking."""
    first = draftsman.sentences[:OPENING_SENTENCES]
    passage: list[Sentence] = []
    for sentence in first:
        if sentence in draftsman.used and not passage:
            continue
        if not draftsman.is_plain(sentence) or not draftsman.is_free(sentence):
            break
        if passage and sentence.speaker != passage[-1].speaker:
            break
        words = sum(len(s.text.split()) for s in (*passage, sentence))
        if len(passage) == MOST_OPENING or words > MOST_OPENING_WORDS:
            break
        passage.append(sentence)
    return passage


def _is_told(passage: Sequence[Sentence], draftsman: Draftsman) -> bool:
    """Whether an editor would take the passage for a story: it is no chat before the show."""
    odds = [draftsman.odds("scene", s, least=LIKELY_SCENE) for s in passage]
    claims = [draftsman.odds("claim", s, least=FIRST_OF_SCENE) for s in passage]
    return sum(max(pair) for pair in zip(odds, claims, strict=True)) >= 0


def _best_scene(draftsman: Draftsman) -> list[Sentence]:
    """Three sentences in a row of the first half that tell a story best."""
    sentences = draftsman.sentences[: max(6, len(draftsman.sentences) // 2)]
    best: tuple[float, list[Sentence]] = (0.0, [])
    for first in range(len(sentences) - 2):
        rows = list(sentences[first : first + 3])
        if not all(_tells(s, draftsman) for s in rows) or rows[0].speaker != rows[-1].speaker:
            continue
        opens = draftsman.wording.starts("scene_openers", rows[0].text)
        if not opens and not salience.stands_alone(rows[0].text, draftsman.wording):
            continue
        worth = sum(_scene_worth(s, draftsman) for s in rows) / 3 + (SCENE_OPENER if opens else 0)
        worth += draftsman.odds("claim", rows[0], least=FIRST_OF_SCENE)
        if worth > best[0]:
            best = (worth, rows)
    return best[1]


def _tells(sentence: Sentence, draftsman: Draftsman) -> bool:
    text = sentence.text
    return (
        draftsman.is_plain(sentence)
        and draftsman.is_free(sentence)
        and not salience.is_question(text)
        and not draftsman.wording.holds("talk", text)
        and 5 <= len(text.split()) <= 40
    )


def _scene_worth(sentence: Sentence, draftsman: Draftsman) -> float:
    wording = draftsman.wording
    scene = wording.cues["scene"].count(sentence.text) if wording.is_known else 0
    told = draftsman.odds("scene", sentence, least=LIKELY_SCENE)
    return 0.5 * scene + told + min(1.0, draftsman.vocabulary.density(sentence.text) / 2)


# --------------------------------------------------------------------------- summary


def choose_summary(draftsman: Draftsman) -> tuple[Fact, ...]:
    """Two to four sentences: what the episode asks, and what it comes to."""
    chosen = [*_agenda(draftsman), *_main_points(draftsman)][:MOST_SUMMARY]
    facts = {s.index: draftsman.take(s, text=text) for s, text in chosen}
    if len(facts) < FEWEST_SUMMARY:
        for sentence in _best_claims(draftsman, FEWEST_SUMMARY + 1 - len(facts)):
            facts[sentence.index] = draftsman.take(sentence)
    return tuple(facts[index] for index in sorted(facts))


def choose_long_summary(draftsman: Draftsman, chapters: Sequence[Chapter]) -> tuple[Fact, ...]:
    """About 150 words in order of time: every chapter's best claim before anybody's second.

    It is printed where key points and the opening are not, and may share sentences with them.
    """
    fresh = replace(draftsman, used=[])
    agenda = [s for s, _ in _agenda(fresh)]
    worth = [(claim_worth(s, fresh), s) for s in draftsman.sentences]
    worth = [(value, s) for value, s in worth if value > 0]
    most = LONG_SUMMARY_WORDS // 8
    ranked = [s for n in (1, 2, 3) for s in spread(worth, chapters, most=most, a_chapter=n)]
    chosen: dict[int, Sentence] = {s.index: s for s in agenda}
    for sentence in ranked:
        words = sum(len(s.text.split()) for s in (*chosen.values(), sentence))
        is_said = any(salience.likeness(sentence.text, s.text) >= SAME for s in chosen.values())
        if words <= LONG_SUMMARY_WORDS and not is_said:
            chosen[sentence.index] = sentence
    texts = {s.index: text for s, text in _agenda(fresh)}
    return tuple(fresh.take(chosen[i], text=texts.get(i)) for i in sorted(chosen))


def _agenda(draftsman: Draftsman) -> list[tuple[Sentence, str]]:
    """The host's announcement, without its "In this episode"."""
    early = draftsman.sentences[: max(OPENING_SENTENCES, int(len(draftsman.sentences) * 0.2))]
    for sentence in early:
        text = sentence.text
        if not draftsman.wording.starts("agenda", text) or sentence.index in draftsman.flagged:
            continue
        if not 6 <= len(text.split()) <= 60 or salience.is_question(text):
            continue
        lead = draftsman.wording.cues["agenda_lead"].start(text)
        return [(sentence, clutter.capitalized(text[lead.end() :].lstrip(" ,")) if lead else text)]
    return []


def _main_points(draftsman: Draftsman) -> list[tuple[Sentence, str]]:
    """Up to two sentences that follow "Here is what we learned" near the end."""
    sentences, wording = draftsman.sentences, draftsman.wording
    for cue in reversed(sentences):
        if cue.index < len(sentences) * 0.6:
            break
        if not wording.starts("recap", cue.text):
            continue
        following = sentences[cue.index + 1 : cue.index + 4]
        claims = [
            s
            for s in following
            if draftsman.is_plain(s) and draftsman.is_free(s) and not salience.is_question(s.text)
        ]
        return [(s, s.text) for s in claims[:2] if len(s.text.split()) >= 6]
    return []


# --------------------------------------------------------------------------- key points


def choose_points(draftsman: Draftsman, chapters: Sequence[Chapter]) -> tuple[Fact, ...]:
    """Three to five concrete claims, one a chapter first, in order of time."""
    worth = [
        (value, sentence)
        for sentence in draftsman.sentences
        if (value := claim_worth(sentence, draftsman)) > 0
    ]
    chosen = spread(worth, chapters, most=MOST_POINTS, a_chapter=1)
    for a_chapter in (2, 3):
        if len(chosen) < FEWEST_POINTS + 1:
            chosen = spread(worth, chapters, most=FEWEST_POINTS + 1, a_chapter=a_chapter)
    return tuple(draftsman.take(sentence) for sentence in chosen)


def _best_claims(draftsman: Draftsman, count: int) -> list[Sentence]:
    worth = [(claim_worth(s, draftsman), -s.index, s) for s in draftsman.sentences]
    ranked = sorted(worth, reverse=True, key=lambda entry: entry[:2])
    return [sentence for value, _, sentence in ranked[:count] if value > 0]


def claim_worth(sentence: Sentence, draftsman: Draftsman) -> float:
    """How well a sentence stands as a claim: whole, concrete, on the subject."""
    text, wording = sentence.text, draftsman.wording
    words = text.split()
    if not 7 <= len(words) <= 36 or salience.is_question(text) or not draftsman.is_free(sentence):
        return 0.0
    if not draftsman.is_plain(sentence) or wording.holds("talk", text):
        return 0.0
    if salience.is_addressed(text, draftsman.people) or salience.is_spoken_by_another(text):
        return 0.0
    if wording.holds("earlier", text):
        return 0.0
    if salience.is_fragment(sentence, draftsman.sentences, wording):
        return 0.0
    tidied = clutter.tidy(text, wording=wording, stands_alone=True)
    if not salience.stands_alone(tidied, wording) or wording.starts("turn_strong", text):
        return 0.0
    if salience.is_begun_anew(tidied, wording) or not salience.has_verb(tidied, wording):
        return 0.0
    value = min(1.6, draftsman.vocabulary.density(tidied) / 2)
    value += 0.5 if salience.has_number(text, wording) else 0.0
    value += 0.2 * min(2, wording.cues["striking"].count(text)) if wording.is_known else 0.0
    value -= SCENE_COST if wording.starts("scene", text) else 0.0
    value -= POINTER_COST * salience.pointers(tidied, wording)
    value -= 0.5 * sum(wording.has("first_person", word) for word in words)
    value -= LEAST_CLAIM
    return value + draftsman.odds("claim", sentence, least=PRINTABLE) if value > 0 else value
