"""Trains the signals over the recogniser: who is who, and whose a title or an organization is.

    mention    host, guest or mentioned, by the words around one mention      (core.roles)
    standing   the same for a person, by everything the episode shows         (core.standing)
    title, organization   whether they belong to somebody named near them     (core.ownership)

All are linear models over features of `shownotes.core`, fitted on freshly filled passages. What
`standing` reads of `mention` comes from a fold of passages that `mention` was not trained on; it
would trust it too much otherwise.
"""

from __future__ import annotations

import random
from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from shownotes.adapters.names import load_cues, with_roles
from shownotes.adapters.spelling import is_alike
from shownotes.core.cues import place
from shownotes.core.people import OTHER, OWN, NameSignals, describe_pair, pair_up
from shownotes.core.roles import ROLES, NamedSpan, describe_people
from shownotes.core.sentences import split
from shownotes.core.signals import Signal, switch_on
from shownotes.core.standing import describe_standings
from shownotes.core.study import Study, study
from shownotes.model import Mention
from training.names.augment import augment, join
from training.names.corpus import Annotation, Passage, fill
from training.names.documents import to_transcript
from training.names.lexicon import Lexicon

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from shownotes.core.cues import Place
    from shownotes.core.grouping import Somebody
    from shownotes.core.ownership import Pair
    from shownotes.model import Sentence, Transcript

FILLS = 8
FOLDS = 4
# Inverse regularization, chosen on every sixth passage held out (2026-11-24).
MENTION_STRENGTH, STANDING_STRENGTH, OWNER_STRENGTH = 2.0, 1.0, 1.0
ITERATIONS = 1_000
LEAST_WEIGHT = 0.01
# Share of passages in which other words are swapped; fewer than for the recogniser, since here
# words are the cue.
SWAPPED = 0.15
# A feature that stands in one passage only would be learned by heart.
MIN_PASSAGES = 2
# Share of the names that are not people, and of people, that are hidden: recognisers miss some.
MISSED, PEOPLE_MISSED = 0.25, 0.06
# Share of other names that are taken for people, as recognisers do with titles and places.
MISTAKEN = 0.08
# Share of people whose role the product gets wrong, as ownership must expect.
WRONG_ROLES = 0.2
NEVER_MISTAKEN = frozenset({"PERSON", "ROLE", "DATE"})
# Passages of more characters than this are documents of their own; shorter ones may be joined.
LONG = 450
# What an example out of a long passage counts: whole openings are what the product reads.
LONG_WEIGHT = 3.0


@dataclass(frozen=True)
class Sample:
    """One example; `source` is the passage it comes from."""

    features: dict[str, float]
    gold: int
    source: str
    weight: float = 1.0


@dataclass(frozen=True)
class Document:
    """A filled passage as the product would read it, with its gold.

    Attributes:
        mentions: names, but for those that are hidden.
        owned: titles and organizations, hidden or not, and whose they are.
    """

    name: str
    transcript: Transcript
    sentences: Sequence[Sentence]
    mentions: Sequence[Mention]
    gold: Mapping[Place, Annotation]
    owned: Sequence[tuple[Mention, str]]

    @property
    def weight(self) -> float:
        """What its examples count."""
        length = sum(len(sentence.text) + 1 for sentence in self.sentences)
        return LONG_WEIGHT if length > LONG else 1.0


def train_signals(templates: list[tuple[str, str]], seed: int) -> dict[str, dict[str, list[float]]]:
    """Tables of weights by signal, as `shownotes.adapters.names.read_signals` takes them."""
    rng = random.Random(seed)
    documents = make_documents(templates, FILLS, rng)
    mention_samples = [list(sample_mentions(document)) for document in documents]
    every_mention = [sample for part in mention_samples for sample in part]
    standing: list[Sample] = []
    titles: list[Sample] = []
    organizations: list[Sample] = []
    for fold in range(FOLDS):
        known = [
            sample
            for document, part in zip(documents, mention_samples, strict=True)
            if fold_of(document.name) != fold
            for sample in part
        ]
        judge = Signal(ROLES, fit(known, ROLES, strength=MENTION_STRENGTH))
        for document in documents:
            if fold_of(document.name) == fold:
                found = read(document, judge)
                standing += sample_standings(document, found)
                titles += sample_owners(document, found, "ROLE", rng)
                organizations += sample_owners(document, found, "ORG", rng)
    whose = (OWN, OTHER)
    tables = {
        "mention": fit(every_mention, ROLES, strength=MENTION_STRENGTH),
        "standing": fit(standing, ROLES, strength=STANDING_STRENGTH),
        "title": fit(titles, whose, strength=OWNER_STRENGTH),
        "organization": fit(organizations, whose, strength=OWNER_STRENGTH),
    }
    for name, samples in (
        ("mention", every_mention),
        ("standing", standing),
        ("title", titles),
        ("organization", organizations),
    ):
        print(f"signal {name}: {len(samples)} examples, {len(tables[name])} features", flush=True)
    return tables


