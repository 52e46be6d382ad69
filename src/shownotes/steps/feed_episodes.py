"""Fetching an episode of a feed: its audio, its sidecar, its transcript, into the in-tray.

It can be killed between any two lines. What is whole and proved is in the book before it is put in
its place, and in its place before the book says so; nothing has the name of an audio file before it
is whole, nor a transcript its own before its audio is on its way.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from shownotes.adapters.connecting import Manners
from shownotes.adapters.feed_books import held, write_book
from shownotes.adapters.intake import take_name
from shownotes.adapters.resuming import Source, download
from shownotes.adapters.sound import check_media, scan
from shownotes.adapters.store import file_sha256, sync_folder, translate
from shownotes.core.feed_book import Entry, Standing, entry_failed
from shownotes.core.feed_files import audio_ending, episode_stem, feed_id
from shownotes.core.feed_plan import Wanted
from shownotes.core.feeds import Feed
from shownotes.errors import EnclosureError, FetchError, InputError, ShowNotesError, SidecarError
from shownotes.settings import Settings, load_sidecar
from shownotes.steps.feed_texts import gather, put_beside
from shownotes.steps.feeds import part_of
from shownotes.steps.intray import AUDIO_ENDINGS, relative, sidecar_beside
from shownotes.steps.subscriptions import Subscription, book_of, manners

# A file that ends early on its server is looked at so often before it is taken as it is.
LOOKS_AT_CUT = 3
# An end that is missing, in seconds and as a share; encoders round and pad.
_MISSING_S, _MISSING_SHARE = 2.0, 0.01

# Told bytes done and in all.
Report = Callable[[int, int | None], None]


def take(
    subscription: Subscription,
    wanted: Wanted,
    feed: Feed,
    settings: Settings,
    *,
    how: Manners | None = None,
    report: Report = lambda _done, _total: None,
) -> Path | None:
    """Fetch an episode into the in-tray, or go on with it.

    Returns:
        Where it is; `None` when there is nothing new in it.

    Raises:
        FeedError: it cannot be had now; what has come is kept.
        StoreError: it cannot be written.
    """
    with held(settings.output_folder, subscription.book):
        taking = _Taking(subscription, wanted, feed, settings, how or manners(settings))
        try:
            return taking.take(report) if taking.is_waiting else None
        except OSError as error:
            raise translate(error, settings.audio_folder) from error


def note_failed(
    subscription: Subscription,
    wanted: Wanted,
    settings: Settings,
    error: ShowNotesError,
    *,
    now: datetime,
) -> None:
    """Write down that an episode could not be had, and when it is tried again.

    Raises:
        ShowNotesError: that cannot be written either.
    """
    with held(settings.output_folder, subscription.book):
        book = book_of(subscription, settings)
        entry = book.entry(wanted.key)
        if entry is not None and entry.is_waiting:
            wait_s = error.wait_s if isinstance(error, FetchError) else None
            failed = entry_failed(entry, now=now, reason=str(error), wait_s=wait_s)
            write_book(settings.output_folder, subscription.book, book.with_entry(failed))


class _Taking:
    """One episode being taken, by whoever holds its feed."""

    def __init__(
        self,
        subscription: Subscription,
        wanted: Wanted,
        feed: Feed,
        settings: Settings,
        how: Manners,
    ) -> None:
        self._subscription, self._settings, self._how = subscription, settings, how
        self._item, self._key, self._feed = wanted.item, wanted.key, feed
        self._book = book_of(subscription, settings)
        found = self._book.entry(wanted.key)
        self.is_waiting = found is not None and found.is_waiting

    @property
    def _entry(self) -> Entry:
        entry = self._book.entry(self._key)
        assert entry is not None
        return entry

    def _keep(self, entry: Entry) -> None:
        """Change the entry, in the book and on the disk."""
        self._book = self._book.with_entry(entry)
        write_book(self._settings.output_folder, self._subscription.book, self._book)

    @property
    def _path(self) -> Path:
        """Where the audio goes."""
        assert self._entry.name is not None
        return self._settings.root / self._entry.name

    def take(self, report: Report) -> Path | None:
        """Go through all of it; what is done already is not done again."""
        self._name()
        if not self._is_landing() and not self._receive(report):
            return None
        self._make_way()
        path = self._path
        beside = gather(
            self._item, self._entry, self._feed, self._subscription, self._settings, self._how
        )
        self._keep(put_beside(beside, self._entry, path, self._settings))
        self._land(path)
        self._finish(path)
        return path

    # ------------------------------------------------------------------ names

    def _name(self) -> None:
        """Give the episode a name that nobody has. It keeps it, whatever becomes of its title."""
        entry = self._entry
        if entry.name is not None:
            return
        folder = self._settings.audio_folder / (self._book.folder or "feeds")
        ending = audio_ending(self._item.audio, AUDIO_ENDINGS)
        path = folder / f"{episode_stem(self._item, entry.key, taken=())}{ending}"
        if self._is_ours(path):
            # The book was lost: what is there already does not come a second time.
            entry = replace(entry, sha256=file_sha256(path), size=path.stat().st_size)
        else:
            stem = episode_stem(self._item, entry.key, taken=self._names_in(folder))
            path = folder / f"{stem}{ending}"
        self._keep(replace(entry, name=relative(path, self._settings)))

    def _is_ours(self, path: Path) -> bool:
        """Whether a file is this very episode, by its sidecar."""
        wanted = feed_id(self._item, self._key, feed=self._subscription.book)
        try:
            return path.is_file() and load_sidecar(sidecar_beside(path)).feed_id == wanted
        except SidecarError:
            return False

    def _names_in(self, folder: Path) -> set[str]:
        """Everything that a name must not begin with: files there, and names that are promised."""
        there = [f.name for f in folder.iterdir()] if folder.is_dir() else []
        promised = [Path(e.name).name for e in self._book.entries if e.name and e.key != self._key]
        pieces = (name.casefold().split(".") for name in (*there, *promised))
        return {".".join(p[:count]) for p in pieces for count in range(1, len(p) + 1)}

    # ------------------------------------------------------------------ the audio

    def _is_landing(self) -> bool:
        """Whether the file is here, whole and proved."""
        wanted = self._entry.landing_sha256
        return wanted is not None and any(
            path.is_file() and file_sha256(path) == wanted
            for path in (part_of(self._path), self._path)
        )

    def _receive(self, report: Report) -> bool:
        """Fetch the audio and prove it; false when it is what we have already."""
        entry, part = self._entry, part_of(self._path)
        is_known = entry.validator is not None and entry.size is not None
        source = Source(
            url=self._item.audio.url,
            validator=entry.part_validator,
            known=(entry.validator or "", entry.size or 0) if is_known else None,
            most_bytes=self._settings.feeds.most_mb * 2**20,
        )
        received = download(source, part, self._how, begun=self._begin, progress=report)
        if received is None:
            self._settle(self._entry, Standing.TAKEN)
            return False
        self._prove(part, received.size)
        sha256 = file_sha256(part)
        others = (e for e in self._book.of(Standing.TAKEN) if e.key != self._key)
        twin = next((e for e in others if e.sha256 == sha256), None)
        if sha256 == self._entry.sha256 or twin is not None:
            part.unlink()
            note = f"The same audio as “{twin.title}”." if twin else None
            is_new = self._entry.sha256 is None
            standing = Standing.SAME if twin and is_new else Standing.TAKEN
            self._settle(self._entry, standing, note=note)
            return False
        self._keep(replace(self._entry, landing_sha256=sha256))
        return True

    def _begin(self, validator: str | None) -> None:
        """A file is begun; whatever an earlier one was, it is gone."""
        self._keep(replace(self._entry, part_validator=validator, landing_sha256=None))

    def _prove(self, part: Path, size: int) -> None:
        """Look into what came.

        Raises:
            EnclosureError: it is no audio; or it ends early, and its server may not have all of it
                yet.
        """
        try:
            check_media(part)
            found = scan(part)
        except InputError as error:
            if self._entry.part_validator is None:
                part.unlink(missing_ok=True)
            told = str(error).replace(str(part), "What came")
            raise EnclosureError(told) from error
        missing = (found.declared_s or 0.0) - found.length_s
        is_cut = found.is_cut_short
        is_cut |= missing > max(_MISSING_S, _MISSING_SHARE * (found.declared_s or 0.0))
        entry = self._entry
        is_so = entry.cut_size == size and entry.attempts >= LOOKS_AT_CUT - 1
        if is_cut and not is_so:
            self._keep(replace(entry, cut_size=size))
            raise EnclosureError(
                "What came ends before its own header says it does. Perhaps it is still being put "
                "there; it is looked at again."
            )

    # ------------------------------------------------------------------ landing

    def _make_way(self) -> None:
        """See that the name is free, or holds what we put there; else take another one."""
        path, entry = self._path, self._entry
        if not path.exists() or file_sha256(path) in (entry.landing_sha256, entry.sha256):
            return
        stem = episode_stem(self._item, entry.key, taken=self._names_in(path.parent))
        new = path.with_name(f"{stem}{path.suffix}")
        # Under both names until the book knows the new one: it must not be fetched again.
        take_name(part_of(path), part_of(new))
        self._keep(
            replace(
                entry,
                name=relative(new, self._settings),
                sidecar_sha256=None,
                transcript_sha256=None,
            )
        )
        part_of(path).unlink(missing_ok=True)

    def _land(self, path: Path) -> None:
        """Give the audio its name."""
        part, wanted = part_of(path), self._entry.landing_sha256
        try:
            if path.exists() and file_sha256(path) == wanted:
                part.unlink(missing_ok=True)
            elif path.exists():
                part.replace(path)
            elif take_name(part, path):
                part.unlink(missing_ok=True)
            else:
                raise FetchError(f"{path.name} was taken by another file meanwhile.")
        except OSError as error:
            raise translate(error, path) from error
        sync_folder(path.parent)

    def _finish(self, path: Path) -> None:
        """It is there, and the book says so."""
        entry = replace(
            self._entry,
            sha256=self._entry.landing_sha256,
            size=path.stat().st_size,
            validator=self._entry.part_validator,
        )
        self._settle(entry, Standing.TAKEN, note=entry.note)

    def _settle(self, entry: Entry, standing: Standing, *, note: str | None = None) -> None:
        """Nothing is left to do."""
        self._keep(
            replace(
                entry,
                standing=standing,
                part_validator=None,
                landing_sha256=None,
                cut_size=None,
                attempts=0,
                retry_at=None,
                reason=None,
                note=note,
            )
        )
