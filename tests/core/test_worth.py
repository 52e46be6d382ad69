"""What was learned of sentences and titles: whole claims over fragments and cut phrases."""

from dataclasses import replace

import pytest

from shownotes.adapters.languages import load_wording
from shownotes.core import salience, worth
from shownotes.core.chapters import divide
from shownotes.core.draftsman import sponsored
from shownotes.core.sentences import split
from shownotes.core.titles import Naming
from shownotes.model import Sentence
from tests.spoken import demo_episodes, spoken

ENGLISH = load_wording("en")


def sentences_of(*texts: str) -> list[Sentence]:
    return [
        Sentence(index=i, text=text, start=i * 4.0, end=i * 4.0 + 3, segment=i)
        for i, text in enumerate(texts)
    ]


def judged(what: str, *texts: str) -> list[float]:
    sentences = sentences_of("The grid is old and the pipes are older.", *texts)
    vocabulary = salience.learn(sentences, ENGLISH)
    return [found[what] for found in worth.judge_all(sentences, vocabulary)[1:]]


@pytest.mark.parametrize(
    ("whole", "broken"),
    [
        ("Most late invoices are late because nobody read them.", "And that was it, really."),
        ("Every modern piano is tuned a little bit wrong.", "She'd put it over there."),
        ("A stronger grid costs less than ten years of imported gas.", "Three of the nineteen."),
    ],
)
def test_a_whole_claim_is_worth_more_than_a_fragment(whole: str, broken: str) -> None:
    first, second = judged("claim", whole, broken)
    assert first > 2 * second


def test_what_runs_the_show_is_known() -> None:
    sponsor, claim = judged(
        "service",
        "This episode is brought to you by Kettle and Spoke, use the code TEN at checkout.",
        "Most of the heat in an old house leaves through the roof.",
    )
    assert sponsor > 0.5 > claim


def test_a_sponsor_read_is_known_with_what_stands_beside_it() -> None:
    sentences = sentences_of(
        "Half of the heat in an old house leaves through the roof.",
        "Lantern Tea keeps us on the air, and this episode is sponsored by Lantern Tea.",
        "Visit lanterntea dot example and use the code HEAT for ten percent off your order.",
        "The commission sets the price of power for nine million homes.",
    )
    judged = worth.judge_all(sentences, salience.learn(sentences, ENGLISH))
    assert sponsored(sentences, judged, ENGLISH) == {1, 2}
    assert sponsored(sentences, (), ENGLISH) >= {1, 2}


def test_a_language_without_judgements_is_judged_by_the_rules_alone() -> None:
    sentences = sentences_of("Alles ist gut.", "Das war es.")
    vocabulary = salience.learn(sentences, load_wording("de"))
    assert worth.judge_all(sentences, vocabulary) == ({}, {})


def test_every_weight_is_of_a_feature_that_sentences_can_have() -> None:
    assert set(ENGLISH.worth) == {"claim", "quote", "service", "scene", "hook", "title"}
    text = demo_episodes()["the-river-has-a-budget"]["text"]
    sentences = split(spoken(text))
    vocabulary = salience.learn(sentences, ENGLISH)
    seen = {n for p in worth.places(sentences) for n in worth.describe(p, vocabulary)}
    known = set(ENGLISH.worth["claim"])
    # Most of what an episode shows was seen in training; a renamed feature would be a stranger.
    assert len(seen & known) > 0.6 * len(seen)


def test_titles_are_whole_phrases() -> None:
    cut, whole = "A cabbage with a brown", "The library van"
    sentence = sentences_of("The library van stood by a cabbage with a brown leaf.")[0]
    vocabulary = salience.learn([sentence], ENGLISH)

    def likely(title: str) -> float:
        found = worth.describe_title(title, sentence, place=0, coverage=0.5, vocabulary=vocabulary)
        return worth.judge("title", found, ENGLISH)

    assert likely(whole) > 1.2 * likely(cut)


def test_chapters_are_titled_without_what_was_learned() -> None:
    text = demo_episodes()["the-river-has-a-budget"]["text"]
    sentences = split(spoken(text))
    plain = replace(ENGLISH, worth={}, fields={})
    chapters = divide(
        sentences,
        duration=sentences[-1].end,
        min_length_s=30,
        target_length_s=180,
        naming=Naming(wording=plain),
    )
    assert len(chapters) >= 3
    assert all(chapter.title for chapter in chapters)
