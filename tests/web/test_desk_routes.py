"""The desk's routes over a real server: reading, deciding, publishing, and what is refused."""

import json
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from shownotes.adapters.glossaries import add_term, read_terms
from shownotes.steps.reviews import read_review
from tests.audio_files import speech, write
from tests.web.desk_server import DeskServer, lay_out_desk

# An episode that comes as a transcript goes through the walk in seconds on a busy machine.
PATIENCE_S = 120.0


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeskServer]:
    """One server for the tests here: each has an episode of its own."""
    desk = lay_out_desk(tmp_path_factory.mktemp("desk"), seconds=30.0)
    desk.start()
    yield desk
    desk.stop()


@pytest.fixture
def desk(server: DeskServer) -> DeskServer:
    return server.another_episode()


def base(desk: DeskServer) -> str:
    return f"/api/episodes/{desk.episode_id}"


def change(client: httpx.Client, desk: DeskServer, *ops: dict[str, Any], **more: Any) -> Any:
    seen = read_review(desk.folder).seq
    body = {"id": uuid.uuid4().hex, "seen": seen, "label": "test", "ops": list(ops), **more}
    return client.post(f"{base(desk)}/changes", json=body)


def put(key: str, value: Any) -> dict[str, Any]:
    return {"op": "set", "key": key, "value": value}


def test_two_editors_see_each_other_and_neither_overwrites(desk: DeskServer) -> None:
    ada, bo = desk.client("Ada"), desk.client("Bo")
    seen = ada.get(base(desk)).json()["seq"]
    first = change(ada, desk, put("title", "Ada's"), seen=seen).json()
    assert first["title"] == "Ada's"
    refused = change(bo, desk, put("title", "Bo's"), seen=seen)
    assert refused.status_code == 409
    told = refused.json()
    assert [(t["key"], t["by"], t["value"]) for t in told["theirs"]] == [("title", "Ada", "Ada's")]
    assert told["patch"]["title"] == "Ada's"
    news = bo.get(f"{base(desk)}/since/{seen}").json()
    assert news["notes"]["fields"]["title"]["by"] == "Ada"
    assert bo.get(f"{base(desk)}/since/{news['seq']}").status_code == 204
    again = change(bo, desk, put("title", "Bo's"), seen=news["seq"])
    assert again.json()["title"] == "Bo's"
    # Ada's last change cannot be taken back: Bo has changed the same since.
    body = {"id": uuid.uuid4().hex, "seen": 99}
    assert ada.post(f"{base(desk)}/undo", json=body).status_code == 409
    assert bo.post(f"{base(desk)}/undo", json=body).json()["title"] == "Ada's"


def test_words_come_back_as_the_segments_that_changed(desk: DeskServer) -> None:
    client = desk.client()
    data = client.get(base(desk)).json()
    segment = data["segments"][3]
    word = segment["words"][1][0]
    patch = change(client, desk, {"op": "text", "first": word, "last": word, "text": "two words"})
    put_back = patch.json()["segments"]
    assert [s["at"] for s in put_back["put"]] == [segment["at"]]
    assert put_back["gone"] == []
    texts = [w[1] for w in put_back["put"][0]["words"]]
    assert texts[1:3] == ["two", "words"]
    split = change(client, desk, {"op": "split", "at": segment["words"][3][0]}).json()["segments"]
    assert len(split["put"]) == 2
    joined = change(client, desk, {"op": "join", "at": segment["words"][3][0]}).json()["segments"]
    assert joined["gone"] == [segment["words"][3][0]]


def test_an_acknowledged_change_is_there_after_a_kill(own_desk: DeskServer) -> None:
    desk = own_desk
    client = desk.client()
    for number in range(2):
        answer = change(client, desk, put("title", f"Title {number}"))
        desk.kill()
        assert read_review(desk.folder).changes[answer.json()["seq"]].edits[0].after == (
            f"Title {number}"
        )
        desk.start()
        assert client.get(base(desk)).json()["title"] == f"Title {number}"


