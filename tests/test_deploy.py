"""What lies in deploy/: every file is what its reader takes, and names what there is."""

import configparser
import plistlib
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import typer.main
import yaml
from typer.core import TyperGroup

from flows.deployments import CHORES, EPISODES
from shownotes.cli import app

CHECKOUT = Path(__file__).parents[1]
DEPLOY = CHECKOUT / "deploy"
UNITS = sorted(DEPLOY.rglob("*.service"))
# `shownotes up` ends within 30 s; whoever stops it must wait longer before killing.
DRAIN_S = 30


class Unit(configparser.RawConfigParser):
    """A unit's file: its keys may come several times, and their letters count."""

    def optionxform(self, optionstr: str) -> str:
        return optionstr


def service(unit: Path) -> configparser.SectionProxy:
    parser = Unit(strict=False)
    parser.read_string(unit.read_text(encoding="utf-8"))
    return parser["Service"]


def compose() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
    return found


def commands() -> Iterator[tuple[str, list[str]]]:
    """Every command that a file of deploy/ runs: the program's name and its words."""
    for unit in UNITS:
        yield _split(shlex.split(service(unit)["ExecStart"]))
    plist = plistlib.loads((DEPLOY / "launchd" / "org.shownotes.up.plist").read_bytes())
    yield _split(plist["ProgramArguments"])
    for part in compose()["services"].values():
        words = part.get("command", [])
        if words[:1] == ["sh"]:
            for line in words[-1].strip().splitlines():
                yield _split(shlex.split(line))
        elif words:
            yield _split(words)


def _split(words: list[str]) -> tuple[str, list[str]]:
    return Path(words[0]).name, words[1:]


def test_commands_of_ours_are_ones_that_there_are() -> None:
    ours = [words for program, words in commands() if program == "shownotes"]
    assert len(ours) >= 4
    group = typer.main.get_command(app)
    assert isinstance(group, TyperGroup)
    for name, *words in ours:
        command = group.commands[name]
        known = {option for param in command.params for option in param.opts}
        assert {word for word in words if word.startswith("--")} <= known, (name, words)


def test_commands_of_prefect_s_are_ones_that_there_are() -> None:
    wanted: dict[tuple[str, ...], set[str]] = {}
    for program, words in commands():
        if program != "prefect":
            assert program == "shownotes"
            continue
        words = [word for word in words if word != "--no-prompt"]
        name = tuple(words[:1] if words[0] == "deploy" else words[:2])
        wanted.setdefault(name, set()).update(w for w in words if w.startswith("--"))
    assert ("worker", "start") in wanted
    for command, options in wanted.items():
        told = subprocess.run(
            [sys.executable, "-m", "prefect", *command, "--help"],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for option in options:
            assert option in told, (command, option)


def test_workers_ask_for_the_queues_that_there_are() -> None:
    told = "\n".join(path.read_text(encoding="utf-8") for path in [*UNITS, DEPLOY / "compose.yaml"])
    queues = set(re.findall(r'--work-queue"?,? "?(\w+)', told))
    assert queues == {EPISODES, CHORES}
    pools = set(re.findall(r'--pool"?,? "?(\w+)', told))
    prefect = yaml.safe_load((CHECKOUT / "prefect.yaml").read_text(encoding="utf-8"))
    assert pools == {deployment["work_pool"]["name"] for deployment in prefect["deployments"]}


def test_whoever_stops_it_waits_until_it_has_ended() -> None:
    for unit in (
        DEPLOY / "systemd" / "shownotes.service",
        DEPLOY / "systemd/user/shownotes.service",
    ):
        assert int(service(unit)["TimeoutStopSec"]) > DRAIN_S
        assert service(unit)["KillMode"] == "mixed"
    plist = plistlib.loads((DEPLOY / "launchd" / "org.shownotes.up.plist").read_bytes())
    assert plist["ExitTimeOut"] > DRAIN_S
    assert plist["RunAtLoad"] is True
    grace = compose()["x-shownotes"]["stop_grace_period"]
    assert int(grace.removesuffix("s")) > DRAIN_S


def test_the_task_of_windows_has_no_limit_and_runs_up() -> None:
    (space,) = {"{http://schemas.microsoft.com/windows/2004/02/mit/task}"}
    task = ElementTree.parse(DEPLOY / "windows" / "shownotes.xml").getroot()
    assert task.tag == f"{space}Task"
    parts = [child.tag.removeprefix(space) for child in task]
    # The schema wants them in this order.
    assert parts == ["RegistrationInfo", "Triggers", "Principals", "Settings", "Actions"]
    assert task.findtext(f".//{space}ExecutionTimeLimit") == "PT0S"
    assert task.findtext(f".//{space}Arguments") == "up --plain"
    assert task.findtext(f".//{space}StopIfGoingOnBatteries") == "false"


def test_nothing_listens_to_others_without_a_password() -> None:
    for name, part in compose()["services"].items():
        for port in part.get("ports", []):
            assert port.startswith("127.0.0.1:"), (name, port)
        if "0.0.0.0" in part.get("command", []) and "server" in part["command"]:
            assert "PREFECT_SERVER_API_AUTH_STRING" in part["environment"]
    for unit in UNITS:
        if "--host 0.0.0.0" in service(unit)["ExecStart"]:
            told = unit.read_text(encoding="utf-8")
            assert "PREFECT_SERVER_API_AUTH_STRING=" in told
            assert "EnvironmentFile=" in told


def test_the_container_is_built_of_what_there_is() -> None:
    lines = (DEPLOY / "Containerfile").read_text(encoding="utf-8").splitlines()
    copied = {
        word
        for line in lines
        if line.startswith("COPY ") and "--from" not in line
        for word in line.split()[1:-1]
    }
    assert {"src", "flows", "templates", "pyproject.toml", "prefect.yaml"} <= copied
    for name in copied:
        assert (CHECKOUT / name).exists(), name
    project = (CHECKOUT / "pyproject.toml").read_text(encoding="utf-8")
    (readme,) = re.findall(r'^readme = "(.*)"', project, re.MULTILINE)
    assert {readme, *re.findall(r'^license-files = \["(.*)"\]', project, re.MULTILINE)} <= copied


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd on this system")
def test_systemd_finds_nothing_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    for unit in UNITS:
        # An instance of a template; and a program that is there, whatever is installed here.
        name = unit.name.replace("@.", "@1.")
        text = re.sub(r"ExecStart=\S+", "ExecStart=/bin/true", unit.read_text(encoding="utf-8"))
        (tmp_path / name).write_text(text, encoding="utf-8")
        scope = ["--user"] if unit.parent.name == "user" else []
        told = subprocess.run(
            ["systemd-analyze", *scope, "verify", str(tmp_path / name)],
            capture_output=True,
            text=True,
            check=False,
        )
        assert (told.returncode, told.stderr) == (0, ""), name
