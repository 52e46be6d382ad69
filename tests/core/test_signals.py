"""Linear signals, and the features they read."""

import json
import math

import pytest

from shownotes.core.ownership import REACH, find_pairs
from shownotes.core.roles import NamedSpan, describe_people, replace_names
from shownotes.core.signals import Signal, pack, switch_on, unpack


def spans_of(marked: str) -> tuple[str, list[NamedSpan]]:
    """Text and spans of `[Ana|PERSON] of [the Trust|ORG]`."""
    text, spans = "", []
    for number, part in enumerate(marked.split("[")):
        if number == 0:
            text += part
            continue
        name, rest = part.split("|", 1)
        label, after = rest.split("]", 1)
        spans.append(NamedSpan(len(text), len(text) + len(name), label))
        text += name + after
    return text, spans


def test_a_signal_gives_probabilities_and_ignores_what_it_never_saw() -> None:
    signal = Signal(("own", "other"), {"near": [math.log(3.0), 0.0]})
    assert signal.score({"near": 1.0, "unknown": 9.0}) == pytest.approx(
        {"own": 0.75, "other": 0.25}
    )
    assert signal.score({}) == pytest.approx({"own": 0.5, "other": 0.5})


def test_many_features_do_not_drown_few() -> None:
    assert switch_on(["a"] * 1) == {"a": 1.0}
    assert switch_on(["a", "b", "c", "d"])["a"] == 0.5


def test_names_are_replaced_by_their_kind() -> None:
    text, spans = spans_of(
        "So [Ana Ruiz|PERSON], [chief hydrologist|ROLE] at the [Reef Trust|ORG]."
    )
    tokens, places = replace_names(text, spans)
    assert tokens == ["so", "<p>", ",", "<r>", "at", "the", "<o>", "."]
    assert places == [1, 3, 6]


def test_the_same_words_around_other_names_have_the_same_features() -> None:
    first = describe_people(*spans_of("My guest is [Ana Ruiz|PERSON] of the [Reef Trust|ORG]."))
    second = describe_people(
        *spans_of("My guest is [Bo Lindqvist|PERSON] of the [Diners' Club|ORG].")
    )
    assert first == second


def test_pairs_are_of_the_nearest_mention_on_each_side() -> None:
    text, spans = spans_of(
        "[Ana|PERSON] is here. [Ana|PERSON] runs the [Reef Trust|ORG], "
        "says [Bo|PERSON] to [Ana|PERSON]."
    )
    people = {0: 7, 1: 7, 3: 9, 4: 7}
    pairs = [(p.person, p.mention) for p in find_pairs(text, spans, people, [2])]
    assert pairs == [(7, 1), (9, 3), (7, 4)]


def test_what_is_far_away_is_nobodys() -> None:
    text, spans = spans_of("[Ana|PERSON] " + "and so on " * REACH + "at the [Reef Trust|ORG].")
    assert list(find_pairs(text, spans, {0: 0}, [1])) == []


def test_people_between_are_counted() -> None:
    text, spans = spans_of("[Ana|PERSON] met [Bo|PERSON] of the [Reef Trust|ORG].")
    features = {p.person: p.features for p in find_pairs(text, spans, {0: 0, 1: 1}, [2])}
    assert "PC people 1" in features[0]
    assert "PC people 0" in features[1]
    assert "PC whole of the" in features[1]


def test_a_packed_signal_scores_like_the_table_it_was_made_of() -> None:
    table = {"bias": [0.5, -0.25], "a b": [1.125, 0.0], "never": [9.0, 9.0]}
    features = {"bias": 1.0, "a b": 0.5, "unknown": 1.0}
    packed = json.loads(json.dumps(pack(table)))
    assert unpack(("yes", "no"), packed).score(features) == pytest.approx(
        Signal(("yes", "no"), table).score(features)
    )


def test_features_that_were_never_seen_leave_all_classes_alike() -> None:
    signal = unpack(("yes", "no"), pack({"bias": [1.0, 0.0]}))
    assert signal.score({"other": 1.0}) == {"yes": 0.5, "no": 0.5}
