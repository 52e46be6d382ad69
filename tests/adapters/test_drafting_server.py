"""Drafting against a real HTTP server on this machine: what is sent, and whatever comes back."""

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from shownotes.adapters.drafting import complete
from shownotes.errors import DraftingError
from shownotes.model import ShowNotes
from shownotes.pipeline import decide
from shownotes.settings import DraftingSettings
from shownotes.steps import compose, divide
from shownotes.steps.step import Walk
from tests.episodes import demo_walk

RIVER = "the-river-has-a-budget"
MESSAGES = [{"role": "user", "content": "Hello"}]


@dataclass
class Server:
    """A drafting server that answers as it is told and remembers what it was sent."""

    endpoint: str = ""
    status: int = 200
    body: Callable[[Any], bytes] = lambda _sent: b""
    seen: list[tuple[str, Any, str | None]] = field(default_factory=list)


@pytest.fixture
def server() -> Iterator[Server]:
    told = Server()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            sent = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            told.seen.append((self.path, sent, self.headers.get("Authorization")))
            body = told.body(sent)
            self.send_response(told.status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=http.serve_forever)
    thread.start()
    told.endpoint = f"http://127.0.0.1:{http.server_port}/v1"
    yield told
    http.shutdown()
    thread.join()
    http.server_close()


def saying(text: str) -> Callable[[Any], bytes]:
    return lambda _sent: json.dumps({"choices": [{"message": {"content": text}}]}).encode()


def asked(server: Server, **changes: Any) -> DraftingSettings:
    return DraftingSettings(**{"endpoint": server.endpoint, "model": "tiny", **changes})


def test_what_is_sent_is_what_such_servers_take(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.body = saying("Good day.")
    assert complete(MESSAGES, asked(server)) == "Good day."
    path, sent, key = server.seen[0]
    assert path == "/v1/chat/completions"
    assert (sent["model"], sent["messages"], sent["temperature"]) == ("tiny", MESSAGES, 0)
    assert key is None
    monkeypatch.setenv("SHOWNOTES_DRAFTING_KEY", "secret")
    complete(MESSAGES, asked(server, endpoint=server.endpoint + "/"))
    assert server.seen[1][0] == "/v1/chat/completions"
    assert server.seen[1][2] == "Bearer secret"


@pytest.mark.parametrize(
    ("status", "body", "told"),
    [
        (500, b"out of memory", "refused with 500: out of memory"),
        (401, b"", "Put the key into SHOWNOTES_DRAFTING_KEY"),
        (200, b"<html>", "did not answer as an OpenAI-compatible server"),
        (200, b'{"choices": []}', "did not answer as an OpenAI-compatible server"),
        (200, b'{"choices": [{"message": {"content": null}}]}', "answered without a text"),
    ],
)
def test_an_answer_that_is_none_is_a_named_error(
    server: Server, status: int, body: bytes, told: str
) -> None:
    server.status, server.body = status, lambda _sent: body
    with pytest.raises(DraftingError, match=told):
        complete(MESSAGES, asked(server))


def test_a_server_that_is_not_there_is_named() -> None:
    nowhere = DraftingSettings(endpoint="http://127.0.0.1:9/v1", model="tiny")
    with pytest.raises(
        DraftingError, match=r"127\.0\.0\.1:9/v1/chat/completions cannot be reached"
    ):
        complete(MESSAGES, nowhere)


def drafted(workspace: Path, server: Server) -> tuple[Walk, ShowNotes]:
    walk = demo_walk(workspace, RIVER)
    settings = walk.settings.model_copy(update={"drafting": asked(server)})
    walk = replace(walk, settings=settings)
    divide.STEP.run(walk)
    compose.STEP.run(walk)
    return walk, walk.folder.read("draft.json", ShowNotes)


def write_notes(sent: Any) -> bytes:
    """Words two sentences of the transcript anew, and makes one up."""
    lines = sent["messages"][1]["content"].splitlines()
    said = {
        line.split("] ", 1)[1]: int(line[1 : line.index("]")]) for line in lines if "] " in line
    }
    rests = [n for text, n in said.items() if "permits" in text][:2]
    summary = [
        {"text": "The river is smaller than its permits.", "sources": rests},
        {"text": "Permits promise more than the river holds.", "sources": rests},
        {"text": "Ninety percent of the river belongs to Gunther.", "sources": rests},
    ]
    answer = json.dumps({"hook": None, "summary": summary, "long_summary": []})
    return saying(answer)(sent)


def test_a_draft_is_worded_by_the_model_and_checked(workspace: Path, server: Server) -> None:
    server.body = write_notes
    walk, notes = drafted(workspace, server)
    assert notes.summary[0].value == "The river is smaller than its permits."
    assert all(fact.is_drafted for fact in notes.summary)
    assert not any("Gunther" in fact.value for fact in notes.summary)
    told = [check.message for check in notes.checks if check.code == "drafted_unsupported"]
    assert any("Gunther" in message for message in told)
    assert notes.hook is not None
    assert not notes.hook.is_drafted
    assert not decide(compose.STEP, walk).is_due


@pytest.mark.parametrize(
    ("status", "body"), [(503, b"busy"), (200, saying("I would rather not.")(0))]
)
def test_without_the_model_the_draft_is_in_the_episodes_own_words(
    workspace: Path, server: Server, status: int, body: bytes
) -> None:
    server.status, server.body = status, lambda _sent: body
    _, notes = drafted(workspace, server)
    assert len(notes.summary) >= 2
    assert not any(fact.is_drafted for fact in notes.summary)
    assert "drafting_failed" in [warning.code for warning in notes.warnings]


def test_nothing_is_sent_unless_an_endpoint_is_set(workspace: Path, server: Server) -> None:
    walk = demo_walk(workspace, RIVER)
    divide.STEP.run(walk)
    compose.STEP.run(walk)
    assert server.seen == []
