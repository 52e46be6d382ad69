"""Names out of a transcript through real spaCy pipelines: bundled and stock-shaped."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import spacy

from shownotes.adapters.catalogue import load_catalogue
from shownotes.adapters.names import (
    NamesPipeline,
    find_mentions,
    has_cues,
    load_cues,
    load_pipeline,
)
from shownotes.adapters.spelling import is_alike
from shownotes.core.people import identify
from shownotes.core.sentences import split
from shownotes.core.signals import pack
from shownotes.errors import ModelBrokenError, ModelMissingError
from shownotes.model import Names, PersonRole, Segment, Transcript, Word
from training.demo.script import Script, read_scripts

FRESH = (
    "Welcome to the show. I'm Harriet Osei. "
    "My guest today is Bruno Takahashi, director of research at the Alpine Rail Institute. "
    "Bruno, thank you for coming. Happy to be here, Harriet."
)


def transcribe(*texts: str) -> Transcript:
    segments = []
    clock = 0.0
    for text in texts:
        words = []
        for word in text.split():
            words.append(Word(text=word, start=clock, end=clock + 0.3))
            clock += 0.4
        segments.append(
            Segment(start=words[0].start, end=words[-1].end, text=text, words=tuple(words))
        )
    return Transcript(language="en", segments=tuple(segments), duration=clock, model="test")


@pytest.fixture(scope="module")
def bundled() -> NamesPipeline:
    return load_pipeline("names-en")


@pytest.fixture
def stock_folder(tmp_path: Path) -> Path:
    """A pipeline with stock labels, articles and possessives in its spans, and no role signal."""
    nlp = spacy.blank("en")
    ruler = nlp.add_pipe("entity_ruler")
    ruler.add_patterns(
        [
            {"label": "PERSON", "pattern": "Harriet Osei"},
            {"label": "PERSON", "pattern": "Bruno Takahashi"},
            {"label": "PERSON", "pattern": "Bruno"},
            {"label": "ORG", "pattern": "the Alpine Rail Institute"},
            {"label": "CARDINAL", "pattern": "today"},
        ]
    )
    nlp.to_disk(tmp_path / "stock")
    return tmp_path / "stock"


def test_bundled_pipeline_finds_fresh_names(bundled: NamesPipeline) -> None:
    mentions = find_mentions(transcribe(FRESH), pipeline=bundled)
    found = {(mention.text, mention.label) for mention in mentions}
    assert {
        ("Harriet Osei", "PERSON"),
        ("Bruno Takahashi", "PERSON"),
        ("Alpine Rail Institute", "ORG"),
    } <= found


def test_mentions_say_where_they_stand(bundled: NamesPipeline) -> None:
    transcript = transcribe(FRESH)
    sentences = split(transcript)
    mentions = find_mentions(transcript, pipeline=bundled)
    for mention in mentions:
        sentence = sentences[mention.sentence]
        assert sentence.text[mention.start_char : mention.end_char] == mention.text
        assert sentence.start <= mention.start < mention.end <= sentence.end
    institute = next(m for m in mentions if m.text == "Alpine Rail Institute")
    spoken = [w for w in sentences[institute.sentence].words if w.text in {"Alpine", "Institute."}]
    assert (institute.start, institute.end) == (spoken[0].start, spoken[1].end)


def test_people_carry_the_role_signal(bundled: NamesPipeline) -> None:
    mentions = find_mentions(transcribe(FRESH), pipeline=bundled)
    for mention in mentions:
        if mention.label == "PERSON":
            assert set(mention.role_scores) == {role.value for role in PersonRole}
            assert sum(mention.role_scores.values()) == pytest.approx(1.0)
        else:
            assert mention.role_scores == {}
    guest = next(m for m in mentions if m.text == "Bruno Takahashi")
    assert max(guest.role_scores, key=guest.role_scores.__getitem__) == "guest"


def read(
    transcript: Transcript, pipeline: NamesPipeline, *, has_signals: bool = True, **given: Any
) -> Names:
    """Names as the identify step finds them."""
    if not has_signals:
        pipeline = replace(pipeline, signals=None)
    catalogue = load_catalogue()
    return identify(
        transcript,
        find_mentions(transcript, pipeline=pipeline, catalogue=catalogue),
        cues=load_cues(transcript.language),
        signals=pipeline.signals,
        is_alike=is_alike,
        catalogue=catalogue,
        **given,
    )


@pytest.mark.parametrize(
    ("after", "title"), [("has no lawyer", None), ("is a lawyer at the Grid Office", "lawyer")]
)
def test_a_title_that_is_denied_is_nobodys(after: str, title: str | None) -> None:
    text = f"I'm Harriet Osei. My guest is Bruno Takahashi. Bruno {after}. Bruno, welcome. Thanks."
    (guest,) = read(transcribe(text), load_pipeline("names-en")).with_role(PersonRole.GUEST)
    assert (guest.title and guest.title.value) == title


@pytest.mark.parametrize("has_signals", [True, False], ids=["signals", "cues-alone"])
@pytest.mark.parametrize("kind", ["bundled", "stock"])
def test_signals_and_rules_run_on_any_pipeline(
    kind: str, has_signals: bool, stock_folder: Path
) -> None:
    pipeline = load_pipeline("names-en" if kind == "bundled" else stock_folder)
    names = read(transcribe(FRESH), pipeline, has_signals=has_signals)
    assert [p.name for p in names.with_role(PersonRole.HOST)] == ["Harriet Osei"]
    (guest,) = names.with_role(PersonRole.GUEST)
    assert guest.name == "Bruno Takahashi"
    assert guest.title is not None
    assert guest.title.value == "director of research"
    assert guest.organization is not None
    assert guest.organization.value == "Alpine Rail Institute"


def test_stock_spans_lose_their_article_and_other_labels(stock_folder: Path) -> None:
    mentions = find_mentions(transcribe(FRESH), pipeline=load_pipeline(stock_folder))
    assert {m.label for m in mentions} == {"PERSON", "ORG"}
    assert "Alpine Rail Institute" in {m.text for m in mentions}


def test_names_in_lower_case_without_punctuation(bundled: NamesPipeline) -> None:
    text = "so today i'm joined by maria gonzalez she's a nurse from boston and we talk about sleep"
    mentions = find_mentions(transcribe(text), pipeline=bundled)
    assert "maria gonzalez" in {m.text for m in mentions if m.label == "PERSON"}


def test_long_transcripts_are_read_in_pieces(bundled: NamesPipeline) -> None:
    transcript = transcribe(*[FRESH] * 60)
    mentions = find_mentions(transcript, pipeline=bundled)
    assert sum(m.text == "Bruno Takahashi" for m in mentions) >= 55
    assert [m.sentence for m in mentions] == sorted(m.sentence for m in mentions)


def test_missing_pipeline_names_the_install_command() -> None:
    with pytest.raises(ModelMissingError, match="python -m spacy download en_core_web_none"):
        load_pipeline("en_core_web_none")


def test_broken_pipeline_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelBrokenError, match=tmp_path.name):
        load_pipeline(tmp_path)


def test_in_a_language_without_cues_everybody_is_mentioned(stock_folder: Path) -> None:
    spoken = transcribe(FRESH.replace("the Alpine", "Alpine"))
    names = read(replace(spoken, language="xx"), load_pipeline(stock_folder), has_signals=False)
    assert {p.role for p in names.people} == {PersonRole.MENTIONED}
    assert {p.name for p in names.people} == {"Harriet Osei", "Bruno Takahashi"}
    assert not has_cues("xx")
    assert has_cues("en")


def test_two_pipelines_are_merged_and_the_first_wins(tmp_path: Path) -> None:
    first, second = spacy.blank("en"), spacy.blank("en")
    first.add_pipe("entity_ruler").add_patterns([{"label": "PERSON", "pattern": "Harriet Osei"}])
    second.add_pipe("entity_ruler").add_patterns(
        [{"label": "ORG", "pattern": "Harriet Osei"}, {"label": "PERSON", "pattern": "Bruno"}]
    )
    first.to_disk(tmp_path / "first")
    second.to_disk(tmp_path / "second")
    merged = load_pipeline(tmp_path / "first", tmp_path / "second")
    mentions = find_mentions(transcribe(FRESH), pipeline=merged)
    assert [(m.text, m.label) for m in mentions if m.label != "ROLE"] == [
        ("Harriet Osei", "PERSON"),
        ("Bruno", "PERSON"),
        ("Bruno", "PERSON"),
    ]


def test_the_catalogue_finds_bodies_that_a_pipeline_overlooks(stock_folder: Path) -> None:
    text = (
        "Harriet Osei spoke about the NDRC and the national energy administration and most of us."
    )
    mentions = find_mentions(
        transcribe(text), pipeline=load_pipeline(stock_folder), catalogue=load_catalogue()
    )
    assert [(m.text, m.label) for m in mentions] == [
        ("Harriet Osei", "PERSON"),
        ("NDRC", "ORG"),
        ("national energy administration", "ORG"),
    ]


def test_well_known_names_are_known_and_yield_where_they_may_be_something_else(
    tmp_path: Path,
) -> None:
    nlp = spacy.blank("en")
    nlp.add_pipe("sentencizer")
    patterns = [("PERSON", "Pune"), ("ORG", "Silicon Valley"), ("PERSON", "Ford"), ("ORG", "GDP")]
    nlp.add_pipe("entity_ruler").add_patterns(
        [{"label": label, "pattern": text} for label, text in patterns]
    )
    nlp.to_disk(tmp_path / "hasty")
    text = (
        "We left Pune for Silicon Valley. Ford drove, Comcast paid, the GDP fell. "
        "Grab a coffee. I work at Grab."
    )
    mentions = find_mentions(
        transcribe(text), pipeline=load_pipeline(tmp_path / "hasty"), catalogue=load_catalogue()
    )
    assert [(m.text, m.label) for m in mentions] == [
        ("Pune", "GPE"),
        ("Silicon Valley", "LOC"),
        ("Ford", "PERSON"),
        ("Comcast", "ORG"),
        ("Grab", "ORG"),
    ]


def test_a_folder_brings_its_own_signals(stock_folder: Path) -> None:
    tables = {name: pack({"bias": [5.0, 0.0, 0.0]}) for name in ("mention", "standing")}
    tables |= {name: pack({"PC": [-5.0, 5.0]}) for name in ("title", "organization")}
    (stock_folder / "signals.json").write_text(json.dumps(tables), encoding="utf-8")
    names = read(transcribe(FRESH), load_pipeline(stock_folder))
    assert {person.role for person in names.people} == {PersonRole.HOST}


def test_empty_transcript_has_no_mentions(bundled: NamesPipeline) -> None:
    empty = Transcript(language="en", segments=(), duration=0.0, model="test")
    assert find_mentions(empty, pipeline=bundled) == ()


@pytest.mark.parametrize("script", read_scripts(), ids=lambda script: script.slug)
def test_demo_episodes_give_their_gold(script: Script, bundled: NamesPipeline) -> None:
    transcript = transcribe(*[line.text for line in script.lines])
    names = read(transcript, bundled, show=script.show)
    assert [p.name for p in names.with_role(PersonRole.HOST)] == script.gold["hosts"]
    guests = [
        (p.name, p.title and p.title.value, p.organization and p.organization.value)
        for p in names.with_role(PersonRole.GUEST)
    ]
    wanted = [(g["name"], g.get("title"), g["organization"]) for g in script.gold["guests"]]
    assert guests == wanted
    agencies = [(a.name, a.description and a.description.value) for a in names.agencies]
    assert agencies == [(a["name"], a["description"]) for a in script.gold["agencies"]]
    assert [e.name for e in names.events] == script.gold["events"]
