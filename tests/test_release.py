"""Published, on the site and everybody told: against real servers, commands and killed runs."""

import base64
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from shownotes.core.publication import EventKind
from shownotes.errors import ChangedSinceApprovalError, SettingsError
from shownotes.model import Episode, ShowNotes
from shownotes.release import Release, release, release_due, take_back
from shownotes.settings import PublishSettings, ShowSettings
from shownotes.steps import reviewing
from shownotes.steps.announcing import announce
from shownotes.steps.published import read_deliveries, read_publication, read_published
from shownotes.steps.publishing import due, publish, unpublish
from shownotes.steps.step import Walk
from tests.adapters.test_wordpress import PASSWORD, USER, podlove
from tests.adapters.test_wordpress import Episode as PodloveEpisode
from tests.episodes import demo_walk, finish
from tests.local_server import Answer, Request, Server, serve

HEAT, RIVER = "who-pays-for-the-heat-pump", "the-river-has-a-budget"
SHOW = "The Warmer Ledger"
NOON = datetime(2026, 10, 1, 12, tzinfo=UTC)
KEEP = "import json, sys; print(sys.stdin.read()); print(sys.argv[1])"


@pytest.fixture
def walk(workspace: Path) -> Walk:
    walk = finish(demo_walk(workspace, RIVER))
    reviewing.approve(walk, by="Ann")
    return told(walk)


@pytest.fixture(autouse=True)
def secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    key = base64.b64encode(b"twenty-four bytes of key").decode()
    monkeypatch.setenv("SHOWNOTES_WEBHOOK_SECRET", f"whsec_{key}")
    monkeypatch.setenv("SHOWNOTES_WORDPRESS_PASSWORD", PASSWORD)


class Receiver:
    """A webhook's receiver, which can be out of order."""

    def __init__(self) -> None:
        self.status = 200
        self.server = Server()

    def answer(self, _request: Request) -> Answer:
        return Answer(self.status)

    @property
    def events(self) -> list[str]:
        return [request.data["event"] for request in self.server.seen]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    with serve(receiver.answer) as server:
        receiver.server = server
        yield receiver


def told(walk: Walk, **changes: Any) -> Walk:
    """The episode with settings for publishing, and an address."""
    publish_settings = PublishSettings.model_validate({"audio": False, "retries": 0, **changes})
    show = {SHOW: ShowSettings(site_url="https://ledger.example.org")}
    update = {"publish": publish_settings, "show": show}
    return replace(walk, settings=walk.settings.model_copy(update=update))


def only(releases: Any) -> Release:
    (one,) = releases.episodes
    assert isinstance(one, Release)
    return one


def index_of(walk: Walk) -> str:
    site = walk.settings.output_folder / "site" / "the-warmer-ledger" / "index.html"
    return site.read_text(encoding="utf-8") if site.exists() else ""


def test_published_on_the_site_and_nobody_to_tell(walk: Walk) -> None:
    releases = release(walk, by="Bo")
    done = only(releases)
    assert (done.error, done.is_out, done.deliveries) == (None, True, ())
    assert [built.episodes for built in releases.sites] == [1]
    assert "The River Has a Budget" in index_of(walk)
    assert due(walk.settings, NOON) == []


def test_the_webhook_is_told_what_and_where(walk: Walk, receiver: Receiver) -> None:
    walk = told(walk, webhook=f"{receiver.server.url}/hook")
    done = only(release(walk, by="Bo"))
    (delivery,) = done.deliveries
    assert (delivery.target, delivery.is_done, delivery.attempts) == ("webhook", True, 1)
    (request,) = receiver.server.seen
    message = request.data
    assert message["event"] == "episode.published"
    assert message["episode"]["title"] == "The River Has a Budget"
    assert message["version"] == 1
    assert message["url"] == f"https://ledger.example.org/{RIVER}/"
    assert {"name", "sha256"} == set(message["files"][0])
    assert "notes.html" in {file["name"] for file in message["files"]}
    assert (message["by"], message["approved_by"]) == ("Bo", "Ann")


def test_everybody_is_told_once(walk: Walk, receiver: Receiver) -> None:
    walk = told(walk, webhook=f"{receiver.server.url}/hook")
    for _ in range(3):
        release(walk, by="Bo")
    release_due([walk], walk.settings, by="schedule", now=NOON)
    assert receiver.events == ["episode.published"]


