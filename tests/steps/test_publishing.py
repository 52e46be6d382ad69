"""Publishing: only what was approved, whole or not at all, once; and what is due."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from shownotes.adapters.recording import scan
from shownotes.adapters.store import EpisodeFolder, file_sha256
from shownotes.core.publication import Edition, EventKind, Publication
from shownotes.errors import (
    ChangedSinceApprovalError,
    DiskFullError,
    EpisodeBusyError,
    EpisodeNotFoundError,
    FormatError,
    NotApprovedError,
    NotPublishedError,
    SettingsError,
    TemplateError,
)
from shownotes.model import Episode, ShowNotes
from shownotes.settings import PublishSettings, Settings, ShowSettings
from shownotes.steps import render, reviewing
from shownotes.steps.deciding import decide
from shownotes.steps.published import (
    read_publication,
    read_published,
    version_folder,
)
from shownotes.steps.publishing import due, is_due, publish, unpublish
from shownotes.steps.step import Walk
from tests.audio_files import noise, write
from tests.episodes import demo_walk, finish

HEAT, RIVER = "who-pays-for-the-heat-pump", "the-river-has-a-budget"
SHOW = "The Warmer Ledger"
NOON = datetime(2026, 10, 1, 12, tzinfo=UTC)


@pytest.fixture
def walk(workspace: Path) -> Walk:
    """The river episode, which speaks of the other one; with sound for its length."""
    heat = demo_walk(workspace, HEAT)
    walk = demo_walk(workspace, RIVER)
    audio = workspace / "audio" / f"{RIVER}.mp3"
    write(audio, 0.2 * noise(60.0, rate_hz=16_000), rate_hz=16_000, title="River")
    finish(heat)
    return finish(walk)


@pytest.fixture
def silent(walk: Walk) -> Walk:
    """The same without audio copies: faster."""
    return with_settings(walk, publish=PublishSettings(audio=False))


def with_settings(walk: Walk, **changes: object) -> Walk:
    return replace(walk, settings=walk.settings.model_copy(update=changes))


def with_show(walk: Walk, **told: object) -> Walk:
    return with_settings(walk, show={SHOW: ShowSettings.model_validate(told)})


def other(walk: Walk, name: str) -> Walk:
    return replace(walk, folder=EpisodeFolder(walk.settings.output_folder / name))


def retitle(walk: Walk, title: str) -> None:
    """What a re-run of the machine or a hand does: another draft."""
    notes = walk.folder.read("draft.json", ShowNotes)
    walk.folder.write("draft.json", replace(notes, title=title))


def published_texts(walk: Walk, version: int = 1) -> dict[str, str]:
    place = version_folder(walk.folder, version).path
    return {
        path.relative_to(place).as_posix(): file_sha256(path)
        for path in sorted(place.rglob("*"))
        if path.is_file()
    }


def is_whole(walk: Walk) -> bool:
    """Whether what readers trust is there as it was recorded."""
    publication = read_publication(walk.folder)
    if publication is None:
        return True
    place = version_folder(walk.folder, publication.version).path
    names = {f.name for f in publication.files}
    return {"notes.html", "notes.md", "transcript.vtt", "notes.json"} <= names and all(
        file_sha256(place / f.name) == f.sha256 for f in publication.files
    )


def test_what_was_approved_is_published(walk: Walk) -> None:
    approval = reviewing.approve(walk, by="Ann")
    publication = publish(walk, by="Bo", now=NOON)
    assert publication.version == 1
    assert publication.at == "2026-10-01T12:00:00Z"
    assert (publication.by, publication.approved_by) == ("Bo", "Ann")
    assert publication.content == approval.version
    assert is_whole(walk)
    (event,) = read_published(walk.folder).history
    assert (event.kind, event.version, event.by) == (EventKind.PUBLISHED, 1, "Bo")
    assert [path.name for path in (walk.folder.path / "published").iterdir()] == ["1"]


def test_the_audio_comes_with_chapters_and_clips_and_the_page_plays_it(walk: Walk) -> None:
    reviewing.approve(walk, by="Ann")
    publication = publish(walk, by="Bo")
    place = version_folder(walk.folder, 1).path
    copy = place / "audio" / f"{RIVER}.mp3"
    assert scan(copy).chapters
    assert list((place / "audio" / "clips").glob("*.mp3"))
    assert f'src="./audio/{RIVER}.mp3"' in (place / "notes.html").read_text(encoding="utf-8")
    assert f"audio/{RIVER}.mp3" in {file.name for file in publication.files}
    assert not (place / "audio.json").exists()


def test_audio_that_holds_no_chapters_is_published_as_it_is(walk: Walk, workspace: Path) -> None:
    audio = workspace / "audio" / "talk.flac"
    write(audio, 0.2 * noise(60.0, rate_hz=16_000), rate_hz=16_000)
    episode = walk.folder.read("episode.json", Episode)
    version = replace(episode.versions[0], path="audio/talk.flac")
    walk.folder.write("episode.json", replace(episode, versions=(version,)))
    reviewing.approve(walk, by="Ann")
    publish(walk, by="Bo")
    published = version_folder(walk.folder, 1).path / "audio" / "talk.flac"
    assert published.read_bytes() == audio.read_bytes()
    audio.write_bytes(b"another cut")
    assert published.read_bytes() != b"another cut"


def test_a_copy_that_browsers_seek_exactly_is_what_the_page_plays(walk: Walk) -> None:
    episode = walk.folder.read("episode.json", Episode)
    walk.folder.write("episode.json", replace(episode, listening_copy="work/listen.mp3"))
    reviewing.approve(walk, by="Ann")
    with pytest.raises(EpisodeNotFoundError, match="--from prepare"):
        publish(walk, by="Bo")
    (walk.folder.path / "work" / "listen.mp3").write_bytes(b"listen")
    publish(walk, by="Bo")
    place = version_folder(walk.folder, 1).path
    assert (place / "audio" / "listen.mp3").read_bytes() == b"listen"
    assert 'src="./audio/listen.mp3"' in (place / "notes.html").read_text(encoding="utf-8")


def test_without_audio_copies_the_hosts_address_is_played_or_nothing(silent: Walk) -> None:
    reviewing.approve(silent, by="Ann")
    publish(silent, by="Bo")
    place = version_folder(silent.folder, 1).path
    assert not (place / "audio").exists()
    assert "<audio" not in (place / "notes.html").read_text(encoding="utf-8")
    hosted = with_show(silent, audio_url="https://cdn.example.org/{file}")
    unpublish(hosted, by="Bo")
    publish(hosted, by="Bo")
    page = (version_folder(silent.folder, 2).path / "notes.html").read_text(encoding="utf-8")
    assert f'src="https://cdn.example.org/{RIVER}.mp3"' in page


def test_nothing_of_the_editors_and_no_link_to_a_draft_is_in_a_published_file(walk: Walk) -> None:
    draft = (walk.folder.path / "notes.html").read_text(encoding="utf-8")
    assert "Nobody says what Mei Tanaka does" in draft
    reviewing.approve(walk, by="Ann")
    publish(walk, by="Bo")
    place = version_folder(walk.folder, 1).path
    for path in place.rglob("*"):
        if path.is_file() and path.parent.name != "audio" and path.suffix != ".mp3":
            text = path.read_text(encoding="utf-8")
            for mark in ("Nobody says what", "to-check", "<aside", "../", "work/"):
                assert mark not in text, (path.name, mark)
    page = (place / "notes.html").read_text(encoding="utf-8")
    assert 'class="doubtful"' not in page
    assert 'href="transcript.vtt"' in page
    assert 'href="social.txt"' not in page
    edition = EpisodeFolder(place).read("notes.json", Edition)
    assert (edition.notes.checks, edition.notes.warnings) == ((), ())
    assert edition.episode.speech == ()
    assert {w.probability for s in edition.sentences for w in s.words} == {None}


def test_another_episode_is_linked_only_when_it_is_published(silent: Walk) -> None:
    walk = with_show(silent, site_url="https://ledger.example.org")
    address = f"https://ledger.example.org/{HEAT}/"
    assert walk.folder.read("draft.json", ShowNotes).earlier_episodes
    reviewing.approve(walk, by="Ann")
    publish(walk, by="Bo")
    for path in version_folder(walk.folder, 1).path.iterdir():
        if path.name not in ("notes.json", "publication.json"):
            assert HEAT not in path.read_text(encoding="utf-8"), path.name
    heat = other(walk, HEAT)
    reviewing.approve(heat, by="Ann")
    publish(heat, by="Bo")
    unpublish(walk, by="Bo")
    publish(walk, by="Bo")
    place = version_folder(walk.folder, 2).path
    for name in ("notes.html", "notes.md", "app.html"):
        assert address in (place / name).read_text(encoding="utf-8"), name


def test_what_nobody_approved_is_refused(silent: Walk) -> None:
    with pytest.raises(NotApprovedError, match=f"shownotes approve {RIVER}"):
        publish(silent, by="Bo")
    assert not (silent.folder.path / "published").exists()
    assert not silent.folder.has("published.json")


def test_a_change_after_approval_needs_approval_again(silent: Walk) -> None:
    reviewing.approve(silent, by="Ann")
    retitle(silent, "Another title")
    with pytest.raises(ChangedSinceApprovalError, match="after Ann approved it"):
        publish(silent, by="Bo")
    reviewing.approve(silent, by="Ann")
    publish(silent, by="Bo")
    page = version_folder(silent.folder, 1).path / "notes.html"
    assert "Another title" in page.read_text(encoding="utf-8")


def test_twice_is_once(silent: Walk) -> None:
    reviewing.approve(silent, by="Ann")
    first = publish(silent, by="Bo")
    before = published_texts(silent)
    assert publish(silent, by="Cy") == first
    # A new approval of the same is a new version: what templates print may be another thing now.
    reviewing.approve(silent, by="Dee")
    assert publish(silent, by="Cy").version == 2
    assert publish(silent, by="Cy").version == 2
    assert published_texts(silent) == before
    assert len(read_published(silent.folder).history) == 2


def test_an_edit_after_publishing_changes_no_published_file(silent: Walk) -> None:
    reviewing.approve(silent, by="Ann")
    publish(silent, by="Bo")
    before, box = published_texts(silent), (silent.folder.path / "published.json").read_bytes()
    retitle(silent, "Another title")
    render.STEP.run(silent)
    with pytest.raises(ChangedSinceApprovalError):
        publish(silent, by="Bo")
    assert published_texts(silent) == before
    assert (silent.folder.path / "published.json").read_bytes() == box


def test_what_was_decided_in_the_desk_is_published_and_what_is_decided_later_is_not(
    silent: Walk,
) -> None:
    def title(text: str) -> None:
        change = decide([{"op": "set", "key": "title", "value": text}])
        reviewing.open_review(silent).change(change, by="Ann", label="Title")

    title("As the editor has it")
    with pytest.raises(NotApprovedError):
        publish(silent, by="Bo")
    reviewing.approve(silent, by="Ann")
    publish(silent, by="Bo")
    title("A later thought")
    with pytest.raises(ChangedSinceApprovalError):
        publish(silent, by="Bo")
    for name in ("notes.html", "notes.md", "newsletter.html", "notes.json"):
        text = (version_folder(silent.folder, 1).path / name).read_text(encoding="utf-8")
        assert "As the editor has it" in text
        assert "A later thought" not in text


def test_a_new_version_leaves_the_old_one_where_it_was(silent: Walk) -> None:
    reviewing.approve(silent, by="Ann")
    publish(silent, by="Bo")
    before = published_texts(silent)
    retitle(silent, "Another title")
    reviewing.approve(silent, by="Ann")
    assert publish(silent, by="Bo").version == 2
    assert published_texts(silent) == before
    published = read_published(silent.folder)
    assert (published.current, [e.version for e in published.history]) == (2, [1, 2])


def test_taking_back_keeps_files_and_history(silent: Walk) -> None:
    with pytest.raises(NotPublishedError, match="is not published"):
        unpublish(silent, by="Bo")
    reviewing.approve(silent, by="Ann")
    publish(silent, by="Bo")
    before = published_texts(silent)
    unpublish(silent, by="Cy", now=NOON)
    published = read_published(silent.folder)
    assert published.current is None
    assert [(e.kind, e.by) for e in published.history] == [
        (EventKind.PUBLISHED, "Bo"),
        (EventKind.UNPUBLISHED, "Cy"),
    ]
    assert published_texts(silent) == before
    assert read_publication(silent.folder) is None
    with pytest.raises(NotPublishedError):
        unpublish(silent, by="Bo")
    # Asked for by name it comes out again, made anew.
    assert publish(silent, by="Bo").version == 2


def test_a_hand_edited_page_is_told_of(silent: Walk) -> None:
    said: list[str] = []

    class Heard:
        def begin(self, step: str, total_s: float) -> None: ...
        def advance(self, done_s: float) -> None: ...
        def say(self, message: str) -> None:
            said.append(message)

    (silent.folder.path / "notes.md").write_text("My own words.", encoding="utf-8")
    reviewing.approve(silent, by="Ann")
    publish(replace(silent, progress=Heard()), by="Bo")
    assert any(message.startswith("notes.md was edited by hand") for message in said)
    page = version_folder(silent.folder, 1).path / "notes.md"
    assert "My own words" not in page.read_text(encoding="utf-8")


def test_a_busy_episode_is_left_alone(silent: Walk) -> None:
    reviewing.approve(silent, by="Ann")
    with silent.folder.claim(holder="somebody"), pytest.raises(EpisodeBusyError):
        publish(silent, by="Bo")


def test_a_wrong_template_leaves_what_was_out(silent: Walk) -> None:
    reviewing.approve(silent, by="Ann")
    publish(silent, by="Bo")
    retitle(silent, "Another title")
    reviewing.approve(silent, by="Ann")
    own = silent.settings.templates_folder / "notes"
    own.mkdir(parents=True)
    (own / "notes.html").write_text("{{ notes.nothing_such }}", encoding="utf-8")
    with pytest.raises(TemplateError):
        publish(silent, by="Bo")
    assert read_published(silent.folder).current == 1
    assert is_whole(silent)
    (own / "notes.html").unlink()
    assert publish(silent, by="Bo").version == 2
    assert not (silent.folder.path / "published" / ".new").exists()


@pytest.mark.skipif(sys.platform != "linux", reason="needs a full device")
def test_a_full_disk_is_one_of_our_errors_and_nothing_is_out(silent: Walk) -> None:
    reviewing.approve(silent, by="Ann")
    full = silent.folder.path / "published"
    full.mkdir()
    script = PUBLISH.replace("HOOK", LIMIT)
    done = run_script(silent, script)
    assert done.returncode == 0, done.stderr
    assert DiskFullError.__name__ in done.stdout or "StoreError" in done.stdout
    assert not silent.folder.has("published.json")


# --------------------------------------------------------------------------- killed in the middle

PUBLISH = """
import os, signal, sys
from pathlib import Path
from shownotes.adapters.store import EpisodeFolder
from shownotes.errors import ShowNotesError
from shownotes.settings import load_settings
from shownotes.steps.publishing import publish
from shownotes.steps.step import Walk

