"""Webhooks against a real HTTP server on this machine."""

import base64
import email.utils
import hashlib
import hmac
import re
import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from shownotes.adapters.patience import LONGEST_WAIT_S
from shownotes.adapters.webhooks import post, sign
from shownotes.errors import DeliveryError, SettingsError
from tests.local_server import Answer, Request, Server, one_after_the_other, serve

RAW = b"a secret of twenty-four b"
SECRET = "whsec_" + base64.b64encode(RAW).decode()
MESSAGE = {"event": "episode.published", "episode": {"title": "Kofi’s budget"}}


def send(server: Server, waits: list[float] | None = None, **changes: Any) -> int:
    told: dict[str, Any] = {"id": "abc-1", "secrets": SECRET, "retries": 3, **changes}
    waited = waits if waits is not None else []
    return post(f"{server.url}/hook", MESSAGE, sleep=waited.append, **told)


def verify(server: Server, key: bytes, index: int = 0) -> bool:
    """As a receiver does: from the raw bytes, in the specification's words."""
    request = server.seen[index]
    told = request.headers
    signed = f"{told['webhook-id']}.{told['webhook-timestamp']}.".encode() + request.body
    wanted = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    given = [part.split(",", 1) for part in told["webhook-signature"].split(" ")]
    return any(version == "v1" and value == wanted for version, value in given)


def test_a_message_is_signed_json_that_a_receiver_can_check() -> None:
    with serve(one_after_the_other(Answer(204))) as server:
        assert send(server) == 1
    (request,) = server.seen
    assert (request.method, request.path) == ("POST", "/hook")
    assert request.data == MESSAGE
    assert request.headers["content-type"] == "application/json"
    assert request.headers["webhook-id"] == "abc-1"
    sent = datetime.fromtimestamp(int(request.headers["webhook-timestamp"]), UTC)
    assert abs(datetime.now(UTC) - sent) < timedelta(minutes=5)
    assert verify(server, RAW)
    assert not verify(server, b"another")


def test_the_signature_is_that_of_the_specification() -> None:
    # Source: Standard Webhooks, reference libraries' common test vector.
    key = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    signature = sign(
        key, id="msg_p5jXN8AQM9LWM0D4loKWxJek", at=1614265330, body=b'{"test": 2432232314}'
    )
    assert signature == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_secret_that_is_no_base64_is_itself_the_key_and_two_sign_side_by_side() -> None:
    with serve(one_after_the_other(Answer())) as server:
        send(server, secrets="plain words-of-ours")
        assert verify(server, b"plain")
        assert verify(server, b"words-of-ours")


def test_a_busy_or_broken_receiver_is_asked_again_with_the_same_id_and_a_new_signature() -> None:
    cut = Answer(is_cut=True)
    waits: list[float] = []
    with serve(one_after_the_other(Answer(503), cut, Answer(500), Answer(200))) as server:
        assert send(server, waits) == 4
        assert {r.headers["webhook-id"] for r in server.seen} == {"abc-1"}
        assert all(verify(server, RAW, index) for index in range(4))
    assert len(waits) == 3
    assert waits[0] >= 1
    assert waits == sorted(waits)


def test_it_waits_as_long_as_it_is_asked_to() -> None:
    until = email.utils.format_datetime(datetime.now(UTC) + timedelta(seconds=60))
    waits: list[float] = []
    answers = (
        Answer(429, headers={"Retry-After": "17"}),
        Answer(503, headers={"Retry-After": until}),
        Answer(429, headers={"Retry-After": "soon"}),
        Answer(200),
    )
    with serve(one_after_the_other(*answers)) as server:
        assert send(server, waits) == 4
    assert waits[0] == 17
    assert 50 <= waits[1] <= 60
    assert waits[2] < 10


@pytest.mark.parametrize("status", [429, 503])
def test_a_receiver_that_asks_for_too_much_patience_is_left_for_later(status: int) -> None:
    wanted = round(LONGEST_WAIT_S * 10)
    answer = Answer(status, headers={"Retry-After": str(wanted)})
    with serve(one_after_the_other(answer)) as server:
        with pytest.raises(DeliveryError, match=f"asks to wait {wanted} s"):
            send(server)
        assert len(server.seen) == 1


def test_it_gives_up_in_the_end_and_says_what_it_was_told() -> None:
    with serve(one_after_the_other(Answer(502, b"out  of\norder"))) as server:
        with pytest.raises(DeliveryError, match="502 Bad Gateway: out of order") as caught:
            send(server, retries=2)
        assert len(server.seen) == 3
    assert caught.value.attempts == 3


@pytest.mark.parametrize("status", [400, 401, 404, 410])
def test_a_refusal_is_not_tried_again(status: int) -> None:
    with serve(one_after_the_other(Answer(status))) as server:
        with pytest.raises(DeliveryError, match=str(status)):
            send(server)
        assert len(server.seen) == 1


def test_it_is_never_sent_on_to_another_address() -> None:
    def answer(request: Request) -> Answer:
        if request.path == "/hook":
            return Answer(307, headers={"Location": "/elsewhere"})
        return Answer(200)

    with serve(answer) as server:
        with pytest.raises(DeliveryError, match=r"307 .* to /elsewhere.*new address"):
            send(server)
        assert [request.path for request in server.seen] == ["/hook"]


def test_nobody_there_is_said() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        nobody = Server(f"http://127.0.0.1:{probe.getsockname()[1]}")
    with pytest.raises(DeliveryError, match=r"127\.0\.0\.1 does not answer") as caught:
        send(nobody, retries=1)
    assert caught.value.attempts == 2


@pytest.mark.parametrize("secrets", [None, "", "  ", "whsec_not base64!"])
def test_nothing_is_sent_unsigned(secrets: str | None) -> None:
    with serve(one_after_the_other(Answer())) as server:
        with pytest.raises(SettingsError, match="SHOWNOTES_WEBHOOK_SECRET"):
            send(server, secrets=secrets)
        assert server.seen == []


def test_a_long_answer_is_not_read_to_its_end() -> None:
    with serve(one_after_the_other(Answer(200, b"x" * 5_000_000))) as server:
        assert send(server) == 1


def test_the_receiver_in_the_documentation_takes_what_we_send_and_nothing_else() -> None:
    docs = Path(__file__).parents[2] / "docs" / "publishing.md"
    (example,) = re.findall(r"```python\n(.*?)```", docs.read_text(encoding="utf-8"), re.DOTALL)
    names: dict[str, Any] = {}
    exec(example, names)
    with serve(one_after_the_other(Answer())) as server:
        send(server)
        send(server, secrets=f"{SECRET} whsec_{base64.b64encode(b'the next one').decode()}")
    for request in server.seen:
        assert names["is_genuine"](SECRET, request.headers, request.body)
        assert not names["is_genuine"](SECRET, request.headers, request.body + b" ")
        old = {**request.headers, "webhook-timestamp": "1614265330"}
        assert not names["is_genuine"](SECRET, old, request.body)
