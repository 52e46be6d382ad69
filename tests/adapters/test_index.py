import multiprocessing
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shownotes.adapters import index
from shownotes.adapters.derived_database import DerivedDatabase
from shownotes.adapters.index import NAME, Hit, Sources, refresh, rows, search
from shownotes.adapters.search_terms import parse
from shownotes.adapters.store import EpisodeFolder
from shownotes.core.passages import Passage, Where
from shownotes.errors import StoreError
from shownotes.model import (
    Chapter,
    Evidence,
    Fact,
    Metadata,
    Person,
    PersonRole,
    Segment,
    ShowNotes,
    State,
    Status,
    Transcript,
    Word,
)
from tests.episodes import lay_out

RIVER = (
    "The river has a budget and every town draws on it. Nobody counted the water for years. "
    "In São Paulo they don't pay for it at all. The regulator said so in the spring of last year, "
    "and then the whole of the money was gone within a few weeks after that. "
    "Later we speak about the Kafé by the lake, where the water is counted twice."
)


def spoken(text: str) -> Transcript:
    words = tuple(
        Word(text=word, start=float(position), end=position + 0.8)
        for position, word in enumerate(text.split())
    )
    segment = Segment(start=0.0, end=float(len(words)), text=text, words=words)
    return Transcript(language="en", segments=(segment,), duration=float(len(words)), model="x")


def notes(title: str) -> ShowNotes:
    said = Evidence(text="I am Inès Duarte.", start=7.0, end=8.0)
    guest = Person(
        name="Inès Duarte",
        role=PersonRole.GUEST,
        evidence=said,
        title=Fact(value="hydrologist", evidence=said),
    )
    return ShowNotes(
        title=title, show="Currents", number=1, date=None, language="en", duration=60.0,
        hook=Fact(value="Who owns a flood?", evidence=said), summary=(), narrative=(),
        questions=(), key_points=(), quotes=(), hosts=(), guests=(guest,), mentioned=(),
        agencies=(), organizations=(), events=(), earlier_episodes=(), links=(), sign_off=None,
        chapters=(Chapter(start=42.0, end=60.0, title="Dry summers"),),
    )  # fmt: skip


def add(root: Path, slug: str, text: str = RIVER, *, title: str = "Rivers") -> EpisodeFolder:
    metadata = Metadata(title=title, show="Currents")
    folder = lay_out(root, slug, spoken(text), metadata=metadata).folder
    folder.write("draft.json", notes(title), made_from={})
    status = Status(
        state=State.DRAFT, title=title, duration=90.0, guests=("Inès Duarte",), checks=3,
        updated_at="2026-01-02T03:04:05Z",
    )  # fmt: skip
    folder.write("status.json", status)
    return folder


@pytest.fixture
def output(tmp_path: Path) -> Path:
    add(tmp_path, "2026-01-01-rivers")
    return tmp_path / "output"


def text_of(hit: Hit) -> str:
    return "".join(piece for piece, _ in hit.snippet)


def found_in(hit: Hit) -> list[str]:
    return [piece for piece, is_hit in hit.snippet if is_hit]


# --------------------------------------------------------------------------- rows


def test_a_row_is_what_the_list_shows(output: Path) -> None:
    (row,) = rows(output)
    assert row == index.Row(
        id="id-2026-01-01-rivers",
        folder="2026-01-01-rivers",
        title="Rivers",
        show="Currents",
        state=State.DRAFT,
        duration=90.0,
        guests=("Inès Duarte",),
        checks=3,
        updated_at="2026-01-02T03:04:05Z",
    )


def test_rows_follow_the_files(output: Path) -> None:
    folder = add(output.parent, "2026-02-01-lakes", title="Lakes")
    assert [row.title for row in rows(output)] == ["Lakes", "Rivers"]
    folder.write("status.json", Status(state=State.FAILED, title="Lakes", error="No sound."))
    assert (rows(output)[0].state, rows(output)[0].error) == (State.FAILED, "No sound.")
    shutil.rmtree(folder.path)
    assert [row.title for row in rows(output)] == ["Rivers"]


