"""`shows/<show>/glossary.toml`: names that editors fixed, for the show's next episodes.

Written by the desk alone; what a person adds by hand is kept.
"""

import json
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from shownotes.adapters.folders import locked
from shownotes.adapters.store import write_text
from shownotes.core.characters import printable
from shownotes.core.episodes import slug
from shownotes.core.glossary_book import GlossaryBook, Put
from shownotes.errors import SettingsError

FILE = "glossary.toml"
_LOCK = ".glossary.lock"
_HEAD = "# Names that editors fixed. The show's next episodes are heard and spelled with them.\n"
_OURS = """
# Change the names above as you like. The rest is the desk's: by it, a name that is taken back in an
# episode is taken out here, and what was written by hand is not.
"""


def glossary_file(root: Path, show: str | None) -> Path:
    """Where a show's fixed names are; those of episodes without a show lie beside the shows."""
    shows = root / "shows"
    return shows / (slug(show) or "show") / FILE if show else shows / FILE


def read_terms(root: Path, show: str | None) -> tuple[str, ...]:
    """The names, in the order in which they were fixed; none without a file.

    Raises:
        SettingsError: the file is not one of ours.
    """
    return tuple(_read(glossary_file(root, show)).terms)


def add_term(root: Path, show: str | None, term: str, *, instead_of: str | None = None) -> None:
    """Add a name for good, in place of one that it corrects; nothing where no letter is left of it.

    Raises:
        SettingsError: the file is not one of ours.
        StoreError: it cannot be written.
    """
    name, path = _clean(term), glossary_file(root, show)
    if not name:
        return
    with locked(path.with_name(_LOCK)):
        book = _read(path)
        book.add(name, instead_of=instead_of)
        _write(path, book)


def settle_terms(root: Path, show: str | None, episode: str, terms: Mapping[str, str]) -> None:
    """Have there what an episode's editors put there, and no longer what they have taken back.

    Args:
        root: the working folder.
        show: whose glossary it is.
        episode: id of the episode.
        terms: all names that it puts there, by what was heard in their place.

    Raises:
        SettingsError: the file is not one of ours.
        StoreError: it cannot be written.
    """
    clean = {_clean(said): _clean(term) for said, term in terms.items()}
    wanted = {said: term for said, term in clean.items() if said and term}
    path = glossary_file(root, show)
    with locked(path.with_name(_LOCK)):
        book = _read(path)
        if book.settle(episode, wanted):
            _write(path, book)


def _read(path: Path) -> GlossaryBook:
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        return GlossaryBook()
    except (OSError, ValueError, RecursionError) as error:
        raise SettingsError(f"{path} cannot be read: {error}. Mend it or delete it.") from error
    terms, by_hand = data.get("terms", []), data.get("by_hand")
    if not _are_texts(terms) or not _are_texts(by_hand or []):
        raise SettingsError(f'{path}: write terms = ["Ann Lee", "Port Ellery"].')
    try:
        puts = [_as_put(entry) for entry in data.get("put", [])]
    except (TypeError, AttributeError, KeyError) as error:
        raise SettingsError(
            f"{path}: a [[put]] is not as the desk wrote it ({error}). Delete all of them; the "
            "names stay."
        ) from error
    return GlossaryBook.read(terms, by_hand, puts)


def _are_texts(found: object) -> bool:
    return isinstance(found, list) and all(isinstance(text, str) for text in found)


def _as_put(entry: Mapping[str, Any]) -> Put:
    texts = [entry["episode"], entry["said"], entry["term"]]
    if not _are_texts(texts):
        raise TypeError("a text is missing")
    episode, said, term = texts
    return Put(episode=episode, said=said, term=term, is_withheld=entry.get("is_withheld") is True)


def _write(path: Path, book: GlossaryBook) -> None:
    text = f"{_HEAD}{_list('terms', book.terms)}"
    if book.puts:
        text += f"{_OURS}{_list('by_hand', book.by_hand)}"
    for put in book.puts:
        text += f"\n[[put]]\nepisode = {_text(put.episode)}\nsaid = {_text(put.said)}\n"
        text += f"term = {_text(put.term)}\n{'is_withheld = true' if put.is_withheld else ''}"
        text = text.rstrip("\n") + "\n"
    write_text(path, text)


def _list(name: str, texts: Sequence[str]) -> str:
    lines = "".join(f"  {_text(text)},\n" for text in texts)
    return f"{name} = [\n{lines}]\n"


def _clean(text: str) -> str:
    # A control character in it would make the file unreadable, and with it all of the show.
    return " ".join(printable(text).split())


def _text(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
