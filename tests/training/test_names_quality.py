"""The gate: the bundled pipeline on openings that it was not trained on. Floors only rise.

`gold` was written by another writer than the corpus and is read by nobody who works on the rules;
`blind` is older. `python -m training.names.evaluate FOLDER` prints the same figures.
"""

from pathlib import Path

import pytest

from shownotes.adapters.names import load_pipeline
from training.names.corpus import read_templates
from training.names.evaluate import Figures, Reader, measure

FOLDER = Path(__file__).parents[2] / "training" / "names"
# Figures of 2026-11-25, cut after the second digit. The gold is new (66 openings; the one before
# has been read, and is in `dev`). Of the older blind set, the floors of hosts (.87) and guests'
# organizations (.86) had to fall when the corpus turned from literary passages to real openings'
# manner; its other floors rose, and so did the figures on real openings.
FLOORS = {
    "gold": {
        "guests": 0.88,
        "hosts": 0.90,
        "organizations": 0.76,
        "title": 0.78,
        "organization": 0.62,
    },
    "blind": {
        "guests": 0.83,
        "hosts": 0.87,
        "organizations": 0.90,
        "title": 0.74,
        "organization": 0.78,
    },
}
# Titles and organizations, and passages with a false guest.
MOST_INVENTED = {"gold": 2, "blind": 9}
MOST_FALSE_GUESTS = {"gold": 1, "blind": 2}


@pytest.fixture(scope="module", params=list(FLOORS))
def measured(request: pytest.FixtureRequest) -> tuple[str, Figures]:
    return request.param, measure(FOLDER / request.param, Reader(load_pipeline("names-en")))


def test_the_gold_is_large_enough() -> None:
    assert sum(len(read_templates(FOLDER / name)) for name in FLOORS) >= 60


def test_figures_do_not_fall_below_their_floors(measured: tuple[str, Figures]) -> None:
    name, figures = measured
    reached = {kind: figures.f1(kind) for kind in ("guests", "hosts", "organizations")}
    reached |= {kind: figures.share_right(kind) for kind in ("title", "organization")}
    below = {kind: value for kind, value in reached.items() if value < FLOORS[name][kind]}
    assert below == {}


def test_next_to_nothing_is_invented(measured: tuple[str, Figures]) -> None:
    name, figures = measured
    invented = figures.facts["title", "invented"] + figures.facts["organization", "invented"]
    assert invented <= MOST_INVENTED[name]
    assert figures.facts["false guest"] <= MOST_FALSE_GUESTS[name]


def test_every_value_stands_in_the_transcript(measured: tuple[str, Figures]) -> None:
    _, figures = measured
    assert figures.not_in_text == []
