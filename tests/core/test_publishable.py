"""What a reader would not publish, and what may therefore not be chosen."""

import pytest

from shownotes.adapters.languages import load_wording
from shownotes.core import quotes, salience, titles
from shownotes.core.chapters import divide
from shownotes.core.draftsman import Draftsman, sponsored
from shownotes.core.earlier import find_sign_off
from shownotes.core.points import claim_worth
from shownotes.core.questions import choose_questions
from shownotes.core.resources import find_resources
from shownotes.core.sentences import split
from shownotes.core.titles import Naming
from shownotes.model import Chapter, Sentence
from tests.core.test_people import read
from tests.spoken import spoken

ENGLISH = load_wording("en")
SUBJECT = "The harbor crane lifts every container that the harbor takes in."


def said(*texts: str) -> list[Sentence]:
    return [
        Sentence(index=i, text=text, start=i * 4.0, end=i * 4.0 + 3, segment=i)
        for i, text in enumerate(texts)
    ]


def draft_of(*texts: str, odds: float = 0.9) -> Draftsman:
    """Sentences of which every one was judged likely to be good, whatever the rules say."""
    sentences = said(SUBJECT, *texts)
    likely = dict.fromkeys(("claim", "quote", "hook", "scene"), odds)
    return Draftsman(
        sentences=sentences,
        vocabulary=salience.learn(sentences, ENGLISH),
        judged=[likely | {"service": 0.01} for _ in sentences],
    )


@pytest.mark.parametrize(
    "text",
    [
        "But there was a crane that never lifted anything at all.",
        'A crane is only a ladder with a harbor," she told me once.',
        'The foreman said, "You never see the crane until it stops.',
        "He'd never seen a crane lift the harbor itself.",
        "A crane is the, you never see the crane before it stops.",
        "A crane, um, is only a ladder with a harbor.",
        "A crane is, you know, only a ladder with a harbor.",
    ],
)
def test_what_the_rules_forbid_is_not_quoted_however_well_it_is_judged(text: str) -> None:
    fine = "Every crane is a promise that nobody wrote down."
    chosen = [quote.text for quote in quotes.choose(draft_of(text, "It rained.", "So.", fine))]
    assert fine in chosen
    assert text not in chosen


@pytest.mark.parametrize(
    "text",
    [
        '"The harbor welcomes every crane that lifts ninety containers an hour."',
        "The harbor crane, as you heard in episode 71, lifts ninety containers.",
        'The foreman says, "The harbor crane lifts ninety containers.',
        "The spring live show is at the harbor crane, and ninety seats are left.",
        "The harbor crane has it in the, you'd need ninety containers an hour.",
        "Six thousand for a harbor crane, nine thousand for a double.",
        "Except for the harbor crane, which lifts ninety containers in an hour.",
    ],
)
def test_half_sentences_speech_of_others_and_older_episodes_are_no_claims(text: str) -> None:
    fine = "The harbor crane lifts ninety containers in an hour of work."
    draftsman = draft_of(text, fine)
    assert claim_worth(draftsman.sentences[1], draftsman) <= 0
    assert claim_worth(draftsman.sentences[2], draftsman) > 0


@pytest.mark.parametrize(
    ("text", "is_listed"),
    [
        ("Why does the harbor crane stop in every storm?", True),
        ("What should the harbor pay for a new crane?", True),
        ("Whose was the crane that fell into the harbor?", True),
        ("What the harbor pays for a new crane?", False),
        ("How you get a crane into the harbor?", False),
        ("Have you been up on the harbor crane in February?", False),
    ],
)
def test_a_listed_question_is_one_and_not_put_to_the_guest_alone(
    text: str, is_listed: bool
) -> None:
    draftsman = draft_of(text)
    asked = choose_questions(draftsman, [Chapter(start=0.0, end=60.0, title="The harbor")])
    assert [fact.value for fact in asked] == ([text] if is_listed else [])


@pytest.mark.parametrize(
    "text",
    [
        'In the official report she\'s "hospital staff" and no more.',
        'He wrote a paper on which somebody had put "with all the dull parts out".',
        "There's a sentence in her book, it's on the last page, \"The hatch was a rehearsal.\"",
        "The archive of a house called Pell and Garrity is in Dunsmere.",
        "The plant, which is Ridgeway Paper, shut the towers.",
    ],
)
def test_what_only_stands_near_a_word_for_works_is_none(text: str) -> None:
    assert find_resources(said(text), ENGLISH, bodies=["Ridgeway Paper"]) == ()


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("There Fennimore charges you by the seat.", "Fennimore charges"),
        ("My lad Eoin planked a whole boat.", "lad Eoin"),
        ("And everybody loves Dennis.", "loves Dennis"),
        ("Whatever the company spends on a rate case is lost.", "company spends"),
        ("Nobody fished below two hundred meters' depth.", "meters' depth"),
        ("What I was calling error was mostly people.", "calling error"),
        ("It is a cut-down version of an older one.", "cut-down version of an older"),
        ("The biggest of them's Halcyon Seafoods.", "biggest of them's Halcyon Seafoods"),
    ],
)
def test_no_title_is_half_a_phrase(text: str, title: str) -> None:
    vocabulary = salience.learn(said(text), ENGLISH)
    found = [phrase for phrase, _ in titles._noun_phrases(text, vocabulary)]
    assert title not in found


