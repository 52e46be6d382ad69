"""Where the topic turns: what hangs together, lexical shift, pauses, questions, cues -> chapters.

Every gap between two sentences gets a score, every stretch its cohesion; the best set of gaps is
then found exactly, by dynamic programming over the whole episode, so that a strong turn is never
lost to a greedy choice.

Source: Hearst, "TextTiling", Computational Linguistics 23(1), 1997 (blocks and depth scores);
Eisenstein, Barzilay, EMNLP 2008 (cohesion and the search).
"""

import math
from collections import Counter
from collections.abc import Sequence
from statistics import median

from shownotes.core import salience, worth
from shownotes.core.cohesion import Cohesion
from shownotes.core.draftsman import sponsored
from shownotes.core.salience import Vocabulary
from shownotes.core.titles import Naming, Piece, title_chapters
from shownotes.core.wording import Wording, bare
from shownotes.model import Chapter, GivenChapter, Sentence

# Telling words on each side of a gap that are compared. TextTiling uses blocks of about 120 words;
# a third of spoken words are telling ones.
BLOCK_TERMS = 36
# What each sign of a turn counts. Calibrated on training/chapters (14 texts that were written for
# it); on most of a wide plateau around these values the figures are the same.
COHESION_WEIGHT, FIELD_WEIGHT = 0.6, 0.24
DEPTH_WEIGHT = 0.6
STRONG_CUE, FAIR_CUE, WEAK_CUE = 2.0, 0.8, 0.3
# A strong cue in mid-sentence counts this share of one at its beginning.
INSIDE = 0.3
# A cue counts less where the sentence before, after a pause, was one: the turn has begun there.
BEGUN = 0.4
PAUSE_WEIGHT = 1.0
QUESTION_AHEAD = 0.15
ANSWER = -0.7
DANGLING = -0.35
# What a turn costs where chapters of this length are wanted, in seconds; shorter ones have fewer
# words to tell them apart by, and cost in proportion.
TURN_COST, TURN_COST_LENGTH_S = 5.5, 75.0
LEAST_COST, MOST_COST = 1.0, 5.5
# How much of the whole text is expected in every stretch; see core.cohesion.
STRENGTH, FIELD_STRENGTH, EVENNESS = 150.0, 60.0, 0.35
# A pause this much longer than the usual one counts in full, in seconds.
CLEAR_PAUSE_S = 0.8
# How strongly lengths far from the target are disliked, a squared e-fold.
LENGTH_COST = 0.45
# A short episode still has about this many chapters, as far as the minimum length allows.
WANTED_CHAPTERS = 6
# A chapter is never looked for further back than this many target lengths (keeps it linear).
MAX_TARGETS = 5.0


def divide(
    sentences: Sequence[Sentence],
    *,
    duration: float,
    min_length_s: float,
    target_length_s: float,
    naming: Naming,
    given: Sequence[GivenChapter] = (),
) -> tuple[Chapter, ...]:
    """The chapters of an episode, the first at 0, each begun by the first word of a sentence.

    Given chapters always win: they are taken as they are, sorted, with the first one at 0.
    """
    if given:
        return _from_given(given, duration)
    if not sentences:
        return ()
    vocabulary = salience.learn(sentences, naming.wording)
    target = min(target_length_s, max(min_length_s * 1.4, duration / WANTED_CHAPTERS))
    scores = turn_scores(sentences, vocabulary)
    firsts = _best_turns(
        sentences,
        scores,
        _cohesions(sentences, vocabulary),
        duration=duration,
        min_length_s=min_length_s,
        target_s=target,
    )
    pieces = [
        Piece(sentences=tuple(sentences[a:b]), is_first=a == 0, is_last=b == len(sentences))
        for a, b in zip(firsts, [*firsts[1:], len(sentences)], strict=True)
    ]
    titles = title_chapters(
        pieces,
        vocabulary=vocabulary,
        naming=naming,
        left_out=_sponsors(sentences, vocabulary),
    )
    starts = [0.0, *(sentences[i].start for i in firsts[1:])]
    ends = [*starts[1:], max(duration, sentences[-1].end)]
    return tuple(
        Chapter(start=start, end=end, title=title.text, evidence=title.sentence.evidence)
        for start, end, title in zip(starts, ends, titles, strict=True)
    )


def _sponsors(sentences: Sequence[Sentence], vocabulary: Vocabulary) -> frozenset[int]:
    """Indices of the sentences of sponsor reads, after which no chapter is called."""
    wording = vocabulary.wording
    if not any(wording.holds("sponsor", s.text) for s in sentences):
        return frozenset()
    judged = worth.judge_all(sentences, vocabulary) if wording.worth else ()
    return sponsored(sentences, judged, wording)


def _cohesions(
    sentences: Sequence[Sentence], vocabulary: Vocabulary
) -> list[tuple[float, Cohesion]]:
    """What counts as hanging together, and how much: the same words, and words of one subject."""
    terms = [vocabulary.terms(s.text) for s in sentences]
    fields = vocabulary.wording.fields
    subjects = [[name for term in said for name in fields.get(term, ())] for said in terms]
    return [
        (COHESION_WEIGHT, Cohesion(terms=terms, strength=STRENGTH, evenness=EVENNESS)),
        (FIELD_WEIGHT, Cohesion(terms=subjects, strength=FIELD_STRENGTH, evenness=EVENNESS)),
    ]


