"""Fits how cues and learned signal are weighed: `python -m training.names.tune`.

Three-fold: each passage is scored by a signal that was trained on the other passages, so that what
is printed is what to expect of passages never seen. The best row goes by hand into `[decision]` of
`en_names.toml`.
"""

from __future__ import annotations

import itertools
import random
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from shownotes.adapters.names import NamesPipeline, find_mentions, load_cues, load_pipeline
from shownotes.core.cues import NameCues
from shownotes.core.people import identify
from shownotes.core.roles import RoleSignal
from training.names.corpus import fill, read_templates
from training.names.evaluate import Tally, gold_names, to_transcript
from training.names.lexicon import Lexicon
from training.names.role_training import train_roles

if TYPE_CHECKING:
    from collections import Counter

FOLDS = 3
GRID = {
    "signal": (0.7, 1.0, 1.4),
    "mentioned_prior": (0.0, 0.5),
    "guest_threshold": (0.2, 0.5),
}


def main() -> None:
    """Command line."""
    templates = read_templates(Path(__file__).parent / "passages")
    order = random.Random(5).sample(templates, len(templates))
    pipeline, lexicon, rng = load_pipeline("names-en"), Lexicon(), random.Random(2)
    found = []
    for fold in range(FOLDS):
        held = order[fold::FOLDS]
        weights = train_roles([t for t in order if t not in held], seed=fold)
        judge: NamesPipeline = replace(pipeline, role_signal=RoleSignal(weights))
        for template in held:
            passage = fill(*template, lexicon, rng)
            transcript = to_transcript(passage.text)
            found.append((passage, transcript, find_mentions(transcript, pipeline=judge)))
    cues = load_cues("en")
    rows = []
    for values in itertools.product(*GRID.values()):
        settings = dict(zip(GRID, values, strict=True))
        tried = NameCues({**cues.data, "decision": {**cues.data["decision"], **settings}})
        tried.__dict__.update({k: getattr(cues, k) for k in ("role_patterns", "facts", "title")})
        tried.__dict__["_organization_cache"] = cues._organization_cache
        tallies = {role: Tally() for role in ("guest", "host")}
        for passage, transcript, mentions in found:
            names = identify(transcript, mentions, cues=tried)
            for role, tally in tallies.items():
                people = [p.name for p in names.people if p.role == role]
                tally.add(people, [key for key, _ in gold_names(passage, role)], [])
        rows.append((_f1(tallies["guest"].counts) + _f1(tallies["host"].counts), settings, tallies))
    for total, settings, tallies in sorted(rows, key=lambda row: -row[0])[:8]:
        print(f"{total:.3f} {settings} guests {tallies['guest']} hosts {tallies['host']}")


def _f1(counts: Counter[str]) -> float:
    right = counts["right"]
    return 2 * right / max(1, 2 * right + counts["false"] + counts["missed"])


if __name__ == "__main__":
    main()
