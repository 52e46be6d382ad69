"""Studies, reports, books, laws and web addresses that are spoken of, in the episode's own words.

Nothing is looked up: an address is given only where it was said, and the editor is told which
things still have none.
"""

import re
from collections.abc import Iterator, Sequence

from shownotes.core import salience
from shownotes.core.wording import Wording
from shownotes.model import Resource, ResourceKind, Sentence

# Between "report" and its title lie at most so many words ("the report, which is called …").
WORDS_BETWEEN = 6
_NAME = r"[A-Z][\w'’&-]*"
_JOINTS = r"(?:(?:of|the|a|an|and|for|in|on|to|with|from) )*"
# A title: large words, small joints between them; ends in a large word or a figure.
_TITLE = rf"{_NAME}(?:,? {_JOINTS}(?:{_NAME}|\d+))*"
_BY = re.compile(rf" (?:by|from|out of) (?:the )?({_NAME}(?: (?:of |and |the )*{_NAME})*)")
_QUOTED = re.compile(r"[“\"]([^”\"]{3,80}?)[,.]?[”\"]")
# "The archive of a house called Pell": what is called so is the house.
_OF_ANOTHER = re.compile(r"^ (?:of|from|at|by|for) (?:a|an|the|some|this|that) ", re.IGNORECASE)
# What may stand between a thing and its title besides "called".
_NEXT_TO = re.compile(r"^[ ,:]*$|^,? (?:by|from|out of|of|is|was) [^,;:]*[,:]? *$", re.IGNORECASE)
_ENDINGS = "com|org|net|edu|gov|io|fm|eu|info|uk"
_SITE = re.compile(rf"\b(?:[a-z0-9-]+\.)+(?:{_ENDINGS})\b(?:/[\w-]+)*", re.IGNORECASE)
# Said word by word, an address has no sure beginning: it is listed, and never made into a link.
_SPELLED_SITE = re.compile(
    rf"(?:to|at|on|visit|is|website,) ((?:[a-z0-9-]+ ){{1,4}}dot (?:co dot )?(?:{_ENDINGS})"
    r"(?: slash [a-z0-9-]+)*)\b",
    re.IGNORECASE,
)


def find_resources(
    sentences: Sequence[Sentence],
    wording: Wording,
    *,
    people: Sequence[str] = (),
    bodies: Sequence[str] = (),
) -> tuple[Resource, ...]:
    """Everything that listeners may want to look up, each once, in order of mention.

    None of `people` is taken for a title (`the book Ann Lee wrote`), and none of `bodies` for a
    paper or a survey because it is called one (`Ridgeway Paper`).
    """
    known = {body.lower() for body in bodies}
    found: list[Resource] = []
    for sentence in sentences:
        for resource in (*_sites(sentence), *_works(sentence, wording)):
            if any(resource.name in person for person in people):
                continue
            if resource.name.lower() in known:
                continue
            same = [o for o in found if salience.likeness(o.name, resource.name) >= 0.99]
            if not same:
                found.append(resource)
            elif len(resource.name) > len(same[0].name):
                found[found.index(same[0])] = resource
    return tuple(found)


def _sites(sentence: Sentence) -> Iterator[Resource]:
    for match in _SITE.finditer(sentence.text):
        yield Resource(
            name=match.group(0),
            kind=ResourceKind.WEBSITE,
            evidence=sentence.evidence,
            url=f"https://{match.group(0).lower()}",
        )
    for match in _SPELLED_SITE.finditer(sentence.text):
        yield Resource(name=match.group(1), kind=ResourceKind.WEBSITE, evidence=sentence.evidence)


def _works(sentence: Sentence, wording: Wording) -> Iterator[Resource]:
    if salience.is_housekeeping(sentence.text, wording):
        return
    for kind, nouns in wording.resources.items():
        for match in nouns.finditer(sentence.text):
            name = _name_at(sentence.text, match, wording, is_law=kind == ResourceKind.LAW)
            if name:
                yield Resource(name=name, kind=ResourceKind(kind), evidence=sentence.evidence)


def _name_at(text: str, noun: re.Match[str], wording: Wording, *, is_law: bool) -> str | None:
    """What the thing called by a noun is named: its title, its proper name, or whose it is."""
    if noun.group(0)[:1].isupper() and (named := _proper_name(text, noun, wording)):
        return named
    if is_law:
        return None
    after = text[noun.end() :]
    return _title_after(after, wording) or _whose(text, noun, wording)


def _proper_name(text: str, noun: re.Match[str], wording: Wording) -> str | None:
    """`the Clean Air Act`, `the Housing Report`: large words up to the noun."""
    before = re.search(rf"((?:{_NAME}(?: (?:of|and|for|on) (?=[A-Z]))? ?)+)$", text[: noun.start()])
    words = before.group(1).split() if before else []
    while words and (wording.has("stop_words", words[0]) or wording.has("articles", words[0])):
        words = words[1:]
    tail = re.match(rf" (?:of|for|on) (?:the )?{_NAME}(?: {_NAME})*", text[noun.end() :])
    name = " ".join([*words, noun.group(0)]) + (tail.group(0) if tail else "")
    return name if len(name.split()) > 1 else None


def _title_after(after: str, wording: Wording) -> str | None:
    """`called The Cold Rooms`, `“The Cold Rooms”`, `, The Cold Rooms,`."""
    near = " ".join(after.split(" ")[: WORDS_BETWEEN + 10])
    quoted = _QUOTED.search(near)
    if quoted and len(near[: quoted.start()].split()) <= WORDS_BETWEEN:
        is_its = _is_beside(near[: quoted.start()], wording)
        return quoted.group(1) if is_its and _is_titled(quoted.group(1)) else None
    called = wording.cues["titled"].within(near) if "titled" in wording.cues else None
    between = near[: called.start()] if called else ""
    if called and _OF_ANOTHER.search(between):
        return None
    if called and len(between.split()) <= WORDS_BETWEEN:
        title = re.match(rf",? ({_TITLE})", near[called.end() :])
        return _worthy(title.group(1), wording) if title else None
    beside = re.match(rf",? ({_TITLE})(?=[,.;!?]| [a-z]|$)", near)
    return _worthy(beside.group(1), wording) if beside else None


def _is_beside(between: str, wording: Wording) -> bool:
    """Whether what follows is the thing's title: not `her book, it's on the last page, "…"`."""
    is_called = "titled" in wording.cues and wording.cues["titled"].within(between)
    return bool(is_called or _NEXT_TO.match(between))


def _is_titled(text: str) -> bool:
    """Whether words in quotation marks are a title, by their first letter, and not just words."""
    return text[:1].isupper() or text[:1].isdigit()


def _worthy(title: str, wording: Wording) -> str | None:
    """A title of more than one word, or one that is no ordinary word."""
    words = title.split()
    if len(words) == 1 and (wording.has("stop_words", words[0]) or len(words[0]) < 4):
        return None
    return title if not all(wording.has("months", word) for word in words) else None


def _whose(text: str, noun: re.Match[str], wording: Wording) -> str | None:
    """`a study by the Harbor Energy Institute` -> `study by the Harbor Energy Institute`."""
    by = _BY.match(text[noun.end() :])
    if by is None or wording.has("months", by.group(1)) or wording.has("stop_words", by.group(1)):
        return None
    return noun.group(0) + by.group(0)
