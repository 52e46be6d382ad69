"""The one module that knows spaCy: names found in a transcript, as our own nouns.

Why spaCy: its pipelines load from a folder or an installed package by the same call, so that a user
may put any of its stock pipelines, or one of another language, in the place of the bundled one.
"""

import bisect
import json
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from importlib.metadata import version
from pathlib import Path
from typing import Any

from shownotes.core.cues import NameCues
from shownotes.core.roles import NamedSpan, RoleSignal, describe_people
from shownotes.core.sentences import split
from shownotes.errors import ModelBrokenError, ModelMissingError
from shownotes.model import Mention, Sentence, Transcript

# Characters handed to the pipeline at once: enough context for a name, little memory for 3 hours.
_CHUNK_CHARS = 2000
# Parts of stock pipelines that find no names and cost time.
_UNUSED_PIPES = ("tagger", "morphologizer", "parser", "attribute_ruler", "lemmatizer", "senter")
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
# Other languages' pipelines follow other schemes.
_SAME_LABEL = {"PER": "PERSON", "ORGANIZATION": "ORG", "PERSONNAME": "PERSON"}


@dataclass(frozen=True, slots=True)
class NamesPipeline:
    """A loaded spaCy pipeline and the role signal of its language, where there is one."""

    name: str
    nlp: Any
    role_signal: RoleSignal | None = None


def load_pipeline(source: str | Path) -> NamesPipeline:
    """Loads a bundled pipeline (`names-en`), an installed package, or a folder.

    Raises:
        ModelMissingError: not on this machine; the message says how to install it.
        ModelBrokenError: there, but spaCy cannot load it.
    """
    import spacy

    bundled = _package() / "models" / str(source)
    place = bundled if bundled.is_dir() else source
    if (
        not bundled.is_dir()
        and not Path(source).is_dir()
        and not spacy.util.is_package(str(source))
    ):
        raise ModelMissingError(_missing(str(source)))
    try:
        nlp = spacy.load(place, exclude=list(_UNUSED_PIPES))
    except (OSError, ValueError, ImportError, KeyError) as error:
        raise ModelBrokenError(
            f"The names pipeline {source} cannot be loaded by spaCy {version('spacy')}: {error}. "
            f"Install one made for this version, or set [names] pipelines back to bundled."
        ) from error
    return NamesPipeline(name=str(source), nlp=nlp, role_signal=load_role_signal(nlp.lang))


def load_cues(language: str) -> NameCues:
    """The words of a language that tell who is who.

    Raises:
        ModelMissingError: nobody has written them for this language.
    """
    path = _package() / "languages" / f"{language}_names.toml"
    if not path.is_file():
        raise ModelMissingError(
            f"There are no name cues for the language {language!r}: {path} does not exist. "
            f"Write one after en_names.toml, or leave the language out of [names] pipelines."
        )
    return NameCues(tomllib.loads(path.read_text(encoding="utf-8")))


@cache
def load_role_signal(language: str) -> RoleSignal | None:
    """The learned role signal of a language; `None` where none was trained."""
    path = _package() / "models" / f"names-{language}" / "role_signal.json"
    if not path.is_file():
        return None
    return RoleSignal(json.loads(path.read_text(encoding="utf-8")))


def find_mentions(transcript: Transcript, *, pipeline: NamesPipeline) -> tuple[Mention, ...]:
    """Every name in a transcript, in order, with the role signal for people."""
    sentences = split(transcript)
    found = [m for chunk in _chunks(sentences) for m in _find(chunk, pipeline)]
    return tuple(_with_roles(found, sentences, pipeline.role_signal))


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


def _find(chunk: Sequence[Sentence], pipeline: NamesPipeline) -> Iterator[Mention]:
    starts, length = [], 0
    for sentence in chunk:
        starts.append(length)
        length += len(sentence.text) + 1
    doc = pipeline.nlp(" ".join(sentence.text for sentence in chunk))
    for ent in doc.ents:
        label = _SAME_LABEL.get(ent.label_.upper(), ent.label_.upper())
        if label not in _LABELS:
            continue
        index = bisect.bisect_right(starts, ent.start_char) - 1
        sentence, offset = chunk[index], starts[index]
        start, end = ent.start_char - offset, min(ent.end_char - offset, len(sentence.text))
        start, end = _trim(sentence.text, start, end)
        if end > start:
            yield _mention(sentence, start, end, label)


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


def _with_roles(
    mentions: Sequence[Mention], sentences: Sequence[Sentence], signal: RoleSignal | None
) -> Iterator[Mention]:
    """The mentions, people among them scored by the words around them."""
    if signal is None:
        yield from mentions
        return
    starts, length = [], 0
    for sentence in sentences:
        starts.append(length)
        length += len(sentence.text) + 1
    spans = [
        NamedSpan(starts[m.sentence] + m.start_char, starts[m.sentence] + m.end_char, m.label)
        for m in mentions
    ]
    described = iter(describe_people(" ".join(s.text for s in sentences), spans))
    for mention in mentions:
        if mention.label != "PERSON":
            yield mention
            continue
        yield Mention(
            text=mention.text,
            label=mention.label,
            sentence=mention.sentence,
            start_char=mention.start_char,
            end_char=mention.end_char,
            start=mention.start,
            end=mention.end,
            role_scores=signal.score(next(described)),
        )
