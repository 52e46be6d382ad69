"""All parts of `make torture`, one after the other, or those that are named."""

import subprocess
import sys
from importlib.util import find_spec
from time import monotonic

# In the order in which they are worth knowing. One that is not there is left out.
PARTS = ("media", "disks", "text", "edits", "desk", "kills", "sound", "network")
# No part takes longer, in seconds; one that does has failed.
DEADLINE_S = 900.0


def main() -> int:
    """Run them; the number of parts that failed is the exit status."""
    named = sys.argv[1:]
    parts = named or [part for part in PARTS if find_spec(f"tests.torture.{part}")]
    outcomes: list[str] = []
    failed = 0
    for part in parts:
        began = monotonic()
        try:
            command = [sys.executable, "-m", f"tests.torture.{part}"]
            is_well = subprocess.run(command, check=False, timeout=DEADLINE_S).returncode == 0
        except subprocess.TimeoutExpired:
            is_well = False
        failed += not is_well
        outcomes.append(f"{part}: {'ok' if is_well else 'FAILED'}, {monotonic() - began:.0f} s")
    print("\n".join(("", *outcomes)))
    return failed


if __name__ == "__main__":
    sys.exit(main())
