"""Host, guest or merely mentioned: one person in the light of the whole episode.

Where a signal was trained for the language, it weighs everything that `core.study` found; where
none was, the cues alone decide, with the points of the language's data file.
"""

import math
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from shownotes.core.cues import NameCues
from shownotes.core.grouping import Somebody
from shownotes.core.signals import Signal
from shownotes.core.study import Study
from shownotes.core.voices import Voice
from shownotes.model import Mention, PersonRole

# Only the first mentions of a person take part: introductions come early.
_SIGNAL_MENTIONS = 8
_LEAST_PROBABILITY = 0.02
# Nobody is a guest on less: a false guest is worse than one that an editor must add. Chosen on
# openings of which the errors may be looked at, our own and real ones.
LEAST_GUEST = 0.6
# Somebody of whom it is said in so many words that they host or visit, and nothing else, does so
# from this probability on.
SAID_POINTS = 2.5
LEAST_SAID = {PersonRole.HOST: 0.3, PersonRole.GUEST: 0.2}
# Whoever is the first to give their own name, unasked, hosts from this probability on.
LEAST_FIRST = 0.25
# In points: what a cue counts at most as a feature.
_MOST_POINTS = 4.0
# How late somebody is first named, in sentences.
_PLACES = ((2, "opening"), (6, "early"), (15, "soon"), (40, "later"))


def decide_roles(
    study: Study, *, signal: Signal | None, cues: NameCues, speaking: Iterable[Voice] = ()
) -> list[tuple[PersonRole, float]]:
    """Role and confidence of every person of a study, in its order.

    Who speaks, be it under a name or as one of the voices `speaking`, is not merely mentioned.
    """
    heard = {voice.person for voice in speaking}
    if signal is None:
        return [_decide_by_cues(study, number, cues) for number in range(len(study.people))]
    speakers = {s.casefold() for sentence in study.sentences if (s := sentence.speaker)}
    decided = []
    described = zip(study.people, describe_standings(study), strict=True)
    for number, (somebody, features) in enumerate(described):
        scores = signal.score(features)
        names = {name.casefold() for name in [somebody.name, *somebody.variants]}
        if number in heard or speakers & names:
            scores = scores | {PersonRole.MENTIONED: 0.0}
        total = sum(scores.values())
        is_first = next(iter(study.self_named), None) == number and not study.self_named[number]
        if is_first and scores[PersonRole.HOST] >= LEAST_FIRST * total:
            role = PersonRole.HOST
        else:
            role = _choose(scores, total, study.cue_points[number])
        decided.append((role, scores[role] / total))
    return decided


def seat(
    roles: Sequence[tuple[PersonRole, float]], *, most: int, heard: Collection[int]
) -> list[tuple[PersonRole, float]]:
    """Roles when it is known how many people speak: no more of them are hosts or guests.

    Those who are heard by name keep their place, then those who are surest; the others are only
    talked about.
    """
    speaking = [n for n, (role, _) in enumerate(roles) if role is not PersonRole.MENTIONED]
    ranked = sorted(speaking, key=lambda n: (n not in heard, -roles[n][1]))
    left = set(ranked[most:])
    return [
        (PersonRole.MENTIONED, confidence) if number in left else (role, confidence)
        for number, (role, confidence) in enumerate(roles)
    ]


def _choose(scores: Mapping[str, float], total: float, points: Mapping[str, float]) -> PersonRole:
    """The likeliest role; what is said in so many words counts from less on."""
    for role, others in (
        (PersonRole.HOST, (PersonRole.GUEST, PersonRole.MENTIONED)),
        (PersonRole.GUEST, (PersonRole.HOST, PersonRole.MENTIONED)),
    ):
        is_said = points[role] >= SAID_POINTS and not any(points[other] for other in others)
        if is_said and scores[role] >= LEAST_SAID[role] * total:
            return role
    likeliest = PersonRole(max(scores, key=scores.__getitem__))
    if likeliest is PersonRole.GUEST and scores[likeliest] < LEAST_GUEST * total:
        rest = {name: score for name, score in scores.items() if name != likeliest}
        return PersonRole(max(rest, key=rest.__getitem__))
    return likeliest


