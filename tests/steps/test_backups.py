"""Backups of a working folder with reviews, and what putting one back does to it."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from shownotes.adapters import accounts
from shownotes.adapters.account_book import read as read_accounts
from shownotes.adapters.backup_archive import read_archive
from shownotes.adapters.review_log import NAME as LOG
from shownotes.adapters.review_log import ReviewLog
from shownotes.adapters.store import EpisodeFolder
from shownotes.core.publication import Event, EventKind, Published
from shownotes.core.review import fold
from shownotes.core.review_ops import Wanted
from shownotes.errors import BackupError
from shownotes.settings import Settings, load_settings
from shownotes.steps import reviewing
from shownotes.steps.backups import back_up, is_known
from shownotes.steps.restoring import Plan, Standing, carry_out, missing_audio, plan
from shownotes.steps.reviewing import Reviewing, open_review
from shownotes.steps.step import Walk
from tests.episodes import demo_walk, finish

RIVER = "the-river-has-a-budget"


def retitle(review: Reviewing, title: str) -> None:
    def want(told: Reviewing, wanted: Wanted) -> None:
        item = told.view().fields["title"]
        wanted.values["title"] = (title, item.machine)

    review.change(want, by="Ann", label="Title")


@pytest.fixture
def walk(workspace: Path) -> Walk:
    finish(demo_walk(workspace, RIVER))
    (workspace / "shownotes.toml").write_text("[speech]\nbeam_size = 2\n", encoding="utf-8")
    (workspace / "audio" / f"{RIVER}.toml").write_text("title = 'River'\n", encoding="utf-8")
    (workspace / "audio" / f"{RIVER}.mp3").write_bytes(b"audio")
    templates = workspace / "templates" / "notes"
    templates.mkdir(parents=True)
    (templates / "notes.md").write_text("our own", encoding="utf-8")
    (workspace / "shows" / "ledger").mkdir(parents=True)
    (workspace / "shows" / "ledger" / "glossary.toml").write_text("terms = []\n", encoding="utf-8")
    settings = load_settings(workspace)
    return Walk(folder=EpisodeFolder(settings.output_folder / RIVER), settings=settings)


@pytest.fixture
def fresh(tmp_path: Path) -> Settings:
    """Another working folder, as `init` makes one."""
    root = tmp_path / "fresh"
    for name in ("audio", "output"):
        (root / name).mkdir(parents=True)
    (root / "shownotes.toml").touch()
    return load_settings(root)


def restore(path: Path, settings: Settings, *, over_newer: bool = False) -> Plan:
    into = path.with_name(f"into-{len(list(path.parent.glob('into-*')))}")
    into.mkdir()
    told = plan(read_archive(path, into, is_known=is_known), settings)
    carry_out(told, over_newer=over_newer)
    return told


def titles(walk: Walk) -> str | None:
    return fold(ReviewLog(walk.folder.path).read()[0]).value("title")


def test_everything_that_people_made_comes_back_elsewhere_and_no_audio(
    walk: Walk, fresh: Settings, tmp_path: Path
) -> None:
    retitle(open_review(walk), "The River Keeps Count")
    version = walk.folder.path / "published" / "1"
    (version / "audio").mkdir(parents=True)
    (version / "notes.html").write_text("<p>out</p>", encoding="utf-8")
    (version / "audio" / "ep.mp3").write_bytes(b"audio")
    event = Event(kind=EventKind.PUBLISHED, version=1, at="2026-10-01T00:00:00Z", by="Ann")
    walk.folder.write("published.json", Published().after(event))
    token = accounts.invite(walk.settings.root, "Ann Lee")
    sizes = back_up(walk.settings, tmp_path / "b.tar.gz")
    assert not any(name.endswith(".mp3") for name in sizes)
    assert not any("transcript" in name for name in sizes)
    restore(tmp_path / "b.tar.gz", fresh)
    for name in (
        "shownotes.toml",
        f"audio/{RIVER}.toml",
        "templates/notes/notes.md",
        "shows/ledger/glossary.toml",
        *(f"output/{RIVER}/{box}" for box in (LOG, "review.json", "review.base.json")),
        *(f"output/{RIVER}/{box}" for box in ("episode.json", "published.json")),
        f"output/{RIVER}/published/1/notes.html",
    ):
        assert (fresh.root / name).read_bytes() == (walk.settings.root / name).read_bytes(), name
    assert accounts.has_any(fresh.root)
    # An invitation that somebody may have in a mailbox does not come back with a backup.
    assert accounts.invited(fresh.root, token) is None
    assert read_accounts(fresh.root).accounts[0].invite is None
    assert not (fresh.audio_folder / f"{RIVER}.mp3").exists()
    # Once more there is nothing to do.
    assert restore(tmp_path / "b.tar.gz", fresh).having(Standing.NEW, Standing.NEWER) == []


def test_drafts_go_along_when_asked_and_never_over_those_here(
    walk: Walk, fresh: Settings, tmp_path: Path
) -> None:
    back_up(walk.settings, tmp_path / "b.tar.gz", with_drafts=True)
    mine = fresh.output_folder / RIVER / "draft.json"
    mine.parent.mkdir()
    mine.write_text("another draft", encoding="utf-8")
    restore(tmp_path / "b.tar.gz", fresh, over_newer=True)
    assert mine.read_text("utf-8") == "another draft"
    original = walk.folder.path / "transcript.json"
    assert mine.with_name("transcript.json").read_bytes() == original.read_bytes()


def test_newer_edits_are_kept_unless_told_otherwise(walk: Walk, tmp_path: Path) -> None:
    review = open_review(walk)
    retitle(review, "One")
    back_up(walk.settings, tmp_path / "b.tar.gz")
    retitle(review, "Two")
    sidecar = walk.settings.audio_folder / f"{RIVER}.toml"
    sidecar.write_text("title = 'Newer'\n", encoding="utf-8")
    told = restore(tmp_path / "b.tar.gz", walk.settings)
    assert {piece.kind for piece in told.having(Standing.NEWER)} == {"review", "sidecar"}
    assert titles(walk) == "Two"
    assert "Newer" in sidecar.read_text("utf-8")

    told = restore(tmp_path / "b.tar.gz", walk.settings, over_newer=True)
    assert titles(walk) == "One"
    assert "River" in sidecar.read_text("utf-8")
    kept = told.trash / "episodes" / RIVER / LOG
    assert '"Two"' in kept.read_text("utf-8")
    assert "Newer" in (told.trash / "sidecars" / f"{RIVER}.toml").read_text("utf-8")


def test_an_older_review_here_is_brought_forward(walk: Walk, tmp_path: Path) -> None:
    review = open_review(walk)
    retitle(review, "One")
    older = {p.name: p.read_bytes() for p in walk.folder.path.glob("review*")}
    retitle(review, "Two")
    back_up(walk.settings, tmp_path / "b.tar.gz")
    for name, data in older.items():
        (walk.folder.path / name).write_bytes(data)
    told = restore(tmp_path / "b.tar.gz", walk.settings)
    assert [p.name for p in told.having(Standing.OLDER) if p.kind == "review"] == [RIVER]
    assert titles(walk) == "Two"


def test_a_desk_that_has_the_episode_open_goes_on_from_what_was_put_back(
    walk: Walk, tmp_path: Path
) -> None:
    review = open_review(walk)
    retitle(review, "One")
    back_up(walk.settings, tmp_path / "b.tar.gz")
    retitle(review, "Two")
    retitle(review, "Three")
    restore(tmp_path / "b.tar.gz", walk.settings, over_newer=True)
    assert review.refresh(), "pages that are open have to load everything again"
    assert review.view().fields["title"].value == "One"
    retitle(review, "Four")
    changes, _ = ReviewLog(walk.folder.path).read()
    assert [change.seq for change in changes] == [1, 2]
    assert open_review(walk).view().fields["title"].value == "Four"


EDITOR = """
import sys, time
from pathlib import Path
from shownotes.adapters.store import EpisodeFolder
from shownotes.settings import load_settings
from shownotes.steps.reviewing import open_review
from shownotes.steps.step import Walk
settings = load_settings(Path(sys.argv[1]))
folder = EpisodeFolder(settings.output_folder / sys.argv[2])
review = open_review(Walk(folder=folder, settings=settings))
def want(told, wanted):
    wanted.values["title"] = (f"Title {told.review.seq}", told.view().fields["title"].machine)
