"""Publishing: the approved version into `published/<version>/`, and what is due.

A version is made beside its place, given its name when all of it is on the disk, and named in
`published.json` last. Whenever a run is killed, readers see the old version or the new one, and
the next run finishes: it takes over a version that was whole, and makes anew one that was not.
"""

import shutil
from datetime import UTC, datetime

from shownotes.adapters.folders import put_folder
from shownotes.adapters.store import EpisodeFolder, episode_folders, file_sha256, translate
from shownotes.core.publication import Event, EventKind, Publication, Published, appointment
from shownotes.core.review import Approval
from shownotes.errors import (
    ChangedSinceApprovalError,
    NotApprovedError,
    NotPublishedError,
    ShowNotesError,
    StoreError,
)
from shownotes.model import Episode
from shownotes.settings import Settings, ShowSettings
from shownotes.steps.proofs import changed_since
from shownotes.steps.published import (
    BOX,
    RECORD,
    read_deliveries,
    read_published,
    version_folder,
    versions_folder,
)
from shownotes.steps.render import gather, kept_edits
from shownotes.steps.reviews import current_versions, read_approval
from shownotes.steps.step import Walk
from shownotes.steps.targets import Material
from shownotes.steps.version_files import list_files, write_version

HOLDER = "shownotes publish"
# In the folder of versions, while one is made.
MAKING = ".new"


def publish(walk: Walk, *, by: str, now: datetime | None = None) -> Publication:
    """Publish the version that was approved; one that is out already is left as it is.

    Args:
        walk: the episode.
        by: who publishes it.
        now: the time, for its history.

    Returns:
        The version that is out.

    Raises:
        NotApprovedError: nobody has approved it.
        ChangedSinceApprovalError: it is not what was approved.
        EpisodeBusyError: another run has the episode.
        ShowNotesError: a page or an audio copy cannot be made; what was out stays out.
    """
    folder = walk.folder
    with folder.claim(holder=HOLDER):
        approval = _checked_approval(walk)
        published = read_published(folder)
        if published.current is not None:
            out = version_folder(folder, published.current).read(RECORD, Publication)
            since = published.since
            if out.content == approval.version and since and since.approval == approval.seq:
                return out
        publication = _left_over(folder, published, approval)
        if publication is None:
            publication = _make(walk, approval, by=by, at=_iso(now))
        event = Event(
            kind=EventKind.PUBLISHED,
            version=publication.version,
            at=publication.at,
            by=publication.by,
            approval=approval.seq,
        )
        folder.write(BOX, published.after(event))
        return publication


def unpublish(walk: Walk, *, by: str, now: datetime | None = None) -> Published:
    """Take back what is out. Its files and its history stay; it needs a new approval or a hand.

    Raises:
        NotPublishedError: nothing is out.
        EpisodeBusyError: another run has the episode.
    """
    folder = walk.folder
    with folder.claim(holder=HOLDER):
        published = read_published(folder)
        if published.current is None:
            raise NotPublishedError(f"{folder.name} is not published.")
        # The approval that put it out has had its effect; a newer one has not.
        since = published.since
        event = Event(
            kind=EventKind.UNPUBLISHED,
            version=published.current,
            at=_iso(now),
            by=by,
            approval=since.approval if since else 0,
        )
        published = published.after(event)
        folder.write(BOX, published)
        return published


def due(settings: Settings, now: datetime | None = None) -> list[Walk]:
    """Episodes that are to be published now, or whose publishing was cut off before its end.

    One that cannot be read is among them, so that publishing it says why.
    """
    walks = []
    for folder in episode_folders(settings.output_folder):
        walk = Walk(folder=folder, settings=settings)
        try:
            is_one = is_due(walk, now or datetime.now(UTC)) or is_cut_off(folder)
        except ShowNotesError:
            is_one = True
        if is_one:
            walks.append(walk)
    return walks


def is_due(walk: Walk, now: datetime) -> bool:
    """Whether an approval has not had its effect, and its time has come.

    Raises:
        SettingsError: its time is none.
        FormatError: a file of ours is damaged.
    """
    approval, published = read_approval(walk.folder), read_published(walk.folder)
    if approval is None or published.has_used(approval.seq):
        return False
    if published.current is not None:
        out = version_folder(walk.folder, published.current).read(RECORD, Publication)
        if out.content == approval.version:
            return False
    when = publish_time(walk, approval)
    if when is None:
        # A change after approval takes it back to review. A missed appointment is told of, and so
        # are changed settings or templates, which the list does not show.
        return approval.version in current_versions(walk.folder)
    return when <= now


