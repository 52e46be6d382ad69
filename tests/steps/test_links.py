"""Links in the in-tray lead to what lies in the working folder, and nowhere else."""

from pathlib import Path

import pytest

from shownotes.errors import ForeignLinkError, InputError
from shownotes.model import Transcript
from shownotes.settings import Paths, Settings
from shownotes.steps import prepare, transcribe
from shownotes.steps.links import leads_out
from shownotes.steps.step import Walk
from tests.audio_files import noise, write

SECRET = "WEBVTT\n\n00:00.000 --> 00:02.000\nNobody's business.\n"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    root = tmp_path / "work"
    (root / "audio").mkdir(parents=True)
    return Settings(root=root)


def secret(tmp_path: Path, name: str) -> Path:
    path = tmp_path / name
    if path.suffix == ".mp3":
        return write(path, noise(2.0))
    path.write_text(SECRET, encoding="utf-8")
    return path


@pytest.mark.parametrize("name", ["ep.mp3", "ep.vtt"])
def test_a_file_elsewhere_is_not_taken_through_a_link(
    settings: Settings, tmp_path: Path, name: str
) -> None:
    link = settings.audio_folder / name
    link.symlink_to(secret(tmp_path, name))
    with pytest.raises(ForeignLinkError, match="leads out"):
        prepare.admit(link, settings)


@pytest.mark.parametrize("ending", [".toml", ".vtt", ".srt", ".json", ".txt"])
def test_nor_is_what_lies_beside_one(settings: Settings, tmp_path: Path, ending: str) -> None:
    path = write(settings.audio_folder / "ep.mp3", noise(2.0))
    folder = prepare.admit(path, settings)
    walk = Walk(folder=folder, settings=settings)
    path.with_suffix(ending).symlink_to(secret(tmp_path, "secret.txt"))
    with pytest.raises(ForeignLinkError):
        prepare.STEP.run(walk)


def test_a_transcript_that_becomes_a_link_is_not_read(settings: Settings, tmp_path: Path) -> None:
    path = settings.audio_folder / "ep.vtt"
    path.write_text(SECRET, encoding="utf-8")
    walk = Walk(folder=prepare.admit(path, settings), settings=settings)
    prepare.STEP.run(walk)
    path.unlink()
    path.symlink_to(secret(tmp_path, "secret.vtt"))
    with pytest.raises(ForeignLinkError):
        transcribe.STEP.run(walk)


def test_a_link_inside_the_working_folder_is_followed(settings: Settings) -> None:
    whole = write(settings.root / "kept.mp3", noise(2.0))
    link = settings.audio_folder / "ep.mp3"
    link.symlink_to(whole)
    walk = Walk(folder=prepare.admit(link, settings), settings=settings)
    prepare.STEP.run(walk)
    assert walk.folder.has("episode.json")


def test_who_trusts_those_who_drop_files_may_say_so(settings: Settings, tmp_path: Path) -> None:
    link = settings.audio_folder / "ep.vtt"
    link.symlink_to(secret(tmp_path, "ep.vtt"))
    trusting = settings.model_copy(update={"paths": Paths(follow_links=True)})
    walk = Walk(folder=prepare.admit(link, trusting), settings=trusting)
    prepare.STEP.run(walk)
    transcribe.STEP.run(walk)
    assert walk.folder.read("transcript.json", Transcript).segments


def test_a_file_that_is_named_where_it_lies_is_no_link(settings: Settings, tmp_path: Path) -> None:
    assert not leads_out(secret(tmp_path, "a.mp3"), settings)
    assert prepare.admit(tmp_path / "a.mp3", settings).has("episode.json")


def test_a_link_to_itself_leads_nowhere(settings: Settings) -> None:
    loop = settings.audio_folder / "loop.mp3"
    loop.symlink_to(loop)
    assert not leads_out(loop, settings)
    with pytest.raises(InputError):
        prepare.admit(loop, settings)
