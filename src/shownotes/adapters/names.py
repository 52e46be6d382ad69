"""The one module that knows spaCy: names found in a transcript, as our own nouns.

Why spaCy: its pipelines load from a folder or an installed package by the same call, so that a user
may put any of its stock pipelines, or one of another language, in the place of the bundled one.
"""

import bisect
import json
import re
import tomllib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from importlib.metadata import version
from itertools import accumulate
from pathlib import Path
from typing import Any

from shownotes.core.catalogue import Catalogue
from shownotes.core.cues import NameCues
from shownotes.core.people import OTHER, OWN, NameSignals
from shownotes.core.roles import ROLES, NamedSpan, describe_people
from shownotes.core.sentences import split
from shownotes.core.signals import switch_on, unpack
from shownotes.errors import ModelBrokenError, ModelMissingError
from shownotes.model import Mention, Sentence, Transcript

# What a pipeline's folder may hold beside spaCy's files.
SIGNALS = "signals.json"
# Characters handed to the pipeline at once: enough context for a name, little memory for 3 hours.
_CHUNK_CHARS = 2000
_BATCH = 32
_WORD = re.compile(r"\w+")
# Letters of a single-word name that is known without its capital.
_LONG_ENOUGH = 6
# Parts of pipelines that find no names and cost time; where sentences begin, we know.
_UNUSED_PIPES = (
    "tagger",
    "morphologizer",
    "parser",
    "attribute_ruler",
    "lemmatizer",
    "senter",
    "sentencizer",
)
_LABELS = frozenset(
    [
        "PERSON",
        "ORG",
        "EVENT",
        "GPE",
        "LOC",
        "FAC",
        "NORP",
        "WORK_OF_ART",
        "PRODUCT",
        "LAW",
        "DATE",
        "ROLE",
    ]
)
# Labels that yield to the catalogue.
_UNSURE = frozenset({"GPE", "LOC", "FAC", "PRODUCT", "WORK_OF_ART", "LAW", "EVENT", "NORP"})
# Bodies of which everybody knows the name, and the catalogue no more.
_WELL_KNOWN = "WELL_KNOWN"
# The catalogue's label for what looks like a name and is none.
_NO_NAME = "NONE"
# Other languages' pipelines follow other schemes.
_SAME_LABEL = {"PER": "PERSON", "ORGANIZATION": "ORG", "PERSONNAME": "PERSON"}


@dataclass(frozen=True, slots=True)
class NamesPipeline:
    """Loaded spaCy pipelines and the signals of their language, where they were trained.

    Attributes:
        recognisers: of two that disagree about a stretch of text, the first counts.
    """

    name: str
    recognisers: tuple[Any, ...]
    signals: NameSignals | None = None


def load_pipeline(*sources: str | Path) -> NamesPipeline:
    """Loads bundled pipelines (`names-en`), installed packages, or folders; several are merged.

    Raises:
        ModelMissingError: not on this machine; the message says how to install it.
        ModelBrokenError: there, but spaCy cannot load it.
    """
    recognisers = tuple(_load(source) for source in sources)
    name = "+".join(map(str, sources))
    own = Path(sources[0]) / SIGNALS
    signals = _read_signals(own) if own.is_file() else load_signals(recognisers[0].lang)
    return NamesPipeline(name, recognisers, signals)


def _load(source: str | Path) -> Any:
    import spacy
    from thinc.api import use_ops

    bundled = _package() / "models" / str(source)
    place = bundled if bundled.is_dir() else source
    if (
        not bundled.is_dir()
        and not Path(source).is_dir()
        and not spacy.util.is_package(str(source))
    ):
        raise ModelMissingError(_missing(str(source)))
    try:
        # numpy's matrix product takes two thirds of the time of spaCy's own.
        with use_ops("numpy", use_blis=False):
            return spacy.load(place, exclude=list(_UNUSED_PIPES))
    except (OSError, ValueError, ImportError, KeyError) as error:
        raise ModelBrokenError(
            f"The names pipeline {source} cannot be loaded by spaCy {version('spacy')}: {error}. "
            f"Install one made for this version, or set [names] pipelines back to bundled."
        ) from error


def has_cues(language: str) -> bool:
    """Whether somebody has written down how hosts and guests are introduced in a language."""
    return _cues_path(language).is_file()


def load_cues(language: str) -> NameCues:
    """The words of a language that tell who is who; without them everybody is mentioned."""
    path = _cues_path(language if has_cues(language) else "any")
    return NameCues(tomllib.loads(path.read_text(encoding="utf-8")))


def _cues_path(language: str) -> Path:
    return _package() / "languages" / f"{language}_names.toml"


@cache
def load_signals(language: str) -> NameSignals | None:
    """What was learned about a language; `None` where nothing was."""
    path = _package() / "models" / f"names-{language}" / SIGNALS
    return _read_signals(path) if path.is_file() else None