def test_whole_phrases_are_still_titles() -> None:
    text = "The city charges for parking, and the ferry to Carrick Sound never runs on Sundays."
    vocabulary = salience.learn(said(text), ENGLISH)
    found = [phrase for phrase, _ in titles._noun_phrases(text, vocabulary)]
    assert {"city", "ferry to Carrick Sound"} <= set(found)


def test_no_chapter_is_called_after_a_sponsor() -> None:
    about = [
        "The crane lifts a container from the ship.",
        "The foreman of the pier counts every crane.",
        "A tug pulls the ship from the pier at night.",
    ]
    read_out = [
        "This hour is brought to you by Fennimore.",
        "Fennimore makes the kind of dashboard that you always wanted for your pier.",
        "With Fennimore your dashboard has every crane on one page.",
        "Use the code PIER at checkout for a month of Fennimore.",
    ]
    transcript = spoken("\n".join(f"A: {text}" for text in [*about * 3, *read_out, *about * 3]))
    sentences = split(transcript)
    found = divide(
        sentences,
        duration=transcript.duration,
        min_length_s=5,
        target_length_s=10,
        naming=Naming(wording=ENGLISH),
    )
    assert len(found) > 1
    assert not [chapter.title for chapter in found if "Fennimore" in chapter.title]


def test_a_sponsor_is_known_with_words_between() -> None:
    sentences = said(SUBJECT, "Warm-Down is brought to you this month by Pellow Oats.", SUBJECT)
    assert sponsored(sentences, (), ENGLISH) >= {1}


def test_a_body_named_by_its_last_word_is_the_one_named_in_full() -> None:
    names, _ = read(
        "The [Harbor Fees Authority|ORG] fined the bank. The [Authority|ORG] took two years."
    )
    (organization,) = names.organizations
    assert organization.name == "Harbor Fees Authority"
    assert len(organization.mentions) == 2


def test_a_short_form_is_the_body_and_nothing_is_said_by_who_does_not_say_it() -> None:
    names, _ = read(
        "The [Fees Authority|ORG] decides. Its full name is the [Harbor Fees Authority|ORG], "
        "which no one says."
    )
    (organization,) = names.organizations
    assert (organization.name, organization.description) == ("Harbor Fees Authority", None)


@pytest.mark.parametrize(
    "question", ["Are we, how are we doing, Benedikt?", "What do we pay, Benedikt?", "But why?"]
)
def test_no_chapter_is_called_by_a_question_to_somebody(question: str) -> None:
    assert not list(titles._questions(said(SUBJECT, question)[1], Naming(wording=ENGLISH), 0))
    whole = said(SUBJECT, "How are we doing on the harbor?")[1]
    assert list(titles._questions(whole, Naming(wording=ENGLISH), 0))


def test_a_last_answer_is_no_sign_off() -> None:
    answered = said(SUBJECT, "Is it true about the comforter?", "I sweat like you never would.")
    assert find_sign_off(answered, (), wording=ENGLISH) is None
    credit = said(SUBJECT, "That was all.", "Sunniva Brekke produced, and she'd like the receipt.")
    assert find_sign_off(credit, (), wording=ENGLISH) is None
    closing = said(SUBJECT, "That was all.", "Keep your feet dry, everybody.")
    found = find_sign_off(closing, (), wording=ENGLISH)
    assert found is not None
    assert found[1] == "Keep your feet dry, everybody."


def test_nobody_works_for_the_sponsor_by_chance() -> None:
    names, _ = read(
        "This show is supported by [Larkholme Pies|ORG]. My guest is [Alasdair Quill|PERSON], "
        "[judge|ROLE] at [Larkholme Pies|ORG]."
    )
    (guest,) = names.people
    assert (guest.title and guest.title.value, guest.organization) == ("judge", None)


def test_nobody_works_for_a_person() -> None:
    names, _ = read(
        "My guests are [Ana Ruiz|PERSON], [architect|ROLE], and [Marcus Lind|PERSON], "
        "[deputy director|ROLE] at [Ana Ruiz|ORG]."
    )
    assert [person.organization for person in names.people] == [None, None]
