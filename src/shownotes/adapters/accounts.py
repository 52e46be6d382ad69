"""The desk's editors: who they are, their passwords and their invitations.

The file is account_book.py's; who is signed in, sign_ins.py's.
"""

import ipaddress
import secrets
import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from shownotes.adapters import passwords
from shownotes.adapters.account_book import (
    Account,
    Book,
    changing,
    look_of,
    new_token,
    now_or,
    read,
    token_sha256,
)
from shownotes.errors import AccountError

# A link that lies in a mailbox is a key under the mat.
INVITE_LASTS = timedelta(days=7)
MOST_CHARACTERS = 80
# Who else stands in an episode's history.
_RESERVED = frozenset({"machine", "shownotes"})


def names(root: Path) -> list[str]:
    """Everybody with an account or an invitation.

    Raises:
        AccountError: the file cannot be read.
    """
    return [account.name for account in read(root).accounts]


def has_any(root: Path) -> bool:
    """Whether the desk asks for passwords. An invitation is enough, used or not, expired or not.

    Only `remove` opens a desk again, never the passing of time.
    """
    return bool(read(root).accounts)


def check_binding(host: str, root: Path, *, reached_as: Sequence[str] = ()) -> None:
    """Refuse to open a desk without accounts to others.

    Args:
        host: address that the server listens on.
        root: working folder.
        reached_as: further names under which it is to be reached (`[desk] allowed_hosts`,
            `public_url`).

    Raises:
        AccountError: it could be reached from elsewhere, and there is no account.
    """
    others = [name for name in (host, *reached_as) if not is_loopback(name)]
    if others and not has_any(root):
        raise AccountError(
            f"The desk would be open to everybody who reaches {others[0] or 'this machine'}. "
            'Invite an editor first (`shownotes desk invite "Ann Lee"`), or let it listen on '
            "127.0.0.1 only; docs/remote.md has the ways from elsewhere."
        )


def is_loopback(host: str) -> bool:
    """Whether a host, with or without a port, is this machine and nothing else."""
    name = host.strip().lower()
    if name.startswith("["):
        name = name[1:].partition("]")[0]
    elif name.count(":") == 1:
        name = name.partition(":")[0]
    if name == "localhost":
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def remove(root: Path, name: str) -> None:
    """Take away an editor's account, invitation and sessions; what they edited stays theirs.

    Raises:
        AccountError: nobody of that name.
    """
    with changing(root) as change:
        account = change.book.find(name)
        if account is None:
            known = ", ".join(a.name for a in change.book.accounts) or "nobody yet"
            raise AccountError(f"{name!r} has no account here. Editors: {known}.")
        others = tuple(a for a in change.book.accounts if a != account)
        change.book = replace(change.book, accounts=others).without_sessions(account.name)


def clean_name(name: str) -> str:
    """An editor's name as it is kept.

    Raises:
        AccountError: empty, too long, or with characters that cannot be seen.
    """
    cleaned = " ".join(unicodedata.normalize("NFC", name).split())
    if not cleaned:
        raise AccountError("A name is needed, so that every change has an author.")
    if len(cleaned) > MOST_CHARACTERS:
        raise AccountError(f"A name has at most {MOST_CHARACTERS} characters.")
    if any(unicodedata.category(character).startswith("C") for character in name):
        raise AccountError("The name holds characters that cannot be seen. Type it anew.")
    if look_of(cleaned) in _RESERVED:
        raise AccountError(f"{cleaned!r} is how the program itself signs. Take another name.")
    return cleaned


def check_password(root: Path, name: str, password: str) -> str | None:
    """The editor's name as it is kept, when the password is theirs.

    It takes as long for a name that nobody has.

    Raises:
        AccountError: the file cannot be read.
    """
    account = read(root).find(name)
    hashed = account.password if account else None
    is_right = passwords.is_right(password, hashed)
    if account is None or hashed is None or not is_right:
        return None
    if passwords.is_outdated(hashed):
        renewed = replace(account, password=passwords.rehash(password))
        with changing(root) as change:
            # Only if nobody has changed it meanwhile.
            if account in change.book.accounts:
                change.book = change.book.with_account(account, renewed)
    return account.name


# --------------------------------------------------------------------------- invitations


def invite(root: Path, name: str, *, at: datetime | None = None) -> str:
    """Invite an editor, or let one choose a new password; an earlier invitation is void.

    Returns:
        The token for the link `/invite/<token>`; it is kept nowhere.

    Raises:
        AccountError: the name cannot be one.
        StoreError: the file cannot be written.
    """
    cleaned, token = clean_name(name), new_token()
    with changing(root) as change:
        found = change.book.find(cleaned)
        account = replace(
            found or Account(name=cleaned),
            invite=token_sha256(token),
            invite_ends=now_or(at) + INVITE_LASTS,
        )
        change.book = change.book.with_account(found, account)
    return token


def invited(root: Path, token: str, *, at: datetime | None = None) -> str | None:
    """Whom an invitation is for; `None` when it was used, is void, too old or none at all."""
    account = _find_invited(read(root), token, now_or(at))
    return account.name if account else None


def accept(root: Path, token: str, *, name: str, password: str, at: datetime | None = None) -> str:
    """Make an account of an invitation, once.

    Args:
        root: working folder.
        token: of the invitation.
        name: what the editor wants to be called; one who has an account keeps its name.
        password: chosen by the editor.
        at: now.

    Returns:
        The editor's name.

    Raises:
        AccountError: the invitation is not good any more, or name or password cannot be these.
        StoreError: the file cannot be written.
    """
    wanted = clean_name(name)
    # Hashing takes its time, so it is done outside the lock and all is checked again inside.
    _check_wanted(read(root), token, wanted, now_or(at))
    hashed = passwords.hash_password(password, name=wanted)
    with changing(root) as change:
        account = _check_wanted(change.book, token, wanted, now_or(at))
        kept = account.name if account.password else wanted
        book = change.book.with_account(account, Account(name=kept, password=hashed))
        # Whoever chooses a new password may have lost the old one to somebody.
        change.book = book.without_sessions(account.name)
    return kept


def _find_invited(book: Book, token: str, at: datetime) -> Account | None:
    hashed = token_sha256(token)
    for account in book.accounts:
        is_it = secrets.compare_digest(account.invite or "", hashed)
        if is_it and account.invite_ends is not None and at < account.invite_ends:
            return account
    return None


def _check_wanted(book: Book, token: str, wanted: str, at: datetime) -> Account:
    account = _find_invited(book, token, at)
    if account is None:
        raise AccountError(
            "This invitation was used already, or is too old. Ask whoever sent it for another one."
        )
    holder = book.find(wanted)
    if account.password and holder != account:
        raise AccountError(f"This invitation is for {account.name}. Write that name.")
    if holder is not None and holder != account:
        raise AccountError(f"There is an editor named {holder.name} already. Take another name.")
    return account
