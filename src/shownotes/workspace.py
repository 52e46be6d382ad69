"""A working folder: `audio/ output/ templates/ shownotes.toml`, made where a producer wants it."""

import shutil
from importlib import resources
from pathlib import Path

from shownotes.errors import SettingsError, StoreError
from shownotes.settings import CONFIG_NAME

FOLDERS = ("audio", "output", "templates")
TEMPLATES_NOTE = """# Your own templates

Copy a file of the same name here to change it; what is missing comes with the program. The
episode pages are `notes/notes.html` and `notes/notes.md`; a file in `shows/<show>/` is that show's
alone. What a template receives stands in the program's docs/templates.md. See a page change as you
edit its template: `shownotes render EPISODE --watch`.
"""


def shipped(name: str) -> Path:
    """A file or folder that comes with the program: from the wheel's copy, else the checkout."""
    package = Path(str(resources.files("shownotes")))
    in_wheel = package / f"default_{name}"
    return in_wheel if in_wheel.exists() else package.parents[1] / name


def make_workspace(folder: Path) -> list[Path]:
    """Make what is missing; what is there is left as it is.

    Returns:
        What was made.

    Raises:
        SettingsError: the folder is inside another working folder's in-tray or is a file.
        StoreError: it cannot be written.
    """
    if folder.exists() and not folder.is_dir():
        raise SettingsError(f"{folder} is a file. Name a folder.")
    made: list[Path] = []
    try:
        for name in FOLDERS:
            path = folder / name
            if not path.is_dir():
                path.mkdir(parents=True)
                made.append(path)
        config = folder / CONFIG_NAME
        if not config.exists():
            shutil.copyfile(shipped(CONFIG_NAME), config)
            made.append(config)
        note = folder / "templates" / "README.md"
        if not note.exists():
            note.write_text(TEMPLATES_NOTE, encoding="utf-8")
            made.append(note)
    except OSError as error:
        raise StoreError(f"{folder} cannot be written: {error.strerror or error}.") from error
    return made
