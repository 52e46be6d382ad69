"""System calls watched and disturbed from outside, where strace is and may trace."""

import itertools
import os
import shutil
import subprocess
from functools import cached_property
from pathlib import Path


class Strace:
    """Faults in system calls, injected from outside."""

    @cached_property
    def path(self) -> str | None:
        """The program, where it is and may trace."""
        found = shutil.which("strace")
        if found is None:
            return None
        tried = subprocess.run([found, "-o", os.devnull, "true"], check=False, capture_output=True)
        return found if tried.returncode == 0 else None

    def under(self, log: Path, *rules: str, only: Path | None = None) -> list[str]:
        """What to put before a command."""
        assert self.path is not None
        command = [self.path, "-f", "-y", "-q", "-o", str(log)]
        command += ["-P", str(only)] if only else []
        return [*command, *itertools.chain.from_iterable(("-e", rule) for rule in rules)]
