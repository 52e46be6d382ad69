"""Asking servers, against one that misbehaves."""

import base64
import gzip
import logging
import zlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from shownotes.adapters.connecting import Manners
from shownotes.adapters.fetching import ask, fetch_small, receive
from shownotes.errors import (
    AddressRefusedError,
    EnclosureError,
    FeedError,
    FetchError,
    RefusedError,
)
from tests.feed_server import FeedServer, Resource, serve_feeds
from tests.web.tls_proxy import NAME, tls_proxy

HERE = Manners(allow_private=True, connect_s=2.0, head_s=5.0, read_s=5.0)
PASSWORD = "correct-horse"


@pytest.fixture
def server() -> Iterator[FeedServer]:
    with serve_feeds() as running:
        yield running


def get(url: str, manners: Manners = HERE, *, most_bytes: int = 10**7) -> bytes:
    return fetch_small(url, manners, most_bytes=most_bytes)


def at(name: str, *addresses: str) -> Manners:
    """As if a name had these addresses, one after the other each time it is looked up."""
    left = list(addresses)

    def resolve(host: str, _port: int) -> list[str]:
        assert host == name
        return [left.pop(0) if len(left) > 1 else left[0]]

    return replace(HERE, resolve=resolve)


def redirect(location: str, status: int = 302) -> Resource:
    return Resource(status=status, headers={"Location": location})


# --------------------------------------------------------------------------- where


def test_this_machine_is_not_asked_unless_that_is_allowed(server: FeedServer) -> None:
    server.resources["/x"] = Resource(b"x")
    for host in ("127.0.0.1", "localhost", "2130706433", "0x7f000001"):
        with pytest.raises((AddressRefusedError, FetchError)):
            get(f"http://{host}:{server.port}/x", Manners())
    assert server.seen == []
    assert get(f"{server.url}/x") == b"x"


@pytest.mark.parametrize(
    "place",
    [
        "http://169.254.169.254/latest/meta-data/",
        "http://[fe80::1]/",
        "http://[::ffff:169.254.169.254]/",
        "file:///etc/passwd",
        "ftp://127.0.0.1/x",
        "gopher://127.0.0.1/",
        "http://",
        "http://[::1",
    ],
)
def test_no_redirection_leads_where_nobody_may_go(place: str, server: FeedServer) -> None:
    server.resources["/away"] = redirect(place)
    with pytest.raises(FeedError):
        get(f"{server.url}/away")
    with pytest.raises(FeedError):
        get(place)


def test_what_was_checked_is_what_is_asked(server: FeedServer) -> None:
    """A name that means another address the second time is looked up once only."""
    server.resources["/x"] = Resource(b"x")
    looked_up = 0

    def resolve(_host: str, _port: int) -> list[str]:
        nonlocal looked_up
        looked_up += 1
        return ["127.0.0.1"] if looked_up == 1 else ["169.254.169.254"]

    rebinding = replace(HERE, resolve=resolve)
    assert get(f"http://feeds.test:{server.port}/x", rebinding) == b"x"
    assert looked_up == 1
    assert server.seen[0].headers["host"] == f"feeds.test:{server.port}"
    with pytest.raises(AddressRefusedError):
        get(f"http://feeds.test:{server.port}/x", rebinding)


def test_a_name_that_means_this_machine_is_refused_like_its_address(server: FeedServer) -> None:
    server.resources["/x"] = Resource(b"x")
    public = replace(at("feeds.test", "127.0.0.1"), allow_private=False)
    with pytest.raises(AddressRefusedError, match="allow_private"):
        get(f"http://feeds.test:{server.port}/x", public)
    assert server.seen == []


def test_the_next_address_of_a_name_is_tried(server: FeedServer) -> None:
    server.resources["/x"] = Resource(b"x")

    def resolve(_host: str, _port: int) -> list[str]:
        # Nobody listens on the first at this port.
        return ["127.0.0.2", "127.0.0.1"]

    url = f"http://feeds.test:{server.port}/x"
    assert get(url, replace(HERE, resolve=resolve)) == b"x"


# --------------------------------------------------------------------------- redirections


