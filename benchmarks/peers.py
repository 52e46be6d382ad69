"""From an audio file to caption files: Shownotes beside what a user would take instead.

    python -m benchmarks.peers quick             ten minutes: `make bench-quick`
    python -m benchmarks.peers usual             an hour: `make bench`
    python -m benchmarks.peers long [CASE ...]   `make bench-long PART=...`; goes on where it was

Every side is a command of its own (loading of libraries and models counts) with the same model,
audio, beam, temperatures, threads and arithmetic (int8). They take turns, in another order every
round, so that a machine that grows slower does so for all; a ratio is the median of the rounds.
`walk` is the whole of `shownotes process --no-prefect` with loudness left out, `walk+loudness`
with it. Results are kept in `benchmarks/results.json`; `python -m benchmarks.report` draws them.

`tiny`, `small` and `turbo` are models of the real shapes with random weights that say an ordinary
number of words (`benchmarks/dummy_whisper.py`); `demo` is the model that ships.
"""

import argparse
import json
import shutil
import sys
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from benchmarks.measuring import (
    WORK,
    CommandFailedError,
    Measured,
    keep,
    load,
    measure,
    ratio,
    say,
    summary,
)
from benchmarks.walk import speech_mp3, walk_command, weights
from shownotes.adapters.hardware import free_cpus

BEAM_SIZE, BATCH_SIZE, TEMPERATURES = 5, 8, (0.0, 0.2, 0.4)
OURS, LOUD, PREFECT = "walk", "walk+loudness", "walk under Prefect"
BARE, BATCHED = "faster-whisper", "faster-whisper batched"
CT2, CT2_BATCHED = "whisper-ctranslate2", "whisper-ctranslate2 batched"
SEQUENTIAL = (OURS, BARE)
ALL = (OURS, LOUD, BARE, BATCHED, CT2, CT2_BATCHED)
# What faster-whisper's users write: the segments as SRT and WebVTT.
PEER = """
import sys
from pathlib import Path
from faster_whisper import BatchedInferencePipeline, WhisperModel
from faster_whisper.utils import format_timestamp
model, audio, out, threads, batch = sys.argv[1:6]
model = WhisperModel(model, device="cpu", compute_type="int8", cpu_threads=int(threads),
                     local_files_only=True)
options = dict(language="en", beam_size=5, temperature=[0.0, 0.2, 0.4], vad_filter=True,
               word_timestamps=True, condition_on_previous_text=False)
if int(batch):
    pipeline = BatchedInferencePipeline(model)
    segments, _ = pipeline.transcribe(audio, batch_size=int(batch), **options)
else:
    segments, _ = model.transcribe(audio, **options)
srt, vtt = [], ["WEBVTT", ""]
for number, segment in enumerate(segments, 1):
    text = segment.text.strip()
    times = [format_timestamp(t, always_include_hours=True) for t in (segment.start, segment.end)]
    vtt += [" --> ".join(times), text, ""]
    srt += [str(number), " --> ".join(times).replace(".", ","), text, ""]
Path(out, "a.srt").write_text("\\n".join(srt))
Path(out, "a.vtt").write_text("\\n".join(vtt))
"""


@dataclass(frozen=True, slots=True)
class Case:
    """What is measured: a model, so many minutes of audio, the sides, and how many rounds."""

    shape: str
    minutes: float
    sides: tuple[str, ...]
    rounds: int = 3

    @property
    def name(self) -> str:
        """As it is kept and asked for."""
        return f"{self.shape}-{self.minutes:g}"


QUICK = (Case("tiny", 5, (OURS, BARE)), Case("demo", 5, (*ALL, PREFECT)))
USUAL = (
    Case("tiny", 5, ALL),
    Case("demo", 5, (*ALL, PREFECT)),
    Case("demo", 30, ALL),
    Case("small", 10, (OURS, LOUD, BARE, CT2)),
    Case("tiny", 30, ALL),
)
LONG = (
    Case("small", 30, SEQUENTIAL),
    Case("tiny", 180, (OURS, BARE, CT2, BATCHED), rounds=1),
    Case("turbo", 5, (OURS, BARE), rounds=1),
    Case("tiny", 600, (OURS,), rounds=1),
)


