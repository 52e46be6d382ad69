"""A show's site: of what is published alone; a preview marked; nothing of the editor's."""

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
from shownotes.errors import FormatError, SettingsError
from shownotes.model import Episode, ShowNotes
from shownotes.settings import PublishSettings, Settings, ShowSettings
from shownotes.steps import reviewing
from shownotes.steps.publishing import publish, unpublish
from shownotes.steps.step import Walk
from tests.audio_files import noise, write
from tests.episodes import demo_walk, finish

HEAT, RIVER = "who-pays-for-the-heat-pump", "the-river-has-a-budget"
SHOW = "The Warmer Ledger"


@pytest.fixture
def walks(workspace: Path) -> list[Walk]:
    made = [demo_walk(workspace, slug) for slug in (HEAT, RIVER)]
    for walk in made:
        audio = workspace / "audio" / f"{walk.folder.name}.mp3"
        write(audio, 0.2 * noise(20.0, rate_hz=16_000), rate_hz=16_000)
    return [finish(walk) for walk in made]


@pytest.fixture
def published(walks: list[Walk]) -> list[Walk]:
    """Both, published; without audio, which is faster."""
    quiet = [changed(walk, publish=PublishSettings(audio=False)) for walk in walks]
    return [put_out(walk) for walk in quiet]


def changed(walk: Walk, **settings: object) -> Walk:
    return replace(walk, settings=walk.settings.model_copy(update=settings))


def put_out(walk: Walk) -> Walk:
    reviewing.approve(walk, by="Ann")
    publish(walk, by="Bo")
    return walk


def build(settings: Settings) -> site.Built:
    (built,) = site.build_sites(settings)
    return built


def page_of(built: site.Built, name: str) -> str:
    return (built.folder / name / "index.html").read_text(encoding="utf-8")


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def with_show(walks: list[Walk], **settings: object) -> list[Walk]:
    show = ShowSettings.model_validate(settings)
    changed = walks[0].settings.model_copy(update={"show": {SHOW: show}})
    return [finish(replace(walk, settings=changed)) for walk in walks]


FEED = {
    "audio_url": "https://cdn.example.org/{file}",
    "site_url": "https://ledger.example.org",
    "hosts": ["Amara Lindqvist"],
    "timezone": "Europe/Oslo",
}


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


def test_a_site_links_only_episodes_that_are_on_it(published: list[Walk]) -> None:
    settings = published[0].settings
    river = page_of(build(settings), RIVER)
    assert f'href="../{HEAT}/index.html"' in river
    unpublish(published[0], by="Bo")
    alone = build(settings)
    assert HEAT not in page_of(alone, RIVER)
    assert not (alone.folder / HEAT).exists()


def test_a_public_site_carries_its_audio_or_names_its_host(walks: list[Walk]) -> None:
    for walk in walks:
        put_out(walk)
    built = build(walks[0].settings)
    assert built.folder.parent.name == "site"
    audio = walks[0].folder.path / "published" / "1" / "audio" / f"{HEAT}.mp3"
    assert (built.folder / HEAT / f"{HEAT}.mp3").read_bytes() == audio.read_bytes()
    page = page_of(built, HEAT)
    assert "noindex" not in page
    assert f'src="./{HEAT}.mp3"' in page
    hosted = changed(
        walks[0], show={SHOW: ShowSettings(audio_url="https://cdn.example.org/{file}")}
    )
    built = build(hosted.settings)
    assert not (built.folder / HEAT / f"{HEAT}.mp3").exists()
    assert f'src="https://cdn.example.org/{HEAT}.mp3"' in page_of(built, HEAT)


def test_every_public_page_is_valid_and_every_link_leads_somewhere(walks: list[Walk]) -> None:
    for walk in walks:
        put_out(walk)
    built = build(walks[0].settings)
    for page in pages(built):
        html5lib.HTMLParser(strict=True).parse(page.read_bytes())
        assert [path for link in links(page) if not (path := page.parent / link).exists()] == []
        text = page.read_text(encoding="utf-8")
        for mark in ("<aside", "to-check", "A preview", "site-preview", "work/"):
            assert mark not in text


def test_drafts_are_on_no_site(walks: list[Walk]) -> None:
    settings = walks[0].settings
    assert site.build_sites(settings) == []
    put_out(changed(walks[1], publish=PublishSettings(audio=False)))
    built = build(settings)
    assert built.episodes == 1
    assert not (built.folder / HEAT).exists()
    assert not any(HEAT.encode() in data for data in contents(built.folder).values())


def test_an_edit_after_publishing_never_reaches_the_site(published: list[Walk]) -> None:
    walk = published[1]
    told = changed(walk, show={SHOW: ShowSettings.model_validate(FEED)})
    built = build(told.settings)
    before = contents(built.folder)
    notes = walk.folder.read("draft.json", ShowNotes)
    chapters = tuple(replace(c, title="Not yet approved") for c in notes.chapters)
    walk.folder.write("draft.json", replace(notes, title="Not yet approved", chapters=chapters))
    (walk.folder.path / "transcript.json").unlink()
    assert contents(build(told.settings).folder) == before
    assert "Not yet approved" not in str(before)


