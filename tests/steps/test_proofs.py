"""What is printed of an approved episode: settings and templates that were changed since."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from shownotes.errors import ChangedSinceApprovalError
from shownotes.model import State
from shownotes.settings import PublishSettings, ShowSettings
from shownotes.steps import reviewing
from shownotes.steps.published import read_published, version_folder
from shownotes.steps.publishing import due, is_due, publish
from shownotes.steps.reviewing import open_review
from shownotes.steps.reviews import current_versions
from shownotes.steps.step import Walk
from tests.episodes import demo_walk, finish

RIVER = "the-river-has-a-budget"
SHOW = "The Warmer Ledger"
NOON = datetime(2026, 10, 1, 12, tzinfo=UTC)
# Prints what the program's own does not.
TEMPLATE = "# {{ notes.title }}\n\nBrought to you by nobody.\n"


@pytest.fixture
def walk(workspace: Path) -> Walk:
    """The river episode, without audio copies; its sign-off is the show's."""
    walk = demo_walk(workspace, RIVER)
    settings = walk.settings.model_copy(update={"publish": PublishSettings(audio=False)})
    return finish(with_show(replace(walk, settings=settings), sign_off="Stay warm."))


def with_show(walk: Walk, **told: object) -> Walk:
    show = {SHOW: ShowSettings.model_validate(told)}
    return replace(walk, settings=walk.settings.model_copy(update={"show": show}))


def write_template(walk: Walk, text: str) -> Path:
    file = walk.settings.templates_folder / "notes" / "notes.md"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    return file


def state(walk: Walk) -> State:
    return open_review(walk).state


def rewrite(walk: Walk, change: Callable[[dict[str, Any]], None]) -> None:
    """The approval as another program has written it."""
    log = walk.folder.path / "review.log.jsonl"
    (line,) = log.read_text(encoding="utf-8").splitlines()
    entry = json.loads(line)
    change(entry)
    log.write_text(json.dumps(entry) + "\n", encoding="utf-8")
    open_review(walk).write_box()


def test_a_template_that_prints_otherwise_needs_approval_again(walk: Walk) -> None:
    reviewing.approve(walk, by="Ann")
    assert state(walk) is State.APPROVED
    write_template(walk, TEMPLATE)
    with pytest.raises(ChangedSinceApprovalError, match=f"templates were .* approve {RIVER}"):
        publish(walk, by="Bo")
    assert state(walk) is State.CHANGED_SINCE_APPROVAL
    assert not walk.folder.has("published.json")
    # Somebody who waits for it is told, not left waiting.
    assert [other.folder.name for other in due(walk.settings, NOON)] == [RIVER]
    reviewing.approve(walk, by="Ann")
    publish(walk, by="Bo")
    page = version_folder(walk.folder, 1).path / "notes.md"
    assert "Brought to you by nobody." in page.read_text(encoding="utf-8")


def test_a_template_that_prints_the_same_changes_nothing(walk: Walk) -> None:
    write_template(walk, TEMPLATE)
    reviewing.approve(walk, by="Ann")
    write_template(walk, "{# a note for whoever edits this -#}\n" + TEMPLATE)
    assert state(walk) is State.APPROVED
    publish(walk, by="Bo")


@pytest.mark.parametrize(
    "told",
    [
        {"sign_off": "Stay cool."},
        {"sign_off": "Stay warm.", "publication": "The Ledger Company"},
        {"sign_off": "Stay warm.", "links": {"Site": "https://ledger.example.org"}},
        {"sign_off": "Stay warm.", "credits": {"Producer": "Ann Lee"}},
        {"sign_off": "Stay warm.", "explicit": True},
    ],
)
def test_settings_of_the_show_that_are_printed_need_approval_again(
    walk: Walk, told: dict[str, Any]
) -> None:
    reviewing.approve(walk, by="Ann")
    other = with_show(walk, **told)
    with pytest.raises(ChangedSinceApprovalError, match="the show's settings were changed"):
        publish(other, by="Bo")
    assert state(other) is State.CHANGED_SINCE_APPROVAL
    assert state(walk) is State.APPROVED
    reviewing.approve(other, by="Ann")
    publish(other, by="Bo")


@pytest.mark.parametrize(
    "told",
    [
        {"glossary": ["Port Ellery"]},
        {"site_url": "https://ledger.example.org", "audio_url": "https://cdn.example.org/{file}"},
        {"cover": "art.jpg", "owner_email": "ann@example.org", "category": "Science"},
    ],
)
def test_settings_that_print_nothing_and_addresses_change_nothing(
    walk: Walk, told: dict[str, Any]
) -> None:
    reviewing.approve(walk, by="Ann")
    other = with_show(walk, sign_off="Stay warm.", **told)
    assert state(other) is State.APPROVED
    publish(other, by="Bo")


def test_what_is_out_stays_out_whatever_is_changed(walk: Walk) -> None:
    reviewing.approve(walk, by="Ann")
    publish(walk, by="Bo")
    write_template(walk, TEMPLATE)
    assert publish(walk, by="Bo").version == 1
    assert read_published(walk.folder).current == 1
    assert not is_due(walk, NOON)


def test_an_approval_from_before_proofs_is_one_still(walk: Walk) -> None:
    reviewing.approve(walk, by="Ann")

    def older(entry: dict[str, Any]) -> None:
        del entry["proof"]
        entry["version"] = current_versions(walk.folder)[1]

    rewrite(walk, older)
    write_template(walk, TEMPLATE)
    assert state(walk) is State.APPROVED
    publish(walk, by="Bo")


def test_another_program_takes_no_approval_back(walk: Walk) -> None:
    reviewing.approve(walk, by="Ann")

    def older(entry: dict[str, Any]) -> None:
        entry["proof"] |= {"program": "0.0.9", "texts": "x", "templates": "x"}

    rewrite(walk, older)
    assert state(walk) is State.APPROVED
    # What the show itself changed is known all the same.
    own = write_template(walk, TEMPLATE)
    assert state(walk) is State.CHANGED_SINCE_APPROVAL
    with pytest.raises(ChangedSinceApprovalError):
        publish(walk, by="Bo")
    own.unlink()
    publish(walk, by="Bo")


def test_proofs_of_another_kind_say_nothing(walk: Walk) -> None:
    reviewing.approve(walk, by="Ann")
    rewrite(walk, lambda entry: entry["proof"].update(scheme=99))
    write_template(walk, TEMPLATE)
    publish(walk, by="Bo")