def test_a_failed_hook_takes_nothing_back_and_is_tried_again_when_asked(
    walk: Walk, receiver: Receiver
) -> None:
    walk = told(walk, webhook=f"{receiver.server.url}/hook")
    receiver.status = 503
    done = only(release(walk, by="Bo"))
    assert done.is_out
    assert "503" in done.failures[0]
    assert read_publication(walk.folder) is not None
    assert "The River Has a Budget" in index_of(walk)
    # A schedule does not go on about it: somebody must look.
    assert due(walk.settings, NOON) == []
    receiver.status = 200
    done = only(release(walk, by="Bo"))
    assert done.failures == ()
    assert len({r.headers["webhook-id"] for r in receiver.server.seen}) == 1
    assert len(read_published(walk.folder).history) == 1


def test_a_missing_secret_is_a_failed_delivery(
    walk: Walk, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SHOWNOTES_WEBHOOK_SECRET")
    done = only(release(told(walk, webhook=receiver.server.url), by="Bo"))
    assert done.is_out
    assert "SHOWNOTES_WEBHOOK_SECRET" in done.failures[0]
    assert receiver.server.seen == []


def test_taking_back_is_told_too(walk: Walk, receiver: Receiver) -> None:
    walk = told(walk, webhook=receiver.server.url, command=(sys.executable, "-c", KEEP))
    release(walk, by="Bo")
    done = only(take_back(walk, by="Cy"))
    assert (done.is_out, done.failures) == (False, ())
    assert receiver.events == ["episode.published", "episode.unpublished"]
    assert index_of(walk) == ""
    log = walk.folder.path / "work" / "publish-command.log"
    assert json.loads(log.read_text(encoding="utf-8").splitlines()[0])["event"] == (
        "episode.unpublished"
    )
    assert due(walk.settings, NOON) == []


def test_the_command_is_given_folder_and_message(walk: Walk) -> None:
    done = only(release(told(walk, command=(sys.executable, "-c", KEEP)), by="Bo"))
    assert done.failures == ()
    log = (walk.folder.path / "work" / "publish-command.log").read_text(encoding="utf-8")
    message, folder = log.splitlines()
    version = walk.folder.path / "published" / "1"
    assert Path(folder) == version.resolve()
    assert json.loads(message)["path"] == folder
    assert json.loads(message)["version"] == 1


def test_one_that_fails_does_not_keep_the_others_from_being_told(
    walk: Walk, receiver: Receiver
) -> None:
    fail = (sys.executable, "-c", "print('no room'); raise SystemExit(1)")
    done = only(release(told(walk, command=fail, webhook=receiver.server.url), by="Bo"))
    assert receiver.events == ["episode.published"]
    assert [d.is_done for d in done.deliveries] == [False, True]
    assert "command: " in done.failures[0]
    assert "no room" in done.failures[0]


def test_wordpress_is_given_the_published_captions_and_chapters(walk: Walk) -> None:
    with podlove(_5=PodloveEpisode("The River Has a Budget")) as wordpress:
        walk = told(walk, wordpress_url=wordpress.url, wordpress_user=USER)
        done = only(release(walk, by="Bo"))
        assert done.failures == ()
        notes = walk.folder.read("draft.json", ShowNotes)
        assert [c["title"] for c in wordpress.episodes[5].chapters] == [
            chapter.title for chapter in notes.chapters
        ]
        assert wordpress.episodes[5].transcript[0]["voice"] == ""
        assert wordpress.server is not None
        asked = len(wordpress.server.seen)
        take_back(walk, by="Bo")
        assert len(wordpress.server.seen) == asked


def test_what_was_cut_off_is_told_in_order_by_the_next_run(walk: Walk, receiver: Receiver) -> None:
    walk = told(walk, webhook=receiver.server.url)
    publish(walk, by="Bo")
    unpublish(walk, by="Bo")
    assert [w.folder.name for w in due(walk.settings, NOON)] == [RIVER]
    done = only(release_due(due(walk.settings, NOON), walk.settings, by="schedule", now=NOON))
    assert receiver.events == ["episode.published", "episode.unpublished"]
    assert not done.is_out
    assert due(walk.settings, NOON) == []


def test_a_change_meanwhile_does_not_keep_what_was_cut_off_from_being_finished(walk: Walk) -> None:
    publish(walk, by="Bo")
    notes = walk.folder.read("draft.json", ShowNotes)
    walk.folder.write("draft.json", replace(notes, title="Another title"))
    done = only(release_due(due(walk.settings, NOON), walk.settings, by="schedule", now=NOON))
    assert done.failures == ()
    assert "The River Has a Budget" in index_of(walk)
    assert due(walk.settings, NOON) == []


def test_a_bad_episode_does_not_stop_the_rest(walk: Walk) -> None:
    heat = told(finish(demo_walk(walk.settings.root, HEAT)))
    reviewing.approve(heat, by="Ann")
    (heat.folder.path / "published.json").write_text("{torn", encoding="utf-8")
    releases = release_due(due(walk.settings, NOON), walk.settings, by="schedule", now=NOON)
    assert [r.name for r in releases.failed] == [HEAT]
    assert [r.name for r in releases.episodes if r.is_out] == [RIVER]


def test_a_site_that_cannot_be_made_is_told_of_and_finished_later(
    walk: Walk, receiver: Receiver
) -> None:
    walk = told(walk, webhook=receiver.server.url)
    show = {SHOW: ShowSettings(cover="gone.jpg")}
    broken = replace(walk, settings=walk.settings.model_copy(update={"show": show}))
    done = only(release(broken, by="Bo"))
    assert isinstance(done.error, SettingsError)
    assert read_publication(walk.folder) is not None
    assert receiver.events == []
    assert len(due(walk.settings, NOON)) == 1
    done = only(release_due(due(walk.settings, NOON), walk.settings, by="schedule", now=NOON))
    assert done.failures == ()
    assert receiver.events == ["episode.published"]


def test_what_is_not_as_approved_is_refused_and_nothing_told(
    walk: Walk, receiver: Receiver
) -> None:
    walk = told(walk, webhook=receiver.server.url)
    notes = walk.folder.read("draft.json", ShowNotes)
    walk.folder.write("draft.json", replace(notes, title="Another title"))
    done = only(release(walk, by="Bo"))
    assert isinstance(done.error, ChangedSinceApprovalError)
    assert done.publication is None
    assert receiver.events == []


def test_nothing_is_told_of_what_was_never_published(walk: Walk) -> None:
    assert announce(walk) == ()
    assert not (walk.folder.path / "published").exists()


RELEASE = """
import os, signal, sys
from pathlib import Path
from shownotes.adapters.store import EpisodeFolder
from shownotes.release import release
from shownotes.settings import load_settings
from shownotes.steps.step import Walk

root, name, stop = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
def watch(event, arguments):
    if event == "os.rename" and stop in str(arguments[1]):
        os.kill(os.getpid(), signal.SIGKILL)
sys.addaudithook(watch)
walk = Walk(folder=EpisodeFolder(root / "output" / name), settings=load_settings(root))
release(walk, by="Bo")
"""


@pytest.mark.skipif(os.name != "posix", reason="kills itself as POSIX does")
@pytest.mark.parametrize("stop", ["published.json", "site/the-warmer-ledger", "deliveries.json"])
def test_killed_between_publishing_site_and_hooks_the_next_run_finishes(
    walk: Walk, receiver: Receiver, stop: str
) -> None:
    walk = told(walk, webhook=receiver.server.url)
    settings = (
        f'[publish]\naudio = false\nretries = 0\nwebhook = "{receiver.server.url}"\n'
        f'[show."{SHOW}"]\nsite_url = "https://ledger.example.org"\n'
    )
    (walk.settings.root / "shownotes.toml").write_text(settings, encoding="utf-8")
    killed = subprocess.run(
        [sys.executable, "-c", RELEASE, str(walk.settings.root), RIVER, stop],
        capture_output=True,
        text=True,
        check=False,
    )
    assert killed.returncode == -9, killed.stderr
    waiting = due(walk.settings, NOON)
    assert len(waiting) == 1
    done = only(release_due(waiting, walk.settings, by="schedule", now=NOON))
    assert (done.failures, done.is_out) == ((), True)
    assert "The River Has a Budget" in index_of(walk)
    assert [e.kind for e in read_published(walk.folder).history] == [EventKind.PUBLISHED]
    # Told at least once; one told twice can be known by its id.
    assert {r.headers["webhook-id"] for r in receiver.server.seen} == {
        f"id-{walk.folder.read('episode.json', Episode).folder}-1"
    }
    assert read_deliveries(walk.folder).announced == 1
    assert due(walk.settings, NOON) == []
    versions = (walk.folder.path / "published").glob("[!.]*")
    assert {path.name for path in versions} == {"1", "deliveries.json"}
