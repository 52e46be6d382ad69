import wave
from pathlib import Path

import pytest

from shownotes.errors import SidecarError
from shownotes.model import GivenChapter, GivenPerson, GivenTrack, Metadata
from shownotes.settings import Settings, ShowSettings, load_settings
from shownotes.steps.intray import (
    find_audio,
    merged_metadata,
    relative,
    sidecar_beside,
    tracks_in,
    transcript_beside,
)


def tray(root: Path, *names: str) -> Settings:
    for name in names:
        path = root / "audio" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    return Settings(root=root)


def found(settings: Settings) -> list[str]:
    return [relative(path, settings) for path in find_audio(settings)]


def test_audio_and_lone_transcripts_are_found_and_nothing_else(tmp_path: Path) -> None:
    settings = tray(
        tmp_path,
        *("b.MP3", "a.m4a", "a.toml", "a.vtt", "lone.srt", "lone.txt", "two.v1.json"),
        *("show/c.flac", "show/deeper/d.mp3", ".hidden/e.mp3"),
        *(".x.mp3", "~y.mp3", "z.mp3.part", "z.mp3.crdownload", "z.tmp", "w.mp3~"),
        *("README.txt", "cover.jpg", "lonely.toml"),
    )
    assert found(settings) == [
        *("audio/a.m4a", "audio/b.MP3", "audio/lone.srt", "audio/show/c.flac"),
        "audio/two.v1.json",
    ]


def test_no_tray_no_episodes(tmp_path: Path) -> None:
    assert find_audio(Settings(root=tmp_path)) == []


def test_a_loop_of_links_is_no_trap(tmp_path: Path) -> None:
    settings = tray(tmp_path, "a.mp3")
    (tmp_path / "audio" / "loop").symlink_to(tmp_path / "audio" / "loop")
    (tmp_path / "audio" / "up").symlink_to(tmp_path / "audio", target_is_directory=True)
    assert "audio/a.mp3" in found(settings)


def test_the_transcript_beside_in_order_of_preference(tmp_path: Path) -> None:
    tray(tmp_path, "a.mp3", "a.txt", "a.srt")
    assert transcript_beside(tmp_path / "audio/a.mp3") == tmp_path / "audio/a.srt"
    assert transcript_beside(tmp_path / "audio/a.txt") == tmp_path / "audio/a.txt"
    assert transcript_beside(tmp_path / "audio/b.mp3") is None


def test_files_elsewhere_keep_their_whole_path(tmp_path: Path) -> None:
    settings = Settings(root=tmp_path / "work")
    assert relative(tmp_path / "work/audio/a.mp3", settings) == "audio/a.mp3"
    assert relative(tmp_path / "a.mp3", settings) == (tmp_path / "a.mp3").as_posix()


@pytest.fixture
def shows(tmp_path: Path) -> Settings:
    (tmp_path / "shownotes.toml").write_text(
        """
        [show."The Carbon Letter"]
        hosts = ["Ann Lee"]
        language = "en"
        glossary = ["COP"]
        sign_off = "Bye."

        [show.Other]
        language = "de"
        """
    )
    return load_settings(tmp_path)


def test_tags_under_the_show_under_the_sidecar(shows: Settings) -> None:
    path = shows.root / "audio" / "ep.mp3"
    path.parent.mkdir()
    path.with_suffix(".toml").write_text(
        """
        title = "From the sidecar"
        date = 2026-09-16
        guests = [{ name = "Bo Ek", organization = "WMO" }]
        glossary = ["Loss and Damage Fund"]
        chapters = [{ start = "1:30", title = "Middle" }]
        """
    )
    tags = Metadata(title="From the tags", show="the carbon letter", number=4)
    found = merged_metadata(path, shows, tags)
    assert (found.title, found.show, found.number) == ("From the sidecar", "The Carbon Letter", 4)
    assert (found.date, found.language, found.sign_off) == ("2026-09-16", "en", "Bye.")
    assert found.hosts == (GivenPerson(name="Ann Lee"),)
    assert found.guests == (GivenPerson(name="Bo Ek", organization="WMO"),)
    assert found.glossary == ("COP", "Loss and Damage Fund")
    assert found.chapters == (GivenChapter(start=90.0, title="Middle"),)


