"""Captions read back by strict parsers written here from the rules of WebVTT and SRT."""

import json
import re
from dataclasses import dataclass
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shownotes.core import captions
from shownotes.core.chapter_files import chapters_document
from shownotes.core.sentences import split
from shownotes.model import Chapter, Sentence, ShowNotes, Transcript, Word
from tests.spoken import INTERVIEW, STORY, spoken

HOSTILE = (
    "A: <script>alert(1)</script> --> & </v> wait.\n"
    "B: WEBVTT NOTE 00:00:01.000 --> 00:00:02.000 <v Nobody>fake.\n"
    "A: " + "x" * 300 + " https://example.org/" + "y" * 90 + " end."
)


@dataclass
class Parsed:
    start: float
    end: float
    lines: list[str]
    speaker: str | None = None


def seconds(stamp: str, mark: str) -> float:
    match = re.fullmatch(rf"(\d{{2,}}):([0-5]\d):([0-5]\d)\{mark}(\d{{3}})", stamp)
    assert match, stamp
    hours, minutes, rest, thousandths = map(int, match.groups())
    return hours * 3600 + minutes * 60 + rest + thousandths / 1000


def parse_vtt(text: str) -> list[Parsed]:
    head, *blocks = text.removesuffix("\n").split("\n\n")
    assert head == "WEBVTT"
    cues = []
    for block in blocks:
        times, *lines = block.split("\n")
        start, end = times.split(" --> ")
        payload = "\n".join(lines)
        assert "-->" not in payload
        assert lines
        assert all(line.strip() for line in lines)
        speaker = None
        if match := re.match(r"<v ([^<>\n]+)>", payload):
            speaker, payload = unescape(match.group(1)), payload[match.end() :]
        assert "<" not in payload
        assert ">" not in payload
        assert not re.search(r"&(?!amp;|lt;|gt;)", payload)
        cues.append(
            Parsed(seconds(start, "."), seconds(end, "."), unescape(payload).split("\n"), speaker)
        )
    check_order(cues)
    return cues


def unescape(text: str) -> str:
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def parse_srt(text: str) -> list[Parsed]:
    cues = []
    for number, block in enumerate(text.removesuffix("\n").split("\n\n"), start=1):
        counter, times, *lines = block.split("\n")
        assert counter == str(number)
        start, end = times.split(" --> ")
        assert lines
        assert "-->" not in "".join(lines)
        cues.append(Parsed(seconds(start, ","), seconds(end, ","), lines))
    check_order(cues)
    return cues


def check_order(cues: list[Parsed]) -> None:
    for cue in cues:
        assert cue.end > cue.start
    for cue, following in pairwise(cues):
        assert following.start >= cue.end


SCRIPTS = [INTERVIEW, STORY, HOSTILE]


@pytest.mark.parametrize("script", SCRIPTS)
@pytest.mark.parametrize("with_speakers", [True, False])
def test_vtt_and_srt_keep_their_rules(script: str, with_speakers: bool) -> None:
    sentences = split(spoken(script, with_speakers=with_speakers))
    vtt = parse_vtt(captions.webvtt(captions.make_cues(sentences)))
    srt = parse_srt(captions.srt(captions.make_cues(sentences, with_names=True)))
    for cue in (*vtt, *srt):
        assert len(cue.lines) <= 2
        assert max(len(line) for line in cue.lines) <= 42
        assert cue.end - cue.start <= 7.0 + 1e-6
    assert all(bool(cue.speaker) == with_speakers for cue in vtt)


@pytest.mark.parametrize("script", SCRIPTS)
def test_captions_say_every_word_once(script: str) -> None:
    sentences = split(spoken(script))
    cues = parse_vtt(captions.webvtt(captions.make_cues(sentences)))
    said = "".join("".join(s.text.split()) for s in sentences)
    assert "".join("".join("".join(cue.lines).split()) for cue in cues) == said


