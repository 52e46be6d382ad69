"""Runs made of files, and Prefect's books put right, against a real server."""

import asyncio
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterDeploymentId,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import FlowRun, State, StateType
from prefect.settings import temporary_settings
from prefect.states import Cancelled, Cancelling, Pending, Running, Scheduled

from flows.deployments import PROCESS_AUDIO, PUBLISH_APPROVED, Deployment
from flows.reconciling import Reconciler, deployment_ids
from flows.submitting import Submitter
from flows.watch_audio import Watcher
from shownotes.adapters.run_marks import alive
from shownotes.batch import RunOptions
from shownotes.errors import FlowError
from shownotes.model import Span
from shownotes.settings import Settings, load_settings
from shownotes.steps import prepare
from shownotes.steps.drop_folder import Taken
from tests.flows.prefect_server import ask, free_port
from tests.flows.test_process_audio import VTT

pytestmark = [
    pytest.mark.server,
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning:prefect"),
]
TRAINS = "audio/late-trains.vtt"


@pytest.fixture
def settings(workspace: Path) -> Settings:
    (workspace / "audio" / "late-trains.vtt").write_text(VTT, encoding="utf-8")
    (workspace / "audio" / "late-trains.toml").write_text('show = "Slow Rails"\n', encoding="utf-8")
    (workspace / "shownotes.toml").write_text(
        "[drop]\nrest_s = 0.2\nlooks = 2\nlook_every_s = 0.05\n", encoding="utf-8"
    )
    return load_settings(workspace)