root, name, stop = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
walk = Walk(folder=EpisodeFolder(root / "output" / name), settings=load_settings(root))
HOOK
try:
    print(publish(walk, by="Bo").version)
except ShowNotesError as error:
    print(type(error).__name__, error)
"""
# Python tells of every file it opens, renames or removes: the process ends itself, as `kill -9`
# would, at the one whose number it was given.
KILL = """
count = 0
def watch(event, arguments):
    global count
    if event in ("open", "os.rename", "os.remove", "os.rmdir", "os.mkdir", "shutil.copyfile"):
        if "published" in str(arguments[0]):
            count += 1
            print(event, flush=True)
            if count == stop:
                os.kill(os.getpid(), signal.SIGKILL)
sys.addaudithook(watch)
"""
LIMIT = """
import resource
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
"""


def run_script(walk: Walk, script: str, stop: int = 0) -> subprocess.CompletedProcess[str]:
    root = walk.settings.root
    told = "[publish]\naudio = " + str(walk.settings.publish.audio).lower() + "\n"
    (root / "shownotes.toml").write_text(told, encoding="utf-8")
    return subprocess.run(
        [sys.executable, "-c", script, str(root), walk.folder.name, str(stop)],
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.skipif(os.name != "posix", reason="kills itself as POSIX does")
def test_killed_at_any_moment_nothing_half_is_seen_and_the_next_run_finishes(walk: Walk) -> None:
    reviewing.approve(walk, by="Ann")
    script = PUBLISH.replace("HOOK", KILL)
    total = run_script(walk, script).stdout.count("\n") - 1
    start_over(walk)
    # Some moments while files are written, and all when things take their names.
    for stop in (*range(1, total - 5, total // 8), *range(total - 5, total + 1)):
        killed = run_script(walk, script, stop)
        assert killed.returncode == -9, killed.stderr
        assert not walk.folder.has("published.json")
        publication = publish(walk, by="Cy")
        assert is_whole(walk)
        published = read_published(walk.folder)
        assert (published.current, len(published.history)) == (1, 1)
        names = {path.name for path in (walk.folder.path / "published").iterdir()}
        assert names == {"1"}
        # The last moments are those of a version that was whole: it is taken over.
        assert publication.by == ("Bo" if stop > total - 3 else "Cy")
        start_over(walk)


def start_over(walk: Walk) -> None:
    """As if nothing had been published yet."""
    shutil.rmtree(walk.folder.path / "published")
    (walk.folder.path / "published.json").unlink()


def test_a_whole_version_that_was_not_named_is_taken_over(silent: Walk) -> None:
    reviewing.approve(silent, by="Ann")
    first = publish(silent, by="Bo")
    (silent.folder.path / "published.json").unlink()
    before = published_texts(silent)
    assert publish(silent, by="Cy") == first
    assert published_texts(silent) == before
    assert read_published(silent.folder).history[0].by == "Bo"


@pytest.mark.parametrize(
    "spoil",
    [
        lambda place: (place / "notes.html").write_text("torn", encoding="utf-8"),
        lambda place: (place / "notes.html").unlink(),
        lambda place: (place / "publication.json").write_text("{", encoding="utf-8"),
    ],
)
def test_one_that_is_not_whole_is_left_and_another_made(
    silent: Walk, spoil: Callable[[Path], object]
) -> None:
    reviewing.approve(silent, by="Ann")
    publish(silent, by="Bo")
    (silent.folder.path / "published.json").unlink()
    spoil(version_folder(silent.folder, 1).path)
    assert publish(silent, by="Bo").version == 2
    assert is_whole(silent)


# --------------------------------------------------------------------------- what is due


def names_due(settings: Settings, now: datetime = NOON) -> list[str]:
    return [walk.folder.name for walk in due(settings, now)]


def test_what_is_approved_is_due_until_it_is_published(silent: Walk) -> None:
    assert names_due(silent.settings) == []
    reviewing.approve(silent, by="Ann")
    assert names_due(silent.settings) == [RIVER]
    retitle(silent, "Still in work")
    assert names_due(silent.settings) == []


def test_what_was_taken_back_stays_so_until_somebody_approves_it_again(silent: Walk) -> None:
    reviewing.approve(silent, by="Ann")
    publish(silent, by="Bo")
    unpublish(silent, by="Bo")
    told(silent)
    assert names_due(silent.settings) == []
    reviewing.approve(silent, by="Ann")
    assert names_due(silent.settings) == [RIVER]


def told(walk: Walk) -> None:
    """As if everybody had been told."""
    from shownotes.core.publication import Deliveries

    count = len(read_published(walk.folder).history)
    EpisodeFolder(walk.folder.path / "published").write(
        "deliveries.json", Deliveries(announced=count)
    )


def test_a_later_time_is_waited_for(silent: Walk) -> None:
    reviewing.approve(silent, by="Ann", publish_at="2026-10-01T14:00:00+02:00")
    assert names_due(silent.settings, NOON - timedelta(seconds=1)) == []
    assert names_due(silent.settings, NOON) == [RIVER]


@pytest.mark.parametrize(
    ("local", "utc"),
    [
        ("2026-03-28T02:30", "2026-03-28T01:30"),
        ("2026-03-29T02:30", "2026-03-29T01:30"),
        ("2026-03-30T02:30", "2026-03-30T00:30"),
        ("2026-10-24T02:30", "2026-10-24T00:30"),
        ("2026-10-25T02:30", "2026-10-25T00:30"),
        ("2026-10-26T02:30", "2026-10-26T01:30"),
    ],
)
def test_a_local_time_is_the_shows_across_changes_of_clocks(
    silent: Walk, local: str, utc: str
) -> None:
    walk = with_show(silent, timezone="Europe/Oslo")
    reviewing.approve(walk, by="Ann", publish_at=local)
    at = datetime.fromisoformat(f"{utc}+00:00")
    assert names_due(walk.settings, at - timedelta(seconds=1)) == []
    assert names_due(walk.settings, at) == [RIVER]


def test_a_missed_appointment_is_told_of(silent: Walk) -> None:
    reviewing.approve(silent, by="Ann", publish_at="2026-10-01T11:00:00Z")
    retitle(silent, "Changed at the last minute")
    assert names_due(silent.settings, NOON - timedelta(hours=2)) == []
    assert names_due(silent.settings) == [RIVER]
    with pytest.raises(ChangedSinceApprovalError):
        publish(silent, by="schedule")


def test_what_was_cut_off_before_everybody_was_told_is_due(silent: Walk) -> None:
    reviewing.approve(silent, by="Ann")
    publish(silent, by="Bo")
    assert names_due(silent.settings) == [RIVER]
    told(silent)
    assert names_due(silent.settings) == []


def test_an_episode_that_cannot_be_read_is_named_by_publishing_it(silent: Walk) -> None:
    reviewing.approve(silent, by="Ann", publish_at="2026-10-01T14:00")
    (walk,) = due(silent.settings, NOON)
    with pytest.raises(SettingsError, match="in which time zone"):
        is_due(walk, NOON)
    (silent.folder.path / "published.json").write_text("{torn", encoding="utf-8")
    (walk,) = due(silent.settings, NOON)
    with pytest.raises(FormatError, match=r"published\.json"):
        publish(walk, by="schedule")


def test_the_boxes_are_json_of_ours(silent: Walk) -> None:
    reviewing.approve(silent, by="Ann")
    publish(silent, by="Bo")
    place = version_folder(silent.folder, 1)
    for path in (
        silent.folder.path / "published.json",
        place.path / "publication.json",
        place.path / "notes.json",
    ):
        assert json.loads(path.read_text(encoding="utf-8"))["format"].startswith("shownotes/")
    assert place.read("publication.json", Publication).show == SHOW
