"""What this machine really has for us: processors that we may use, and a GPU that really works.

Why not `os.cpu_count()`: in a container it counts the machine's processors, and threads above
those that are free cost up to 2.2 times the time (measured). Why a child process for the GPU:
CUDA's libraries end the whole process when they do not find each other.
"""

import functools
import json
import math
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

# How long a GPU may take to show that it works, in seconds. Loading CUDA cold takes about 10.
GPU_TRIAL_S = 90.0
_CGROUP = Path("/sys/fs/cgroup")


@dataclass(frozen=True, slots=True)
class Device:
    """What the engine runs on, and why, for a person."""

    name: str
    reason: str = ""


def free_cpus() -> int:
    """Processors this process may use: affinity, and the container's quota where there is one."""
    allowed = os.cpu_count() or 1
    if hasattr(os, "sched_getaffinity"):
        allowed = len(os.sched_getaffinity(0))
    quota = cgroup_quota()
    if quota is not None:
        allowed = min(allowed, max(1, math.floor(quota + 0.5)))
    return max(1, allowed)


def cgroup_quota(root: Path = _CGROUP) -> float | None:
    """Processors' worth of time that the container gets, `None` when it is not limited.

    Source: kernel documentation, cgroup-v2 `cpu.max` and cgroup-v1 `cpu.cfs_quota_us`.
    """
    try:
        quota, period = (root / "cpu.max").read_text().split()[:2]
    except (OSError, ValueError):
        try:
            quota = (root / "cpu" / "cpu.cfs_quota_us").read_text().strip()
            period = (root / "cpu" / "cpu.cfs_period_us").read_text().strip()
        except OSError:
            return None
    if not quota.isdigit() or not period.isdigit() or int(period) == 0:
        return None  # "max" and -1: no limit
    return int(quota) / int(period)


def pick_device(asked: str) -> Device:
    """The device for `speech.device` = auto, cpu or cuda.

    A GPU is only taken when it has done a little work in a child process just now; otherwise it
    is the CPU, with one line that says why.
    """
    if asked == "cpu":
        return Device("cpu")
    if not has_nvidia_driver():
        return Device("cpu", "no NVIDIA driver was found")
    fault = _gpu_fault()
    return Device("cpu", f"the GPU does not work here: {fault}") if fault else Device("cuda")


def has_nvidia_driver() -> bool:
    """Whether a driver is installed at all; costs nothing, so that most machines try no GPU."""
    if os.name == "nt":
        system = Path(os.environ.get("SystemRoot", r"C:\Windows"))  # noqa: SIM112
        return (system / "System32" / "nvcuda.dll").exists()
    return any(Path(path).exists() for path in ("/dev/nvidiactl", "/dev/dxg"))


@functools.cache
def _gpu_fault() -> str | None:
    """Why the GPU cannot be used, or `None` when it can."""
    try:
        finished = subprocess.run(
            [sys.executable, "-P", "-m", "shownotes.adapters.hardware"],
            capture_output=True,
            text=True,
            timeout=GPU_TRIAL_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"it did nothing for {GPU_TRIAL_S:.0f} s"
    except OSError as error:
        return str(error)
    try:
        fault: str = json.loads(finished.stdout.splitlines()[-1])["fault"]
    except (ValueError, IndexError, KeyError):
        said = finished.stderr.strip().splitlines()
        return said[-1] if said else f"its trial ended with {finished.returncode}"
    return fault or None


def _try_gpu() -> str:
    """Do a little work on the GPU (in a process of its own). Returns what is wrong, or nothing."""
    import ctranslate2
    import numpy as np

    if ctranslate2.get_cuda_device_count() == 0:
        return "CUDA finds no device"
    demo = Path(__file__).parent.parent / "models" / "speech-demo"
    if not (demo / "model.bin").is_file():
        ctranslate2.StorageView.from_array(np.zeros(8, np.float32)).to_device(
            ctranslate2.Device.cuda
        )
        return ""
    # Loading is not enough: cuBLAS and cuDNN are looked for at the first multiplication.
    model = ctranslate2.models.Whisper(str(demo), device="cuda")
    model.encode(ctranslate2.StorageView.from_array(np.zeros((1, 80, 3000), np.float32)), True)
    return ""


def main() -> None:
    """Print what is wrong with the GPU as JSON."""
    try:
        fault = _try_gpu()
    except (ImportError, RuntimeError, ValueError, OSError) as error:
        fault = str(error).splitlines()[0] if str(error) else type(error).__name__
    sys.stdout.write(json.dumps({"fault": fault}) + "\n")


if __name__ == "__main__":
    main()