@pytest.fixture(scope="module")
def deployed(server: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Everything that these tests make runs of; each run says its own working folder."""
    settings = Settings(root=tmp_path_factory.mktemp("deployed"))
    with temporary_settings(updates={"api.url": server}):
        for deployment in (PROCESS_AUDIO, PUBLISH_APPROVED):
            asyncio.run(_deploy(deployment, settings))


async def _deploy(deployment: Deployment, settings: Settings) -> None:
    prepared = await deployment.to_prefect(settings)
    await prepared.aapply()


@pytest.fixture
def client(deployed: None, server: str) -> Iterator[SyncPrefectClient]:
    with temporary_settings(updates={"api.url": server}), get_client(sync_client=True) as opened:
        yield opened


def runs_of(server: str, settings: Settings) -> list[dict[str, Any]]:
    """The runs of process_audio in this working folder."""
    found = ask(server, "flow_runs", flows={"name": {"any_": ["process_audio"]}}, limit=200)
    return [run for run in found if run["parameters"].get("root") == str(settings.root.resolve())]


def taken(attempt: int = 1) -> Taken:
    return Taken(path=TRAINS, fingerprint="f", attempt=attempt, key=f"{time.time_ns()}")


# --------------------------------------------------------------------------- making runs


def test_a_file_becomes_one_run_with_a_name_and_tags(
    settings: Settings, client: SyncPrefectClient, server: str
) -> None:
    submitter, file = Submitter(settings), taken(attempt=3)
    submitter.submit(client, file)
    submitter.submit(client, file)
    (run,) = runs_of(server, settings)
    assert run["name"] == "late-trains, attempt 3"
    assert set(run["tags"]) == {"episode:late-trains", "show:Slow Rails"}
    assert run["parameters"]["paths"] == [TRAINS]
    assert run["deployment_id"] == str(deployment_ids(client)[PROCESS_AUDIO.name])
    assert submitter.queued(client) == {TRAINS}


def test_another_folder_s_runs_are_not_ours(
    settings: Settings, client: SyncPrefectClient, tmp_path: Path
) -> None:
    Submitter(settings).submit(client, taken())
    elsewhere = settings.model_copy(update={"root": tmp_path / "elsewhere"})
    assert Submitter(elsewhere).queued(client) == set()


def test_what_a_person_asks_for_twice_is_done_once_and_something_else_as_well(
    settings: Settings, client: SyncPrefectClient, server: str
) -> None:
    submitter, path = Submitter(settings), settings.root / TRAINS
    submitter.start([path], RunOptions())
    submitter.start([path], RunOptions())
    again = RunOptions(redo=Span(start=3.0, end=7.5), model="small")
    submitter.start([path], again)
    submitter.start([path], again)
    asked = [run["parameters"] for run in runs_of(server, settings)]
    assert sorted(str(parameters["redo"]) for parameters in asked) == ["None", "[3.0, 7.5]"]
    assert {parameters["model"] for parameters in asked} == {None, "small"}


def test_a_wrong_sidecar_costs_a_tag_and_no_run(
    settings: Settings, client: SyncPrefectClient, server: str
) -> None:
    (settings.audio_folder / "late-trains.toml").write_text("show = \n", encoding="utf-8")
    Submitter(settings).submit(client, taken())
    assert runs_of(server, settings)[0]["tags"] == ["episode:late-trains"]


def test_a_server_that_is_gone_is_an_error_of_ours(settings: Settings) -> None:
    gone = f"http://127.0.0.1:{free_port()}/api"
    with (
        temporary_settings(updates={"api.url": gone, "client.max_retries": 0}),
        pytest.raises(FlowError, match="in-tray"),
    ):
        Submitter(settings).start([settings.root / TRAINS], RunOptions())


# --------------------------------------------------------------------------- watching


def test_a_watcher_hands_over_what_is_ready_once(
    settings: Settings, client: SyncPrefectClient, server: str
) -> None:
    told: list[str] = []
    watcher = Watcher(settings, client, tell=told.append)
    for _ in range(40):
        time.sleep(watcher.look() if not watcher.count else 0.05)
    assert watcher.count == 1
    assert [run["parameters"]["paths"] for run in runs_of(server, settings)] == [[TRAINS]]
    assert told == [f"{TRAINS} is ready, attempt 1."]


def test_a_watcher_leaves_what_the_desk_has_handed_over(
    settings: Settings, client: SyncPrefectClient, server: str
) -> None:
    Submitter(settings).start([settings.root / TRAINS], RunOptions())
    watcher = Watcher(settings, client, tell=print)
    for _ in range(20):
        watcher.look()
        time.sleep(0.05)
    assert watcher.count == 0
    assert len(runs_of(server, settings)) == 1


def test_a_watcher_takes_settings_that_change(
    settings: Settings, client: SyncPrefectClient
) -> None:
    watcher = Watcher(settings, client, tell=print)
    (settings.root / "shownotes.toml").write_text("[drop]\nrest_s = 77\n", encoding="utf-8")
    watcher.take_settings(settings.root)
    assert watcher.settings.drop.rest_s == 77


# --------------------------------------------------------------------------- the books


def run_in(
    client: SyncPrefectClient, settings: Settings, state: State[Any], **parameters: object
) -> FlowRun:
    """A run of process_audio that the server believes to be in this state."""
    made = client.create_flow_run_from_deployment(
        deployment_ids(client)[PROCESS_AUDIO.name],
        parameters={"paths": [TRAINS], "root": str(settings.root.resolve()), **parameters},
    )
    client.set_flow_run_state(made.id, state, force=True)
    return made


def state_of(client: SyncPrefectClient, run_id: UUID) -> tuple[StateType, str]:
    state = client.read_flow_run(run_id).state
    assert state is not None
    return state.type, state.message or ""


def test_a_run_whose_process_is_gone_is_ended_after_two_looks(
    settings: Settings, client: SyncPrefectClient
) -> None:
    run = run_in(client, settings, Running())
    patient = Reconciler(settings)
    assert patient.look(client) == []
    assert patient.look(client) == []
    assert state_of(client, run.id)[0] is StateType.RUNNING
    hasty = Reconciler(settings, stale_s=0.0)
    assert hasty.look(client) == [f"{run.name}: its process is gone, the run is ended."]
    assert state_of(client, run.id)[0] is StateType.CRASHED
    assert hasty.look(client) == []


def test_a_run_that_lives_is_left_alone(settings: Settings, client: SyncPrefectClient) -> None:
    run = run_in(client, settings, Running())
    hasty = Reconciler(settings, stale_s=0.0)
    with alive(settings.output_folder, str(run.id)):
        assert hasty.look(client) == []
    folder = prepare.admit(settings.root / TRAINS, settings)
    with folder.claim(holder="another machine"):
        assert hasty.look(client) == []
    assert len(hasty.look(client)) == 1


def test_a_run_that_comes_back_is_not_counted_from_before(
    settings: Settings, client: SyncPrefectClient
) -> None:
    run = run_in(client, settings, Running())
    reconciler = Reconciler(settings)
    reconciler.look(client)
    assert run.id in reconciler.missed
    with alive(settings.output_folder, str(run.id)):
        reconciler.look(client)
    assert run.id not in reconciler.missed


def test_what_a_person_asked_of_a_run_that_died_is_asked_again(
    settings: Settings, client: SyncPrefectClient, server: str
) -> None:
    run_in(client, settings, Running(), redo=[3.0, 7.5])
    plain = run_in(client, settings, Running())
    assert len(Reconciler(settings, stale_s=0.0).look(client)) == 2
    states = {
        (str(run["parameters"].get("redo")), run["state_type"]) for run in runs_of(server, settings)
    }
    assert states == {("[3.0, 7.5]", "CRASHED"), ("[3.0, 7.5]", "SCHEDULED"), ("None", "CRASHED")}
    assert state_of(client, plain.id)[0] is StateType.CRASHED


def test_a_run_that_was_to_stop_and_whose_process_is_gone_is_cancelled(
    settings: Settings, client: SyncPrefectClient
) -> None:
    run = run_in(client, settings, Cancelling())
    Reconciler(settings, stale_s=0.0).look(client)
    assert state_of(client, run.id)[0] is StateType.CANCELLED


def _cancel_due(client: SyncPrefectClient, deployment: UUID) -> None:
    wanted = FlowRunFilter(
        deployment_id=FlowRunFilterDeploymentId(any_=[deployment]),
        state=FlowRunFilterState(type=FlowRunFilterStateType(any_=[StateType.SCHEDULED])),
    )
    for run in client.read_flow_runs(flow_run_filter=wanted, limit=200):
        client.set_flow_run_state(run.id, Cancelled(), force=True)


def test_of_late_runs_the_newest_is_kept(settings: Settings, client: SyncPrefectClient) -> None:
    deployment = deployment_ids(client)[PUBLISH_APPROVED.name]
    now = datetime.now(UTC)
    # Other tests may have left runs that are of no folder in particular.
    _cancel_due(client, deployment)
    runs = [
        client.create_flow_run_from_deployment(
            deployment,
            parameters={"root": str(settings.root)},
            state=Scheduled(scheduled_time=now - timedelta(minutes=age)),
        )
        for age in (30, 20, 10, -60)
    ]
    late = run_in(client, settings, Scheduled(scheduled_time=now - timedelta(hours=9)))
    told = Reconciler(settings).look(client)
    # What another test has deployed, for whatever folder a worker is in, may have become late too.
    assert told in [[f"publish_approved: {n} late runs cancelled."] for n in (2, 3)]
    states = [state_of(client, run.id)[0].value for run in runs]
    assert states == ["CANCELLED", "CANCELLED", "SCHEDULED", "SCHEDULED"]
    # A file that waits for its turn is never too late.
    assert state_of(client, late.id)[0] is StateType.SCHEDULED


def test_a_run_that_died_does_not_keep_its_place(
    settings: Settings, client: SyncPrefectClient
) -> None:
    deployment = deployment_ids(client)[PUBLISH_APPROVED.name]
    dead, second, third = (
        client.create_flow_run_from_deployment(deployment, parameters={"root": str(settings.root)})
        for _ in range(3)
    )
    client.set_flow_run_state(dead.id, Pending())
    client.set_flow_run_state(dead.id, Running())
    client.set_flow_run_state(second.id, Pending())
    assert state_of(client, second.id) == (
        StateType.CANCELLED,
        "Deployment concurrency limit reached.",
    )
    Reconciler(settings, stale_s=0.0).look(client)
    client.set_flow_run_state(third.id, Pending())
    assert state_of(client, third.id)[0] is StateType.PENDING


def test_what_is_not_deployed_is_said(settings: Settings, client: SyncPrefectClient) -> None:
    client.delete_deployment(deployment_ids(client)[PROCESS_AUDIO.name])
    try:
        with pytest.raises(FlowError, match="is not deployed"):
            Submitter(settings).start([settings.root / TRAINS], RunOptions())
    finally:
        asyncio.run(_deploy(PROCESS_AUDIO, settings))
