"""What is looked for around names, and the masked sentences in which it is looked for.

A masked sentence has exactly the length of the original: lower case, every name replaced by one
mark for its kind and padding, so that a pattern sees kinds instead of names and every offset still
fits the original.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Any

from shownotes.model import Evidence, Mention, Sentence

_MARKS = {"PERSON": "\ue000", "ORG": "\ue001", "ROLE": "\ue002"}
# Labels that pipelines give to bodies with unusual names.
_UNSURE = frozenset({"GPE", "LOC", "FAC", "WORK_OF_ART", "PRODUCT"})
_PAD = "\ue00f"
_OTHER = "\ue003"
_PERSON = f"{_MARKS['PERSON']}{_PAD}*"
_ORGANIZATION = f"{_MARKS['ORG']}{_PAD}*"
_TITLE = f"{_MARKS['ROLE']}{_PAD}*"
# Sentence and offset of a mention: what it is told from others by.
Place = tuple[int, int]
# Up to six words or names of other kinds.
_SOME_WORDS = rf"(?:(?:[\w'-]+|{_OTHER}{_PAD}*) ){{0,6}}?"
# For what a language's file leaves empty.
_NOTHING = re.compile(r"(?!)")
_WORD = re.compile(r"[^\W_]+(?:['’.-][^\W_]+)*")


@dataclass(frozen=True)
class NameCues:
    """What is particular to one language: the data of `languages/<language>_names.toml`."""

    data: Mapping[str, Any]

    @cached_property
    def role_patterns(self) -> tuple[tuple[str, float, re.Pattern[str]], ...]:
        """Role, weight and pattern of every cue; the people are the groups `p` and `also`."""
        return tuple(
            (cue["role"], float(cue["weight"]), self._compile(pattern))
            for cue in self.data["cue"]
            for pattern in cue["patterns"]
        )

    @cached_property
    def facts(self) -> Mapping[str, Any]:
        """Patterns of titles and organizations, compiled; subjects stay text."""
        facts = self.data["facts"]
        person = {"third_person", "first_person", "second_person"}
        compiled: dict[str, Any] = {name: re.compile(facts[name]) for name in person}
        for name in facts.keys() - person:
            compiled[name] = tuple(self._compile(pattern) for pattern in facts[name])
        return compiled

    def organization_patterns(self, name: str) -> tuple[re.Pattern[str], ...]:
        """Patterns of `[organizations]`, compiled."""
        cached: dict[str, tuple[re.Pattern[str], ...]] = self._organization_cache
        if name not in cached:
            patterns = self.data["organizations"][name]
            cached[name] = tuple(self._compile(pattern) for pattern in patterns)
        return cached[name]

    @cached_property
    def speaker_patterns(self) -> Mapping[str, tuple[re.Pattern[str], ...]]:
        """By whose name it is: the speaker's `own`, the `next` one's, the `previous` one's."""
        return {
            whose: tuple(self._compile(pattern) for pattern in patterns)
            for whose, patterns in self.data.get("speakers", {}).items()
        }

    @cached_property
    def _organization_cache(self) -> dict[str, tuple[re.Pattern[str], ...]]:
        return {}

    @cached_property
    def honorifics(self) -> frozenset[str]:
        """Titles of address, lower case, without full stop."""
        return frozenset(self.data["honorifics"])

    @cached_property
    def no_names(self) -> frozenset[str]:
        """Places, months and days, lower case."""
        return frozenset(self.data["no_names"])

    def is_no_name(self, text: str) -> bool:
        """Whether a text is a place, a month or a day, and so nobody's name."""
        return " ".join(words_of(text)) in self.no_names

    @cached_property
    def honorific_before(self) -> re.Pattern[str]:
        """An honorific that ends where a person's name begins."""
        if not self.honorifics:
            return _NOTHING
        words = "|".join(sorted(map(re.escape, self.honorifics), key=len, reverse=True))
        return re.compile(rf"\b(?:(?:{words})\.? )+$", re.IGNORECASE)

    @cached_property
    def title(self) -> re.Pattern[str]:
        """A professional title in lower-cased text, for pipelines that do not label them."""
        if not self.data["title_heads"]:
            return _NOTHING
        heads = "|".join(map(re.escape, self.data["title_heads"]))
        modifiers = "|".join(map(re.escape, self.data["title_modifiers"]))
        links = "|".join(self.data["title_links"])
        phrases = "|".join(map(re.escape, self.data["title_phrases"]))
        bodies = "".join(rf"(?<!\b{re.escape(word)})" for word in self.data["titles_of_bodies"])
        tail = rf"(?:{bodies} (?:{links}) (?!the\b)[a-z]+(?: and [a-z]+| policy| law| science)?)"
        return re.compile(
            rf"\b(?:(?:{phrases}) (?!the\b)[a-z]+(?: [a-z]+ed)?"
            rf"|(?:(?:{modifiers})[ -]){{0,3}}(?:{heads})\b(?: and ceo)?{tail}?)(?![\w-])"
        )

    @cached_property
    def title_link(self) -> re.Pattern[str]:
        """The "of" in "director of planning"."""
        links = "|".join(self.data["title_links"])
        return re.compile(rf" (?:{links}) ") if links else _NOTHING

    @cached_property
    def title_rest(self) -> re.Pattern[str]:
        """At most two words between a title that has an "of" and what comes after it."""
        prep = self.data["words"].get("prep", "(?!)")
        return re.compile(rf"(?: [a-z]+){{1,2}}(?= {prep} |[,.;]|$)")

    @cached_property
    def title_beginning(self) -> re.Pattern[str]:
        """Up to two words between an article and a title: the "cheese" of "a cheese historian"."""
        if not self.data["no_modifiers"]:
            return _NOTHING
        barred = "|".join(self.data["no_modifiers"])
        return re.compile(rf"\b(?:a|an|the|our) ((?:(?!(?:{barred})\b)[a-z]+ ){{1,2}})$")

    @cached_property
    def former(self) -> re.Pattern[str]:
        """Words that say a job is over."""
        return re.compile(rf"\b{self.data['words'].get('former', '(?!)')}\b")

    @cached_property
    def denied(self) -> re.Pattern[str]:
        """Words before a title which say that it is nobody's."""
        return re.compile(rf"\b{self.data['words'].get('denied', '(?!)')} $")

    def _compile(self, pattern: str) -> re.Pattern[str]:
        words = {**self.data["words"], **self.data["organizations"].get("words", {})}
        for name, value in words.items():
            pattern = pattern.replace("{" + name + "}", value)
        pattern = pattern.replace("<~>", _SOME_WORDS)
        groups: dict[str, int] = {}

        def mark(match: re.Match[str]) -> str:
            kind = match[1]
            groups[kind] = groups.get(kind, 0) + 1
            shape = {"P": _PERSON, "O": rf"(?:the )?{_ORGANIZATION}", "R": _TITLE}[kind[0]]
            inner = {"P": _PERSON, "O": _ORGANIZATION, "R": _TITLE}[kind[0]]
            before = shape.removesuffix(inner)
            return f"{before}(?P<{kind.lower()}_{groups[kind]}>{inner})"

        return re.compile(re.sub(r"(?<!\?P)<([POR]2?)>", mark, pattern))


