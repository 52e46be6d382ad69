"""Putting Prefect's books right: runs whose process is gone, and runs that come too late.

Prefect ends no run whose process was killed: it stays `Running` for ever, and keeps its place in a
limit. And what fell due while nothing was running becomes due all at once, one run for each time.
"""

import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterDeploymentId,
    FlowRunFilterNextScheduledStartTime,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import FlowRun, State, StateType
from prefect.exceptions import ObjectNotFound
from prefect.states import Cancelled, Crashed

from flows.deployments import DEPLOYMENTS, PROCESS_AUDIO
from flows.submitting import is_of, read_all
from shownotes.adapters.run_marks import is_alive
from shownotes.errors import ShowNotesError
from shownotes.settings import Settings
from shownotes.steps import prepare

# A run is given up when nobody was seen to be it on two looks so far apart, in seconds: long enough
# for a slow machine to start its process, short beside a file that waits.
STALE_S = 30.0
# A run that is not begun by then is late, in seconds; Prefect itself calls it so after 15.
LATE_S = 15.0
_LIVING = (StateType.RUNNING, StateType.PENDING, StateType.CANCELLING)


@dataclass(slots=True)
class Reconciler:
    """Looks after the runs of one working folder, again and again.

    Attributes:
        missed: when a run was first seen to have no process.
    """

    settings: Settings
    stale_s: float = STALE_S
    missed: dict[UUID, float] = field(default_factory=dict)
    _ids: dict[str, UUID] = field(default_factory=dict)

    def look(self, client: SyncPrefectClient) -> list[str]:
        """End the runs whose process is gone, and the late ones that a newer one makes needless.

        Returns:
            One sentence a run, for the log.
        """
        if len(self._ids) < len(DEPLOYMENTS):
            self._ids = deployment_ids(client)
        told = self._end_stale(client, list(self._ids.values()))
        return told + self._cancel_late(client)

    def _end_stale(self, client: SyncPrefectClient, deployments: Sequence[UUID]) -> list[str]:
        state = FlowRunFilterState(type=FlowRunFilterStateType(any_=list(_LIVING)))
        ours = FlowRunFilterDeploymentId(any_=list(deployments))
        runs = read_all(client, FlowRunFilter(deployment_id=ours, state=state))
        missing = [r for r in runs if is_of(r, self.settings) and not is_living(r, self.settings)]
        now = time.monotonic()
        self.missed = {run.id: self.missed.get(run.id, now) for run in missing}
        stale = [run for run in missing if now - self.missed[run.id] >= self.stale_s]
        for run in stale:
            client.set_flow_run_state(run.id, _ended(run), force=True)
            _ask_again(client, run)
        return [f"{run.name}: its process is gone, the run is ended." for run in stale]

    def _cancel_late(self, client: SyncPrefectClient) -> list[str]:
        before = datetime.now(UTC) - timedelta(seconds=LATE_S)
        told = []
        chores = {n: i for n, i in self._ids.items() if n != PROCESS_AUDIO.name}
        wanted = FlowRunFilter(
            deployment_id=FlowRunFilterDeploymentId(any_=list(chores.values())),
            state=FlowRunFilterState(type=FlowRunFilterStateType(any_=[StateType.SCHEDULED])),
            next_scheduled_start_time=FlowRunFilterNextScheduledStartTime(before_=before),
        )
        due = [run for run in read_all(client, wanted) if is_of(run, self.settings)]
        for name, deployment in chores.items():
            # The newest does the work of all.
            late = [run for run in due if run.deployment_id == deployment][:-1]
            for run in late:
                client.set_flow_run_state(run.id, _needless(), force=True)
            if late:
                told.append(f"{name}: {len(late)} late runs cancelled.")
        return told


def is_living(run: FlowRun, settings: Settings) -> bool:
    """Whether some process, here or on another machine, is this run."""
    if is_alive(settings.output_folder, str(run.id)):
        return True
    return any(_is_claimed(path, settings) for path in run.parameters.get("paths") or ())


def _is_claimed(path: str, settings: Settings) -> bool:
    """Whether anybody works on the episode of a file."""
    try:
        folder = prepare.known(settings.root / path, settings)
    except (ShowNotesError, OSError):
        return False
    return folder is not None and folder.is_claimed()


def deployment_ids(client: SyncPrefectClient) -> dict[str, UUID]:
    """Of our deployments by name, as far as the server has them."""
    found = {}
    for deployment in DEPLOYMENTS:
        with suppress(ObjectNotFound):
            found[deployment.name] = client.read_deployment_by_name(deployment.full_name).id
    return found


def _ended(run: FlowRun) -> State[None]:
    if run.state is not None and run.state.type is StateType.CANCELLING:
        return Cancelled(message="It was asked to stop, and its process is gone.")
    return Crashed(message="Its process is gone; what it had finished is kept.")


def _needless() -> State[None]:
    return Cancelled(message="It came too late, and a newer run does its work.")


def _ask_again(client: SyncPrefectClient, run: FlowRun) -> None:
    """Have done what a person asked of a run that has died; a mere file is found again anyway."""
    options = ("forced", "redo", "model")
    if run.deployment_id is None or not any(run.parameters.get(name) for name in options):
        return
    client.create_flow_run_from_deployment(
        run.deployment_id,
        parameters=run.parameters,
        idempotency_key=f"again-{run.id}",
        name=run.name,
        tags=run.tags,
    )
