"""Spoken podcast English about climate policy, made from the patterns in `vocabulary.toml`.

Two promises are kept here and tested in `tests/training/`:

* Names, and titles with organizations, come in pairs; a fifth of the pairs is held out of training
  and only ever spoken in evaluation.
* No sentence of the demo episodes is generated, nor any seven words in a row of one, so that the
  demo is a test of the model and not a memory of it.
"""

from __future__ import annotations

import hashlib
import random
import re
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

HERE = Path(__file__).parent
VOCABULARY_PATH = HERE / "vocabulary.toml"
DEMO_PATH = HERE.parent / "demo" / "episodes.toml"

# One pair in five is held out: enough to fill any test, little enough to leave training rich.
HELD_OUT_ONE_IN = 5
# Seven words leave room for turns of phrase everybody uses ("at the end of the ...").
DEMO_RUN_WORDS = 7
# espeak at 130 words a minute says 24 words in about 10 s, the longest clip training accepts.
MAX_WORDS = 24

_SLOT = re.compile(r"\{(\w+)\}")
_WORD = re.compile(r"[a-z0-9]+(?:['-][a-z0-9]+)*")

# base: third person, past, past participle, -ing; where the rules below would be wrong.
_IRREGULAR = {
    "pay": "pays paid paid paying",
    "build": "builds built built building",
    "buy": "buys bought bought buying",
    "sell": "sells sold sold selling",
    "lose": "loses lost lost losing",
    "find": "finds found found finding",
    "see": "sees saw seen seeing",
    "know": "knows knew known knowing",
    "understand": "understands understood understood understanding",
    "choose": "chooses chose chosen choosing",
    "keep": "keeps kept kept keeping",
    "make": "makes made made making",
    "take": "takes took taken taking",
    "give": "gives gave given giving",
    "bring": "brings brought brought bringing",
    "spend": "spends spent spent spending",
    "grow": "grows grew grown growing",
    "hold": "holds held held holding",
    "write": "writes wrote written writing",
    "read": "reads read read reading",
    "drink": "drinks drank drunk drinking",
    "eat": "eats ate eaten eating",
    "cut": "cuts cut cut cutting",
    "lend": "lends lent lent lending",
    "leave": "leaves left left leaving",
    "teach": "teaches taught taught teaching",
    "show": "shows showed shown showing",
    "lead": "leads led led leading",
    "win": "wins won won winning",
    "set": "sets set set setting",
    "put": "puts put put putting",
    "hear": "hears heard heard hearing",
    "tell": "tells told told telling",
    "meet": "meets met met meeting",
    "fall": "falls fell fallen falling",
    "rise": "rises rose risen rising",
    "begin": "begins began begun beginning",
    "sleep": "sleeps slept slept sleeping",
    "come": "comes came come coming",
    "go": "goes went gone going",
    "break": "breaks broke broken breaking",
    "stop": "stops stopped stopped stopping",
    "plan": "plans planned planned planning",
    "control": "controls controlled controlled controlling",
}


def fold(text: str) -> list[str]:
    """Words as the error rate sees them: lower case, without punctuation."""
    return _WORD.findall(text.lower().replace("’", "'"))


def inflect(verb: str) -> dict[str, str]:
    """The forms of a verb: `_s`, `_ed`, `_en` (past participle) and `_ing`."""
    if verb in _IRREGULAR:
        third, past, participle, gerund = _IRREGULAR[verb].split()
    else:
        is_consonant_y = verb.endswith("y") and verb[-2] not in "aeiou"
        hisses = verb.endswith(("s", "sh", "ch", "x", "z"))
        third = verb[:-1] + "ies" if is_consonant_y else verb + ("es" if hisses else "s")
        past = verb[:-1] + "ied" if is_consonant_y else verb + ("d" if verb[-1] == "e" else "ed")
        participle = past
        gerund = (verb[:-1] if verb.endswith("e") and not verb.endswith("ee") else verb) + "ing"
    return {"": verb, "_s": third, "_ed": past, "_en": participle, "_ing": gerund}


@dataclass(frozen=True)
class Vocabulary:
    """What `vocabulary.toml` says, with the verbs' forms as slots of their own."""

    slots: dict[str, tuple[str, ...]]
    patterns: dict[str, tuple[str, ...]]
    weights: dict[str, int]


def _split(block: str) -> tuple[str, ...]:
    return tuple(entry.strip() for entry in re.split(r" / |/\n|\n", block) if entry.strip(" /"))


@cache
def load_vocabulary() -> Vocabulary:
    data = tomllib.loads(VOCABULARY_PATH.read_text(encoding="utf-8"))
    slots = {name: _split(block) for name, block in data["slots"].items()}
    for name, block in data["verbs"].items():
        forms = [inflect(verb) for verb in _split(block)]
        for suffix in forms[0]:
            slots[name + suffix] = tuple(form[suffix] for form in forms)
    patterns = {kind: _split(block) for kind, block in data["patterns"].items()}
    return Vocabulary(slots, patterns, data["weights"])


