"""The Prefect flows of Shownotes, one a file; the only place that imports Prefect.

Whatever imports a flow comes through here first, so that this is where Prefect is told, before it
is imported, to send nothing about this machine to anybody. An operator's own setting wins. It is
also where the process of a flow run begins to watch whether the runner that started it still lives.
"""

import os
import sys

from shownotes.adapters.lifeline import ask_to_end, end_with_parent, has_lifeline

SILENT = {
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_TELEMETRY_ENABLE_RESOURCE_METRICS": "false",
}
for _name, _value in SILENT.items():
    os.environ.setdefault(_name, _value)

# A proxy for the outside world must not be asked for a server on this machine.
for _name in ("NO_PROXY", "no_proxy"):
    _hosts = os.environ.get(_name, "")
    if "127.0.0.1" not in _hosts and "*" not in _hosts:
        os.environ[_name] = ",".join(filter(None, [_hosts, "127.0.0.1"]))

# A run whose runner was killed is given so long to let go of its episode and to say so.
_PATIENCE_S = 10.0
_program = getattr(sys.modules["__main__"], "__spec__", None)
if _program is not None and _program.name == "prefect.engine" and has_lifeline():
    end_with_parent(ask_to_end, patience_s=_PATIENCE_S)
