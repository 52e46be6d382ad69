"""Files into runs of `process_audio`: one a file, made once, with name and tags for people."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterDeploymentId,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.client.schemas.sorting import FlowRunSort
from prefect.exceptions import ObjectNotFound, PrefectException

from flows.deployments import PROCESS_AUDIO
from shownotes.batch import RunOptions
from shownotes.errors import FlowError, ShowNotesError
from shownotes.model import Metadata
from shownotes.settings import Settings
from shownotes.steps.drop_folder import Taken
from shownotes.steps.intray import merged_metadata, relative

WAITING = (StateType.SCHEDULED, StateType.PENDING)
UNDER_WAY = (StateType.RUNNING, StateType.CANCELLING, StateType.PAUSED)
# What the server gives at a time, at most.
PAGE = 200


@dataclass(frozen=True, slots=True)
class Submitter:
    """Makes runs of `process_audio` for one working folder, and knows which there are."""

    settings: Settings

    def start(self, paths: Sequence[Path], options: RunOptions) -> None:
        """Have files processed, as a person asked; the same while it waits already is done once.

        Raises:
            FlowError: the server does not take it.
        """
        with _client() as client:
            runs = active_runs(client, deployment_id(client), self.settings, WAITING)
            waiting = [run.parameters for run in runs]
            for path in paths:
                wanted = self._parameters(relative(path, self.settings), options)
                if not any(_is_same(wanted, known) for known in waiting):
                    self._create(client, path, wanted)

    def submit(self, client: SyncPrefectClient, taken: Taken) -> None:
        """Have a file processed that was found in the in-tray.

        Raises:
            FlowError: the server does not take it.
        """
        path = self.settings.root / taken.path
        parameters = self._parameters(taken.path, RunOptions())
        with _our_errors():
            self._create(client, path, parameters, key=taken.key, attempt=taken.attempt)

    def queued(self, client: SyncPrefectClient) -> set[str]:
        """The files of which a run is scheduled, waiting or running.

        Raises:
            FlowError: the server does not answer.
        """
        with _our_errors():
            types = (*WAITING, *UNDER_WAY)
            runs = active_runs(client, deployment_id(client), self.settings, types)
        return {path for run in runs for path in run.parameters.get("paths") or ()}

    def _parameters(self, path: str, options: RunOptions) -> dict[str, Any]:
        redo = options.redo
        return {
            "paths": [path],
            "root": str(self.settings.root.resolve()),
            "forced": sorted(options.forced) or None,
            "redo": [redo.start, redo.end] if redo else None,
            "model": options.model,
        }

    def _create(
        self,
        client: SyncPrefectClient,
        path: Path,
        parameters: dict[str, Any],
        *,
        key: str | None = None,
        attempt: int = 1,
    ) -> None:
        client.create_flow_run_from_deployment(
            deployment_id(client),
            parameters=parameters,
            idempotency_key=key,
            name=f"{path.stem}, attempt {attempt}" if attempt > 1 else path.stem,
            tags=self._tags(path),
        )

    def _tags(self, path: Path) -> list[str]:
        tags = [f"episode:{path.stem}"]
        with suppress(ShowNotesError, OSError):
            show = merged_metadata(path, self.settings, Metadata()).show
            tags += [f"show:{show}"] if show else []
        return tags


def active_runs(
    client: SyncPrefectClient, deployment: UUID, settings: Settings, types: Collection[StateType]
) -> list[FlowRun]:
    """The runs of a deployment in these states, of this working folder."""
    wanted = FlowRunFilter(
        deployment_id=FlowRunFilterDeploymentId(any_=[deployment]),
        state=FlowRunFilterState(type=FlowRunFilterStateType(any_=list(types))),
    )
    return [run for run in read_all(client, wanted) if is_of(run, settings)]


def read_all(client: SyncPrefectClient, wanted: FlowRunFilter) -> list[FlowRun]:
    """Every run that a filter lets through, the earliest first."""
    found: list[FlowRun] = []
    while True:
        page = client.read_flow_runs(
            flow_run_filter=wanted,
            sort=FlowRunSort.EXPECTED_START_TIME_ASC,
            limit=PAGE,
            offset=len(found),
        )
        found += page
        if len(page) < PAGE:
            return found


def is_of(run: FlowRun, settings: Settings) -> bool:
    """Whether a run is of this working folder; a server may serve several."""
    root = run.parameters.get("root", ".")
    return root == "." or Path(root) in (settings.root, settings.root.resolve())


def deployment_id(client: SyncPrefectClient) -> UUID:
    """Of `process_audio`, as the server has it now.

    Raises:
        FlowError: it is not deployed there.
    """
    try:
        return client.read_deployment_by_name(PROCESS_AUDIO.full_name).id
    except ObjectNotFound as error:
        raise FlowError(
            f"{PROCESS_AUDIO.full_name} is not deployed at {client.api_url}. Start `shownotes up`, "
            "or deploy it: prefect deploy --all"
        ) from error


def _is_same(wanted: dict[str, Any], known: dict[str, Any]) -> bool:
    return all(known.get(key) == value for key, value in wanted.items())


@contextmanager
def _client() -> Iterator[SyncPrefectClient]:
    with _our_errors(), get_client(sync_client=True) as client:
        yield client


@contextmanager
def _our_errors() -> Iterator[None]:
    """Turn the server's silence and its refusals into an error of ours."""
    try:
        yield
    except (httpx.HTTPError, PrefectException, RuntimeError) as error:
        raise FlowError(
            f"Prefect's server does not take it ({error}). What lies in the in-tray is taken from "
            "there when the server answers again."
        ) from error
