"""What templates receive is what docs/templates.md says, and what the shipped ones use."""

import re
from dataclasses import fields, is_dataclass
from inspect import cleandoc
from pathlib import Path

import jinja2
import pytest

from shownotes.adapters.languages import load_wording
from shownotes.adapters.pages import FILTERS, render_notes
from shownotes.core.page import Page
from shownotes.model import Fact, Person, ShowNotes
from shownotes.steps.render import gather
from shownotes.steps.targets import TARGETS
from shownotes.template_contract import EXAMPLE, describe, document, members, nouns, template_files
from tests.episodes import demo_walk, finish
from tests.template_uses import EPISODE, INDEX, Uses

ROOT = Path(__file__).parents[1]
SHIPPED = ROOT / "templates" / "notes"
DOCUMENT = ROOT / "docs" / "templates.md"
RIVER = "the-river-has-a-budget"


@pytest.fixture(scope="module")
def uses() -> Uses:
    """What the shipped templates use."""
    found = Uses(folder=SHIPPED)
    for file in template_files():
        if file == "show.html":
            found.walk(file, dict(INDEX))
        elif not file.startswith("_"):
            found.walk(file, dict(EPISODE))
    return found


def test_the_document_is_what_the_contract_says() -> None:
    assert DOCUMENT.read_text(encoding="utf-8") == document(), (
        "docs/templates.md is behind: python -m shownotes.template_contract > docs/templates.md"
    )


def test_every_field_that_a_template_can_reach_is_explained() -> None:
    silent = [
        f"{noun.__name__}.{name}"
        for noun in nouns()
        for name, member in members(noun).items()
        if not member.meaning
    ]
    assert silent == []
    assert {Page, ShowNotes, Fact, Person} <= set(nouns())


def test_docstrings_explain_no_field_that_is_gone() -> None:
    for noun in nouns():
        assert is_dataclass(noun)
        listed = cleandoc(noun.__doc__ or "").partition("Attributes:\n")[2].split("\n\n")[0]
        told = re.findall(r"^ {4}(\w+): ", listed, re.MULTILINE)
        assert told, noun
        assert set(told) <= {part.name for part in fields(noun)}, noun


def test_shipped_templates_use_nothing_outside_the_contract(uses: Uses) -> None:
    assert uses.faults == []
    assert uses.files == set(template_files())
    assert uses.headings <= set(load_wording("en").headings)
    assert uses.filters <= {*FILTERS, *jinja2.Environment().filters}


def test_the_walk_follows_chains_loops_and_includes(uses: Uses) -> None:
    reached = {f"{noun.__name__}.{name}" for noun, name in uses.fields}
    assert {
        "ShowNotes.guests",
        "Person.title",
        "Fact.value",
        "CatalogueEntry.url",
        "Moment.clock",
        "Said.anchor",
        "Timed.stamp",
        "Entry.page",
    } <= reached


@pytest.mark.parametrize(
    ("source", "fault"),
    [
        ("{{ notes.gest }}", "line 1: ShowNotes has no gest"),
        ("\n{% for p in notes.guests %}{{ p.titel }}{% endfor %}", "line 2: Person has no titel"),
        ("{% for p in page.notes.guests %}{{ p.title.valu }}{% endfor %}", "Fact has no valu"),
        ("{% if notes.hosts[0].nam %}x{% endif %}", "Person has no nam"),
        ("{{ notes.summary | map(attribute='valu') | join }}", "Fact has no valu"),
        ("{{ (notes.guests | first).nme }}", "Person has no nme"),
        ("{% set m = page.moment(1) %}{{ m.clok }}", "Moment has no clok"),
        ("{{ page.at(notes.hook.evidence).clok }}", "Moment has no clok"),
        ("{% macro j(x) %}{{ page.moments(x) }}{% endmacro %}", "Page has no moments"),
        ("{{ notes.title.value }}", "has no value"),
        ("{{ notes.guests.name }}", "has no name"),
        ("{{ nots.title }}", "there is no nots"),
        ('{% include "part.md" %}', "part.md, line 1: ShowNotes has no gest"),
        ("{{ notes.show or notes.shw }}", "ShowNotes has no shw"),
        ("{{ 'a' ~ notes.shw }}", "ShowNotes has no shw"),
    ],
)
def test_the_walk_finds_a_field_that_is_not_there(tmp_path: Path, source: str, fault: str) -> None:
    (tmp_path / "notes.md").write_text(source, encoding="utf-8")
    (tmp_path / "part.md").write_text("{{ notes.gest }}", encoding="utf-8")
    found = Uses(folder=tmp_path)
    found.walk("notes.md", dict(EPISODE))
    assert [told for told in found.faults if fault in told]


def test_every_field_of_a_page_is_used_or_documented(uses: Uses) -> None:
    section = DOCUMENT.read_text(encoding="utf-8").partition("### Page\n")[2].partition("###")[0]
    documented = set(re.findall(r"^\| `(\w+)", section, re.MULTILINE))
    used = {name for noun, name in uses.fields if noun is Page}
    assert used <= set(members(Page))
    assert set(members(Page)) <= documented


def test_every_file_that_can_be_replaced_says_what_it_is() -> None:
    files = template_files()
    assert all(files.values()), files
    rendered = {target.name for target in TARGETS}
    assert {name for name in files if name in rendered} >= {"notes.md", "notes.html", "video.txt"}


def test_types_are_told_in_words() -> None:
    told = {name: describe(member.hint) for name, member in members(Page).items()}
    assert told["notes"] == "[ShowNotes](#shownotes)"
    assert told["audio_url"] == "text; or empty"
    assert told["paragraphs"] == "list of [Paragraph](#paragraph)"
    assert told["files"] == "list of pairs: text and text"
    assert told["is_preview"] == "yes or no"
    assert describe(members(Person)["role"].hint) == "one of `host`, `guest`, `mentioned`"


def test_every_link_in_the_document_leads_somewhere() -> None:
    text = document()
    targets = {re.sub(r"\W", "-", title.lower()) for title in re.findall(r"^#+ (.*)$", text, re.M)}
    asked = set(re.findall(r"\]\(#([\w-]+)\)", text))
    assert asked
    assert asked <= targets


def test_the_worked_example_works(workspace: Path) -> None:
    walk = finish(demo_walk(workspace, RIVER))
    own = workspace / "templates" / "notes"
    own.mkdir(parents=True)
    assert EXAMPLE in document()
    (own / "notes.md").write_text(EXAMPLE, encoding="utf-8")
    made = render_notes(gather(walk).page, "notes.md", [own])
    assert made.startswith("# The River Has a Budget\n\n**")
    assert "\n\n- Kofi Asante, chief hydrologist\n" in made
    assert "\n- 00:00 " in made