def describe_standings(study: Study) -> Iterator[dict[str, float]]:
    """The features of every person, for the signal that decides about roles."""
    learned = [_read_mentions(somebody.mentions) for somebody in study.people]
    tops = {
        role: max((row[f"mean {role}"] for row in learned if row), default=0.0)
        for role in PersonRole
    }
    first_namer = next(iter(study.self_named), None)
    crowd = min(6, len(study.people))
    guests_cued = sum(points[PersonRole.GUEST] > 0 for points in study.cue_points)
    for number, (somebody, row) in enumerate(zip(study.people, learned, strict=True)):
        features = dict(row)
        points = study.cue_points[number]
        for role in PersonRole:
            if row:
                features[f"top {role}"] = float(row[f"mean {role}"] >= tops[role])
                features[f"below top {role}"] = max(-4.0, row[f"mean {role}"] - tops[role]) / 2
            features[f"cue {role}"] = min(_MOST_POINTS, points[role]) / 2
            features[f"cued {role}"] = float(points[role] > 0)
        if number in study.self_named:
            features["asked for a name" if study.self_named[number] else "gives a name"] = 1.0
            features["first to give a name"] = float(number == first_namer)
        claims = study.claims.get(number, ())
        features["has a title"] = float(any(claim.title for claim in claims))
        features["has an organization"] = float(any(claim.organization for claim in claims))
        features[f"words {min(3, len(somebody.words))}"] = 1.0
        features["mentions"] = math.log1p(len(somebody.mentions)) / 2
        features[f"first named {_place(somebody)}"] = 1.0
        features[f"crowd {crowd}"] = 1.0
        others = guests_cued - (points[PersonRole.GUEST] > 0)
        features["other guests"] = min(2.0, others) / 2
        features["addressed"] = min(3, _count_addressed(study, somebody)) / 2
        features["bias"] = 1.0
        yield features


def _place(somebody: Somebody) -> str:
    first = somebody.mentions[0].sentence if somebody.mentions else 0
    return next((name for limit, name in _PLACES if first < limit), "late")


def _read_mentions(mentions: Sequence[Mention]) -> dict[str, float]:
    """Logarithms of what the mentions' own signal says: first, best and mean."""
    scored = [m.role_scores for m in mentions if m.role_scores][:_SIGNAL_MENTIONS]
    if not scored:
        return {}
    row: dict[str, float] = {}
    for role in PersonRole:
        logs = [math.log(max(_LEAST_PROBABILITY, scores.get(role, 0.0))) for scores in scored]
        row[f"first {role}"] = logs[0]
        row[f"best {role}"] = max(logs)
        row[f"mean {role}"] = sum(logs) / len(logs)
        row[f"sum {role}"] = sum(logs) / math.sqrt(len(logs))
    return row


def _count_addressed(study: Study, somebody: Somebody) -> int:
    """How often the name stands alone between marks, as when somebody is spoken to."""
    count = 0
    for mention in somebody.mentions[:_SIGNAL_MENTIONS]:
        text = study.sentences[mention.sentence].text
        before, after = text[: mention.start_char].rstrip(), text[mention.end_char :]
        count += (not before or before[-1] in ",.?!") and after[:1] in {",", ".", "?", "!"}
    return count


def _decide_by_cues(study: Study, number: int, cues: NameCues) -> tuple[PersonRole, float]:
    """The role with the most points, if it has enough of them, and how sure that is."""
    decision = cues.data["decision"]
    scores: dict[str, float] = dict(study.cue_points[number])
    _add_self_naming(scores, study, number, decision)
    learned = _read_mentions(study.people[number].mentions)
    if learned:
        mean = sum(learned[f"sum {role}"] for role in PersonRole) / len(PersonRole)
        limit = float(decision["signal_limit"])
        for role in PersonRole:
            above = max(-limit, min(limit, learned[f"sum {role}"] - mean))
            scores[role] += float(decision["signal"]) * above
    is_full = len(study.people[number].words) > 1
    scores[PersonRole.MENTIONED] += float(
        decision["mentioned_prior" if is_full else "short_name_prior"]
    )
    role = max((PersonRole.HOST, PersonRole.GUEST, PersonRole.MENTIONED), key=lambda r: scores[r])
    others = max(score for name, score in scores.items() if name != role)
    confidence = 1.0 / (1.0 + math.exp(others - scores[role]))
    if role is not PersonRole.MENTIONED and scores[role] < float(decision[f"{role}_threshold"]):
        return PersonRole.MENTIONED, 1.0 - confidence
    return role, confidence


def _add_self_naming(
    scores: dict[str, float], study: Study, number: int, decision: Mapping[str, float]
) -> None:
    if study.self_named.get(number):
        role, points = PersonRole.GUEST, float(decision["self_named_when_asked"])
    elif next(iter(study.self_named), None) == number:
        role, points = PersonRole.HOST, float(decision["first_self_named"])
    else:
        return
    before = scores[role]
    scores[role] = max(before, points) + 0.25 * min(before, points)
