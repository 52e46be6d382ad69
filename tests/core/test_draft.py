"""The draft as a reader and an editor would judge it: grounded, whole, no sentence twice."""

from dataclasses import replace

import pytest

from shownotes.adapters.languages import load_wording
from shownotes.core.chapters import divide
from shownotes.core.clutter import tidy
from shownotes.core.draft import Sources, compose
from shownotes.core.earlier import Archived
from shownotes.core.quotes import is_verbatim
from shownotes.core.sentences import split
from shownotes.core.titles import Naming
from shownotes.core.wording import bare
from shownotes.model import (
    Fact,
    Flag,
    GivenPerson,
    Metadata,
    Names,
    Person,
    PersonRole,
    Quote,
    ShowNotes,
    Topics,
    Transcript,
)
from tests.spoken import INTERVIEW, STORY, demo_episodes, gold_names, spoken

EPISODES = demo_episodes()
HEAT, RIVER = "who-pays-for-the-heat-pump", "the-river-has-a-budget"
NOBODY = Names(people=(), organizations=())


def sources(transcript: Transcript, names: Names = NOBODY, **changes: object) -> Sources:
    wording = load_wording(transcript.language)
    sentences = split(transcript)
    chapters = divide(
        sentences,
        duration=transcript.duration,
        min_length_s=30,
        target_length_s=180,
        naming=Naming(wording=wording, names=names),
    )
    made = Sources(
        transcript=transcript,
        sentences=sentences,
        names=names,
        topics=Topics(chapters=chapters),
        metadata=Metadata(title="A title", show="A show", date="2026-09-16"),
        wording=wording,
        fallback_title="from the file",
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def demo(slug: str, archive: tuple[str, ...] = ()) -> ShowNotes:
    episode = EPISODES[slug]
    transcript = spoken(episode["text"])
    others = [
        Archived(
            title=EPISODES[other]["title"],
            url=f"../{other}/notes.html",
            folder=other,
            show=episode["show"],
            number=EPISODES[other]["number"],
        )
        for other in archive
    ]
    metadata = Metadata(
        title=episode["title"],
        show=episode["show"],
        number=episode["number"],
        date=str(episode["date"]),
        sign_off=episode["sign_off"],
    )
    names = gold_names(episode["gold"], split(transcript))
    return compose(sources(transcript, names, metadata=metadata, archive=others))


def facts(notes: ShowNotes) -> list[Fact]:
    single = [fact for fact in (notes.hook, notes.sign_off) if fact]
    return [*single, *notes.narrative, *notes.summary, *notes.questions, *notes.key_points]


@pytest.mark.parametrize("slug", EPISODES)
def test_the_demo_notes_have_every_part(slug: str) -> None:
    notes = demo(slug)
    assert notes.hook
    assert notes.hook.value.endswith("?")
    assert 2 <= len(notes.summary) <= 4
    assert 2 <= len(notes.narrative) <= 5
    assert 2 <= len(notes.questions) <= 6
    assert 3 <= len(notes.key_points) <= 5
    assert 3 <= len(notes.quotes) <= 5
    assert [guest.name for guest in notes.guests] == [
        guest["name"] for guest in EPISODES[slug]["gold"]["guests"]
    ]
    assert notes.agencies[0].description
    assert notes.sign_off
    assert notes.sign_off.value == EPISODES[slug]["sign_off"]


def test_the_first_question_opens_and_the_scene_follows() -> None:
    notes = demo(RIVER)
    assert notes.hook
    assert notes.hook.value == "Can you spend a river twice?"
    assert notes.narrative[0].value.startswith("In August, the Tessaly stopped")
    assert "The river is smaller than its permits" in " ".join(f.value for f in notes.summary)


@pytest.mark.parametrize("script", [INTERVIEW, STORY, *(e["text"] for e in EPISODES.values())])
def test_every_sentence_was_said_at_its_time(script: str) -> None:
    transcript = spoken(script)
    notes = compose(sources(transcript))
    by_start = {sentence.start: sentence for sentence in split(transcript)}
    for fact in facts(notes):
        assert fact.evidence
        sentence = by_start[fact.evidence.start]
        assert fact.evidence.text == sentence.text
        said = [bare(word) for word in sentence.text.split()]
        position = -1
        for word in (bare(word) for word in fact.value.split()):
            assert word in said[position + 1 :]
            position = said.index(word, position + 1)


@pytest.mark.parametrize("script", [INTERVIEW, STORY, *(e["text"] for e in EPISODES.values())])
def test_quotes_are_word_for_word(script: str) -> None:
    transcript = spoken(script)
    text = " ".join(word.text for segment in transcript.segments for word in segment.words)
    quotes = compose(sources(transcript)).quotes
    assert len(quotes) >= 3
    for quote in quotes:
        assert quote.text in text
        assert quote.speaker is None


@pytest.mark.parametrize("script", [INTERVIEW, STORY, *(e["text"] for e in EPISODES.values())])
def test_no_sentence_stands_twice(script: str) -> None:
    notes = compose(sources(spoken(script)))
    starts = [fact.evidence.start for fact in facts(notes) if fact.evidence]
    starts += [quote.start for quote in notes.quotes]
    assert len(starts) == len(set(starts))


@pytest.mark.parametrize("script", [INTERVIEW, STORY])
def test_the_show_running_itself_is_never_printed(script: str) -> None:
    notes = compose(sources(spoken(script)))
    printed = " ".join(
        [fact.value for fact in facts(notes)] + [quote.text for quote in notes.quotes]
    ).lower()
    for phrase in ("in this episode", "promo code", "lantern oats", "producer", "review", "um,"):
        assert phrase not in printed
    assert "welcome to" not in printed
    assert "i'm tobias" not in printed


def test_an_interview_without_announcement_still_has_a_hook_and_a_scene() -> None:
    notes = compose(sources(spoken(INTERVIEW)))
    assert notes.hook
    assert notes.hook.value.startswith("Why do so many nurses")
    assert notes.narrative[0].value.startswith("It was a Tuesday in February")
    assert notes.sign_off
    assert notes.sign_off.value == "Sleep well, and ask twice."


def test_no_role_is_invented_and_the_editor_is_told() -> None:
    notes = demo(HEAT)
    leila = notes.guests[1]
    assert (leila.title, leila.organization and leila.organization.value) == (
        None,
        "Tenants for Clean Heat",
    )
    missing = [c for c in notes.checks if c.code == "missing_title"]
    assert [check.message.split(" does")[0] for check in missing] == [
        "Nobody says what Leila Haddad"
    ]
    assert missing[0].start is not None


def test_an_earlier_episode_is_linked_by_its_title() -> None:
    notes = demo(RIVER, archive=(HEAT,))
    assert [(link.text, link.url) for link in notes.earlier_episodes] == [
        ("Who Pays for the Heat Pump?", f"../{HEAT}/notes.html")
    ]
    assert notes.earlier_episodes[0].evidence


def test_an_unknown_earlier_episode_is_left_to_the_editor() -> None:
    notes = demo(RIVER)
    assert notes.earlier_episodes == ()
    assert [check.code for check in notes.checks].count("unresolved_link") == 1


def test_a_fact_without_a_source_is_not_printed() -> None:
    transcript = spoken(INTERVIEW)
    invented = Person(
        name="Ingrid Vasquez",
        role=PersonRole.GUEST,
        evidence=None,
        title=Fact(value="Nobel laureate", evidence=None),
    )
    notes = compose(sources(transcript, Names(people=(invented,), organizations=())))
    assert notes.guests == ()
    assert any("Ingrid Vasquez" in c.message for c in notes.checks if c.code == "unsupported")


def test_what_the_producer_gave_needs_no_source() -> None:
    given = GivenPerson(name="Ingrid Vasquez", title="sleep doctor")
    person = Person(
        name="Ingrid Vasquez",
        role=PersonRole.GUEST,
        evidence=None,
        title=Fact(value="sleep doctor", evidence=None),
        organization=Fact(value="Made Up University", evidence=None),
    )
    notes = compose(
        sources(
            spoken(INTERVIEW),
            Names(people=(person,), organizations=()),
            metadata=Metadata(title="T", guests=(given,)),
        )
    )
    assert notes.guests[0].title
    assert notes.guests[0].organization is None


def test_flagged_and_badly_heard_sentences_are_neither_quoted_nor_claimed() -> None:
    clear = spoken(INTERVIEW)
    quoted = compose(sources(clear)).quotes[0].text
    flagged = replace(
        clear,
        segments=tuple(
            replace(s, flags=(Flag.LOOP,)) if s.text == quoted else s for s in clear.segments
        ),
    )
    notes = compose(sources(flagged))
    printed = [quote.text for quote in notes.quotes] + [
        f.evidence.text for f in facts(notes) if f.evidence
    ]
    assert quoted not in printed
    assert any(c.code == "flagged_passage" and c.start for c in notes.checks)
    unheard = compose(sources(spoken(INTERVIEW, probability=0.2)))
    assert unheard.quotes == ()
    assert any(c.code == "more_passages" for c in unheard.checks)


def test_a_speaker_is_named_where_known() -> None:
    notes = compose(sources(spoken(INTERVIEW, with_speakers=True)))
    assert {quote.speaker for quote in notes.quotes} <= {"G", "H"}
    assert "G" in {quote.speaker for quote in notes.quotes}


def test_a_language_without_a_file_says_so_and_prints_no_guess() -> None:
    german = spoken("A: Wer bezahlt die Waerme?\nA: Das ist die Frage.", language="de")
    notes = compose(sources(german, metadata=Metadata()))
    assert notes.title == "from the file"
    assert facts(notes) == []
    assert "language_without_notes" in [warning.code for warning in notes.warnings]
    assert "title_guessed" in [check.code for check in notes.checks]


def test_nothing_said_makes_empty_notes() -> None:
    notes = compose(sources(Transcript(language="en", segments=(), duration=9, model="test")))
    assert facts(notes) == []
    assert notes.quotes == ()


def test_a_changed_word_is_not_verbatim() -> None:
    sentences = split(spoken(INTERVIEW))
    sentence = sentences[10]
    exact = Quote(text=sentence.text, start=sentence.start, end=sentence.end)
    assert is_verbatim(exact, sentences)
    assert not is_verbatim(replace(exact, text=sentence.text + " indeed"), sentences)
    assert not is_verbatim(replace(exact, text=tidy("", wording=load_wording("en"))), sentences)
