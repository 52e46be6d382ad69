import json
import os
import sys
import time
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from shownotes.adapters.hook_command import run
from shownotes.errors import DeliveryError

MESSAGE = {"event": "episode.published", "version": 3}
ECHO = """
import json, os, sys
told = json.load(sys.stdin)
print(json.dumps([told, sys.argv[1:], os.getcwd()]))
print("and a complaint", file=sys.stderr)
"""


def start(tmp_path: Path, script: str, *, timeout_s: float = 60.0) -> str:
    log = tmp_path / "work" / "command.log"
    (tmp_path / "published").mkdir(exist_ok=True)
    run(
        [sys.executable, "-c", script],
        MESSAGE,
        folder=tmp_path / "published",
        root=tmp_path,
        log=log,
        timeout_s=timeout_s,
    )
    return log.read_text(encoding="utf-8")


def test_it_is_given_the_folder_and_the_message_and_its_words_are_kept(tmp_path: Path) -> None:
    said = start(tmp_path, ECHO)
    told, arguments, folder = json.loads(said.splitlines()[0])
    assert told == MESSAGE
    assert arguments == [str(tmp_path / "published")]
    assert Path(folder) == tmp_path
    assert "and a complaint" in said
    assert start(tmp_path, "print('anew')").strip() == "anew"


@pytest.mark.skipif(os.name != "posix", reason="a shell script")
def test_a_script_beside_the_settings(tmp_path: Path) -> None:
    script = tmp_path / "after.sh"
    script.write_text('#!/bin/sh\ncat > got.json; echo "$1"\n', encoding="utf-8")
    script.chmod(0o755)
    log = tmp_path / "log"
    run(["./after.sh"], MESSAGE, folder=tmp_path, root=tmp_path, log=log, timeout_s=60)
    assert log.read_text(encoding="utf-8").strip() == str(tmp_path)
    assert json.loads((tmp_path / "got.json").read_text(encoding="utf-8")) == MESSAGE


def test_a_failed_one_is_told_with_its_last_words(tmp_path: Path) -> None:
    with pytest.raises(DeliveryError, match=r"ended with 3 \(no such bucket\)"):
        start(tmp_path, "print('uploading'); print('no such bucket'); raise SystemExit(3)")


def test_one_that_does_not_listen_is_not_waited_for(tmp_path: Path) -> None:
    assert start(tmp_path, "import sys; sys.stdin.close(); print('done')").strip() == "done"


def test_one_that_cannot_be_started_is_named(tmp_path: Path) -> None:
    with pytest.raises(DeliveryError, match=r"\./none\.sh cannot be started"):
        run(["./none.sh"], {}, folder=tmp_path, root=tmp_path, log=tmp_path / "log", timeout_s=1)


@pytest.mark.skipif(os.name != "posix", reason="ends a process group as POSIX does")
def test_one_that_takes_too_long_is_ended_with_all_it_started(tmp_path: Path) -> None:
    script = (
        "import subprocess, sys, time\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        "print(child.pid, flush=True)\n"
        "time.sleep(600)\n"
    )
    with pytest.raises(DeliveryError, match="was ended after 3 s"):
        start(tmp_path, script, timeout_s=3.0)
    child = int((tmp_path / "work" / "command.log").read_text(encoding="utf-8"))
    # Killed at once, gone as soon as the system comes round to it.
    with suppress(psutil.NoSuchProcess):
        ended = psutil.Process(child)
        for _ in range(100):
            if ended.status() == psutil.STATUS_ZOMBIE:
                return
            time.sleep(0.1)
        pytest.fail(f"{child} goes on: {ended.status()}")
