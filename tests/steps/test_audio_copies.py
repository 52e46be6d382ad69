from collections.abc import Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from shownotes.adapters.levelling import measure
from shownotes.adapters.recording import scan
from shownotes.cli import app
from shownotes.errors import EpisodeNotFoundError, NoAudioError
from shownotes.model import Chapter, Episode, ShowNotes, Soundbite
from shownotes.steps.audio_copies import make_copies
from shownotes.steps.step import Walk
from tests.audio_files import noise, write
from tests.episodes import finish, lay_out
from tests.spoken import INTERVIEW, spoken

SLUG = "the-talk"
CHAPTERS = (
    Chapter(start=0.0, end=12.0, title='Beginning with "quotes" 🎧'),
    Chapter(start=12.0, end=40.0, title="שלום " + "x" * 300),
)
BITES = (
    Soundbite(title="Sleep is not a bank account, is it?", start=2.0, end=18.0),
    Soundbite(title="مرحبا 🎉", start=20.0, end=36.5),
)


class Heard:
    """A `Progress` that keeps what it was told."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def begin(self, step: str, total_s: float) -> None:
        return None

    def advance(self, done_s: float) -> None:
        return None

    def say(self, message: str) -> None:
        self.said.append(message)


def notes(**changes: Any) -> ShowNotes:
    nothing: dict[str, Any] = {
        field.name: () for field in fields(ShowNotes) if str(field.type).startswith("tuple")
    }
    base = ShowNotes(
        title="The talk",
        show="A show",
        number=1,
        date=None,
        language="en",
        duration=40.0,
        hook=None,
        sign_off=None,
        **{**nothing, "chapters": CHAPTERS, "soundbites": BITES},
    )
    return replace(base, **changes)


def episode(root: Path, *, ending: str = "mp3", seconds: float = 40.0, **changes: Any) -> Walk:
    """An episode with real audio and a draft."""
    name = f"audio/{SLUG}.{ending}"
    walk = lay_out(root, SLUG, spoken("H: Hello and welcome."), audio=name)
    sound = 0.2 * noise(seconds, rate_hz=16_000)
    write(root / name, sound, rate_hz=16_000, title="The talk", artist="Ann")
    walk.folder.write("draft.json", notes(**changes))
    walk.progress = Heard()
    return walk


def said(walk: Walk) -> str:
    assert isinstance(walk.progress, Heard)
    return "\n".join(walk.progress.said)


def names(walk: Walk, paths: Sequence[Path]) -> list[str]:
    return [path.relative_to(walk.folder.path / "audio").as_posix() for path in paths]


def there(walk: Walk) -> set[str]:
    files = (path for path in (walk.folder.path / "audio").rglob("*") if path.is_file())
    return set(names(walk, list(files)))


CLIPS = ["clips/01-sleep-is-not-a-bank-account-is-it.mp3", "clips/02-clip.mp3"]


@pytest.mark.parametrize("ending", ["mp3", "m4a"])
def test_a_copy_with_chapters_and_clips(workspace: Path, ending: str) -> None:
    walk = episode(workspace, ending=ending)
    source = workspace / "audio" / f"{SLUG}.{ending}"
    before = source.read_bytes()
    made = make_copies(walk)
    assert names(walk, made) == [f"{SLUG}.{ending}", *CLIPS]
    copy, first, second = (scan(path) for path in made)
    assert copy.packets_sha256 == scan(source).packets_sha256
    assert [start for start, _ in copy.chapters] == [0.0, 12.0]
    assert copy.chapters[0][1] == CHAPTERS[0].title
    assert copy.tags["artist"] == "Ann"
    assert (first.tags["title"], first.tags["album"]) == (BITES[0].title, "A show")
    assert second.tags["title"] == BITES[1].title
    assert first.declared_s == pytest.approx(16.0, abs=0.05)
    assert second.declared_s == pytest.approx(16.5, abs=0.05)
    assert source.read_bytes() == before
    assert there(walk) == {f"{SLUG}.{ending}", *CLIPS}


def test_a_copy_at_the_platforms_loudness(workspace: Path) -> None:
    walk = episode(workspace)
    path = make_copies(walk, with_loudness=True)[-1]
    assert path.name == f"{SLUG}.-16lufs.mp3"
    loudness = measure(path)
    assert loudness is not None
    assert loudness.integrated_lufs == pytest.approx(-16.0, abs=0.3)
    assert loudness.true_peak_dbtp <= -1.0
    found = scan(path)
    assert (found.tags["title"], found.tags["artist"]) == ("The talk", "Ann")
    assert [start for start, _ in found.chapters] == [0.0, 12.0]


def test_twice_does_nothing_the_second_time(workspace: Path) -> None:
    walk = episode(workspace)
    made = make_copies(walk, with_loudness=True)
    before = {path: path.stat().st_mtime_ns for path in made}
    assert make_copies(walk, with_loudness=True) == ()
    assert make_copies(walk) == ()
    assert {path: path.stat().st_mtime_ns for path in made} == before
    assert len(before) == 4


def test_only_what_has_changed_is_made_again(workspace: Path) -> None:
    walk = episode(workspace)
    make_copies(walk, with_loudness=True)
    renamed = (CHAPTERS[0], replace(CHAPTERS[1], title="Renamed"))
    walk.folder.write("draft.json", notes(chapters=renamed))
    assert names(walk, make_copies(walk)) == [f"{SLUG}.mp3"]
    assert f"{SLUG}.-16lufs.mp3 is out of date" in said(walk)
    assert names(walk, make_copies(walk, with_loudness=True)) == [f"{SLUG}.-16lufs.mp3"]
    walk.folder.write("draft.json", notes(chapters=renamed, soundbites=BITES[:1]))
    assert make_copies(walk) == ()
    assert there(walk) == {f"{SLUG}.mp3", f"{SLUG}.-16lufs.mp3", CLIPS[0]}
    write(workspace / "audio" / f"{SLUG}.mp3", noise(40.0, seed=5, rate_hz=16_000), rate_hz=16_000)
    assert names(walk, make_copies(walk)) == [f"{SLUG}.mp3", CLIPS[0]]


def test_a_deleted_copy_is_made_again_and_an_edited_one_kept(workspace: Path) -> None:
    walk = episode(workspace)
    copy, clip, _ = make_copies(walk)
    copy.unlink()
    clip.write_bytes(b"a person's own cut")
    assert make_copies(walk) == (copy,)
    longer = (replace(BITES[0], end=19.0), BITES[1])
    walk.folder.write("draft.json", notes(soundbites=longer))
    (new,) = make_copies(walk)
    assert new.name == clip.name.replace(".mp3", ".new.mp3")
    assert clip.read_bytes() == b"a person's own cut"


def test_a_container_without_room_for_chapters_still_gives_clips(workspace: Path) -> None:
    walk = episode(workspace, ending="flac")
    assert names(walk, make_copies(walk)) == CLIPS
    assert f"{SLUG}.flac: files of this kind cannot hold chapters" in said(walk)


def test_more_chapters_than_a_file_holds(workspace: Path) -> None:
    many = tuple(Chapter(start=n / 10, end=(n + 1) / 10, title=f"C {n}") for n in range(300))
    walk = episode(workspace, chapters=many)
    copy = make_copies(walk)[0]
    assert len(scan(copy).chapters) == 255
    assert "45 at the end are left out" in said(walk)


def test_five_seconds_of_audio(workspace: Path) -> None:
    walk = episode(workspace, seconds=5.0, chapters=CHAPTERS[:1])
    made = make_copies(walk, with_loudness=True)
    assert names(walk, made) == [f"{SLUG}.mp3", CLIPS[0], f"{SLUG}.-16lufs.mp3"]
    assert scan(made[1]).declared_s == pytest.approx(3.0, abs=0.05)
    assert f"No clip of “{BITES[1].title}”: the audio ends before it." in said(walk)


def test_no_chapters_and_silence(workspace: Path) -> None:
    walk = episode(workspace, chapters=(), soundbites=())
    write(workspace / "audio" / f"{SLUG}.mp3", np.zeros(80_000, np.float32), rate_hz=16_000)
    assert make_copies(walk, with_loudness=True) == ()
    assert "the notes have no chapters" in said(walk)
    assert "is silent" in said(walk)


def test_without_audio_it_says_so(workspace: Path) -> None:
    walk = episode(workspace)
    told = walk.folder.read("episode.json", Episode)
    tracks = (replace(told.versions[0], container="tracks"),)
    walk.folder.write("episode.json", replace(told, versions=tracks))
    with pytest.raises(NoAudioError, match="folder of tracks"):
        make_copies(walk)
    (workspace / "audio" / f"{SLUG}.mp3").unlink()
    walk.folder.write("episode.json", told)
    with pytest.raises(EpisodeNotFoundError, match="Put it back"):
        make_copies(walk)
    walk.folder.write("episode.json", replace(told, versions=()))
    with pytest.raises(NoAudioError, match=f"{SLUG} is a transcript alone"):
        make_copies(walk)


def test_a_name_as_long_as_file_systems_take(workspace: Path) -> None:
    walk = episode(workspace, soundbites=())
    long = f"audio/{'é' * 125}.mp3"
    (workspace / "audio" / f"{SLUG}.mp3").rename(workspace / long)
    told = walk.folder.read("episode.json", Episode)
    versions = (replace(told.versions[0], path=long),)
    walk.folder.write("episode.json", replace(told, versions=versions))
    made = make_copies(walk, with_loudness=True)
    assert [path.name for path in made] == [f"{'é' * 100}.mp3", f"{'é' * 100}.-16lufs.mp3"]


def test_the_command_refuses_loudness_alone(workspace: Path) -> None:
    result = CliRunner().invoke(app, ["render", "--loudness", "--root", str(workspace)])
    assert "add --audio" in str(result.exception)


def test_the_command_makes_them_and_one_episode_does_not_stop_another(workspace: Path) -> None:
    silent = lay_out(workspace, "a-transcript-alone", spoken(INTERVIEW))
    told = silent.folder.read("episode.json", Episode)
    walk = lay_out(workspace, SLUG, spoken(INTERVIEW))
    for each in (silent, walk):
        finish(each)
    silent.folder.write("episode.json", replace(told, versions=()))
    write(workspace / "audio" / f"{SLUG}.mp3", noise(60.0, rate_hz=16_000), rate_hz=16_000)
    command = ["render", SLUG, "--audio", "--root", str(workspace)]
    first, second = (CliRunner().invoke(app, command) for _ in range(2))
    assert (first.exit_code, second.exit_code) == (0, 0)
    assert f"made      output/{SLUG}/audio/{SLUG}.mp3" in first.output
    assert f"no new audio copies: {SLUG}" in second.output
    every = CliRunner().invoke(app, ["render", "--audio", "--root", str(workspace)])
    assert isinstance(every.exception, NoAudioError)
    assert "no new audio copies" in every.output
