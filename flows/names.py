"""What runs are called, where nothing else tells them apart."""

from collections.abc import Callable
from datetime import datetime


def at_this_time(words: str) -> Callable[[], str]:
    """A flow's run name: these words and when the run began, by this machine's clock."""

    def name() -> str:
        return f"{words}, {datetime.now().astimezone():%d %b %H:%M}"

    # Prefect calls it without arguments when it takes none.
    return name
