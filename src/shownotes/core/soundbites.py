"""Stretches worth hearing alone: a quote and the sentences around it.

Source: podcast-namespace docs/tags/soundbite.md (15 to 120 s).
"""

from collections.abc import Sequence

from shownotes.model import Chapter, Quote, Sentence, Soundbite

SHORTEST_S, LONGEST_S = 15.0, 60.0
# A soundbite's title is at most this long, in characters. Source: the same page.
TITLE_CHARACTERS = 128


def choose(
    quotes: Sequence[Quote], sentences: Sequence[Sentence], chapters: Sequence[Chapter]
) -> tuple[Soundbite, ...]:
    """One soundbite a quote where there is room, none of them sharing a second, in order of time.

    It grows sentence by sentence to both sides, within the quote's chapter, until it is long
    enough; what comes after a quote is taken before what comes ahead of it.
    """
    found: list[Soundbite] = []
    for quote in quotes:
        stretch = _grown(quote, sentences, chapters, taken_until=found[-1].end if found else 0.0)
        if stretch is not None:
            found.append(Soundbite(title=_title(quote.text), start=stretch[0], end=stretch[1]))
    return tuple(found)


def _grown(
    quote: Quote,
    sentences: Sequence[Sentence],
    chapters: Sequence[Chapter],
    *,
    taken_until: float,
) -> tuple[float, float] | None:
    inside = [i for i, s in enumerate(sentences) if s.start < quote.end and s.end > quote.start]
    if not inside:
        return None
    begins, ends = _chapter_at(quote.start, chapters)
    first, last = inside[0], inside[-1]

    def length() -> float:
        return sentences[last].end - sentences[first].start

    while length() < SHORTEST_S:
        can_follow = last + 1 < len(sentences) and sentences[last + 1].end <= ends
        can_lead = first > 0 and sentences[first - 1].start >= max(begins, taken_until)
        leads_more = quote.start - sentences[first].start > sentences[last].end - quote.end
        if can_follow and (leads_more or not can_lead or first == inside[0]):
            last += 1
        elif can_lead:
            first -= 1
        elif can_follow:
            last += 1
        else:
            return None
    if sentences[first].start < taken_until or length() > LONGEST_S:
        return None
    return sentences[first].start, sentences[last].end


def _chapter_at(time: float, chapters: Sequence[Chapter]) -> tuple[float, float]:
    for chapter in chapters:
        if chapter.start <= time < chapter.end:
            return chapter.start, chapter.end
    return 0.0, float("inf")


def _title(text: str) -> str:
    flat = " ".join(text.split())
    if len(flat) <= TITLE_CHARACTERS:
        return flat
    return flat[: TITLE_CHARACTERS - 1].rsplit(" ", 1)[0].rstrip(",;:–—- ") + "…"
