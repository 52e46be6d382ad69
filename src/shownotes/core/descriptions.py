"""What stands in apps, under a video and in a feed of short posts: each within its limits.

An app description is 100 to 200 words of prose and a list of times; whatever does not fit is left
out whole, the least important first, and nothing is cut in mid-sentence.

Source: Apple's Podcaster's Guide to RSS (4,000 bytes; `<p> <ol> <ul> <li> <a>`); Spotify's and
YouTube's help on chapters in descriptions (first at 0, three or more, one a line, in order).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from html import escape

from shownotes.core.timecodes import clock
from shownotes.model import Chapter, Fact, Link, Person, ShowNotes

APP_BYTES, APP_WORDS = 4000, (100, 200)
VIDEO_CHARACTERS = 5000
POST_CHARACTERS, POSTS = 280, 3
FEWEST_CHAPTERS, SHORTEST_CHAPTER_S = 3, 10.0
# More times than this are thinned before a sentence is left out.
MANY_CHAPTERS = 20
# A single sentence longer than this, in characters, is no sentence but a transcript without stops.
LONGEST_SENTENCE = 1000
# What the tags around a paragraph or a link cost, in bytes, rounded up.
_TAGS_BYTES = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Timed:
    """A line of the list of times: `00:04:05 Title`.

    Attributes:
        stamp: the time.
        title: the chapter's.
    """

    stamp: str
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """A description that fits.

    Attributes:
        prose: paragraphs of whole sentences, the hook first.
        guests: one line a guest: name, role, organization, as far as they are known.
        times: the chapters; empty where platforms would not take them for a list.
        links: with addresses that work anywhere.
        sign_off: the show's.
    """

    prose: tuple[str, ...]
    guests: tuple[str, ...]
    times: tuple[Timed, ...]
    links: tuple[Link, ...]
    sign_off: str | None

    @property
    def words(self) -> int:
        """Words of everything but the list of times."""
        told = (*self.prose, *self.guests, *(link.text for link in self.links), self.sign_off or "")
        return sum(len(text.split()) for text in told)

    @property
    def size_bytes(self) -> int:
        """About the size of it as HTML, never less."""
        told = (*self.prose, *self.guests, self.sign_off or "")
        lines = [*told, *(f"{t.stamp} {t.title}" for t in self.times)]
        links = [f"{link.text}{link.url}" for link in self.links]
        sizes = [len(escape(text).encode(errors="replace")) for text in (*lines, *links)]
        return sum(sizes) + _TAGS_BYTES * len(sizes)


def describe_guest(person: Person) -> str:
    """`Kofi Asante, chief hydrologist, Tessaly Delta Trust`: what was said, and no more."""
    told = [person.name, *(f.value for f in (person.title, person.organization) if f)]
    return ", ".join(told)


def for_apps(notes: ShowNotes, links: Sequence[Link]) -> Description:
    """What podcast apps show; times with hours, which all of them read."""
    most = APP_WORDS[1]
    short = Description(
        prose=tuple(_sentences([f for f in (notes.hook,) if f], [notes.summary])),
        guests=tuple(describe_guest(p) for p in notes.guests),
        times=_times(notes.chapters, with_hours=True),
        links=tuple(links),
        sign_off=notes.sign_off.value if notes.sign_off else None,
    )
    description = _filled(short, _spare(notes), fewest=APP_WORDS[0], most=most)
    return _fitted(description, most_words=most, most_bytes=APP_BYTES)


def for_video(notes: ShowNotes, links: Sequence[Link]) -> Description:
    """What stands under a video: plain text, no angle brackets, the times as short as they go."""
    long = tuple(f.value for f in notes.long_summary) or tuple(f.value for f in notes.summary)
    prose = tuple(text for text in (notes.hook.value if notes.hook else "", " ".join(long)) if text)
    description = Description(
        prose=prose,
        guests=tuple(describe_guest(p) for p in notes.guests),
        times=_times(notes.chapters, with_hours=notes.duration >= 3600),
        links=tuple(links),
        sign_off=notes.sign_off.value if notes.sign_off else None,
    )
    return _fitted(description, most_words=None, most_bytes=VIDEO_CHARACTERS)


def posts(notes: ShowNotes, address: str | None) -> tuple[str, ...]:
    """Three short texts in the episode's words: a question, a saying, a claim; each fits a post.

    Each ends in the episode's address where there is one.
    """
    tail = f"\n{address}" if address else ""
    kinds = [
        [text for text in kind if len(text) + len(tail) <= POST_CHARACTERS]
        for kind in (_questions(notes), _sayings(notes), _claims(notes))
    ]
    firsts = [kind[0] for kind in kinds if kind]
    rest = [text for kind in kinds for text in kind[1:]]
    chosen = list(dict.fromkeys([*firsts, *rest]))[:POSTS]
    return tuple(f"{text}{tail}" for text in chosen)


def _questions(notes: ShowNotes) -> list[str]:
    asked = [f.value for f in (notes.hook, *notes.questions) if f and f.value.endswith("?")]
    return [text if _holds(notes.title, text) else f"{text}\n{notes.title}" for text in asked]


def _sayings(notes: ShowNotes) -> list[str]:
    return [f"“{q.text}”" + (f" — {q.speaker}" if q.speaker else "") for q in notes.quotes]


def _claims(notes: ShowNotes) -> list[str]:
    return [fact.value for fact in (*notes.key_points, *notes.summary)]


def _holds(title: str, text: str) -> bool:
    return title.casefold().rstrip("?!.") in text.casefold()


def _sentences(first: Sequence[Fact], then: Sequence[Sequence[Fact]]) -> Iterator[str]:
    for fact in first:
        yield fact.value
    for facts in then:
        text = " ".join(fact.value for fact in facts)
        if text:
            yield text


def _spare(notes: ShowNotes) -> list[str]:
    """What may be added where the summary is short: claims first, then the opening."""
    told = [*notes.key_points, *notes.narrative, *notes.long_summary]
    return list(dict.fromkeys(fact.value for fact in told))


def _filled(short: Description, spare: Sequence[str], *, fewest: int, most: int) -> Description:
    """The description with further sentences until it is long enough."""
    added: list[str] = []
    made = short
    for text in spare:
        if made.words >= fewest:
            break
        if any(text in paragraph for paragraph in short.prose):
            continue
        longer = replace(short, prose=(*short.prose, " ".join([*added, text])))
        if longer.words <= most:
            added.append(text)
            made = longer
    return made


def _fitted(description: Description, *, most_words: int | None, most_bytes: int) -> Description:
    """Parts are left out whole until it fits, what a reader misses least first."""
    while True:
        is_long = most_words is not None and description.words > most_words
        is_big = description.size_bytes > most_bytes
        if not is_long and not is_big:
            return description
        times, prose, guests = description.times, description.prose, description.guests
        if description.links:
            description = replace(description, links=description.links[:-1])
        elif is_big and len(times) > MANY_CHAPTERS:
            description = replace(description, times=_thinned(times))
        elif len(prose) > 1:
            description = replace(description, prose=prose[:-1])
        elif is_big and len(times) >= 2 * FEWEST_CHAPTERS:
            description = replace(description, times=_thinned(times))
        elif guests:
            description = replace(description, guests=guests[:-1])
        elif description.sign_off:
            description = replace(description, sign_off=None)
        elif prose and len(prose[0]) > LONGEST_SENTENCE:
            description = replace(description, prose=())
        else:
            return description


def _thinned(times: tuple[Timed, ...]) -> tuple[Timed, ...]:
    """Every other line; the first, at 0, stays."""
    return times[::2]


def _times(chapters: Sequence[Chapter], *, with_hours: bool) -> tuple[Timed, ...]:
    """The chapters as a list that platforms take: first at 0, three or more, none too short."""
    kept: list[Chapter] = []
    for chapter in chapters:
        if not kept or int(chapter.start) - int(kept[-1].start) >= SHORTEST_CHAPTER_S:
            kept.append(chapter)
    if len(kept) < FEWEST_CHAPTERS or int(kept[0].start) != 0:
        return ()
    return tuple(
        Timed(
            stamp=clock(c.start, with_hours=True)[0 if with_hours else 3 :],
            title=" ".join(c.title.split()),
        )
        for c in kept
    )
