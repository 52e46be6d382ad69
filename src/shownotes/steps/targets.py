"""What leaves the house: one small maker a file, all from the same material.

A target that cannot be made (an item without the audio's address) is left out; the lint says why.
The pages for people come last, because they show what the lint found in the others.
"""

import datetime
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from shownotes.core import captions, chapter_files
from shownotes.core.addresses import audio_file
from shownotes.core.chapter_files import xml_document
from shownotes.core.characters import printable
from shownotes.core.feed import Enclosure, Item, item
from shownotes.core.lint import TEXTS_READ, FeedFacts, lint
from shownotes.core.page import Page, mime_type
from shownotes.core.wording import Wording
from shownotes.errors import SettingsError
from shownotes.model import Episode, Finding, Sentence, ShowNotes
from shownotes.settings import ShowSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """Everything a file is made of.

    Attributes:
        page: what templates receive.
        show: the show's settings.
        cues: the captions, without names in their text.
        folders: where templates are looked for; the first that has a file wins.
        root: the working folder, from which messages name templates.
    """

    notes: ShowNotes
    sentences: tuple[Sentence, ...]
    cues: tuple[captions.Cue, ...]
    page: Page
    episode: Episode
    show: ShowSettings
    wording: Wording
    folders: tuple[Path, ...]
    root: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One file.

    Attributes:
        name: of the file in the episode's folder.
        kind: what it is, for people; empty for one that the page does not list.
        make: its text, or `None` where there is nothing to make it of.
    """

    name: str
    kind: str
    make: Callable[[Material], str | None]


def _markdown(material: Material) -> str:
    return _from_template(material, "notes.md")


def _web_page(material: Material) -> str:
    return _from_template(material, "notes.html")


def _newsletter(material: Material) -> str:
    return _from_template(material, "newsletter.html")


def _app_description(material: Material) -> str:
    return _from_template(material, "app.html")


def _video_description(material: Material) -> str:
    return _from_template(material, "video.txt")


def _posts(material: Material) -> str:
    return _from_template(material, "social.txt")


def _from_template(material: Material, template: str) -> str:
    # Loaded here: a command that renders nothing need not wait for the template engine.
    from shownotes.adapters.pages import render_notes

    return render_notes(material.page, template, material.folders, root=material.root)


def _webvtt(material: Material) -> str:
    return captions.webvtt(material.cues)


def _subrip(material: Material) -> str:
    return captions.srt(captions.make_cues(material.sentences, with_names=True))


def _transcript_json(material: Material) -> str:
    return as_json(captions.transcript_document(material.sentences))


def _chapters_json(material: Material) -> str:
    return as_json(chapter_files.chapters_document(material.notes))


def _chapters_podlove(material: Material) -> str | None:
    chapters = material.notes.chapters
    return chapter_files.xml_document(chapter_files.podlove(chapters)) if chapters else None


def _chapters_text(material: Material) -> str | None:
    chapters = material.notes.chapters
    return chapter_files.chapters_text(chapters) if chapters else None


def _item(material: Material) -> str:
    return xml_document(item(feed_item(material)))


def feed_item(material: Material) -> Item:
    """What the feed says of the episode."""
    episode, show, notes = material.episode, material.show, material.notes
    audio, enclosure = episode.audio, None
    if audio is not None and (url := audio_file(show.audio_url, Path(audio.path).name)):
        enclosure = Enclosure(
            url=url, size_bytes=audio.size_bytes, mime_type=mime_type(audio.path) or "audio/mpeg"
        )
    return Item(
        notes=notes,
        guid=episode.id,
        description=printable(_app_description(material)),
        published=_midnight(notes.date, show.timezone),
        address=material.page.address,
        enclosure=enclosure,
        is_explicit=show.explicit,
        ai_content=show.ai_content,
    )


def _midnight(date: str | None, timezone: str | None) -> datetime.datetime | None:
    """The beginning of the day in the show's time zone; UTC where none is given."""
    if date is None:
        return None
    try:
        day, zone = datetime.date.fromisoformat(date), ZoneInfo(timezone or "UTC")
    except ZoneInfoNotFoundError as error:
        raise SettingsError(
            f"[show.<name>] timezone = {timezone!r}: there is no such time zone. Write one such as "
            '"Europe/Oslo".'
        ) from error
    except ValueError:
        return None
    return datetime.datetime.combine(day, datetime.time(), zone)


def as_json(document: Mapping[str, object]) -> str:
    """A document as readable JSON with a newline at its end."""
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


TEXTS: tuple[Target, ...] = (
    Target(name="transcript.vtt", kind="WebVTT", make=_webvtt),
    Target(name="transcript.srt", kind="SRT", make=_subrip),
    Target(name="transcript.podcast.json", kind="Podcasting 2.0 transcript", make=_transcript_json),
    Target(name="chapters.podcast.json", kind="Podcasting 2.0 chapters", make=_chapters_json),
    Target(name="app.html", kind="Description for podcast apps", make=_app_description),
    Target(name="video.txt", kind="Description for video", make=_video_description),
    Target(name="social.txt", kind="Short posts", make=_posts),
    Target(name="newsletter.html", kind="For a newsletter", make=_newsletter),
    Target(name="chapters.psc.xml", kind="Podlove chapters", make=_chapters_podlove),
    Target(name="item.xml", kind="RSS item", make=_item),
    Target(name="chapters.txt", kind="Chapters as text", make=_chapters_text),
)
PAGES: tuple[Target, ...] = (
    Target(name="notes.md", kind="", make=_markdown),
    Target(name="notes.html", kind="", make=_web_page),
)
TARGETS = (*TEXTS, *PAGES)


def lint_episode(material: Material) -> tuple[Finding, ...]:
    """What the rules say of an episode's files as they would be made now."""
    made = ((t.name, t.make(material)) for t in TEXTS if t.name in TEXTS_READ)
    return find_faults(material, {name: text for name, text in made if text is not None})


def make_all(material: Material) -> Iterator[tuple[str, str | None]]:
    """Every file's name and text, the pages last."""
    texts: dict[str, str] = {}
    for target in TEXTS:
        text = target.make(material)
        if text is None:
            yield target.name, None
            continue
        texts[target.name] = printable(text)
        yield target.name, texts[target.name]
    page = replace(material.page, findings=find_faults(material, texts))
    for target in PAGES:
        text = target.make(replace(material, page=page))
        yield target.name, None if text is None else printable(text)


def find_faults(material: Material, texts: Mapping[str, str]) -> tuple[Finding, ...]:
    """What the platforms' rules say of the files as they were made."""
    show, episode = material.show, material.episode
    feed = FeedFacts(
        has_audio=episode.audio is not None,
        audio_url=show.audio_url,
        site_url=show.site_url,
        cover=show.cover,
        category=show.category,
        author=show.author,
        owner_email=show.owner_email,
    )
    return lint(material.notes, texts=texts, cues=material.cues, feed=feed)
