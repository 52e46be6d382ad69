"""Large files over bad connections."""

import gzip
import random
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from email.utils import formatdate
from pathlib import Path
from typing import Any

import pytest

from shownotes.adapters.connecting import Manners
from shownotes.adapters.resuming import Received, Source, download
from shownotes.errors import DiskFullError, EnclosureError, FeedError, FetchError
from tests.feed_server import FeedServer, Resource, serve_feeds

HERE = Manners(allow_private=True, read_s=5.0)
SOUND = random.Random(1).randbytes(300_000)
OTHER = random.Random(2).randbytes(310_000)
OLD = formatdate(1_700_000_000, usegmt=True)


@pytest.fixture
def server() -> Iterator[FeedServer]:
    with serve_feeds() as running:
        yield running


@dataclass
class Client:
    """What a caller keeps between attempts."""

    server: FeedServer
    part: Path
    validator: str | None = None
    known: tuple[str, int] | None = None
    waits: list[float] = field(default_factory=list)
    most_bytes: int = 10**7
    margin_bytes: int = 1_000_000

    def begun(self, validator: str | None) -> None:
        self.validator = validator

    def get(self, path: str = "/a.mp3") -> Received | None:
        source = Source(
            url=self.server.url + path,
            validator=self.validator,
            known=self.known,
            most_bytes=self.most_bytes,
            margin_bytes=self.margin_bytes,
        )
        return download(source, self.part, HERE, begun=self.begun, sleep=self.waits.append)

    @property
    def ranges(self) -> list[str | None]:
        return [r.headers.get("range") for r in self.server.seen]


@pytest.fixture
def client(server: FeedServer, tmp_path: Path) -> Client:
    return Client(server, tmp_path / "audio" / "a.mp3.part")


def serve(client: Client, **more: Any) -> Resource:
    resource = replace(Resource(SOUND, "audio/mpeg", etag='"v1"'), **more)
    client.server.resources["/a.mp3"] = resource
    return resource


def test_a_whole_file_in_one_go(client: Client) -> None:
    serve(client)
    assert client.get() == Received(size=len(SOUND), validator='"v1"', is_sure=True)
    assert client.part.read_bytes() == SOUND
    assert client.server.seen[0].headers["accept-encoding"] == "identity"


@pytest.mark.parametrize("seed", range(4))
def test_cut_anywhere_it_goes_on_there_and_no_byte_comes_twice(client: Client, seed: int) -> None:
    rng = random.Random(seed)
    resource = serve(client, piece_bytes=rng.choice([1000, 4096, 65_536]))
    resource.cuts = [rng.randrange(1, 40_000) for _ in range(9)]
    for _ in range(20):
        try:
            received = client.get()
        except FetchError:
            continue
        assert received is not None
        break
    assert client.part.read_bytes() == SOUND
    assert client.server.sent["/a.mp3"] == len(SOUND)


def test_it_waits_longer_each_time_and_gives_up_when_nothing_comes(client: Client) -> None:
    serve(client, cuts=[1000, 1000, 1000, 1000, 1000])
    with pytest.raises(FetchError):
        client.get()
    assert client.waits == [1.0, 2.0, 4.0]
    assert len(client.server.seen) == 4
    serve(client, cuts=[0, 0])
    with pytest.raises(FetchError):
        client.get()
    # Nothing came the first time, so that there was no second.
    assert len(client.server.seen) == 5


def test_a_date_that_is_not_of_just_now_does_in_place_of_an_etag(client: Client) -> None:
    serve(client, etag=None, modified=OLD, cuts=[100_000])
    client.get()
    assert client.part.read_bytes() == SOUND
    assert client.ranges == [None, "bytes=100000-"]
    assert client.server.seen[1].headers["if-range"] == OLD


