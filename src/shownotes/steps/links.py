"""Links in the in-tray: they may point anywhere in the working folder, and nowhere else.

Whoever may drop a file may not be allowed to read this machine: a link named `episode.txt` would
publish whatever it points to.
"""

import os
from pathlib import Path

from shownotes.errors import ForeignLinkError
from shownotes.settings import Settings


def leads_out(path: Path, settings: Settings) -> bool:
    """Whether a file that lies in the working folder by its name lies elsewhere in truth.

    A file that somebody named by its own place elsewhere does not.
    """
    if settings.paths.follow_links:
        return False
    homes = (settings.root, settings.audio_folder)
    named = Path(os.path.abspath(path))  # noqa: PTH100 - links stay as they are named
    if not any(named.is_relative_to(os.path.abspath(home)) for home in homes):  # noqa: PTH100
        return False
    try:
        real = path.resolve()
    except (OSError, RuntimeError):
        # It leads to itself: nothing can be read through it.
        return False
    return not any(real.is_relative_to(home.resolve()) for home in homes)


def check_link(path: Path, settings: Settings) -> None:
    """Refuse a link that leads out of the working folder.

    Raises:
        ForeignLinkError: it does.
    """
    if leads_out(path, settings):
        raise ForeignLinkError(
            f"{path} is a link that leads out of the working folder, and is not followed. Put the "
            "file itself there, or set `follow_links = true` in [paths] if whoever drops files "
            "here may read everything that this program may."
        )
