"""`output/.logs/shownotes.jsonl`: what runs did, a line of JSON an event, for machines and at 3 am.

Several processes write it, on several machines where the folder is shared, so that a line and the
change to a new file happen under a lock. Why not `logging`'s own rotation: it is for one process.
Nothing here ever costs an episode: a log that cannot be written is not written.
"""

import json
import os
import re
import socket
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from filelock import FileLock, Timeout

from shownotes.settings import Settings

FOLDER, NAME = ".logs", "shownotes.jsonl"
# A line is written in well under a millisecond; whoever holds the log for longer hangs. Seconds.
_PATIENCE_S = 2.0
_MOST_CHARACTERS = 2000
# Names in the environment whose values are secrets.
_SECRET_NAME = re.compile(r"SECRET|PASSWORD|PASSWD|TOKEN|API_KEY|AUTH_STRING|_KEY$", re.IGNORECASE)
# Shorter values are words that stand in messages by chance.
_LEAST_SECRET = 6
_USER_IN_ADDRESS = re.compile(r"(\w+://)[^/@\s]+@")
_SECRET_IN_QUERY = re.compile(
    r"([?&](?:[\w-]*(?:token|key|secret|signature|password|sig|auth)[\w-]*)=)[^&\s]+", re.IGNORECASE
)
_HIDDEN = "***"

Level = Literal["info", "warning", "error"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunLog:
    """The log, for one run.

    Attributes:
        folder: of the log; `None` keeps none.
        run: what tells the run's lines from others'.
        keep: old files that are kept.
        most_bytes: at this size a new file is begun.
        hidden: texts that never go into it.
    """

    folder: Path | None = None
    run: str = ""
    keep: int = 5
    most_bytes: int = 10_000_000
    hidden: tuple[str, ...] = ()

    def write(
        self,
        message: str,
        *,
        level: Level = "info",
        episode: str | None = None,
        step: str | None = None,
        took_s: float | None = None,
    ) -> None:
        """Add a line.

        Args:
            message: what happened.
            level: how bad it is.
            episode: its folder's name; of a file that was not admitted, its path.
            step: of the walk.
            took_s: how long it took.
        """
        if self.folder is None:
            return
        line = {
            "time": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": level,
            "episode": episode,
            "run": self.run,
            "step": step,
            "message": self._clean(message),
            "took_s": None if took_s is None else round(took_s, 3),
            "host": socket.gethostname(),
            "pid": os.getpid(),
        }
        data = (json.dumps(line, ensure_ascii=False) + "\n").encode("utf-8", "replace")
        with suppress(OSError):
            self._append(self.folder, data)

    def _append(self, folder: Path, data: bytes) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / NAME
        lock = FileLock(folder / ".lock", timeout=_PATIENCE_S)
        with suppress(Timeout):
            lock.acquire()
        try:
            if lock.is_locked and path.exists() and path.stat().st_size >= self.most_bytes:
                self._turn(folder)
            with path.open("a+b") as file:
                if file.tell():
                    file.seek(-1, os.SEEK_END)
                    # Where a full disk or a power cut has torn the line before, it ends here.
                    data = data if file.read(1) == b"\n" else b"\n" + data
                file.write(data)
        finally:
            if lock.is_locked:
                lock.release()

    def _turn(self, folder: Path) -> None:
        """Begin a new file: `shownotes.1.jsonl` is the last old one."""
        old = {number: folder / f"shownotes.{number}.jsonl" for number in range(1, self.keep + 1)}
        for path in folder.glob("shownotes.*.jsonl"):
            told = path.name.split(".")[1]
            if told.isdecimal() and int(told) >= max(1, self.keep):
                path.unlink(missing_ok=True)
        for number in range(self.keep - 1, 0, -1):
            if old[number].exists():
                old[number].replace(old[number + 1])
        if self.keep:
            (folder / NAME).replace(old[1])
        else:
            (folder / NAME).unlink()

    def _clean(self, message: str) -> str:
        for text in self.hidden:
            message = message.replace(text, _HIDDEN)
        message = _USER_IN_ADDRESS.sub(rf"\1{_HIDDEN}@", message)
        message = _SECRET_IN_QUERY.sub(rf"\1{_HIDDEN}", message)
        if len(message) > _MOST_CHARACTERS:
            message = message[:_MOST_CHARACTERS] + " ..."
        return message


# Writes nothing: for walks that nobody has given a log.
NO_LOG = RunLog()


def open_run_log(settings: Settings, *, run: str) -> RunLog:
    """The working folder's log for one run.

    Args:
        settings: of the working folder.
        run: its name and what makes it unlike another one of that name.
    """
    return RunLog(
        folder=settings.output_folder / FOLDER,
        run=run,
        keep=settings.logs.keep,
        most_bytes=int(settings.logs.most_mb * 1e6),
        hidden=_secrets(os.environ, (settings.publish.webhook, settings.notify.webhook)),
    )


def _secrets(environment: Mapping[str, str], addresses: Iterable[str]) -> tuple[str, ...]:
    """What must not be logged: secrets of the environment, and what hooks have behind their host.

    Whoever knows the path of a chat's hook can write into the chat.
    """
    found = {
        part
        for name, value in environment.items()
        if _SECRET_NAME.search(name)
        for part in {value, *value.split()}
    }
    for address in addresses:
        parts = urlsplit(address)
        found |= {parts.path.strip("/"), parts.query}
    # The longest first, so that no part of one stays.
    return tuple(sorted((f for f in found if len(f) >= _LEAST_SECRET), key=len, reverse=True))
