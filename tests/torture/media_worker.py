"""The process that takes hostile files: admits and prepares each, and tells what became of it.

It is told names on stdin (JSON, ASCII) and answers with a line of JSON a file.
"""

import json
import os
import resource
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil

from shownotes import pipeline
from shownotes.batch import Warm
from shownotes.errors import ShowNotesError
from shownotes.model import Episode
from shownotes.settings import load_settings
from shownotes.steps import prepare
from shownotes.steps.intray import find_audio
from shownotes.steps.step import Closeable, Walk

_ADDRESS_SPACE_BYTES = 8 * 2**30
_WALK_EVERY = 40


def main() -> None:
    """Take all that is named."""
    root, names = Path(sys.argv[1]), json.load(sys.stdin)
    resource.setrlimit(resource.RLIMIT_AS, (_ADDRESS_SPACE_BYTES, _ADDRESS_SPACE_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    settings = load_settings(root)
    find_audio(settings)
    decoded = 0
    with Warm() as kept_warm:
        for name in names:
            _forget_peaks()
            began = time.monotonic()
            told, walk = _take(root / "audio" / name, settings, kept_warm)
            told |= {"took_s": time.monotonic() - began, "peak_bytes": _peak_bytes()}
            if told["state"] == "taken" and told["has_speech"]:
                decoded += 1
                if decoded % _WALK_EVERY == 1 and walk is not None:
                    told["walked"] = _walk_on(walk)
            print(json.dumps(told), flush=True)


def _take(
    path: Path, settings: Any, kept_warm: dict[str, Closeable]
) -> tuple[dict[str, Any], Walk | None]:
    try:
        folder = prepare.admit(path, settings)
        walk = Walk(folder=folder, settings=settings, kept_warm=kept_warm)
        prepare.STEP.run(walk)
        episode = folder.read("episode.json", Episode)
    except ShowNotesError as error:
        message = str(error)
        return {"state": "rejected", "error": type(error).__name__, "message": message}, None
    except Exception as error:  # noqa: BLE001 - whatever gets through is what is looked for
        return {"state": "raised", "message": f"{type(error).__name__}: {error}"}, None
    audio = episode.audio
    return {
        "state": "taken",
        "warnings": [w.code for w in episode.warnings if w.code != "browser_listening_copy"],
        "decoded_s": audio.decoded_s if audio else 0.0,
        "declared_s": audio.declared_s if audio else None,
        "has_speech": bool(episode.speech) or audio is None,
    }, walk


def _walk_on(walk: Walk) -> str:
    try:
        return str(pipeline.walk_episode(walk).state)
    except ShowNotesError as error:
        return f"rejected: {type(error).__name__}"


def _processes() -> Iterator[int]:
    yield os.getpid()
    for child in psutil.Process().children(recursive=True):
        yield child.pid


def _forget_peaks() -> None:
    """Let the kernel measure the peak anew from here."""
    for pid in _processes():
        with suppress(OSError):
            Path(f"/proc/{pid}/clear_refs").write_text("5")


def _peak_bytes() -> int:
    """The sum of the peaks of this process and its children; where /proc does not tell, of this."""
    total = 0
    for pid in _processes():
        with suppress(OSError):
            for line in Path(f"/proc/{pid}/status").read_text().splitlines():
                if line.startswith("VmHWM"):
                    total += int(line.split()[1]) * 1024
    return total or resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


if __name__ == "__main__":
    main()
