"""Telling people what waits in the outbox, by webhook and mail.

What could not be told is told by a later run; nothing here ever fails one.
"""

import os
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from shownotes.adapters import webhooks
from shownotes.adapters.mail import PASSWORD_VARIABLE, MailServer, send_mail
from shownotes.adapters.outbox import (
    Notice,
    Outbox,
    change_outbox,
    read_outbox,
    tick_off,
    try_to_send,
)
from shownotes.adapters.store import now
from shownotes.errors import DeliveryError, SettingsError
from shownotes.settings import Settings

WEBHOOK, MAIL = "webhook", "mail"
# An event that nobody could be told of for so long is not told any more.
GIVE_UP = timedelta(days=3)
# Attempts in one go; a later run tries again.
_RETRIES = 2
_MOST_IN_MAIL = 50
_HEADS = {"draft": "Draft to review", "failed": "Failed", "waits": "Waits for a model"}


def send_waiting(settings: Settings) -> list[str]:
    """Tell what waits in the outbox; one process at a time, which takes what the others add.

    Returns:
        What went wrong, for a log; it is tried again the next time.
    """
    if not targets(settings):
        return []
    output = settings.output_folder
    lock = try_to_send(output)
    if lock is None:
        return []
    try:
        _give_up(settings)
        return [*_send_webhooks(settings), *_send_mail(settings)]
    finally:
        lock.release()


def targets(settings: Settings) -> tuple[str, ...]:
    """Who is told: those that the settings name."""
    told = settings.notify
    return tuple(t for t, is_set in ((WEBHOOK, told.webhook), (MAIL, told.mail_to)) if is_set)


def _waiting(settings: Settings, target: str) -> list[Notice]:
    box = read_outbox(settings.output_folder)
    return [notice for notice in box.waiting if target in notice.left] if box else []


def _give_up(settings: Settings) -> None:
    """Let go of what is too old to be news, and of targets that are not set any more."""
    oldest = (datetime.now(UTC) - GIVE_UP).isoformat(timespec="seconds").replace("+00:00", "Z")
    wanted = targets(settings)

    def change(box: Outbox | None) -> Outbox:
        box = box or Outbox()
        kept = (
            replace(notice, left=tuple(t for t in notice.left if t in wanted))
            for notice in box.waiting
            if notice.at >= oldest
        )
        return replace(box, waiting=tuple(notice for notice in kept if notice.left))

    change_outbox(settings.output_folder, change)


def _send_webhooks(settings: Settings) -> list[str]:
    while notices := _waiting(settings, WEBHOOK):
        for notice in notices:
            message = {
                "event": f"episode.{notice.event}",
                "at": notice.at,
                "episode": dict(notice.episode),
                "message": notice.message,
                "do": notice.do,
                "url": notice.url,
            }
            try:
                webhooks.post(
                    settings.notify.webhook,
                    message,
                    id=notice.id,
                    secrets=os.environ.get(webhooks.SECRET_VARIABLE),
                    retries=_RETRIES,
                )
            except (DeliveryError, SettingsError) as error:
                # The others would fare no better now.
                return [f"webhook: {error}"]
            tick_off(settings.output_folder, frozenset({notice.id}), WEBHOOK)
    return []


def _send_mail(settings: Settings) -> list[str]:
    """One mail with all that waits, unless the last one has only just gone out."""
    told, box = settings.notify, read_outbox(settings.output_folder)
    notices = _waiting(settings, MAIL)
    if not notices or box is None or _is_too_soon(box, told.mail_every_min):
        return []
    subject, text = _words(notices)
    server = MailServer(
        host=told.smtp_host,
        port=told.smtp_port,
        security=told.smtp_security,
        user=told.smtp_user,
        password=os.environ.get(PASSWORD_VARIABLE, ""),
    )
    try:
        send_mail(
            server,
            id=notices[-1].id,
            sender=told.mail_from,
            to=told.mail_to,
            subject=subject,
            text=text,
        )
    except DeliveryError as error:
        return [f"mail: {error}"]
    ids = frozenset(notice.id for notice in notices)
    tick_off(settings.output_folder, ids, MAIL, mailed_at=now())
    return []


def _is_too_soon(box: Outbox, every_min: float) -> bool:
    if not box.mailed_at:
        return False
    since = datetime.now(UTC) - datetime.fromisoformat(box.mailed_at)
    # A clock that was put back must not keep mail for ever.
    return timedelta() <= since < timedelta(minutes=every_min)


def _words(notices: Sequence[Notice]) -> tuple[str, str]:
    """Subject and text of a mail about these."""
    first = notices[0]
    subject = f"{_HEADS.get(first.event, first.event)}: {first.episode.get('title', '')}"
    if len(notices) > 1:
        counts = {event: sum(n.event == event for n in notices) for event in _HEADS}
        parts = [f"{count} {_HEADS[event].lower()}" for event, count in counts.items() if count]
        subject = f"Shownotes: {', '.join(parts)}"
    blocks = []
    for notice in notices[:_MOST_IN_MAIL]:
        head = f"{_HEADS.get(notice.event, notice.event)}: {notice.episode.get('title', '')}"
        lines = [head, notice.message, notice.do, notice.url or "", f"({notice.at})"]
        blocks.append("\n".join(line for line in lines if line))
    if len(notices) > _MOST_IN_MAIL:
        blocks.append(f"... and {len(notices) - _MOST_IN_MAIL} more: shownotes status")
    return subject, "\n\n".join(blocks) + "\n"
