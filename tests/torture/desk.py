"""The desk under attack and load.

    python -m tests.torture.desk [--count N] [--seed S]

`count` is how many bodies are made up; everything else is tried as often as there are routes.
"""

import tempfile
from pathlib import Path

from tests.torture import desk_attacks, desk_fuzz, desk_load
from tests.torture.arguments import Outcomes, arguments

EXAMPLES_A_ROUTE = 60
RANGES = 3_000
SAVES_AN_EDITOR = 100
REQUESTS = 10_000


def attack(root: Path, outcomes: Outcomes, *, count: int, seed: int, share: float = 1.0) -> None:
    """Everything against one desk."""
    with desk_attacks.whole_desk(root, share=share, seed=seed) as desk:
        desk_attacks.by_strangers(desk, outcomes)
        desk_attacks.from_elsewhere(desk, outcomes)
        desk_attacks.by_size(desk, outcomes)
        desk_attacks.by_slowness(desk, outcomes)
        desk_attacks.by_traversal(desk, outcomes)
        desk_attacks.by_ranges(desk, outcomes, count=int(RANGES * share), seed=seed)
        desk_fuzz.by_oddity(desk, outcomes, count=count, number=seed)
        examples = max(3, int(EXAMPLES_A_ROUTE * share))
        desk_fuzz.by_schema(desk, outcomes, count=examples, number=seed)
        desk_attacks.is_whole(desk, outcomes)


if __name__ == "__main__":
    given = arguments("desk", count=10_000)
    with tempfile.TemporaryDirectory() as folder, Outcomes("desk", given) as found:
        attack(Path(folder) / "attacks", found, count=given.count, seed=given.seed)
        desk_load.saving(Path(folder) / "load", found, saves=SAVES_AN_EDITOR, number=given.seed)
        desk_load.staying_flat(Path(folder) / "flat", found, requests=REQUESTS)
