"""Who is signed in to the desk, on which devices, and for how long."""

import secrets
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from shownotes.adapters.account_book import Book, Session, changing, new_token, now_or, read
from shownotes.adapters.account_book import token_sha256 as kept_as
from shownotes.errors import AccountError

SESSION_LASTS = timedelta(days=30)
SESSION_IDLES = timedelta(days=7)
# A session's last use is written down this often at most: every time would be a write a request.
SEEN_EVERY = timedelta(hours=1)
# Devices that one editor is signed in on; the longest unused is signed out.
MOST_SESSIONS = 20


def open_session(root: Path, name: str, *, at: datetime | None = None) -> str:
    """Sign an editor in on a device.

    Returns:
        The token for its cookie; it is kept nowhere.

    Raises:
        AccountError: nobody of that name.
        StoreError: the file cannot be written.
    """
    token, now = new_token(), now_or(at)
    with changing(root) as change:
        account = change.book.find(name)
        if account is None or account.password is None:
            raise AccountError(f"{name!r} has no account here.")
        session = Session(token=kept_as(token), name=account.name, made_at=now, seen_at=now)
        alive = [s for s in change.book.sessions if _is_alive(s, now)]
        own = sorted((s for s in alive if s.name == account.name), key=lambda s: s.seen_at)
        surplus = own[: max(0, len(own) + 1 - MOST_SESSIONS)]
        kept = (*(s for s in alive if s not in surplus), session)
        change.book = replace(change.book, sessions=kept)
    return token


def session_name(root: Path, token: str, *, at: datetime | None = None) -> str | None:
    """Who is signed in with a token; `None` when nobody is, or was not there for too long.

    Raises:
        AccountError: the file cannot be read.
        StoreError: it cannot be written.
    """
    session, now = _find(read(root), token), now_or(at)
    if session is None or not _is_alive(session, now):
        return None
    if now - session.seen_at >= SEEN_EVERY:
        with changing(root) as change:
            seen = replace(session, seen_at=now)
            sessions = tuple(seen if s == session else s for s in change.book.sessions)
            change.book = replace(change.book, sessions=sessions)
    return session.name


def close_session(root: Path, token: str) -> None:
    """Sign out: the cookie is worth nothing from then on, wherever a copy of it is."""
    with changing(root) as change:
        kept = tuple(s for s in change.book.sessions if s.token != kept_as(token))
        change.book = replace(change.book, sessions=kept)


def _find(book: Book, token: str) -> Session | None:
    hashed = kept_as(token)
    return next((s for s in book.sessions if secrets.compare_digest(s.token, hashed)), None)


def _is_alive(session: Session, at: datetime) -> bool:
    return at - session.made_at < SESSION_LASTS and at - session.seen_at < SESSION_IDLES
