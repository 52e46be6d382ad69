"""A real Prefect server, as an operator starts one, and what it has booked."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

START_TIMEOUT_S = 400.0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def environment(home: Path, **more: str) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith("PREFECT_API")}
    return {
        **kept,
        "PREFECT_HOME": str(home),
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "DO_NOT_TRACK": "1",
        **more,
    }


def wait_for(condition: Any, timeout_s: float) -> bool:
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.2)
    return False


def answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/health", trust_env=False).is_success
    except httpx.HTTPError:
        return False


@contextmanager
def running_server(home: Path) -> Iterator[str]:
    """The address of the API of a server over the database in `home`."""
    port = free_port()
    url = f"http://127.0.0.1:{port}/api"
    process = subprocess.Popen(
        [sys.executable, "-m", "prefect", "server", "start", "--port", str(port), "--no-ui"],
        env=environment(home),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        assert wait_for(lambda: answers(url), START_TIMEOUT_S), "the Prefect server did not start"
        yield url
    finally:
        process.terminate()
        process.wait(timeout=60)


def ask(url: str, what: str, **filters: object) -> list[dict[str, Any]]:
    answer = httpx.post(f"{url}/{what}/filter", json=filters, trust_env=False)
    answer.raise_for_status()
    found: list[dict[str, Any]] = answer.json()
    return found


def newest_run(url: str, **filters: object) -> dict[str, Any]:
    """The run that began last; without filters, of those that no deployment has scheduled."""
    begun = {"start_time": {"is_null_": False}, "deployment_id": {"is_null_": True}}
    chosen: dict[str, Any] = filters or {"flow_runs": begun}
    return ask(url, "flow_runs", sort="START_TIME_DESC", limit=1, **chosen)[0]


def task_runs(url: str, flow_run: dict[str, Any], *, ended: int) -> dict[str, dict[str, Any]]:
    """Task runs by name, when `ended` of them have: the server books them a little later."""
    found: dict[str, dict[str, Any]] = {}

    def are_booked() -> bool:
        filters = {"id": {"any_": [flow_run["id"]]}}
        found.update({task["name"]: task for task in ask(url, "task_runs", flow_runs=filters)})
        states = [task["state_type"] for task in found.values()]
        return sum(state in ("COMPLETED", "FAILED") for state in states) >= ended

    assert wait_for(are_booked, 60), found.keys()
    return found