def test_a_change_sent_again_after_a_crash_is_made_once(own_desk: DeskServer) -> None:
    desk = own_desk
    client, name = desk.client(), uuid.uuid4().hex
    first = change(client, desk, put("title", "Once"), id=name, seen=0).json()
    desk.kill()
    desk.start()
    again = change(client, desk, put("title", "Once"), id=name, seen=0)
    assert again.status_code == 200
    assert again.json()["seq"] == first["seq"] == 1


def test_approve_publish_change_and_take_back(desk: DeskServer) -> None:
    client = desk.client()
    change(client, desk, put("title", "Approved title"))
    assert client.post(f"{base(desk)}/publish", json={}).status_code == 409
    stale = client.post(f"{base(desk)}/approve", json={"seen": 0})
    assert stale.status_code == 400
    assert "changed since you looked" in stale.json()["error"]
    told = client.post(f"{base(desk)}/approve", json={"seen": 1}).json()
    assert (told["state"], told["approval"]["by"]) == ("approved", "Ada Editor")
    told = client.post(f"{base(desk)}/publish", json={}).json()
    assert (told["state"], told["published"]["version"]) == ("published", 1)
    page = desk.folder.path / "published" / "1" / "notes.html"
    assert "Approved title" in page.read_text(encoding="utf-8")
    state = change(client, desk, put("title", "Later title")).json()["state"]
    assert state == "changed_since_approval"
    refused = client.post(f"{base(desk)}/publish", json={})
    assert refused.status_code == 409
    assert "Later title" not in page.read_text(encoding="utf-8")
    rows = {row["id"]: row["state"] for row in client.get("/api/episodes").json()}
    assert rows[desk.episode_id] == state
    assert client.post(f"{base(desk)}/unpublish", json={}).json()["published"] is None


def test_a_time_to_publish_is_kept_with_the_approval(desk: DeskServer) -> None:
    client = desk.client()
    at = "2031-05-01T06:00:00+02:00"
    early = client.post(f"{base(desk)}/publish", json={"at": at})
    assert "Approve the episode first" in early.json()["error"]
    client.post(f"{base(desk)}/approve", json={"seen": 0})
    told = client.post(f"{base(desk)}/publish", json={"at": at}).json()
    assert (told["publish_at"], told["state"]) == (at, "approved")
    assert client.post(f"{base(desk)}/publish", json={"at": "soon"}).status_code in (400, 409)


def test_a_fixed_name_is_everywhere_and_in_the_glossary(desk: DeskServer) -> None:
    client = desk.client()
    op = {"op": "spelling", "from": "Kofi Asante", "to": "Kofi Asanté", "glossary": True}
    patch = change(client, desk, op).json()
    assert "Kofi Asanté" in [p["name"] for p in patch["notes"]["people"]]
    words = [w[1] for s in patch["segments"]["put"] for w in s["words"]]
    assert any(w.startswith("Asanté") for w in words)
    for target in ("notes.html", "transcript.vtt", "app.html", "notes.md"):
        text = client.get(f"/episode/{desk.episode_id}/preview/{target}").text
        assert "Asanté" in text, target
        assert "Asante " not in text, target
    glossary = desk.root / "shows" / "the-warmer-ledger" / "glossary.toml"
    assert '"Kofi Asanté"' in glossary.read_text(encoding="utf-8")


def test_history_says_who_when_before_and_after(desk: DeskServer) -> None:
    client = desk.client("Bo")
    change(client, desk, put("title", "Second"))
    client.post(f"{base(desk)}/undo", json={"id": uuid.uuid4().hex, "seen": 1})
    told = client.get(f"{base(desk)}/history").json()["changes"]
    assert [(c["seq"], c["kind"], c["by"]) for c in told] == [
        (2, "undo", "Bo"),
        (1, "change", "Bo"),
    ]
    edit = told[1]["edits"][0]
    assert (edit["key"], edit["before"], edit["after"]) == ("title", None, "Second")
    assert edit["machine"] == "The River Has a Budget"


