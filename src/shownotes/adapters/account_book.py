"""The file of the desk's editors, `.shownotes/accounts.json`, and the key beside it.

Only its owner can read it. It holds no secret that could be used: passwords as Argon2 hashes,
invitations and sessions as SHA-256 of random tokens. It is replaced whole, under a lock, so that
the command line may invite while a server runs.
"""

import hashlib
import hmac
import json
import secrets
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout
from pydantic import AwareDatetime, TypeAdapter

from shownotes.adapters.store import translate, write_bytes
from shownotes.errors import AccountError

FOLDER = ".shownotes"
FILE = "accounts.json"
KEY_FILE = "desk.key"
TOKEN_BYTES = 32
_FORMAT = {"format": "shownotes/accounts", "format_version": 1}
# How long another process may hold the file, in seconds; it does so for milliseconds.
_LOCK_S = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """An editor.

    Attributes:
        password: its hash; `None` while only invited.
        invite: SHA-256 of the token of an invitation that was not used yet.
        invite_ends: when that invitation cannot be used any more.
    """

    name: str
    password: str | None = None
    invite: str | None = None
    invite_ends: AwareDatetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """An editor signed in on a device; `token` is the SHA-256 of what its cookie holds."""

    token: str
    name: str
    made_at: AwareDatetime
    seen_at: AwareDatetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """All that the file says."""

    accounts: tuple[Account, ...] = ()
    sessions: tuple[Session, ...] = ()

    def find(self, name: str) -> Account | None:
        """The editor of a name, however it is spelt in capitals and spaces."""
        look = look_of(name)
        return next((a for a in self.accounts if look_of(a.name) == look), None)

    def with_account(self, old: Account | None, new: Account) -> "Book":
        """The book with an account in place of another, or added."""
        return replace(self, accounts=(*(a for a in self.accounts if a != old), new))

    def without_sessions(self, name: str) -> "Book":
        """The book with an editor signed out everywhere."""
        return replace(self, sessions=tuple(s for s in self.sessions if s.name != name))


@dataclass(slots=True)
class Change:
    """A book to be replaced."""

    book: Book


_ADAPTER = TypeAdapter(Book)
# The book as it was read last, by file, with what the file looked like.
_read_before: dict[Path, tuple[tuple[int, int, int], Book]] = {}


@contextmanager
def locked(root: Path) -> Iterator[Path]:
    """The folder `.shownotes/`, made if need be, held by this process alone.

    Raises:
        AccountError: another process does not let go.
        StoreError: it cannot be written.
    """
    folder = root / FOLDER
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)
        lock = FileLock(folder / "accounts.lock", timeout=_LOCK_S)
        lock.acquire()
    except Timeout as error:
        raise AccountError(
            f"{folder} is held by another process. Try again; if it stays so, end that process."
        ) from error
    except OSError as error:
        raise translate(error, folder) from error
    try:
        yield folder
    finally:
        lock.release()


@contextmanager
def changing(root: Path) -> Iterator[Change]:
    """The book to change; written when the block ends well and it is another one.

    Raises:
        AccountError: it cannot be read, or another process does not let go of it.
        StoreError: it cannot be written.
    """
    with locked(root) as folder:
        change = Change(read(root))
        before = change.book
        yield change
        if change.book != before:
            write_bytes(folder / FILE, as_text(change.book).encode(), mode=0o600)


def as_text(book: Book) -> str:
    """A book as it stands in its file."""
    told = {**_FORMAT, **_ADAPTER.dump_python(book, mode="json")}
    return json.dumps(told, ensure_ascii=False, indent=1) + "\n"


def read(root: Path) -> Book:
    """The book, read again only when its file is another one.

    Raises:
        AccountError: it cannot be read; that is never a desk without accounts.
    """
    path = root / FOLDER / FILE
    try:
        found = path.stat()
        looks = (found.st_mtime_ns, found.st_size, found.st_ino)
        before = _read_before.get(path)
        if before is not None and before[0] == looks:
            return before[1]
        book = parse(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return Book()
    except (OSError, ValueError) as error:
        raise AccountError(
            f"{path} cannot be read ({error.__class__.__name__}). Put back a copy, or delete it "
            "and invite the editors again."
        ) from error
    _read_before[path] = looks, book
    return book


def parse(text: str) -> Book:
    """A book out of its file's text.

    Raises:
        ValueError: it is no book of ours, or of a newer version.
    """
    told = json.loads(text)
    if not isinstance(told, dict) or {key: told.pop(key, None) for key in _FORMAT} != _FORMAT:
        raise ValueError("not of this format")
    # A ValidationError is a ValueError.
    return _ADAPTER.validate_python(told)


# --------------------------------------------------------------------------- tokens and the key


def look_of(name: str) -> str:
    """What two names that look alike have in common."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def new_token() -> str:
    """A token that cannot be guessed."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def token_sha256(token: str) -> str:
    """How a token is kept. Random ones need no slow hash: there is nothing to guess."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def now_or(at: datetime | None) -> datetime:
    """The time given, else now, to the second."""
    return at or datetime.now(UTC).replace(microsecond=0)


def sign(root: Path, purpose: str, text: str) -> str:
    """A signature that only this working folder's desk can make.

    Args:
        root: working folder; its key is made when there is none.
        purpose: what the signature is good for, and for nothing else.
        text: what is signed.

    Raises:
        AccountError: the key cannot be read.
    """
    message = f"{purpose}\0{text}".encode("utf-8", "replace")
    return hmac.new(_signing_key(root), message, hashlib.sha256).hexdigest()


def is_signed(root: Path, purpose: str, text: str, signature: str) -> bool:
    """Whether `sign` made a signature."""
    expected = sign(root, purpose, text)
    return hmac.compare_digest(expected.encode(), signature.encode("utf-8", "replace"))


def _signing_key(root: Path) -> bytes:
    path = root / FOLDER / KEY_FILE
    try:
        key = path.read_bytes()
    except FileNotFoundError:
        with locked(root):
            # Another process may have made it meanwhile.
            if not path.exists():
                write_bytes(path, secrets.token_bytes(TOKEN_BYTES), mode=0o600)
            key = path.read_bytes()
    except OSError as error:
        raise AccountError(f"{path} cannot be read: {error.strerror or error}.") from error
    if len(key) < TOKEN_BYTES:
        raise AccountError(f"{path} is too short to be a key. Delete it; a new one is made.")
    return key
