"""What a template receives: one episode's notes, made ready to be laid out.

Everything here is text and times; how it is escaped is the template's target's affair
(`adapters.pages`).
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import quote

from shownotes.core import descriptions
from shownotes.core.descriptions import Description
from shownotes.core.draft import other_bodies
from shownotes.core.timecodes import clock, spoken_length
from shownotes.core.wording import Wording
from shownotes.model import Chapter, Evidence, Finding, Link, Sentence, ShowNotes

# A paragraph of the transcript ends at a sentence's end after about this many words, or at a pause.
PARAGRAPH_WORDS = 90
PARAGRAPH_PAUSE_S = 1.5
# Warnings that a reader of the page must see; the rest are for the editor alone.
BANNERS = ("demo_model", "truncated", "names_not_searched", "language_without_notes", "silent")


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """A time on the page.

    Attributes:
        seconds: as a player needs it, rounded down to a hundredth so that no word is clipped.
        clock: as people read it.
        href: plays from here even without scripts: the audio with a media fragment, or the place
            in the transcript where there is no audio.
    """

    seconds: str
    clock: str
    href: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A sentence of the transcript on the page.

    Attributes:
        text: the sentence.
        start: when it begins, in seconds with two decimals.
        end: when it ends, likewise.
        anchor: its id on the page.
        is_doubtful: whether it may be misheard.
    """

    text: str
    start: str
    end: str
    anchor: str
    is_doubtful: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Paragraph:
    """Sentences in a row by one speaker.

    Attributes:
        sentences: in order.
        moment: when the first one begins.
        speaker: who says them, where it is somebody else than before.
        chapter: the title of the chapter that begins here.
    """

    sentences: tuple[Said, ...]
    moment: Moment
    speaker: str | None = None
    chapter: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Everything a template of `templates/notes/` may use.

    Attributes:
        notes: the draft (`model.ShowNotes`).
        h: headings in the episode's language, by name (`languages/en_notes.toml`, `[headings]`).
        audio_url: relative to the page, percent-encoded; `None` without audio.
        audio_type: MIME type for the player; empty when unknown.
        audio_name: the audio's file name, for people.
        length: the episode's length for people.
        paragraphs: the transcript.
        other_bodies: organizations besides agencies and the guests' own.
        banners: what a reader must know before trusting the page.
        files: names of the other files beside the page, with what they are.
        publication: who publishes the show, as given in its settings.
        date: the notes' date as people write it in the language.
        for_editor: whether the checks are shown; a published page has none.
        has_estimated_times: some words' times were spread, not measured.
        findings: rules of platforms that the notes break (`shownotes lint`).
        app: the description for podcast apps, within their limits.
        video: the description for a video platform.
        posts: short texts for social networks.
        address: of the episode's page on the show's site, where there is one.
        public_links: links that work outside the site.
        is_preview: a draft on a preview of the site: marked, and closed to search engines.
        site_index: from the page to the show's index, where the page is part of a site.
    """

    notes: ShowNotes
    h: Mapping[str, str]
    audio_url: str | None
    audio_type: str
    audio_name: str
    length: str
    paragraphs: tuple[Paragraph, ...]
    other_bodies: tuple[str, ...]
    banners: tuple[str, ...]
    files: tuple[tuple[str, str], ...]
    publication: str | None = None
    date: str = ""
    for_editor: bool = True
    has_estimated_times: bool = False
    findings: tuple[Finding, ...] = ()
    app: Description
    video: Description
    posts: tuple[str, ...] = ()
    address: str | None = None
    public_links: tuple[Link, ...] = ()
    is_preview: bool = False
    site_index: str | None = None

    def moment(self, seconds: float) -> Moment:
        """A time as the page shows and links it."""
        return moment(seconds, self.audio_url)

    def at(self, evidence: Evidence | None) -> Moment | None:
        """When something was said."""
        return moment(evidence.start, self.audio_url) if evidence else None

    @property
    def with_hours(self) -> bool:
        """Whether times on the page need an hour."""
        return self.notes.duration >= 3600

    def stamp(self, seconds: float) -> str:
        """`04:05`, or `00:04:05` in an episode of an hour and more: the podcast apps' form."""
        full = clock(seconds, with_hours=True)
        return full if self.with_hours else full[3:]


