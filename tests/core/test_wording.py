import re
from pathlib import Path

import pytest

from shownotes.adapters.languages import load_wording, wordings_sha256
from shownotes.core.wording import Cues, bare

SOURCE = Path(__file__).parents[2] / "src" / "shownotes"
TEMPLATES = Path(__file__).parents[2] / "templates"


def test_every_list_and_cue_that_the_code_asks_for_is_in_the_file() -> None:
    wording = load_wording("en")
    code = "\n".join(path.read_text(encoding="utf-8") for path in SOURCE.rglob("core/*.py"))
    lists = set(re.findall(r'\bhas\(\s*"(\w+)"', code))
    lists |= {"title_tails", "title_joints", "articles"}
    cues = set(re.findall(r'\b(?:starts|holds)\(\s*"(\w+)"|cues\["(\w+)"\]', code))
    asked = {name for pair in cues for name in pair if name}
    assert lists
    assert lists <= set(wording.words)
    assert asked
    assert asked <= set(wording.cues)
    assert set(wording.words) <= lists, "a list that nobody asks for"
    assert set(wording.cues) <= asked, "cues that nobody asks for"


def test_every_heading_a_template_prints_is_in_the_file() -> None:
    text = "\n".join(p.read_text(encoding="utf-8") for p in TEMPLATES.rglob("*.*"))
    code = "\n".join(path.read_text(encoding="utf-8") for path in SOURCE.rglob("core/*.py"))
    asked = set(re.findall(r"\bh\.(\w+)", text)) | set(
        re.findall(r"heading\([\"'](\w+)[\"']\)", code)
    )
    assert asked
    assert asked == set(load_wording("en").headings)


@pytest.mark.parametrize("language", ["xx", "", "../../etc", "en-GB", "EN"])
def test_any_language_code_has_headings(language: str) -> None:
    wording = load_wording(language)
    assert wording.heading("chapters") == "Chapters"
    assert wording.is_known == language.lower().startswith("en")


def test_cues_are_whole_words() -> None:
    cues = Cues(("so", "my (?:first )?guest"))
    assert cues.start("My first guest is here")
    assert cues.start("So what")
    assert not cues.start("Society")
    assert cues.within("and so, yes")
    assert not cues.within("also")
    assert not Cues().within("anything")


def test_dates_are_written_as_people_do() -> None:
    assert load_wording("en").date("2026-09-06") == "September 6, 2026"
    assert load_wording("xx").date("2026-09-06") == "2026-09-06"
    assert load_wording("en").date("soon") == "soon"


def test_typographic_apostrophes_are_one() -> None:
    assert bare("“Don’t!”") == "don't"
    assert len(wordings_sha256()) == 64