def test_an_episode_that_waits_is_listed_before_its_first_run(tmp_path: Path) -> None:
    lay_out(tmp_path, "undated-new", spoken("Hello."), metadata=Metadata(title="New"))
    (row,) = rows(tmp_path / "output")
    assert (row.title, row.state, row.duration) == ("New", State.WAITING, 1.0)


def test_what_is_no_episode_is_not_listed(output: Path) -> None:
    (output / "site").mkdir()
    (output / "README.md").write_text("", encoding="utf-8")
    (output / ".hidden").mkdir()
    assert len(rows(output)) == 1


def test_no_output_folder_yet_is_an_empty_list(tmp_path: Path) -> None:
    assert rows(tmp_path / "output") == []
    assert search(tmp_path / "output", "river") == []
    refresh(tmp_path / "output")
    assert not (tmp_path / "output").exists()


def test_a_torn_box_is_told_and_does_not_break_the_list(output: Path) -> None:
    broken = add(output.parent, "2026-03-01-broken")
    (broken.path / "episode.json").write_text('{"format": ', encoding="utf-8")
    (broken.path / "transcript.json").write_text("[]", encoding="utf-8")
    first, second = rows(output)
    assert first.state is State.FAILED
    assert "not whole JSON" in str(first.error)
    assert second.title == "Rivers"
    assert len(search(output, "budget")) == 1


@pytest.mark.parametrize(
    ("text", "state", "expected"),
    [
        ("", "", 2),
        ("river", "", 1),
        ("INES", "", 2),
        ("currents 2026-02", "", 1),
        ("nothing", "", 0),
        ("", "draft", 2),
        ("", "approved", 0),
        ("lak", "draft", 1),
    ],
)
def test_rows_are_filtered_by_words_and_state(
    output: Path, text: str, state: str, expected: int
) -> None:
    add(output.parent, "2026-02-01-lakes", title="Lakes")
    assert len(rows(output, text=text, state=state)) == expected


def test_the_state_is_told_from_outside(output: Path) -> None:
    sources = Sources(state=lambda _: State.IN_REVIEW)
    assert rows(output, state="in_review", sources=sources)[0].state is State.IN_REVIEW


def test_an_episode_in_work_is_asked_every_time(output: Path) -> None:
    folder = EpisodeFolder(output / "2026-01-01-rivers")
    folder.write("status.json", Status(state=State.PROCESSING, title="Rivers", step="compose"))
    answers = iter([State.PROCESSING, State.PROCESSING, State.WAITING])
    sources = Sources(state=lambda _: next(answers))
    assert rows(output, sources=sources)[0].state is State.PROCESSING
    assert rows(output, sources=sources)[0].state is State.WAITING


# --------------------------------------------------------------------------- search


def test_a_hit_tells_where_and_when(output: Path) -> None:
    (hit,) = search(output, "spring")
    assert (hit.id, hit.folder) == ("id-2026-01-01-rivers", "2026-01-01-rivers")
    assert (hit.title, hit.show, hit.where) == ("Rivers", "Currents", Where.TRANSCRIPT)
    # The sentence with the word begins there, not the passage.
    assert RIVER.split()[int(hit.start or 0)] == "The"
    assert RIVER.split()[int(hit.start or 0) + 1] == "regulator"
    assert found_in(hit) == ["spring"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("budget", ["budget"]),
        ("BUDG", ["budget"]),
        ("sao paulo", ["São Paulo"]),
        ("kafe", ["Kafé"]),
        ('"river has"', ["river has"]),
        ("“river has", ["river", "has"]),
        ("don't", ["don't"]),
        ("don’t", ["don't"]),
        ("counted twice", ["counted", "twice"]),
    ],
)
def test_words_are_found_without_case_and_accents(
    output: Path, query: str, found: list[str]
) -> None:
    hits = search(output, query)
    assert hits
    assert all(word in " ".join(found_in(hits[0])) for word in found)