def build_page(
    notes: ShowNotes,
    sentences: Sequence[Sentence],
    *,
    wording: Wording,
    audio_path: str | None,
    files: Sequence[tuple[str, str]],
    doubtful: frozenset[int] = frozenset(),
    publication: str | None = None,
    address: str | None = None,
    archive_address: Callable[[str], str | None] = lambda _folder: None,
) -> Page:
    """The page of an episode.

    `audio_path` leads from the page's folder to the audio, with forward slashes; `doubtful` are
    indices of sentences to mark; `archive_address` gives the public address of an episode by its
    folder's name.
    """
    links = tuple(_public(notes, archive_address))
    audio_url = encode_path(audio_path) if audio_path else None
    return Page(
        notes=notes,
        h=wording.headings,
        audio_url=audio_url,
        audio_type=mime_type(audio_path or ""),
        audio_name=(audio_path or "").rsplit("/", 1)[-1],
        length=spoken_length(notes.duration),
        paragraphs=tuple(_paragraphs(sentences, notes.chapters, doubtful, audio_url)),
        other_bodies=other_bodies(notes),
        banners=tuple(w.message for w in notes.warnings if w.code in BANNERS),
        files=tuple(files),
        publication=publication,
        date=wording.date(notes.date) if notes.date else "",
        has_estimated_times=any(w.is_estimated for s in sentences for w in s.words),
        app=descriptions.for_apps(notes, links),
        video=descriptions.for_video(notes, links),
        posts=descriptions.posts(notes, address),
        address=address,
        public_links=links,
    )


def _public(notes: ShowNotes, archive_address: Callable[[str], str | None]) -> Iterator[Link]:
    """Links that work outside the site: earlier episodes, resources, the show's, the guests'."""
    for link in notes.earlier_episodes:
        url = archive_address(link.episode) if link.episode else link.url
        if url and is_public(url):
            yield replace(link, url=url)
    for resource in notes.resources:
        if resource.url:
            yield Link(text=resource.name, url=resource.url, evidence=resource.evidence)
    for link in notes.links:
        if link.url and is_public(link.url):
            yield link
    for person in notes.guests:
        if person.link and is_public(person.link):
            yield Link(text=person.name, url=person.link)


def is_public(url: str) -> bool:
    """Whether an address means the same everywhere."""
    return url.lower().startswith(("https://", "http://", "mailto:"))


def moment(seconds: float, audio_url: str | None) -> Moment:
    """A time as the page shows and links it."""
    hundredths = f"{max(0, int(seconds * 100)) / 100:.2f}".rstrip("0").rstrip(".")
    target = f"{audio_url}#t={hundredths}" if audio_url else f"#t={hundredths}"
    return Moment(seconds=hundredths, clock=clock(seconds), href=target)


def encode_path(path: str) -> str:
    """A relative path as a URL: `%`, `#`, `?`, spaces and quotes encoded, slashes kept.

    A name with a colon is not read as a scheme.
    """
    encoded = quote(path, safe="/")
    return encoded if encoded.startswith(("../", "./", "/")) else f"./{encoded}"


def mime_type(path: str) -> str:
    """The player's MIME type for a file name; empty when the browser should look for itself."""
    ending = path.rsplit(".", 1)[-1].lower() if "." in path else ""
    return {
        "mp3": "audio/mpeg",
        "m4a": "audio/mp4",
        "mp4": "audio/mp4",
        "aac": "audio/aac",
        "ogg": "audio/ogg",
        "oga": "audio/ogg",
        "opus": "audio/ogg",
        "wav": "audio/wav",
        "flac": "audio/flac",
        "webm": "audio/webm",
    }.get(ending, "")


def _paragraphs(
    sentences: Sequence[Sentence],
    chapters: Sequence[Chapter],
    doubtful: frozenset[int],
    audio_url: str | None,
) -> list[Paragraph]:
    upcoming = list(chapters)
    paragraphs: list[Paragraph] = []
    group: list[Sentence] = []
    title: str | None = None

    def close() -> None:
        if group:
            paragraphs.append(_paragraph(group, title, doubtful, audio_url, paragraphs))

    for sentence in sentences:
        begun = None
        while upcoming and upcoming[0].start <= sentence.start + 0.01:
            begun = upcoming.pop(0).title
        if group and (begun is not None or _breaks(group, sentence)):
            close()
            group, title = [], None
        title = begun if begun is not None else title
        group.append(sentence)
    close()
    return paragraphs


def _breaks(group: Sequence[Sentence], sentence: Sentence) -> bool:
    words = sum(len(s.words) for s in group)
    return (
        sentence.speaker != group[-1].speaker
        or sentence.pause_before >= PARAGRAPH_PAUSE_S
        or words >= PARAGRAPH_WORDS
    )


def _paragraph(
    group: Sequence[Sentence],
    title: str | None,
    doubtful: frozenset[int],
    audio_url: str | None,
    before: Sequence[Paragraph],
) -> Paragraph:
    is_new_voice = not before or before[-1].speaker != group[0].speaker or title is not None
    return Paragraph(
        sentences=tuple(
            Said(
                text=s.text,
                start=f"{s.start:.2f}",
                end=f"{s.end:.2f}",
                anchor=f"s{s.index}",
                is_doubtful=s.index in doubtful,
            )
            for s in group
        ),
        moment=moment(group[0].start, audio_url),
        speaker=group[0].speaker if is_new_voice else None,
        chapter=title,
    )