def publish_time(walk: Walk, approval: Approval) -> datetime | None:
    """When an approved version is to be published; `None`: at once.

    Raises:
        SettingsError: it is no time.
    """
    if approval.publish_at is None:
        return None
    return appointment(approval.publish_at, timezone_of(walk))


def timezone_of(walk: Walk) -> str | None:
    """The time zone of an episode's show."""
    show = walk.folder.read("episode.json", Episode).metadata.show
    return walk.settings.show.get(show or "", ShowSettings()).timezone


def is_cut_off(folder: EpisodeFolder) -> bool:
    """Whether something was published or taken back and not everybody was told."""
    return read_deliveries(folder).announced < len(read_published(folder).history)


def _checked_approval(walk: Walk) -> Approval:
    name, approval = walk.folder.name, read_approval(walk.folder)
    if approval is None:
        raise NotApprovedError(
            f"{name} is not approved. Approve it in the desk, or with: shownotes approve {name}"
        )
    _check_unchanged(walk, approval)
    return approval


def _check_unchanged(walk: Walk, approval: Approval) -> None:
    if approval.version not in current_versions(walk.folder):
        raise ChangedSinceApprovalError(
            f"{walk.folder.name} was changed after {approval.by} approved it ({approval.at}). "
            f"Look at it again and approve it anew: shownotes approve {walk.folder.name}"
        )


def _check_print(walk: Walk, approval: Approval, draft: Material) -> None:
    name, changed = walk.folder.name, changed_since(walk, approval, lambda: draft)
    if changed is not None:
        raise ChangedSinceApprovalError(
            f"{name}: {changed} after {approval.by} approved it ({approval.at}), and what would be "
            f"published is not what was approved. Look at it again and approve it anew: "
            f"shownotes approve {name}"
        )


def _left_over(
    folder: EpisodeFolder, published: Published, approval: Approval
) -> Publication | None:
    """A whole version that a killed run could not name any more."""
    versions = [number for number in _versions(folder) if number > published.newest]
    for number in sorted(versions, reverse=True):
        place = version_folder(folder, number)
        try:
            publication = place.read(RECORD, Publication)
            is_whole = all(file_sha256(place.path / f.name) == f.sha256 for f in publication.files)
        except (StoreError, OSError):
            continue
        if is_whole and (publication.content, publication.approval) == (
            approval.version,
            approval.seq,
        ):
            return publication
    return None


def _versions(folder: EpisodeFolder) -> list[int]:
    """The numbers of the versions that lie on the disk."""
    place = versions_folder(folder).path
    names = (path.name for path in place.iterdir()) if place.is_dir() else ()
    return [int(name) for name in names if name.isdecimal()]


def _make(walk: Walk, approval: Approval, *, by: str, at: str) -> Publication:
    """Make the next version, and put it in its place."""
    walk.progress.begin("publish", 0)
    folder, work = walk.folder, versions_folder(walk.folder).path / MAKING
    version = 1 + max([read_published(folder).newest, *_versions(folder)])
    draft = gather(walk)
    _check_unchanged(walk, approval)
    _check_print(walk, approval, draft)
    for name in kept_edits(folder):
        walk.progress.say(
            f"{name} was edited by hand. It stays as it is; what is published is made of the draft "
            "and of what was decided in the desk."
        )
    place = EpisodeFolder(work)
    try:
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir(parents=True)
        write_version(walk, draft, work)
        publication = Publication(
            version=version,
            at=at,
            by=by,
            approved_by=approval.by,
            content=approval.version,
            approval=approval.seq,
            show=draft.episode.metadata.show,
            files=tuple(list_files(work)),
        )
        place.write(RECORD, publication)
        put_folder(work, version_folder(folder, version).path)
    except OSError as error:
        raise translate(error, work) from error
    return publication


def _iso(now: datetime | None) -> str:
    """As every time of making: UTC, whole seconds."""
    told = (now or datetime.now(UTC)).astimezone(UTC)
    return told.isoformat(timespec="seconds").replace("+00:00", "Z")
