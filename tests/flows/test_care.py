"""What the flow says of episodes that were cancelled, logs, and tells."""

import json
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from prefect.client.schemas.objects import FlowRun
from prefect.settings import temporary_settings
from prefect.states import Cancelling, Running

from flows.cancelling import keep_cancelled
from flows.process_audio import process_audio, run_process_audio
from shownotes.adapters.store import EpisodeFolder
from shownotes.batch import Outcome, RunOptions
from shownotes.settings import Settings, load_settings
from shownotes.steps import cancelling, prepare
from shownotes.steps.step import Silent
from tests.flows.prefect_server import newest_run
from tests.local_server import Answer, serve
from tests.test_pipeline import VTT

pytestmark = [
    pytest.mark.server,
    # Prefect's websocket clients are closed by its own threads, after the test that opened them.
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning:prefect"),
]


@pytest.fixture
def settings(workspace: Path) -> Settings:
    (workspace / "audio" / "late-trains.vtt").write_text(VTT, encoding="utf-8")
    return load_settings(workspace)


def run(settings: Settings, url: str) -> list[Outcome]:
    with temporary_settings(updates={"api.url": url}):
        return run_process_audio(
            prepare.find_audio(settings), settings, options=RunOptions(), progress=Silent()
        )


def admitted(settings: Settings) -> EpisodeFolder:
    return prepare.admit(settings.audio_folder / "late-trains.vtt", settings)


def test_a_run_of_a_cancelled_episode_is_cancelled(settings: Settings, server: str) -> None:
    folder = admitted(settings)
    cancelling.ask_to_stop(folder, by="Ann")
    (outcome,) = run(settings, server)
    assert outcome.is_cancelled
    flow_run = newest_run(server)
    assert flow_run["state_type"] == "CANCELLED"
    assert "Cancelled by Ann" in flow_run["state"]["message"]
    assert not folder.has("draft.json")


def test_the_log_and_the_webhook_know_of_a_run(
    settings: Settings, server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOWNOTES_WEBHOOK_SECRET", "a secret for tests")
    with serve(lambda _request: Answer(204)) as hook:
        config = f'[notify]\nwebhook = "{hook.url}/hook"\n'
        (settings.root / "shownotes.toml").write_text(config, encoding="utf-8")
        for _ in range(2):
            # As a deployment runs it: everything comes from the parameters.
            with temporary_settings(updates={"api.url": server}):
                state = process_audio(root=str(settings.root), return_state=True)
            assert state.is_completed()
    assert [request.data["event"] for request in hook.seen] == ["episode.draft"]
    lines = (settings.output_folder / ".logs" / "shownotes.jsonl").read_text("utf-8").splitlines()
    told: list[dict[str, Any]] = [json.loads(line) for line in lines]
    assert any(line["step"] == "compose" and line["message"] == "done" for line in told)
    runs = {line["run"] for line in told}
    assert len(runs) == 2
    assert any(newest_run(server)["id"] in run for run in runs)


@pytest.mark.parametrize("is_asked", [True, False], ids=["by a person", "a runner that ends"])
def test_cancel_on_prefect_s_pages_is_cancel(settings: Settings, is_asked: bool) -> None:
    folder = admitted(settings)
    state = Cancelling() if is_asked else Running()
    flow_run = FlowRun(
        flow_id=uuid4(),
        state=state,
        parameters={"root": str(settings.root), "paths": ["audio/late-trains.vtt"]},
    )
    keep_cancelled(process_audio, flow_run, Cancelling())
    request = cancelling.standing_request(folder)
    assert (request is not None) == is_asked
    assert request is None or request.by == "Prefect"
    assert keep_cancelled in process_audio.on_cancellation_hooks
