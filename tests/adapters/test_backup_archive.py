"""Backups as files: written whole, read as if a stranger had made them."""

import io
import json
import stat
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from shownotes.adapters.backup_archive import (
    MANIFEST,
    MARK,
    Entry,
    is_plain,
    read_archive,
    write_archive,
)
from shownotes.errors import BackupError

ENTRIES = (
    Entry(name="shownotes.toml", data=b"[paths]\n", modified=1.0),
    Entry(name="sidecars/a/Kofi’s budget.toml", data="title = 'å'".encode()),
    Entry(name="empty.json", data=b""),
)


@pytest.fixture
def backup(tmp_path: Path) -> Path:
    path = tmp_path / "b.tar.gz"
    write_archive(path, ENTRIES)
    return path


def read(path: Path, tmp_path: Path) -> dict[str, bytes]:
    into = tmp_path / "into"
    into.mkdir(exist_ok=True)
    unpacked = read_archive(path, into, is_known=lambda name: name != "stranger.txt")
    return {name: unpacked.read(name) for name in unpacked.files}


def test_what_was_put_in_comes_out(backup: Path, tmp_path: Path) -> None:
    assert read(backup, tmp_path) == {entry.name: entry.data for entry in ENTRIES}
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["b.tar.gz"]


def test_a_backup_is_replaced_and_nothing_else_is(backup: Path, tmp_path: Path) -> None:
    write_archive(backup, ENTRIES[:1])
    assert list(read(backup, tmp_path)) == ["shownotes.toml"]
    precious = tmp_path / "episode.mp3"
    precious.write_bytes(b"precious")
    with pytest.raises(BackupError, match="is no backup"):
        write_archive(precious, ENTRIES)
    assert precious.read_bytes() == b"precious"


def test_one_that_breaks_off_leaves_the_old_one(backup: Path, tmp_path: Path) -> None:
    def breaks_off() -> object:
        yield ENTRIES[0]
        raise BackupError("The third file cannot be read.")

    before = backup.read_bytes()
    with pytest.raises(BackupError, match="third file"):
        write_archive(backup, breaks_off())  # type: ignore[arg-type]
    assert backup.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["b.tar.gz"]


# --------------------------------------------------------------------------- strangers


def member(name: str, data: bytes = b"x", **changes: object) -> tuple[tarfile.TarInfo, bytes]:
    info = tarfile.TarInfo(name)
    info.size = len(data)
    for key, value in changes.items():
        setattr(info, key, value)
    return info, data


def forge(path: Path, *members: tuple[tarfile.TarInfo, bytes]) -> Path:
    """An archive that looks like a backup, with what a stranger puts in."""
    mark = {"format": "shownotes/backup", "format_version": 1, "made_at": "2026-10-01T00:00:00Z"}
    with tarfile.open(path, "w:gz") as tar:
        for info, data in (
            member(MARK, json.dumps(mark).encode()),
            *members,
            member(MANIFEST, b"{}"),
        ):
            tar.addfile(info, io.BytesIO(data) if info.isreg() else None)
    return path


STRANGERS = {
    "absolute": member("/etc/cron.d/x"),
    "parent": member("../../shownotes.toml"),
    "parent within": member("episodes/a/../../../x"),
    "backslashes": member("..\\..\\x"),
    "newline": member("a\nb"),
    "dot": member("./shownotes.toml"),
    "symbolic link": member("shows", b"", type=tarfile.SYMTYPE, linkname="/etc"),
    "hard link": member("shows", b"", type=tarfile.LNKTYPE, linkname="/etc/passwd"),
    "device": member("shows", b"", type=tarfile.CHRTYPE, devmajor=1, devminor=3),
    "pipe": member("shows", b"", type=tarfile.FIFOTYPE),
    "folder": member("shows", b"", type=tarfile.DIRTYPE),
    "unknown": member("stranger.txt"),
}


@pytest.mark.parametrize("kind", STRANGERS)
def test_what_leads_elsewhere_is_refused(kind: str, tmp_path: Path) -> None:
    path = forge(tmp_path / "forged.tar.gz", STRANGERS[kind])
    outside = {p.name for p in tmp_path.iterdir()}
    with pytest.raises(BackupError, match=r"forged\.tar\.gz holds"):
        read(path, tmp_path)
    assert {p.name for p in tmp_path.iterdir()} == outside | {"into"}


def test_a_name_that_comes_twice_is_refused(tmp_path: Path) -> None:
    path = forge(tmp_path / "f.tar.gz", member("shownotes.toml"), member("shownotes.toml"))
    with pytest.raises(BackupError, match=r"shownotes\.toml"):
        read(path, tmp_path)


def test_what_is_not_on_its_list_is_refused(tmp_path: Path) -> None:
    path = forge(tmp_path / "f.tar.gz", member("shownotes.toml"))
    with pytest.raises(BackupError, match="is damaged"):
        read(path, tmp_path)


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "cut short": lambda data: data[: len(data) * 2 // 3],
    "bytes changed": lambda data: data[:200] + b"\x00\xff" + data[202:],
    "no archive": lambda _data: b"ID3 not an archive at all",
    "empty": lambda _data: b"",
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_backup_is_refused(damage: str, backup: Path, tmp_path: Path) -> None:
    backup.write_bytes(DAMAGES[damage](backup.read_bytes()))
    with pytest.raises(BackupError, match=r"b\.tar\.gz"):
        read(backup, tmp_path)


def test_another_program_s_archive_is_no_backup(tmp_path: Path) -> None:
    path = tmp_path / "other.tar.gz"
    with tarfile.open(path, "w:gz") as tar:
        tar.addfile(*_as_file(member("shownotes.toml", b"[paths]\n")))
    with pytest.raises(BackupError, match="not a backup of Shownotes"):
        read(path, tmp_path)
    with pytest.raises(BackupError, match="no such file"):
        read(tmp_path / "nowhere.tar.gz", tmp_path)


def _as_file(told: tuple[tarfile.TarInfo, bytes]) -> tuple[tarfile.TarInfo, io.BytesIO]:
    return told[0], io.BytesIO(told[1])


def test_a_newer_backup_says_so(tmp_path: Path) -> None:
    mark = {"format": "shownotes/backup", "format_version": 2, "made_at": "2030-01-01T00:00:00Z"}
    path = tmp_path / "new.tar.gz"
    with tarfile.open(path, "w:gz") as tar:
        tar.addfile(*_as_file(member(MARK, json.dumps(mark).encode())))
        tar.addfile(*_as_file(member(MANIFEST, b"{}")))
    with pytest.raises(BackupError, match="Upgrade"):
        read(path, tmp_path)


def test_names_of_files_inside() -> None:
    assert all(is_plain(name) for name in ("a", "a/b.toml", "Ep 3: fog/ü.json"))
    odd = ("", ".", "/a", "a/", "a//b", "a/../b", "a\\b", "\x00")
    assert not any(is_plain(name) for name in odd)
