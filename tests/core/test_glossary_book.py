"""What an episode put into a show's glossary goes when it is taken back, and nothing else."""

from hypothesis import given
from hypothesis import strategies as st

from shownotes.core.glossary_book import GlossaryBook


def by_hand(*terms: str) -> GlossaryBook:
    return GlossaryBook.read(terms, None, ())


def read_again(book: GlossaryBook, *terms: str) -> GlossaryBook:
    """The book after a person has written other names into it."""
    return GlossaryBook.read(terms, book.by_hand, book.puts)


def test_a_name_taken_back_is_gone() -> None:
    book = GlossaryBook()
    assert book.settle("one", {"Kofi Asanti": "Kofi Asante"})
    assert not book.settle("one", {"Kofi Asanti": "Kofi Asante"})
    assert book.terms == ["Kofi Asante"]
    assert book.settle("one", {})
    assert (book.terms, book.puts) == ([], [])


def test_what_was_there_by_hand_stays() -> None:
    book = by_hand("Kofi Asante", "Port Ellery")
    book.settle("one", {"Kofi Asanti": "Kofi Asante", "Port Ellery": "Port Elleray"})
    assert book.terms == ["Kofi Asante", "Port Elleray"]
    book.settle("one", {})
    assert book.terms == ["Kofi Asante", "Port Ellery"]


def test_what_another_episode_wants_as_well_stays_until_it_takes_it_back_too() -> None:
    book = by_hand("Port Ellery")
    book.settle("one", {"Port Ellery": "Port Elleray"})
    book.settle("two", {"Port Ellery": "Port Elleray", "Bord": "Board"})
    book.settle("one", {})
    assert book.terms == ["Port Elleray", "Board"]
    book.settle("two", {})
    assert book.terms == ["Port Ellery"]


def test_a_name_that_is_fixed_again_is_there_once() -> None:
    book = GlossaryBook()
    book.settle("one", {"Asanti": "Asante"})
    book.settle("one", {"Asanti": "Asanté", "Asante": "Asanté"})
    assert book.terms == ["Asanté"]
    book.settle("one", {"Asanti": "Asante"})
    assert book.terms == ["Asante"]


def test_what_was_taken_out_by_hand_does_not_come_back() -> None:
    book = GlossaryBook()
    book.settle("one", {"Asanti": "Asante"})
    book = read_again(book)
    book.settle("one", {"Asanti": "Asante", "Bord": "Board"})
    assert book.terms == ["Board"]
    book = read_again(book, "Board")
    book.settle("one", {})
    assert (book.terms, book.puts) == ([], [])


def test_what_was_written_by_hand_meanwhile_stays_where_it_was_put() -> None:
    book = by_hand("Ann Lee")
    book.settle("one", {"Asanti": "Asante"})
    book = read_again(book, "Port Ellery", "Asante", "Ann Lee")
    assert not book.settle("one", {"Asanti": "Asante"})
    assert book.terms == ["Port Ellery", "Asante", "Ann Lee"]
    book.settle("one", {})
    assert book.terms == ["Port Ellery", "Ann Lee"]


def test_a_name_whose_correction_is_taken_back_last_does_not_come_back() -> None:
    book = GlossaryBook()
    book.settle("one", {"Elery": "Ellery"})
    book.settle("two", {"Ellery": "Elleray"})
    book.settle("one", {})
    book.settle("two", {})
    assert book.terms == []


NAMES = st.sampled_from(["A", "B", "C", "D"])


@given(
    st.lists(NAMES, unique=True),
    st.lists(st.tuples(st.sampled_from(["one", "two"]), st.dictionaries(NAMES, NAMES)), max_size=6),
)
def test_whatever_was_put_there_taken_back_leaves_what_was_by_hand(
    own: list[str], steps: list[tuple[str, dict[str, str]]]
) -> None:
    book = by_hand(*own)
    for episode, wanted in steps:
        book.settle(episode, wanted)
        assert len(set(book.terms)) == len(book.terms)
        assert read_again(book, *book.terms) == book
    book.settle("one", {})
    book.settle("two", {})
    assert book.puts == []
    assert set(book.terms) == set(own)