def test_notes_are_found_with_their_times(output: Path) -> None:
    (hook,) = search(output, "owns flood")
    assert (hook.where, hook.start) == (Where.NOTES, 7.0)
    (chapter,) = search(output, "dry summers")
    assert (chapter.where, chapter.start) == (Where.NOTES, 42.0)
    (title,) = search(output, "rivers")
    assert (title.where, title.start) == (Where.NOTES, None)
    (guest,) = search(output, "hydrologist")
    assert text_of(guest) == "Inès Duarte, hydrologist"


def test_the_better_passage_comes_first(output: Path) -> None:
    add(output.parent, "2026-02-01-a", "A tax. " + "We talk of other things all day. " * 8)
    add(output.parent, "2026-02-02-b", "Tax on tax. The tax is a tax, says the tax office.")
    assert [hit.folder for hit in search(output, "tax")] == ["2026-02-02-b", "2026-02-01-a"]
    assert len(search(output, "tax", limit=1)) == 1


def test_words_that_are_said_far_apart_find_the_episode(output: Path) -> None:
    filler = "We talk of other things all day. " * 12
    add(output.parent, "2026-02-01-far", f"The zebra ran. {filler} The xylophone played.")
    hits = search(output, "zebra xylophone")
    assert {hit.folder for hit in hits} == {"2026-02-01-far"}
    assert {word for hit in hits for word in found_in(hit)} == {"zebra", "xylophone"}
    assert search(output, "zebra budget") == []


def test_writing_without_spaces_is_found_within(output: Path) -> None:
    add(output.parent, "2026-02-01-ja", "今日は水の予算について話します。 川の話です。")
    add(output.parent, "2026-02-01-hi", "नमस्ते दुनिया और नदी.")
    add(output.parent, "2026-02-01-th", "สวัสดีครับ วันนี้เราคุยเรื่องแม่น้ำ")
    (hit,) = search(output, "予算")
    assert found_in(hit) == ["予算"]
    assert "水の予算について" in text_of(hit)
    assert search(output, "算予") == []
    assert found_in(search(output, "नदी")[0]) == ["नदी"]
    assert found_in(search(output, "แม่น้ำ")[0]) == ["แม่น้ำ"]


def test_what_was_reviewed_is_searched_when_it_is_told(output: Path) -> None:
    def reviewed(folder: EpisodeFolder) -> Iterator[Passage]:
        yield Passage(Where.TRANSCRIPT, ((f"Corrected in {folder.name}.", 3.5),))

    (hit,) = search(output, "corrected", sources=Sources(passages=reviewed))
    assert hit.start == 3.5


def test_texts_follow_the_files(output: Path) -> None:
    assert search(output, "glacier") == []
    folder = EpisodeFolder(output / "2026-01-01-rivers")
    folder.write("transcript.json", spoken("A glacier moves."), made_from={})
    assert len(search(output, "glacier")) == 1
    assert search(output, "budget") == []
    shutil.rmtree(folder.path)
    assert search(output, "glacier") == []


@pytest.mark.parametrize(
    "query",
    [
        "", " ", '"', '""', '"""', "*", "* *", "NEAR", "NEAR(a b, 3)", "a NEAR/2 b", "AND", "OR",
        "NOT river", "river AND", "-river", "+river", "^river", "river:", "text:river", "{a b}:c",
        "(river", "river)", "'; DROP TABLE episodes; --", "\\", "\x00", "river\x00", "🎉 river",
        "\ud800", "é" * 2000, "a " * 500, '"river', 'river"', "ri*ver", "%", "_", "…", "？！", "ﷺ",
        "\u202eriver", "river\n\tbudget", "\u200b", "1e999", "0x", "$1 ?1 :a @b",
    ],
)  # fmt: skip
def test_whatever_is_typed_is_only_words(output: Path, query: str) -> None:
    search(output, query)
    rows(output, text=query)


