"""The commands around the desk: who may open it, and what it says when it cannot."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner

from shownotes import cli
from shownotes.errors import AccountError, SettingsError


def run(*words: str, root: Path) -> str:
    told = CliRunner().invoke(cli.app, [*words, "--root", str(root)], catch_exceptions=False)
    assert told.exit_code == 0, told.output
    return told.output


def test_editors_are_invited_listed_and_removed(workspace: Path) -> None:
    assert "None. The desk is open on this machine alone" in run("desk", "editors", root=workspace)
    told = run("desk", "invite", "Ann Lee", root=workspace)
    assert re.search(r"http://127\.0\.0\.1:8765/invite/\S{20,}", told)
    assert "Ann Lee" in run("desk", "editors", root=workspace)
    assert "cannot sign in any more" in run("desk", "remove", "Ann Lee", root=workspace)
    assert "Ann Lee" not in run("desk", "editors", root=workspace)


def test_a_desk_for_others_needs_an_account(workspace: Path) -> None:
    with pytest.raises(AccountError, match="Invite an editor first"):
        run("desk", "--host", "0.0.0.0", root=workspace)


def test_a_port_that_is_taken_is_named(workspace: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(SettingsError, match="cannot listen"):
            run("desk", "--port", str(port), root=workspace)


def test_the_desk_opens_answers_and_closes(workspace: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "shownotes.cli",
            "desk",
            "--root",
            str(workspace),
            "--port",
            str(port),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    assert process.stdout is not None
    try:
        assert f"The desk is open:  http://127.0.0.1:{port}/" in process.stdout.readline()
        for _ in range(100):
            try:
                page = httpx.get(f"http://127.0.0.1:{port}/name", trust_env=False, timeout=10)
                break
            except httpx.ConnectError:
                time.sleep(0.2)
        assert "name" in page.text
    finally:
        process.send_signal(signal.SIGINT)
        rest = process.communicate(timeout=60)[0]
    assert "Traceback" not in rest
