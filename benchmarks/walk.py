"""The walk against bare faster-whisper: wall time on half an hour of audio.

    python benchmarks/walk.py [--minutes 30] [--runs 3] [--shape tiny] [--threads 0]

Both sides have the same model (random weights of the tiny shape, an ordinary number of tokens),
beam, temperatures and threads, and each is a command of its own, so that loading of libraries and
models counts on both. The runs take turns, because a machine's speed drifts; the best of each is
compared. On a busy machine the processor time tells more than the clock.
"""

import argparse
import itertools
import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import psutil

sys.path.insert(0, str(Path(__file__).parents[1]))

WORK = Path(__file__).parent / "work"
# The floors: the walk's wall time over bare faster-whisper's.
MAX_RATIO_WITH_LOUDNESS = 1.25
MAX_RATIO = 1.10
BARE = (
    "import sys; from faster_whisper import WhisperModel; "
    "model = WhisperModel(sys.argv[1], device='cpu', compute_type='int8', "
    "cpu_threads=int(sys.argv[3]), local_files_only=True); "
    "segments, _ = model.transcribe(sys.argv[2], language='en', beam_size=5, "
    "temperature=[0.0, 0.2, 0.4], vad_filter=True, word_timestamps=True, "
    "condition_on_previous_text=False); "
    "print(sum(len(segment.words) for segment in segments))"
)
TEXT = (
    "Good morning, and welcome back. Today we ask who pays when the river rises. "
    "My guest has spent ten years counting bridges, pumps and promises. What did you find? "
    "Well, the short answer is that nobody planned for it. The long answer takes an hour. "
)


@dataclass(frozen=True, slots=True)
class Run:
    """Seconds by the clock and of the processors, children included."""

    wall_s: float
    cpu_s: float


def main() -> None:
    """Measure, print, and fail when a floor is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--shape", default="tiny")
    parser.add_argument("--threads", type=int, default=0, help="0: as many as are free")
    arguments = parser.parse_args()
    from shownotes.adapters.hardware import free_cpus

    threads = arguments.threads or free_cpus()
    model, audio = _model(arguments.shape), _audio(arguments.minutes)
    bare = [sys.executable, "-c", BARE, str(model), str(audio), str(threads)]
    print("bare:", json.dumps(bare))
    runs: dict[str, list[Run]] = {"bare": [], "walk": [], "walk with loudness": []}
    for number in range(arguments.runs):
        runs["bare"].append(_time(bare))
        for name, loud in (("walk", False), ("walk with loudness", True)):
            command = _walk_command(model, audio, threads, is_loud=loud)
            if number == 0:
                print(f"{name}:", json.dumps(command))
            runs[name].append(_time(command))
        print(
            f"run {number + 1}: " + ", ".join(_row(n, r[-1]) for n, r in runs.items()), flush=True
        )
    _judge(runs)


def _judge(runs: dict[str, list[Run]]) -> None:
    best = {name: min(found, key=lambda run: run.wall_s) for name, found in runs.items()}
    least_cpu = {name: min(run.cpu_s for run in found) for name, found in runs.items()}
    missed = False
    for name, most in (("walk", MAX_RATIO), ("walk with loudness", MAX_RATIO_WITH_LOUDNESS)):
        ratio = best[name].wall_s / best["bare"].wall_s
        cpu = least_cpu[name] / least_cpu["bare"]
        missed |= ratio > most
        print(f"{name}: wall {ratio:.3f} of bare (at most {most}), processors {cpu:.3f}")
    sys.exit(1 if missed else 0)


def _row(name: str, run: Run) -> str:
    return f"{name} {run.wall_s:.1f} s ({run.cpu_s:.1f} s of processors)"


def _time(command: list[str]) -> Run:
    """Run a command to its end.

    The engine's own processor time is counted because the walk waits for that child.
    """
    before = psutil.Process().cpu_times()
    began = perf_counter()
    finished = subprocess.run(command, capture_output=True, text=True, check=False, env=_quiet())
    wall = perf_counter() - began
    if finished.returncode:
        sys.exit(f"{command[:4]} failed:\n{finished.stdout[-2000:]}\n{finished.stderr[-2000:]}")
    after = psutil.Process().cpu_times()
    cpu = after.children_user + after.children_system
    return Run(wall, cpu - before.children_user - before.children_system)


def _quiet() -> dict[str, str]:
    return {**os.environ, "HF_HUB_OFFLINE": "1", "HF_HUB_DISABLE_TELEMETRY": "1"}


def _walk_command(model: Path, audio: Path, threads: int, *, is_loud: bool) -> list[str]:
    """A fresh working folder with the same audio, and the command that walks it."""
    root = WORK / "walk"
    shutil.rmtree(root, ignore_errors=True)
    for name in ("audio", "output"):
        (root / name).mkdir(parents=True)
    shutil.copyfile(audio, root / "audio" / audio.name)
    (root / "audio" / f"{audio.stem}.toml").write_text('language = "en"\n', encoding="utf-8")
    (root / "shownotes.toml").write_text(
        f"[audio]\nmeasure_loudness = {str(is_loud).lower()}\n"
        f'[speech]\nmodel = "{model.as_posix()}"\ndevice = "cpu"\nthreads = {threads}\n',
        encoding="utf-8",
    )
    program = "from shownotes.cli import main; main()"
    return [sys.executable, "-c", program, "process", "--no-prefect", "--root", str(root)]


def _model(shape: str) -> Path:
    from benchmarks.dummy_whisper import make_model

    folder = WORK / f"dummy-{shape}"
    return folder if (folder / "model.bin").is_file() else make_model(folder, shape=shape)


def _audio(minutes: float) -> Path:
    """Synthetic speech with ordinary pauses, as an MP3 of constant rate."""
    path = WORK / f"speech-{minutes:g}.mp3"
    if path.is_file():
        return path
    import numpy as np

    from shownotes.adapters.encoding import encode_chunks
    from training.speech.speak import speak

    WORK.mkdir(parents=True, exist_ok=True)
    speech = speak(TEXT)
    pause = np.zeros(int(0.6 * speech.sample_rate_hz), np.float32)
    once = (np.concatenate([speech.samples, pause]) * 32_767).astype(np.int16)[None, :]
    count = int(minutes * 60 * speech.sample_rate_hz / once.shape[1]) + 1
    encode_chunks(itertools.repeat(once, count), path, sample_rate_hz=speech.sample_rate_hz)
    return path


if __name__ == "__main__":
    main()
