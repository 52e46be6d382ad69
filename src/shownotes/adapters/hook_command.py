"""A producer's own command that is run after publishing."""

import json
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from shownotes.adapters.store import translate
from shownotes.errors import DeliveryError


def run(
    command: Sequence[str],
    message: Mapping[str, object],
    *,
    folder: Path,
    root: Path,
    log: Path,
    timeout_s: float,
) -> None:
    """Run a command, with a folder as its last argument and a message on its standard input.

    Args:
        command: program and arguments; a relative program is looked for from `root`.
        message: plain data, given as JSON.
        folder: of the published version.
        root: the working folder, in which it runs.
        log: what it says goes here, in place of what it said the last time.
        timeout_s: it and what it has started are ended after so many seconds.

    Raises:
        DeliveryError: it cannot be started, took too long or failed.
        StoreError: the log cannot be written.
    """
    told = json.dumps(message, ensure_ascii=False).encode()
    try:
        log.parent.mkdir(parents=True, exist_ok=True)
        file = log.open("w+b")
    except OSError as error:
        raise translate(error, log) from error
    with file:
        try:
            process = subprocess.Popen(
                [*command, str(folder)],
                cwd=root,
                stdin=subprocess.PIPE,
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        except OSError as error:
            raise DeliveryError(
                f"{command[0]} cannot be started: {error.strerror or error}. "
                "Mend [publish] command."
            ) from error
        try:
            process.communicate(told, timeout=timeout_s)
        except subprocess.TimeoutExpired as error:
            _end(process)
            raise DeliveryError(
                f"{command[0]} was ended after {timeout_s:g} s ([publish] command_timeout_s). "
                f"What it said: {log}."
            ) from error
        except BaseException:
            _end(process)
            raise
    if process.returncode:
        last = _last_line(log)
        raise DeliveryError(
            f"{command[0]} ended with {process.returncode}{f' ({last})' if last else ''}. "
            f"What it said: {log}."
        )


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the command and what it has started."""
    if os.name == "posix":
        os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()
    process.wait()


def _last_line(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    return next((line.strip()[:200] for line in reversed(lines) if line.strip()), "")