def test_five_trackers_in_a_row_are_followed_and_a_sixth_is_not(server: FeedServer) -> None:
    server.resources["/x.mp3"] = Resource(b"sound")
    for hop in range(6):
        target = f"/hop{hop + 1}" if hop < 5 else "/x.mp3"
        server.resources[f"/hop{hop}"] = redirect(target, (301, 302, 303, 307, 308, 302)[hop])
    assert get(f"{server.url}/hop1") == b"sound"
    with pytest.raises(RefusedError, match="more than 5"):
        get(f"{server.url}/hop0")


def test_a_loop_ends(server: FeedServer) -> None:
    server.resources["/a"], server.resources["/b"] = redirect("/b"), redirect("/a")
    with pytest.raises(RefusedError):
        get(f"{server.url}/a")
    assert len(server.seen) == 6
    server.resources["/c"] = Resource(status=302)
    with pytest.raises(RefusedError, match="not where"):
        get(f"{server.url}/c")


def test_what_has_moved_for_good_is_told_and_what_has_only_moved_is_not(
    server: FeedServer,
) -> None:
    server.resources["/new"] = Resource(b"x")
    server.resources["/old"] = redirect("/middle", 301)
    server.resources["/middle"] = redirect("/new", 308)
    server.resources["/today"] = redirect("/old", 302)
    for path, moved in (("/old", "/new"), ("/today", None), ("/new", None)):
        with ask(f"{server.url}{path}", {}, HERE) as answer:
            assert answer.moved_to == (f"{server.url}{moved}" if moved else None)
    with ask(f"http://ann:pw@127.0.0.1:{server.port}/old", {}, HERE) as answer:
        assert answer.moved_to == f"http://ann:pw@127.0.0.1:{server.port}/new"


# --------------------------------------------------------------------------- passwords


