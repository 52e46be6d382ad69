"""Markdown and HTML escaping, checked by readers that we did not write."""

from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from shownotes.adapters import pages
from shownotes.adapters.languages import load_wording
from shownotes.core.page import build_page
from shownotes.errors import TemplateError
from shownotes.model import Evidence, Fact, Person, PersonRole, ShowNotes

SHIPPED = Path(__file__).parents[2] / "templates" / "notes"
READER = MarkdownIt("commonmark")


class Text(HTMLParser):
    """The text of a page and the tags in it."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.text = ""
        self.tags: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        self.text += data


def shown(markdown: str) -> tuple[str, list[str]]:
    """What a CommonMark reader shows, and in which tags."""
    parser = Text()
    parser.feed(READER.render(markdown))
    parser.close()
    return parser.text.strip("\n"), parser.tags


HOSTILE = [
    "*bold* _it_ `code` [a](b) <b>x</b> # | ~ > - + 1. 2)",
    "1. not a list",
    "12) not a list",
    "- not a list",
    "+ not a list",
    "# not a heading",
    "> not a quote",
    "--- ",
    "===",
    "```",
    "![x](y)",
    "[ref]: http://example.org",
    "&lt; &amp; &copy;",
    "<!-- comment -->",
    "a\\*b\\",
    "https://example.org/a_b_c",
    "<https://example.org>",
    "line\nbreak\n\n# heading",
    "    indented code",
    "{{ 7 * 7 }} {% raw %}",
    "snake_case_name and 2*3*4",
    "— dash – and … “quotes”",
    "\x00\x07bell",
]


@pytest.mark.parametrize("said", HOSTILE)
def test_markdown_shows_exactly_what_was_said(said: str) -> None:
    wanted = " ".join(said.replace("\x00", "").replace("\x07", "").split())
    assert shown(pages.escape_markdown(said)) == (wanted, ["p"])


@given(st.text(alphabet=st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), max_size=60))
def test_markdown_shows_any_text_as_it_is(said: str) -> None:
    wanted = " ".join(said.split())
    text, tags = shown(f"x {pages.escape_markdown(said)} x")
    assert " ".join(text.split()) == f"x {wanted} x".replace("  ", " ")
    assert tags == ["p"]


@given(st.text(alphabet="*_`[]()<>#|!-+=~:.1)\\ &;a\n", max_size=24))
def test_markdown_marks_begin_nothing(said: str) -> None:
    wanted = " ".join(said.split())
    text, tags = shown(pages.escape_markdown(said))
    assert text == wanted
    assert tags == (["p"] if wanted else [])


def test_ordinary_text_is_left_readable() -> None:
    said = "Twenty-six nurses (and a half) paid $12.50: so what? It's 50% off!"
    assert pages.escape_markdown(said) == said


@given(st.text(max_size=40))
def test_a_comment_cannot_be_ended(said: str) -> None:
    html = READER.render(f"before\n\n<!-- {pages.comment_safe(said)} -->\n\nafter")
    parser = Text()
    parser.feed(html)
    assert parser.text.split() == ["before", "after"]


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", " JaVaScRiPt:x", "data:text/html,x", "vbscript:x"]
)
def test_a_link_that_runs_code_is_dropped(url: str) -> None:
    assert pages.safe_url(url) == ""
    assert pages.markdown_url(url) == ""


@pytest.mark.parametrize("url", ["https://a.example/ü?q=1#x", "../a%20b.mp3", "mailto:a@b.example"])
def test_an_ordinary_link_stays(url: str) -> None:
    assert pages.safe_url(url) == url


def test_a_link_target_cannot_leave_its_brackets() -> None:
    target = pages.markdown_url("https://a.example/x> <b>y</b> \\")
    assert READER.render(f"[a](<{target}>)").count("<a href=") == 1
    assert "<b>" not in READER.render(f"[a](<{target}>)")


NOTES = ShowNotes(
    title="A *title*", show=None, number=None, date=None, language="en", duration=90, hook=None,
    summary=(), narrative=(), questions=(), key_points=(), quotes=(), hosts=(), guests=(),
    mentioned=(), agencies=(), organizations=(), events=(), chapters=(),
    earlier_episodes=(), links=(), sign_off=None,
)  # fmt: skip


def page() -> object:
    return build_page(NOTES, [], wording=load_wording("en"), audio_path=None, files=())


def render(template: str, folders: list[Path]) -> str:
    return pages.render_notes(page(), template, folders)  # type: ignore[arg-type]


def test_empty_notes_still_make_both_files() -> None:
    assert render("notes.md", [SHIPPED]).startswith("# A \\*title\\*\n")
    assert "<h1>A *title*</h1>" in render("notes.html", [SHIPPED])


def test_own_templates_win_file_by_file(tmp_path: Path) -> None:
    (tmp_path / "notes.md").write_text(
        "mine: {{ notes.title }} {{ '*raw*' | raw }}", encoding="utf-8"
    )
    assert render("notes.md", [tmp_path, SHIPPED]) == "mine: A \\*title\\* *raw*\n"
    assert "<h1>" in render("notes.html", [tmp_path, SHIPPED])


SAID = Evidence(text="I am Ann.", start=1, end=2)
FULL = replace(
    NOTES,
    summary=(Fact(value="It rains.", evidence=SAID),),
    guests=(Person(name="Ann", role=PersonRole.GUEST, evidence=SAID),),
)


def fail(source: str, root: Path, *, template: str = "notes.md") -> str:
    """What is said of a template that is wrong, after its file and `line `."""
    folder = root / "templates" / "notes"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / template).write_text(source, encoding="utf-8")
    full = build_page(FULL, [], wording=load_wording("en"), audio_path=None, files=())
    with pytest.raises(TemplateError) as error:
        pages.render_notes(full, template, [folder, SHIPPED], root=root)
    told = str(error.value)
    assert "\n" not in told
    return told.removeprefix(f"templates/notes/{template}, line ")


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("one\n{{ notes.gest }}", "2: there is no `notes.gest`. Did you mean `notes.guests`?"),
        ("{% if notes.gest %}{% endif %}", "1: there is no `notes.gest`. Did you mean `notes.g"),
        ("{% for x in notes.gest %}{% endfor %}", "1: there is no `notes.gest`. Did you mean "),
        ("{{ page.moment(\n  notes.gest) }}", "2: there is no `notes.gest`. Did you mean `notes.g"),
        ("{{ notes['gest'] }}", "1: there is no `notes.gest`. Did you mean `notes.guests`?"),
        ("{{ notes.guests[0].nme }}", "1: there is no `notes.guests[0].nme`. Did you mean `notes"),
        ("{{ page.moment(3).clok }}", "1: there is no `page.moment(…).clok`. Did you mean"),
        ("{{ page.momet(3) }}", "1: there is no `page.momet`. Did you mean `page.moment`?"),
        ("{{ h.gests }}", "1: there is no `h.gests`. Did you mean `h.guests`?"),
        ("{{ nots.title }}", "1: there is no `nots`. Did you mean `notes`?"),
        ("{{ guests }}", "1: there is no `guests`. Did you mean `notes.guests`?"),
        ("{{ zzz }}", "1: there is no `zzz`. A template receives `page`, `notes`, `h`."),
        ("{% for it in notes.guests %}{{ itt.name }}{% endfor %}", "1: there is no `itt`. Did you"),
        ("{{ (notes.guests | last).nme }}", "1: there is no `(notes.guests | last).nme`. Did you"),
        ("{{ notes.summary | map(attribute='valu') | join }}", "1: there is no `valu`. Did you me"),
        ("{{ notes.zzzzzzz }}", "1: there is no `notes.zzzzzzz`. There are `agencies`, `chapters`"),
    ],
)
def test_a_name_that_is_not_there_is_told_with_the_nearest(
    tmp_path: Path, source: str, told: str
) -> None:
    assert fail(source, tmp_path).startswith(told)


@pytest.mark.parametrize(
    ("source", "told"),
    [
        (
            "{% for person in notes.guests %}\n{{ person.title.value }}{% endfor %}",
            "2: `person.title` is empty for this episode; write {% if person.title %} around it.",
        ),
        ("{{ notes.hosts[0].name }}", "1: `notes.hosts` is empty for this episode; write {% if n"),
        ("{{ notes.guests[7].name }}", "1: `notes.guests` has 1, so there is no [7] in it; they "),
        ("{{ notes.guests | map(attribute='title.value') | join }}", "1: `value` is asked of some"),
        ("{{ page.stamp(notes.number) }}", "1: something here is empty for this episode; write {"),
        ("{{ notes.title.value }}", "1: there is no `notes.title.value`: `notes.title` is text al"),
        ("{{ notes.duration.min }}", "1: there is no `notes.duration.min`: `notes.duration` is a "),
        ("{{ notes.guests.name }}", "1: there is no `name` in a list: `notes.guests` is one; go "),
        ("{{ notes.guests[0] }}", "1: a whole Person cannot be printed. Print one of its fields: "),
        ("{{ notes.guests }}", "1: a list cannot be printed."),
        ("{{ notes.title.upper }}", "1: `upper` cannot be printed: it is a thing to call."),
        ("{{ notes.title | mdd }}", "1: there is no filter `mdd`. Did you mean `md`?"),
        ("{% if h is definde %}{% endif %}", "1: there is no test `definde`. Did you mean `defin"),
        ("{% include 'note.html' %}", "1: there is no template note.html in templates/notes, "),
        ("{% include 'notes.md' %}", "1: this includes or calls itself without end."),
        ("{% macro m() %}{{ m() }}{% endmacro %}\n{{ m() }}", "1: this includes or calls itself "),
        ("one\n\n{% for %}", "3: "),
        ("one\n{% if h %}", "2: Unexpected end of template."),
        ("{{ 1 / 0 }}", "1: division by zero"),
        ("{{ page.stamp() }}", "1: Page.stamp() missing 1 required"),
    ],
)
def test_a_wrong_template_is_told_with_file_and_line(
    tmp_path: Path, source: str, told: str
) -> None:
    assert fail(source, tmp_path).startswith(told)


def test_an_error_in_an_included_file_or_a_macro_names_that_file(tmp_path: Path) -> None:
    folder = tmp_path / "templates" / "notes"
    folder.mkdir(parents=True)
    (folder / "_part.html").write_text("<p>\n{{ notes.titel }}", encoding="utf-8")
    (folder / "macros.html").write_text(
        "{% macro show(person) %}\n\n{{ person.nam }}{% endmacro %}", encoding="utf-8"
    )
    included = fail("\n\n{% include '_part.html' %}", tmp_path, template="notes.html")
    assert included.startswith("templates/notes/_part.html, line 2: there is no `notes.titel`.")
    source = "{% import 'macros.html' as m %}\n{{ m.show(notes.guests[0]) }}"
    called = fail(source, tmp_path, template="notes.html")
    assert called.startswith("templates/notes/macros.html, line 3: there is no `person.nam`.")
    (folder / "_part.html").write_text("\n{% for %}", encoding="utf-8")
    broken = fail("{% include '_part.html' %}", tmp_path, template="notes.html")
    assert broken.startswith("templates/notes/_part.html, line 2: ")


def test_a_template_that_is_not_utf8_is_named(tmp_path: Path) -> None:
    (tmp_path / "notes.md").write_bytes("Zoë".encode("latin-1"))
    with pytest.raises(TemplateError, match=r"notes\.md: this is not UTF-8 text"):
        render("notes.md", [tmp_path])


def test_a_template_with_a_byte_order_mark_is_read_without_it(tmp_path: Path) -> None:
    (tmp_path / "notes.html").write_text("\ufeff<p>", encoding="utf-8")
    assert render("notes.html", [tmp_path]) == "<p>"


@pytest.mark.parametrize("template", ["notes.md", "notes.html", "video.txt"])
def test_what_is_empty_prints_as_nothing(tmp_path: Path, template: str) -> None:
    (tmp_path / template).write_text("[{{ notes.show }}{{ notes.hook }}]", encoding="utf-8")
    assert render(template, [tmp_path]).strip() == "[]"


@pytest.mark.parametrize("name", sorted(pages.FILTERS))
def test_a_filter_makes_nothing_of_nothing(tmp_path: Path, name: str) -> None:
    (tmp_path / "video.txt").write_text(f"[{{{{ notes.show | {name} }}}}]", encoding="utf-8")
    assert render("video.txt", [tmp_path]) == "[]\n"


def test_a_missing_template_says_where_it_was_looked_for(tmp_path: Path) -> None:
    with pytest.raises(TemplateError, match=r"notes\.md"):
        render("notes.md", [tmp_path])


def test_the_hash_follows_every_template(tmp_path: Path) -> None:
    before = pages.templates_sha256([tmp_path, SHIPPED])
    assert pages.templates_sha256([tmp_path, SHIPPED]) == before
    (tmp_path / "_extra.html").write_text("x", encoding="utf-8")
    assert pages.templates_sha256([tmp_path, SHIPPED]) != before
