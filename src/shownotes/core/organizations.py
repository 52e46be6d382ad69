"""Organizations and events: how they are called, of what kind they are, what they do."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from shownotes.core.catalogue import Catalogue
from shownotes.core.cues import MaskedSentence, NameCues, Place, place, words_of
from shownotes.model import (
    CatalogueEntry,
    Event,
    Fact,
    Mention,
    Organization,
    OrganizationKind,
)

# Words of a description, so that neither a stump nor half a speech is taken over.
_DESCRIPTION_WORDS = range(3, 40)


@dataclass
class _Body:
    """One organization while its mentions are collected."""

    names: list[str] = field(default_factory=list)
    mentions: list[Mention] = field(default_factory=list)
    acronym: str | None = None
    description: Fact | None = None
    is_sponsor: bool = False
    is_listening_place: bool = False
    entry: CatalogueEntry | None = None


def find_organizations(
    masked: Sequence[MaskedSentence],
    *,
    cues: NameCues,
    show: str | None,
    catalogue: Catalogue | None = None,
) -> tuple[Organization, ...]:
    """Every organization named, in order of first mention."""
    known = catalogue or Catalogue()
    bodies = _group(masked, cues, show, known)
    behind = {place(m): body for body in bodies for m in body.mentions}
    naming = _with_bodies(masked)
    _link_acronyms(naming, bodies, behind, cues)
    _look_up(bodies, behind, known)
    _mark(naming, behind, cues)
    _describe(masked, behind, cues)
    kept = [b for b in bodies if b.mentions and not b.is_listening_place]
    return tuple(_to_organization(body, masked, cues) for body in kept)


def _with_bodies(masked: Sequence[MaskedSentence]) -> list[MaskedSentence]:
    """The sentences that name a body: one in five, and patterns are dear."""
    return [sentence for sentence in masked if _names_a_body(sentence)]


def _names_a_body(sentence: MaskedSentence) -> bool:
    return any(mention.label == "ORG" for mention in sentence.names.values())


def find_events(masked: Sequence[MaskedSentence], *, cues: NameCues) -> tuple[Event, ...]:
    """Every event named, once, with the sentence of its first mention."""
    happenings = _explained_as_events(_with_bodies(masked), cues)
    events: dict[str, Event] = {}
    for sentence in masked:
        for _, mention in sorted(sentence.names.items()):
            name = _clean(mention.text)
            is_event = mention.label == "EVENT" or (
                mention.label == "ORG"
                and (
                    _key(name) in happenings
                    or (_has_head(name, cues, "event_heads") and not _is_known(_key(name), cues))
                )
            )
            if is_event:
                events.setdefault(_key(name), Event(name=name, evidence=sentence.evidence))
    return tuple(events.values())


def kind_of(name: str, description: str | None, cues: NameCues) -> OrganizationKind:
    """The kind of a body by the catalogue, the words of its name or those that explain it."""
    lowered = name.lower()
    for kind, names in cues.data["catalogue"].items():
        if lowered in names:
            return OrganizationKind(kind)
    for kind in cues.data["kind"]:
        if any(re.fullmatch(pattern, lowered) for pattern in kind["names"]):
            return OrganizationKind(kind["kind"])
    for kind in cues.data["kind"] if description else []:
        if any(re.search(pattern, (description or "").lower()) for pattern in kind["explained"]):
            return OrganizationKind(kind["kind"])
    return OrganizationKind.OTHER


def _clean(text: str) -> str:
    """A name without article and possessive."""
    name = re.sub(r"^(?:the|a|an)\s+", "", text.strip(" ,.;:!?"), flags=re.IGNORECASE)
    return re.sub(r"['’]s$", "", name)


def _words(cues: NameCues, name: str) -> frozenset[str]:
    return frozenset(cues.data["organizations"][name])


def _key(name: str) -> str:
    """What two mentions of one body have in common."""
    return " ".join(words_of(name)).removesuffix("'s")


def _has_head(name: str, cues: NameCues, heads: str) -> bool:
    return bool(_words(cues, heads) & set(words_of(name)[-1:]))


def _explained_as_events(masked: Sequence[MaskedSentence], cues: NameCues) -> frozenset[str]:
    """Names of organizations that the episode explains as something that happens."""
    return frozenset(
        _key(_clean(mention.text))
        for sentence in masked
        for pattern in cues.organization_patterns("event_explanations")
        for match in pattern.finditer(sentence.text)
        for mention in sentence.named(match, "o")
    )


def _is_body(
    mention: Mention, happenings: frozenset[str], cues: NameCues, known: Catalogue
) -> bool:
    """Whether an ORG mention may really be one: no event, law or common acronym."""
    name = _clean(mention.text)
    key = _key(name)
    if mention.label != "ORG" or not key:
        return False
    if known.candidates(name):
        return True
    if key in _words(cues, "not_organizations"):
        return False
    if _is_known(key, cues):
        return True
    is_other_thing = _has_head(name, cues, "event_heads") or _has_head(name, cues, "law_heads")
    return not is_other_thing and key not in happenings


def _is_known(name: str, cues: NameCues) -> bool:
    return any(name in names for names in cues.data["catalogue"].values())


def _group(
    masked: Sequence[MaskedSentence], cues: NameCues, show: str | None, known: Catalogue
) -> list[_Body]:
    bodies: dict[str, _Body] = {}
    happenings = _explained_as_events(_with_bodies(masked), cues)
    for sentence in masked:
        for _, mention in sorted(sentence.names.items()):
            name = _clean(mention.text)
            is_show = show is not None and _key(name) == _key(_clean(show))
            if is_show or not _is_body(mention, happenings, cues, known):
                continue
            body = bodies.setdefault(_key(name), _Body())
            body.names.append(name)
            body.mentions.append(mention)
    return _join_heads(_join_short_forms(list(bodies.values())), cues)


def _join_heads(bodies: list[_Body], cues: NameCues) -> list[_Body]:
    """Joins "the Authority" to the one Authority that is named in full, and the Fees Authority."""
    named = [(words_of(body.names[0]), body) for body in bodies]
    for words, body in named:
        if not _has_head(body.names[0], cues, "body_heads"):
            continue
        longer = [
            other
            for long_words, other in named
            if len(long_words) > len(words)
            and long_words[-len(words) :] == words
            and other.mentions
        ]
        if len(longer) == 1:
            _absorb(longer[0], body)
    return [body for body in bodies if body.mentions]


def _join_short_forms(bodies: list[_Body]) -> list[_Body]:
    """Joins "Harbor" to "Harbor Robotics" before it, if only one body begins like that."""
    named = [(words_of(body.names[0]), body) for body in bodies]
    for words, body in named:
        longer = [
            other
            for long_words, other in named
            if len(long_words) > len(words)
            and long_words[: len(words)] == words
            and other.mentions
            and other.mentions[0].start <= body.mentions[0].start
        ]
        if len(longer) == 1:
            _absorb(longer[0], body)
    return [body for body in bodies if body.mentions]


def _absorb(body: _Body, other: _Body) -> None:
    body.names += other.names
    body.mentions = sorted(body.mentions + other.mentions, key=place)
    other.mentions = []


def _link_acronyms(
    masked: Sequence[MaskedSentence],
    bodies: Sequence[_Body],
    behind: dict[Place, _Body],
    cues: NameCues,
) -> None:
    for sentence in masked:
        for pattern in cues.organization_patterns("acronym"):
            for match in pattern.finditer(sentence.text):
                pair = [
                    behind.get(place(next(sentence.named(match, kind)))) for kind in ("o", "o2")
                ]
                if pair[0] and pair[1] and _is_short_for(pair[1].names[0], pair[0].names[0]):
                    _join_acronym(pair[0], pair[1], behind)
    for short in bodies:
        if short.mentions and short.names[0].isupper():
            for body in bodies:
                if body.mentions and _initials(body.names[0]) == short.names[0].replace(".", ""):
                    _join_acronym(body, short, behind)
                    break


def _look_up(bodies: Sequence[_Body], behind: dict[Place, _Body], known: Catalogue) -> None:
    """Find bodies in the catalogue; two that are one there are one here."""
    heard = known.count_jurisdictions(body.names[0] for body in bodies if body.mentions)
    first: dict[str, _Body] = {}
    for body in bodies:
        if not body.mentions:
            continue
        names = sorted(set(body.names), key=len, reverse=True)
        found = (known.choose(name, heard) for name in names)
        body.entry = next((entry for entry in found if entry), None)
        if body.entry is None:
            continue
        other = first.setdefault(body.entry.name, body)
        if other is not body:
            for mention in body.mentions:
                behind[place(mention)] = other
            acronym = next((n for n in [*other.names, *body.names] if n.isupper()), None)
            other.acronym = other.acronym or acronym
            _absorb(other, body)


def _is_short_for(short: str, long: str) -> bool:
    return " " not in short and short != long and (len(short) <= 6 or short.isupper())


def _initials(name: str) -> str:
    words = [w for w in name.replace("-", " ").split() if w[:1].isupper()]
    return "".join(word[0] for word in words) if len(words) > 1 else ""


def _join_acronym(body: _Body, short: _Body, behind: dict[Place, _Body]) -> None:
    if body is short:
        return
    body.acronym = short.names[0]
    for mention in short.mentions:
        behind[place(mention)] = body
    _absorb(body, short)


def _mark(masked: Sequence[MaskedSentence], behind: Mapping[Place, _Body], cues: NameCues) -> None:
    """Marks sponsors, and platforms that are named only as places to listen."""
    listened: set[Place] = set()
    for sentence in masked:
        for pattern in cues.organization_patterns("sponsor"):
            for body in _bodies(pattern.finditer(sentence.text), sentence, behind):
                body.is_sponsor = True
        for pattern in cues.organization_patterns("listening_place"):
            for match in pattern.finditer(sentence.text):
                listened |= {place(mention) for mention in sentence.named(match, "o")}
    for body in behind.values():
        body.is_listening_place = all(place(m) in listened for m in body.mentions)


def _bodies(
    matches: Iterator[re.Match[str]], sentence: MaskedSentence, behind: Mapping[Place, _Body]
) -> Iterator[_Body]:
    for match in matches:
        for mention in sentence.named(match, "o"):
            if place(mention) in behind:
                yield behind[place(mention)]


def _describe(
    masked: Sequence[MaskedSentence], behind: Mapping[Place, _Body], cues: NameCues
) -> None:
    """Takes over, word for word, what a body is said to do."""
    latest: _Body | None = None
    for sentence in masked:
        if latest is not None and latest.description is None:
            for pattern in cues.organization_patterns("later_explanations"):
                match = pattern.search(sentence.text)
                if match is not None:
                    _set_description(latest, sentence, match)
                    break
        latest = None
        if not _names_a_body(sentence):
            continue
        for pattern in cues.organization_patterns("explanations"):
            for match in pattern.finditer(sentence.text):
                first = next(sentence.named(match, "o"), None)
                if first is not None and place(first) in behind:
                    _set_description(behind[place(first)], sentence, match)
        named = [at for at in sorted(sentence.names) if place(sentence.names[at]) in behind]
        if named:
            latest = behind[place(sentence.names[named[-1]])]


def _set_description(body: _Body, sentence: MaskedSentence, match: re.Match[str]) -> None:
    text = sentence.original(match, "d")
    # A clause between commas ends at the second one, unless it would be a stump.
    head = text.split(",")[0].strip()
    if sentence.text[match.start("d") - 2 : match.start("d")].startswith(","):
        text = head if len(head.split()) >= _DESCRIPTION_WORDS.start else text
    if body.description is None and len(text.split()) in _DESCRIPTION_WORDS:
        body.description = Fact(value=text, evidence=sentence.evidence)


def _to_organization(body: _Body, masked: Sequence[MaskedSentence], cues: NameCues) -> Organization:
    name = max(body.names, key=lambda n: (len(words_of(n)), not n.islower()))
    evidence = tuple(dict.fromkeys(masked[m.sentence].evidence for m in body.mentions))
    description = body.description
    kind = kind_of(name, description.value if description else None, cues)
    if body.entry is not None:
        kind = body.entry.kind
    if kind is OrganizationKind.OTHER and body.acronym:
        kind = kind_of(body.acronym, None, cues)
    if kind is OrganizationKind.OTHER and body.is_sponsor:
        kind = OrganizationKind.COMPANY
    return Organization(
        name=name,
        kind=kind,
        evidence=description.evidence if description else evidence[0],
        acronym=body.acronym,
        description=description,
        is_sponsor=body.is_sponsor,
        mentions=evidence,
        catalogue=body.entry,
    )
