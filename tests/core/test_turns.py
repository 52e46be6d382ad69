"""Who speaks when, and whose voice is whose: words change hands, names need evidence."""

import pytest

from shownotes.adapters.names import load_cues
from shownotes.core.people import identify
from shownotes.core.sentences import split
from shownotes.core.turns import from_labels, from_words, is_unnamed, voiced, words_of
from shownotes.model import Mention, Names, Segment, Transcript, Turn, Word

CUES = load_cues("en")


def said(*parts: tuple[str | None, str]) -> Transcript:
    """A transcript of texts, half a second a word, one segment each."""
    segments, at = [], 0.0
    for speaker, text in parts:
        words = []
        for word in text.split():
            words.append(Word(text=word, start=at, end=at + 0.4))
            at += 0.5
        segments.append(
            Segment(start=words[0].start, end=at, text=text, words=tuple(words), speaker=speaker)
        )
    return Transcript(language="en", segments=tuple(segments), duration=at, model="imported")


def named(transcript: Transcript, *people: str) -> Names:
    """What is identified when exactly these names of people are found."""
    mentions = [
        Mention(
            text=name,
            label="PERSON",
            sentence=sentence.index,
            start_char=sentence.text.index(name),
            end_char=sentence.text.index(name) + len(name),
            start=sentence.start,
            end=sentence.end,
        )
        for sentence in split(transcript)
        for name in people
        if name in sentence.text
    ]
    return identify(transcript, mentions, cues=CUES)


def test_a_segment_is_cut_where_its_words_change_hands() -> None:
    transcript = said((None, "So who pays? The tenants pay. And after that?"))
    words = words_of(transcript)
    turns = from_words(words, [0, 0, 0, 1, 1, 1, 0, 0, 0], [5.0] * 9)
    cut = voiced(transcript, turns)
    assert [(s.speaker, s.text) for s in cut.segments] == [
        ("Speaker 1", "So who pays?"),
        ("Speaker 2", "The tenants pay."),
        ("Speaker 1", "And after that?"),
    ]
    assert words_of(cut) == words
    assert [s.text for s in split(cut)] == ["So who pays?", "The tenants pay.", "And after that?"]


def test_confidence_falls_with_the_margin() -> None:
    words = words_of(said((None, "one two three four")))
    sure, doubtful = from_words(words, [0, 0, 1, 1], [9.0, 9.0, 0.2, -0.1])
    assert sure.confidence > 0.95 > 0.6 > doubtful.confidence


def test_labels_of_a_file_are_kept_and_joined() -> None:
    transcript = said(("Ann Lee", "Hello."), ("Ann Lee", "Who pays?"), ("Bo", "We do."))
    assert [(t.speaker, t.start) for t in from_labels(transcript)] == [
        ("Ann Lee", 0.0),
        ("Bo", 1.5),
    ]
    other = (Turn(start=0.0, end=9.0, speaker="Speaker 7"),)
    assert voiced(transcript, other) == transcript


@pytest.mark.parametrize("label", ["Speaker 1", "SPEAKER_02", "spk 3", "Unknown Speaker", None])
def test_a_number_is_no_name(label: str | None) -> None:
    assert is_unnamed(label)
    assert not is_unnamed("Ann Lee")


def test_who_says_their_own_name_and_who_is_greeted_twice_are_named() -> None:
    transcript = said(
        ("Speaker 1", "I'm Ann Lee, and this is Cold Water."),
        ("Speaker 1", "Welcome to the show, Bo Diaz."),
        ("Speaker 2", "It is good to be here, Ann Lee."),
        ("Speaker 1", "Tell me, Bo Diaz, who pays?"),
        ("Speaker 2", "The tenants do."),
    )
    speakers = named(transcript, "Ann Lee", "Bo Diaz").speakers
    assert {s.label: s.name for s in speakers} == {"Speaker 1": "Ann Lee", "Speaker 2": "Bo Diaz"}
    assert all("Bo Diaz" in proof.text for proof in speakers[-1].evidence)


def test_one_greeting_is_not_enough_and_two_answers_to_one_name_are_none() -> None:
    once = said(("Speaker 1", "Welcome, Bo Diaz."), ("Speaker 2", "The tenants do."))
    assert named(once, "Bo Diaz").speakers == ()
    both = said(
        ("Speaker 1", "Tell me, Bo Diaz, who pays?"),
        ("Speaker 2", "The tenants do."),
        ("Speaker 1", "Tell me, Bo Diaz, what then?"),
        ("Speaker 3", "The landlords do."),
        ("Speaker 1", "Tell me, Bo Diaz, what else?"),
        ("Speaker 2", "Nobody does."),
    )
    assert named(both, "Bo Diaz").speakers == ()


def test_who_is_only_talked_about_gives_no_voice_a_name() -> None:
    transcript = said(
        ("Speaker 1", "Bo Diaz wrote that tenants pay."),
        ("Speaker 2", "I read what Bo Diaz wrote."),
        ("Speaker 1", "And was Bo Diaz right?"),
        ("Speaker 2", "He was."),
    )
    assert named(transcript, "Bo Diaz").speakers == ()


def test_named_labels_stay_as_they_are() -> None:
    transcript = said(("Moderator", "I'm Ann Lee."), ("Bo", "Hello, Ann Lee."))
    assert named(transcript, "Ann Lee").speakers == ()
