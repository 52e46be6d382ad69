"""A child process that does whatever a test asks of it."""

import os
import sys
import time
from typing import Any

from shownotes.adapters.frames import Send, serve


def answer(request: dict[str, Any], payload: bytes, send: Send) -> None:
    match request["do"]:
        case "echo":
            send({"event": "progress", "length": len(payload)})
            send({"event": "done", "pid": os.getpid()})
        case "fail":
            raise ValueError("no")
        case "die":
            print("something was wrong", file=sys.stderr, flush=True)
            os._exit(3)
        case "babble":
            os.write(1, b"no frame at all")
            print("printed", flush=True)
            send({"event": "done"})
        case "sleep":
            time.sleep(60)
        case "spin":
            while True:
                pass


if __name__ == "__main__":
    serve(answer, idle_s=None if len(sys.argv) < 2 else float(sys.argv[1]))
