import json

import pytest

from shownotes.core.transcripts import Imported, decode, parse
from shownotes.errors import TranscriptFileError
from shownotes.model import Flag, Segment, Span


def _parse(text: str, name: str, duration: float = 100.0) -> Imported:
    return parse(text, name=name, duration=duration)


def _rows(imported: Imported) -> list[tuple[float, float, str | None, str]]:
    return [(s.start, s.end, s.speaker, s.text) for s in imported.segments]


def _times(segment: Segment) -> list[tuple[str, float, float, bool]]:
    return [(w.text, w.start, w.end, w.is_estimated) for w in segment.words]


# ----------------------------------------------------------------------------- WebVTT and SRT


def test_webvtt_with_voices_notes_and_settings() -> None:
    text = """WEBVTT - an episode

NOTE made by hand
on two lines

STYLE
::cue { color: red }

intro
00:01.000 --> 00:04.000 align:start position:10%
<v Ann Lee>So how did <i>it</i> begin?</v>

01:02:03.500 --> 01:02:05.000
<v.loud Rafael Mendoza>With a pipe &amp; a bill.
"""
    assert _rows(_parse(text, "a.vtt", duration=4000.0)) == [
        (1.0, 4.0, "Ann Lee", "So how did it begin?"),
        (3723.5, 3725.0, "Rafael Mendoza", "With a pipe & a bill."),
    ]


def test_two_voices_in_a_cue_share_its_time() -> None:
    text = "WEBVTT\n\n00:00.000 --> 00:10.000\n<v Ann>12345</v>\n<v Bob>67890</v>\n"
    assert _rows(_parse(text, "a.vtt")) == [(0, 5, "Ann", "12345"), (5, 10, "Bob", "67890")]


def test_word_times_inside_a_cue_are_taken() -> None:
    text = "WEBVTT\n\n00:01.000 --> 00:04.000\nSo<00:02.000><c> it</c><00:03.000><c> begins</c>\n"
    (segment,) = _parse(text, "a.vtt").segments
    assert _times(segment) == [
        ("So", 1.0, 2.0, False),
        ("it", 2.0, 3.0, False),
        ("begins", 3.0, 4.0, False),
    ]
    assert segment.flags == ()


def test_captions_that_roll_are_not_doubled() -> None:
    text = """WEBVTT

00:00.000 --> 00:02.000
the<00:01.000><c> river</c>

00:02.000 --> 00:02.010
the river

00:02.010 --> 00:04.000
the river
has<00:03.000><c> a budget</c>
"""
    assert [s.text for s in _parse(text, "a.vtt").segments] == ["the river", "has a budget"]


def test_srt_with_names_before_the_words() -> None:
    text = (
        "1\n00:00:01,000 --> 00:00:02,500\nANN: Who pays?\n\n"
        "2\n00:00:02,500 --> 00:00:05,000\nBOB: All of us,\nin the end.\n\n"
        "3\n00:00:05,000 --> 00:00:06,000\nOne thing: it adds up.\n\n"
        "4\n00:00:06,000 --> 00:00:07,000\nANN: It does.\n\n"
        "5\n00:00:07,000 --> 00:00:08,000\nBOB: Yes.\n"
    )
    assert _rows(_parse(text, "a.srt")) == [
        (1.0, 2.5, "ANN", "Who pays?"),
        (2.5, 5.0, "BOB", "All of us, in the end."),
        (5.0, 6.0, "BOB", "One thing: it adds up."),
        (6.0, 7.0, "ANN", "It does."),
        (7.0, 8.0, "BOB", "Yes."),
    ]


def test_missing_word_times_are_estimated_and_marked() -> None:
    text = "1\n00:00:00,000 --> 00:00:08,000\naaa bbb\n"
    (segment,) = _parse(text, "a.srt").segments
    assert _times(segment) == [("aaa", 0.0, 4.0, True), ("bbb", 4.0, 8.0, True)]
    assert segment.flags == (Flag.ESTIMATED_TIMES,)


def test_cues_out_of_order_and_overlapping_are_put_right() -> None:
    text = (
        "1\n00:00:05,000 --> 00:00:09,000\nlater words\n\n"
        "2\n00:00:01,000 --> 00:00:06,000\nearlier words\n\n"
        "3\n00:01:30,000 --> 00:02:30,000\nbeyond the end\n"
    )
    rows = _rows(_parse(text, "a.srt"))
    assert rows == [
        (1.0, 5.0, None, "earlier words"),
        (5.0, 9.0, None, "later words"),
        (90.0, 100.0, None, "beyond the end"),
    ]


def test_windows_line_ends_and_encodings() -> None:
    text = "1\r\n00:00:00,000 --> 00:00:01,000\r\nCafé – naïve\r\n"
    for data in (
        text.encode(),
        text.encode("cp1252"),
        text.encode("utf-16"),
        b"\xef\xbb\xbf" + text.encode(),
    ):
        (segment,) = _parse(decode(data, name="a.srt"), "a.srt").segments
        assert segment.text == "Café – naïve"


