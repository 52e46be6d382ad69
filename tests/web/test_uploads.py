"""Files dropped on the page: whole, cut off, too large, disguised, badly named."""

import errno
import hashlib
import os
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import quote

import httpx
import numpy as np
import pytest

from shownotes.adapters.intake import receive_file, remove_left_over, take_name
from shownotes.core.file_names import MOST_BYTES, clean_file_name, numbered
from shownotes.errors import DiskFullError, UploadError
from shownotes.settings import Settings
from shownotes.steps.intray import AUDIO_ENDINGS, find_audio
from tests.audio_files import noise, picture, tone, video, write
from tests.web.small_desk import OURS, SmallDesk, add_editor, small_desk

ONE_MB = "[desk]\nmost_upload_mb = 1\n"


@pytest.fixture(scope="module")
def mp3(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return write(tmp_path_factory.mktemp("audio") / "a.mp3", noise(2.0)).read_bytes()


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[SmallDesk]:
    with small_desk(tmp_path, config=ONE_MB, with_runs=True) as running:
        yield running


@pytest.fixture
def editor(desk: SmallDesk) -> httpx.Client:
    return desk.named()


def put(client: httpx.Client, name: str, content: object) -> httpx.Response:
    return client.put(f"/api/uploads/{quote(name, safe='')}", content=content)  # type: ignore[arg-type]


def lying(desk: SmallDesk) -> list[str]:
    return sorted(path.name for path in desk.audio.iterdir())


def test_a_file_lands_in_the_intray_and_is_processed(
    desk: SmallDesk, editor: httpx.Client, mp3: bytes
) -> None:
    answer = put(editor, "The river.mp3", mp3)
    assert (answer.status_code, answer.json()) == (201, {"name": "The river.mp3", "is_new": True})
    path = desk.audio / "The river.mp3"
    assert path.read_bytes() == mp3
    assert find_audio(Settings(root=desk.root)) == [path]
    assert [paths for paths, _ in desk.runs] == [[path]]


def test_nothing_is_overwritten_and_nothing_kept_twice(
    desk: SmallDesk, editor: httpx.Client, mp3: bytes, tmp_path: Path
) -> None:
    other = write(tmp_path / "b.mp3", tone(1.0)).read_bytes()
    assert put(editor, "a.mp3", mp3).json()["name"] == "a.mp3"
    assert put(editor, "a.mp3", other).json() == {"name": "a (2).mp3", "is_new": True}
    for content, name in ((mp3, "a.mp3"), (other, "a (2).mp3")):
        answer = put(editor, "a.mp3", content)
        assert (answer.status_code, answer.json()["name"]) == (200, name)
        assert answer.json()["is_new"] is False
    assert lying(desk) == ["a (2).mp3", "a.mp3"]
    assert (desk.audio / "a.mp3").read_bytes() == mp3


def test_a_link_in_the_intray_is_not_followed(
    desk: SmallDesk, editor: httpx.Client, mp3: bytes, tmp_path: Path
) -> None:
    secret = tmp_path / "elsewhere.mp3"
    secret.write_bytes(b"mine")
    (desk.audio / "a.mp3").symlink_to(secret)
    (desk.audio / "b.mp3").symlink_to(tmp_path / "dangling.mp3")
    assert put(editor, "a.mp3", mp3).json()["name"] == "a (2).mp3"
    assert put(editor, "b.mp3", mp3).json()["name"] == "b (2).mp3"
    assert secret.read_bytes() == b"mine"
    assert not (tmp_path / "dangling.mp3").exists()


def test_many_at_once_under_one_name(desk: SmallDesk, editor: httpx.Client, tmp_path: Path) -> None:
    files = [
        write(tmp_path / f"{n}.mp3", tone(0.5, amplitude=0.01 * (n + 1))).read_bytes()
        for n in range(6)
    ]
    with ThreadPoolExecutor(6) as pool:
        told = list(pool.map(lambda content: put(editor, "a.mp3", content).json()["name"], files))
    assert len(set(told)) == 6
    stored = {hashlib.sha256((desk.audio / name).read_bytes()).digest() for name in told}
    assert stored == {hashlib.sha256(content).digest() for content in files}


def without_links(path: Path, target: Path) -> None:
    raise PermissionError(errno.EPERM, "no links here", str(target))


def test_a_file_system_without_links_will_do(tmp_path: Path) -> None:
    hidden, target = tmp_path / ".x.mp3", tmp_path / "a.mp3"
    hidden.write_bytes(b"first")
    assert take_name(hidden, target, link=without_links)
    hidden.write_bytes(b"second")
    assert not take_name(hidden, target, link=without_links)
    assert target.read_bytes() == b"first"


# --------------------------------------------------------------------------- who and how


def test_only_editors_send_files(desk: SmallDesk, mp3: bytes) -> None:
    assert put(desk.client(headers=OURS), "a.mp3", mp3).status_code == 401
    assert lying(desk) == []


def test_strangers_send_nothing(tmp_path: Path, mp3: bytes) -> None:
    add_editor(tmp_path)
    with small_desk(tmp_path) as desk:
        assert put(desk.client(headers=OURS), "a.mp3", mp3 * 20).status_code == 401
        assert lying(desk) == []
        assert put(desk.signed_in(), "a.mp3", mp3).status_code == 201


def test_a_file_in_chunks(desk: SmallDesk, editor: httpx.Client, mp3: bytes) -> None:
    pieces = (mp3[at : at + 1000] for at in range(0, len(mp3), 1000))
    assert put(editor, "a.mp3", pieces).status_code == 201
    assert (desk.audio / "a.mp3").read_bytes() == mp3


def test_packed_files_are_not_unpacked(desk: SmallDesk, editor: httpx.Client, mp3: bytes) -> None:
    answer = editor.put("/api/uploads/a.mp3", content=mp3, headers={"Content-Encoding": "gzip"})
    assert answer.status_code == 415
    assert lying(desk) == []


# --------------------------------------------------------------------------- too large, cut off


def test_a_file_over_the_limit_is_refused_before_it_is_read(
    desk: SmallDesk, editor: httpx.Client
) -> None:
    cookie = "; ".join(f"{name}={value}" for name, value in editor.cookies.items())
    told = desk.talk(
        b"PUT /api/uploads/a.mp3 HTTP/1.1\r\nHost: HOST\r\nX-Shownotes: desk\r\n"
        b"Cookie: " + cookie.encode() + b"\r\nConnection: close\r\n"
        b"Content-Length: 1048577\r\nExpect: 100-continue\r\n\r\n"
    )
    assert told.startswith(b"HTTP/1.1 413")
    assert lying(desk) == []


def test_a_file_over_the_limit_is_refused_while_it_is_read(
    desk: SmallDesk, editor: httpx.Client, mp3: bytes
) -> None:
    answer = put(editor, "a.mp3", (mp3[:10_000] for _ in range(300)))
    assert answer.status_code == 413
    assert "most_upload_mb" in answer.json()["error"]
    assert lying(desk) == []


def test_a_connection_lost_in_the_middle_leaves_nothing(
    desk: SmallDesk, editor: httpx.Client, mp3: bytes
) -> None:
    cookie = "; ".join(f"{name}={value}" for name, value in editor.cookies.items())
    head = (
        f"PUT /api/uploads/a.mp3 HTTP/1.1\r\nHost: 127.0.0.1:{desk.port}\r\nX-Shownotes: desk\r\n"
        f"Cookie: {cookie}\r\nContent-Length: {len(mp3)}\r\n\r\n"
    )
    for _ in range(3):
        with socket.create_connection(("127.0.0.1", desk.port)) as connection:
            connection.sendall(head.encode() + mp3[: len(mp3) // 2])
            while not lying(desk):
                time.sleep(0.01)
            assert lying(desk)[0].startswith(".upload-")
        while lying(desk):
            time.sleep(0.01)
    assert find_audio(Settings(root=desk.root)) == []
    assert put(editor, "a.mp3", mp3).status_code == 201


def test_while_it_arrives_it_is_hidden(tmp_path: Path, mp3: bytes) -> None:
    (tmp_path / "audio").mkdir()
    with receive_file(tmp_path / "audio", "a.mp3", most_bytes=10**6, declared=None) as taken:
        taken.write(mp3)
        assert find_audio(Settings(root=tmp_path)) == []
    assert list((tmp_path / "audio").iterdir()) == []


def test_what_a_killed_server_left_is_removed(tmp_path: Path) -> None:
    old, fresh, own = (tmp_path / n for n in (".upload-a.mp3", ".upload-b.mp3", ".mine.mp3"))
    for path in (old, fresh, own):
        path.write_bytes(b"x")
    os.utime(old, (1, 1))
    os.utime(own, (1, 1))
    remove_left_over(tmp_path)
    assert sorted(tmp_path.iterdir()) == [own, fresh]
    remove_left_over(tmp_path / "nowhere")


def test_a_full_disk_is_found_before(tmp_path: Path) -> None:
    with (
        pytest.raises(DiskFullError, match="free"),
        receive_file(tmp_path, "a.mp3", most_bytes=10**18, declared=10**17),
    ):
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_told(tmp_path: Path) -> None:
    with small_desk(tmp_path, config=f"[desk]\nmost_upload_mb = {10**12}\n") as desk:
        client = desk.named()
        cookie = "; ".join(f"{name}={value}" for name, value in client.cookies.items())
        told = desk.talk(
            b"PUT /api/uploads/a.mp3 HTTP/1.1\r\nHost: HOST\r\nX-Shownotes: desk\r\n"
            b"Cookie: " + cookie.encode() + b"\r\nConnection: close\r\n"
            b"Content-Length: 100000000000000000\r\n\r\n"
        )
        assert told.startswith(b"HTTP/1.1 507")


# --------------------------------------------------------------------------- disguised


def disguises(folder: Path) -> dict[str, bytes]:
    picture(folder / "picture")
    video(folder / "silent.mp4", sound=None)
    rng = np.random.default_rng(1)
    return {
        "text": b"This is a text, and says so.\n" * 500,
        "page": b"<!doctype html><script>alert(1)</script>" * 200,
        "picture": (folder / "picture").read_bytes(),
        "silent video": (folder / "silent.mp4").read_bytes(),
        "random": rng.bytes(20_000),
        "zeros": bytes(20_000),
        "program": b"\x7fELF\x02\x01\x01" + rng.bytes(5000),
        "zip": b"PK\x03\x04" + rng.bytes(5000),
        "playlist": b"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\nfile:///etc/passwd\n",
        "list": b"ffconcat version 1.0\nfile /etc/passwd\n",
        "tag alone": b"ID3\x04\x00\x00\x00\x00\x0f\x76" + bytes(1998),
        "empty": b"",
    }


@pytest.mark.parametrize("ending", ["mp3", "m4a", "wav", "ts"])
def test_a_name_proves_nothing(
    desk: SmallDesk, editor: httpx.Client, tmp_path: Path, ending: str
) -> None:
    for kind, content in disguises(tmp_path).items():
        answer = put(editor, f"{kind}.{ending}", content)
        assert answer.status_code in {400, 422}, (kind, answer.text)
        told = answer.json()["error"]
        assert told.startswith(f"{kind}.{ending}")
        assert str(desk.root) not in told
        assert "root:" not in told
    assert lying(desk) == []
    assert desk.runs == []


def test_a_cut_off_container_is_refused(
    desk: SmallDesk, editor: httpx.Client, tmp_path: Path
) -> None:
    whole = write(tmp_path / "a.m4a", noise(2.0)).read_bytes()
    answer = put(editor, "a.m4a", whole[: len(whole) // 2])
    assert answer.status_code == 422
    assert "moov" in answer.json()["error"]


@pytest.mark.parametrize("ending", ["mp3", "m4a", "wav", "flac", "ogg", "opus", "mp4"])
def test_media_of_every_kind_are_taken(
    desk: SmallDesk, editor: httpx.Client, tmp_path: Path, ending: str
) -> None:
    path = tmp_path / f"a.{ending}"
    if ending == "mp4":
        video(path, sound=tone(2.0))
    else:
        write(path, tone(1.0, rate_hz=48_000), rate_hz=48_000)
    assert put(editor, path.name, path.read_bytes()).status_code == 201


# --------------------------------------------------------------------------- names


@pytest.mark.parametrize(
    ("name", "stored"),
    [
        ("a.mp3", "a.mp3"),
        ("A.MP3", "A.mp3"),
        ("  two   words .mp3 ", "two words.mp3"),
        ("What now?.mp3", "What now_.mp3"),
        ('a<b>:"|*.mp3', "a_b_____.mp3"),
        ("Zoe\u0308.mp3", "Zo\u00eb.mp3"),
        ("\u05e9\u05dc\u05d5\u05dd.mp3", "\u05e9\u05dc\u05d5\u05dd.mp3"),
        ("\u202e3pm.mp3", "3pm.mp3"),
        ("a\u200bb\ufeff.mp3", "ab.mp3"),
        ("نمی\u200cدانم.mp3", "نمی\u200cدانم.mp3"),
        ("a...mp3", "a.mp3"),
        ("a.part.mp3", "a.part.mp3"),
        ("con1.mp3", "con1.mp3"),
        ("a" * 251 + ".mp3", "a" * 251 + ".mp3"),
        ("é" * 125 + "a.mp3", "é" * 125 + "a.mp3"),
        ("50% off & more; 'quoted' $(x) `y`.mp3", "50% off & more; 'quoted' $(x) `y`.mp3"),
    ],
)
def test_names_that_are_kept(name: str, stored: str) -> None:
    assert clean_file_name(name, endings=AUDIO_ENDINGS) == stored
    assert clean_file_name(stored, endings=AUDIO_ENDINGS) == stored


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("", "not named as an audio file"),
        ("a", "not named as an audio file"),
        ("a.exe", "not named as an audio file"),
        ("a.mp3.html", "not named as an audio file"),
        ("a.toml", "not named as an audio file"),
        ("mp3", "not named as an audio file"),
        (".mp3", "hidden"),
        ("...mp3", "hidden"),
        (".a.mp3", "hidden"),
        ("~a.mp3", "hidden"),
        ("a/b.mp3", "path"),
        ("../a.mp3", "path"),
        ("..\\a.mp3", "path"),
        ("/etc/a.mp3", "path"),
        ("C:\\a.mp3", "path"),
        ("a\nb.mp3", "control"),
        ("a\0.mp3", "control"),
        ("a.mp3\0", "control"),
        ("a\x1b[2J.mp3", "control"),
        ("\ud800.mp3", "control"),
        ("con.mp3", "device"),
        ("NUL.mp3", "device"),
        ("Com1.tar.mp3", "device"),
        ("lpt9 .mp3", "device"),
        ("a" * 252 + ".mp3", "256 bytes"),
        ("é" * 126 + ".mp3", "256 bytes"),
    ],
)
def test_names_that_are_refused(name: str, told: str) -> None:
    with pytest.raises(UploadError, match=told):
        clean_file_name(name, endings=AUDIO_ENDINGS)


@pytest.mark.parametrize(
    "name", ["a\nb.mp3", "a\0.mp3", "../a.mp3", "a/b.mp3", "..\\a.mp3", "con.mp3", "\x7f.mp3"]
)
def test_bad_names_by_http(desk: SmallDesk, editor: httpx.Client, mp3: bytes, name: str) -> None:
    answer = put(editor, name, mp3)
    assert answer.status_code in {400, 415}
    assert answer.json()["error"]
    assert lying(desk) == []
    assert not (desk.root / "a.mp3").exists()


def test_names_by_http(desk: SmallDesk, editor: httpx.Client, mp3: bytes) -> None:
    longest = "é" * 125 + "a.mp3"
    names = {"\u202egpm.mp3": "gpm.mp3", "שלום.mp3": "שלום.mp3", "AC%DC.mp3": "AC%DC.mp3"}
    for name, stored in {**names, longest: longest}.items():
        assert put(editor, name, mp3).json()["name"] == stored
    other = put(editor, longest, noise_bytes(desk)).json()["name"]
    assert len(other.encode()) <= MOST_BYTES
    assert other.endswith(" (2).mp3")


def noise_bytes(desk: SmallDesk) -> bytes:
    return write(desk.root / "other.mp3", noise(1.0, seed=2)).read_bytes()


def test_numbers_never_make_a_name_too_long() -> None:
    for name in ("a" * 251 + ".mp3", "é" * 125 + "a.mp3", "😀" * 62 + ".flac", "a.mp3"):
        for number in (2, 10, 999):
            told = numbered(name, number)
            assert len(told.encode()) <= MOST_BYTES
            assert told.endswith(f" ({number}).{name.rpartition('.')[2]}")
