"""The catalogue of public bodies: what it holds, and what a show may add."""

import tomllib
from collections import Counter
from pathlib import Path

import pytest

from shownotes.adapters.catalogue import BUNDLED, load_catalogue
from shownotes.errors import SettingsError

BODIES = tomllib.loads(BUNDLED.read_text(encoding="utf-8"))["body"]


def test_it_is_large_and_from_everywhere() -> None:
    countries = {body["jurisdiction"].split("-")[0] for body in BODIES}
    assert len(BODIES) >= 250
    assert len(countries) >= 40
    assert "INT" in countries


def test_every_body_is_whole_and_stands_once() -> None:
    names = Counter(body["name"].casefold() for body in BODIES)
    assert [name for name, count in names.items() if count > 1] == []
    for body in BODIES:
        assert body["does"] == body["does"].strip(), body["name"]
        assert not body["name"].lower().startswith("the "), body["name"]
        assert len(set(body["aliases"])) == len(body["aliases"]), body["name"]


def test_a_link_stands_only_with_its_source() -> None:
    linked = [body for body in BODIES if "url" in body or "source" in body]
    assert linked
    for body in linked:
        assert body["url"].startswith("https://"), body["name"]
        assert body["source"].startswith(("https://", "http://")), body["name"]


def test_canonical_name_by_acronym_and_long_form() -> None:
    catalogue = load_catalogue()
    for name in ("NDRC", "National Development and Reform Commission", "N.D.R.C."):
        entry = catalogue.choose(name, {})
        assert entry is not None, name
        assert (entry.name, entry.jurisdiction) == (
            "National Development and Reform Commission",
            "CN",
        )
    assert catalogue.choose("Paper Lantern Commission", {}) is None
    # Ordinary words are not taken for acronyms.
    assert catalogue.choose("ndrc", {}) is None


def test_an_acronym_of_several_bodies_is_told_by_the_episode() -> None:
    catalogue = load_catalogue()
    assert len(catalogue.candidates("EPA")) > 1
    assert catalogue.choose("EPA", {}) is None
    heard = catalogue.count_jurisdictions(["Federal Energy Regulatory Commission", "EPA"])
    entry = catalogue.choose("EPA", heard)
    assert entry is not None
    assert entry.jurisdiction == "US"


def test_a_show_adds_bodies_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "bodies.toml"
    path.write_text(
        '[[body]]\nname = "Harbour Dredging Board"\naliases = ["HDB"]\n'
        'kind = "government_agency"\njurisdiction = "XX"\ndoes = "keeps the harbour deep"\n',
        encoding="utf-8",
    )
    entry = load_catalogue([path, tmp_path / "absent.toml"]).choose("Harbour Dredging Board", {})
    assert entry is not None
    assert entry.does == "keeps the harbour deep"
    assert load_catalogue().choose("Harbour Dredging Board", {}) is None


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ('[[body]]\nname = "A Board"\nkind = "agency"\n', "kind"),
        ('[[body]]\nname = "A Board"\nkind = "ngo"\nlink = "x"\n', "link"),
        ('[[body]]\nname = "A Board"\nkind = "ngo"\nurl = "https://a.example"\n', "source"),
        ("[[body", "cannot be read"),
    ],
)
def test_a_wrong_file_is_named_with_the_place(tmp_path: Path, text: str, complaint: str) -> None:
    path = tmp_path / "bodies.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError, match=complaint) as caught:
        load_catalogue([path])
    assert str(path) in str(caught.value)
