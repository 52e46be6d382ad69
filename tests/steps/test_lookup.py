"""Names out of transcripts from elsewhere."""

import json
from pathlib import Path

import pytest

from shownotes.errors import SettingsError, TranscriptFileError
from shownotes.settings import Settings
from shownotes.steps import lookup

TEXT = (
    "Welcome to the show. I'm Harriet Osei. My guest today is Bruno Takahashi, director of "
    "research at the Alpine Rail Institute. Bruno, thank you for coming. Happy to be here, Harriet."
)
VTT = "WEBVTT\n\n00:00:01.000 --> 00:00:09.000\n{}\n"
SRT = "1\n00:00:01,000 --> 00:00:09,000\n{}\n"
PODCAST = '{{"version": "1.0.0", "segments": [{{"startTime": 1, "endTime": 9, "body": "{}"}}]}}'


@pytest.mark.parametrize(
    ("name", "form"), [("a.txt", "{}\n"), ("a.vtt", VTT), ("a.srt", SRT), ("a.json", PODCAST)]
)
def test_any_kind_of_transcript_is_read(tmp_path: Path, name: str, form: str) -> None:
    path = tmp_path / name
    path.write_text(form.format(TEXT), encoding="utf-8")
    found = lookup.describe(lookup.look_for_names(lookup.read_transcript(path), Settings()))
    assert [p["name"] for p in found["hosts"]] == ["Harriet Osei"]
    (guest,) = found["guests"]
    assert guest["name"] == "Bruno Takahashi"
    assert guest["organization"]["value"] == "Alpine Rail Institute"
    said = guest["organization"]["evidence"]
    assert guest["organization"]["value"] in said["text"]
    assert said["start"] < said["end"]


def test_lines_are_answered_one_by_one() -> None:
    lines = [json.dumps({"id": "one", "text": TEXT}), "", json.dumps({"id": 2, "text": "Hello."})]
    answers = [json.loads(a) for a in lookup.answer_lines(lines, Settings(), name="in.jsonl")]
    assert [a["id"] for a in answers] == ["one", 2]
    assert answers[0]["guests"] == [
        {
            "name": "Bruno Takahashi",
            "role": "director of research",
            "organization": "Alpine Rail Institute",
        }
    ]
    assert {"name": "Alpine Rail Institute", "kind": "ngo"} in answers[0]["organizations"]
    assert answers[1] == {
        "id": 2,
        "hosts": [],
        "guests": [],
        "organizations": [],
        "people_mentioned": [],
    }


@pytest.mark.parametrize(
    ("line", "complaint"),
    [("nonsense", "not JSON"), ('{"id": 1}', '"text"'), ('{"id": 1, "text": " "}', "empty")],
)
def test_a_wrong_line_is_named_with_its_number(line: str, complaint: str) -> None:
    lines = [json.dumps({"id": "one", "text": TEXT}), line]
    with pytest.raises(TranscriptFileError, match=rf"in\.jsonl, line 2.*{complaint}"):
        list(lookup.answer_lines(lines, Settings(), name="in.jsonl"))


def test_a_file_that_is_not_there_or_no_transcript_is_named(tmp_path: Path) -> None:
    with pytest.raises(TranscriptFileError, match="cannot be read"):
        lookup.read_transcript(tmp_path / "no.txt")
    (tmp_path / "a.json").write_text('{"a": 1}', encoding="utf-8")
    with pytest.raises(TranscriptFileError, match=r"a\.json"):
        lookup.read_transcript(tmp_path / "a.json")


def test_a_language_without_a_pipeline_says_what_to_set(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("Bonjour a tous.", encoding="utf-8")
    transcript = lookup.read_transcript(path, language="fr")
    with pytest.raises(SettingsError, match=r"'fr'.*\[names\] pipelines"):
        lookup.look_for_names(transcript, Settings())
