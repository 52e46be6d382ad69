from shownotes.adapters.languages import load_wording
from shownotes.core.earlier import (
    Archived,
    find_references,
    find_sign_off,
    spoken_sign_off,
    title_likeness,
)
from shownotes.core.sentences import split
from tests.spoken import spoken

ENGLISH = load_wording("en")


def archived(title: str, number: int) -> Archived:
    return Archived(
        title=title, url=f"../{number}/notes.html", folder=str(number), show="S", number=number
    )


ARCHIVE = (archived("Who Pays for the Heat Pump?", 11), archived("The River Has a Budget", 12))


def resolve(script: str, number: int | None = None) -> list[str | None]:
    references = find_references(
        split(spoken(script)), ARCHIVE, wording=ENGLISH, show="S", number=number
    )
    return [r.episode.title if r.episode else None for r in references]


def test_a_misheard_title_is_still_found() -> None:
    assert resolve("A: That reminds me of our last episode, who pays for the heat bump.") == [
        "Who Pays for the Heat Pump?"
    ]
    assert title_likeness("The River Has a Budget", "we talked about the river as a budget") > 0.82


def test_a_title_in_the_next_sentence_counts() -> None:
    assert resolve(
        "A: You may know our previous episode.\nA: It was called The River Has a Budget."
    ) == ["The River Has a Budget"]


def test_other_words_on_the_subject_are_no_title() -> None:
    assert resolve("A: We heard in an earlier episode about the price of water and pumps.") == [
        None
    ]
    assert resolve("A: Who pays for the heat pump is a good question.") == []


def test_the_last_episode_is_found_by_number() -> None:
    script = "A: In our last episode we heard about a loan."
    assert resolve(script, number=13) == ["The River Has a Budget"]
    assert resolve(script) == [None]
    assert resolve("A: We spoke about it in episode eleven, at length.") == [
        "Who Pays for the Heat Pump?"
    ]


def test_the_sign_off_is_what_other_episodes_end_with_too() -> None:
    sentences = split(
        spoken(
            "A: The end is near.\nA: Keep the kettle on.\n"
            "A: Our producer is Wanda.\nA: Good night all."
        )
    )
    found = find_sign_off(sentences, [["Thanks.", "Keep the kettle on!"]], wording=ENGLISH)
    assert found
    assert found[1] == "Keep the kettle on."
    assert find_sign_off(sentences, [["Something else entirely."]], wording=ENGLISH) is None
    alone = find_sign_off(sentences, [], wording=ENGLISH)
    assert alone
    assert alone[1] == "Good night all."


def test_a_sign_off_that_is_run_together_with_a_farewell_is_only_its_end() -> None:
    run_on = "This was The Ledger, stay curious, stay warm and count everything."
    sentences = split(spoken(f"A: The end is near.\nA: {run_on}"))
    other = ["Stay curious, stay warm, and count everything."]
    found = find_sign_off(sentences, [other], wording=ENGLISH)
    assert found == (sentences[-1], "Stay curious, stay warm and count everything.")
    alone = find_sign_off(sentences, [], wording=ENGLISH, show="the ledger")
    assert alone == found
    short = find_sign_off(sentences, [["Count everything."]], wording=ENGLISH)
    assert short is None


def test_a_given_sign_off_is_found_where_it_is_said() -> None:
    sentences = split(spoken("A: The end.\nA: Stay curious stay warm, and count everything."))
    found = spoken_sign_off(sentences, "Stay curious, stay warm, and count everything.")
    assert found
    assert found.index == 1
    assert spoken_sign_off(sentences, "Good night.") is None