@dataclass(frozen=True, slots=True)
class MaskedSentence:
    """A sentence, the names in it and its masked text of the same length.

    Attributes:
        names: the mention whose mask begins at an offset (honorifics are masked with the name).
    """

    sentence: Sentence
    text: str
    names: Mapping[int, Mention]

    @property
    def evidence(self) -> Evidence:
        """The sentence as evidence."""
        return self.sentence.evidence

    def named(self, match: re.Match[str], kind: str) -> Iterator[Mention]:
        """The mentions that the marks of this kind (`p`, `o`, `r`, `o2`) matched."""
        for group, value in match.groupdict().items():
            if value is not None and group.rsplit("_", 1)[0] == kind:
                yield self.names[match.start(group)]

    def original(self, match: re.Match[str], group: str) -> str:
        """What a group matched, in the sentence's own words."""
        return self.sentence.text[match.start(group) : match.end(group)].strip(" ,")


def mask(
    sentences: Sequence[Sentence], mentions: Sequence[Mention], cues: NameCues
) -> tuple[MaskedSentence, ...]:
    """Masks every sentence; titles are added where the pipeline labelled none."""
    by_sentence: dict[int, list[Mention]] = {}
    for mention in mentions:
        by_sentence.setdefault(mention.sentence, []).append(mention)
    return tuple(_mask(s, by_sentence.get(s.index, []), cues) for s in sentences)


def place(mention: Mention) -> Place:
    """Where a mention stands; no two stand in one place."""
    return mention.sentence, mention.start_char


def words_of(name: str) -> list[str]:
    """The words of a name, lower case, without punctuation at their ends."""
    return list(_words_of(name))


# An hour's talk says the same hundred names, and they are compared with one another.
@lru_cache(maxsize=20_000)
def _words_of(name: str) -> tuple[str, ...]:
    return tuple(word.lower().replace("’", "'") for word in _WORD.findall(name))


def _mask(sentence: Sentence, mentions: Sequence[Mention], cues: NameCues) -> MaskedSentence:
    lowered = sentence.text.lower().replace("’", "'")
    text = list(lowered if len(lowered) == len(sentence.text) else sentence.text)
    names: dict[int, Mention] = {}
    for found in mentions:
        mention = _read_context(found, sentence, "".join(text), cues)
        start = mention.start_char
        if mention.label == "PERSON":
            honorific = cues.honorific_before.search("".join(text[:start]))
            start = honorific.start() if honorific else start
        _put(text, start, mention.end_char, _MARKS.get(mention.label, _OTHER))
        names[start] = mention
    for match in cues.title.finditer("".join(text)):
        title = _as_title(sentence, match.start(), match.end())
        title = _read_context(title, sentence, "".join(text), cues)
        _put(text, title.start_char, title.end_char, _MARKS["ROLE"])
        names[title.start_char] = title
    return MaskedSentence(sentence, "".join(text), names)


def _read_context(mention: Mention, sentence: Sentence, text: str, cues: NameCues) -> Mention:
    """A mention corrected by the words at its sides: whole titles, and bodies by their place."""
    before = text[: mention.start_char]
    if mention.label == "ROLE":
        start, end = mention.start_char, mention.end_char
        beginning = cues.title_beginning.search(before)
        start = beginning.start(1) if beginning else start
        if cues.title_link.search(mention.text.lower()):
            rest = cues.title_rest.match(text, end)
            end = rest.end() if rest else end
        return replace(mention, text=sentence.text[start:end], start_char=start, end_char=end)
    is_unsure = mention.label in _UNSURE and not cues.is_no_name(mention.text)
    bare = before.removesuffix("the ")
    if is_unsure and any(p.search(bare) for p in cues.organization_patterns("before_bodies")):
        return replace(mention, label="ORG")
    return mention


def _put(text: list[str], start: int, end: int, mark: str) -> None:
    text[start:end] = [mark, *[_PAD] * (end - start - 1)]


def _as_title(sentence: Sentence, start: int, end: int) -> Mention:
    return Mention(
        text=sentence.text[start:end],
        label="ROLE",
        sentence=sentence.index,
        start_char=start,
        end_char=end,
        start=sentence.start,
        end=sentence.end,
    )
