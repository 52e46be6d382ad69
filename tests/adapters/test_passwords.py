import pytest

from shownotes.adapters.passwords import (
    LEAST_CHARACTERS,
    MOST_BYTES,
    hash_password,
    is_outdated,
    is_right,
    rehash,
)
from shownotes.errors import AccountError

GOOD = "correct horse battery staple"
# What argon2-cffi makes with the least parameters: an old program's hash of GOOD.
WEAK_PARAMETERS = "m=8,t=1,p=1"


def test_a_password_is_right_and_no_other_is() -> None:
    hashed = hash_password(GOOD, name="Ann Lee")
    assert hashed.startswith("$argon2id$")
    assert GOOD not in hashed
    assert is_right(GOOD, hashed)
    for wrong in ("", GOOD + " ", GOOD.upper(), GOOD[:-1], "x" * 5000, "\ud800" * 12):
        assert not is_right(wrong, hashed)


def test_two_hashes_of_one_password_differ() -> None:
    assert hash_password(GOOD, name="a") != hash_password(GOOD, name="a")


def test_different_keyboards_send_the_same_password() -> None:
    hashed = hash_password("Zürich Löwenbräu", name="Ann")
    assert is_right("Zu\u0308rich Lo\u0308wenbra\u0308u", hashed)


@pytest.mark.parametrize(
    ("password", "told"),
    [
        ("short", str(LEAST_CHARACTERS)),
        ("", str(LEAST_CHARACTERS)),
        ("a" * 40, "first that anybody"),
        ("1212121212121212", "first that anybody"),
        ("ann leeann lee1", "first that anybody"),
        ("abcdefg " * 200, str(MOST_BYTES)),
    ],
)
def test_what_would_be_guessed_is_refused(password: str, told: str) -> None:
    with pytest.raises(AccountError, match=told):
        hash_password(password, name="Ann Lee")


def test_nobodys_password_is_never_right() -> None:
    assert not is_right(GOOD, None)
    assert not is_right("", None)


def test_an_unreadable_hash_is_an_error_of_ours() -> None:
    for broken in ("nonsense", "$argon2id$v=19$m=65536"):
        with pytest.raises(AccountError, match="Invite"):
            is_right(GOOD, broken)


def test_weaker_parameters_are_outdated() -> None:
    hashed = hash_password(GOOD, name="Ann")
    assert not is_outdated(hashed)
    assert is_outdated(hashed.replace("m=65536,t=3,p=4", WEAK_PARAMETERS))
    assert is_right(GOOD, rehash(GOOD))