print("begun", flush=True)
while True:
    review.change(want, by="Ann", label="Title")
    time.sleep(0.02)
"""


@pytest.fixture
def editor(walk: Walk) -> Iterator[None]:
    """Somebody who edits all the time, in another process."""
    process = subprocess.Popen(
        [sys.executable, "-c", EDITOR, str(walk.settings.root), RIVER], stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"begun\n"
    yield
    process.kill()
    process.communicate()


@pytest.mark.usefixtures("editor")
def test_a_backup_while_a_desk_writes_holds_a_review_of_one_moment(
    walk: Walk, fresh: Settings, tmp_path: Path
) -> None:
    longest = 0
    for number in range(6):
        path = tmp_path / f"b{number}.tar.gz"
        back_up(walk.settings, path)
        into = tmp_path / f"into{number}"
        into.mkdir()
        backup = read_archive(path, into, is_known=is_known)
        base = f"episodes/{RIVER}"
        if f"{base}/{LOG}" not in backup.files:
            continue
        log = backup.read(f"{base}/{LOG}")
        assert log.endswith(b"\n")
        box = EpisodeFolder(into).read(
            backup.files[f"{base}/review.json"].name, reviewing.ReviewBox
        )
        assert box.log_bytes == len(log)
        assert box.seq == log.count(b"\n") >= longest
        longest = box.seq
    assert longest > 0
    restore(path, fresh)


def test_another_episode_of_the_same_name_keeps_its_review(
    walk: Walk, fresh: Settings, tmp_path: Path
) -> None:
    retitle(open_review(walk), "One")
    back_up(walk.settings, tmp_path / "b.tar.gz")
    other = finish(demo_walk(fresh.root, RIVER))
    path = other.folder.path / "episode.json"
    text = path.read_text("utf-8").replace(f"id-{RIVER}", "id-other")
    path.write_text(text.replace('"packets_sha256": "0"', '"packets_sha256": "1"'), "utf-8")
    told = restore(tmp_path / "b.tar.gz", fresh)
    assert [p.kind for p in told.having(Standing.NEWER)] == ["review"]
    assert not (other.folder.path / LOG).exists()


def test_published_histories_only_grow(walk: Walk, tmp_path: Path) -> None:
    first = Event(kind=EventKind.PUBLISHED, version=1, at="2026-10-01T00:00:00Z", by="Ann")
    out = Published().after(first)
    walk.folder.write("published.json", out)
    back_up(walk.settings, tmp_path / "b.tar.gz")
    back = Event(kind=EventKind.UNPUBLISHED, version=1, at="2026-10-02T00:00:00Z", by="Ann")
    walk.folder.write("published.json", out.after(back))
    told = restore(tmp_path / "b.tar.gz", walk.settings)
    assert [p.kind for p in told.having(Standing.NEWER)] == ["published"]
    assert walk.folder.read("published.json", Published).current is None
    (walk.folder.path / "published.json").unlink()
    told = restore(tmp_path / "b.tar.gz", walk.settings)
    assert walk.folder.read("published.json", Published).current == 1
    assert missing_audio(told, told.pieces) == []


def test_settings_that_lead_out_of_the_folder_are_not_followed(
    walk: Walk, fresh: Settings, tmp_path: Path
) -> None:
    config = walk.settings.root / "shownotes.toml"
    config.write_text(f'[paths]\ntemplates = "{tmp_path / "elsewhere"}"\n', encoding="utf-8")
    back_up(walk.settings, tmp_path / "b.tar.gz")
    with pytest.raises(BackupError, match="outside of the working folder"):
        restore(tmp_path / "b.tar.gz", fresh)
    assert not (tmp_path / "elsewhere").exists()
    assert list(fresh.output_folder.iterdir()) == []


def test_folders_of_the_backup_s_settings_are_used(
    walk: Walk, fresh: Settings, tmp_path: Path
) -> None:
    config = walk.settings.root / "shownotes.toml"
    config.write_text('[paths]\naudio = "tray"\n', encoding="utf-8")
    (walk.settings.root / "audio").rename(walk.settings.root / "tray")
    back_up(load_settings(walk.settings.root), tmp_path / "b.tar.gz")
    restore(tmp_path / "b.tar.gz", fresh)
    assert (fresh.root / "tray" / f"{RIVER}.toml").is_file()


def test_what_changes_meanwhile_is_left_alone(walk: Walk, tmp_path: Path) -> None:
    review = open_review(walk)
    retitle(review, "One")
    back_up(walk.settings, tmp_path / "b.tar.gz")
    for path in walk.folder.path.glob("review*"):
        path.unlink()
    (tmp_path / "into").mkdir()
    told = plan(
        read_archive(tmp_path / "b.tar.gz", tmp_path / "into", is_known=is_known), walk.settings
    )
    retitle(open_review(walk), "Mine")
    with pytest.raises(BackupError, match="was changed while it was restored"):
        carry_out(told, over_newer=False)
    assert titles(walk) == "Mine"


def test_a_log_that_is_held_for_long_is_waited_for(walk: Walk, tmp_path: Path) -> None:
    retitle(open_review(walk), "One")
    log = ReviewLog(walk.folder.path)
    done = threading.Event()

    def work() -> None:
        back_up(walk.settings, tmp_path / "b.tar.gz")
        done.set()

    with log.locked():
        thread = threading.Thread(target=work)
        thread.start()
        assert not done.wait(0.3)
    thread.join(30)
    assert done.is_set()
