"""What the platforms' rules say of an episode's files, each finding with its source and the fix.

An error is refused or cut by its target; the rest is advice. Rules that come once a chapter or once
a caption are summed up in one finding with the first place.

Sources, where not named at the finding: Apple, Podcaster's Guide to RSS and Required tags; Spotify,
Chapters for episodes; YouTube Help, Video chapters; podcast-namespace docs/tags.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from shownotes.core import descriptions
from shownotes.core.captions import LINE_CHARACTERS, LINES, LONGEST_S, SHORTEST_S, Cue
from shownotes.core.page import is_public
from shownotes.core.timecodes import clock
from shownotes.model import Finding, ShowNotes

TITLE_CHARACTERS = 255
CHAPTER_TITLE_CHARACTERS = 40
# Below this platforms advise against a chapter; below `SHORTEST_CHAPTER_S` one refuses the list.
ADVISED_CHAPTER_S = 30.0
MOST_ID3_CHAPTERS = 255
NAME_CHARACTERS = 128
SOUNDBITE_S = (15.0, 120.0)
# Captions faster than this can hardly be read, in characters a second.
READING_SPEED = 20.0
APP_TAGS = frozenset({"p", "ol", "ul", "li", "a"})
_TAG = re.compile(r"</?\s*([a-zA-Z][a-zA-Z0-9]*)")
_EMOJI = re.compile("[\U0001f000-\U0001faff\u2600-\u27bf\u2b00-\u2bff\ufe0f]")
_EMPTY_OPENING = re.compile(
    r"\s*(?:in|on) (?:this|today's|today’s) (?:episode|show)\b", re.IGNORECASE
)
_NUMBERED = re.compile(r"^\s*(?:ep(?:isode)?\.? ?)?#?\d+\s*[:.|–—-]", re.IGNORECASE)

APPLE_RSS = "Apple, Podcaster's Guide to RSS"
APPLE_CHAPTERS = "Apple Podcasts, chapters in descriptions"
SPOTIFY = "Spotify, Chapters for episodes"
YOUTUBE = "YouTube Help, Video chapters"
ID3 = "ID3v2 Chapter Frame Addendum 1.0"
PODCAST = "podcast-namespace docs/tags"
NETFLIX = "Netflix Timed Text Style Guide"

# The files whose texts have rules of their own; captions are looked at as cues.
TEXTS_READ = frozenset({"app.html", "video.txt", "social.txt"})


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedFacts:
    """What a feed needs from the show's settings, `None` or empty where it is not there."""

    has_audio: bool
    audio_url: str | None = None
    site_url: str | None = None
    cover: str | None = None
    category: str | None = None
    author: str | None = None
    owner_email: str | None = None


def lint(
    notes: ShowNotes, *, texts: Mapping[str, str], cues: Sequence[Cue], feed: FeedFacts
) -> tuple[Finding, ...]:
    """Everything that a platform would refuse, cut or advise against, errors first.

    Args:
        notes: what the files were made of.
        texts: the files' texts by name, as far as they were made.
        cues: the captions.
        feed: what the show's settings say.
    """
    found = [
        *_about_title(notes),
        *_about_chapters(notes),
        *_about_app(texts),
        *_about_plain_texts(texts),
        *_about_captions(cues),
        *_about_people(notes),
        *_about_soundbites(notes),
        *_about_links(notes),
        *_about_feed(notes, feed),
    ]
    return tuple(sorted(found, key=lambda finding: not finding.is_error))