def test_no_cue_holds_two_speakers_and_srt_names_the_new_one() -> None:
    sentences = split(spoken("Ann: Yes.\nBen: Nobody.\nBen: Never.", with_speakers=True))
    vtt = captions.make_cues(sentences)
    assert [cue.speaker for cue in vtt] == ["Ann", "Ben", "Ben"]
    assert [cue.lines for cue in captions.make_cues(sentences, with_names=True)] == [
        ("Ann: Yes.",),
        ("Ben: Nobody.",),
        ("Never.",),
    ]


def test_a_hostile_speaker_stays_a_name() -> None:
    sentences = split(spoken("<b>&\n: hi there".replace("\n", ""), with_speakers=True))
    assert parse_vtt(captions.webvtt(captions.make_cues(sentences)))[0].speaker == "<b>&"


def test_a_speaker_who_ends_in_hyphens_makes_no_arrow() -> None:
    said = (Word(text="Hello.", start=0.0, end=1.0),)
    sentence = Sentence(
        index=0, text="Hello.", start=0.0, end=1.0, segment=0, words=said, speaker="9 --"
    )
    (cue,) = parse_vtt(captions.webvtt(captions.make_cues([sentence])))
    assert cue.speaker == "9"


def test_a_short_cue_lingers_where_there_is_room() -> None:
    (first, second) = captions.make_cues(split(spoken("A: Yes.\n\nA: The end of it all.")))
    assert first.end - first.start >= captions.SHORTEST_S
    assert first.end <= second.start


def test_nothing_said_is_an_empty_but_valid_file() -> None:
    assert captions.webvtt(()) == "WEBVTT\n"
    assert captions.srt(()) == ""


TEXTS = st.lists(
    st.text(min_size=1, max_size=60).filter(lambda t: bool(t.split())), min_size=1, max_size=30
)


@given(TEXTS, st.floats(0, 90_000), st.floats(0.001, 4))
@settings(max_examples=60, deadline=None)
def test_any_words_make_valid_captions(texts: list[str], begin: float, step: float) -> None:
    words = tuple(
        Word(text=" ".join(text.split()), start=begin + i * step, end=begin + (i + 1) * step)
        for i, text in enumerate(texts)
    )
    sentence = Sentence(
        index=0, text=" ".join(texts), start=begin, end=words[-1].end, segment=0, words=words
    )
    cues = captions.make_cues([sentence])
    parse_vtt(captions.webvtt(cues))
    parse_srt(captions.srt(cues))


def notes_with(chapters: tuple[Chapter, ...]) -> ShowNotes:
    return ShowNotes(
        title="T", show="S", number=1, date=None, language="en", duration=90, hook=None,
        summary=(), narrative=(), questions=(), key_points=(), quotes=(), hosts=(), guests=(),
        mentioned=(), agencies=(), organizations=(), events=(), chapters=chapters,
        earlier_episodes=(), links=(), sign_off=None,
    )  # fmt: skip


def test_podcasting_documents_have_the_required_fields() -> None:
    sentences = split(spoken("Ann: Yes, it is so.\nBen: Nobody.", with_speakers=True))
    document = captions.transcript_document(sentences)
    assert document["version"] == "1.0.0"
    segments = json.loads(json.dumps(document))["segments"]
    assert [set(s) for s in segments] == [{"speaker", "startTime", "endTime", "body"}] * 2
    chapters = (
        Chapter(start=0.0, end=40.0, title="One"),
        Chapter(start=40.0, end=90.0, title="Two"),
    )
    made = chapters_document(notes_with(chapters))
    assert made == {
        "version": "1.2.0",
        "title": "T",
        "podcastName": "S",
        "chapters": [
            {"startTime": 0.0, "endTime": 40.0, "title": "One"},
            {"startTime": 40.0, "endTime": 90.0, "title": "Two"},
        ],
    }


def test_a_transcript_without_words_makes_no_cues() -> None:
    empty = Transcript(language="en", segments=(), duration=5, model="test")
    assert captions.make_cues(split(empty)) == ()
