"""A few of the texts of `make torture PART=text`."""

from pathlib import Path
from typing import Any

import pytest

from tests.torture.arguments import Arguments, Outcomes
from tests.torture.text import PART, TEXTS, Place, put_in, read_files, try_texts

# Markup, a template's syntax and captions in captions.
CHOSEN = (TEXTS[0] + TEXTS[11] + TEXTS[15],)


def test_what_is_made_of_hostile_texts_is_read_by_others(workspace: Path) -> None:
    outcomes = Outcomes(PART, Arguments(count=len(CHOSEN), seed=0, minutes=1.0))
    place = Place(workspace, "http://127.0.0.1:9/nobody", outcomes)
    put_in(place, CHOSEN)
    # The tags are those of two seconds of noise, in which nothing is said.
    place.run("process", "--no-prefect", codes=(0, 1))
    read_files(place)
    assert not outcomes.failures
    assert {outcomes.counts[f"files read: .{kind}"] > 0 for kind in ("html", "md", "vtt")} == {True}


@pytest.mark.long
@pytest.mark.browser
def test_hostile_texts_are_inert_everywhere(tmp_path: Path, chromium: Any) -> None:
    outcomes = Outcomes(PART, Arguments(count=len(CHOSEN), seed=0, minutes=1.0))
    try_texts(tmp_path / "work", outcomes, CHOSEN, chromium)
    assert not outcomes.failures
    assert outcomes.counts["edits: taken"] > 0
    assert outcomes.counts["pages opened: disk"] > 0
    assert outcomes.counts["files read: .md"] > 0