def _about_title(notes: ShowNotes) -> Iterator[Finding]:
    title = notes.title
    if len(title) > TITLE_CHARACTERS:
        yield Finding(
            rule="title_length",
            target="feed",
            message=f"The title has {len(title)} characters; {TITLE_CHARACTERS} are allowed.",
            source=APPLE_RSS,
            fix="Shorten `title` in the sidecar.",
        )
    says_show = bool(notes.show) and str(notes.show).casefold() in title.casefold()
    if _NUMBERED.match(title) or says_show:
        yield Finding(
            rule="title_repeats",
            target="feed",
            message=f"“{title}” repeats the show's name or the episode's number.",
            source=APPLE_RSS,
            fix="Leave them out of `title`; `show` and `number` say them.",
            is_error=False,
        )
    if notes.hook and _EMPTY_OPENING.match(notes.hook.value):
        yield Finding(
            rule="empty_opening",
            target="notes",
            message="The notes open with “In this episode”, which tells a reader nothing.",
            source="show-notes craft",
            fix="Open with the question or the surprise.",
            start=notes.hook.evidence.start if notes.hook.evidence else None,
        )


def _about_chapters(notes: ShowNotes) -> Iterator[Finding]:
    chapters = notes.chapters
    if len(chapters) < descriptions.FEWEST_CHAPTERS:
        yield Finding(
            rule="chapter_count",
            target="app.html",
            message=f"{len(chapters)} chapters: fewer than three are not shown as a list of times.",
            source=f"{SPOTIFY}; {YOUTUBE}; {APPLE_CHAPTERS}",
            fix="Give chapters in the sidecar, or leave the list out.",
            is_error=False,
        )
    if chapters and int(chapters[0].start) != 0:
        yield Finding(
            rule="chapter_first",
            target="app.html",
            message=f"The first chapter begins at {clock(chapters[0].start)}, not at 0.",
            source=f"{SPOTIFY}; {YOUTUBE}; {APPLE_CHAPTERS}",
            fix="Begin the first chapter at 0:00.",
        )
    if len(chapters) > MOST_ID3_CHAPTERS:
        yield Finding(
            rule="chapter_most",
            target="MP3 chapters",
            message=f"{len(chapters)} chapters; a tag holds {MOST_ID3_CHAPTERS}.",
            source=ID3,
            fix="Join chapters.",
        )
    yield from _about_chapter_lengths(notes)
    yield from _about_chapter_titles(notes)


def _about_chapter_lengths(notes: ShowNotes) -> Iterator[Finding]:
    lengths = [(c.start, c.end - c.start) for c in notes.chapters]
    refused = [start for start, length in lengths if length < descriptions.SHORTEST_CHAPTER_S]
    if refused:
        yield Finding(
            rule="chapter_refused",
            target="video.txt",
            message=f"{_several(refused, 'chapter')} shorter than 10 s: no chapters are shown.",
            source=YOUTUBE,
            fix="Join it with its neighbour.",
            start=refused[0],
        )
    short = [start for start, length in lengths if length < ADVISED_CHAPTER_S]
    if short and not refused:
        yield Finding(
            rule="chapter_short",
            target="app.html",
            message=f"{_several(short, 'chapter')} shorter than 30 s.",
            source=SPOTIFY,
            fix="Join it with its neighbour.",
            is_error=False,
            start=short[0],
        )


def _about_chapter_titles(notes: ShowNotes) -> Iterator[Finding]:
    long = [c.start for c in notes.chapters if len(c.title) > CHAPTER_TITLE_CHARACTERS]
    if long:
        yield Finding(
            rule="chapter_title_length",
            target="app.html",
            message=f"{_several(long, 'chapter title')} longer than 40 characters.",
            source=SPOTIFY,
            fix="Say it in at most 40 characters; players cut the rest.",
            is_error=False,
            start=long[0],
        )
    empty = [c.start for c in notes.chapters if not c.title.strip()]
    if empty:
        yield Finding(
            rule="chapter_title_empty",
            target="chapters",
            message=f"{_several(empty, 'chapter')} without a title.",
            source="Podlove Simple Chapters 1.2",
            fix="Give it a title.",
            start=empty[0],
        )
    pictures = [c.start for c in notes.chapters if _EMOJI.search(c.title)]
    if pictures:
        yield Finding(
            rule="chapter_title_emoji",
            target="app.html",
            message=f"{_several(pictures, 'chapter title')} with an emoji.",
            source=SPOTIFY,
            fix="Use plain text.",
            is_error=False,
            start=pictures[0],
        )


