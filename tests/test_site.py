"""A show's site: whole, linked within itself, a preview marked, nothing of the editor's."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote

import feedparser
import html5lib
import pytest

from shownotes import site
from shownotes.errors import SettingsError
from shownotes.model import Episode
from shownotes.settings import ShowSettings
from shownotes.steps.step import Walk
from tests.episodes import demo_walk, finish

HEAT, RIVER = "who-pays-for-the-heat-pump", "the-river-has-a-budget"
SHOW = "The Warmer Ledger"


@pytest.fixture
def walks(workspace: Path) -> list[Walk]:
    made = [demo_walk(workspace, slug) for slug in (HEAT, RIVER)]
    for walk in made:
        (workspace / "audio" / f"{walk.folder.name}.mp3").write_bytes(b"sound")
    return [finish(walk) for walk in made]


def with_show(walks: list[Walk], **settings: object) -> list[Walk]:
    show = ShowSettings.model_validate(settings)
    changed = walks[0].settings.model_copy(update={"show": {SHOW: show}})
    return [finish(replace(walk, settings=changed)) for walk in walks]


def links(page: Path) -> Iterator[str]:
    for found in re.findall(r'(?:href|src)="([^"]+)"', page.read_text(encoding="utf-8")):
        if not found.startswith(("#", "http", "mailto:")):
            yield unquote(found.split("#")[0])


def pages(built: site.Built) -> list[Path]:
    return sorted(built.folder.rglob("*.html"))


def test_a_preview_has_an_index_and_a_page_an_episode(walks: list[Walk]) -> None:
    (built,) = site.build_previews(walks[0].settings)
    assert (built.show, built.episodes) == (SHOW, 2)
    assert len(pages(built)) == 3
    index = (built.folder / "index.html").read_text(encoding="utf-8")
    assert index.index("The River Has a Budget") < index.index("Who Pays for the Heat Pump?")
    assert built.folder == walks[0].settings.output_folder / "site-preview" / "the-warmer-ledger"


def test_every_page_is_valid_and_every_link_leads_somewhere(walks: list[Walk]) -> None:
    (built,) = site.build_previews(walks[0].settings)
    for page in pages(built):
        html5lib.HTMLParser(strict=True).parse(page.read_bytes())
        wanted = [page.parent / link for link in links(page)]
        assert wanted
        assert [path for path in wanted if not path.exists()] == []


def test_a_preview_is_marked_and_closed_to_search_engines(walks: list[Walk]) -> None:
    (built,) = site.build_previews(walks[0].settings)
    for page in pages(built):
        text = page.read_text(encoding="utf-8")
        assert '<meta name="robots" content="noindex, nofollow">' in text
        assert "A preview, not published." in text


def test_the_editors_marks_stay_at_home(walks: list[Walk]) -> None:
    assert "Nobody says what Mei Tanaka does" in (walks[1].folder.path / "notes.html").read_text(
        encoding="utf-8"
    )
    (built,) = site.build_previews(walks[0].settings)
    for page in pages(built):
        text = page.read_text(encoding="utf-8")
        assert "Nobody says what" not in text
        assert 'id="to-check"' not in text


def test_a_site_links_only_episodes_that_are_on_it(walks: list[Walk]) -> None:
    settings = walks[0].settings
    whole = site.build(settings, SHOW, walks, is_preview=True)
    river = (whole.folder / walks[1].folder.name / "index.html").read_text(encoding="utf-8")
    assert f'href="../{HEAT}/index.html"' in river
    alone = site.build(settings, SHOW, walks[1:], is_preview=True)
    river = (alone.folder / walks[1].folder.name / "index.html").read_text(encoding="utf-8")
    assert HEAT not in river
    assert not (alone.folder / HEAT).exists()


def test_a_public_site_carries_its_audio_or_names_its_host(walks: list[Walk]) -> None:
    settings = walks[0].settings
    built = site.build(settings, SHOW, walks, is_preview=False)
    assert built.folder.parent.name == "site"
    assert (built.folder / HEAT / f"{HEAT}.mp3").read_bytes() == b"sound"
    page = (built.folder / HEAT / "index.html").read_text(encoding="utf-8")
    assert "noindex" not in page
    hosted = with_show(walks, audio_url="https://cdn.example.org/{file}")
    built = site.build(hosted[0].settings, SHOW, hosted, is_preview=False)
    assert not (built.folder / HEAT / f"{HEAT}.mp3").exists()
    assert f'src="https://cdn.example.org/{HEAT}.mp3"' in (
        built.folder / HEAT / "index.html"
    ).read_text(encoding="utf-8")


def test_a_feed_is_made_when_it_is_known_where_things_will_lie(walks: list[Walk]) -> None:
    (built,) = site.build_previews(walks[0].settings)
    assert (built.has_feed, built.missing) == (False, "audio_url, site_url")
    assert not (built.folder / "feed.xml").exists()
    told = with_show(
        walks,
        audio_url="https://cdn.example.org/{file}",
        site_url="https://ledger.example.org",
        hosts=["Amara Lindqvist"],
        timezone="Europe/Oslo",
    )
    built = site.build(told[0].settings, SHOW, told, is_preview=False)
    read = feedparser.parse((built.folder / "feed.xml").read_bytes())
    assert not read.bozo
    assert [e.title for e in read.entries] == [
        "The River Has a Budget",
        "Who Pays for the Heat Pump?",
    ]
    assert read.entries[0].id == walks[1].folder.read("episode.json", Episode).id
    assert read.entries[0].published.endswith("+0200")
    chapters = built.folder / RIVER / "chapters.podcast.json"
    assert json.loads(chapters.read_text(encoding="utf-8"))["chapters"]


def test_a_site_takes_the_place_of_the_old_one_and_leaves_nothing_behind(
    walks: list[Walk],
) -> None:
    settings = walks[0].settings
    site.build(settings, SHOW, walks, is_preview=True)
    built = site.build(settings, SHOW, walks[:1], is_preview=True)
    assert [path.name for path in built.folder.parent.iterdir()] == ["the-warmer-ledger"]
    assert len(pages(built)) == 2


def test_a_cover_is_copied_and_a_missing_one_is_named(walks: list[Walk]) -> None:
    root = walks[0].settings.root
    (root / "art.JPG").write_bytes(b"picture")
    told = with_show(walks, cover="art.JPG")
    built = site.build(told[0].settings, SHOW, told, is_preview=True)
    assert (built.folder / "cover.jpg").read_bytes() == b"picture"
    told = with_show(walks, cover="gone.jpg")
    with pytest.raises(SettingsError, match=r"gone\.jpg: there is no such cover"):
        site.build(told[0].settings, SHOW, told, is_preview=True)


def test_no_drafts_and_no_such_show_are_said(workspace: Path, walks: list[Walk]) -> None:
    with pytest.raises(SettingsError, match=f"Shows with drafts: {SHOW}"):
        site.build_previews(walks[0].settings, show="Another")


def test_a_time_zone_that_does_not_exist_is_named(walks: list[Walk]) -> None:
    with pytest.raises(SettingsError, match="'Mars/Olympus'"):
        with_show(walks, timezone="Mars/Olympus")
