"""Floors of prepare: CPU and memory of decoding, memory of the whole step, damaged files.

    python benchmarks/prepare.py [--hours 3] [--only decode|memory|damage]

Every figure is taken in a process of its own. Audio is made once, in `benchmarks/work/`.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from time import perf_counter, process_time

import numpy as np
import psutil
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).parents[1]))

WORK = Path(__file__).parent / "work"
RATE_HZ = 44_100
# Decoding and resampling against faster_whisper.decode_audio, and prepare at 3 h against 30 min.
MAX_CPU_RATIO = 0.75
MAX_MEMORY_RATIO = 0.1
MAX_GROWTH = 1.15
MIN_RECOVERED = 0.99
FLIPPED_BYTES = 200
SEEDS = range(8)
ROUNDS = 3
TEXT = (
    "Good morning, and welcome back. Today we ask who pays when the river rises. "
    "My guest has spent ten years counting bridges, pumps and promises. What did you find? "
    "Well, the short answer is that nobody planned for it. The long answer takes an hour. "
)


def main() -> None:
    """Measure what was asked for, print it, and fail when a floor is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hours", type=float, default=3.0)
    parser.add_argument("--only", choices=sorted(FLOORS))
    parser.add_argument("--child", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        name, path = options.child
        print(json.dumps(measure(CHILDREN[name], Path(path))))
        return
    WORK.mkdir(exist_ok=True)
    chosen = [options.only] if options.only else list(FLOORS)
    # All of them, also after one is missed.
    kept = [FLOORS[name](options.hours) for name in chosen]
    sys.exit(0 if all(kept) else 1)


# --------------------------------------------------------------------------- the floors


def decode_floor(hours: float) -> bool:
    """Decode and resample, loudness off, against faster_whisper.decode_audio.

    In turns, and the median of the rounds: on a busy machine the same work is billed up to half as
    much again, for caches that others have filled.
    """
    path = speech_mp3(hours)
    names = ("theirs", "ours")
    rounds = [[in_child(name, path) for name in names] for _ in range(ROUNDS)]
    for theirs, ours in rounds:
        print(f"decode {hours:g} h  faster_whisper.decode_audio  {describe(theirs)}")
        print(f"decode {hours:g} h  shownotes, into a WAV        {describe(ours)}")
    cpu = median(ours["cpu_s"] / theirs["cpu_s"] for theirs, ours in rounds)
    memory = max(ours["peak_mb"] / theirs["peak_mb"] for theirs, ours in rounds)
    print(
        f"decode: {cpu:.2f}x the CPU (at most {MAX_CPU_RATIO}), "
        f"{memory:.3f}x the memory (at most {MAX_MEMORY_RATIO})"
    )
    return cpu <= MAX_CPU_RATIO and memory <= MAX_MEMORY_RATIO


def memory_floor(hours: float) -> bool:
    """Peak memory of the step, voice activity and loudness included, whatever the length."""
    short, long = (in_child("step", speech_mp3(h)) for h in (0.5, hours))
    print(f"prepare 0.5 h  {describe(short)}")
    print(f"prepare {hours:g} h  {describe(long)}")
    growth = long["peak_mb"] / short["peak_mb"]
    print(f"prepare: {growth:.3f}x the memory of 30 minutes (at most {MAX_GROWTH})")
    return growth <= MAX_GROWTH


def damage_floor(_hours: float) -> bool:
    """Seconds recovered from a damaged minute, against the ffmpeg program."""
    import imageio_ffmpeg

    from shownotes.adapters.audio import decode

    whole = speech_mp3(1 / 60).read_bytes()
    worst = 1.0
    for seed in SEEDS:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "damaged.mp3")
            path.write_bytes(damaged(whole, seed))
            ours = decode(path, [])
            command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "quiet", "-i", str(path)]
            raw = subprocess.run(
                [*command, "-f", "s16le", "-ac", "1", "-ar", "16000", "-"], capture_output=True
            ).stdout
        theirs_s = len(raw) / 32_000
        worst = min(worst, ours.decoded_s / theirs_s)
        print(
            f"damage seed {seed}: {ours.decoded_s:.2f} s decoded, {ours.filled_s:.2f} s filled, "
            f"{ours.broken_packets} packets lost; ffmpeg {theirs_s:.2f} s"
        )
    print(f"damage: {worst:.4f} of what ffmpeg recovers (at least {MIN_RECOVERED})")
    return worst >= MIN_RECOVERED


