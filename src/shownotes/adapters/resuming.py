"""Large files from servers, going on where a broken download stopped.

What has come so far lies in `<name>.part`; it is gone on with only when the server says by its ETag
(or its date) that it still has the same file. Nothing is fetched twice unless that has changed, or
the server cannot send a part of a file.

Source: RFC 9110, 8.8 (validators), 13.1.5 (If-Range), 14 (ranges), 15.5.17 (416).
"""

import os
import re
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

from shownotes.adapters.connecting import Manners
from shownotes.adapters.fetching import Answer, ask, read_date
from shownotes.adapters.patience import Sleep
from shownotes.adapters.store import check_room, translate
from shownotes.errors import EnclosureError, FetchError

# Attempts in one go, as long as each brings something; seconds before the second one, doubled.
ATTEMPTS, FIRST_WAIT_S = 4, 1.0
# Room that is left on the disk, in bytes: an episode's working audio and notes want some.
MARGIN_BYTES = 500_000_000
_LOOK_EVERY_BYTES = 64 * 2**20
# A date tells two versions apart when the file had not just been changed, in seconds.
_SETTLED_S = 60.0
# What servers send in place of a file: pages, words, pictures.
_NOT_SOUND = ("text/html", "application/xhtml", "application/json", "text/xml", "image/")
_RANGE = re.compile(r"bytes\s+(?:(\d+)-\d+|\*)/(\d+|\*)", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """What is fetched.

    Attributes:
        url: where; may hold a password.
        validator: what the server called the file of which a part is here.
        known: validator and size of a file that we have: when the server offers just that, nothing
            is fetched.
        most_bytes: a larger file is left alone.
        margin_bytes: room that is left on the disk.
    """

    url: str
    validator: str | None = None
    known: tuple[str, int] | None = None
    most_bytes: int
    margin_bytes: int = MARGIN_BYTES


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """A whole file.

    Attributes:
        validator: what the server calls it.
        is_sure: the server said how long it is, and so long it is.
    """

    size: int
    validator: str | None
    is_sure: bool


class _Same(Exception):  # noqa: N818 - no error, an answer
    """The server has what we have."""


def download(
    source: Source,
    part: Path,
    manners: Manners,
    *,
    begun: Callable[[str | None], None],
    progress: Callable[[int, int | None], None] = lambda _done, _total: None,
    sleep: Sleep = time.sleep,
) -> Received | None:
    """Bring a file into `part`.

    Args:
        source: what.
        part: where; what is there is gone on with.
        manners: how servers are asked.
        begun: told what the server calls the file before its first byte is written; what is told
            last is the `validator` of the next attempt.
        progress: told bytes done and in all.
        sleep: waits between attempts.

    Returns:
        `None` when the server offers what is known already.

    Raises:
        FeedError: it cannot be had now; what has come is kept.
        StoreError: it cannot be written.
    """
    fetching = _Fetching(source, part, manners, begun, progress)
    for attempt in range(1, ATTEMPTS + 1):
        before = fetching.have
        try:
            return fetching.attempt()
        except _Same:
            return None
        except FetchError as error:
            # Worth another attempt when something came, or something else is to be begun.
            if not error.retryable or attempt == ATTEMPTS or fetching.have == before:
                raise
        sleep(FIRST_WAIT_S * 2 ** (attempt - 1))
    raise AssertionError("the last attempt returns or raises")


class _Fetching:
    """One download over several attempts."""

    def __init__(
        self,
        source: Source,
        part: Path,
        manners: Manners,
        begun: Callable[[str | None], None],
        progress: Callable[[int, int | None], None],
    ) -> None:
        self._source, self._part, self._manners = source, part, manners
        self._begun, self._progress = begun, progress
        self._validator = source.validator

    @property
    def have(self) -> int:
        """Bytes that are here."""
        try:
            return self._part.stat().st_size
        except OSError:
            return 0

    def attempt(self) -> Received:
        have = self.have if self._validator else 0
        headers = {"Accept-Encoding": "identity", "Accept": "audio/*, video/*;q=0.9, */*;q=0.5"}
        if have:
            headers |= {"Range": f"bytes={have}-", "If-Range": self._validator or ""}
        with ask(self._source.url, headers, self._manners) as answer:
            _check_type(answer)
            return self._take(answer, have)

    def _take(self, answer: Answer, have: int) -> Received:
        start, total = _placed(answer)
        is_same = _validator(answer) in (None, self._validator)
        if answer.status == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
            if have and total == have and is_same:
                return Received(size=have, validator=self._validator, is_sure=True)
            self._forget()
            raise FetchError(f"{answer.host} has another file now; it is begun anew.")
        if answer.status == HTTPStatus.PARTIAL_CONTENT and not (start == have and is_same):
            # It sent a part of another file, or another part, in spite of `If-Range`.
            self._forget()
            raise FetchError(f"{answer.host} sent what was not asked for; it is begun anew.")
        if answer.status != HTTPStatus.PARTIAL_CONTENT:
            have, total = 0, answer.length
            self._begin(answer, total)
        self._check_size(answer, total or 0)
        return self._write(answer, have, total)

    def _begin(self, answer: Answer, total: int | None) -> None:
        """From the first byte: nothing of another version may be left before it is remembered."""
        validator = None if answer.packing else _validator(answer)
        known = self._source.known
        if known is not None and known == (validator, total):
            raise _Same
        self._forget()
        self._validator = validator
        self._begun(validator)

    def _forget(self) -> None:
        with suppress(FileNotFoundError):
            self._part.unlink()
        self._validator = None

    def _write(self, answer: Answer, have: int, total: int | None) -> Received:
        size, looked_at = have, have
        try:
            self._part.parent.mkdir(parents=True, exist_ok=True)
            self._check_room((total or 0) - have)
            with self._part.open("ab" if have else "wb") as file:
                try:
                    for piece in answer.pieces():
                        file.write(piece)
                        size += len(piece)
                        self._check_size(answer, size)
                        self._progress(size, total)
                        if size - looked_at >= _LOOK_EVERY_BYTES:
                            self._check_room(0)
                            looked_at = size
                finally:
                    file.flush()
                    os.fsync(file.fileno())
        except OSError as error:
            raise translate(error, self._part) from error
        if total is not None and size != total:
            if size > total:
                self._forget()
            raise FetchError(f"{answer.host} sent {size} bytes of {total}.")
        is_sure = total is not None or bool(answer.packing)
        return Received(size=size, validator=self._validator, is_sure=is_sure)

    def _check_room(self, more: int) -> None:
        check_room(self._part.parent, max(more, 0) + self._source.margin_bytes)

    def _check_size(self, answer: Answer, size: int) -> None:
        if size > self._source.most_bytes:
            self._forget()
            raise EnclosureError(
                f"{answer.host} offers more than {self._source.most_bytes / 2**20:.0f} MB, the "
                "most that is fetched ([feeds] most_mb)."
            )


def _placed(answer: Answer) -> tuple[int | None, int | None]:
    """Where a part begins, and bytes of the whole file."""
    found = _RANGE.fullmatch(answer.header("content-range"))
    if not found:
        return None, None
    return int(found[1]) if found[1] else None, int(found[2]) if found[2] != "*" else None


def _validator(answer: Answer) -> str | None:
    """What may stand in `If-Range`: a strong ETag, else a date that is not of just now."""
    etag = answer.header("etag")
    if etag and not etag.startswith("W/"):
        return etag
    said = answer.header("last-modified")
    modified, now = read_date(said), read_date(answer.header("date"))
    if modified and now and (now - modified).total_seconds() >= _SETTLED_S:
        return said
    return None


def _check_type(answer: Answer) -> None:
    kind = answer.header("content-type").lower()
    is_answer = answer.status in (HTTPStatus.OK, HTTPStatus.PARTIAL_CONTENT)
    if is_answer and kind.startswith(_NOT_SOUND):
        raise EnclosureError(
            f"{answer.host} sends {kind.partition(';')[0]} where the audio should be."
        )
