import os
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from shownotes.adapters.store import episode_folders
from shownotes.errors import EpisodeNotFoundError, FormatError, InputError, NotAudioError
from shownotes.model import Episode, State, Status
from shownotes.settings import Settings
from shownotes.steps import prepare
from shownotes.steps.admission import admit, known
from shownotes.steps.step import Walk
from tests.audio_files import noise, tone, write


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    (tmp_path / "audio").mkdir()
    return Settings(root=tmp_path)


def drop(settings: Settings, name: str, *, seed: int = 0, **tags: str) -> Path:
    path = settings.audio_folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    return write(path, noise(1.5, seed=seed), **tags)


def episode(path: Path, settings: Settings) -> Episode:
    return admit(path, settings).read("episode.json", Episode)


def count(settings: Settings) -> int:
    return len(episode_folders(settings.output_folder))


def test_a_new_file_gets_a_folder_fixed_at_first_sight(settings: Settings) -> None:
    path = drop(settings, "ep1.mp3", title="Who pays?", date="2026-09-16")
    first = episode(path, settings)
    assert first.folder == "2026-09-16-who-pays"
    assert first.key == "file:audio/ep1"
    assert len(first.id) == 32
    assert first.audio is not None
    assert (first.audio.path, first.audio.decoded_s) == ("audio/ep1.mp3", 0.0)
    drop(settings, "ep1.mp3", seed=1, title="Another title", date="2027-01-01")
    again = episode(path, settings)
    assert (again.folder, again.id) == (first.folder, first.id)


