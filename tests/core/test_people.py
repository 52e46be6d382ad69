"""Who is who, by rules alone: the mentions are given, no pipeline is loaded."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from shownotes.adapters.spelling import is_alike
from shownotes.core.cues import NameCues
from shownotes.core.people import identify
from shownotes.core.sentences import split
from shownotes.model import (
    GivenPerson,
    Mention,
    Names,
    OrganizationKind,
    PersonRole,
    Segment,
    Spelling,
    Transcript,
    Word,
)

CUES = NameCues(
    tomllib.loads(
        (Path(__file__).parents[2] / "src/shownotes/languages/en_names.toml").read_text("utf-8")
    )
)
MARK = re.compile(r"\[([^|\]]+)\|([A-Z_]+)\]")


def transcribe(text: str) -> Transcript:
    words = tuple(
        Word(text=word, start=i * 0.4, end=i * 0.4 + 0.35) for i, word in enumerate(text.split())
    )
    end = words[-1].end
    segment = Segment(start=0.0, end=end, text=text, words=words)
    return Transcript(language="en", segments=(segment,), duration=end, model="test")


def read(marked: str, **given: Any) -> tuple[Names, Transcript]:
    """Names in text such as `[Ana Ruiz|PERSON] of [the Reef Trust|ORG]`."""
    transcript = transcribe(MARK.sub(r"\1", marked))
    found = MARK.findall(marked)
    mentions = []
    for sentence in split(transcript):
        position = 0
        while found:
            start = sentence.text.find(found[0][0], position)
            if start < 0:
                break
            name, label = found.pop(0)
            position = start + len(name)
            mentions.append(
                Mention(
                    text=name,
                    label=label,
                    sentence=sentence.index,
                    start_char=start,
                    end_char=position,
                    start=sentence.start,
                    end=sentence.end,
                )
            )
    assert not found, "a marked name crosses a sentence"
    names = identify(transcript, mentions, cues=CUES, is_alike=is_alike, **given)
    return names, transcript


def names_with(names: Names, role: PersonRole) -> list[str]:
    return [person.name for person in names.with_role(role)]


def test_host_and_guest_with_title_and_organization() -> None:
    names, _ = read(
        "Good evening. I'm [Nour Castell|PERSON] and this is The Tidal Hour. My guest tonight is "
        "[Ifeanyi Brandt|PERSON], director of planning at the [Salt Marsh Institute|ORG]. "
        "[Ifeanyi|PERSON], welcome."
    )
    assert names_with(names, PersonRole.HOST) == ["Nour Castell"]
    (guest,) = names.with_role(PersonRole.GUEST)
    assert guest.name == "Ifeanyi Brandt"
    assert guest.title is not None
    assert guest.title.value == "director of planning"
    assert guest.organization is not None
    assert guest.organization.value == "Salt Marsh Institute"
    assert guest.spelling_variants == ("Ifeanyi",)


def test_guest_with_an_organization_only_has_no_title() -> None:
    names, _ = read("Joining me now is [Hye Park|PERSON] from [Riders for Safer Roads|ORG].")
    (guest,) = names.with_role(PersonRole.GUEST)
    assert guest.title is None
    assert guest.organization is not None
    assert guest.organization.value == "Riders for Safer Roads"


def test_guest_of_whom_nothing_is_said_has_neither() -> None:
    names, _ = read("Please welcome [Tomoko Reyes|PERSON]. We met years ago in the rain.")
    (guest,) = names.with_role(PersonRole.GUEST)
    assert (guest.title, guest.organization) == (None, None)


@pytest.mark.parametrize(
    ("text", "title", "organization"),
    [
        ("[Ana Ruiz|PERSON] is with us. She runs the [Reef Trust|ORG].", None, "Reef Trust"),
        ("With me is the mayor of Alta, [Ana Ruiz|PERSON].", "mayor of Alta", None),
        (
            "I spoke to [Ana Ruiz|PERSON]. She's a geologist with the [Reef Trust|ORG].",
            "geologist",
            "Reef Trust",
        ),
        ("My guest is [Ana Ruiz|PERSON], who teaches at [Alta College|ORG].", None, "Alta College"),
        (
            "My guest is [Ana Ruiz|PERSON], founder and CEO of [Alta Power|ORG].",
            "founder and CEO",
            "Alta Power",
        ),
        (
            "Who are you? I'm [Ana Ruiz|PERSON], and I'm chief engineer at [Alta Power|ORG].",
            "chief engineer",
            "Alta Power",
        ),
    ],
)
def test_titles_and_organizations(text: str, title: str | None, organization: str | None) -> None:
    names, _ = read(text)
    (guest,) = names.with_role(PersonRole.GUEST)
    assert (guest.title.value if guest.title else None) == title
    assert (guest.organization.value if guest.organization else None) == organization


def test_two_guests_in_one_breath() -> None:
    names, _ = read(
        "With us are [Ana Ruiz|PERSON], a nurse, and [Obi Lund|PERSON], chief economist at "
        "[Alta Power|ORG]. Welcome to you both, [Ana|PERSON] and [Obi|PERSON]."
    )
    people = {person.name: person for person in names.people}
    assert set(people) == {"Ana Ruiz", "Obi Lund"}
    assert people["Obi Lund"].organization is not None
    assert people["Ana Ruiz"].organization is None
    assert people["Ana Ruiz"].title is not None
    assert people["Ana Ruiz"].title.value == "nurse"


def test_no_guest_in_a_solo_episode() -> None:
    names, _ = read(
        "Hello, I'm [Nour Castell|PERSON], alone today. In 1831 [Charles Darwin|PERSON] wrote "
        "home. Last week [Obi Lund|PERSON] told us about eels. The music is by [Ana Ruiz|PERSON]."
    )
    assert names_with(names, PersonRole.HOST) == ["Nour Castell"]
    assert names_with(names, PersonRole.GUEST) == []
    assert len(names_with(names, PersonRole.MENTIONED)) == 3


def test_thanks_from_both_sides() -> None:
    names, _ = read(
        "[Ana Ruiz|PERSON], thank you for joining us. Thank you, [Nour|PERSON], it's a pleasure."
    )
    assert names_with(names, PersonRole.GUEST) == ["Ana Ruiz"]
    assert names_with(names, PersonRole.HOST) == ["Nour"]


def test_who_is_asked_for_a_name_is_a_guest() -> None:
    names, _ = read("Could you introduce yourself? Sure. I'm [Ana Ruiz|PERSON].")
    assert names_with(names, PersonRole.GUEST) == ["Ana Ruiz"]


def test_spellings_of_one_name_are_one_person() -> None:
    names, _ = read(
        "My guest is [Siobhan Okeefe|PERSON]. [Siobhan Okeeffe|PERSON] grows oysters. "
        "Thanks, [Siobhan|PERSON]. [Dr. Siobhan Okeefe|PERSON] left early."
    )
    (person,) = names.people
    assert person.name == "Siobhan Okeefe"
    assert person.spelling_variants == ("Siobhan Okeeffe", "Siobhan")


def test_the_glossary_spells_and_the_transcript_is_kept_beside() -> None:
    names, _ = read(
        "My guest is [Shevonne Okeefe|PERSON] of the [Merridian Rates Commission|ORG]. "
        "[Obi Lundquist|PERSON] is away, and so is [Ana Ruiz|PERSON].",
        glossary=("Siobhan", "Okeeffe", "Meridian Rates Commission", "Lindqvist", "dredging"),
    )
    guest, other, untouched = names.people
    assert (guest.name, guest.spelled_by) == ("Shevonne Okeeffe", Spelling.GLOSSARY)
    assert guest.spelling_variants == ("Shevonne Okeefe",)
    assert (other.name, other.spelling_variants) == ("Obi Lindqvist", ("Obi Lundquist",))
    assert (untouched.name, untouched.spelled_by) == ("Ana Ruiz", Spelling.TRANSCRIPT)
    (body,) = names.organizations
    assert (body.name, body.spelling_variants) == (
        "Meridian Rates Commission",
        ("Merridian Rates Commission",),
    )


def test_what_is_called_a_show_is_nobody() -> None:
    names, _ = read(
        "Welcome to [Tidal Notes|PERSON]. This is [Kiasu Capital|PERSON], a podcast for savers. "
        "I'm [Nour Castell|PERSON]. You're listening to the [Slow Rails|ORG]."
    )
    assert [person.name for person in names.people] == ["Nour Castell"]
    assert names.organizations == ()


def test_what_the_producer_gave_wins() -> None:
    names, _ = read(
        "[Ana Ruiz|PERSON] met [Obi Lund|PERSON] by the river.",
        known_hosts=[GivenPerson(name="Ana Ruiz")],
        known_guests=[
            GivenPerson(name="Obi Lund", title="pilot"),
            GivenPerson(name="Mia Holt"),
        ],
    )
    assert names_with(names, PersonRole.HOST) == ["Ana Ruiz"]
    assert names_with(names, PersonRole.GUEST) == ["Obi Lund", "Mia Holt"]
    people = {person.name: person for person in names.people}
    title = people["Obi Lund"].title
    assert title is not None
    assert (title.value, title.evidence) == ("pilot", None)
    assert people["Mia Holt"].evidence is None


def test_commission_with_what_it_does() -> None:
    names, _ = read(
        "That is up to the [Alta Rates Commission|ORG], the body that decides what power costs."
    )
    (agency,) = names.agencies
    assert agency.name == "Alta Rates Commission"
    assert agency.kind is OrganizationKind.GOVERNMENT_AGENCY
    assert agency.description is not None
    assert agency.description.value == "the body that decides what power costs"


@pytest.mark.parametrize(
    ("text", "description"),
    [
        (
            "The [Canal Board|ORG], which sets the fees, met today.",
            "which sets the fees",
        ),
        (
            "She called the [Canal Board|ORG]. That's the office that hears complaints on locks.",
            "the office that hears complaints on locks",
        ),
        (
            "The [Canal Board|ORG] licenses every boat on the water.",
            "licenses every boat on the water",
        ),
        ("The [Canal Board|ORG] said no.", None),
    ],
)
def test_descriptions(text: str, description: str | None) -> None:
    names, _ = read(text)
    (organization,) = names.organizations
    found = organization.description.value if organization.description else None
    assert found == description


def test_acronym_and_long_form_are_one_organization() -> None:
    names, _ = read(
        "The [Alta Water Authority|ORG], or [AWA|ORG], took a year. The [AWA|ORG] is slow."
    )
    (organization,) = names.organizations
    assert (organization.name, organization.acronym) == ("Alta Water Authority", "AWA")
    assert len(organization.mentions) == 2


def test_event_that_sounds_like_an_agency_is_an_event() -> None:
    names, _ = read(
        "It came up at the [Alta Climate Assembly|ORG], a weekend where citizens argue. "
        "It came up again at the [Delta Water Forum|ORG]."
    )
    assert names.organizations == ()
    assert [e.name for e in names.events] == ["Alta Climate Assembly", "Delta Water Forum"]


def test_sponsor_is_marked_and_a_place_to_listen_is_left_out() -> None:
    names, _ = read(
        "This episode is brought to you by [Alta Agency|ORG]. Follow us on [Chirper|ORG]. "
        "The [World Bank|ORG] lends."
    )
    assert [o.name for o in names.organizations] == ["Alta Agency", "World Bank"]
    assert [o.is_sponsor for o in names.organizations] == [True, False]
    assert [o.name for o in names.agencies] == ["World Bank"]


def test_show_and_common_acronyms_are_no_organizations() -> None:
    names, _ = read(
        "This is [The Tidal Hour|ORG]. The [GDP|ORG] fell, says the [OECD|ORG].",
        show="The Tidal Hour",
    )
    assert [o.name for o in names.organizations] == ["OECD"]


def test_a_kind_of_body_is_nobody_s_name() -> None:
    names, _ = read("The [University|ORG] met [Delta University|ORG] at the [Commission|ORG].")
    assert [o.name for o in names.organizations] == ["Delta University"]


def test_calls_that_begin_sentences_are_nobody() -> None:
    names, _ = read("[Amen|PERSON]. [Geez|PERSON], that was long. I'm [Ana Ruiz|PERSON].")
    assert [p.name for p in names.people] == ["Ana Ruiz"]


def test_whoever_first_gives_their_name_unasked_hosts_and_who_stops_by_visits() -> None:
    names, _ = read(
        "My name is [Ana Ruiz|PERSON], and this is the show. Later [Bo Diaz|PERSON] stops by."
    )
    assert names_with(names, PersonRole.HOST) == ["Ana Ruiz"]
    assert names_with(names, PersonRole.GUEST) == ["Bo Diaz"]


def test_every_value_stands_in_the_transcript_with_its_sentence() -> None:
    names, transcript = read(
        "I'm [Nour Castell|PERSON]. With me is [Ana Ruiz|PERSON], chief nurse at the "
        "[Reef Trust|ORG], a charity that mends coral. The [Canal Board|ORG], the body that "
        "licenses boats, was there too."
    )
    facts = [f for p in names.people for f in (p.title, p.organization, p.description) if f]
    facts += [o.description for o in names.organizations if o.description]
    assert len(facts) >= 4
    sentences = {(s.text, s.start, s.end) for s in split(transcript)}
    for fact in facts:
        assert fact.evidence is not None
        assert fact.value in fact.evidence.text
        assert (fact.evidence.text, fact.evidence.start, fact.evidence.end) in sentences


def test_lower_case_names_count_only_where_nothing_has_capitals() -> None:
    cased, _ = read("A river ran by. Then [somebody sang|PERSON] and [the mill|ORG] closed.")
    assert (cased.people, cased.organizations) == ((), ())
    lower, _ = read("so my guest today is [ana ruiz|PERSON] from [reef trust|ORG]")
    assert names_with(lower, PersonRole.GUEST) == ["Ana Ruiz"]
    assert [o.name for o in lower.organizations] == ["reef trust"]