def _read_signals(path: Path) -> NameSignals:
    tables: dict[str, dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
    return NameSignals(
        mention=unpack(ROLES, tables["mention"]),
        standing=unpack(ROLES, tables["standing"]),
        title=unpack((OWN, OTHER), tables["title"]),
        organization=unpack((OWN, OTHER), tables["organization"]),
    )


def find_mentions(
    transcript: Transcript, *, pipeline: NamesPipeline, catalogue: Catalogue | None = None
) -> tuple[Mention, ...]:
    """Every name in a transcript, in order, with the role signal for people.

    Bodies of the catalogue are found by their names, whatever the pipeline takes them for.
    """
    sentences = split(transcript)
    chunks = list(_chunks(sentences))
    texts = [" ".join(sentence.text for sentence in chunk) for chunk in chunks]
    look_up = _match_catalogue(pipeline.recognisers[0], catalogue, texts) if catalogue else None
    # Several chunks at a time: half as long as one by one.
    read = zip(*(_read(nlp, chunks, texts) for nlp in pipeline.recognisers), strict=True)
    found = [
        mention
        for chunk, text, docs in zip(chunks, texts, read, strict=True)
        for mention in _find(chunk, text, docs, look_up, catalogue)
    ]
    return with_roles(found, sentences, pipeline.signals)


def _package() -> Path:
    return Path(str(resources.files("shownotes")))


def _missing(source: str) -> str:
    return (
        f"The names pipeline {source!r} is neither bundled, nor installed, nor a folder. Install "
        f"it with: python -m spacy download {source} (or: pip install {source}), or set "
        f"[names] pipelines in shownotes.toml back to bundled."
    )


def _chunks(sentences: Sequence[Sentence]) -> Iterator[list[Sentence]]:
    chunk: list[Sentence] = []
    size = 0
    for sentence in sentences:
        if chunk and size + len(sentence.text) > _CHUNK_CHARS:
            yield chunk
            chunk, size = [], 0
        chunk.append(sentence)
        size += len(sentence.text) + 1
    if chunk:
        yield chunk


def _read(nlp: Any, chunks: Sequence[Sequence[Sentence]], texts: Sequence[str]) -> Iterator[Any]:
    """What a recogniser makes of every chunk; no name goes beyond one of our sentences."""
    import numpy as np
    from spacy.attrs import IDX, SENT_START

    def make(chunk: Sequence[Sentence], text: str) -> Any:
        doc = nlp.make_doc(text)
        begins = np.isin(doc.to_array(IDX), _starts(chunk))
        # spaCy's own numbers: 1 begins a sentence, -1 does not, 0 is unknown.
        doc.from_array([SENT_START], np.where(begins, 1, -1).astype(np.uint64)[:, None])
        return doc

    docs = (make(chunk, text) for chunk, text in zip(chunks, texts, strict=True))
    yield from nlp.pipe(docs, batch_size=_BATCH)


def _starts(chunk: Sequence[Sentence]) -> list[int]:
    """Where the sentences of a chunk begin in its text, in characters."""
    lengths = accumulate(len(sentence.text) + 1 for sentence in chunk)
    return [0, *lengths][: len(chunk)]


@dataclass(frozen=True, slots=True)
class _Stretch:
    """A labelled stretch of a chunk, half-open in characters."""

    start: int
    end: int
    label: str

    def overlaps(self, other: "_Stretch") -> bool:
        return self.start < other.end and other.start < self.end

    def contains(self, other: "_Stretch") -> bool:
        return self.start <= other.start and other.end <= self.end


_LookUp = Callable[[Any, str], list[_Stretch]]


def _find(
    chunk: Sequence[Sentence],
    text: str,
    docs: Sequence[Any],
    look_up: _LookUp | None,
    catalogue: Catalogue | None,
) -> Iterator[Mention]:
    """The mentions of a chunk, as every recogniser has read it."""
    starts = _starts(chunk)
    found: list[_Stretch] = []
    for doc in docs:
        ents = [_Stretch(e.start_char, e.end_char, _label(e)) for e in doc.ents]
        found += [e for e in ents if e.label and not any(e.overlaps(f) for f in found)]
    if catalogue:
        found = [_as_known(stretch, text, catalogue) for stretch in found]
    for body in look_up(docs[0], text) if look_up else ():
        rivals = [stretch for stretch in found if stretch.overlaps(body)]
        if all(_gives_way(rival, body) for rival in rivals):
            found = [*(s for s in found if s not in rivals), replace(body, label="ORG")]
    for stretch in sorted((s for s in found if s.label != _NO_NAME), key=lambda s: s.start):
        index = bisect.bisect_right(starts, stretch.start) - 1
        sentence, offset = chunk[index], starts[index]
        start, end = stretch.start - offset, min(stretch.end - offset, len(sentence.text))
        start, end = _trim(sentence.text, start, end)
        if end > start:
            yield _mention(sentence, start, end, stretch.label)


def _gives_way(rival: _Stretch, body: _Stretch) -> bool:
    """Whether a recogniser's name is given up for one of the catalogue's.

    A longer name that has the body's in it ("the Secretariat of ...") is another name, and "Ford"
    may be a person.
    """
    if body.label == _WELL_KNOWN:
        return body.contains(rival) and rival.label != "PERSON"
    return body.contains(rival) or rival.label in _UNSURE


def _as_known(stretch: _Stretch, text: str, catalogue: Catalogue) -> _Stretch:
    """A stretch with the label that everybody knows, if it was taken for a person or a body."""
    if stretch.label not in {"PERSON", "ORG"}:
        return stretch
    name = text[stretch.start : stretch.end]
    if catalogue.candidates(name):
        return stretch
    return replace(stretch, label=catalogue.label_thing(name) or stretch.label)


def _label(ent: Any) -> str:
    """Our label for a pipeline's, empty for those that are no names."""
    label = _SAME_LABEL.get(ent.label_.upper(), ent.label_.upper())
    return label if label in _LABELS else ""


def _match_catalogue(nlp: Any, catalogue: Catalogue, texts: Sequence[str]) -> _LookUp:
    """A search for the catalogue's names: long ones in any case, short ones as they are written."""
    from spacy.matcher import PhraseMatcher
    from spacy.util import filter_spans

    # Only names whose words all stand somewhere: taking 10,000 of them apart costs a second.
    spoken = frozenset(word for text in texts for word in _WORD.findall(text))
    lowered = frozenset(word.lower() for word in spoken)

    def stands(form: str, words: frozenset[str]) -> bool:
        return all(word in words for word in _WORD.findall(form))

    words = PhraseMatcher(nlp.vocab, attr="LOWER")
    letters = PhraseMatcher(nlp.vocab, attr="ORTH")
    # Where nothing has a capital, long enough names are still no ordinary words.
    small = PhraseMatcher(nlp.vocab, attr="LOWER")
    words.add(
        "BODY", [nlp.make_doc(form) for form in catalogue.long_forms if stands(form, lowered)]
    )
    letters.add(
        "BODY", [nlp.make_doc(form) for form in catalogue.short_forms if stands(form, spoken)]
    )
    long_enough = [form.lower() for form in catalogue.short_forms if len(form) >= _LONG_ENOUGH]
    small.add("BODY", [nlp.make_doc(form) for form in long_enough if stands(form, lowered)])

    def look_up(doc: Any, text: str) -> list[_Stretch]:
        spans = list(words(doc, as_spans=True))
        if text.islower():
            spans += small(doc, as_spans=True)
        elif not text.isupper():
            spans += (s for s in letters(doc, as_spans=True) if not _may_be_a_word(s))
        return [
            _Stretch(
                s.start_char,
                s.end_char,
                "ORG" if any(e.jurisdiction for e in catalogue.candidates(s.text)) else _WELL_KNOWN,
            )
            for s in filter_spans(spans)
        ]

    return look_up


def _trim(text: str, start: int, end: int) -> tuple[int, int]:
    """A span without the article, possessive and punctuation that stock pipelines include."""
    if text[start:end].lower().startswith("the "):
        start += 4
    while end > start and not (text[end - 1].isalnum() or text[end - 1] == "."):
        end -= 1
    if text[start:end].lower().endswith(("'s", "’s")):
        end -= 2
    if text[end - 1 : end] == "." and "." not in text[start : end - 1]:
        is_abbreviation = text[start:end].lower().endswith((" inc.", " co.", " ltd.", " jr."))
        end -= 0 if is_abbreviation else 1
    return start, end


def _may_be_a_word(span: Any) -> bool:
    """Whether a short name may be an ordinary word that begins a sentence ("Grab a coffee")."""
    first = span[0]
    is_plain = len(span) == 1 and first.text[1:].islower()
    return bool(is_plain and first.is_sent_start and not first.ent_type_)


def _mention(sentence: Sentence, start: int, end: int, label: str) -> Mention:
    inside = []
    position = 0
    for word in sentence.words:
        if position < end and position + len(word.text) > start:
            inside.append(word)
        position += len(word.text) + 1
    return Mention(
        text=sentence.text[start:end],
        label=label,
        sentence=sentence.index,
        start_char=start,
        end_char=end,
        start=inside[0].start if inside else sentence.start,
        end=inside[-1].end if inside else sentence.end,
    )


def with_roles(
    mentions: Sequence[Mention], sentences: Sequence[Sentence], signals: NameSignals | None
) -> tuple[Mention, ...]:
    """The mentions, people among them scored by the words around them."""
    if signals is None:
        return tuple(mentions)
    starts = _starts(sentences)
    spans = [
        NamedSpan(starts[m.sentence] + m.start_char, starts[m.sentence] + m.end_char, m.label)
        for m in mentions
    ]
    described = iter(describe_people(" ".join(s.text for s in sentences), spans))
    return tuple(
        replace(m, role_scores=signals.mention.score(switch_on(next(described))))
        if m.label == "PERSON"
        else m
        for m in mentions
    )
