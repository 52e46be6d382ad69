from dataclasses import replace

import pytest

from shownotes.adapters.phrases import load_stock_phrases
from shownotes.core.hallucinations import StockPhrases, flag, unheard
from shownotes.model import Flag, Segment, Span, Word

EVERYWHERE = (Span(start=0.0, end=1000.0),)
PHRASES = load_stock_phrases("en")


def _say(text: str, start: float, *, rate: float = 3.0, probability: float = 0.9) -> Segment:
    words = tuple(
        Word(text=t, start=start + i / rate, end=start + (i + 1) / rate, probability=probability)
        for i, t in enumerate(text.split())
    )
    return Segment(start=start, end=words[-1].end, text=text, words=words, avg_logprob=-0.2)


def _flags(*segments: Segment, speech: tuple[Span, ...] = EVERYWHERE) -> list[tuple[Flag, ...]]:
    return [s.flags for s in flag(segments, speech=speech, phrases=PHRASES)]


def test_ordinary_speech_is_not_flagged() -> None:
    said = [
        _say("So the river has a budget, and every district draws on it.", 0.0),
        _say("No, no, no. That is not how the river works at all.", 6.0),
        _say("Thank you.", 12.0),
        _say("How much water is there? How much water is there in a dry year?", 13.5),
    ]
    assert _flags(*said) == [(), (), (), ()]


def test_text_where_nobody_speaks() -> None:
    speech = (Span(start=0.0, end=5.0),)
    said = [_say("This was said.", 1.0), _say("This was not said by anyone.", 60.0)]
    assert _flags(*said, speech=speech) == [(), (Flag.TEXT_IN_SILENCE,)]


def test_no_silence_is_claimed_when_speech_is_not_known() -> None:
    assert _flags(_say("Words from an imported file.", 60.0), speech=()) == [()]


def test_a_loop_over_segments() -> None:
    said = [_say("and we will see what comes", 2.5 * n) for n in range(6)]
    assert all(Flag.LOOP in flags for flags in _flags(*said))


def test_a_refrain_over_minutes_is_no_loop() -> None:
    said = [_say("and we will see what comes", 60.0 * n) for n in range(6)]
    assert all(Flag.LOOP not in flags for flags in _flags(*said))


def test_the_neighbours_of_a_loop_are_not_blamed() -> None:
    """The engine gives all segments of a half-minute the compression ratio of the whole."""
    said = [
        replace(_say("heat " * 8 + "heat", 0.0), compression_ratio=3.1),
        replace(_say("Would the banks accept that?", 4.0), compression_ratio=3.1),
    ]
    assert _flags(*said) == [(Flag.LOOP,), ()]


@pytest.mark.parametrize("text", ["no " * 8, "a hundred dollars " * 6])
def test_a_loop_inside_a_segment(text: str) -> None:
    assert Flag.LOOP in _flags(_say(text.strip(), 0.0))[0]


@pytest.mark.parametrize(
    "text",
    ["Thanks for watching!", "Subtitles by Ann Lee", "Please subscribe to my channel."],
)
def test_stock_phrases(text: str) -> None:
    said = _say("And that is the whole story of the river.", 0.0)
    assert _flags(said, _say(text, 5.0)) == [(), (Flag.STOCK_PHRASE,)]


def test_a_stock_phrase_inside_a_sentence_is_speech() -> None:
    assert _flags(_say("He said thanks for watching the river with me.", 0.0)) == [()]


def test_a_thank_you_in_the_middle_of_nothing() -> None:
    said = [_say("And so it ends.", 0.0), _say("Thank you.", 30.0), _say("Next week then.", 60.0)]
    assert _flags(*said) == [(), (Flag.STOCK_PHRASE,), ()]


def test_faster_than_anybody_speaks() -> None:
    text = "one two three four five six seven eight"
    assert _flags(_say(text, 0.0, rate=10.0), _say(text, 10.0, rate=4.0)) == [
        (Flag.TOO_FAST,),
        (),
    ]


def test_a_guess_is_flagged() -> None:
    guess = _say("Perhaps something like this.", 0.0, probability=0.2)
    assert _flags(guess) == [(Flag.LOW_CONFIDENCE,)]
    bad = Segment(start=0, end=2, text="Whatever it was.", avg_logprob=-1.4)
    assert _flags(bad) == [(Flag.LOW_CONFIDENCE,)]


def test_a_passage_that_is_guessed_all_along_is_flagged() -> None:
    texts = ("By are less.", "January teach our meteor.", "Boway bee although.", "Uten modern ten.")
    foreign = [_say(text, 10.0 * i, probability=0.55) for i, text in enumerate(texts)]
    assert _flags(*foreign) == [(Flag.LOW_CONFIDENCE,)] * 4
    # A sentence that was heard well is not blamed for those around it.
    heard = _say("So much for the river.", 14.0, probability=0.95)
    assert _flags(foreign[0], foreign[1], heard, foreign[2])[2] == ()


def test_a_few_doubtful_words_in_what_was_heard_well_are_not() -> None:
    well = [_say("The river has a budget of its own.", 10.0 * i) for i in range(3)]
    doubtful = _say("Kneor measure.", 5.0, probability=0.55)
    assert _flags(well[0], doubtful, *well[1:]) == [(), (), (), ()]


def test_text_is_never_changed_and_flags_are_kept() -> None:
    said = Segment(start=0, end=2, text="no " * 9, flags=(Flag.ESTIMATED_TIMES,))
    (flagged,) = flag([said], speech=(), phrases=StockPhrases())
    assert flagged.text == said.text
    assert flagged.flags == (Flag.ESTIMATED_TIMES, Flag.LOOP)


def test_a_language_without_a_file_has_no_phrases() -> None:
    assert load_stock_phrases("xx") == StockPhrases()
    assert load_stock_phrases("en-GB") == PHRASES


def test_speech_without_text_is_found() -> None:
    speech = (Span(start=0.0, end=20.0), Span(start=22.0, end=60.0), Span(start=90.0, end=92.0))
    said = [_say("The beginning.", 0.0), _say("The end of it.", 55.0)]
    (gap,) = unheard(said, speech)
    assert gap.start < 2.0
    assert gap.end == 55.0


def test_silence_without_text_is_no_gap() -> None:
    speech = (Span(start=0.0, end=2.0), Span(start=100.0, end=103.0))
    said = [_say("The beginning.", 0.0), _say("The end of it.", 100.0)]
    assert unheard(said, speech) == ()
