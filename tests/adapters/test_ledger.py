from pathlib import Path

import pytest

from shownotes.adapters.ledger import Ledger, Order
from shownotes.adapters.store import EpisodeFolder
from shownotes.errors import DiskFullError, StoreError

BOX = "audio.json"


def order(
    text: str, *, made_from: str | None = None, name: str = "audio/a.txt", needed_bytes: int = 0
) -> Order:
    def make(path: Path) -> bool:
        path.write_text(text, encoding="utf-8")
        return bool(text)

    return Order(name=name, made_from=made_from or text, needed_bytes=needed_bytes, make=make)


@pytest.fixture
def folder(tmp_path: Path) -> EpisodeFolder:
    return EpisodeFolder(tmp_path)


def texts(folder: EpisodeFolder) -> dict[str, str]:
    return {path.name: path.read_text() for path in (folder.path / "audio").iterdir()}


def test_what_was_made_is_found_by_a_later_run(folder: EpisodeFolder) -> None:
    assert Ledger(folder, BOX).find(order("one")) is None
    path = Ledger(folder, BOX).make(order("one"))
    assert path == folder.path / "audio" / "a.txt"
    assert Ledger(folder, BOX).find(order("one")) == path
    assert Ledger(folder, BOX).find(order("two")) is None
    assert Ledger(folder, BOX).is_stale(order("two"))


def test_ours_is_written_over(folder: EpisodeFolder) -> None:
    Ledger(folder, BOX).make(order("one"))
    Ledger(folder, BOX).make(order("two"))
    assert texts(folder) == {"a.txt": "two"}


def test_a_persons_file_stays_and_the_new_one_goes_beside_it(folder: EpisodeFolder) -> None:
    path = Ledger(folder, BOX).make(order("one"))
    assert path is not None
    path.write_text("edited", encoding="utf-8")
    assert Ledger(folder, BOX).find(order("one")) == path
    for text in ("two", "three"):
        ledger = Ledger(folder, BOX)
        assert ledger.find(order(text)) is None
        ledger.make(order(text))
        assert texts(folder) == {"a.txt": "edited", "a.new.txt": text}
        assert Ledger(folder, BOX).find(order(text)) == path.with_name("a.new.txt")


def test_with_the_box_lost_files_that_come_out_alike_are_ours(folder: EpisodeFolder) -> None:
    Ledger(folder, BOX).make(order("one"))
    (folder.path / BOX).write_text("torn", encoding="utf-8")
    Ledger(folder, BOX).make(order("one"))
    assert texts(folder) == {"a.txt": "one"}


def test_nothing_to_make_leaves_nothing(folder: EpisodeFolder) -> None:
    assert Ledger(folder, BOX).make(order("", made_from="x")) is None
    assert texts(folder) == {}


def test_what_is_no_longer_wanted_goes_unless_a_person_changed_it(folder: EpisodeFolder) -> None:
    ledger = Ledger(folder, BOX)
    for name in ("audio/a.txt", "audio/b.txt", "audio/c.txt"):
        ledger.make(order("one", name=name))
    (folder.path / "audio" / "c.txt").write_text("edited", encoding="utf-8")
    Ledger(folder, BOX).drop_all_but(["audio/a.txt"])
    assert texts(folder) == {"a.txt": "one", "c.txt": "edited"}
    assert Ledger(folder, BOX).find(order("one", name="audio/c.txt")) is None


def test_no_room_is_found_before_the_work(folder: EpisodeFolder) -> None:
    Ledger(folder, BOX).make(order("one"))
    with pytest.raises(DiskFullError, match="Free some space"):
        Ledger(folder, BOX).make(order("two", needed_bytes=10**18))
    assert texts(folder) == {"a.txt": "one"}


def test_a_failure_on_the_way_leaves_the_old_file(folder: EpisodeFolder) -> None:
    def fail(path: Path) -> bool:
        path.write_text("a part", encoding="utf-8")
        raise DiskFullError("full")

    Ledger(folder, BOX).make(order("one"))
    with pytest.raises(DiskFullError):
        Ledger(folder, BOX).make(
            Order(name="audio/a.txt", made_from="two", needed_bytes=0, make=fail)
        )
    assert texts(folder) == {"a.txt": "one"}


def test_a_file_in_the_way_of_the_folder_is_named(folder: EpisodeFolder) -> None:
    (folder.path / "audio").write_text("a file", encoding="utf-8")
    with pytest.raises(StoreError, match="audio cannot be written"):
        Ledger(folder, BOX).make(order("one"))