def test_looking_up_a_seen_file_imports_no_engine(settings: Settings) -> None:
    path = drop(settings, "ep1.mp3")
    folder = admit(path, settings)
    prepare.STEP.run(Walk(folder=folder, settings=settings))
    code = """
        import sys
        from pathlib import Path
        from shownotes.settings import Settings
        from shownotes.steps import prepare
        from shownotes.steps.step import Walk
        settings = Settings(root=Path(sys.argv[1]))
        folder = prepare.admit(Path(sys.argv[2]), settings)
        walk = Walk(folder=folder, settings=settings)
        assert dict(folder.stamp("episode.json").made_from) == prepare.STEP.made_from(walk)
        heavy = {"av", "numpy", "onnxruntime", "faster_whisper", "ctranslate2", "pydub"}
        print(sorted(heavy & set(sys.modules)), folder.name)
    """
    command = [sys.executable, "-c", textwrap.dedent(code), str(settings.root), str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["[]", folder.name]


def test_changed_tags_change_nothing(settings: Settings) -> None:
    path = drop(settings, "ep1.mp3", title="One")
    folder = admit(path, settings)
    walk = Walk(folder=folder, settings=settings)
    prepare.STEP.run(walk)
    before = (folder.path / "episode.json").read_bytes()
    drop(settings, "ep1.mp3", title="A new and longer title", comment="x")
    assert admit(path, settings).name == folder.name
    assert (folder.path / "episode.json").read_bytes() == before
    stamp = folder.stamp("episode.json")
    assert stamp is not None
    assert dict(stamp.made_from) == prepare.STEP.made_from(walk)
    assert known(path, settings) is not None


def test_a_new_export_is_a_new_version_of_the_same_episode(settings: Settings) -> None:
    path = drop(settings, "ep1.mp3")
    first = episode(path, settings)
    drop(settings, "ep1.mp3", seed=1)
    second = episode(path, settings)
    assert second.id == first.id
    assert len({version.packets_sha256 for version in second.versions}) == 2
    wav = drop(settings, "ep1.wav", seed=2)
    assert episode(wav, settings).id == first.id
    assert count(settings) == 1


def test_show_and_number_make_an_export_under_another_name_the_same(settings: Settings) -> None:
    tags = {"album": "The Show", "track": "4", "title": "Four"}
    first = episode(drop(settings, "ep4.mp3", **tags), settings)
    second = episode(drop(settings, "ep4 final FINAL.mp3", seed=1, **tags), settings)
    assert second.id == first.id
    assert first.key == "show:the show#4"
    assert second.audio is not None
    assert second.audio.path == "audio/ep4 final FINAL.mp3"


def test_an_older_export_found_later_does_not_become_current(settings: Settings) -> None:
    tags = {"album": "The Show", "track": "4", "title": "Four"}
    newer = drop(settings, "b.mp3", **tags)
    older = drop(settings, "a.mp3", seed=1, **tags)
    os.utime(older, ns=(1, 1))
    admit(newer, settings)
    audio = episode(older, settings).audio
    assert audio is not None
    assert audio.path == "audio/b.mp3"


def test_a_track_number_nobody_ever_changes_does_not_mix_episodes(settings: Settings) -> None:
    one = drop(settings, "one.mp3", album="The Show", track="1", title="One")
    two = drop(settings, "two.mp3", seed=1, album="The Show", track="1", title="Two")
    assert episode(one, settings).id != episode(two, settings).id
    assert episode(two, settings).key == "file:audio/two"


def test_the_same_audio_twice_is_one_episode(settings: Settings) -> None:
    one = drop(settings, "one.mp3", title="One")
    folder = admit(one, settings)
    two = drop(settings, "two.mp3", title="Two")
    assert admit(two, settings).name == folder.name
    assert known(two, settings) is not None
    assert len(episode(one, settings).versions) == 1


def test_a_renamed_file_is_followed_and_prepare_not_due(settings: Settings) -> None:
    path = drop(settings, "one.mp3", title="One")
    folder = admit(path, settings)
    walk = Walk(folder=folder, settings=settings)
    prepare.STEP.run(walk)
    renamed = path.rename(path.with_name("renamed.mp3"))
    audio = episode(renamed, settings).audio
    assert audio is not None
    assert audio.path == "audio/renamed.mp3"
    stamp = folder.stamp("episode.json")
    assert stamp is not None
    assert dict(stamp.made_from) == prepare.STEP.made_from(walk)


def test_a_file_put_away_keeps_its_episode(settings: Settings) -> None:
    path = drop(settings, "one.mp3")
    folder = admit(path, settings)
    path.unlink()
    found = known(path, settings)
    assert found is not None
    assert found.name == folder.name
    with pytest.raises(EpisodeNotFoundError, match=r"two\.mp3"):
        admit(path.with_name("two.mp3"), settings)


def test_two_episodes_of_one_title_get_two_folders(settings: Settings) -> None:
    one = episode(drop(settings, "one.mp3", title="CON"), settings)
    two = episode(drop(settings, "two.mp3", seed=1, title="con"), settings)
    assert (one.folder, two.folder) == ("undated-con-episode", "undated-con-episode-2")


def test_a_transcript_alone_is_an_episode_and_its_audio_joins_it(settings: Settings) -> None:
    path = settings.audio_folder / "ep1.vtt"
    path.write_text("WEBVTT\n")
    alone = episode(path, settings)
    assert alone.audio is None
    assert alone.transcript_path == "audio/ep1.vtt"
    joined = episode(drop(settings, "ep1.mp3"), settings)
    assert joined.id == alone.id
    assert joined.audio is not None


def test_a_file_that_is_not_audio_makes_no_folder(settings: Settings) -> None:
    path = settings.audio_folder / "text.mp3"
    path.write_text("a letter")
    with pytest.raises(NotAudioError):
        admit(path, settings)
    assert count(settings) == 0


def test_a_deleted_episode_json_is_made_again_in_the_same_folder(settings: Settings) -> None:
    path = drop(settings, "one.mp3")
    folder = admit(path, settings)
    (folder.path / "episode.json").unlink()
    assert admit(path, settings).name == folder.name


def test_a_torn_episode_json_is_named_rather_than_doubled(settings: Settings) -> None:
    path = drop(settings, "one.mp3")
    folder = admit(path, settings)
    folder.write("status.json", Status(state=State.DRAFT, title="One", audio_path="audio/one.mp3"))
    (folder.path / "episode.json").write_text('{"format"')
    with pytest.raises(FormatError, match="not whole JSON"):
        admit(path, settings)
    assert admit(drop(settings, "two.mp3", seed=1), settings).name != folder.name


def test_an_episode_edited_by_hand_is_left_alone(settings: Settings) -> None:
    path = drop(settings, "one.mp3", title="One")
    folder = admit(path, settings)
    box = folder.path / "episode.json"
    box.write_text(box.read_text().replace('"One"', '"Mine"'))
    drop(settings, "one.mp3", seed=1, title="One")
    assert admit(path, settings).name == folder.name
    assert folder.read("episode.json", Episode).metadata.title == "Mine"


def test_two_processes_at_once_make_one_episode_each(settings: Settings, tmp_path: Path) -> None:
    names = [f"ep{number}.mp3" for number in range(4)]
    for seed, name in enumerate(names):
        drop(settings, name, seed=seed, title="The same title")
    shutil.copy(settings.audio_folder / "ep0.mp3", settings.audio_folder / "copy.mp3")
    code = """
        import sys
        from pathlib import Path
        from shownotes.settings import Settings
        from shownotes.steps.admission import admit
        from shownotes.steps.intray import find_audio
        settings = Settings(root=Path(sys.argv[1]))
        for path in find_audio(settings):
            print(path.name, admit(path, settings).name)
    """
    command = [sys.executable, "-c", textwrap.dedent(code), str(tmp_path)]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    said = [process.communicate()[0] for process in running]
    assert [process.returncode for process in running] == [0, 0, 0]
    assert said[0] == said[1] == said[2]
    assert count(settings) == 4


def test_an_unknown_ending_is_admitted_when_asked_for(settings: Settings) -> None:
    path = write(settings.audio_folder / "a.wav", tone(1.0)).rename(
        settings.audio_folder / "a.recording"
    )
    assert episode(path, settings).key == "file:audio/a"


def test_a_name_that_is_no_text_is_refused(settings: Settings) -> None:
    path = settings.audio_folder / os.fsdecode(b"caf\xe9.mp3")
    try:
        drop(settings, "a.mp3").rename(path)
    except OSError:
        pytest.skip("this file system takes no such names")
    with pytest.raises(InputError, match=r"caf\\xe9.*Rename") as caught:
        admit(path, settings)
    str(caught.value).encode()


def test_the_longest_name_leaves_no_room_for_a_sidecar(settings: Settings) -> None:
    path = drop(settings, "a.mp3").rename(settings.audio_folder / f"{'a' * 251}.mp3")
    folder = admit(path, settings)
    prepare.STEP.run(Walk(folder=folder, settings=settings))
    assert folder.read("episode.json", Episode).duration == pytest.approx(1.5, abs=0.1)
