"""Full-text search: passages of every episode's transcript and notes, in the index."""

import json
import sqlite3
from bisect import bisect_right
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from shownotes.adapters.search_terms import FOUND, FOUND_END, TOKENIZER, Query, indexable, pieces
from shownotes.core.passages import Passage, Where

SCHEMA = f"""
CREATE TABLE texts (folder TEXT PRIMARY KEY, seen TEXT);
CREATE TABLE places (
  id INTEGER PRIMARY KEY, folder TEXT NOT NULL, place TEXT NOT NULL, starts TEXT NOT NULL
);
CREATE INDEX places_by_folder ON places (folder);
CREATE VIRTUAL TABLE passages USING fts5 (text, tokenize = "{TOKENIZER}");
"""
_SNIPPET_WORDS = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A passage that was found.

    Attributes:
        id: of the episode.
        start: when the sentence is said in which the first word was found, in seconds.
        snippet: pieces of the passage, each with whether it is what was looked for.
    """

    id: str
    folder: str
    title: str
    show: str | None
    where: Where
    start: float | None
    snippet: tuple[tuple[str, bool], ...]


def write_texts(
    connection: sqlite3.Connection, folder: str, passages: Iterable[Passage], *, seen: str
) -> None:
    """Put an episode's passages in the place of those that were there."""
    forget_texts(connection, folder)
    for passage in passages:
        _write_passage(connection, folder, passage)
    connection.execute("INSERT INTO texts VALUES (?, ?)", (folder, seen))


def _write_passage(connection: sqlite3.Connection, folder: str, passage: Passage) -> None:
    text, starts = "", []
    for sentence, start in passage.sentences:
        text += " " if text else ""
        starts.append((len(text), start))
        text += indexable(sentence)
    place = connection.execute(
        "INSERT INTO places (folder, place, starts) VALUES (?, ?, ?)",
        (folder, passage.where, json.dumps(starts)),
    )
    connection.execute("INSERT INTO passages (rowid, text) VALUES (?, ?)", (place.lastrowid, text))


def forget_texts(connection: sqlite3.Connection, folder: str) -> None:
    """Take an episode's passages out."""
    connection.execute(
        "DELETE FROM passages WHERE rowid IN (SELECT id FROM places WHERE folder = ?)", (folder,)
    )
    connection.execute("DELETE FROM places WHERE folder = ?", (folder,))
    connection.execute("DELETE FROM texts WHERE folder = ?", (folder,))


def find(connection: sqlite3.Connection, wanted: Query, limit: int) -> list[Hit]:
    """The best passages with everything that is wanted, else of episodes that have it all."""
    return _find(connection, wanted.all, limit) or _find_apart(connection, wanted, limit)


def _find(
    connection: sqlite3.Connection, expression: str, limit: int, *, within: Collection[str] = ()
) -> list[Hit]:
    """The best passages for an expression, in all episodes or within some."""
    found = connection.execute(
        """
        SELECT e.id, e.folder, e.title, e.show, p.place, p.starts,
               highlight(passages, 0, :mark, :end),
               snippet(passages, 0, :mark, :end, '…', :words)
        FROM passages
        JOIN places AS p ON p.id = passages.rowid
        JOIN episodes AS e ON e.folder = p.folder
        WHERE passages MATCH :expression
          AND (:is_everywhere OR p.folder IN (SELECT value FROM json_each(:within)))
        ORDER BY rank LIMIT :limit
        """,
        {
            "mark": FOUND,
            "end": FOUND_END,
            "words": _SNIPPET_WORDS,
            "expression": expression,
            "is_everywhere": not within,
            "within": json.dumps(sorted(within)),
            "limit": limit,
        },
    )
    return [
        Hit(
            id=id_,
            folder=folder,
            title=title,
            show=show,
            where=Where(place),
            start=_start(json.loads(starts), marked.find(FOUND)),
            snippet=pieces(snippet),
        )
        for id_, folder, title, show, place, starts, marked, snippet in found
    ]


def _start(starts: list[tuple[int, float | None]], offset: int) -> float | None:
    """When the sentence begins in which the character at an offset stands."""
    index = bisect_right([first for first, _ in starts], max(offset, 0)) - 1
    return starts[index][1]


def _find_apart(connection: sqlite3.Connection, wanted: Query, limit: int) -> list[Hit]:
    """Passages with any of the terms, of episodes that have them all."""
    if len(wanted.terms) == 1:
        return []
    folders: set[str] | None = None
    for term in wanted.terms:
        found = connection.execute(
            "SELECT DISTINCT p.folder FROM passages JOIN places AS p ON p.id = passages.rowid "
            "WHERE passages MATCH ?",
            (term,),
        )
        having = {folder for (folder,) in found}
        folders = having if folders is None else folders & having
        if not folders:
            return []
    return _find(connection, wanted.any, limit, within=folders or ())