@cache
def list_words() -> tuple[str, ...]:
    """Every distinct word the grammar can say, as written, sorted."""
    vocabulary = load_vocabulary()
    entries = [entry for block in vocabulary.slots.values() for entry in block]
    entries += [entry for block in vocabulary.patterns.values() for entry in block]
    words = set()
    for entry in entries:
        words.update(re.findall(r"[A-Za-z]+(?:'[a-z]+)?", _SLOT.sub(" ", entry)))
    return tuple(sorted(words))


@cache
def read_demo_sentences() -> tuple[str, ...]:
    """The sentences of the demo episodes, without their speakers."""
    data = tomllib.loads(DEMO_PATH.read_text(encoding="utf-8"))
    lines = [line for episode in data["episodes"] for line in episode["text"].splitlines()]
    return tuple(line.split(": ", 1)[1] for line in lines if line.strip())


@cache
def _demo_runs() -> tuple[frozenset[tuple[str, ...]], frozenset[tuple[str, ...]]]:
    sentences = [tuple(fold(sentence)) for sentence in read_demo_sentences()]
    runs = {
        words[i : i + DEMO_RUN_WORDS]
        for words in sentences
        for i in range(len(words) - DEMO_RUN_WORDS + 1)
    }
    return frozenset(sentences), frozenset(runs)


def is_from_demo(text: str) -> bool:
    """Whether `text` is a demo sentence or shares seven words in a row with one."""
    sentences, runs = _demo_runs()
    words = tuple(fold(text))
    if words in sentences:
        return True
    return any(
        words[i : i + DEMO_RUN_WORDS] in runs for i in range(len(words) - DEMO_RUN_WORDS + 1)
    )


def is_held_out(left: str, right: str) -> bool:
    """Whether a pair (first and last name, title and organization) is kept for evaluation."""
    digest = hashlib.sha256(f"{left}|{right}".encode()).digest()
    return digest[0] % HELD_OUT_ONE_IN == 0


class Grammar:
    """A seeded source of sentences.

    Args:
        seed: the same seed gives the same sentences.
        held_out: speak only held-out pairs (evaluation) instead of only the others (training).
    """

    def __init__(self, seed: int, *, held_out: bool = False) -> None:
        self._random = random.Random(seed)
        self._held_out = held_out
        self._vocabulary = load_vocabulary()
        self._kinds = list(self._vocabulary.patterns)
        self._weights = [self._vocabulary.weights[kind] for kind in self._kinds]
        self._words = list_words()

    def sentence(self, kind: str | None = None) -> str:
        """A sentence of a kind of pattern (any, by weight, when not given)."""
        while True:
            chosen = kind or self._random.choices(self._kinds, self._weights)[0]
            text = self._expand(self._random.choice(self._vocabulary.patterns[chosen]))
            text = text[0].upper() + text[1:]
            if len(text.split()) <= MAX_WORDS and not is_from_demo(text):
                return text

    def scramble(self) -> str:
        """Words of the vocabulary in no order, so that the model listens as well as guesses."""
        count = self._random.randint(3, 12)
        words = [self._random.choice(self._words) for _ in range(count)]
        text = " ".join(words)
        return text[0].upper() + text[1:] + self._random.choice("...?")

    def names(self, count: int) -> str:
        """A list of names as an editor's glossary has it."""
        slots = ("name", "organization", "agency", "place", "event", "community", "show")
        kinds = self._random.choices(slots, (5, 2, 2, 2, 1, 1, 1), k=count)
        found = [re.sub(r"^the ", "", self._expand(f"{{{kind}}}")) for kind in kinds]
        return ", ".join(found)

    def episode(self, turns: int) -> list[tuple[str, str]]:
        """A whole conversation: (speaker, sentence), the speakers being HOST, FIRST and SECOND."""
        lines = [("HOST", self.sentence("opening")) for _ in range(self._random.randint(2, 4))]
        lines += [("HOST", self.sentence("guest"))]
        for turn in range(turns):
            guest = "FIRST" if turn < turns / 2 else "SECOND"
            if turn and self._random.random() < 0.4:
                lines.append(("HOST", self.sentence(self._random.choice(["turn", "guest"]))))
            if self._random.random() < 0.4:
                lines.append(("HOST", self.sentence(self._random.choice(["agency", "event"]))))
            lines.append(("HOST", self.sentence("question")))
            for _ in range(self._random.randint(1, 5)):
                lines.append((guest, self.sentence("answer")))
            if self._random.random() < 0.2:
                lines.append(("HOST", self.sentence("short")))
        lines += [("HOST", self.sentence("closing")) for _ in range(self._random.randint(2, 4))]
        return lines

    def _expand(self, pattern: str) -> str:
        if "{title} at {organization}" in pattern:
            pair = self._pair("{title}", "{organization}", " at ")
            pattern = pattern.replace("{title} at {organization}", pair, 1)
        return _SLOT.sub(self._fill, pattern)

    def _fill(self, slot: re.Match[str]) -> str:
        name = slot.group(1)
        if name == "name":
            return self._pair("{first}", "{last}", " ")
        return self._expand(self._random.choice(self._vocabulary.slots[name]))

    def _pair(self, left_slot: str, right_slot: str, joint: str) -> str:
        while True:
            left, right = self._expand(left_slot), self._expand(right_slot)
            if is_held_out(left, right) == self._held_out:
                return left + joint + right