def fold_of(name: str) -> int:
    """The fold of a passage, or of passages joined (which are of one fold)."""
    return sum(map(ord, name.split("+")[0])) % FOLDS


def make_documents(
    templates: list[tuple[str, str]], fills: int, rng: random.Random
) -> list[Document]:
    """Every passage filled and roughened `fills` times; short ones alone or after another."""
    lexicon = Lexicon()
    documents = []
    for _ in range(fills):
        waiting: dict[int, Passage] = {}
        for template in rng.sample(templates, len(templates)):
            passage = fill(*template, lexicon, rng)
            fold = fold_of(passage.name)
            if len(passage.text) < LONG and rng.random() < 0.4:
                other = waiting.pop(fold, None)
                if other is None:
                    waiting[fold] = passage
                    continue
                passage = join([other, passage])
            documents.append(to_document(augment(passage, lexicon, rng, swapped=SWAPPED), rng))
        rest = [augment(p, lexicon, rng, swapped=SWAPPED) for p in waiting.values()]
        documents += [to_document(passage, rng) for passage in rest]
    return [document for document in documents if document is not None]


def to_document(passage: Passage, rng: random.Random | None = None) -> Document | None:
    """A passage with its annotations as mentions, some of them hidden when `rng` is given."""
    if " ".join(passage.text.split()) != passage.text:
        return None
    transcript = to_transcript(passage.text)
    sentences = split(transcript)
    mentions: list[Mention] = []
    gold: dict[Place, Annotation] = {}
    owned: list[tuple[Mention, str]] = []
    for annotation in passage.annotations:
        mention = find_mention(sentences, annotation)
        if mention is None:
            continue
        if annotation.owner:
            owned.append((mention, annotation.owner))
        share = PEOPLE_MISSED if annotation.label == "PERSON" else MISSED
        if rng is None or rng.random() >= share:
            if rng is not None and annotation.label not in NEVER_MISTAKEN:
                label = "PERSON" if rng.random() < MISTAKEN else mention.label
                mention = replace(mention, label=label)
            mentions.append(mention)
            gold[place(mention)] = annotation
    return Document(passage.name, transcript, sentences, mentions, gold, owned)


def find_mention(sentences: Sequence[Sentence], annotation: Annotation) -> Mention | None:
    """An annotation as a mention; `None` where it crosses a sentence's end."""
    offset = 0
    for sentence in sentences:
        start, end = annotation.start - offset, annotation.end - offset
        if 0 <= start < len(sentence.text):
            if end > len(sentence.text):
                return None
            return Mention(
                text=sentence.text[start:end],
                label=annotation.label,
                sentence=sentence.index,
                start_char=start,
                end_char=end,
                start=sentence.start,
                end=sentence.end,
            )
        offset += len(sentence.text) + 1
    return None


def sample_mentions(document: Document) -> Iterator[Sample]:
    """The people of a document by the words around each mention."""
    starts, length = [], 0
    for sentence in document.sentences:
        starts.append(length)
        length += len(sentence.text) + 1
    spans = [
        NamedSpan(starts[m.sentence] + m.start_char, starts[m.sentence] + m.end_char, m.label)
        for m in document.mentions
    ]
    people = [m for m in document.mentions if m.label == "PERSON"]
    text = " ".join(sentence.text for sentence in document.sentences)
    for features, mention in zip(describe_people(text, spans), people, strict=True):
        annotation = document.gold[place(mention)]
        source = document.name.split("+")[int((annotation.variable or "0")[-1:] == "1")]
        role = ROLES.index(annotation.role or "mentioned")
        yield Sample(switch_on(features), role, source, document.weight)


