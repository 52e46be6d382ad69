"""After publishing: the producer's command, a webhook and WordPress are told, each once.

What came of it is kept in `published/deliveries.json`. A run that is cut off goes on with whoever
was not told yet; what failed is tried again when somebody asks. Nothing here takes back what is
published.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial

from shownotes.adapters import hook_command, webhooks, wordpress
from shownotes.adapters.store import now
from shownotes.core.publication import (
    Deliveries,
    Delivery,
    Edition,
    Event,
    EventKind,
    Publication,
)
from shownotes.errors import DeliveryError, ShowNotesError
from shownotes.steps.published import (
    DELIVERIES,
    RECORD,
    address_of,
    read_deliveries,
    read_edition,
    read_published,
    version_folder,
    versions_folder,
)
from shownotes.steps.publishing import HOLDER
from shownotes.steps.step import Walk

COMMAND, WEBHOOK, WORDPRESS = "command", "webhook", "wordpress"
# In the episode's work folder: what the command said the last time.
COMMAND_LOG = "publish-command.log"


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """What is to be told.

    Attributes:
        id: the same whenever it is told, so that a receiver can know it again.
        message: plain data, as it is sent.
    """

    id: str
    event: Event
    edition: Edition
    message: Mapping[str, object]


def announce(walk: Walk, *, again: bool = False) -> tuple[Delivery, ...]:
    """Tell everybody of what was published or taken back and not told yet.

    Args:
        walk: the episode.
        again: also try again what failed, of the last event.

    Returns:
        What became of the last event, for every target that was told of it by now.

    Raises:
        EpisodeBusyError: another run has the episode.
        StoreError: the outcome cannot be kept.
    """
    with walk.folder.claim(holder=HOLDER):
        history, told = read_published(walk.folder).history, read_deliveries(walk.folder)
        if not history:
            return ()
        last = len(history) - 1
        first = min(told.announced, last) if again else told.announced
        for index in range(first, len(history)):
            told = _announce_one(walk, index, history[index], told)
        return told.of(last)


def _announce_one(walk: Walk, index: int, event: Event, told: Deliveries) -> Deliveries:
    """Tell all of one event, keeping each outcome as soon as it is known."""
    versions = versions_folder(walk.folder)
    news = None
    for target, tell in _targets(walk, event):
        before = told.find(index, target)
        if before is not None and before.is_done:
            continue
        news = news or _news(walk, index, event)
        walk.progress.begin(target, 0)
        told = told.with_one(_try(tell, news, index, target))
        versions.write(DELIVERIES, told)
    if told.announced <= index:
        told = replace(told, announced=index + 1)
        versions.write(DELIVERIES, told)
    return told


def _try(tell: Callable[[News], Delivery], news: News, index: int, target: str) -> Delivery:
    try:
        return replace(tell(news), event=index)
    except ShowNotesError as error:
        attempts = error.attempts if isinstance(error, DeliveryError) else 0
        return Delivery(
            event=index, target=target, is_done=False, at=now(), attempts=attempts, said=str(error)
        )


def _targets(walk: Walk, event: Event) -> Iterator[tuple[str, Callable[[News], Delivery]]]:
    """Whom the settings name. The command comes first: it may be what carries the files away."""
    told = walk.settings.publish
    if told.command:
        yield COMMAND, partial(_run_command, walk)
    if told.webhook:
        yield WEBHOOK, partial(_post, walk)
    # A post in WordPress is Podlove's to take back.
    if told.wordpress_url and event.kind is EventKind.PUBLISHED:
        yield WORDPRESS, partial(_push, walk)


def _news(walk: Walk, index: int, event: Event) -> News:
    edition = read_edition(walk.folder, event.version)
    record = version_folder(walk.folder, event.version).read(RECORD, Publication)
    episode, notes = edition.episode, edition.notes
    message = {
        "event": f"episode.{event.kind}",
        "at": event.at,
        "by": event.by,
        "episode": {
            "id": episode.id,
            "folder": walk.folder.name,
            "title": notes.title,
            "show": notes.show,
            "season": notes.season,
            "number": notes.number,
            "date": notes.date,
        },
        "version": event.version,
        "approved_by": record.approved_by,
        "files": [{"name": file.name, "sha256": file.sha256} for file in record.files],
        "url": address_of(edition, walk.settings, walk.folder.name),
    }
    # No dots: the signature puts some between its parts.
    name = f"{episode.id}-{index + 1}".replace(".", "-")
    return News(id=name, event=event, edition=edition, message=message)


def _run_command(walk: Walk, news: News) -> Delivery:
    folder = version_folder(walk.folder, news.event.version).path.resolve()
    hook_command.run(
        walk.settings.publish.command,
        {**news.message, "path": str(folder)},
        folder=folder,
        root=walk.settings.root,
        log=walk.folder.path / "work" / COMMAND_LOG,
        timeout_s=walk.settings.publish.command_timeout_s,
    )
    return _done(COMMAND, "It ran.")


def _post(walk: Walk, news: News) -> Delivery:
    told = walk.settings.publish
    attempts = webhooks.post(
        told.webhook,
        news.message,
        id=news.id,
        secrets=os.environ.get(webhooks.SECRET_VARIABLE),
        retries=told.retries,
    )
    return _done(WEBHOOK, f"{told.webhook} took it.", attempts)


def _push(walk: Walk, news: News) -> Delivery:
    told, edition = walk.settings.publish, news.edition
    version = version_folder(walk.folder, news.event.version).path
    audio = edition.episode.audio
    stem = audio.path.rsplit("/", 1)[-1].rsplit(".", 1)[0] if audio else walk.folder.name
    parcel = wordpress.Parcel(
        title=edition.notes.title,
        number=edition.notes.number,
        slugs=tuple(dict.fromkeys((stem, walk.folder.name))),
        captions=(version / "transcript.vtt").read_text(encoding="utf-8"),
        chapters=edition.notes.chapters,
    )
    account = wordpress.Account(
        url=told.wordpress_url,
        user=told.wordpress_user,
        password=os.environ.get(wordpress.PASSWORD_VARIABLE, ""),
        retries=told.retries,
    )
    pushed = wordpress.push(parcel, account)
    said = f"{told.wordpress_url} has captions and chapters (its episode {pushed.id})."
    return _done(WORDPRESS, said, pushed.attempts)


def _done(target: str, said: str, attempts: int = 1) -> Delivery:
    """An outcome that is a good one; whose event is known further out."""
    return Delivery(event=0, target=target, is_done=True, at=now(), attempts=attempts, said=said)