def _about_app(texts: Mapping[str, str]) -> Iterator[Finding]:
    text = texts.get("app.html")
    if text is None:
        return
    size = len(text.encode())
    if size > descriptions.APP_BYTES:
        yield Finding(
            rule="app_bytes",
            target="app.html",
            message=f"The description has {size} bytes; {descriptions.APP_BYTES} are allowed.",
            source=APPLE_RSS,
            fix="Shorten the summary or the template app.html; the rest is cut by the apps.",
        )
    foreign = sorted({name.lower() for name in _TAG.findall(text)} - APP_TAGS)
    if foreign:
        yield Finding(
            rule="app_tags",
            target="app.html",
            message=f"Tags that not every app shows: {', '.join(foreign)}.",
            source=APPLE_RSS,
            fix="Use only p, ol, ul, li and a in the template app.html.",
        )
    prose = [line for line in _plain(text) if not re.match(r"\d+:\d\d", line)]
    words = sum(len(line.split()) for line in prose)
    fewest, most = descriptions.APP_WORDS
    if not fewest <= words <= most:
        yield Finding(
            rule="app_words",
            target="app.html",
            message=f"The description has {words} words without its times; {fewest} to {most} read "
            "best.",
            source="show-notes craft",
            fix="Lengthen or shorten the summary.",
            is_error=False,
        )


def _plain(text: str) -> list[str]:
    lines = [line.strip() for line in re.sub(r"<[^>]*>", " ", text).splitlines()]
    return [line for line in lines if line]


def _about_plain_texts(texts: Mapping[str, str]) -> Iterator[Finding]:
    video = texts.get("video.txt", "")
    if len(video) > descriptions.VIDEO_CHARACTERS:
        yield Finding(
            rule="video_characters",
            target="video.txt",
            message=f"{len(video)} characters; {descriptions.VIDEO_CHARACTERS} are allowed.",
            source="YouTube Help, Edit video settings",
            fix="Shorten the summary or the template video.txt.",
        )
    if "<" in video or ">" in video:
        yield Finding(
            rule="video_brackets",
            target="video.txt",
            message="The description holds an angle bracket, which is refused.",
            source="YouTube Data API, invalidDescription",
            fix="Print values with `| plain` in the template video.txt.",
        )
    posts = [post for post in texts.get("social.txt", "").split("\n\n") if post.strip()]
    long = [post for post in posts if len(post.strip()) > descriptions.POST_CHARACTERS]
    if long:
        yield Finding(
            rule="post_characters",
            target="social.txt",
            message=f"A post has {len(long[0])} characters; {descriptions.POST_CHARACTERS} are "
            "allowed.",
            source="X, Counting characters",
            fix="Shorten the template social.txt.",
        )


def _about_captions(cues: Sequence[Cue]) -> Iterator[Finding]:
    shapes = [c.start for c in cues if len(c.lines) > LINES or _widest(c) > LINE_CHARACTERS]
    if shapes:
        yield Finding(
            rule="caption_shape",
            target="transcript.srt",
            message=f"{_several(shapes, 'caption')} of more than {LINES} lines of "
            f"{LINE_CHARACTERS} characters.",
            source=NETFLIX,
            fix="Split the segment in the transcript.",
            is_error=False,
            start=shapes[0],
        )
    fast = [c.start for c in cues if _speed(c) > READING_SPEED]
    if fast:
        yield Finding(
            rule="caption_speed",
            target="transcript.srt",
            message=f"{_several(fast, 'caption')} faster than {READING_SPEED:.0f} characters a "
            "second.",
            source=NETFLIX,
            fix="Nothing, where people speak so fast; else look at the words there.",
            is_error=False,
            start=fast[0],
        )
    lengths = [
        c.start for c in cues if not SHORTEST_S - 0.01 <= c.end - c.start <= LONGEST_S + 0.01
    ]
    if lengths:
        yield Finding(
            rule="caption_length",
            target="transcript.srt",
            message=f"{_several(lengths, 'caption')} shorter than 5/6 s or longer than 7 s.",
            source=NETFLIX,
            fix="Look at the words' times there.",
            is_error=False,
            start=lengths[0],
        )


