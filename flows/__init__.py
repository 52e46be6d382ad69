"""The Prefect flows of Shownotes, one a file; the only place that imports Prefect.

Whatever imports a flow comes through here first, so that this is where Prefect is told, before it
is imported, to send nothing about this machine to anybody. An operator's own setting wins.
"""

import os

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