def test_bytes_that_are_no_text() -> None:
    with pytest.raises(TranscriptFileError, match=r"a\.txt is not text"):
        decode(b"\x00\x01\x02ID3\x00", name="a.txt")


# ----------------------------------------------------------------------------- JSON


def test_podcasting_2_json() -> None:
    data = {
        "version": "1.0.0",
        "segments": [
            {"speaker": "Ann", "startTime": 0.5, "endTime": 2.5, "body": "Who pays?"},
            {"speaker": "Bob", "startTime": 2.5, "endTime": 4, "body": "All of us."},
        ],
    }
    assert _rows(_parse(json.dumps(data), "a.json")) == [
        (0.5, 2.5, "Ann", "Who pays?"),
        (2.5, 4.0, "Bob", "All of us."),
    ]


def test_podcasting_2_json_with_a_word_a_segment() -> None:
    said = "Who pays for it? All of us."
    data = {
        "version": "1.0.0",
        "segments": [
            {"speaker": "Ann", "startTime": n, "endTime": n + 0.5, "body": word}
            for n, word in enumerate(said.split())
        ],
    }
    imported = _parse(json.dumps(data), "a.json")
    assert [s.text for s in imported.segments] == ["Who pays for it?", "All of us."]
    assert _times(imported.segments[0])[1] == ("pays", 1.0, 1.5, False)
    assert imported.segments[0].flags == ()


def test_whisper_json() -> None:
    data = {
        "text": " Who pays?",
        "language": "en",
        "segments": [
            {
                "id": 0,
                "start": 0.0,
                "end": 1.0,
                "text": " Who pays?",
                "avg_logprob": -0.3,
                "no_speech_prob": 0.01,
                "compression_ratio": 1.1,
                "words": [
                    {"word": " Who", "start": 0.0, "end": 0.4, "probability": 0.9},
                    {"word": " pays?", "start": 0.4, "end": 1.0, "probability": 0.8},
                ],
            }
        ],
    }
    imported = _parse(json.dumps(data), "a.json")
    assert imported.language == "en"
    (segment,) = imported.segments
    assert _times(segment) == [("Who", 0.0, 0.4, False), ("pays?", 0.4, 1.0, False)]
    assert segment.words[1].probability == 0.8
    assert segment.avg_logprob == -0.3


def test_whisperx_json_gives_numbers_no_times() -> None:
    data = {
        "segments": [
            {
                "start": 0.0,
                "end": 3.0,
                "text": "In 2024 ice",
                "speaker": "SPEAKER_00",
                "words": [
                    {"word": "In", "start": 0.0, "end": 0.5, "score": 0.9},
                    {"word": "2024"},
                    {"word": "ice", "start": 2.0, "end": 2.5, "score": 0.7},
                ],
            }
        ],
        "language": "en",
    }
    (segment,) = _parse(json.dumps(data), "a.json").segments
    assert segment.speaker == "SPEAKER_00"
    assert _times(segment)[1] == ("2024", 0.5, 2.0, True)
    assert segment.flags == (Flag.ESTIMATED_TIMES,)


def test_words_that_are_not_the_whole_text_do_not_replace_it() -> None:
    data = {
        "segments": [
            {
                "start": 0.0,
                "end": 3.0,
                "text": "In 2024 ice",
                "words": [{"word": "ice", "start": 2.0, "end": 2.5}],
            }
        ]
    }
    (segment,) = _parse(json.dumps(data), "a.json").segments
    assert [word.text for word in segment.words] == ["In", "2024", "ice"]


def test_whisper_cpp_json() -> None:
    data = {
        "result": {"language": "de"},
        "transcription": [
            {
                "timestamps": {"from": "00:00:00,000", "to": "00:00:02,000"},
                "offsets": {"from": 0, "to": 2000},
                "text": " Wer zahlt?",
            }
        ],
    }
    imported = _parse(json.dumps(data), "a.json")
    assert imported.language == "de"
    assert _rows(imported) == [(0.0, 2.0, None, "Wer zahlt?")]


def test_rev_json_keeps_punctuation_with_its_word() -> None:
    data = {
        "monologues": [
            {
                "speaker": 0,
                "elements": [
                    {"type": "text", "value": "Who", "ts": 0.1, "end_ts": 0.3, "confidence": 0.9},
                    {"type": "punct", "value": " "},
                    {"type": "text", "value": "pays", "ts": 0.4, "end_ts": 0.8, "confidence": 0.9},
                    {"type": "punct", "value": "?"},
                ],
            }
        ]
    }
    (segment,) = _parse(json.dumps(data), "a.json").segments
    assert (segment.speaker, segment.text) == ("Speaker 0", "Who pays?")
    assert _times(segment)[1] == ("pays?", 0.4, 0.8, False)


