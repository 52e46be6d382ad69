"""An episode's sound over HTTP: ranges of every shape, conditions, and what is not its own."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from shownotes.adapters.store import EpisodeFolder
from shownotes.model import AudioFile, Episode, Metadata
from shownotes.web.ranges import parse_range
from tests.web.small_desk import SmallDesk, add_editor, small_desk

ID = "0123456789abcdef" * 2
DATA = bytes(range(256)) * 4000
SIZE = len(DATA)
URL = f"/episode/{ID}/audio"


def version(path: str, container: str = "mp3") -> AudioFile:
    return AudioFile(
        path=path,
        size_bytes=1,
        modified_ns=1,
        inode=1,
        packets_sha256="0",
        container=container,
        codec="mp3",
        channels=1,
        sample_rate_hz=16_000,
        decoded_s=1.0,
        declared_s=None,
    )


def lay_out(desk: SmallDesk, path: str = "audio/a.mp3") -> EpisodeFolder:
    folder = EpisodeFolder(desk.root / "output" / "a")
    (folder.path / "work").mkdir(parents=True, exist_ok=True)
    (desk.audio / "a.mp3").write_bytes(DATA)
    episode = Episode(id=ID, key="k", folder="a", metadata=Metadata(), versions=(version(path),))
    folder.write("episode.json", episode)
    desk.episodes[ID] = folder
    return folder


def change(folder: EpisodeFolder, **changes: object) -> None:
    episode = folder.read("episode.json", Episode)
    folder.write("episode.json", replace(episode, **changes))  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallDesk]:
    with small_desk(tmp_path_factory.mktemp("media")) as running:
        lay_out(running)
        yield running


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[SmallDesk]:
    with small_desk(tmp_path) as running:
        yield running


@pytest.fixture(scope="module")
def client(shared: SmallDesk) -> httpx.Client:
    return shared.client()


def test_the_whole(client: httpx.Client) -> None:
    answer = client.get(URL)
    assert answer.status_code == 200
    assert answer.content == DATA
    assert answer.headers["content-type"] == "audio/mpeg"
    assert answer.headers["content-length"] == str(SIZE)
    assert answer.headers["accept-ranges"] == "bytes"
    assert "private" in answer.headers["cache-control"]
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_the_head_alone(client: httpx.Client) -> None:
    for headers in ({}, {"Range": "bytes=0-1"}):
        answer = client.head(URL, headers=headers)
        assert answer.status_code == 200
        assert answer.headers["content-length"] == str(SIZE)
        assert answer.content == b""


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=0-99", 0, 100),
        ("bytes=100-199", 100, 200),
        ("bytes=0-", 0, SIZE),
        ("bytes=500000-", 500_000, SIZE),
        (f"bytes={SIZE - 1}-", SIZE - 1, SIZE),
        (f"bytes=10-{SIZE - 1}", 10, SIZE),
        (f"bytes=10-{SIZE + 10**6}", 10, SIZE),
        ("bytes=-1", SIZE - 1, SIZE),
        ("bytes=-500", SIZE - 500, SIZE),
        (f"bytes=-{SIZE}", 0, SIZE),
        (f"bytes=-{SIZE * 10}", 0, SIZE),
        ("Bytes=0-99", 0, 100),
        ("bytes= 0 - 99", 0, 100),
        ("bytes=000-0099", 0, 100),
    ],
)
def test_one_range(client: httpx.Client, asked: str, start: int, end: int) -> None:
    answer = client.get(URL, headers={"Range": asked})
    assert answer.status_code == 206
    assert answer.content == DATA[start:end]
    assert answer.headers["content-range"] == f"bytes {start}-{end - 1}/{SIZE}"
    assert answer.headers["content-length"] == str(end - start)


@pytest.mark.parametrize(
    "asked",
    [
        f"bytes={SIZE}-",
        f"bytes={SIZE + 5}-{SIZE + 9}",
        "bytes=-0",
        "bytes=5-2",
        "bytes=",
        "bytes=-",
        "bytes=a-b",
        "bytes=1",
        "bytes=--5",
        "bytes=-5-",
        "bytes=1-2-3",
        "bytes=+1-5",
        "bytes=1_0-2_0",
        "bytes=0x1-0x5",
        "bytes=\u0661-\u0662",
        "bytes=" + "9" * 5000 + "-",
        "bytes=1.5-2.5",
    ],
)
def test_ranges_that_make_no_sense(client: httpx.Client, asked: str) -> None:
    answer = client.get(URL, headers={"Range": asked.encode()})
    assert answer.status_code == 416
    assert answer.headers["content-range"] == f"bytes */{SIZE}"
    assert answer.content == b""


@pytest.mark.parametrize(
    "asked",
    [
        "bytes=0-1,5-6",
        "bytes=0-1,",
        "bytes=" + ",".join(f"{n}-{n}" for n in range(2000)),
        "bytes=0-,0-,0-,0-",
        "seconds=0-1",
        "nonsense",
        "",
        "=0-1",
        "bytes",
    ],
)
def test_what_we_do_not_serve_in_parts_is_served_whole(client: httpx.Client, asked: str) -> None:
    answer = client.get(URL, headers={"Range": asked})
    if asked == "bytes":
        assert answer.status_code == 416
    else:
        assert (answer.status_code, len(answer.content)) == (200, SIZE)


def test_conditions(client: httpx.Client) -> None:
    first = client.get(URL)
    etag, modified = first.headers["etag"], first.headers["last-modified"]

    def told(**headers: str) -> int:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return client.get(URL, headers=named).status_code

    assert told(If_None_Match=etag) == 304
    assert told(If_None_Match=f'"x", W/{etag}') == 304
    assert told(If_None_Match="*") == 304
    assert told(If_None_Match='"x"') == 200
    assert told(If_Modified_Since=modified) == 304
    assert told(If_None_Match='"x"', If_Modified_Since=modified) == 200
    assert told(If_Modified_Since="nonsense") == 200
    assert told(If_Range=etag, Range="bytes=0-1") == 206
    assert told(If_Range=modified, Range="bytes=0-1") == 206
    assert told(If_Range='"x"', Range="bytes=0-1") == 200
    assert told(If_Range=f"W/{etag}", Range="bytes=0-1") == 200
    assert told(If_Range='"x"', Range="bytes=nonsense") == 200
    answer = client.get(URL, headers={"If-None-Match": etag})
    assert answer.headers["etag"] == etag
    assert answer.content == b""


def test_another_file_is_another_version(desk: SmallDesk) -> None:
    lay_out(desk)
    client = desk.client()
    etag = client.get(URL).headers["etag"]
    (desk.audio / "a.mp3").write_bytes(DATA[:-1])
    answer = client.get(URL, headers={"If-Range": etag, "Range": "bytes=0-9"})
    assert (answer.status_code, len(answer.content)) == (200, SIZE - 1)


def test_an_empty_file(desk: SmallDesk) -> None:
    lay_out(desk)
    (desk.audio / "a.mp3").write_bytes(b"")
    assert desk.client().get(URL).content == b""
    assert desk.client().get(URL, headers={"Range": "bytes=0-"}).status_code == 416


def test_a_browser_that_stops_listening_does_no_harm(shared: SmallDesk) -> None:
    for _ in range(5):
        with shared.client() as client, client.stream("GET", URL) as answer:
            next(answer.iter_raw(100))
    assert shared.client().get(URL).content == DATA


# --------------------------------------------------------------------------- whose sound it is


def test_the_listening_copy_goes_before(desk: SmallDesk) -> None:
    folder = lay_out(desk)
    (folder.path / "work/listen.mp3").write_bytes(b"copy")
    change(folder, listening_copy="work/listen.mp3")
    assert desk.client().get(URL).content == b"copy"


def test_audio_elsewhere_is_heard_as_working_audio(desk: SmallDesk, tmp_path: Path) -> None:
    outside = tmp_path / "elsewhere.mp3"
    outside.write_bytes(b"mine")
    folder = lay_out(desk, path=str(outside))
    assert desk.client().get(URL).status_code == 404
    (folder.path / "work/audio.wav").write_bytes(b"RIFF")
    change(folder, working_audio="work/audio.wav")
    answer = desk.client().get(URL)
    assert (answer.content, answer.headers["content-type"]) == (b"RIFF", "audio/wav")


@pytest.mark.parametrize(
    "path",
    [
        "/etc/passwd",
        "../secret",
        "audio/../secret",
        "audio/link.mp3",
        "audio/folder/x.mp3",
        "audio",
    ],
)
def test_nothing_outside_the_intray_is_played(desk: SmallDesk, path: str) -> None:
    (desk.root / "secret").write_text("secret")
    (desk.root.parent / "secret").write_text("secret")
    folder = lay_out(desk, path=path)
    (desk.audio / "link.mp3").symlink_to("/etc/passwd")
    (desk.audio / "folder").symlink_to(desk.root)
    (desk.root / "x.mp3").write_text("secret")
    answer = desk.client().get(URL)
    assert answer.status_code == 404
    assert "secret" not in answer.text
    assert str(desk.root) not in answer.text
    change(folder, listening_copy=path, working_audio=path, versions=())
    assert desk.client().get(URL).status_code == 404


def test_a_link_inside_the_intray_is_followed(desk: SmallDesk) -> None:
    lay_out(desk, path="audio/b.mp3")
    (desk.audio / "b.mp3").symlink_to("a.mp3")
    assert desk.client().get(URL).content == DATA


@pytest.mark.parametrize(
    ("container", "kind"),
    [
        ("mov,mp4,m4a,3gp,3g2,mj2", "audio/mp4"),
        ("ogg", "audio/ogg"),
        ("flac", "audio/flac"),
        ("wav", "audio/wav"),
        ("html", "application/octet-stream"),
    ],
)
def test_the_type_is_the_containers_whatever_the_name(
    desk: SmallDesk, container: str, kind: str
) -> None:
    folder = lay_out(desk)
    change(folder, versions=(version("audio/a.mp3", container),))
    assert desk.client().get(URL).headers["content-type"] == kind


@pytest.mark.parametrize(
    "episode_id",
    [
        "0" * 32,
        "nobody",
        "%2e%2e",
        "..%2f..%2fa",
        "a%00",
        "%0a",
        "a b",
        "*",
        "é",
        "x" * 5000,
        "%25",
    ],
)
def test_ids_that_are_none(shared: SmallDesk, episode_id: str) -> None:
    path = f"/episode/{episode_id}/audio".encode("latin-1")
    told = shared.talk(b"GET " + path + b" HTTP/1.1\r\nHost: HOST\r\nConnection: close\r\n\r\n")
    assert told.split(b" ", 2)[1] in {b"400", b"404"}


def test_a_torn_episode_is_no_server_error(desk: SmallDesk) -> None:
    folder = lay_out(desk)
    (folder.path / "episode.json").write_text("{")
    assert desk.client().get(URL).status_code == 404
    (desk.audio / "a.mp3").unlink()
    lay_out(desk)
    (desk.audio / "a.mp3").unlink()
    assert desk.client().get(URL).status_code == 404


def test_strangers_hear_nothing(tmp_path: Path) -> None:
    add_editor(tmp_path)
    with small_desk(tmp_path) as desk:
        lay_out(desk)
        assert desk.client().get(URL).status_code == 401
        assert desk.client().head(URL).status_code == 401
        assert desk.signed_in().get(URL).content == DATA


def test_ranges_of_every_size_of_file() -> None:
    for size in (1, 2, 5):
        for start in range(size + 2):
            for last in range(size + 2):
                expected = range(size)[start : last + 1] if last >= start else range(0)
                if expected:
                    told = parse_range(f"bytes={start}-{last}", size)
                    assert told == (expected[0], expected[-1] + 1)
                else:
                    with pytest.raises(ValueError, match="bytes="):
                        parse_range(f"bytes={start}-{last}", size)