def test_signs_of_the_query_language_mean_nothing(output: Path) -> None:
    assert len(search(output, "NOT river budget near")) == 0
    assert found_in(search(output, "-budget")[0]) == ["budget"]
    assert len(search(output, "text:river")) == 0
    assert len(search(output, "(budget)")) == 1


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.text(max_size=60))
def test_no_text_is_too_odd_to_be_looked_for(output: Path, query: str) -> None:
    for hit in search(output, query):
        assert found_in(hit)


@given(st.text())
def test_terms_are_always_quoted(query: str) -> None:
    parsed = parse(query)
    for term in parsed.terms if parsed else ():
        assert term.removesuffix("*").strip('"').count('"') == 0
        assert term[0] == '"'


# --------------------------------------------------------------------------- the file


def overwrite(path: Path) -> None:
    path.write_bytes(b"This is no database. " * 500)


def cut_short(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def garble(path: Path) -> None:
    whole = bytearray(path.read_bytes())
    whole[4096:] = bytes(len(whole) - 4096)
    path.write_bytes(bytes(whole))


def empty(path: Path) -> None:
    path.write_bytes(b"")


def of_another_version(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("DROP TABLE episodes")
        connection.execute("PRAGMA user_version = 999")
        connection.commit()


def without_a_table(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("DROP TABLE places")
        connection.commit()


@pytest.mark.parametrize(
    "damage",
    [overwrite, cut_short, garble, empty, of_another_version, without_a_table, Path.unlink],
)
def test_a_damaged_index_is_made_anew(output: Path, damage: Callable[[Path], None]) -> None:
    refresh(output)
    damage(output / NAME)
    assert len(search(output, "spring")) == 1
    assert len(rows(output)) == 1


def test_an_index_that_cannot_be_made_is_told(output: Path) -> None:
    (output / NAME).mkdir()
    with pytest.raises(StoreError, match=r"index\.sqlite cannot be used"):
        rows(output)


def test_a_mistake_of_our_own_is_not_tried_for_ever(tmp_path: Path) -> None:
    database = DerivedDatabase(tmp_path / "x.sqlite", "CREATE TABLE a (b)", 1)
    with pytest.raises(StoreError, match="no such table"):
        database.ask(lambda connection: connection.execute("SELECT * FROM missing"))


def test_what_failed_half_way_is_not_written(output: Path) -> None:
    def fails(folder: EpisodeFolder) -> Iterator[Passage]:
        raise StoreError(f"{folder.name} cannot be read.")

    assert search(output, "budget", sources=Sources(passages=fails)) == []
    # A file that changes has it read again.
    EpisodeFolder(output / "2026-01-01-rivers").write("draft.json", notes("New"), made_from={})
    assert len(search(output, "budget")) == 1


def work_hard(output: Path, start: "multiprocessing.synchronize.Event", number: int) -> None:
    start.wait(60)
    for turn in range(8):
        if number == 0 and turn % 3 == 2:
            (output / NAME).unlink(missing_ok=True)  # As people do.
        refresh(output)
        assert len(rows(output)) == 12
        search(output, "budget")


def test_several_processes_may_use_it_at_once(tmp_path: Path) -> None:
    for number in range(12):
        add(tmp_path, f"2026-01-{number:02}-rivers", f"{RIVER} Number{number}.")
    output = tmp_path / "output"
    context = multiprocessing.get_context("spawn")
    start = context.Event()
    workers = [
        context.Process(target=work_hard, args=(output, start, number)) for number in range(3)
    ]
    for worker in workers:
        worker.start()
    start.set()
    for worker in workers:
        worker.join(120)
    assert [worker.exitcode for worker in workers] == [0, 0, 0]
    assert len(search(output, "budget")) == 12
    with closing(sqlite3.connect(output / NAME)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        counts = "SELECT (SELECT count(*) FROM passages), (SELECT count(*) FROM places)"
        passages, places = connection.execute(counts).fetchone()
    assert passages == places > 0
