"""Ending with whoever started us: a process that serves one that has died serves nobody.

The parent holds the other end of our standard input and never writes to it. The kernel closes it
when the parent ends, however it ends, on Linux, macOS and Windows alike.
"""

import os
import signal
import stat
import threading
from collections.abc import Callable

# What a shell expects of a process that was asked to end and had to be made to.
_CUT_OFF = 143


def end_with_parent(end: Callable[[], object], *, patience_s: float) -> None:
    """Call `end` once when standard input ends; in `patience_s` seconds it is all over anyway.

    Args:
        end: called in a thread of its own; it asks the process to end, and need not wait.
        patience_s: how long the process may take.
    """

    def watch() -> None:
        _wait_for_end()
        be_gone_in(patience_s)
        end()

    threading.Thread(target=watch, name="lifeline", daemon=True).start()


def be_gone_in(patience_s: float) -> None:
    """End this process in so many seconds, whatever it is at by then."""
    timer = threading.Timer(patience_s, os._exit, args=(_CUT_OFF,))
    timer.daemon = True
    timer.start()


def has_lifeline() -> bool:
    """Whether standard input is one: a pipe or a socket, and no terminal, file or nothing."""
    try:
        mode = os.fstat(0).st_mode
    except OSError:
        return False
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)


def ask_to_end() -> None:
    """What SIGTERM from outside does, wherever the main thread is waiting."""
    main = threading.main_thread().ident
    if hasattr(signal, "pthread_kill") and main is not None:
        signal.pthread_kill(main, signal.SIGTERM)
    else:
        signal.raise_signal(signal.SIGTERM)


def _wait_for_end() -> None:
    try:
        while os.read(0, 4096):
            pass
    except OSError:
        return