def command_of(side: str, case: Case, threads: int) -> list[str]:
    """What is run for a side, in a fresh folder."""
    model, audio = weights(case.shape), speech_mp3(case.minutes)
    if side in (OURS, LOUD, PREFECT):
        return walk_command(model, audio, threads, is_loud=side == LOUD, is_plain=side != PREFECT)
    out = WORK / "peer"
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    if side in (BARE, BATCHED):
        batch = str(BATCH_SIZE if side == BATCHED else 0)
        return [sys.executable, "-c", PEER, str(model), str(audio), str(out), str(threads), batch]
    program = shutil.which("whisper-ctranslate2", path=str(Path(sys.executable).parent))
    if program is None:
        raise CommandFailedError("whisper-ctranslate2 is not installed: run it by `make bench`")
    options = {
        "model_directory": model,
        "output_dir": out,
        "output_format": "all",
        "device": "cpu",
        "compute_type": "int8",
        "threads": threads,
        "language": "en",
        "beam_size": BEAM_SIZE,
        "temperature": 0,
        "temperature_increment_on_fallback": 0.2,
        "condition_on_previous_text": False,
        "vad_filter": True,
        "word_timestamps": True,
        "verbose": False,
        "local_files_only": True,
        **({"batched": True, "batch_size": BATCH_SIZE} if side == CT2_BATCHED else {}),
    }
    told = [part for key, value in options.items() for part in (f"--{key}", str(value))]
    return [program, str(audio), *told]


def run_once(side: str, case: Case, threads: int) -> Measured:
    """One run of one side."""
    environment = {"OMP_NUM_THREADS": str(threads)}
    if side == PREFECT:
        environment |= {"PREFECT_HOME": str(WORK / "prefect-home"), "PREFECT_API_URL": ""}
    measured = measure(command_of(side, case, threads), environment)
    if side not in (OURS, LOUD, PREFECT):
        return measured
    parts = _parts(WORK / "walk" / "output" / ".logs" / "shownotes.jsonl")
    return replace(
        measured, parts={**parts, "start and end": measured.wall_s - sum(parts.values())}
    )


def _parts(log: Path) -> dict[str, float]:
    """Seconds of each step, as the walk's own log tells them."""
    entries = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    return {
        entry["step"]: entry["took_s"]
        for entry in entries
        if entry.get("step") and entry.get("message") == "done"
    }


def run_case(case: Case, threads: int, rounds: int | None = None) -> None:
    """All sides in turn, kept after every round; whoever fails is told and left out."""
    runs: dict[str, list[Measured]] = {side: [] for side in case.sides}
    failed: dict[str, str] = {}
    if PREFECT in case.sides:
        # Its home is made once, as on a machine where it has run before.
        run_once(PREFECT, replace(case, minutes=1.0), threads)
    for number in range(rounds or case.rounds):
        first = number % len(case.sides)
        for side in (*case.sides[first:], *case.sides[:first]):
            if side in failed:
                continue
            try:
                measured = run_once(side, case, threads)
            except CommandFailedError as error:
                failed[side] = str(error)
                say(f"{case.name} {side}: {error}")
                continue
            runs[side].append(measured)
            say(
                f"{case.name} round {number + 1} {side}: {measured.wall_s:.1f} s by the clock, "
                f"{measured.cpu_s:.1f} s of processors, {measured.peak_mb:.0f} MB"
            )
        _keep(case, runs, failed, threads)
    _tell(case, runs)


def _keep(
    case: Case, runs: dict[str, list[Measured]], failed: dict[str, str], threads: int
) -> None:
    told = {
        "case": {**asdict(case), "threads": threads},
        "sides": {side: summary(found) for side, found in runs.items() if found},
        "failed": failed,
        "ratios": {
            side: {what: ratio(runs[OURS], found, what) for what in ("wall_s", "cpu_s", "peak_mb")}
            for side, found in runs.items()
            if side != OURS and found
        },
    }
    keep(case.name, told)


def _tell(case: Case, runs: dict[str, list[Measured]]) -> None:
    for side, found in runs.items():
        if side != OURS and found:
            clock, memory = (ratio(runs[OURS], found, what) for what in ("wall_s", "peak_mb"))
            low, high = clock["spread"]
            say(
                f"{case.name}: walk is {clock['median']:.3f} ({low:.3f} to {high:.3f}) of the time "
                f"of {side}, {memory['median']:.2f} of its memory"
            )


def main() -> None:
    """Measure what was asked for."""
    from benchmarks import parts

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("which", choices=("quick", "usual", "long"))
    parser.add_argument("cases", nargs="*", help="names such as tiny-30; all by default")
    parser.add_argument("--threads", type=int, default=0, help="0: as many as are free")
    parser.add_argument("--rounds", type=int, help="instead of each case's own number")
    asked = parser.parse_args()
    threads = asked.threads or free_cpus()
    cases = {"quick": QUICK, "usual": USUAL, "long": LONG}[asked.which]
    small = {} if asked.which == "long" else parts.ALL
    known = [*(case.name for case in cases), *small]
    wrong = set(asked.cases) - set(known)
    if wrong:
        parser.error(f"{', '.join(sorted(wrong))}: not among {', '.join(known)}")
    done = load() if asked.which == "long" and not asked.cases else {}
    for name, part in small.items():
        if not asked.cases or name in asked.cases:
            part()
    for case in cases:
        if (asked.cases and case.name not in asked.cases) or case.name in done:
            continue
        run_case(case, threads, asked.rounds)


if __name__ == "__main__":
    main()
