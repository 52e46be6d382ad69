"""What is kept of a language model's draft: nothing whose names, numbers or quotes nobody said."""

import pytest

from shownotes.adapters.languages import load_wording
from shownotes.core import drafting, salience
from shownotes.core.drafting import Answer, Drafted
from shownotes.model import Sentence, ShowNotes
from tests.core.test_lint import notes

SAID = (
    "Half of the heat goes through the roof.",
    "A pump costs about twelve thousand dollars on Alder Street.",
    "The commission in Brennick sets the price of power.",
    "Tenants pay for a machine that they will never own.",
    "Last winter one family slept in a single room.",
    "A stronger grid costs less than ten years of imported gas.",
)
SENTENCES = [
    Sentence(index=i, text=text, start=i * 5.0, end=i * 5.0 + 4, segment=i)
    for i, text in enumerate(SAID)
]
VOCABULARY = salience.learn(SENTENCES, load_wording("en"))
SOUND = (
    Drafted(text="Half of the heat leaves through the roof.", sources=(0,)),
    Drafted(text="In Brennick a commission sets the price of power.", sources=(2,)),
)


def taken(*summary: Drafted, hook: Drafted | None = None) -> ShowNotes:
    answer = Answer(hook=hook, summary=summary, long_summary=())
    return drafting.take_over(notes(), answer, SENTENCES, VOCABULARY, model="tiny")


def test_sound_sentences_are_taken_with_the_sentence_they_rest_on() -> None:
    made = taken(*SOUND, hook=Drafted(text="Who pays for a machine they never own?", sources=(3,)))
    assert [f.value for f in made.summary] == [one.text for one in SOUND]
    assert all(f.is_drafted and f.evidence for f in made.summary)
    assert made.summary[1].evidence is not None
    assert made.summary[1].evidence.text == SAID[2]
    assert made.hook is not None
    assert [c.code for c in made.checks] == ["drafted"]
    assert "3 sentences" in made.checks[0].message


@pytest.mark.parametrize(
    ("text", "sources", "fault"),
    [
        ("A pump costs about fifteen thousand dollars.", (1,), "“fifteen” is not"),
        ("A pump costs 12,000 dollars on Alder Street.", (1,), "“12,000” is not"),
        ("Half of the heat in Norhaven goes through the roof.", (0,), "“Norhaven” is not"),
        ("Tenants say “we own nothing” of the machine.", (3,), "nobody says “we own nothing”"),
        ("Tenants pay for the machine.", (5,), "say something else"),
        ("A pump is not worth its dollars on the street.", (0,), "denied"),
        ("The sun is bright and the sea is calm.", (0,), "say something else"),
        ("Half of the heat goes through the roof.", (), "say something else"),
        ("Half of the heat goes through the roof.", (99,), "say something else"),
    ],
)
def test_unsound_sentences_are_not_printed_and_say_why(
    text: str, sources: tuple[int, ...], fault: str
) -> None:
    made = taken(*SOUND, Drafted(text=text, sources=sources))
    assert text not in [f.value for f in made.summary]
    (check,) = [c for c in made.checks if c.code == "drafted_unsupported"]
    assert fault in check.message
    assert text in check.message


def test_too_little_that_is_sound_leaves_the_episodes_own_words() -> None:
    made = taken(SOUND[0])
    assert made.summary == notes().summary
    assert made.checks == ()


def test_an_answer_is_read_with_a_fence_and_without_what_it_should_not_hold() -> None:
    text = '```json\n{"hook": {"text": " Why? ", "sources": [1, "2", -1]}, "summary": [3, {}]}\n```'
    answer = drafting.read_answer(text)
    assert answer.hook == Drafted(text="Why?", sources=(1,))
    assert answer.summary == ()
    for bad in ("No.", "{", "} {", '{"hook": '):
        with pytest.raises(ValueError, match=r"JSON|Expecting|delimiter"):
            drafting.read_answer(bad)


def test_a_long_transcript_is_sent_in_part_and_in_order() -> None:
    whole = drafting.ask(notes(), SENTENCES, VOCABULARY, most_characters=10_000)[1]["content"]
    assert [line for line in whole.splitlines() if line.startswith("[")] == [
        f"[{i}] {text}" for i, text in enumerate(SAID)
    ]
    part = drafting.ask(notes(), SENTENCES, VOCABULARY, most_characters=200)[1]["content"]
    numbers = [int(line[1]) for line in part.splitlines() if line.startswith("[")]
    assert 1 <= len(numbers) < len(SAID)
    assert numbers == sorted(numbers)


def test_the_instructions_ask_for_what_is_read() -> None:
    told = drafting.ask(notes(), SENTENCES, VOCABULARY, most_characters=10_000)[0]["content"]
    assert '{"hook": S, "summary": [S, ...], "long_summary": [S, ...]}' in told
    example = '{"text": "one sentence", "sources": [numbers of the sentences it rests on]}'
    assert example in told
