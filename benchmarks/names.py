"""Names: figures on a set of real episodes, on our own sets, by part, and what a long one costs.

    python benchmarks/names.py [--gold DIR]

DIR holds `dev.jsonl`, `asr_noise.jsonl` and their `score.py`; without it only our own sets are
scored. Prints figures, never errors.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from shownotes.adapters.names import load_pipeline
from shownotes.settings import Settings
from shownotes.steps import lookup
from training.names.corpus import fill, read_templates
from training.names.documents import to_transcript
from training.names.evaluate import KINDS, Reader, measure
from training.names.lexicon import Lexicon

FOLDER = Path(__file__).parents[1] / "training" / "names"
OWN_SETS = ("blind", "gold")
LONG_WORDS = 28_000


def score_real(gold: Path, name: str) -> str:
    """The figures of `score.py` for one file, on what `shownotes names --jsonl` prints."""
    source = gold / f"{name}.jsonl"
    lines = source.read_text(encoding="utf-8").splitlines()
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl", encoding="utf-8") as answers:
        for line in lookup.answer_lines(lines, Settings(), name=str(source)):
            answers.write(line + "\n")
        answers.flush()
        return subprocess.run(
            [sys.executable, gold / "score.py", source, answers.name],
            check=True,
            capture_output=True,
            text=True,
        ).stdout


def ablate(folder: Path) -> None:
    """The same set with parts of the work left out."""
    whole = Reader(load_pipeline("names-en"))
    bare = replace(whole, has_catalogue=False, has_grouping=False)
    rows = {
        "learned only": replace(bare, has_cues=False),
        "rules only": replace(bare, has_signals=False),
        "both": bare,
        "both, catalogue": replace(bare, has_catalogue=True),
        "both, catalogue, grouping": whole,
    }
    for name, reader in rows.items():
        figures = measure(folder, reader)
        short = "  ".join(f"{kind} {figures.f1(kind):.3f}" for kind in KINDS)
        print(f"  {name:28} {short}", flush=True)


def measure_long() -> None:
    """Seconds and memory for a 3-hour transcript; run it alone in a fresh process."""
    import random

    rng, lexicon = random.Random(3), Lexicon()
    templates = read_templates(FOLDER / "gold")
    text = ""
    while len(text.split()) < LONG_WORDS:
        text += " " + fill(*rng.choice(templates), lexicon, rng).text
    transcript = to_transcript(text)
    began, used = time.monotonic(), time.process_time()
    names = lookup.look_for_names(transcript, Settings())
    print(
        f"{LONG_WORDS} words: {time.process_time() - used:.1f} s of processor time "
        f"({time.monotonic() - began:.1f} s by the clock), loading included; peak "
        f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB; "
        f"{len(names.people)} people"
    )


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gold", type=Path, help="folder of the evaluation set")
    parser.add_argument("--long", action="store_true", help="only the long transcript")
    arguments = parser.parse_args()
    if arguments.long:
        measure_long()
        return
    subprocess.run([sys.executable, __file__, "--long"], check=True)
    for name in OWN_SETS:
        print(f"\nour own: {name}")
        for kind, value in (
            measure(FOLDER / name, Reader(load_pipeline("names-en"))).lines().items()
        ):
            print(f"  {kind:38} {value}")
    print("\nby part, on our own gold")
    ablate(FOLDER / "gold")
    for name in ("dev", "asr_noise") if arguments.gold else ():
        count = len((arguments.gold / f"{name}.jsonl").read_text(encoding="utf-8").splitlines())
        print(f"\n{name}.jsonl ({count} episodes)\n{score_real(arguments.gold, name)}", end="")
    print(json.dumps({"machine": sys.platform, "python": sys.version.split()[0]}))


if __name__ == "__main__":
    main()
