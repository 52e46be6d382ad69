"""An episode that waits for a speech model: the button that fetches it, and how it goes on."""

import re
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest

from benchmarks.dummy_whisper import make_model
from shownotes import pipeline
from shownotes.adapters import models
from shownotes.adapters.encoding import encode
from shownotes.adapters.store import EpisodeFolder
from shownotes.batch import RunOptions, process_plainly
from shownotes.model import State, Status, WaitsFor
from shownotes.settings import Settings, load_settings
from shownotes.steps import cancelling, prepare
from shownotes.steps.step import Silent
from shownotes.web.app import build_desk
from tests.adapters.hub_server import Hub, serve
from tests.audio_files import speech
from tests.web.desk_pages import opening
from tests.web.desk_server import DeskServer, lay_out_desk
from tests.web.small_desk import running_on

PATIENCE_S = 60.0


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("model")
    return make_model(folder / "micro", says="the river.", is_multilingual=False)


@pytest.fixture
def hub(model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """The hub, with a model of the name `tiny.en`; none is on this machine."""
    with serve(model, models.SIZES["tiny.en"].repository) as hub:
        monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "cache"))
        monkeypatch.setenv("HF_ENDPOINT", hub.endpoint)
        yield hub


@pytest.fixture
def settings(workspace: Path, hub: Hub) -> Settings:
    """A working folder with an episode whose model is not here."""
    config = '[speech]\nmodel = "tiny.en"\ndevice = "cpu"\n'
    (workspace / "shownotes.toml").write_text(config, encoding="utf-8")
    encode(speech(), workspace / "audio" / "talk.mp3", sample_rate_hz=16_000)
    settings = load_settings(workspace)
    process(settings)
    return settings


def process(settings: Settings) -> EpisodeFolder:
    (outcome,) = process_plainly(
        prepare.find_audio(settings), settings, options=RunOptions(), progress=Silent()
    )
    assert outcome.folder is not None
    return outcome.folder


def episode(settings: Settings) -> EpisodeFolder:
    found = prepare.known(settings.audio_folder / "talk.mp3", settings)
    assert found is not None
    return found


@pytest.fixture
def started() -> list[Path]:
    return []


@pytest.fixture
def client(settings: Settings, started: list[Path]) -> Iterator[httpx.Client]:
    """Somebody at a real desk, over HTTP; what it would start is noted."""

    def start(paths: Sequence[Path], _options: RunOptions) -> None:
        started.extend(paths)

    guard, desk = build_desk(settings, port=0, start_run=start)
    with (
        running_on(guard, desk) as url,
        httpx.Client(
            base_url=url,
            headers={"X-Shownotes": "desk", "Origin": url},
            timeout=PATIENCE_S,
            trust_env=False,
        ) as client,
    ):
        found = re.search(r'name="csrf" value="([^"]*)"', client.get("/name").text)
        assert found is not None
        form = {"name": "Ann Lee", "next": "/", "csrf": found.group(1)}
        assert client.post("/name", data=form).status_code == 303
        yield client


def row(client: httpx.Client) -> dict[str, Any]:
    (told,) = client.get("/api/episodes").json()
    return dict(told)


