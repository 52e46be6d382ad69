"""What listeners may want to look up, and who made the episode, as they are spoken of."""

import pytest

from shownotes.adapters.languages import load_wording
from shownotes.core.credits import find_credits
from shownotes.core.resources import find_resources
from shownotes.model import Sentence

WORDING = load_wording("en")


def said(*texts: str) -> list[Sentence]:
    return [
        Sentence(index=i, text=text, start=float(i), end=i + 1.0, segment=0)
        for i, text in enumerate(texts)
    ]


@pytest.mark.parametrize(
    ("text", "kind", "name"),
    [
        ("It's in a report called Heat and Poverty, out in May.", "report", "Heat and Poverty"),
        ("In her book The Cold Rooms she disagrees.", "book", "The Cold Rooms"),
        ("He wrote a paper titled “Ice on the inside.” that year.", "article", "Ice on the inside"),
        (
            "The study by the Harbor Institute followed homes.",
            "study",
            "study by the Harbor Institute",
        ),
        ("That is what the Clean Air Act did.", "law", "Clean Air Act"),
        ("It's on stillwater.org/rooms if you want it.", "website", "stillwater.org/rooms"),
        ("Write to still water dot org today.", "website", "still water dot org"),
    ],
)
def test_a_work_is_named_as_it_was_said(text: str, kind: str, name: str) -> None:
    (resource,) = find_resources(said(text), WORDING)
    assert (resource.kind, resource.name) == (kind, name)
    assert resource.evidence is not None
    assert name in resource.evidence.text


@pytest.mark.parametrize(
    "text",
    [
        "I read a study from last year.",
        "We did a review in March.",
        "I love that film.",
        "The book Ann Lee wrote is long.",
        "They act as if nothing had happened.",
        "A report by May would be good.",
    ],
)
def test_what_has_no_name_is_not_listed(text: str) -> None:
    assert find_resources(said(text), WORDING, people=["Ann Lee"]) == ()


def test_a_work_is_listed_once_and_an_address_only_as_it_was_heard() -> None:
    found = find_resources(
        said(
            "The report called Down the River came out.",
            "That report, Down the River, says so.",
            "Go to rivers dot org.",
        ),
        WORDING,
    )
    assert [r.name for r in found] == ["Down the River", "rivers dot org"]
    assert [r.url for r in found] == [None, None]


def test_credits_are_those_of_the_show_and_those_that_are_read_out() -> None:
    found = find_credits(
        said(
            "Good to see you.",
            "This episode was produced and edited by Mina Cho and Bo Rask.",
            "Music by The Tall Ships.",
            "Our producer is Ann Lee.",
        ),
        {"Producer": "Ann Lee"},
        WORDING,
    )
    assert [(c.role, c.name, c.evidence is None) for c in found] == [
        ("Producer", "Ann Lee", True),
        ("Producer", "Mina Cho", False),
        ("Producer", "Bo Rask", False),
        ("Editor", "Mina Cho", False),
        ("Editor", "Bo Rask", False),
        ("Music", "The Tall Ships", False),
    ]


def test_credits_without_a_name_or_in_the_middle_are_none() -> None:
    middle = ["Filler says nothing."] * 40
    middle[20] = "The film was produced by Ann Lee."
    assert find_credits(said("It is written and produced by me.", *middle), {}, WORDING) == ()
