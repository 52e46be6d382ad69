"""The desk as `shownotes up` runs it: `python -m shownotes.desk_process FOLDER [PORT]`.

What editors drop and ask for becomes a run under Prefect. It ends when its standard input does.
"""

import contextlib
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from shownotes.adapters.lifeline import end_with_parent
from shownotes.adapters.up_book import DESK_OPEN
from shownotes.batch import RunOptions
from shownotes.errors import ShowNotesError
from shownotes.settings import Settings, load_settings
from shownotes.web.app import build_desk
from shownotes.web.serving import listen, server

# Requests that are being answered have five of these, in seconds.
_PATIENCE_S = 10.0


def start_run(settings: Settings, paths: Sequence[Path], options: RunOptions) -> None:
    """Make runs of files.

    Raises:
        FlowError: Prefect's server does not take them.
    """
    # Prefect takes two seconds to import, and the first page need not wait for it.
    from flows.submitting import Submitter

    Submitter(settings).start(paths, options)


def serve(settings: Settings, *, port: int | None) -> None:
    """Serve the desk until standard input ends.

    Raises:
        SettingsError: there is no such address, or somebody else is there.
        AccountError: it could be reached from elsewhere, and there is no account.
    """

    def start(paths: Sequence[Path], options: RunOptions) -> None:
        start_run(settings, paths, options)

    guard, desk = build_desk(settings, port=port, start_run=start)
    serving = server(guard, desk)

    def ask_to_end() -> None:
        serving.should_exit = True

    end_with_parent(ask_to_end, patience_s=_PATIENCE_S)
    threading.Thread(target=_load_prefect, daemon=True).start()
    with contextlib.closing(listen(desk)) as place:
        host, number = place.getsockname()[:2]
        shown = f"[{host}]" if ":" in host else host
        sys.stdout.write(f"{DESK_OPEN}http://{shown}:{number}/\n")
        sys.stdout.flush()
        serving.run(sockets=[place])


def _load_prefect() -> None:
    """Have it there when the first file is dropped."""
    with contextlib.suppress(Exception):
        import flows.submitting  # noqa: F401


def main() -> int:
    """Serve the folder named on the command line; the code to leave with."""
    port = int(sys.argv[2]) if len(sys.argv) > 2 else None
    try:
        serve(load_settings(Path(sys.argv[1])), port=port)
    except ShowNotesError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    except KeyboardInterrupt:
        pass
    return 0


if __name__ == "__main__":
    sys.exit(main())