def wait_until(client: httpx.Client, is_so: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    ends = time.monotonic() + PATIENCE_S
    while not is_so(told := row(client)):
        assert time.monotonic() < ends, told
        time.sleep(0.05)
    return told


def test_it_waits_with_the_command_and_goes_on_when_the_model_is_here(
    settings: Settings, hub: Hub
) -> None:
    status = pipeline.current_status(episode(settings))
    assert status is not None
    assert (status.state, status.waits_for) == (State.WAITING, WaitsFor.MODEL)
    assert "shownotes models fetch tiny.en" in (status.error or "")
    # Nothing of it is lost meanwhile: the audio is prepared.
    assert (episode(settings).path / "work" / "audio.wav").is_file()
    models.fetch("tiny.en")
    status = pipeline.current_status(episode(settings))
    assert status is not None
    assert status.waits_for is None
    assert "is here now" in (status.error or "")
    process(settings)
    status = pipeline.current_status(episode(settings))
    assert status is not None
    assert (status.state, status.error) == (State.DRAFT, None)


def test_the_desk_fetches_it_and_has_what_waited_processed(
    client: httpx.Client, settings: Settings, started: list[Path]
) -> None:
    told = row(client)
    assert (told["state"], told["waits_for"]) == ("waiting", "model")
    assert told["needs"] == {"model": "tiny.en", "megabytes": 78, "can_fetch": True, "fetch": None}
    assert client.post("/api/models/tiny.en/fetch", json={}).status_code == 202
    told = wait_until(client, lambda told: told["needs"] is None and bool(started))
    assert (told["state"], told["error"]) == ("queued", None)
    assert started == [settings.audio_folder / "talk.mp3"]
    assert models.locate("tiny.en") is not None


def test_what_goes_wrong_is_told_and_can_be_tried_again(
    client: httpx.Client, hub: Hub, started: list[Path]
) -> None:
    hub.corrupts = True
    client.post("/api/models/tiny.en/fetch", json={})
    told = wait_until(
        client, lambda told: bool(told["needs"]["fetch"]) and bool(told["needs"]["fetch"]["error"])
    )
    assert "hash differs" in told["needs"]["fetch"]["error"]
    assert not told["needs"]["fetch"]["is_running"]
    assert started == []
    hub.corrupts = False
    client.post("/api/models/tiny.en/fetch", json={})
    wait_until(client, lambda told: bool(started))


def test_only_what_is_a_model_is_fetched_and_only_by_the_desk_s_own_page(
    client: httpx.Client, hub: Hub
) -> None:
    refused = client.post("/api/models/gigantic/fetch", json={})
    assert refused.status_code == 400
    assert "no model" in refused.json()["error"]
    no_header = {"X-Shownotes": "", "Origin": str(client.base_url)}
    assert client.post("/api/models/tiny.en/fetch", headers=no_header).status_code == 403
    elsewhere = {"Origin": "https://evil.example.org"}
    assert client.post("/api/models/tiny.en/fetch", headers=elsewhere).status_code == 403
    assert hub.sent == 0


def test_nothing_is_fetched_where_the_settings_say_never(settings: Settings, hub: Hub) -> None:
    never = settings.with_values({"speech.download": "never"})
    guard, desk = build_desk(never, port=0)
    with running_on(guard, desk) as url:
        headers = {"X-Shownotes": "desk", "Origin": url}
        with httpx.Client(base_url=url, headers=headers, trust_env=False, timeout=60) as client:
            found = re.search(r'name="csrf" value="([^"]*)"', client.get("/name").text)
            assert found is not None
            client.post("/name", data={"name": "Ann", "next": "/", "csrf": found.group(1)})
            assert row(client)["needs"]["can_fetch"] is False
            assert client.post("/api/models/tiny.en/fetch", json={}).status_code == 400
    assert hub.sent == 0


def test_one_that_was_cancelled_can_be_asked_for_again(
    client: httpx.Client, settings: Settings, started: list[Path]
) -> None:
    folder = episode(settings)
    assert pipeline.cancel(folder, settings, by="Bo")
    told = row(client)
    assert (told["waits_for"], told["retryable"], told["needs"]) == ("retry", True, None)
    assert "Cancelled by Bo" in told["error"]
    assert client.post(f"/api/episodes/{told['id']}/retry", json={}).status_code == 202
    assert started == [settings.audio_folder / "talk.mp3"]
    assert cancelling.standing_request(folder) is None


@pytest.fixture
def waiting(tmp_path: Path, hub: Hub) -> Iterator[DeskServer]:
    """A desk process whose one episode waits."""
    server = lay_out_desk(tmp_path, seconds=10.0)
    status = Status(
        state=State.WAITING,
        title="The River Has a Budget",
        step="transcribe",
        error="The speech model 'tiny.en' is not on this machine.",
        waits_for=WaitsFor.MODEL,
        model="tiny.en",
    )
    server.folder.write("status.json", status)
    server.start()
    yield server
    server.stop()


@pytest.mark.browser
def test_the_button_in_the_list(chromium: Any, waiting: DeskServer, hub: Hub) -> None:
    hub.corrupts = True
    with opening(chromium, waiting) as opens:
        opened = opens()
        page = opened.page
        page.goto(waiting.url)
        page.get_by_text("Waits for a model").wait_for()
        button = page.get_by_role("button", name="Fetch the model (78 MB)")
        assert page.get_by_role("button", name="Try again").is_hidden()
        button.click()
        page.get_by_text("its hash differs").wait_for()
        page.get_by_role("button", name="Go on fetching the model (78 MB)").wait_for()
        assert opened.errors == []
