"""Which failures and drafts people are told of: each event goes into the outbox once.

Who is told, and how: `steps/telling.py`.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime

from shownotes.adapters.outbox import Notice, Outbox, change_outbox
from shownotes.adapters.store import EpisodeFolder, content_sha256, episode_folders, now
from shownotes.batch import Outcome
from shownotes.errors import ShowNotesError
from shownotes.model import Episode, State, Status
from shownotes.release import Releases
from shownotes.settings import Settings
from shownotes.steps.standing import state_of
from shownotes.steps.telling import send_waiting, targets


@dataclass(frozen=True, slots=True, kw_only=True)
class _Happening:
    """What happened to an episode, before anybody knows whether it was told.

    Attributes:
        about: the episode and what sort of thing happened.
        key: of this happening; another one of the sort is another event.
    """

    about: str
    key: str
    notice: Notice


# --------------------------------------------------------------------------- what happened


def note_outcomes(outcomes: Sequence[Outcome], settings: Settings, *, began: datetime) -> int:
    """Put what came of a run into the outbox: failures, and drafts that are new.

    Args:
        outcomes: of the run.
        settings: say who is told of what.
        began: when the run did; drafts from before notifications were set are no news.

    Returns:
        How many events nobody knew of.
    """
    if not targets(settings):
        return 0
    happenings = [h for outcome in outcomes for h in _of_outcome(outcome, settings)]
    well = [_about(o.folder, "failed") for o in outcomes if o.folder and o.error is None]
    return _note(happenings, settings, began=began, over=well)


def note_failures(releases: Releases, settings: Settings, *, began: datetime) -> int:
    """Put into the outbox what could not be published, or not be told of elsewhere."""
    if not targets(settings) or "failures" not in settings.notify.about:
        return 0
    happenings = []
    for release in releases.failed:
        told = "; ".join(release.failures)
        kind = type(release.error).__name__ if release.error else "DeliveryError"
        about = _about(release.walk.folder, "publishing")
        do = f"Look at it: shownotes publish {release.name}"
        happenings.append(_happening(release.walk.folder, settings, about, kind, told, do=do))
    well = [_about(r.walk.folder, "publishing") for r in releases.episodes if not r.failures]
    return _note(happenings, settings, began=began, over=well)


def _of_outcome(outcome: Outcome, settings: Settings) -> list[_Happening]:
    error, folder = outcome.error, outcome.folder
    if error is not None:
        if outcome.is_busy or outcome.is_cancelled or "failures" not in settings.notify.about:
            return []
        if folder is None:
            folder = EpisodeFolder(outcome.path)
        about, kind = _about(folder, "failed"), type(error).__name__
        do = f"When it is mended: shownotes retry {folder.name}"
        event = "failed"
        if outcome.waits:
            event, do = "waits", "It goes on by itself when the model is here."
        return [_happening(folder, settings, about, kind, str(error), do=do, event=event)]
    if folder is None or "drafts" not in settings.notify.about or state_of(folder) != State.DRAFT:
        return []
    return [_draft(folder, settings)]


def _draft(folder: EpisodeFolder, settings: Settings) -> _Happening:
    status = folder.read("status.json", Status)
    told = f"{status.title} is ready to be reviewed"
    told += f": {status.checks} things to check." if status.checks else "."
    about = _about(folder, "draft")
    return _happening(folder, settings, about, "", told, do="shownotes desk", event="draft")


def _about(folder: EpisodeFolder, sort: str) -> str:
    return f"{folder.name}/{sort}"


def _happening(
    folder: EpisodeFolder,
    settings: Settings,
    about: str,
    kind: str,
    message: str,
    *,
    do: str,
    event: str = "failed",
) -> _Happening:
    """A happening; the same fault of the same audio is the same, whatever its words are."""
    episode, source = _describe(folder)
    base = settings.desk.public_url
    url = f"{base}/episode/{episode['id']}" if base and "id" in episode else None
    key = content_sha256([event, kind, source])[:16]
    notice = Notice(
        id="", event=event, at=now(), episode=episode, message=message, do=do, url=url,
        left=targets(settings),
    )  # fmt: skip
    return _Happening(about=about, key=key, notice=notice)


def _describe(folder: EpisodeFolder) -> tuple[dict[str, str], str]:
    """An episode for people, and what it is made of."""
    with suppress(ShowNotesError, OSError):
        episode = folder.read("episode.json", Episode)
        title = episode.metadata.title or folder.name
        audio = episode.audio.packets_sha256 if episode.audio else episode.transcript_sha256
        return {"id": episode.id, "folder": folder.name, "title": title}, audio or ""
    found = ""
    with suppress(OSError):
        told = folder.path.stat()
        found = f"{told.st_size}-{told.st_mtime_ns}"
    return {"title": folder.name}, found


def _note(
    happenings: Sequence[_Happening], settings: Settings, *, began: datetime, over: Sequence[str]
) -> int:
    """Put those into the outbox that are news. `over`: what is no fault any more."""
    fresh = 0

    def change(box: Outbox | None) -> Outbox:
        nonlocal fresh
        told = dict(box.told) if box else _drafts_before(settings, began)
        for about in over:
            told.pop(about, None)
        news = []
        for happening in happenings:
            if told.get(happening.about) != happening.key:
                told[happening.about] = happening.key
                # No dots: a webhook's signature puts some between its parts.
                name = content_sha256([happening.about, happening.key, happening.notice.at])[:24]
                news.append(replace(happening.notice, id=name))
        fresh = len(news)
        box = box or Outbox()
        return replace(box, told=told, waiting=(*box.waiting, *news))

    change_outbox(settings.output_folder, change)
    return fresh


def _drafts_before(settings: Settings, began: datetime) -> dict[str, str]:
    """Drafts that lay here before anybody wanted to be told of drafts."""
    told = {}
    for folder in episode_folders(settings.output_folder):
        with suppress(ShowNotesError, OSError, ValueError):
            status = folder.read("status.json", Status)
            is_old = datetime.fromisoformat(status.updated_at) < began.replace(microsecond=0)
            if status.state is State.DRAFT and is_old:
                draft = _draft(folder, settings)
                told[draft.about] = draft.key
    return told


def tell_outcomes(outcomes: Sequence[Outcome], settings: Settings, *, began: datetime) -> list[str]:
    """Note what came of a run, and tell those who want to know.

    Returns:
        What went wrong with that, for a log; it never fails a run.
    """
    try:
        note_outcomes(outcomes, settings, began=began)
        return send_waiting(settings)
    except (ShowNotesError, OSError) as error:
        return [str(error)]


def tell_failures(releases: Releases, settings: Settings, *, began: datetime) -> list[str]:
    """The same for what was published, or could not be."""
    try:
        note_failures(releases, settings, began=began)
        return send_waiting(settings)
    except (ShowNotesError, OSError) as error:
        return [str(error)]