def read(document: Document, judge: Signal) -> Study:
    """The study that the product would make of a document."""
    empty = Signal((OWN, OTHER), {})
    signals = NameSignals(mention=judge, standing=judge, title=empty, organization=empty)
    mentions = with_roles(document.mentions, document.sentences, signals)
    return study(document.transcript, mentions, cues=CUES, is_alike=is_alike)


CUES = load_cues("en")


def sample_standings(document: Document, found: Study) -> Iterator[Sample]:
    for somebody, features in zip(found.people, describe_standings(found), strict=True):
        if somebody.mentions:
            role = gold_role(document, somebody)
            yield Sample(features, ROLES.index(role), document.name, document.weight)


def gold_role(document: Document, somebody: Somebody) -> str:
    """The role that most of somebody's mentions have in the gold."""
    roles = [document.gold[place(m)].role or "mentioned" for m in somebody.mentions]
    return max(ROLES, key=roles.count)


def sample_owners(
    document: Document, found: Study, label: str, rng: random.Random
) -> Iterator[Sample]:
    """Pairs of a person and a name; of a pair that is right, only the nearest mention.

    The people's roles are the right ones, but for as many as the product gets wrong.
    """
    named, pairs = pair_up(found, label)
    roles = [
        rng.choice(ROLES) if rng.random() < WRONG_ROLES else gold_role(document, somebody)
        for somebody in found.people
    ]
    nearest: dict[tuple[int, int], Pair] = {}
    for pair in pairs:
        key = pair.person, pair.candidate
        if key not in nearest or pair.distance < nearest[key].distance:
            nearest[key] = pair
    for pair in pairs:
        owners = {document.gold[place(m)].variable for m in found.people[pair.person].mentions}
        is_own = owns(document, named[pair.candidate], owners)
        if is_own and nearest[pair.person, pair.candidate] is not pair:
            continue
        features = describe_pair(found, pair, named, roles)
        gold = 0 if is_own else 1
        yield Sample(switch_on(features), gold, document.name, document.weight)


def owns(document: Document, candidate: Mention, owners: set[str | None]) -> bool:
    """Whether a title or an organization, perhaps found in part only, is somebody's."""
    return any(
        owner in owners
        and mention.sentence == candidate.sentence
        and mention.start_char < candidate.end_char
        and candidate.start_char < mention.end_char
        for mention, owner in document.owned
    )


def fit(
    samples: Sequence[Sample], classes: Sequence[str], *, strength: float
) -> dict[str, list[float]]:
    """Weights of a softmax regression on the features that stand in several passages.

    Why scikit-learn: its solver finds in seconds what our own descent did not find in minutes.
    `strength` is the inverse of the regularization (`C`).
    """
    from sklearn.feature_extraction import DictVectorizer
    from sklearn.linear_model import LogisticRegression

    seen: dict[str, set[str]] = defaultdict(set)
    for sample in samples:
        for feature in sample.features:
            seen[feature].add(sample.source)
    common = {feature for feature, names in seen.items() if len(names) >= MIN_PASSAGES}
    vectorizer = DictVectorizer()
    matrix = vectorizer.fit_transform(
        [{f: v for f, v in sample.features.items() if f in common} for sample in samples]
    )
    model = LogisticRegression(C=strength, max_iter=ITERATIONS, fit_intercept=False)
    weights = [sample.weight for sample in samples]
    model.fit(matrix, [sample.gold for sample in samples], sample_weight=weights)
    rows = model.coef_
    if len(classes) == 2:
        # Of two classes scikit-learn gives the weights of the second against the first.
        rows = [-rows[0] / 2, rows[0] / 2]
    table = zip(vectorizer.get_feature_names_out(), zip(*rows, strict=True), strict=True)
    return {
        str(feature): [round(float(weight), 3) for weight in row]
        for feature, row in table
        if max(map(abs, row)) >= LEAST_WEIGHT
    }
