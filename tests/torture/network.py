"""No connection off this machine in a full run, seen from outside: every system call that connects.

    python -m tests.torture.network [--count N] [--seed S]

The whole of a producer's evening under strace: `process` under Prefect and without it, `status`,
`lint`, `approve`, `publish`, `site`, `doctor`. Whatever connects, sends or asks a name server must
stay on this machine. `count` is ignored.
"""

import ipaddress
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.backlog import choose_pieces, make_backlog
from shownotes.adapters.store import episode_folders
from tests.torture.arguments import Outcomes, arguments
from tests.torture.strace import Strace

PART = "network"
CALLS = "trace=connect,sendto,sendmsg,sendmmsg"
_FOUR = re.compile(r'sin_port=htons\((\d+)\), sin_addr=inet_addr\("([^"]+)"\)')
_SIX = re.compile(r'sin6_port=htons\((\d+)\).*?inet_pton\(AF_INET6, "([^"]+)"')
PATIENCE_S = 300
# What an engine takes for a wish not to be reported, which nobody's machine need have.
WISHES = ("CI", "DO_NOT_TRACK", "TELEMETRY", "ANALYTICS", "PYTEST")


def addresses(trace: str) -> Iterator[tuple[str, int]]:
    """Every address and port in a trace."""
    for pattern in (_FOUR, _SIX):
        for found in pattern.finditer(trace):
            yield found[2], int(found[1])


def is_here(address: str) -> bool:
    """Whether an address is this machine's own. One that nothing is sent to is the unset one."""
    told = ipaddress.ip_address(address)
    mapped = getattr(told, "ipv4_mapped", None)
    return bool((mapped or told).is_loopback or told.is_unspecified)


def is_seen(trace: Path) -> bool:
    """The watch itself is watched: a call that leaves the machine must show."""
    code = "import socket; socket.socket(2, 2).connect(('192.0.2.1', 9))"
    command = [*Strace().under(trace, CALLS), sys.executable, "-c", code]
    subprocess.run(command, check=False, capture_output=True)
    return ("192.0.2.1", 9) in addresses(trace.read_text(encoding="utf-8"))


def watch(root: Path, outcomes: Outcomes, *words: str) -> None:
    """Run a command of ours, and look whom it spoke to."""
    trace, home = root.parent / "trace", root.parent / "home"
    home.mkdir(exist_ok=True)
    command = [sys.executable, "-m", "shownotes.cli", *words, "--root", str(root)]
    told = subprocess.run(
        [*Strace().under(trace, CALLS), *command],
        capture_output=True,
        check=False,
        timeout=PATIENCE_S,
        env={**_without_wishes(), "HOME": str(home)},
    )
    kept = [path for path in home.rglob("*") if path.is_file() and ".prefect" not in path.parts]
    if kept:
        outcomes.fail(f"{words[0]} leaves {kept[0].relative_to(home)} with the user's own files")
    found = list(addresses(trace.read_text(encoding="utf-8", errors="replace")))
    away = sorted({f"{address}:{port}" for address, port in found if not is_here(address)})
    if away:
        outcomes.fail(f"{words[0]} speaks to {', '.join(away)}", trace.read_bytes())
    if told.returncode not in (0, 1) or b"Traceback" in told.stderr:
        outcomes.fail(f"{words[0]} ended with {told.returncode}", told.stdout + told.stderr)
    outcomes.count(f"{' '.join(words[:2])}: calls, all to this machine", len(found))


def _without_wishes() -> dict[str, str]:
    return {
        name: value
        for name, value in os.environ.items()
        if not any(wish in name.split("_") or wish == name for wish in WISHES)
    }


def try_network(root: Path, outcomes: Outcomes, *, seed: int) -> None:
    """All commands that a producer uses."""
    if Strace().path is None:
        outcomes.count("strace is missing: not tried")
        return
    if not is_seen(root.parent / "probe"):
        outcomes.fail("a connection is not seen here")
    make_backlog(root, choose_pieces(2, shortest_s=12.0, longest_s=15.0, seed=seed))
    watch(root, outcomes, "process")
    (episode, other, *_) = episode_folders(root / "output")
    watch(root, outcomes, "process", "--no-prefect", "--force")
    for words in (("status",), ("lint",), ("approve", episode.name), ("publish",), ("site",)):
        watch(root, outcomes, *words)
    watch(root, outcomes, "render", other.name)
    watch(root, outcomes, "doctor")


if __name__ == "__main__":
    given = arguments(PART, count=1)
    with tempfile.TemporaryDirectory() as folder, Outcomes(PART, given) as found_out:
        try_network(Path(folder) / "work", found_out, seed=given.seed)
