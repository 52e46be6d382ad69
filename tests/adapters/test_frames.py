"""The process at the other end of a pipe."""

import subprocess
import sys

IDLE = "from shownotes.adapters.frames import serve; serve(lambda *_: None, idle_s=0.01)"


def test_one_that_waited_for_nothing_ends_in_peace() -> None:
    """The interpreter's own end aborts while its other thread reads: it looked like a crash."""
    children = [
        subprocess.Popen(
            [sys.executable, "-c", IDLE],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        for _ in range(4)
    ]
    for child in children:
        # Its standard input stays open meanwhile, as a parent's does.
        assert child.wait(60) == 0
        child.communicate()
