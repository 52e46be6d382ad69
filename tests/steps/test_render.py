"""What leaves the house: whole files, kept edits, inert text, and nothing done twice."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from shownotes.adapters.store import EpisodeFolder
from shownotes.errors import TemplateError
from shownotes.model import (
    Episode,
    Evidence,
    GivenChapter,
    Metadata,
    Names,
    Person,
    PersonRole,
    Rendered,
    ShowNotes,
)
from shownotes.pipeline import decide
from shownotes.settings import Settings, ShowSettings
from shownotes.steps import compose, divide, render
from shownotes.steps.step import Walk
from tests.core.test_captions import parse_srt, parse_vtt
from tests.episodes import STEPS, demo_walk, finish, lay_out
from tests.spoken import INTERVIEW, spoken

HEAT, RIVER = "who-pays-for-the-heat-pump", "the-river-has-a-budget"
NEW = "notes.new.md"


@pytest.fixture
def walk(workspace: Path) -> Walk:
    return finish(demo_walk(workspace, RIVER))


def text(walk: Walk, name: str) -> str:
    return (walk.folder.path / name).read_text(encoding="utf-8")


def due(walk: Walk) -> list[str]:
    return [step.name for step in STEPS if decide(step, walk).is_due]


def test_every_file_is_written_and_recorded(walk: Walk) -> None:
    recorded = walk.folder.read("render.json", Rendered)
    assert [file.name for file in recorded.files] == list(render.FILES)
    assert all((walk.folder.path / name).stat().st_size > 20 for name in render.FILES)
    assert json.loads(text(walk, "chapters.podcast.json"))["version"] == "1.2.0"
    assert json.loads(text(walk, "transcript.podcast.json"))["version"] == "1.0.0"
    assert len(parse_vtt(text(walk, "transcript.vtt"))) > 40
    assert len(parse_srt(text(walk, "transcript.srt"))) > 40


def test_the_markdown_tells_guests_agency_and_main_point(walk: Walk) -> None:
    notes = text(walk, "notes.md")
    order = [
        "# The River Has a Budget",
        "The Warmer Ledger · Episode 2 · September 30, 2026",
        "(<../../audio/the-river-has-a-budget.mp3>)",
        "**Can you spend a river twice?**",
        "In August, the Tessaly stopped",
        "The river is smaller than its permits",
        "## Questions this episode answers",
        "- **Kofi Asante**, chief hydrologist, Tessaly Delta Trust",
        "- **Mei Tanaka**, Dry Fields Cooperative\n",
        "- **River Basin Commission**: the body that decides who may take water and how much",
        "## Key points",
        "## Chapters",
        "\n00:00 Can you spend a river twice?",
        "> “A referee should not own one of the teams.”",
        "*Stay curious, stay warm, and count everything.*",
        "<!-- For the editor.",
        "Nobody says what Mei Tanaka does",
    ]
    places = [notes.find(part) for part in order]
    assert -1 not in places
    assert places == sorted(places)
    shown = MarkdownIt("commonmark").render(notes.split("<!--")[0])
    assert shown.count("<h1>") == 1
    assert "&lt;" not in shown


def test_running_twice_leaves_every_file_alone(walk: Walk) -> None:
    assert due(walk) == []
    before = {name: (walk.folder.path / name).stat().st_mtime_ns for name in render.FILES}
    render.STEP.run(walk)
    after = {name: (walk.folder.path / name).stat().st_mtime_ns for name in render.FILES}
    assert after == before
    assert due(walk) == []


def test_an_edited_file_is_kept_and_the_new_one_lies_beside_it(walk: Walk) -> None:
    mine = walk.folder.path / "notes.md"
    ours = text(walk, "notes.md")
    mine.write_text("my own words", encoding="utf-8")
    assert render.kept_edits(walk.folder) == ("notes.md",)
    for _ in range(2):
        render.STEP.run(walk)
        assert text(walk, "notes.md") == "my own words"
        assert text(walk, NEW) == ours
        assert render.kept_edits(walk.folder) == ("notes.md",)
    assert due(walk) == []


def test_taking_the_new_version_makes_the_file_ours_again(walk: Walk) -> None:
    mine = walk.folder.path / "notes.md"
    mine.write_text("my own words", encoding="utf-8")
    render.STEP.run(walk)
    mine.write_text(text(walk, NEW), encoding="utf-8")
    render.STEP.run(walk)
    assert render.kept_edits(walk.folder) == ()
    assert not (walk.folder.path / NEW).exists()


def test_an_edited_new_version_is_kept_too(walk: Walk) -> None:
    (walk.folder.path / "notes.md").write_text("mine", encoding="utf-8")
    render.STEP.run(walk)
    (walk.folder.path / NEW).write_text("half merged", encoding="utf-8")
    render.STEP.run(walk)
    assert text(walk, NEW) == "half merged"
    assert text(walk, "notes.new.new.md").startswith("# The River")


def test_a_file_of_a_killed_run_is_still_ours(walk: Walk) -> None:
    # The run died after writing notes.md and before render.json: the journal knows the file.
    newer = "what the dying run wrote"
    (walk.folder.path / "notes.md").write_text(newer, encoding="utf-8")
    journal = walk.folder.path / render.JOURNAL
    journal.parent.mkdir(exist_ok=True)
    journal.write_text(json.dumps({"notes.md": render._sha256(newer)}), encoding="utf-8")
    assert render.kept_edits(walk.folder) == ()
    render.STEP.run(walk)
    assert text(walk, "notes.md").startswith("# The River")
    assert not journal.exists()


def test_a_deleted_file_is_made_again(walk: Walk) -> None:
    (walk.folder.path / "transcript.srt").unlink()
    assert due(walk) == ["render"]
    render.STEP.run(walk)
    assert (walk.folder.path / "transcript.srt").is_file()
    assert due(walk) == []


def test_kept_edits_of_an_unrendered_folder_are_none(workspace: Path) -> None:
    assert render.kept_edits(EpisodeFolder(workspace / "output" / "nothing")) == ()
    folder = EpisodeFolder(workspace / "output")
    (folder.path / "render.json").write_text("torn", encoding="utf-8")
    assert render.kept_edits(folder) == ()


def test_a_template_change_renders_again_and_nothing_else(walk: Walk) -> None:
    own = walk.settings.root / "templates" / "notes"
    own.mkdir(parents=True)
    (own / "notes.md").write_text("# {{ notes.title }}\n", encoding="utf-8")
    assert due(walk) == ["render"]
    render.STEP.run(walk)
    assert text(walk, "notes.md") == "# The River Has a Budget\n"
    assert due(walk) == []


@pytest.mark.parametrize("folder", ["The Warmer Ledger", "the-warmer-ledger"])
def test_a_shows_own_template_wins_for_that_show_alone(walk: Walk, folder: str) -> None:
    show = walk.folder.read("episode.json", Episode).metadata.show
    assert show == "The Warmer Ledger"
    other = finish(lay_out(walk.settings.root, "other", spoken(INTERVIEW)))
    templates = walk.settings.root / "templates"
    for own, says in (("notes", "everybody's"), (f"shows/{folder}", "the show's")):
        (templates / own).mkdir(parents=True)
        (templates / own / "notes.md").write_text(f"{says}\n", encoding="utf-8")
    for one in (walk, other):
        render.STEP.run(one)
    assert text(walk, "notes.md") == "the show's\n"
    assert text(other, "notes.md") == "everybody's\n"
    (templates / "shows" / folder / "notes.md").write_text("changed\n", encoding="utf-8")
    assert decide(render.STEP, walk).why == "changed: templates"
    assert not decide(render.STEP, other).is_due
    (templates / "shows" / folder / "notes.md").unlink()
    render.STEP.run(walk)
    assert text(walk, "notes.md") == "everybody's\n"


def test_the_exact_name_of_a_show_goes_before_its_slug(walk: Walk) -> None:
    for name in ("The Warmer Ledger", "the-warmer-ledger"):
        (walk.settings.root / "templates" / "shows" / name).mkdir(parents=True)
    assert render.template_folders(walk)[0].name == "The Warmer Ledger"


@pytest.mark.parametrize("show", ["../notes", "..", ".", "", "a/b", "???"])
def test_a_shows_name_leads_to_no_other_folder(workspace: Path, show: str) -> None:
    walk = lay_out(workspace, "one", spoken(INTERVIEW), metadata=Metadata(title="x", show=show))
    before = render.template_folders(walk)
    (workspace / "templates" / "shows" / "a" / "b").mkdir(parents=True)
    (workspace / "templates" / "notes").mkdir()
    assert render.template_folders(walk) == before


def test_a_broken_template_of_a_show_is_named_from_the_working_folder(walk: Walk) -> None:
    own = walk.settings.root / "templates" / "shows" / "the-warmer-ledger"
    own.mkdir(parents=True)
    (own / "notes.md").write_text("# {{ notes.titel }}", encoding="utf-8")
    with pytest.raises(TemplateError) as error:
        render.STEP.run(walk)
    assert str(error.value) == (
        "templates/shows/the-warmer-ledger/notes.md, line 1: there is no `notes.titel`. "
        "Did you mean `notes.title`?"
    )


def test_a_broken_template_fails_and_leaves_the_files(walk: Walk) -> None:
    before = text(walk, "notes.md")
    own = walk.settings.root / "templates" / "notes"
    own.mkdir(parents=True)
    (own / "notes.html").write_text("{{ nothing.here }}", encoding="utf-8")
    with pytest.raises(TemplateError):
        render.STEP.run(walk)
    assert text(walk, "notes.md") == before


def test_a_settings_change_divides_again(walk: Walk) -> None:
    walk.settings = walk.settings.with_values({"chapters.min_length_s": 60.0})
    assert due(walk)[0] == "divide"


def test_given_chapters_and_a_new_title_are_inputs(walk: Walk) -> None:
    episode = walk.folder.read("episode.json", Episode)
    given = replace(episode.metadata, chapters=(GivenChapter(start=0, title="Mine"),))
    walk.folder.write("episode.json", replace(episode, metadata=given), made_from={})
    assert due(walk) == ["divide", "compose"]
    divide.STEP.run(walk)
    compose.STEP.run(walk)
    render.STEP.run(walk)
    assert "00:00 Mine" in text(walk, "notes.md")


def test_an_earlier_episode_that_comes_later_is_linked(walk: Walk) -> None:
    assert "unresolved_link" in [c.code for c in walk.folder.read("draft.json", ShowNotes).checks]
    other = finish(demo_walk(walk.settings.root, HEAT))
    assert due(walk) == ["compose"]
    assert due(other) == []
    compose.STEP.run(walk)
    render.STEP.run(walk)
    assert f"[Who Pays for the Heat Pump?](<../{HEAT}/notes.html>)" in text(walk, "notes.md")
    assert (walk.folder.path / ".." / HEAT / "notes.html").is_file()
    assert due(walk) == []


def test_an_episode_that_speaks_of_no_other_is_not_composed_for_a_new_one(workspace: Path) -> None:
    heat = finish(demo_walk(workspace, HEAT))
    finish(demo_walk(workspace, RIVER))
    assert due(heat) == []


def test_the_shows_sign_off_and_links_are_used(workspace: Path) -> None:
    walk = lay_out(workspace, "one", spoken(INTERVIEW), metadata=Metadata(title="T", show="S"))
    show = ShowSettings(
        sign_off="Keep well.", links={"Our site": "https://a.example/"}, publication="The Paper"
    )
    walk.settings = Settings(root=workspace, show={"S": show})
    finish(walk)
    notes = text(walk, "notes.md")
    assert "*Keep well.*" in notes
    assert "[Our site](<https://a.example/>)" in notes
    assert "*The Paper · S · " in notes


def test_a_standing_sign_off_is_found_in_the_shows_other_episodes(workspace: Path) -> None:
    words = "A: We begin.\nA: The end is here.\nA: Keep the kettle on.\nA: See you soon my friends."
    show = Metadata(title="First", show="S")
    finish(lay_out(workspace, "one", spoken(words), metadata=show))
    other = words.replace("See you soon my friends.", "Our music is by Ann.")
    walk = finish(lay_out(workspace, "two", spoken(other), metadata=replace(show, title="Second")))
    sign_off = walk.folder.read("draft.json", ShowNotes).sign_off
    assert sign_off
    assert sign_off.value == "Keep the kettle on."


@pytest.mark.parametrize(
    "name",
    ["a b.mp3", "100%.mp3", "who?.mp3", "#1 'best' \"hit\".mp3", "naïve–日本.mp3", "a:b.mp3"],
)
def test_the_audio_is_found_under_any_name(workspace: Path, name: str) -> None:
    from urllib.parse import unquote, urlsplit

    walk = finish(lay_out(workspace, "one", spoken(INTERVIEW), audio=f"audio/{name}"))
    page = text(walk, "notes.html")
    url = page.split('<source src="', 1)[1].split('"', 1)[0]
    parts = urlsplit(url)
    assert (parts.scheme, parts.query, parts.fragment) == ("", "", "")
    assert unquote(parts.path) == f"../../audio/{name}"


HOSTILE = (
    "H: Welcome to <script>alert(1)</script> {{ 7 * 7 }} {% raw %} --> *bold* today.\n"
    "H: Why is </script><img src=x onerror=alert(2)> [a](javascript:alert(3)) so cold & dark?\n"
    "G: # The <!-- river --> `has` | a | budget, </details> and nobody *knows* how it works.\n"
) * 4


def test_hostile_text_is_inert_everywhere(workspace: Path) -> None:
    title = "</title><script>alert(0)</script> {{ 7*7 }} --> *x*\n# y"
    evidence = Evidence(text=spoken(HOSTILE).segments[0].text, start=0.5, end=4)
    guest = Person(
        name='"><b>Bob</b> *x*',
        role=PersonRole.GUEST,
        evidence=evidence,
        link="javascript:alert(9)",
    )
    walk = finish(
        lay_out(
            workspace,
            "one",
            spoken(HOSTILE, with_speakers=True),
            metadata=Metadata(title=title, show="<i>S</i>", number=3),
            names=Names(people=(guest,), organizations=()),
        )
    )
    page = text(walk, "notes.html")
    assert page.count("<script>") == 1
    assert page.count("</details>") == 1
    assert "<img" not in page
    assert "<b>" not in page
    assert "javascript:" not in page.replace("[a](javascript:alert(3))", "")
    assert "49" not in page.split("<body>")[1].split("</main>")[0].replace("49.", "")
    shown = MarkdownIt("commonmark").render(text(walk, "notes.md"))
    assert shown.count("<h1>") == 1
    assert "<script" not in shown
    assert "<b>" not in shown
    assert 'href="javascript' not in shown
    parse_vtt(text(walk, "transcript.vtt"))
    parse_srt(text(walk, "transcript.srt"))
    json.loads(text(walk, "transcript.podcast.json"))


def test_a_transcript_that_came_alone_has_a_page_without_player(workspace: Path) -> None:
    walk = lay_out(workspace, "one", spoken(INTERVIEW))
    episode = walk.folder.read("episode.json", Episode)
    walk.folder.write("episode.json", replace(episode, versions=()), made_from={})
    finish(walk)
    assert "<audio" not in text(walk, "notes.html")
    assert "There is no audio" in text(walk, "notes.html")
    assert "Listen:" not in text(walk, "notes.md")