@pytest.mark.parametrize(
    "more",
    [{"etag": None}, {"etag": 'W/"weak"'}, {"etag": None, "modified": "just now"}],
)
def test_what_cannot_be_told_from_another_version_is_begun_anew(
    client: Client, more: dict[str, Any]
) -> None:
    if more.get("modified"):
        more = {**more, "modified": formatdate(usegmt=True)}
    serve(client, cuts=[100_000], **more)
    client.get()
    assert client.part.read_bytes() == SOUND
    assert client.ranges == [None, None]


def change(resource: Resource) -> None:
    """Another version is put there after the first request."""
    if resource.before is not None and not resource.cuts:
        resource.body, resource.etag, resource.before = OTHER, '"v2"', None


@pytest.mark.parametrize("ignores_if_range", [False, True])
def test_a_file_that_changes_in_between_is_begun_anew(
    client: Client, ignores_if_range: bool
) -> None:
    """Also where a server sends a part of the new one to who asks for the old."""
    serve(client, cuts=[100_000], before=change, ignores_if_range=ignores_if_range)
    received = client.get()
    assert received == Received(size=len(OTHER), validator='"v2"', is_sure=True)
    assert client.part.read_bytes() == OTHER
    assert client.validator == '"v2"'


def test_a_name_for_the_file_that_cannot_be_sent_back_is_none(client: Client) -> None:
    serve(client, etag='"v\xe9"', cuts=[100_000])
    client.get()
    assert client.part.read_bytes() == SOUND
    assert client.ranges == [None, None]


def test_a_server_without_ranges_sends_it_again(client: Client) -> None:
    serve(client, cuts=[100_000], has_ranges=False)
    client.get()
    assert client.part.read_bytes() == SOUND


def test_what_is_whole_already_is_not_sent_again(client: Client) -> None:
    serve(client)
    client.get()
    sent = client.server.sent["/a.mp3"]
    # Killed before it could be used: only asked about.
    assert client.get() == Received(size=len(SOUND), validator='"v1"', is_sure=True)
    assert client.server.sent["/a.mp3"] == sent
    assert client.ranges[-1] == f"bytes={len(SOUND)}-"


def test_a_part_that_is_longer_than_the_file_is_thrown_away(client: Client) -> None:
    serve(client)
    client.part.parent.mkdir()
    client.part.write_bytes(SOUND + b"more")
    client.validator = '"v1"'
    client.get()
    assert client.part.read_bytes() == SOUND


def test_a_part_of_which_nothing_is_known_is_thrown_away(client: Client) -> None:
    serve(client)
    client.part.parent.mkdir()
    client.part.write_bytes(OTHER[:1000])
    client.get()
    assert client.part.read_bytes() == SOUND
    assert client.ranges == [None]


def test_what_we_have_is_not_fetched(client: Client) -> None:
    serve(client)
    client.known = ('"v1"', len(SOUND))
    assert client.get() is None
    assert not client.part.exists()
    client.known = ('"v0"', len(SOUND))
    assert client.get() is not None


def test_a_length_that_is_a_lie_is_found_out(client: Client) -> None:
    """Announced as more than there is: never whole. As less: what was announced is taken."""
    serve(client, declared=len(SOUND) + 5000, etag=None)
    with pytest.raises(FetchError):
        client.get()
    serve(client, declared=len(SOUND) - 5000)
    received = client.get()
    assert received is not None
    assert received.size == len(SOUND) - 5000


def test_a_file_without_a_length(client: Client) -> None:
    serve(client, is_chunked=True)
    assert client.get() == Received(size=len(SOUND), validator='"v1"', is_sure=False)


def test_what_is_packed_although_that_was_not_asked_for(client: Client) -> None:
    serve(client, body=gzip.compress(SOUND), headers={"Content-Encoding": "gzip"})
    assert client.get() == Received(size=len(SOUND), validator=None, is_sure=True)
    assert client.part.read_bytes() == SOUND


@pytest.mark.parametrize("mime", ["text/html; charset=utf-8", "application/json", "image/png"])
def test_a_page_where_the_audio_should_be(client: Client, mime: str) -> None:
    serve(client, mime=mime, body=b"<html>Sign in</html>")
    with pytest.raises(EnclosureError, match=mime.partition(";")[0]):
        client.get()
    assert not client.part.exists()


