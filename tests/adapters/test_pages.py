"""Markdown and HTML escaping, checked by readers that we did not write."""

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
from shownotes.model import ShowNotes

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


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("one\n{{ notes.titel }}", "line 2"),
        ("one\n\n{% for %}", "line 3"),
        ("{{ 1 / 0 }}", "line 1"),
    ],
)
def test_a_wrong_template_names_file_and_line(tmp_path: Path, source: str, told: str) -> None:
    (tmp_path / "notes.md").write_text(source, encoding="utf-8")
    with pytest.raises(TemplateError) as error:
        render("notes.md", [tmp_path])
    assert told in str(error.value)
    assert "notes.md" in str(error.value)


def test_a_missing_template_says_where_it_was_looked_for(tmp_path: Path) -> None:
    with pytest.raises(TemplateError, match=r"notes\.md"):
        render("notes.md", [tmp_path])


def test_the_hash_follows_every_template(tmp_path: Path) -> None:
    before = pages.templates_sha256([tmp_path, SHIPPED])
    assert pages.templates_sha256([tmp_path, SHIPPED]) == before
    (tmp_path / "_extra.html").write_text("x", encoding="utf-8")
    assert pages.templates_sha256([tmp_path, SHIPPED]) != before
