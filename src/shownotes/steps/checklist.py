"""What an editor should look at before approving, as a list for others than the desk."""

from shownotes.adapters.pages import escape_markdown
from shownotes.adapters.store import EpisodeFolder
from shownotes.core.timecodes import clock
from shownotes.model import Check, ShowNotes


def list_checks(folder: EpisodeFolder) -> str:
    """The warnings and checks of a draft as Markdown; empty when there are none.

    Raises:
        FormatError: the draft cannot be read.
    """
    if not folder.has("draft.json"):
        return ""
    notes = folder.read("draft.json", ShowNotes)
    lines = [str(escape_markdown(notice.message)) for notice in notes.warnings]
    lines += [_line(check) for check in notes.checks]
    return "\n".join(f"* {line}" for line in lines)


def _line(check: Check) -> str:
    at = "" if check.start is None else f"{clock(check.start)} "
    return f"{at}{escape_markdown(check.message)}"
