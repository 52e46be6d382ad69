"""What is particular to a language when chapters and notes are made: cues, clutter, headings.

The data comes from `languages/<code>_notes.toml`, one file a language (read by
`adapters.languages`). A language without a file gets `neutral()`: chapters and transcript are still
made, and nothing that would need to know the language.
"""

import functools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field


class Cues:
    """Phrases by which a kind of sentence is known; regular expressions over whole words."""

    def __init__(self, patterns: tuple[str, ...] = ()) -> None:
        joined = "|".join(patterns) or r"(?!)"
        self._start = re.compile(rf"(?:{joined})(?!\w)", re.IGNORECASE)
        self._anywhere = re.compile(rf"(?<!\w)(?:{joined})(?!\w)", re.IGNORECASE)

    def start(self, text: str) -> re.Match[str] | None:
        """The cue with which the text begins."""
        return self._start.match(plain(text))

    def within(self, text: str) -> re.Match[str] | None:
        """The first cue anywhere in the text."""
        return self._anywhere.search(plain(text))

    def finditer(self, text: str) -> Iterator[re.Match[str]]:
        """Every cue in the text, in order; offsets are those of the text itself."""
        return self._anywhere.finditer(plain(text))

    def count(self, text: str) -> int:
        """How many cues the text holds."""
        return len(self._anywhere.findall(plain(text)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Clutter:
    """What speakers say that readers need not read."""

    leading: tuple[str, ...] = ()
    connectives: tuple[str, ...] = ()
    subjects: frozenset[str] = frozenset()
    inner: tuple[str, ...] = ()
    sounds: tuple[str, ...] = ()
    stutters: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """A language's words, cues and headings.

    Attributes:
        is_known: false for a language without a data file.
        words: the file's `[words]`, by name.
        month_names: January first.
        date_pattern: with `{day}`, `{month}`, `{year}`.
        cues: the file's `[role_cues]` by name, and `turn_strong`, `turn_fair`, `turn_weak`,
            `topic_is`.
        resources: what things listeners look up are called, by `model.ResourceKind` value.
        fields: the subjects that a stem speaks of (`languages/en_fields.txt`), at most two each.
        worth: learned weights by what is judged of a sentence (`core.worth`); empty without them.
        credits: how those who made an episode are credited, by what is printed as their role.
    """

    language: str
    is_known: bool = True
    words: Mapping[str, frozenset[str]] = field(default_factory=dict)
    cues: Mapping[str, Cues] = field(default_factory=dict)
    resources: Mapping[str, Cues] = field(default_factory=dict)
    credits: Mapping[str, Cues] = field(default_factory=dict)
    fields: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    worth: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    clutter: Clutter = Clutter()
    headings: Mapping[str, str] = field(default_factory=dict)
    month_names: tuple[str, ...] = ()
    date_pattern: str = ""

    def date(self, iso: str) -> str:
        """`2026-09-30` as people write it; as it is where the language is not known."""
        year, _, rest = iso.partition("-")
        month, _, day = rest.partition("-")
        if not self.month_names or not (month.isdigit() and day.isdigit()):
            return iso
        name = self.month_names[int(month) - 1] if 1 <= int(month) <= 12 else month
        return self.date_pattern.format(year=year, month=name, day=int(day))

    def has(self, name: str, word: str) -> bool:
        """Whether a word (any case, punctuation around it ignored) is in a list."""
        return bare(word) in self.words.get(name, frozenset())

    def starts(self, name: str, text: str) -> bool:
        """Whether the text begins with a cue of a list."""
        return name in self.cues and self.cues[name].start(text) is not None

    def holds(self, name: str, text: str) -> bool:
        """Whether a cue of a list stands anywhere in the text."""
        return name in self.cues and self.cues[name].within(text) is not None

    def heading(self, name: str) -> str:
        """A heading in this language."""
        return self.headings[name]


def from_data(language: str, data: Mapping[str, object]) -> Wording:
    """A language's file as `Wording`.

    Raises:
        KeyError: a list is missing.
        TypeError: a value is of the wrong kind.
    """
    turns, roles, clutter = (_table(data, name) for name in ("turn_cues", "role_cues", "clutter"))
    words = _table(data, "words")
    cues = {name: Cues(_strings(roles, name)) for name in roles}
    cues["turn_strong"] = Cues(_strings(turns, "strong"))
    cues["turn_fair"] = Cues(_strings(turns, "fair"))
    cues["turn_weak"] = Cues(_strings(turns, "weak"))
    cues["topic_is"] = Cues(_strings(turns, "topic_is"))
    return Wording(
        language=language,
        words={name: _set(words, name) for name in words},
        cues=cues,
        resources=_cue_table(data, "resources"),
        credits=_cue_table(data, "credits"),
        clutter=Clutter(
            leading=_strings(clutter, "leading"),
            connectives=_strings(clutter, "connectives"),
            subjects=_set(clutter, "subjects"),
            inner=_strings(clutter, "inner"),
            sounds=_strings(clutter, "sounds"),
            stutters=_set(clutter, "stutters"),
        ),
        month_names=_strings(_table(data, "dates"), "months"),
        date_pattern=str(_table(data, "dates")["pattern"]),
        headings={key: str(value) for key, value in _table(data, "headings").items()},
    )


def _cue_table(data: Mapping[str, object], name: str) -> dict[str, Cues]:
    table = _table(data, name)
    return {key: Cues(_strings(table, key)) for key in table}


def neutral(language: str, headings: Mapping[str, str]) -> Wording:
    """For a language without a file: no cues; the headings are those of the program (English)."""
    return Wording(language=language, is_known=False, headings=headings)


def plain(text: str) -> str:
    """Typographic apostrophes as typewriter ones, so that lists need one spelling."""
    return text.replace("’", "'")


@functools.lru_cache(maxsize=50_000)
def bare(word: str) -> str:
    """A word in lower case without the punctuation around it."""
    return plain(word).lower().strip("\"'“”‘’.,;:!?…()[]{}—–-*_«»")


def _table(data: Mapping[str, object], name: str) -> Mapping[str, object]:
    value = data[name]
    if not isinstance(value, Mapping):
        raise TypeError(f"[{name}] must be a table")
    return value


def _strings(data: Mapping[str, object], name: str) -> tuple[str, ...]:
    value = data[name]
    if not isinstance(value, list):
        raise TypeError(f"`{name}` must be a list")
    return tuple(str(item) for item in value)


def _set(data: Mapping[str, object], name: str) -> frozenset[str]:
    value = data[name]
    if not isinstance(value, str):
        raise TypeError(f"`{name}` must be words with spaces between")
    return frozenset(plain(value).lower().split())
