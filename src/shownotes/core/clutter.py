"""Spoken clutter taken out of a sentence, by rules that never change a name, number or negation.

Every tidied sentence is compared with what was said; where a name, a number or a negation would
be lost or added, the sentence stays as it was said.
"""

import re
from collections import Counter

from shownotes.core.wording import Wording, bare

_SPACE = re.compile(r"\s+")
_END = re.compile(r"[.!?…。!?][\"'”’»)\]]*$")
_OPEN_END = re.compile(r"[\s,;:–—-]+$")


def tidy(text: str, *, wording: Wording, stands_alone: bool = False) -> str:
    """The sentence without fillers and stutters, with a capital and an end mark.

    One that `stands_alone`, with nothing before it, also loses a leading "And", "But" or "So".
    """
    said = _SPACE.sub(" ", text).strip()
    if not wording.is_known:
        return finish(said)
    tidied = _without_leading(_without_inner(said, wording), wording)
    if stands_alone:
        tidied = _without_connective(tidied, wording)
    tidied = _without_stutters(tidied, wording)
    return finish(tidied if is_faithful(tidied, said, wording=wording) else said)


def is_cluttered(text: str, wording: Wording) -> bool:
    """Whether tidying would change it: word for word, an "um" or a "you know" would be printed."""
    return tidy(text, wording=wording) != finish(_SPACE.sub(" ", text).strip())


def finish(text: str) -> str:
    """A capital first letter and an end mark."""
    text = text.strip()
    if not text:
        return text
    if not _END.search(text):
        text = _OPEN_END.sub("", text) + "."
    return capitalized(text)


def capitalized(text: str) -> str:
    """The text with its first letter large."""
    for index, character in enumerate(text):
        if character.isalnum():
            return text[:index] + character.upper() + text[index + 1 :]
    return text


def is_faithful(tidied: str, said: str, *, wording: Wording) -> bool:
    """Whether every name, number and negation that was said is still there, and no other."""
    before, after = _kept_words(said, wording), _kept_words(tidied, wording)
    return bool(tidied.strip()) and before == after


def _kept_words(text: str, wording: Wording) -> Counter[str]:
    """Negations, numbers and names; the sentence's first word is a name only if always large."""
    kept: Counter[str] = Counter()
    for index, word in enumerate(text.split()):
        key = bare(word)
        if not key:
            continue
        is_name = word.strip("\"'“‘([")[:1].isupper() and not wording.has("stop_words", key)
        if (
            wording.has("negations", key)
            or wording.has("numbers", key)
            or any(character.isdigit() for character in key)
            or (is_name and index > 0)
            or (is_name and key not in _lower_openers(wording))
        ):
            kept[key] += 1
    return kept


def _lower_openers(wording: Wording) -> frozenset[str]:
    """Filler words that stand with a capital only because they begin a sentence."""
    found = {"um", "uh", "er", "erm", "mm", "okay", "ok", "basically", "honestly", "anyway", "yeah"}
    return frozenset(found) | wording.clutter.stutters


def _without_leading(text: str, wording: Wording) -> str:
    pattern = re.compile(rf"^(?:{'|'.join(wording.clutter.leading)})(?!\w)\s*", re.IGNORECASE)
    previous = None
    while previous != text:
        previous = text
        shorter = pattern.sub("", text)
        if len(shorter.split()) >= 2:
            text = shorter
    return text


def _without_connective(text: str, wording: Wording) -> str:
    """`But the machine …` -> `the machine …`; `So that …`, `So much …` stay."""
    for connective in sorted(wording.clutter.connectives, key=len, reverse=True):
        if not text.lower().startswith(connective + " "):
            continue
        rest = text[len(connective) :].lstrip()
        follower = rest.split(" ", 1)[0]
        is_subject = bare(follower) in wording.clutter.subjects or follower[:1].isupper()
        if is_subject and len(rest.split()) >= 3:
            return rest
    return text


def _without_inner(text: str, wording: Wording) -> str:
    """`are, you know, old` -> `are old`; `three things, um, glasses` -> `three things, glasses`."""
    inner = "|".join([*map(re.escape, wording.clutter.inner), *wording.clutter.sounds])

    def drop(match: re.Match[str]) -> str:
        before = bare(match.group(1))
        is_tight = before in wording.clutter.stutters or before in wording.clutter.subjects
        return f"{match.group(1)} " if is_tight else f"{match.group(1)}, "

    text = re.sub(rf"(\S+),\s+(?:{inner}),\s+", drop, text, flags=re.IGNORECASE)
    text = re.sub(rf",\s+(?:{inner})(?=[.!?]$)", "", text, flags=re.IGNORECASE)
    sounds = "|".join(wording.clutter.sounds)
    return re.sub(rf"(?<![\w'])(?:{sounds})(?![\w'])[,…]?\s+(?=\S)", "", text, flags=re.IGNORECASE)


def _without_stutters(text: str, wording: Wording) -> str:
    """`the the roof`, `we, we saw`, `when you, when you work` -> once."""
    text = _without_false_start(text, wording)
    kept: list[str] = []
    for word in text.split():
        if kept and bare(word) in wording.clutter.stutters and bare(kept[-1]) == bare(word):
            if not re.search(r"[.!?]$", kept[-1]):
                kept[-1] = kept[-1].rstrip(",-–—…") if word[-1:].isalnum() else word
            else:
                kept.append(word)
            continue
        kept.append(word)
    return " ".join(kept)


def _without_false_start(text: str, wording: Wording) -> str:
    """`When you, when you work` -> `When you work`: two or three small words said twice."""
    words = text.split()
    for size in (3, 2):
        for at in range(len(words) - 2 * size + 1):
            first, second = words[at : at + size], words[at + size : at + 2 * size]
            is_same = [bare(w) for w in first] == [bare(w) for w in second]
            is_small = all(
                wording.has("stop_words", w)
                and not wording.has("negations", w)
                and not wording.has("numbers", w)
                for w in first
            )
            if is_same and is_small and not re.search(r"[.!?]", " ".join(first)):
                return " ".join([*words[:at], *words[at + size :]])
    return text
