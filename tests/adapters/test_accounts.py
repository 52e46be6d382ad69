import json
import os
import stat
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from shownotes.adapters import accounts, sign_ins
from shownotes.adapters.account_book import is_signed, sign
from shownotes.errors import AccountError

ANN, PASSWORD = "Ann Lee", "correct horse battery staple"
NOW = datetime(2026, 11, 30, 12, 0, tzinfo=UTC)


def add(root: Path, name: str = ANN, password: str = PASSWORD) -> None:
    accounts.accept(root, accounts.invite(root, name), name=name, password=password)


def book(root: Path) -> Path:
    return root / ".shownotes" / "accounts.json"


def test_an_invited_editor_chooses_a_password_once(tmp_path: Path) -> None:
    token = accounts.invite(tmp_path, ANN)
    assert accounts.invited(tmp_path, token) == ANN
    assert accounts.accept(tmp_path, token, name="Ann  Lee ", password=PASSWORD) == ANN
    assert accounts.names(tmp_path) == [ANN]
    assert accounts.check_password(tmp_path, "ann lee", PASSWORD) == ANN
    assert accounts.invited(tmp_path, token) is None
    with pytest.raises(AccountError, match="used already"):
        accounts.accept(tmp_path, token, name=ANN, password="another password here")
    assert accounts.check_password(tmp_path, ANN, PASSWORD) == ANN


def test_nothing_in_the_file_can_be_used(tmp_path: Path) -> None:
    token = accounts.invite(tmp_path, ANN)
    add(tmp_path, "Bo Rask")
    session = sign_ins.open_session(tmp_path, "Bo Rask")
    text = book(tmp_path).read_text()
    for secret in (token, session, PASSWORD):
        assert secret not in text


@pytest.mark.skipif(os.name != "posix", reason="permissions are POSIX")
def test_only_the_owner_can_read_it(tmp_path: Path) -> None:
    (tmp_path / ".shownotes").mkdir(mode=0o755)
    add(tmp_path)
    sign(tmp_path, "form", "x")
    folder = book(tmp_path).parent
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}
    assert modes["accounts.json"] == modes["desk.key"] == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_an_invitation_ends(tmp_path: Path) -> None:
    token = accounts.invite(tmp_path, ANN, at=NOW)
    late = NOW + accounts.INVITE_LASTS
    assert accounts.invited(tmp_path, token, at=late - timedelta(seconds=1)) == ANN
    assert accounts.invited(tmp_path, token, at=late) is None
    with pytest.raises(AccountError, match="too old"):
        accounts.accept(tmp_path, token, name=ANN, password=PASSWORD, at=late)


def test_a_second_invitation_voids_the_first_and_keeps_the_password(tmp_path: Path) -> None:
    add(tmp_path)
    first, second = accounts.invite(tmp_path, ANN), accounts.invite(tmp_path, ANN)
    assert accounts.invited(tmp_path, first) is None
    assert accounts.check_password(tmp_path, ANN, PASSWORD) == ANN
    session = sign_ins.open_session(tmp_path, ANN)
    new = "another password, a longer one"
    accounts.accept(tmp_path, second, name=ANN, password=new)
    assert accounts.check_password(tmp_path, ANN, PASSWORD) is None
    assert accounts.check_password(tmp_path, ANN, new) == ANN
    assert sign_ins.session_name(tmp_path, session) is None


def test_an_invitation_gives_nobody_elses_account(tmp_path: Path) -> None:
    add(tmp_path)
    token = accounts.invite(tmp_path, "Bo Rask")
    with pytest.raises(AccountError, match="Take another name"):
        accounts.accept(tmp_path, token, name="ANN LEE", password=PASSWORD + "!")
    again = accounts.invite(tmp_path, ANN)
    with pytest.raises(AccountError, match="is for Ann Lee"):
        accounts.accept(tmp_path, again, name="Carol", password=PASSWORD)
    assert accounts.accept(tmp_path, token, name="Bo", password=PASSWORD) == "Bo"
    assert accounts.names(tmp_path) == [ANN, "Bo"]


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("", "needed"),
        (" \t ", "needed"),
        ("x" * 81, "at most"),
        ("Ann\nLee", "cannot be seen"),
        ("Ann\0", "cannot be seen"),
        ("Ann\u202eeeL", "cannot be seen"),
        ("Machine", "program itself"),
        ("\ud800", "cannot be seen"),
    ],
)
def test_names_that_cannot_be(tmp_path: Path, name: str, told: str) -> None:
    with pytest.raises(AccountError, match=told):
        accounts.invite(tmp_path, name)


def test_an_invited_editor_cannot_sign_in_without_a_password(tmp_path: Path) -> None:
    accounts.invite(tmp_path, ANN)
    assert accounts.check_password(tmp_path, ANN, "") is None
    with pytest.raises(AccountError):
        sign_ins.open_session(tmp_path, ANN)


def test_removed_editors_are_out_at_once(tmp_path: Path) -> None:
    add(tmp_path)
    session = sign_ins.open_session(tmp_path, ANN)
    accounts.remove(tmp_path, "ann lee")
    assert sign_ins.session_name(tmp_path, session) is None
    assert accounts.check_password(tmp_path, ANN, PASSWORD) is None
    with pytest.raises(AccountError, match="nobody yet"):
        accounts.remove(tmp_path, ANN)