def test_search_opens_at_the_time_and_knows_what_was_edited(desk: DeskServer) -> None:
    client = desk.client()
    word = client.get(base(desk)).json()["segments"][0]["words"][0][0]
    change(client, desk, {"op": "text", "first": word, "last": word, "text": "Xylophonically"})
    page = client.get("/search", params={"q": "xylophonically"}).text
    assert f"/episode/{desk.episode_id}#t=" in page
    assert "<mark>Xylophonically</mark>" in page
    nothing = client.get("/search", params={"q": "<script>alert(1)</script> zzzz"}).text
    assert "<script>alert" not in nothing


@pytest.mark.parametrize(
    "body",
    [
        b"not json",
        b"[]",
        b"{}",
        json.dumps({"id": "short", "seen": 0, "ops": []}).encode(),
        json.dumps({"id": "long-enough", "seen": True, "ops": [{"op": "text"}]}).encode(),
        json.dumps({"id": "long-enough", "seen": 0, "ops": "text"}).encode(),
        json.dumps({"id": "long-enough", "seen": 0, "ops": [{"op": {}}]}).encode(),
        json.dumps({"id": "long-enough", "seen": 0, "ops": [{"op": "text", "first": {}}]}).encode(),
    ],
)
def test_what_is_no_change_is_refused_in_a_sentence(desk: DeskServer, body: bytes) -> None:
    client = desk.client()
    answer = client.post(
        f"{base(desk)}/changes", content=body, headers={"content-type": "application/json"}
    )
    assert answer.status_code == 400
    assert answer.json()["error"].endswith(".")
    assert read_review(desk.folder).seq == 0


def test_a_fixed_name_that_is_undone_leaves_the_glossary(desk: DeskServer) -> None:
    client, show = desk.client(), "The Warmer Ledger"
    fix = {"op": "spelling", "from": "Kofi Asante", "to": "Kofi Assante", "glossary": True}
    take_back = {"id": uuid.uuid4().hex, "seen": 99}
    add_term(desk.root, show, "Port Ellery")
    before = read_terms(desk.root, show)
    change(client, desk, fix)
    assert read_terms(desk.root, show) == (*before, "Kofi Assante")
    client.post(f"{base(desk)}/undo", json=take_back)
    assert read_terms(desk.root, show) == before
    client.post(f"{base(desk)}/redo", json={**take_back, "id": uuid.uuid4().hex})
    assert read_terms(desk.root, show) == (*before, "Kofi Assante")
    # Spelled as the machine has it again: as the card does it.
    change(client, desk, {"op": "spelling", "from": "Kofi Asante", "to": None})
    assert read_terms(desk.root, show) == before
    # Fixed to what was there by hand, it stays when that is undone.
    change(client, desk, {**fix, "from": "Ellery", "to": "Port Ellery"})
    client.post(f"{base(desk)}/undo", json={**take_back, "id": uuid.uuid4().hex})
    assert read_terms(desk.root, show) == before
    # Two episodes have fixed it: the second one's stays.
    other = desk.another_episode()
    change(client, desk, fix)
    change(client, other, fix)
    client.post(f"{base(desk)}/undo", json={**take_back, "id": uuid.uuid4().hex})
    assert read_terms(desk.root, show) == (*before, "Kofi Assante")
    client.post(f"{base(other)}/undo", json={**take_back, "id": uuid.uuid4().hex})
    assert read_terms(desk.root, show) == before


def test_what_is_not_there_is_not_found(desk: DeskServer) -> None:
    client = desk.client()
    for path in (
        "/episode/nothing",
        "/api/episodes/nothing",
        f"/episode/{desk.episode_id}/preview/draft.json",
        f"/episode/{desk.episode_id}/preview/..%2F..%2Fshownotes.toml",
        "/static/base.html",
        "/static/..%2Fnotes%2Fnotes.css",
        "/openapi.json",
        "/docs",
    ):
        assert client.get(path).status_code in (400, 404), path


