from shownotes.core.sentences import MAX_WORDS, split
from shownotes.model import Segment, Transcript, Word


def transcript(*segments: tuple[str, str | None], gap: float = 0.1) -> Transcript:
    made, time = [], 0.0
    for text, speaker in segments:
        words = []
        for piece in text.split():
            pause = 2.0 if piece == "|" else 0.0
            time += pause
            if pause:
                continue
            words.append(Word(text=piece, start=time, end=time + 0.3))
            time += 0.3 + gap
        made.append(
            Segment(start=words[0].start, end=time, text=text, words=tuple(words), speaker=speaker)
        )
    return Transcript(language="en", segments=tuple(made), duration=time, model="test")


def texts(*segments: tuple[str, str | None]) -> list[str]:
    return [sentence.text for sentence in split(transcript(*segments))]


def test_sentences_end_at_end_marks_whatever_the_segments() -> None:
    assert texts(("Who pays? The", None), ("landlord. And then", None), ("we left.", None)) == [
        "Who pays?",
        "The landlord.",
        "And then we left.",
    ]


def test_abbreviations_and_initials_do_not_end_a_sentence() -> None:
    assert texts(("Dr. Ann B. Lee met the U.S. team at 5 p.m. Then she left.", None)) == [
        "Dr. Ann B. Lee met the U.S. team at 5 p.m.",
        "Then she left.",
    ]


def test_no_is_a_sentence_and_number_is_none() -> None:
    assert texts(("Is it over? No. It is not.", None)) == ["Is it over?", "No.", "It is not."]
    assert texts(("See rule No. 5 again.", None)) == ["See rule No. 5 again."]


def test_a_change_of_speaker_ends_a_sentence() -> None:
    assert texts(("So you think", "A"), ("Exactly that", "B")) == ["So you think", "Exactly that"]


def test_text_without_marks_is_cut_at_long_pauses_and_at_length() -> None:
    assert texts(("one two three | four five six", None)) == ["one two three", "four five six"]
    long = split(transcript((" ".join(["word"] * (3 * MAX_WORDS)), None)))
    assert max(len(sentence.words) for sentence in long) <= 2 * MAX_WORDS


def test_every_word_is_in_exactly_one_sentence_with_its_time() -> None:
    source = transcript(("Who pays? The landlord. No", None), ("end mark here", None))
    sentences = split(source)
    assert [w for s in sentences for w in s.words] == [w for g in source.segments for w in g.words]
    assert [s.index for s in sentences] == list(range(len(sentences)))
    assert sentences[2].segment == 0
    assert sentences[1].start == sentences[1].words[0].start
    assert sentences[1].pause_before > 0


def test_no_words_no_sentences() -> None:
    assert split(Transcript(language="en", segments=(), duration=3.0, model="test")) == ()
