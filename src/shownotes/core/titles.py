"""Chapter titles: a few of the episode's own words that read like a person's."""

import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from shownotes.core import salience, worth
from shownotes.core.clutter import capitalized
from shownotes.core.salience import Vocabulary
from shownotes.core.wording import Wording, bare
from shownotes.model import Names, PersonRole, Sentence

# The safe intersection of the podcast apps' limits; see core.captions.
MAX_CHARACTERS = 40
# How good a title of each kind is, before its telling words are weighed. Set on the demo texts: an
# editor takes the host's own announcement first, then a question, then a plain noun phrase.
AGENDA, TOPIC, QUESTION, BODY, GUEST, PHRASE, CLAUSE = 3.0, 2.6, 2.0, 2.2, 1.7, 1.2, 0.6
# How much the learned judgement counts: the logarithm of its odds, times this.
LEARNED = 0.7
# A question of fewer words ("Why?") names no subject.
FEWEST_ASKED = 3
# A question that was cut before "when", "if", "because" is worth a little less.
SHORTENED = 0.2
# Sentences at a chapter's beginning in which its subject is usually named.
OPENING_SENTENCES = 4
_CLAUSE_END = re.compile(
    r"[,;:.!?]|\s(?:because|since|but|and then|so that|which|who|when|while|if)\s", re.IGNORECASE
)
_SUBORDINATE = re.compile(r",?\s(?:when|if|because|while|since|after|before)\s", re.IGNORECASE)
_AGENDA_SPLIT = re.compile(r",\s+(?:and\s+)?|;\s+(?:and\s+)?|:\s+|\s+and\s+", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Naming:
    """What titles may draw on besides the words."""

    wording: Wording
    names: Names | None = None

    @property
    def guests(self) -> tuple[str, ...]:
        """The guests' names."""
        return tuple(p.name for p in self.names.with_role(PersonRole.GUEST)) if self.names else ()

    @property
    def bodies(self) -> tuple[str, ...]:
        """Names of public bodies and events, which make good titles where they first appear."""
        if self.names is None:
            return ()
        return tuple(o.name for o in self.names.agencies) + tuple(e.name for e in self.names.events)


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A chapter before it has a title."""

    sentences: tuple[Sentence, ...]
    is_first: bool = False
    is_last: bool = False


@dataclass(frozen=True, slots=True)
class Title:
    """A title with the sentence that its words come from."""

    text: str
    sentence: Sentence
    score: float = 0.0


def title_chapters(
    pieces: Sequence[Piece],
    *,
    vocabulary: Vocabulary,
    naming: Naming,
    left_out: frozenset[int] = frozenset(),
) -> list[Title]:
    """A title for every chapter, no two alike; none from a sentence that is `left_out`."""
    said = [Counter(t for s in p.sentences for t in vocabulary.terms(s.text)) for p in pieces]
    everywhere: Counter[str] = sum(said, Counter())
    announced = _announced(pieces, said, vocabulary)
    taken: list[str] = []
    titles = []
    for number, piece in enumerate(pieces):
        local = local_weights(said[number], everywhere)
        found = [
            Title(t.text, t.sentence, t.score + _worth(t, piece, local, vocabulary))
            for t in (*announced.get(number, ()), *_candidates(piece, vocabulary, naming))
            if _is_fit(t.text) and t.sentence.index not in left_out
        ]
        fresh = [t for t in found if all(salience.likeness(t.text, o) < 0.7 for o in taken)]
        best = max(fresh, key=lambda t: t.score, default=None)
        title = best or _plain_title(piece, number, naming.wording)
        taken.append(title.text)
        titles.append(title)
    return titles


def _worth(title: Title, piece: Piece, local: dict[str, float], vocabulary: Vocabulary) -> float:
    """What it says of the chapter, and whether an editor would take it for a title."""
    covered = coverage(title.text, local, vocabulary)
    if "title" not in vocabulary.wording.worth:
        return covered
    found = worth.describe_title(
        title.text,
        title.sentence,
        place=title.sentence.index - piece.sentences[0].index,
        coverage=covered,
        vocabulary=vocabulary,
    )
    likely = worth.judge("title", found, vocabulary.wording)
    return covered + LEARNED * math.log(likely / (1 - likely))


def _is_fit(text: str) -> bool:
    return 3 <= len(text) <= MAX_CHARACTERS


def local_weights(here: Counter[str], everywhere: Counter[str]) -> dict[str, float]:
    """How telling each word is of this chapter against the others; the best one is 1."""
    raw = {term: n * n / everywhere[term] + 0.3 * (n > 1) for term, n in here.items()}
    highest = max(raw.values(), default=1.0)
    return {term: value / highest for term, value in raw.items()}


def coverage(text: str, local: dict[str, float], vocabulary: Vocabulary) -> float:
    """How much of what is particular to the chapter the title says, 0 to 1.2."""
    return min(1.2, sum(local.get(term, 0.0) for term in set(vocabulary.terms(text))))


def _announced(
    pieces: Sequence[Piece], said: Sequence[Counter[str]], vocabulary: Vocabulary
) -> dict[int, list[Title]]:
    """Clauses of the host's announcement, each at the chapter that takes it up."""
    wording = vocabulary.wording
    found: dict[int, list[Title]] = {}
    sentences = [s for s in pieces[0].sentences if wording.starts("agenda", s.text)]
    for sentence in sentences:
        for clause in _AGENDA_SPLIT.split(sentence.text.rstrip(".!?")):
            if not wording.has("clause_openers", clause.split(" ", 1)[0]):
                clause = _from_question_word(clause, wording)
            if not clause or not _is_fit(clause):
                continue
            scored = [
                (_match(clause, counts, vocabulary), index)
                for index, counts in enumerate(said)
                if index > 0 or len(pieces) == 1
            ]
            best, index = max(scored, default=(0.0, 0))
            if best > 0:
                found.setdefault(index, []).append(
                    Title(capitalized(clause), sentence, AGENDA * min(1.0, best))
                )
    return found


def _from_question_word(clause: str, wording: Wording) -> str:
    """`we ask who owns the water` -> `who owns the water`."""
    words = clause.split()
    for index, word in enumerate(words):
        if index and wording.has("clause_openers", word):
            return " ".join(words[index:])
    return ""


def _match(clause: str, said: Counter[str], vocabulary: Vocabulary) -> float:
    """How well a chapter takes up an announced clause, about 0 to 1."""
    terms = set(vocabulary.terms(clause))
    if not terms:
        return 0.0
    counts = [sum(n for t, n in said.items() if _is_kin(t, term)) for term in terms]
    hit = sum(min(1.0, count / 2) for count in counts) / len(terms)
    return hit + 2.0 * sum(counts) / (sum(said.values()) or 1)


def _is_kin(one: str, other: str) -> bool:
    """`farm` and `farmer`: the same beginning, an ending of up to three letters."""
    shorter, longer = sorted((one, other), key=len)
    return longer.startswith(shorter) and (
        one == other or (len(shorter) >= 4 and len(longer) - len(shorter) <= 3)
    )


def _candidates(piece: Piece, vocabulary: Vocabulary, naming: Naming) -> Iterator[Title]:
    wording = naming.wording
    opening = piece.sentences[:OPENING_SENTENCES]
    for sentence in opening:
        yield from _topic_named(sentence, wording)
        yield from _bodies_named(sentence, naming)
        yield from _guests_named(sentence, naming)
    for place, sentence in enumerate(piece.sentences):
        yield from _questions(sentence, naming, place)
    if piece.is_last and _closes(opening, wording):
        yield Title(wording.heading("closing"), opening[0], BODY)
    yield from _phrases(piece, vocabulary)


def _closes(opening: Sequence[Sentence], wording: Wording) -> bool:
    """Whether the last chapter only looks back and says goodbye."""
    is_recap = any(wording.starts("recap", s.text) for s in opening[:2])
    return is_recap or all(salience.is_housekeeping(s.text, wording) for s in opening)


def _topic_named(sentence: Sentence, wording: Wording) -> Iterator[Title]:
    """`Now to the price of electricity, because …` -> `The price of electricity`."""
    cue = wording.cues["topic_is"].start(sentence.text) if wording.is_known else None
    if cue is None:
        return
    rest = sentence.text[cue.end() :].strip()
    end = _CLAUSE_END.search(rest)
    topic = (rest[: end.start()] if end else rest).strip()
    while topic and _is_tail(topic.split()[-1], wording):
        topic = " ".join(topic.split()[:-1])
    if topic and not wording.has("dangling_end", topic):
        yield Title(capitalized(topic), sentence, TOPIC)


def _is_tail(word: str, wording: Wording) -> bool:
    """A last word that adds nothing to a topic, or leaves it open."""
    return any(wording.has(name, word) for name in ("title_tails", "title_joints", "articles"))


def _bodies_named(sentence: Sentence, naming: Naming) -> Iterator[Title]:
    for name in naming.bodies:
        at = sentence.text.find(name)
        if at < 0:
            continue
        has_article = sentence.text[:at].lower().endswith("the ")
        title = f"The {name}" if has_article and len(name) + 4 <= MAX_CHARACTERS else name
        yield Title(title, sentence, BODY)


def _guests_named(sentence: Sentence, naming: Naming) -> Iterator[Title]:
    if naming.names is None:
        return
    for person in naming.names.with_role(PersonRole.GUEST):
        if person.name not in sentence.text or not salience.is_housekeeping(
            sentence.text, naming.wording
        ):
            continue
        named = f"{person.name}, {person.organization.value}" if person.organization else ""
        yield Title(named if _is_fit(named) else person.name, sentence, GUEST)


def _questions(sentence: Sentence, naming: Naming, place: int) -> Iterator[Title]:
    if not salience.is_question(sentence.text):
        return
    question = salience.without_vocative(sentence.text, naming.guests)
    wording = naming.wording
    if wording.is_known and not wording.has("question_words", question.split()[0]):
        return
    if _is_broken(question) or len(question.split()) < FEWEST_ASKED:
        return
    score = QUESTION - 0.1 * min(place, 8)
    if sentence.index == 0:
        yield Title(capitalized(question), sentence, score)
    cut = _SUBORDINATE.search(question)
    if cut and len(question) > MAX_CHARACTERS and len(question[: cut.start()].split()) >= 4:
        question = question[: cut.start()].rstrip(",") + "?"
        score -= SHORTENED
    if not (wording.has("dangling_end", question.split()[-1]) or _leans(question, wording)):
        yield Title(capitalized(question), sentence, score)


def _is_broken(question: str) -> bool:
    """`Are we, how are we doing, Benedikt?`: begun anew, or said to somebody by name."""
    words = question.split()
    return any(word[-1:] in ",–—…" for word in words[:2]) or (
        len(words) > 1 and words[-2][-1:] == "," and words[-1][:1].isupper()
    )


def _leans(question: str, wording: Wording) -> bool:
    """Whether a question is about an "it" or "you" that the title's reader does not know."""
    return any(wording.has("leaning", word) for word in question.split())


def _phrases(piece: Piece, vocabulary: Vocabulary) -> Iterator[Title]:
    """Noun phrases of up to five words, with a leading article where one was said."""
    seen: Counter[str] = Counter()
    where: dict[str, tuple[Sentence, str]] = {}
    for sentence in piece.sentences:
        if vocabulary.wording.starts("agenda", sentence.text) and not piece.is_first:
            continue
        if _is_credit(sentence.text, vocabulary.wording):
            continue
        for phrase, article in _noun_phrases(sentence.text, vocabulary):
            key = phrase.lower()
            seen[key] += 1
            where.setdefault(key, (sentence, f"{article}{phrase}"))
    for key, count in seen.items():
        sentence, text = where[key]
        words = len(key.split())
        score = PHRASE * (0.4 if words == 1 else 1.0) + 0.25 * min(3, count - 1)
        yield Title(capitalized(text), sentence, score - 0.15 * max(0, words - 4))


def _is_credit(text: str, wording: Wording) -> bool:
    """Thanks, credits and greetings hold no title."""
    return wording.starts("farewell", text) or salience.is_housekeeping(text, wording)


def _noun_phrases(text: str, vocabulary: Vocabulary) -> Iterator[tuple[str, str]]:
    """Runs of telling words and joints between two punctuation marks, and a leading article."""
    wording = vocabulary.wording
    for stretch in re.split(r"[,;:.!?…()\"“”]+", text):
        words = stretch.split()
        for first in range(len(words)):
            if not _may_end(words[first], vocabulary) or _is_bad_start(words, first, wording):
                continue
            for last in range(first, min(len(words), first + 5)):
                word = words[last]
                if wording.has("title_verbs", word):
                    break
                if _may_end(word, vocabulary):
                    if _leans_on_next(words, last, wording):
                        continue
                    article = words[first - 1] if first else ""
                    lead = f"{article} " if wording.has("articles", article) else ""
                    if not lead and _may_be_a_deed(words[first : last + 1], first, wording):
                        continue
                    yield " ".join(words[first : last + 1]), lead
                elif not _may_join(words[last - 1], word, vocabulary):
                    break


def _may_be_a_deed(words: Sequence[str], first: int, wording: Wording) -> bool:
    """`shook for an hour`, `surprised`: what only an article or a name would show to be a thing.

    Without either, a phrase has two words or more and holds no joint but "of".
    """
    if words[0][:1].isupper() and first > 0:
        return False
    joints = {bare(word) for word in words if wording.has("title_joints", word)}
    return len(words) == 1 or bool(joints - {"of"})


def _may_join(before: str, word: str, vocabulary: Vocabulary) -> bool:
    """Whether a phrase goes on over this small word: `of`, and an article only after one."""
    wording = vocabulary.wording
    if wording.has("articles", word):
        return wording.has("title_joints", before) and not wording.has("articles", before)
    return wording.has("title_joints", word) and bool(vocabulary.terms(before))


def _leans_on_next(words: Sequence[str], last: int, wording: Wording) -> bool:
    """Whether the word after a phrase takes it apart: `Fennimore charges | you`, `older | one`."""
    after = words[last + 1] if last + 1 < len(words) else ""
    is_verb = wording.has("objects", after) and bare(words[last]).endswith(("s", "ed"))
    return is_verb or wording.has("pronoun_heads", after)


def _is_bad_start(words: Sequence[str], first: int, wording: Wording) -> bool:
    """A word of time or amount, what is likely a verb ("can ...", "was calling"), half a name.

    Half: `friend Josette` after "my", `meters' depth` after "hundred".
    """
    word, before = words[first], words[first - 1] if first else ""
    follower = words[first + 1] if first + 1 < len(words) else ""
    return (
        wording.has("title_bad_starts", word)
        or wording.has("before_verb", before)
        or (wording.has("before_doing", before) and bare(word).endswith("ing"))
        or (wording.has("whose", before) and word[:1].islower() and follower[:1].isupper())
        or (word[-2:] in ("s'", "s’") and wording.has("numbers", before))
    )


def _may_end(word: str, vocabulary: Vocabulary) -> bool:
    """Whether a title's noun phrase may begin or end with this word."""
    wording = vocabulary.wording
    key = bare(word)
    if len(key) < 3 or not vocabulary.terms(word):
        return False
    if "'" in key and wording.has("stop_words", key.split("'")[0]):
        return False
    if any(wording.has("numbers", part) for part in key.split("-")):
        return False
    return not (
        wording.has("title_spoilers", key) or wording.has("months", key) or key.endswith("ly")
    )


def _plain_title(piece: Piece, number: int, wording: Wording) -> Title:
    """The first clause that fits, else the opening, the closing or `Part 3`."""
    for sentence in piece.sentences[:OPENING_SENTENCES]:
        clause = re.split(r"[,;:.!?]", sentence.text)[0].strip()
        if not wording.is_known and len(clause.split()) >= 2 and _is_fit(clause):
            return Title(capitalized(clause), sentence)
    first = piece.sentences[0]
    if piece.is_first:
        return Title(wording.heading("opening"), first)
    if piece.is_last:
        return Title(wording.heading("closing"), first)
    return Title(f"{wording.heading('part')} {number + 1}", first)
