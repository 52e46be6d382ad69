"""What Prefect adds to a run: the flow on an episode with nothing to do, against the plain walk.

    python benchmarks/prefect_overhead.py [--runs 3]

Measured in whole processes, imports and the server's start and stop included: on an empty Prefect
home (the very first run), on an existing one with no server running, and with a running server.
Prints wall and processor seconds; the last line is for `benchmarks/README.md`. Processor seconds
are what counts on a machine that is busy with something else.
"""

import argparse
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

FLOOR_FIRST_S = 30.0
FLOOR_EXISTING_S = 15.0

VTT = """WEBVTT

00:00:00.000 --> 00:00:06.000
I'm Ingrid Solberg, and this is Slow Rails, the podcast about public transport.

00:00:07.000 --> 00:00:14.000
My guest is Tomas Okoye, director of planning at the Velmora Railway Institute.
"""

RUN = """
import sys
from pathlib import Path
from shownotes.batch import RunOptions, process_plainly
from shownotes.settings import load_settings
from shownotes.steps import prepare
from shownotes.steps.step import Silent
if sys.argv[2] == "flow":
    from flows.process_audio import run_process_audio as process
else:
    process = process_plainly
settings = load_settings(Path(sys.argv[1]))
outcomes = process(
    prepare.find_audio(settings), settings, options=RunOptions(), progress=Silent()
)
assert all(outcome.error is None for outcome in outcomes), outcomes
"""


def measure(root: Path, how: str, environment: Mapping[str, str]) -> tuple[float, float]:
    """Wall and processor seconds of a process and all it started."""
    began, used = time.monotonic(), _processor_s()
    subprocess.run(
        [sys.executable, "-c", RUN, str(root), how],
        env=environment,
        check=True,
        stdout=subprocess.DEVNULL,
    )
    return time.monotonic() - began, _processor_s() - used


def _processor_s() -> float:
    times = os.times()
    return times.children_user + times.children_system


@contextmanager
def running_server(environment: Mapping[str, str]) -> Iterator[str]:
    """A Prefect server as an operator starts one; gives its API's address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = ["-m", "prefect", "server", "start", "--port", str(port), "--no-ui"]
    process = subprocess.Popen(
        [sys.executable, *command],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    url = f"http://127.0.0.1:{port}/api"
    try:
        while process.poll() is None and not _is_healthy(url):
            time.sleep(0.2)
        yield url
    finally:
        process.terminate()
        process.wait()


def _is_healthy(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/health", timeout=5) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def main() -> None:
    """Measure the four cases and print them."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--runs", type=int, default=3, help="how often each case is measured")
    runs = parser.parse_args().runs
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "work"
        (root / "audio").mkdir(parents=True)
        (root / "shownotes.toml").write_text("[prefect]\nserver_start_timeout_s = 600\n")
        (root / "audio" / "late-trains.vtt").write_text(VTT, encoding="utf-8")
        bare = {k: v for k, v in os.environ.items() if not k.startswith("PREFECT_")}

        def case(name: str, how: str, *environments: Mapping[str, str]) -> tuple[float, float]:
            found = [measure(root, how, environment) for environment in environments]
            wall = statistics.median(wall for wall, _ in found)
            used = statistics.median(used for _, used in found)
            every = " ".join(f"{wall:.1f}" for wall, _ in found)
            print(f"{name:<34} {wall:6.1f} s wall {used:6.1f} s processor   ({every})", flush=True)
            return wall, used

        measure(root, "plain", bare)  # makes the notes, so that there is nothing left to do
        homes = [{**bare, "PREFECT_HOME": str(Path(folder) / f"home{i}")} for i in range(runs)]
        plain = case("plain walk", "plain", *[bare] * runs)
        first = case("flow, very first run", "flow", *homes)
        existing = case("flow, existing Prefect home", "flow", *homes)
        with running_server(homes[0]) as url:
            served = case(
                "flow, running server", "flow", *[{**bare, "PREFECT_API_URL": url}] * runs
            )
    added = [each[0] - plain[0] for each in (first, existing, served)]
    used = [each[1] - plain[1] for each in (first, existing, served)]
    print(
        f"prefect_adds_first_s={added[0]:.1f} (floor {FLOOR_FIRST_S:.0f}) "
        f"existing_s={added[1]:.1f} (floor {FLOOR_EXISTING_S:.0f}) server_s={added[2]:.1f} "
        f"processor_s={used[0]:.1f}/{used[1]:.1f}/{used[2]:.1f}"
    )


if __name__ == "__main__":
    main()