def test_what_was_published_is_what_lies_beside_the_page(published: list[Walk]) -> None:
    built = build(published[0].settings)
    version = published[1].folder.path / "published" / "1"
    for name in ("transcript.vtt", "transcript.podcast.json", "chapters.podcast.json"):
        assert (built.folder / RIVER / name).read_bytes() == (version / name).read_bytes()


def test_taking_back_takes_it_off_site_and_feed_and_the_last_one_takes_the_site(
    published: list[Walk],
) -> None:
    told = changed(published[0], show={SHOW: ShowSettings.model_validate(FEED)}).settings
    built = build(told)
    feed = built.folder / "feed.xml"
    assert len(feedparser.parse(feed.read_bytes()).entries) == 2
    unpublish(published[1], by="Bo")
    assert build(told).folder == built.folder
    assert [e.title for e in feedparser.parse(feed.read_bytes()).entries] == [
        "Who Pays for the Heat Pump?"
    ]
    index = (built.folder / "index.html").read_text(encoding="utf-8")
    assert "The River Has a Budget" not in index
    assert not (built.folder / RIVER).exists()
    unpublish(published[0], by="Bo")
    assert site.build_sites(told) == []
    assert list(built.folder.parent.iterdir()) == []


def test_one_show_is_built_and_another_left_alone(published: list[Walk]) -> None:
    settings = published[0].settings
    built = build(settings)
    before = contents(built.folder)
    unpublish(published[0], by="Bo")
    assert site.build_sites(settings, show="Another") == []
    assert contents(built.folder) == before
    assert [b.episodes for b in site.build_sites(settings, show=SHOW)] == [1]


def test_a_damaged_version_leaves_the_site_as_it_was(published: list[Walk]) -> None:
    built = build(published[0].settings)
    before = contents(built.folder)
    (published[1].folder.path / "published" / "1" / "notes.json").write_text("{torn", "utf-8")
    with pytest.raises(FormatError, match=r"notes\.json"):
        site.build_sites(published[0].settings)
    assert contents(built.folder) == before


def test_a_show_that_is_renamed_keeps_its_published_episodes_until_they_are_published_anew(
    published: list[Walk],
) -> None:
    walk = published[0]
    episode = walk.folder.read("episode.json", Episode)
    renamed = replace(episode, metadata=replace(episode.metadata, show="Another"))
    walk.folder.write("episode.json", renamed)
    assert build(walk.settings).episodes == 2


def test_a_feed_is_made_when_it_is_known_where_things_will_lie(published: list[Walk]) -> None:
    built = build(published[0].settings)
    assert (built.has_feed, built.missing) == (False, "audio_url, site_url")
    assert not (built.folder / "feed.xml").exists()
    built = build(changed(published[0], show={SHOW: ShowSettings.model_validate(FEED)}).settings)
    read = feedparser.parse((built.folder / "feed.xml").read_bytes())
    assert not read.bozo
    assert [e.title for e in read.entries] == [
        "The River Has a Budget",
        "Who Pays for the Heat Pump?",
    ]
    assert read.entries[0].id == published[1].folder.read("episode.json", Episode).id
    assert read.entries[0].published.endswith("+0200")
    assert f"https://ledger.example.org/{HEAT}/" in read.entries[0].description
    chapters = built.folder / RIVER / "chapters.podcast.json"
    assert json.loads(chapters.read_text(encoding="utf-8"))["chapters"]


def test_a_site_takes_the_place_of_the_old_one_and_leaves_nothing_behind(
    walks: list[Walk],
) -> None:
    settings = walks[0].settings
    site.build_previews(settings)
    (walks[1].folder.path / "draft.json").unlink()
    (built,) = site.build_previews(settings)
    assert [path.name for path in built.folder.parent.iterdir()] == ["the-warmer-ledger"]
    assert len(pages(built)) == 2


def test_a_cover_is_copied_and_a_missing_one_is_named(walks: list[Walk]) -> None:
    root = walks[0].settings.root
    (root / "art.JPG").write_bytes(b"picture")
    told = with_show(walks, cover="art.JPG")
    (built,) = site.build_previews(told[0].settings)
    assert (built.folder / "cover.jpg").read_bytes() == b"picture"
    told = with_show(walks, cover="gone.jpg")
    with pytest.raises(SettingsError, match=r"gone\.jpg: there is no such cover"):
        site.build_previews(told[0].settings)


def test_no_drafts_and_no_such_show_are_said(workspace: Path, walks: list[Walk]) -> None:
    with pytest.raises(SettingsError, match=f"Shows with drafts: {SHOW}"):
        site.build_previews(walks[0].settings, show="Another")


def test_a_time_zone_that_does_not_exist_is_named(walks: list[Walk]) -> None:
    with pytest.raises(SettingsError, match="'Mars/Olympus'"):
        with_show(walks, timezone="Mars/Olympus")