FLOORS: dict[str, Callable[[float], bool]] = {
    "decode": decode_floor,
    "memory": memory_floor,
    "damage": damage_floor,
}


def damaged(whole: bytes, seed: int) -> bytes:
    """`FLIPPED_BYTES` bytes replaced by others, anywhere after the first header."""
    rng = np.random.default_rng(seed)
    data = np.frombuffer(whole, np.uint8).copy()
    places = rng.choice(np.arange(2000, len(data)), FLIPPED_BYTES, replace=False)
    data[places] ^= rng.integers(1, 256, FLIPPED_BYTES, dtype=np.uint8)
    return data.tobytes()


# --------------------------------------------------------------------------- in a child


Work = Callable[[], object]


def theirs(path: Path) -> Work:
    """What faster-whisper does."""
    from faster_whisper import decode_audio

    return lambda: decode_audio(str(path))


def ours(path: Path) -> Work:
    """What prepare does, without loudness and voice activity."""
    from shownotes.adapters.audio import WorkingAudio, decode

    target = WORK / "working.wav"
    target.unlink(missing_ok=True)
    return lambda: decode(path, [WorkingAudio(target)])


def step(path: Path) -> Work:
    """The whole step on an episode of its own."""
    from shownotes.settings import Settings
    from shownotes.steps import prepare
    from shownotes.steps.step import Walk

    def work() -> None:
        with tempfile.TemporaryDirectory(dir=WORK) as folder:
            settings = Settings(root=Path(folder))
            prepare.STEP.run(Walk(folder=prepare.admit(path, settings), settings=settings))

    return work


CHILDREN: dict[str, Callable[[Path], Work]] = {
    "theirs": theirs,
    "ours": ours,
    "step": step,
}


def in_child(name: str, path: Path) -> dict[str, float]:
    """Run one of `CHILDREN` in a fresh process."""
    command = [sys.executable, __file__, "--child", name, str(path)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def measure(ready: Callable[[Path], Work], path: Path) -> dict[str, float]:
    """CPU and wall seconds of the work, imports left out, and the process's peak memory."""
    work = ready(path)
    began, before = perf_counter(), process_time()
    work()
    wall, cpu = perf_counter() - began, process_time() - before
    return {"cpu_s": cpu, "wall_s": wall, "peak_mb": peak_bytes() / 1e6}


def peak_bytes() -> int:
    """The most memory this process has had; `ru_maxrss` would count its parent's too."""
    status = Path("/proc/self/status")
    if status.is_file():
        line = next(li for li in status.read_text().splitlines() if li.startswith("VmHWM"))
        return int(line.split()[1]) * 1024
    if sys.platform == "win32":
        return int(psutil.Process().memory_info().peak_wset)
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def describe(found: dict[str, float]) -> str:
    """One line of figures."""
    return (
        f"{found['cpu_s']:6.1f} s CPU {found['wall_s']:6.1f} s wall {found['peak_mb']:7.0f} MB peak"
    )


# --------------------------------------------------------------------------- audio


def speech_mp3(hours: float) -> Path:
    """Synthetic speech with pauses, 64 kb/s mono 44.1 kHz; made once."""
    from shownotes.adapters.encoding import encode_chunks

    path = WORK / f"speech-{hours:.4g}h.mp3"
    if not path.is_file():
        making = path.with_suffix(".making.mp3")
        encode_chunks(spoken(hours * 3600), making, sample_rate_hz=RATE_HZ)
        making.replace(path)
    return path


def spoken(seconds: float) -> Iterator[NDArray[np.int16]]:
    """Paragraphs in several voices, with pauses of up to 2 s."""
    from training.speech.speak import speak

    voices = ("en-us", "en-gb-x-rp", "en-us+f3", "en-gb-x-rp+m3")
    paragraphs = [
        (speak(TEXT, voice=voice, rate_wpm=rate, sample_rate_hz=RATE_HZ).samples * 20_000)
        for voice in voices
        for rate in (150, 175)
    ]
    rng = np.random.default_rng(1)
    left = round(seconds * RATE_HZ)
    while left > 0:
        pause = np.zeros(round(rng.uniform(0.3, 2.0) * RATE_HZ), np.float32)
        piece = np.concatenate([paragraphs[rng.integers(len(paragraphs))], pause])[:left]
        left -= len(piece)
        yield piece.astype(np.int16)[None, :]


if __name__ == "__main__":
    main()
