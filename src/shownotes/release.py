"""Many episodes published: their versions, then the sites of their shows, then everybody is told.

A failed one is reported and the rest go on. Whoever runs it hands in `call`, which does one piece
of work (a flow makes a task of it).
"""

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from shownotes.adapters.run_log import open_run_log
from shownotes.core.publication import Delivery, Publication
from shownotes.errors import ShowNotesError
from shownotes.settings import Settings
from shownotes.site import Built, build_sites
from shownotes.steps.announcing import announce
from shownotes.steps.published import last_publication, read_published
from shownotes.steps.publishing import is_due, publish, unpublish
from shownotes.steps.step import Walk

# Does one piece of work, by name, for an episode or a show; lets our errors through.
Call = Callable[[str, str, Callable[[], None]], None]


def call_plainly(_piece: str, _name: str, do: Callable[[], None]) -> None:
    """Do the work here and now."""
    do()


@dataclass(slots=True, kw_only=True)
class Release:
    """What became of one episode.

    Attributes:
        publication: the version that is out, or the one that was taken back.
        is_out: whether readers see it now.
        deliveries: who was told, with what outcome.
        error: what went wrong first; the episode may be published all the same.
    """

    walk: Walk
    publication: Publication | None = None
    is_out: bool = False
    deliveries: tuple[Delivery, ...] = ()
    error: ShowNotesError | None = None

    @property
    def name(self) -> str:
        """The episode's folder."""
        return self.walk.folder.name

    @property
    def failures(self) -> tuple[str, ...]:
        """All that went wrong, each in a sentence."""
        failed = (f"{d.target}: {d.said}" for d in self.deliveries if not d.is_done)
        return (*([str(self.error)] if self.error else []), *failed)


@dataclass(slots=True, kw_only=True)
class Releases:
    """What became of all of them, and the sites that were made anew."""

    episodes: list[Release] = field(default_factory=list)
    sites: list[Built] = field(default_factory=list)

    @property
    def failed(self) -> list[Release]:
        """Those of which something went wrong."""
        return [release for release in self.episodes if release.failures]


def release_due(
    walks: Sequence[Walk],
    settings: Settings,
    *,
    by: str,
    now: datetime,
    call: Call = call_plainly,
) -> Releases:
    """Publish what is due of these, and finish what was cut off. See `publishing.due`."""

    def do(walk: Walk) -> None:
        if is_due(walk, now):
            publish(walk, by=by, now=now)

    return _release(walks, settings, do, call=call, again=False)


def release(walk: Walk, *, by: str, call: Call = call_plainly) -> Releases:
    """Publish an episode now, whatever time it was approved for.

    One that is out already is not published again; who could not be told then is told now.
    """

    def do(walk: Walk) -> None:
        publish(walk, by=by)

    return _release([walk], walk.settings, do, call=call, again=True)


def take_back(walk: Walk, *, by: str, call: Call = call_plainly) -> Releases:
    """Take an episode off its show's site and feed."""

    def do(walk: Walk) -> None:
        unpublish(walk, by=by)

    return _release([walk], walk.settings, do, call=call, again=True)


def _release(
    walks: Sequence[Walk],
    settings: Settings,
    do: Callable[[Walk], None],
    *,
    call: Call,
    again: bool,
) -> Releases:
    releases = Releases(episodes=[Release(walk=walk) for walk in walks])
    for release in releases.episodes:
        _change(release, do, call)
    for show in dict.fromkeys(r.publication.show or "" for r in releases.episodes if r.publication):
        _build(releases, settings, show, call)
    for release in releases.episodes:
        if release.publication is not None and release.error is None:
            _tell(release, call, again=again)
    _log(releases, settings)
    return releases


def _log(releases: Releases, settings: Settings) -> None:
    """Write down for machines what became of each episode."""
    log = open_run_log(settings, run=f"publish {uuid.uuid4().hex[:8]}")
    for release in releases.episodes:
        if release.publication is not None:
            word = "published" if release.is_out else "taken back"
            log.write(f"{word}: version {release.publication.version}", episode=release.name)
        for failure in release.failures:
            log.write(failure, level="error", episode=release.name, step="publish")


def _change(release: Release, do: Callable[[Walk], None], call: Call) -> None:
    """Publish it or take it back."""

    def change() -> None:
        do(release.walk)

    folder = release.walk.folder
    try:
        call("publish", folder.name, change)
        release.publication = last_publication(folder)
        release.is_out = read_published(folder).current is not None
    except ShowNotesError as error:
        release.error = error


def _build(releases: Releases, settings: Settings, show: str, call: Call) -> None:
    """Make a show's site anew; an error of it is one of each of its episodes."""

    def build() -> None:
        releases.sites += build_sites(settings, show=show)

    try:
        call("site", show or "site", build)
    except ShowNotesError as error:
        for release in releases.episodes:
            if release.publication and (release.publication.show or "") == show:
                release.error = release.error or error


def _tell(release: Release, call: Call, *, again: bool) -> None:
    def tell() -> None:
        release.deliveries = announce(release.walk, again=again)

    try:
        call("announce", release.name, tell)
    except ShowNotesError as error:
        release.error = error
