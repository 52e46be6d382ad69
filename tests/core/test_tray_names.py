import pytest

from shownotes.core import tray_names


@pytest.mark.parametrize(
    "name",
    [
        *(".a.mp3", "~a.mp3", "a.mp3~", "a.mp3.part", "a.mp3.crdownload", "a.mp3.filepart"),
        *("a.mp3.!qB", "a.mp3.aria2", "a.MP3.PART", "a.tmp", ".a.mp3.x7Qe2K", ".upload-12.mp3"),
        *("@eaDir", "#recycle", "$RECYCLE.BIN", ".syncthing.a.mp3.tmp", "~syncthing~a.mp3.tmp"),
    ],
)
def test_names_of_what_is_hidden_or_still_written(name: str) -> None:
    assert tray_names.is_unfinished(name)


@pytest.mark.parametrize("name", ["a.mp3", "part one.mp3", "a.part.mp3", "tmp.wav", "#1 hit.mp3"])
def test_names_of_what_is_whole(name: str) -> None:
    assert not tray_names.is_unfinished(name)


def test_what_programs_keep_beside_a_copy_names_it() -> None:
    names = ["a.mp3", "a.mp3.aria2", ".b.mp3.x7Qe2K", "c.mp3.part", ".hidden", "d.mp3", "e.tmp"]
    assert tray_names.copies_under_way(names) == {
        "a.mp3": "a.mp3.aria2",
        "b.mp3": ".b.mp3.x7Qe2K",
        "c.mp3": "c.mp3.part",
        "e": "e.tmp",
    }


@pytest.mark.parametrize(
    ("name", "stem", "ending"),
    [
        ("a.mp3", "a", ".mp3"),
        ("a.b.MP3", "a.b", ".mp3"),
        ("a", "a", ""),
        (".a", ".a", ""),
        ("..a", "..a", ""),
        ("a.", "a", "."),
    ],
)
def test_stems_and_endings(name: str, stem: str, ending: str) -> None:
    assert (tray_names.stem_of(name), tray_names.ending_of(name)) == (stem, ending)


def test_our_own_notes_are_no_transcripts() -> None:
    names = ["a.mp3.problem.txt", "a.txt", "README.txt", "b.srt", "b.vtt", "c.publisher.vtt"]
    assert tray_names.lone_transcripts(names, stems=set()) == ["a.txt", "b.vtt"]
    assert tray_names.lone_transcripts(names, stems={"a"}) == ["b.vtt"]