def test_assemblyai_json_counts_milliseconds() -> None:
    data = {
        "language_code": "en_us",
        "words": [],
        "utterances": [
            {
                "speaker": "A",
                "start": 500,
                "end": 1500,
                "text": "Who pays?",
                "words": [
                    {"text": "Who", "start": 500, "end": 900, "confidence": 0.9},
                    {"text": "pays?", "start": 900, "end": 1500, "confidence": 0.9},
                ],
            }
        ],
    }
    imported = _parse(json.dumps(data), "a.json")
    assert imported.language == "en"
    assert _rows(imported) == [(0.5, 1.5, "Speaker A", "Who pays?")]


@pytest.mark.parametrize(
    "text", ['{"segments": [{"start": 1}]}', '{"chapters": []}', "[1, 2]", '{"segments": [', "no"]
)
def test_json_that_is_no_transcript(text: str) -> None:
    with pytest.raises(TranscriptFileError, match=r"audio/a\.json"):
        _parse(text, "audio/a.json")


# ----------------------------------------------------------------------------- plain text


def test_text_with_times_and_names_inline() -> None:
    text = (
        "[00:00:01] Ann Lee: Who pays?\n\n[00:00:11] Rafael: All of us.\nIn the end.\n"
        "[00:00:21] Ann Lee: And when?\n[00:00:31] Rafael: Now.\n"
    )
    assert _rows(_parse(text, "a.txt")) == [
        (1.0, 11.0, "Ann Lee", "Who pays?"),
        (11.0, 21.0, "Rafael", "All of us. In the end."),
        (21.0, 31.0, "Ann Lee", "And when?"),
        (31.0, 100.0, "Rafael", "Now."),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "Ann Lee  0:01\nWho pays?\n\nRafael  1:02\nAll of us at 5:30 in the end.\n",
        "Ann Lee (00:01.000)\nWho pays?\n\nRafael (01:02.000)\nAll of us at 5:30 in the end.\n",
        "Ann Lee [00:00:01]: Who pays?\nRafael [00:01:02]: All of us at 5:30 in the end.\n",
        (
            "00:00:01:00 - 00:01:02:00\nAnn Lee\nWho pays?\n\n"
            "00:01:02:00 - 00:01:40:00\nRafael\nAll of us at 5:30 in the end.\n"
        ),
    ],
    ids=["otter", "riverside", "brackets", "premiere"],
)
def test_text_with_lines_that_name_time_and_speaker(text: str) -> None:
    assert _rows(_parse(text, "a.txt")) == [
        (1.0, 62.0, "Ann Lee", "Who pays?"),
        (62.0, 100.0, "Rafael", "All of us at 5:30 in the end."),
    ]


def test_text_without_times_is_spread_over_the_speech() -> None:
    text = "Ann: aaaa bbbb\n\nBob: cccc dddd\n\nAnn: eeee ffff\n\nBob: gggg hhhh\n"
    speech = (Span(start=10.0, end=90.0),)
    imported = parse(text, name="a.txt", duration=100.0, speech=speech)
    assert [s.speaker for s in imported.segments] == ["Ann", "Bob", "Ann", "Bob"]
    words = [word for s in imported.segments for word in s.words]
    assert all(word.is_estimated for word in words)
    assert words[0].start >= 10.0
    assert words[-1].end <= 90.0
    assert all(Flag.ESTIMATED_TIMES in s.flags for s in imported.segments)


def test_text_alone_gets_the_time_it_takes_to_say() -> None:
    imported = parse("word " * 150, name="a.txt", duration=0.0)
    assert 30.0 < imported.segments[-1].end < 90.0


def test_an_empty_file_says_what_is_known() -> None:
    for name in ("a.txt", "a.vtt", "a.srt"):
        with pytest.raises(TranscriptFileError, match=name):
            _parse("\n \n", name)


def segments_of(start: str, end: str = "2", body: str = "hello there") -> str:
    segment = f'{{"startTime": {start}, "endTime": {end}, "body": "{body}"}}'
    return f'{{"version": "1.0.0", "segments": [{segment}]}}'


@pytest.mark.parametrize(
    "text",
    [
        '{"segments": ' + "[" * 100_000,
        segments_of("NaN"),
        segments_of("1", "Infinity"),
        segments_of('"nan"'),
        segments_of("1" + "0" * 400),
        segments_of("9" * 5000),
        segments_of("1e308", "1.1e308"),
    ],
)
def test_numbers_that_are_no_times_are_refused(text: str) -> None:
    for duration in (0.0, 60.0):
        with pytest.raises(TranscriptFileError, match=r"a\.json"):
            parse(text, name="a.json", duration=duration)


def test_what_no_file_may_hold_falls_out() -> None:
    text = segments_of("1", body="a \\ud800 b \\u0000\\u001b c\\ud800")
    (segment,) = parse(text, name="a.json", duration=60.0).segments
    assert segment.text == "a b c"
    assert [word.text for word in segment.words] == ["a", "b", "c"]


def test_a_measure_that_was_not_taken_is_none() -> None:
    text = '{"segments": [{"start": 0, "end": 1, "text": "hi", "avg_logprob": NaN}]}'
    (segment,) = parse(text, name="a.json", duration=60.0).segments
    assert segment.avg_logprob is None
