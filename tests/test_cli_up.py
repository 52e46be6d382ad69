"""What `up` refuses to begin with; `tests/flows/test_up.py` has it run."""

import signal
import socket
from pathlib import Path

import pytest
from typer.testing import CliRunner

from shownotes import cli
from shownotes.adapters.up_book import only_one, running_up
from shownotes.cli_up import Stop
from shownotes.errors import AlreadyUpError, SettingsError


def up(root: Path, *words: str) -> tuple[int, str]:
    told = CliRunner().invoke(cli.app, ["up", "--root", str(root), *words], catch_exceptions=False)
    return told.exit_code, told.output


def test_an_open_server_is_refused(workspace: Path) -> None:
    (workspace / "shownotes.toml").write_text('[prefect]\nhost = "0.0.0.0"\n', encoding="utf-8")
    with pytest.raises(SettingsError, match="PREFECT_SERVER_API_AUTH_STRING"):
        up(workspace)


def test_a_second_one_is_refused_before_anything_is_looked_at(workspace: Path) -> None:
    with only_one(workspace / "output") as note:
        note("http://127.0.0.1:8765/", None, None)
        with pytest.raises(AlreadyUpError, match=r"http://127\.0\.0\.1:8765/"):
            up(workspace)


def test_the_home_screen_says_that_it_runs(
    workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(workspace)
    with only_one(workspace / "output") as note:
        note("http://127.0.0.1:8765/", None, None)
        told = CliRunner().invoke(cli.app, [], catch_exceptions=False).output
    assert "`shownotes up` is running. The desk: http://127.0.0.1:8765/" in told
    told = CliRunner().invoke(cli.app, [], catch_exceptions=False).output
    assert "is running" not in told


def test_a_machine_that_is_not_ready_is_told_and_nothing_is_begun(workspace: Path) -> None:
    (workspace / "audio").rmdir()
    code, told = up(workspace)
    assert code == 1
    assert "In-tray" in told
    assert "is not a folder" in told
    assert running_up(workspace / "output") is None
    assert not (workspace / "output" / ".logs").exists()


def test_a_port_that_is_taken_is_named_before_anything_is_begun(workspace: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(SettingsError, match=rf"shownotes up --port {port + 1}"):
            up(workspace, "--port", str(port))
    assert not (workspace / "output" / ".logs").exists()


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="POSIX")
def test_signals_are_counted_and_given_back() -> None:
    before = signal.getsignal(signal.SIGTERM)
    # Under `nohup` it would be ignored, and rightly so.
    hangup = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    with Stop() as stop:
        assert stop.count == 0
        signal.raise_signal(signal.SIGTERM)
        signal.raise_signal(signal.SIGHUP)
        assert stop.count == 2
    signal.signal(signal.SIGHUP, hangup)
    assert signal.getsignal(signal.SIGTERM) is before


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="POSIX")
def test_nohup_is_respected() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with Stop() as stop:
            signal.raise_signal(signal.SIGHUP)
            assert stop.count == 0
    finally:
        signal.signal(signal.SIGHUP, before)
