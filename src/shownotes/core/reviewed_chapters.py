"""The chapters as the editor has them: renamed, moved, left out, and the editor's own.

A chapter is named by the word that it begins with. Another draft may begin the same chapter some
words away, or another one with that word: what was decided goes with the chapter, by its title.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from shownotes.core.alignment import key
from shownotes.core.item_readings import Reading, read_added
from shownotes.core.note_items import Item
from shownotes.core.review import Decision, Value
from shownotes.core.viewing import Viewing
from shownotes.model import Chapter

KIND = "chapter/"
# Words of a title with fewer letters say little of what it is about.
FEWEST_LETTERS = 4
# Titles with more than this of their telling words in common are of one thing.
SAME_TITLE = 0.5
# A chapter that begins so far from where it did is another one, in seconds.
NEAR_S = 60.0


def view_chapters(viewing: Viewing) -> Iterator[Item]:
    """Every chapter, and what holds of it."""
    machine = viewing.machine
    words = list(_words(viewing))
    lost = _lost(viewing, {f"{KIND}{word}" for word in words})
    for chapter, word in zip(viewing.notes.chapters, words, strict=True):
        own = f"{KIND}{word}"
        found = None if viewing.layer.under(f"{own}/") else _found_again(viewing, lost, chapter)
        if found is not None:
            del lost[found]
        reading = Reading(viewing, found or own, chapter.title, chapter.start)
        reading.read("title", chapter.title, chapter.evidence)
        reading.read("start", word)
        _read_keep(reading, chapter)
        moved = machine.start_of(reading.values["start"]) if "start" in reading.edited else None
        reading.values["seconds"] = chapter.start if moved is None else moved
        yield reading.item(chapter, chapter.evidence)
    yield from _added(viewing)


def record_title(chapter: Chapter) -> Value:
    """What is remembered of a chapter that an editor leaves out."""
    return {"text": chapter.title}


def is_same_title(one: str, other: str) -> bool:
    """Whether two titles are of one thing, by their telling words."""
    first, second = _telling(one), _telling(other)
    return len(first & second) > SAME_TITLE * len(first | second)


def _telling(title: str) -> frozenset[str]:
    words = frozenset(key(word).removesuffix("'s").removesuffix("s") for word in title.split())
    return frozenset(word for word in words if len(word) >= FEWEST_LETTERS) or words


def _words(viewing: Viewing) -> Iterator[int]:
    """For every chapter the id of the word that it begins with; each word begins one only."""
    machine, taken = viewing.machine, set[int]()
    for chapter in viewing.notes.chapters:
        word = machine.at(chapter.start)
        while word in taken:
            index = machine.position[word] + 1
            word = machine.words[index].id if index < len(machine.words) else None
        if word is None:
            word = -1 - len(taken)
        taken.add(word)
        yield word


def _lost(viewing: Viewing, there: set[str]) -> dict[str, str]:
    """Chapters that were decided about and that no chapter begins like any more, and their titles.

    Of one that was left out before titles were remembered nothing is known.
    """
    found: dict[str, str] = {}
    for decision in viewing.layer.under(KIND):
        owner = decision.key.rpartition("/")[0]
        title = _title_then(decision)
        if title is not None and owner not in there and owner.removeprefix(KIND).isdigit():
            found[owner] = title
    return found


def _title_then(decision: Decision) -> str | None:
    """What the machine called a chapter when this was decided of it."""
    then = decision.machine
    if decision.key.endswith("/title") and isinstance(then, str):
        return then
    return str(then["text"]) if isinstance(then, Mapping) else None


def _found_again(viewing: Viewing, lost: Mapping[str, str], chapter: Chapter) -> str | None:
    """The chapter that this one is, of those that began elsewhere."""
    away = {
        owner: abs(start - chapter.start)
        for owner, title in lost.items()
        if is_same_title(title, chapter.title)
        and (start := viewing.machine.start_of(int(owner.removeprefix(KIND)))) is not None
    }
    nearest = min(away, key=lambda owner: away[owner], default=None)
    return nearest if nearest is not None and away[nearest] <= NEAR_S else None


def _read_keep(reading: Reading, chapter: Chapter) -> None:
    """Whether a chapter is kept: left out is the one that was, and none that begins like it."""
    layer, register = reading.viewing.layer, f"{reading.key}/keep"
    reading.machine["keep"], reading.values["keep"] = record_title(chapter), True
    decision = layer.decisions.get(register)
    if decision is None or decision.value is not False:
        return
    titled = layer.decisions.get(f"{reading.key}/title")
    then = _title_then(decision) or (_title_then(titled) if titled else None)
    if then is None or is_same_title(then, chapter.title):
        reading.values["keep"] = False
        reading.edited.append("keep")
    else:
        layer.object(
            replace(decision, value="left out"),
            chapter.title,
            label="A chapter that was left out; another one begins there now",
            start=chapter.start,
        )


def _added(viewing: Viewing) -> Iterator[Item]:
    machine = viewing.machine
    for item in read_added(viewing, "chapter", ("title", "start", "keep")):
        word = int(item.key.partition("+")[2])
        at = item.values["start"] if isinstance(item.values["start"], int) else word
        seconds = machine.start_of(at)
        if at not in machine.position:
            for decision in viewing.layer.under(f"{item.key}/"):
                viewing.layer.object(
                    decision, None, label="A chapter whose words were cut", start=seconds
                )
            continue
        yield replace(
            item,
            values={**item.values, "start": at, "seconds": 0.0 if seconds is None else seconds},
        )