@pytest.mark.parametrize("is_chunked", [False, True])
def test_too_large_is_said_at_once_or_at_the_limit(client: Client, is_chunked: bool) -> None:
    serve(client, is_chunked=is_chunked, piece_bytes=10_000)
    client.most_bytes = 200_000
    with pytest.raises(EnclosureError, match="most_mb"):
        client.get()
    assert not client.part.exists()


def test_where_there_is_no_room_nothing_is_begun(client: Client) -> None:
    serve(client, declared=10**15)
    client.most_bytes = 10**16
    with pytest.raises(DiskFullError):
        client.get()
    assert client.server.sent.get("/a.mp3", 0) <= len(SOUND)
    assert not client.part.exists()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 256 kB, for who may mount one."""
    place = tmp_path / "disk"
    place.mkdir()
    if not mount("-t", "tmpfs", "-o", "size=256k", "tmpfs", str(place)):
        pytest.skip("only root can make a disk that is full")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def mount(*arguments: str) -> bool:
    if shutil.which("mount") is None:
        return False
    return subprocess.run(["mount", *arguments], capture_output=True, check=False).returncode == 0


def test_a_disk_that_fills_up_loses_nothing_that_came(client: Client, small_disk: Path) -> None:
    serve(client, is_chunked=True, piece_bytes=10_000)
    client.part = small_disk / "a.mp3.part"
    client.margin_bytes = 0
    with pytest.raises(DiskFullError):
        client.get()
    have = client.part.stat().st_size
    assert 200_000 < have < len(SOUND)
    assert client.part.read_bytes() == SOUND[:have]
    assert mount("-o", "remount,size=2m", str(small_disk))
    client.get()
    assert client.part.read_bytes() == SOUND
    assert client.ranges == [None, f"bytes={have}-"]


def test_it_says_how_far_it_is(client: Client) -> None:
    serve(client, cuts=[100_000])
    told: list[tuple[int, int | None]] = []
    source = Source(url=f"{client.server.url}/a.mp3", most_bytes=10**7)
    download(
        source,
        client.part,
        HERE,
        begun=client.begun,
        progress=lambda done, total: told.append((done, total)),
        sleep=client.waits.append,
    )
    assert [total for _, total in told] == [len(SOUND)] * len(told)
    assert told == sorted(told)
    assert told[-1][0] == len(SOUND)


RAW = [
    b"",
    b"\x00" * 50,
    random.Random(5).randbytes(200),
    b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nx",
    b"HTTP/1.1 200 OK\r\nContent-Length: 5, 6\r\n\r\nxxxxx",
    b"HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 5-9/9\r\nContent-Length: 1\r\n\r\nx",
    b"HTTP/1.1 302 Found\r\nLocation: \xff\xfe\r\nContent-Length: 0\r\n\r\n",
    b"HTTP/1.1 302 Found\r\nLocation: http://[\r\nContent-Length: 0\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    b"HTTP/1.1 200 OK\r\nA: " + b"x" * 200_000 + b"\r\n\r\n",
    b"HTTP/1.1 101 Switching\r\n\r\n",
]


@pytest.mark.parametrize("data", RAW, ids=range(len(RAW)))
def test_nothing_but_our_errors_comes_through(data: bytes, tmp_path: Path) -> None:
    """Whatever bytes a server sends in place of HTTP."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def answer() -> None:
            with suppress(OSError):
                while True:
                    connection, _ = listening.accept()
                    with connection:
                        connection.recv(65_536)
                        connection.sendall(data)

        threading.Thread(target=answer, daemon=True).start()
        source = Source(
            url=f"http://127.0.0.1:{listening.getsockname()[1]}/x", most_bytes=1_000_000
        )
        with pytest.raises(FeedError):
            download(source, tmp_path / "x.part", HERE, begun=lambda _: None, sleep=lambda _: None)
        with suppress(OSError):
            listening.shutdown(socket.SHUT_RDWR)
