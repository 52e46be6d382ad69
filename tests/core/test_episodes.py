import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shownotes.core.episodes import MAX_SLUG, file_key, folder_name, key, merge, slug
from shownotes.model import GivenPerson, Metadata


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The river has a budget", "the-river-has-a-budget"),
        ("  What's next? — Part 2/3: Über & Ænd ", "whats-next-part-2-3-uber-and-aend"),
        ("Łódź, Ørsted, Straße, Þing", "lodz-orsted-strasse-thing"),
        ("Семья и йод", "semya-i-yod"),
        ("Ὀδύσσεια ψ", "odysseia-ps"),
        ("CON", "con-episode"),
        ("lpt1", "lpt1-episode"),
        ("..\\..//etc/passwd\0", "etc-passwd"),
        ("気候変動", ""),
        ("İstanbul Ñandú Čtvrtek", "istanbul-nandu-ctvrtek"),
    ],
)
def test_slug(text: str, expected: str) -> None:
    assert slug(text) == expected


@given(st.text(max_size=300))
def test_a_slug_is_legal_everywhere(text: str) -> None:
    name = slug(text)
    assert re.fullmatch(r"(?:[a-z0-9]+(?:-[a-z0-9]+)*)?", name)
    assert len(name) <= MAX_SLUG + len("-episode")
    assert slug(name) == name


def test_a_long_slug_ends_with_a_whole_word() -> None:
    name = slug("reparations and responsibility " * 5)
    assert len(name) <= MAX_SLUG
    assert name.split("-")[-1] in {"reparations", "and", "responsibility"}


def test_folder_names() -> None:
    metadata = Metadata(title="Who pays?", date="2026-09-16")
    assert folder_name(metadata, "ep1") == "2026-09-16-who-pays"
    assert folder_name(Metadata(), "Ep 1") == "undated-ep-1"
    assert folder_name(Metadata(title="気候"), "気候") == "undated-episode"
    taken = {"2026-09-16-WHO-pays", "2026-09-16-who-pays-2"}
    assert folder_name(metadata, "ep1", taken=taken) == "2026-09-16-who-pays-3"


def test_an_episode_is_recognised_by_feed_then_number_then_file() -> None:
    path = "audio/show/ep.1.final.mp3"
    assert key(Metadata(feed_id=" abc ", show="S", number=1), path) == "feed:abc"
    assert key(Metadata(show="The  Show", number=4), path) == "show:the show#4"
    assert key(Metadata(show="The Show", season=2, number=4), path) == "show:the show#2.4"
    assert key(Metadata(show="The Show"), path) == "file:audio/show/ep.1.final"


def test_the_same_name_in_two_unicode_forms_is_one_file() -> None:
    assert file_key("audio/cafe\u0301.mp3") == file_key("audio/caf\u00e9.wav")


def test_the_upper_layer_wins_and_glossaries_add_up() -> None:
    tags = Metadata(title="tag", number=3, glossary=("A",), guests=(GivenPerson(name="Ann"),))
    show = Metadata(language="de", glossary=("B", "A"))
    sidecar = Metadata(title="sidecar", number=0, guests=(GivenPerson(name="Bea"),))
    merged = merge(tags, show, sidecar)
    assert (merged.title, merged.number, merged.language) == ("sidecar", 0, "de")
    assert merged.guests == (GivenPerson(name="Bea"),)
    assert merged.glossary == ("A", "B")