def test_pages_can_be_read_without_scripts(desk: DeskServer) -> None:
    client = desk.client()
    page = client.get(f"/episode/{desk.episode_id}").text
    assert "The River Has a Budget" in page
    assert "Kofi Asante" in page
    assert page.count('class="segment"') == len(client.get(base(desk)).json()["segments"])
    assert "The River Has a Budget" in client.get("/", params={"filter": "river"}).text
    assert "The River Has a Budget" not in client.get("/", params={"filter": "zebra"}).text


def test_a_dropped_file_becomes_a_draft(desk: DeskServer, tmp_path: Path) -> None:
    """Through the real walk, with a transcript beside it, so that no speech model is needed."""
    client = desk.client()
    vtt = "WEBVTT\n\n00:00.000 --> 00:02.000\nWelcome to the second show.\n"
    (desk.root / "audio" / "second.vtt").write_text(vtt, encoding="utf-8")
    audio = write(tmp_path / "second.wav", speech(), rate_hz=16_000)
    sent = client.put("/api/uploads/second.wav", content=audio.read_bytes())
    assert sent.status_code == 201, sent.text
    began = time.monotonic()
    while time.monotonic() - began < PATIENCE_S:
        rows = {row["folder"]: row for row in client.get("/api/episodes").json()}
        found = [row for name, row in rows.items() if name.endswith("second")]
        if found and found[0]["state"] == "draft":
            break
        time.sleep(0.5)
    else:
        log = (desk.root / "output" / ".desk-run.log").read_text(encoding="utf-8")
        pytest.fail(f"{rows}\n{log}")
    page = client.get(found[0]["url"]).text
    assert "Welcome" in page
    again = client.post(
        f"/api/episodes/{found[0]['id']}/again", json={"start": 0, "end": 2, "model": "nothing"}
    )
    assert again.status_code == 400
    assert "not on this machine" in again.json()["error"]


@pytest.mark.parametrize(
    "body",
    [
        '{"id": [], "seen": 0, "ops": []}',
        '{"id": {"a": 1}, "seen": 0}',
        '{"id": "change-01", "seen": 0, "ops": [{"op": "time", "to": 1' + "0" * 400 + "}]}",
        '{"id": "change-01", "seen": 0, "ops": [{"op": "time", "at": 0, "to": NaN}]}',
        '{"id": "change-01", "seen": 0, "ops": [{"op": "time", "at": 0, "to": 1e400}]}',
        '{"id": "change-01", "seen": 1' + "0" * 400 + "}",
        "[" * 100_000,
        '{"ops":' * 100_000,
    ],
)
def test_what_no_page_sends_is_refused_in_a_sentence(desk: DeskServer, body: str) -> None:
    for route in ("changes", "undo", "approve", "again"):
        answer = desk.client("Ada").post(f"{base(desk)}/{route}", content=body)
        assert answer.status_code == 400 or (route == "approve" and answer.status_code == 200)
        assert "error" in answer.json() or answer.status_code == 200
    assert desk.client("Ada").get(base(desk)).status_code == 200


def test_halves_of_characters_fall_out(desk: DeskServer) -> None:
    body = (
        '{"id": "change-01", "seen": 0, "ops": [{"op": "set", "key": "title", '
        '"value": "A \\ud83d title \\ud83d\\ude00"}]}'
    )
    answer = desk.client("Ada").post(f"{base(desk)}/changes", content=body)
    assert answer.json()["title"] == "A title \U0001f600"


def test_names_to_listen_for_are_texts(desk: DeskServer) -> None:
    body = {"start": 1.0, "end": 2.0, "glossary": 60}
    answer = desk.client("Ada").post(f"{base(desk)}/again", json=body)
    assert answer.status_code == 400
    assert "list of texts" in answer.json()["error"]
