"""approve, publish, unpublish and site, as a person runs them."""

from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from shownotes.cli import app
from shownotes.errors import (
    ChangedSinceApprovalError,
    DeliveryError,
    EpisodeNotFoundError,
    NotApprovedError,
    NotDueError,
    NotPublishedError,
    SettingsError,
)
from shownotes.model import Episode
from shownotes.steps.published import read_published
from shownotes.steps.reviews import read_approval
from shownotes.steps.step import Walk
from tests.episodes import demo_walk, finish

HEAT, RIVER = "who-pays-for-the-heat-pump", "the-river-has-a-budget"
SETTINGS = """
[publish]
audio = false
retries = 0
[show."The Warmer Ledger"]
timezone = "Europe/Oslo"
"""


@pytest.fixture
def walk(workspace: Path) -> Walk:
    (workspace / "shownotes.toml").write_text(SETTINGS, encoding="utf-8")
    return finish(demo_walk(workspace, RIVER))


def run(walk: Walk, *command: str) -> Result:
    return CliRunner().invoke(app, [*command, "--root", str(walk.settings.root)])


def said(result: Result) -> str:
    return " ".join(result.output.split())


def test_from_approval_to_the_site_and_back(walk: Walk) -> None:
    approved = run(walk, "approve", RIVER, "--by", "Ann")
    assert approved.exit_code == 0, approved.exception
    assert f"approved {RIVER}, by Ann" in said(approved)
    assert f"Next: shownotes publish {RIVER}" in said(approved)
    published = run(walk, "publish", RIVER, "--by", "Bo")
    assert published.exit_code == 0, published.exception
    assert f"published output/{RIVER}/published/1, by Bo" in said(published)
    assert "The Warmer Ledger: 1 episode, output/site/the-warmer-ledger/index.html" in said(
        published
    )
    assert run(walk, "site").exit_code == 0
    again = run(walk, "publish", RIVER, "--by", "Cy")
    assert f"published output/{RIVER}/published/1, by Bo" in said(again)
    taken = run(walk, "unpublish", RIVER)
    assert f"taken back {RIVER}" in said(taken)
    assert not (walk.settings.output_folder / "site" / "the-warmer-ledger").exists()
    assert isinstance(run(walk, "site").exception, SettingsError)
    assert [event.version for event in read_published(walk.folder).history] == [1, 1]


def test_without_a_name_it_is_whoever_is_at_the_keyboard(walk: Walk) -> None:
    assert run(walk, "approve", RIVER).exit_code == 0
    approval = read_approval(walk.folder)
    assert approval is not None
    assert approval.by


def test_an_episode_is_named_by_folder_id_or_audio(walk: Walk) -> None:
    identity = walk.folder.read("episode.json", Episode).id
    for name in (RIVER, f"output/{RIVER}", identity[:8]):
        assert run(walk, "approve", name).exit_code == 0, name
    assert isinstance(run(walk, "approve", "nothing").exception, EpisodeNotFoundError)


def test_what_is_not_approved_or_was_changed_is_refused_with_what_to_do(walk: Walk) -> None:
    refused = run(walk, "publish", RIVER)
    assert refused.exit_code == NotApprovedError.exit_code
    assert f"shownotes approve {RIVER}" in said(refused)
    run(walk, "approve", RIVER)
    draft = walk.folder.path / "draft.json"
    draft.write_text(
        draft.read_text(encoding="utf-8").replace("The River Has a Budget", "Another"), "utf-8"
    )
    changed = run(walk, "publish", RIVER)
    assert changed.exit_code == ChangedSinceApprovalError.exit_code
    assert "was changed after" in said(changed)
    assert run(walk, "unpublish", RIVER).exit_code == NotPublishedError.exit_code


def test_a_time_is_the_shows_and_is_kept_unless_somebody_says_now(walk: Walk) -> None:
    approved = run(walk, "approve", RIVER, "--at", "2126-03-30T02:30")
    assert "to be published at 2126-03-30 02:30:00+0" in said(approved)
    early = run(walk, "publish", RIVER)
    assert isinstance(early.exception, NotDueError)
    assert "--now" in str(early.exception)
    assert said(run(walk, "publish")) == "Nothing is approved and due."
    assert not read_published(walk.folder).history
    assert run(walk, "publish", RIVER, "--now").exit_code == 0
    assert read_published(walk.folder).current == 1
    wrong = run(walk, "approve", RIVER, "--at", "tomorrow")
    assert isinstance(wrong.exception, SettingsError)


def test_all_that_is_due_and_one_that_fails(walk: Walk) -> None:
    heat = finish(demo_walk(walk.settings.root, HEAT))
    for name in (HEAT, RIVER):
        run(walk, "approve", name)
    (heat.folder.path / "published.json").write_text("{torn", encoding="utf-8")
    done = run(walk, "publish", "--no-prefect")
    assert done.exit_code == 1
    assert f"published output/{RIVER}/published/1" in said(done)
    assert f"{HEAT}: " in said(done)
    assert "published.json is not whole JSON" in said(done)


def test_a_hook_that_fails_is_told_and_the_exit_code_says_so(walk: Walk) -> None:
    (walk.settings.root / "shownotes.toml").write_text(
        SETTINGS.replace("retries = 0", 'command = ["./none.sh"]'), encoding="utf-8"
    )
    run(walk, "approve", RIVER)
    done = run(walk, "publish", RIVER)
    assert done.exit_code == DeliveryError.exit_code
    assert f"published output/{RIVER}/published/1" in said(done)
    assert f"{RIVER}: command: ./none.sh cannot be started" in said(done)
