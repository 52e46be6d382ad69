"""Who speaks when, and whose voice is whose: words change hands, names need evidence."""

import pytest

from shownotes.adapters.names import load_cues
from shownotes.core.people import identify
from shownotes.core.sentences import split
from shownotes.core.turns import (
    from_labels,
    from_tracks,
    from_words,
    interleave,
    is_unnamed,
    voiced,
    words_of,
)
from shownotes.model import Mention, Names, Segment, Span, Track, Transcript, Turn, Word

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
    sure, doubtful = from_words(words, [0, 0, 1, 1], [2000.0, 3000.0, 20.0, -10.0])
    assert 0.96 >= sure.confidence > 0.95 > 0.6 > doubtful.confidence > 0.5


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


def spoken_at(speaker: str, *timed: tuple[str, float, float]) -> Segment:
    words = tuple(Word(text=text, start=start, end=end) for text, start, end in timed)
    text = " ".join(word.text for word in words)
    return Segment(start=words[0].start, end=words[-1].end, text=text, words=words, speaker=speaker)


def test_tracks_become_one_transcript_cut_where_others_are_let_in() -> None:
    long = spoken_at(
        "Ann",
        *(("So", 0.0, 0.4), ("who", 0.5, 0.9), ("pays?", 1.0, 1.4)),
        *(("And", 4.0, 4.4), ("when?", 4.5, 4.9)),
    )
    answer = spoken_at("Bo", ("We", 1.6, 2.0), ("do.", 2.1, 2.5))
    assert [(s.speaker, s.text) for s in interleave([long, answer])] == [
        ("Ann", "So who pays?"),
        ("Bo", "We do."),
        ("Ann", "And when?"),
    ]


def test_an_interjection_does_not_tear_the_sentence_it_falls_into() -> None:
    long = spoken_at(
        "Ann",
        *(("The", 0.0, 0.4), ("tenants", 0.45, 0.9), ("pay.", 0.95, 1.4)),
        *(("All", 1.45, 1.9), ("of", 1.95, 2.4), ("them.", 2.45, 2.9)),
    )
    nod = spoken_at("Bo", ("Right.", 0.5, 0.8))
    pieces = interleave([nod, long])
    assert [(s.speaker, s.text) for s in pieces] == [
        ("Ann", "The tenants pay."),
        ("Bo", "Right."),
        ("Ann", "All of them."),
    ]
    assert (pieces[0].end, pieces[1].start) == (1.4, 0.5)


def test_words_of_a_mix_are_given_to_the_track_on_which_somebody_speaks() -> None:
    def track(speaker: str, *spans: tuple[float, float]) -> Track:
        speech = tuple(Span(start=start, end=end) for start, end in spans)
        return Track(path=f"{speaker}.wav", speaker=speaker, working_audio="", speech=speech)

    words = words_of(said((None, "one two three four five")))
    tracks = [track("Ann", (0.0, 1.4), (1.9, 2.5)), track("Bo", (0.5, 2.0))]
    turns = from_tracks(words, tracks)
    # "two" is spoken over by Bo, "four" by nobody else.
    assert [(t.speaker, t.start) for t in turns] == [("Ann", 0.0), ("Bo", 1.5), ("Ann", 2.0)]
    assert turns[1].confidence == pytest.approx(0.99)
    nobody = from_tracks(words, [track("Ann"), track("Bo")])
    assert [(t.speaker, t.confidence) for t in nobody] == [("Ann", 0.0)]


def test_a_speaker_of_one_name_is_the_person_who_has_it() -> None:
    names = named(
        said(("Maria", "I am glad to be here."), ("Jo", "Thank you Maria Okafor for coming.")),
        "Maria Okafor",
    )
    assert [(s.label, s.name) for s in names.speakers] == [("Maria", "Maria Okafor")]