def test_a_folder_selects_the_show_and_the_sidecar_another(shows: Settings) -> None:
    path = shows.root / "audio" / "other" / "ep.mp3"
    path.parent.mkdir(parents=True)
    tags = Metadata(show="Some album")
    found = merged_metadata(path, shows, tags)
    assert (found.show, found.language) == ("Other", "de")
    path.with_suffix(".toml").write_text('show = "The Carbon Letter"')
    assert merged_metadata(path, shows, tags).language == "en"
    path.with_suffix(".toml").write_text('show = "New"')
    found = merged_metadata(path, shows, tags)
    assert (found.show, found.language) == ("New", None)


def test_a_folder_without_settings_names_the_show_when_no_tag_does(shows: Settings) -> None:
    path = shows.root / "audio" / "Third" / "ep.mp3"
    assert merged_metadata(path, shows, Metadata()).show == "Third"
    assert merged_metadata(path, shows, Metadata(show="Album")).show == "Album"
    assert merged_metadata(shows.root / "audio" / "ep.mp3", shows, Metadata()).show is None


def test_a_wrong_sidecar_is_named(shows: Settings) -> None:
    path = shows.root / "audio" / "ep.mp3"
    path.parent.mkdir()
    path.with_suffix(".toml").write_text('titel = "x"')
    with pytest.raises(SidecarError, match="Did you mean `title`"):
        merged_metadata(path, shows, Metadata())


def test_a_folder_of_tracks_is_one_episode_by_how_recorders_name_files(tmp_path: Path) -> None:
    settings = tray(
        tmp_path,
        *("ep/ZOOM0001_Tr1.WAV", "ep/ZOOM0001_Tr2.WAV", "ep/ZOOM0001_LR.WAV", "ep.mp3", "ep.vtt"),
        *("call/audioMaria21.m4a", "call/audioJo42.m4a", "call/notes.txt"),
        *("talk/host.flac", "talk/guest.flac", "other.mp3"),
    )
    assert found(settings) == ["audio/call", "audio/ep", "audio/other.mp3", "audio/talk"]
    assert [f.name for f in tracks_in(tmp_path / "audio" / "ep")] == [
        *("ZOOM0001_LR.WAV", "ZOOM0001_Tr1.WAV", "ZOOM0001_Tr2.WAV"),
        "ep.mp3",
    ]
    assert transcript_beside(tmp_path / "audio" / "ep") == tmp_path / "audio" / "ep.vtt"


def test_episodes_of_a_show_are_not_taken_for_tracks(tmp_path: Path) -> None:
    settings = tray(
        tmp_path,
        *("news/2026-01-01.mp3", "news/2026-01-02.mp3", "news/host.toml"),
        *("Talk/host-a.mp3", "Talk/host-b.mp3"),
        *("one/track1.wav",),
        *("own/track1.wav", "own/track1.toml", "own/track2.wav"),
    )
    settings = settings.model_copy(update={"show": {"talk": ShowSettings()}})
    assert "audio/news/2026-01-01.mp3" in found(settings)
    assert "audio/Talk/host-a.mp3" in found(settings)
    assert "audio/one/track1.wav" in found(settings)
    assert "audio/own/track1.wav" in found(settings)


def test_a_sidecar_that_names_tracks_makes_a_folder_of_them(tmp_path: Path) -> None:
    settings = tray(tmp_path, "show/ep/a.wav", "show/ep/b.wav", "show/c.wav")
    folder = tmp_path / "audio" / "show" / "ep"
    assert found(settings) == ["audio/show/c.wav"]
    (folder / "ep.toml").write_text('[tracks]\n"a.wav" = "Ann Lee"\n', encoding="utf-8")
    assert found(settings) == ["audio/show/c.wav", "audio/show/ep"]
    assert sidecar_beside(folder) == folder / "ep.toml"
    metadata = merged_metadata(folder, settings, Metadata())
    assert metadata.tracks == (GivenTrack(file="a.wav", name="Ann Lee"),)
    assert metadata.show == "show"


def test_files_of_one_length_with_names_of_their_own_are_tracks(tmp_path: Path) -> None:
    settings = tray(tmp_path)
    for name, seconds in (("ann.wav", 5), ("bo.wav", 5), ("c1.wav", 5), ("c2.wav", 5)):
        folder = tmp_path / "audio" / ("same" if name[0] in "ab" else "numbered")
        folder.mkdir(parents=True, exist_ok=True)
        with wave.open(str(folder / name), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(8000)
            file.writeframes(bytes(16_000 * seconds))
    assert found(settings) == [
        *("audio/numbered/c1.wav", "audio/numbered/c2.wav"),
        "audio/same",
    ]
