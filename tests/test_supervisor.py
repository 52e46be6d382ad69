"""What `up` starts: with which addresses, databases and secrets, and what it refuses to."""

import os
import socket
import sys
from pathlib import Path

import pytest

from shownotes.adapters.kept_processes import Child, environment
from shownotes.errors import FlowError, SettingsError
from shownotes.settings import load_settings
from shownotes.supervisor import (
    Plan,
    Supervisor,
    answers,
    check_binding,
    client_environment,
    free_port,
    own_api,
    server_environment,
)

AUTH = "PREFECT_SERVER_API_AUTH_STRING"


@pytest.fixture(autouse=True)
def no_prefect_of_ours(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in list(os.environ):
        if name.startswith("PREFECT_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))


def plan_of(root: Path, *, host: str = "127.0.0.1", api: str | None = None) -> Plan:
    settings = load_settings(root).with_values({"prefect.host": host})
    return Plan(settings=settings, api=api, prefect_port=4321, desk_port=8765)


def test_the_server_listens_here_alone_and_its_pages_ask_it(workspace: Path) -> None:
    told = server_environment(plan_of(workspace))
    assert told["PREFECT_SERVER_API_HOST"] == "127.0.0.1"
    assert told["PREFECT_SERVER_UI_API_URL"] == "http://127.0.0.1:4321/api"
    assert "PREFECT_API_URL" not in told
    assert told["PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE"].endswith("filesystem")


def test_what_listens_everywhere_is_asked_at_this_machine_s_own_address(workspace: Path) -> None:
    assert own_api(plan_of(workspace, host="0.0.0.0")) == "http://127.0.0.1:4321/api"
    assert own_api(plan_of(workspace, host="::1")) == "http://[::1]:4321/api"


def test_an_operator_s_own_settings_win(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PREFECT_SERVER_SERVICES_LATE_RUNS_ENABLED", "true")
    monkeypatch.setenv("PREFECT_HOME", "/elsewhere")
    told = server_environment(plan_of(workspace))
    assert told["PREFECT_SERVER_SERVICES_LATE_RUNS_ENABLED"] == "true"
    assert told["PREFECT_HOME"] == "/elsewhere"


def test_every_working_folder_has_a_database_of_its_own_outside_of_it(
    workspace: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other" / "workspace"
    other.mkdir(parents=True)
    homes = {server_environment(plan_of(root))["PREFECT_HOME"] for root in (workspace, other)}
    assert len(homes) == 2
    assert all(Path(home).parent == tmp_path / ".prefect" / "shownotes" for home in homes)
    assert client_environment(plan_of(workspace))["PREFECT_HOME"] in homes
    profiles = server_environment(plan_of(workspace))["PREFECT_PROFILES_PATH"]
    assert profiles == str(tmp_path / ".prefect" / "profiles.toml")


def test_those_who_ask_the_server_are_told_its_password(
    workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(AUTH, "ops:secret")
    assert client_environment(plan_of(workspace))["PREFECT_API_AUTH_STRING"] == "ops:secret"
    monkeypatch.delenv(AUTH)
    assert "PREFECT_API_AUTH_STRING" not in client_environment(plan_of(workspace))


def test_a_configured_server_is_used_and_none_is_started(
    workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PREFECT_API_URL", "https://prefect.example.org/api")
    plan = plan_of(workspace, api="https://prefect.example.org/api")
    supervisor = Supervisor(plan)
    assert list(supervisor.children) == ["flows", "desk"]
    assert supervisor.pages == "https://prefect.example.org/"
    told = client_environment(plan)
    assert told["PREFECT_API_URL"] == "https://prefect.example.org/api"
    assert "PREFECT_HOME" not in told


def test_another_address_needs_a_password(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = plan_of(workspace, host="0.0.0.0").settings
    with pytest.raises(SettingsError, match=AUTH):
        check_binding(settings)
    monkeypatch.setenv(AUTH, "ops:secret")
    check_binding(settings)
    monkeypatch.delenv(AUTH)
    check_binding(plan_of(workspace).settings)


def test_a_port_that_is_taken_is_named() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(SettingsError, match=f"port {port}") as caught:
            free_port("127.0.0.1", port, whose="The desk", instead="Take another.")
        assert "Take another." in str(caught.value)
        free = free_port("127.0.0.1", 0, whose="The desk", instead="")
        assert free not in (0, port)
    assert not answers("127.0.0.1", free)


def _tend_for_ever(supervisor: Supervisor) -> None:
    while True:
        supervisor.tend()


def test_a_server_that_does_not_start_is_an_error_with_its_last_words(workspace: Path) -> None:
    supervisor = Supervisor(plan_of(workspace))
    broken = [sys.executable, "-c", "print('address in use', flush=True); raise SystemExit(1)"]
    supervisor._children = {
        name: Child(name, broken, environment(), workspace, workspace / f"{name}.log")
        for name in ("Prefect", "flows")
    }

    def tend_for_ever() -> None:
        while True:
            supervisor.tend()

    with pytest.raises(FlowError, match="It said last: address in use"):
        tend_for_ever()
    assert supervisor.children["flows"] is None
    supervisor.stop(hurry=lambda: True)