def _widest(cue: Cue) -> int:
    return max(map(len, cue.lines), default=0)


def _speed(cue: Cue) -> float:
    return sum(map(len, cue.lines)) / max(0.001, cue.end - cue.start)


def _about_people(notes: ShowNotes) -> Iterator[Finding]:
    for person in (*notes.hosts, *notes.guests):
        if not person.name.strip() or len(person.name) > NAME_CHARACTERS:
            yield Finding(
                rule="person_name",
                target="feed",
                message=f"“{person.name[:40]}…” is empty or longer than {NAME_CHARACTERS} "
                "characters.",
                source=f"{PODCAST}/person.md",
                fix="Give the name in the sidecar.",
                start=person.evidence.start if person.evidence else None,
            )


def _about_soundbites(notes: ShowNotes) -> Iterator[Finding]:
    shortest, longest = SOUNDBITE_S
    for bite in notes.soundbites:
        if not shortest <= bite.end - bite.start <= longest:
            yield Finding(
                rule="soundbite_length",
                target="feed",
                message=f"A soundbite of {bite.end - bite.start:.0f} s; 15 to 120 s are advised.",
                source=f"{PODCAST}/soundbite.md",
                fix="Move its beginning or end.",
                is_error=False,
                start=bite.start,
            )


def _about_links(notes: ShowNotes) -> Iterator[Finding]:
    for link in notes.links:
        if not link.url or not is_public(link.url):
            yield Finding(
                rule="link_address",
                target="notes",
                message=f"“{link.text}” leads to {link.url or 'nothing'}, which is no address on "
                "the web.",
                source="RFC 3986",
                fix="Write it with https:// in shownotes.toml, [show.<name>] links.",
            )


def _about_feed(notes: ShowNotes, feed: FeedFacts) -> Iterator[Finding]:
    if not feed.has_audio:
        yield _about_settings("feed_audio", "There is no audio, so there is no item for a feed.")
        return
    if not feed.audio_url:
        yield _about_settings(
            "feed_audio_url",
            "No feed is made: where the show's audio will lie is not known.",
            'audio_url = "https://…/{file}"',
        )
    if not notes.date:
        yield _about_settings("feed_date", "A feed's item needs a date.")
    if not feed.site_url:
        yield _about_settings(
            "feed_site_url",
            "Where the show's site will lie is not known, so a feed links no transcript and no "
            "chapters.",
            'site_url = "https://…"',
        )
    wanted = ("cover", "category", "author", "owner_email")
    missing = [name for name in wanted if not getattr(feed, name)]
    if missing and feed.audio_url:
        names = ", ".join(missing)
        yield _about_settings("feed_settings", f"A feed also needs {names}.", names)


def _about_settings(rule: str, message: str, setting: str = "") -> Finding:
    fix = f"Put it into shownotes.toml, [show.<name>]: {setting}" if setting else ""
    return Finding(
        rule=rule,
        target="feed.xml",
        message=message,
        source=APPLE_RSS,
        fix=fix or "Give it in the sidecar.",
        is_error=False,
    )


def _several(starts: Sequence[float], what: str) -> str:
    """`3 captions, the first at 1:05,`; `1 caption at 1:05 is`."""
    if len(starts) == 1:
        return f"1 {what} at {clock(starts[0])} is"
    return f"{len(starts)} {what}s, the first at {clock(starts[0])}, are"