def _from_given(given: Sequence[GivenChapter], duration: float) -> tuple[Chapter, ...]:
    ordered = sorted(given, key=lambda chapter: chapter.start)
    unique = [c for i, c in enumerate(ordered) if i == 0 or c.start > ordered[i - 1].start]
    inside = [c for c in unique if duration <= 0 or c.start < duration] or unique[:1]
    starts = [0.0 if i == 0 else chapter.start for i, chapter in enumerate(inside)]
    ends = [*starts[1:], max(duration, starts[-1])]
    return tuple(
        Chapter(start=start, end=end, title=" ".join(chapter.title.split()), is_given=True)
        for start, end, chapter in zip(starts, ends, inside, strict=True)
    )


def turn_scores(sentences: Sequence[Sentence], vocabulary: Vocabulary) -> list[float]:
    """How likely the topic turns before each sentence; the first is 0."""
    depths = depth_scores([vocabulary.terms(s.text) for s in sentences], BLOCK_TERMS)
    usual = median(s.pause_before for s in sentences)
    wording = vocabulary.wording
    scores = [0.0]
    for before, sentence, depth in zip(sentences, sentences[1:], depths[1:], strict=False):
        pause = (sentence.pause_before - usual) / CLEAR_PAUSE_S
        score = DEPTH_WEIGHT * depth + PAUSE_WEIGHT * max(0.0, min(1.0, pause))
        cue = _cue(sentence.text, wording)
        is_begun = before.pause_before >= sentence.pause_before and _cue(before.text, wording) > 0
        score += cue * BEGUN if is_begun else cue
        if salience.is_question(before.text):
            score += ANSWER
        elif salience.is_question(sentence.text):
            score += QUESTION_AHEAD
        if wording.has("dangling", _first_word(sentence.text)):
            score += 0.0 if wording.starts("turn_strong", sentence.text) else DANGLING
        scores.append(score)
    return scores


def _cue(text: str, wording: Wording) -> float:
    if wording.starts("turn_strong", text):
        return STRONG_CUE
    if wording.holds("turn_strong", text) and len(text.split()) < 40:
        return STRONG_CUE * INSIDE
    if wording.starts("turn_fair", text):
        return FAIR_CUE
    return WEAK_CUE if wording.starts("turn_weak", text) else 0.0


def _first_word(text: str) -> str:
    return bare(text.split(" ", 1)[0])


def depth_scores(terms: Sequence[Sequence[str]], block: int) -> list[float]:
    """How deep the likeness of both sides dips at each gap, 0 to about 1.

    Args:
        terms: the telling words of every sentence.
        block: how many telling words on each side are compared.
    """
    likeness = [
        _cosine(_block(terms, gap - 1, -1, block), _block(terms, gap, 1, block)) if gap else 1.0
        for gap in range(len(terms))
    ]
    depths = [0.0] * len(terms)
    for gap in range(1, len(terms)):
        left = _peak(likeness, gap, -1)
        right = _peak(likeness, gap, 1)
        depths[gap] = (left + right) / 2 - likeness[gap]
    highest = max(depths, default=0.0)
    return [depth / highest if highest > 0 else 0.0 for depth in depths]


def _block(terms: Sequence[Sequence[str]], first: int, step: int, size: int) -> Counter[str]:
    """The telling words nearest to a gap on one side."""
    counts: Counter[str] = Counter()
    taken, index = 0, first
    while 0 <= index < len(terms) and taken < size:
        counts.update(terms[index])
        taken += len(terms[index])
        index += step
    return counts


def _cosine(one: Counter[str], two: Counter[str]) -> float:
    shared = sum(count * two[term] for term, count in one.items())
    if not shared:
        return 0.0
    norm = sum(c * c for c in one.values()) * sum(c * c for c in two.values())
    return shared / math.sqrt(norm)


def _peak(likeness: Sequence[float], gap: int, step: int) -> float:
    """The nearest height on one side: climb as long as it goes up."""
    best, index = likeness[gap], gap + step
    while 1 <= index < len(likeness) and likeness[index] >= best:
        best = likeness[index]
        index += step
    return best


def _best_turns(
    sentences: Sequence[Sentence],
    scores: Sequence[float],
    cohesions: Sequence[tuple[float, Cohesion]],
    *,
    duration: float,
    min_length_s: float,
    target_s: float,
) -> list[int]:
    """Indices of the sentences that begin chapters: the best sum over all sets of turns."""
    starts = [0.0, *(s.start for s in sentences[1:]), max(duration, sentences[-1].end)]
    count = len(sentences)
    weights = [weight for weight, _ in cohesions]
    cost = min(MOST_COST, max(LEAST_COST, TURN_COST * target_s / TURN_COST_LENGTH_S))
    best = [-math.inf] * (count + 1)
    came_from = [0] * (count + 1)
    best[0] = 0.0
    for end in range(1, count + 1):
        gain = scores[end] - cost if end < count else 0.0
        layers = [cohesion.ending_at(end) for _, cohesion in cohesions]
        for each in zip(*layers, strict=True):
            begin = each[0][0]
            length = starts[end] - starts[begin]
            if length < min_length_s:
                continue
            if best[begin] > -math.inf:
                value = best[begin] + gain - LENGTH_COST * math.log(length / target_s) ** 2
                value += sum(w * held for w, (_, held) in zip(weights, each, strict=True))
                if value > best[end]:
                    best[end], came_from[end] = value, begin
            if length > MAX_TARGETS * target_s and best[end] > -math.inf:
                break
    if best[count] == -math.inf:
        return [0]
    turns, index = [], count
    while index > 0:
        index = came_from[index]
        turns.append(index)
    return turns[::-1]