def test_passwords_go_to_their_host_alone_and_into_no_log(
    server: FeedServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with serve_feeds() as other:
        other.resources["/x"] = Resource(b"x")
        server.resources["/here"] = redirect("/there")
        server.resources["/there"] = redirect(f"{other.url}/x")
        url = f"http://ann%40home:{PASSWORD}@127.0.0.1:{server.port}/here?auth={PASSWORD}"
        assert get(url) == b"x"
        wanted = "Basic " + base64.b64encode(f"ann@home:{PASSWORD}".encode()).decode()
        assert [r.headers.get("authorization") for r in server.seen] == [wanted, wanted]
        assert "authorization" not in other.seen[0].headers
        assert "referer" not in other.seen[0].headers
    assert PASSWORD not in caplog.text


@pytest.mark.parametrize("status", [401, 404, 429, 500])
def test_no_message_holds_an_address(status: int, server: FeedServer) -> None:
    server.resources[f"/{PASSWORD}"] = Resource(status=status, body=PASSWORD.encode())
    with pytest.raises(FeedError) as caught:
        get(f"http://ann:{PASSWORD}@127.0.0.1:{server.port}/{PASSWORD}?key={PASSWORD}")
    error: BaseException | None = caught.value
    while error is not None:
        assert PASSWORD not in str(error)
        error = error.__cause__


# --------------------------------------------------------------------------- answers


@pytest.mark.parametrize(("status", "is_later"), [(403, False), (404, False), (500, True)])
def test_no_is_told_from_not_now(status: int, is_later: bool, server: FeedServer) -> None:
    server.resources["/x"] = Resource(status=status)
    with pytest.raises(FetchError if is_later else RefusedError) as caught:
        get(f"{server.url}/x")
    assert caught.value.retryable is is_later
    assert str(status) in str(caught.value)


def test_patience_is_as_long_as_a_server_asks_by_its_own_clock(server: FeedServer) -> None:
    """Its clock is three years behind; a date by it is not three years in the past."""
    then = datetime.now(UTC) - timedelta(days=1000)
    for told, wanted in (
        ({"Retry-After": "120"}, 120.0),
        ({"Retry-After": format_datetime(then + timedelta(seconds=90), usegmt=True)}, 90.0),
        ({}, 900.0),
    ):
        headers = {**told, "Date": format_datetime(then, usegmt=True)}
        server.resources["/x"] = Resource(status=429, headers=headers)
        with pytest.raises(FetchError) as caught:
            get(f"{server.url}/x")
        assert caught.value.wait_s == wanted
        assert not caught.value.retryable


def test_what_breaks_off_is_not_taken_for_whole(server: FeedServer, tmp_path: Path) -> None:
    server.resources["/cut"] = Resource(b"x" * 5000, cuts=[1000])
    server.resources["/chunks"] = Resource(b"x" * 5000, is_chunked=True, cuts=[1000])
    server.resources["/lies"] = Resource(b"x" * 5000, declared=9000)
    packed = gzip.compress(bytes(5000))
    server.resources["/packed"] = Resource(packed[:-4], headers={"Content-Encoding": "gzip"})
    for path in ("/cut", "/chunks", "/lies", "/packed"):
        with pytest.raises(FetchError), ask(f"{server.url}{path}", {}, HERE) as answer:
            receive(answer, tmp_path / "file", most_bytes=10**6)


@pytest.mark.parametrize("packing", ["gzip", "deflate"])
def test_what_is_packed_is_unpacked(packing: str, server: FeedServer) -> None:
    data = bytes(range(256)) * 1000
    body = gzip.compress(data) if packing == "gzip" else zlib.compress(data)
    server.resources["/x"] = Resource(body, headers={"Content-Encoding": packing})
    assert get(f"{server.url}/x") == data
    assert server.seen[0].headers["accept-encoding"] == "gzip"


def test_a_bomb_is_put_out_at_the_limit(server: FeedServer, tmp_path: Path) -> None:
    bomb = gzip.compress(bytes(200_000_000), compresslevel=1)
    server.resources["/bomb"] = Resource(bomb, headers={"Content-Encoding": "gzip"})
    path = tmp_path / "feed"
    with pytest.raises(EnclosureError), ask(f"{server.url}/bomb", {}, HERE) as answer:
        receive(answer, path, most_bytes=1_000_000)
    assert path.stat().st_size <= 1_100_000


def test_more_than_is_taken_is_not_even_begun(server: FeedServer) -> None:
    server.resources["/x"] = Resource(bytes(1000), declared=10**9)
    with pytest.raises(EnclosureError):
        get(f"{server.url}/x", most_bytes=10**6)


def test_other_packings_were_not_asked_for(server: FeedServer) -> None:
    server.resources["/x"] = Resource(b"x", headers={"Content-Encoding": "br"})
    with pytest.raises(FetchError, match="not asked for"):
        get(f"{server.url}/x")


def test_who_says_nothing_is_not_waited_for(server: FeedServer) -> None:
    server.resources["/x"] = Resource(b"x", is_silent=True)
    with pytest.raises(FetchError, match="in time"):
        get(f"{server.url}/x", replace(HERE, read_s=0.3))


def test_who_only_drips_is_not_waited_for(server: FeedServer) -> None:
    """A byte now and then keeps within every timeout; the pace does not."""
    server.resources["/x"] = Resource(bytes(1000), piece_bytes=1, pause_s=0.02)
    with pytest.raises(FetchError, match="slowly"):
        get(f"{server.url}/x", replace(HERE, pace_s=0.3))


def test_nobody_there() -> None:
    with pytest.raises(FetchError, match="cannot be reached"):
        get("http://127.0.0.1:9/x")


# --------------------------------------------------------------------------- certificates


def test_the_certificate_must_be_the_names_own(
    server: FeedServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the name in the address, though the connection is made to a number."""
    server.resources["/x"] = Resource(b"x")
    with tls_proxy(tmp_path, server.port) as proxy:
        url = f"https://{NAME}:{proxy.port}/x"
        with pytest.raises(FetchError, match="CERTIFICATE_VERIFY_FAILED"):
            get(url, at(NAME, "127.0.0.1"))
        monkeypatch.setenv("SSL_CERT_FILE", str(proxy.certificate))
        assert get(url, at(NAME, "127.0.0.1")) == b"x"
        with pytest.raises(FetchError, match="CERTIFICATE_VERIFY_FAILED"):
            get(f"https://other.test:{proxy.port}/x", at("other.test", "127.0.0.1"))
