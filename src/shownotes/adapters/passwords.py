"""Passwords of the desk's editors: what may be one, its hash, whether one is right.

Why argon2-cffi: Argon2id is what RFC 9106 and OWASP name first, and the library has no other
purpose; its defaults are RFC 9106's second choice (64 MiB, three passes; 0.1 s where it was tried).
"""

import functools
import secrets
import unicodedata

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError, VerifyMismatchError

from shownotes.errors import AccountError

# A password is the only thing asked for. Source: NIST SP 800-63B, 3.1.1.2 (at least 8; we ask for
# more, as nothing else is asked) and its advice against rules about kinds of characters.
LEAST_CHARACTERS = 12
# Hashing takes longer with length only slowly, but what is sent has to end somewhere.
MOST_BYTES = 1024
# "aaaaaaaaaaaa" and "121212121212" are the first that anybody tries.
LEAST_DIFFERENT = 5

_HASHER = PasswordHasher()


def hash_password(password: str, *, name: str) -> str:
    """The hash of an editor's new password, with its salt and parameters in it.

    Raises:
        AccountError: it would be guessed; the message says what to change.
    """
    text = _normal(password)
    if len(text) < LEAST_CHARACTERS:
        raise AccountError(
            f"A password needs at least {LEAST_CHARACTERS} characters; three or four words do."
        )
    if len(text.encode()) > MOST_BYTES:
        raise AccountError(f"A password has at most {MOST_BYTES} bytes. Take a shorter one.")
    rest = text.casefold().replace(_normal(name).casefold(), "")
    if len(set(rest)) < LEAST_DIFFERENT:
        raise AccountError("This password is the first that anybody would try. Take another one.")
    return _HASHER.hash(text)


def is_right(password: str, hashed: str | None) -> bool:
    """Whether a password is the one of a hash; without a hash it is not, and takes as long to say.

    Raises:
        AccountError: the hash is none.
    """
    text, decoy = _normal(password[:MOST_BYTES]), _decoy()
    try:
        return _HASHER.verify(hashed or decoy, text) and hashed is not None
    except VerifyMismatchError:
        return False
    except (InvalidHashError, VerificationError) as error:
        raise AccountError(
            "The password on file cannot be read. Invite this editor again."
        ) from error


def is_outdated(hashed: str) -> bool:
    """Whether a hash was made with weaker parameters than today's."""
    return _HASHER.check_needs_rehash(hashed)


def rehash(password: str) -> str:
    """A new hash of a password that was found to be right."""
    return _HASHER.hash(_normal(password))


def _normal(text: str) -> str:
    """One form for what different keyboards send for the same characters.

    What cannot be UTF-8 (half of a surrogate pair) is replaced: it is nobody's password.
    """
    return unicodedata.normalize("NFKC", text).encode("utf-8", "replace").decode()


@functools.cache
def _decoy() -> str:
    """A hash that no password has been given for."""
    return _HASHER.hash(secrets.token_hex(32))
