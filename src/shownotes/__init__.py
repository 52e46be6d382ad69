"""Shownotes: episode audio in, show notes that an editor signs off out."""

import os

# onnxruntime reports to its maker from the moment it is loaded, from 1.29 on and on every system.
# Whoever wants that says so: ORT_DISABLE_TELEMETRY=0.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
# Our matrices are small: a second thread of numpy's costs a third more and makes nothing faster.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

__version__ = "0.1.0"