def test_sessions_age(tmp_path: Path) -> None:
    add(tmp_path)
    token = sign_ins.open_session(tmp_path, ANN, at=NOW)
    idle = sign_ins.SESSION_IDLES
    assert sign_ins.session_name(tmp_path, token, at=NOW + idle) is None
    # Used every six days it lives on, and ends all the same.
    for days in range(6, 30, 6):
        assert sign_ins.session_name(tmp_path, token, at=NOW + timedelta(days=days)) == ANN
    assert sign_ins.session_name(tmp_path, token, at=NOW + sign_ins.SESSION_LASTS) is None


def test_a_session_is_one_devices(tmp_path: Path) -> None:
    add(tmp_path)
    first, second = (sign_ins.open_session(tmp_path, ANN) for _ in range(2))
    assert first != second
    sign_ins.close_session(tmp_path, first)
    assert sign_ins.session_name(tmp_path, first) is None
    assert sign_ins.session_name(tmp_path, second) == ANN
    for forged in ("", "x", first[:-1], second + "x", "\ud800"):
        assert sign_ins.session_name(tmp_path, forged) is None


def test_the_longest_unused_device_is_signed_out(tmp_path: Path) -> None:
    add(tmp_path)
    tokens = [
        sign_ins.open_session(tmp_path, ANN, at=NOW + timedelta(minutes=number))
        for number in range(sign_ins.MOST_SESSIONS + 1)
    ]
    later = NOW + timedelta(hours=1)
    alive = [sign_ins.session_name(tmp_path, token, at=later) for token in tokens]
    assert alive == [None] + [ANN] * sign_ins.MOST_SESSIONS


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{",
        '{"format": "shownotes/accounts", "format_version": 2, "accounts": [], "sessions": []}',
        '{"format": "shownotes/accounts", "format_version": 1, "accounts": [{"nmae": 1}]}',
    ],
)
def test_an_unreadable_file_is_never_an_open_desk(tmp_path: Path, text: str) -> None:
    add(tmp_path)
    book(tmp_path).write_text(text)
    for ask in (accounts.has_any, accounts.names):
        with pytest.raises(AccountError, match=r"accounts\.json"):
            ask(tmp_path)
    with pytest.raises(AccountError):
        accounts.invite(tmp_path, "Bo")
    assert book(tmp_path).read_text() == text


def test_a_crash_in_the_middle_of_writing_loses_nothing(tmp_path: Path) -> None:
    add(tmp_path)
    # What such a crash leaves beside it.
    (book(tmp_path).parent / ".accounts.json.x1.tmp").write_text('{"accou')
    assert accounts.names(tmp_path) == [ANN]
    accounts.invite(tmp_path, "Bo")
    assert json.loads(book(tmp_path).read_text())["format_version"] == 1


INVITE_MANY = """
import sys
from pathlib import Path
from shownotes.adapters import accounts
for number in range(10):
    accounts.invite(Path(sys.argv[1]), f"{sys.argv[2]} {number}")
"""


def test_several_processes_invite_at_once(tmp_path: Path) -> None:
    started = [
        subprocess.Popen([sys.executable, "-c", INVITE_MANY, str(tmp_path), name])
        for name in ("Ann", "Bo", "Cy")
    ]
    assert [process.wait(timeout=120) for process in started] == [0, 0, 0]
    wanted = {f"{name} {number}" for name in ("Ann", "Bo", "Cy") for number in range(10)}
    assert set(accounts.names(tmp_path)) == wanted


# --------------------------------------------------------------------------- binding


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "127.8.9.1", "localhost", "LOCALHOST:80", "::1", "[::1]", "[::1]:8765"],
)
def test_this_machine_needs_no_account(tmp_path: Path, host: str) -> None:
    accounts.check_binding(host, tmp_path)


@pytest.mark.parametrize(
    "host",
    [
        *("0.0.0.0", "::", "", "192.168.1.5", "10.0.0.1:8765", "desk.example.org"),
        *("localhost.example.org", "127.0.0.1.example.org", "2130706433", "127.1", "0"),
    ],
)
def test_any_other_address_needs_one(tmp_path: Path, host: str) -> None:
    with pytest.raises(AccountError, match="Invite an editor"):
        accounts.check_binding(host, tmp_path)
    accounts.invite(tmp_path, ANN)
    accounts.check_binding(host, tmp_path)


def test_a_name_from_elsewhere_needs_one_too(tmp_path: Path) -> None:
    with pytest.raises(AccountError, match=r"desk\.example\.org"):
        accounts.check_binding("127.0.0.1", tmp_path, reached_as=("desk.example.org",))
    accounts.check_binding("127.0.0.1", tmp_path, reached_as=("localhost:9000",))


def test_an_expired_invitation_opens_nothing(tmp_path: Path) -> None:
    accounts.invite(tmp_path, ANN, at=NOW - timedelta(days=400))
    assert accounts.has_any(tmp_path)


# --------------------------------------------------------------------------- signatures


def test_a_signature_is_good_for_its_purpose_its_text_and_its_folder(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    signature = sign(one, "form", "text")
    assert is_signed(one, "form", "text", signature)
    assert not is_signed(one, "name", "text", signature)
    assert not is_signed(one, "form", "texts", signature)
    assert not is_signed(other, "form", "text", signature)
    for forged in ("", "é", signature[:-1], "\ud800"):
        assert not is_signed(one, "form", "text", forged)


def test_a_key_that_is_none_is_an_error(tmp_path: Path) -> None:
    sign(tmp_path, "form", "x")
    (tmp_path / ".shownotes" / "desk.key").write_bytes(b"short")
    with pytest.raises(AccountError, match=r"desk\.key"):
        sign(tmp_path, "form", "x")
