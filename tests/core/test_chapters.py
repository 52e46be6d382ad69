from itertools import pairwise

import pytest

from shownotes.adapters.languages import load_wording
from shownotes.core import salience
from shownotes.core.chapters import divide, turn_scores
from shownotes.core.sentences import split
from shownotes.core.titles import MAX_CHARACTERS, Naming
from shownotes.model import Chapter, GivenChapter, Transcript
from tests.spoken import INTERVIEW, STORY, demo_episodes, gold_names, spoken

EPISODES = demo_episodes()


def chapters_of(transcript: Transcript, naming: Naming | None = None) -> tuple[Chapter, ...]:
    return divide(
        split(transcript),
        duration=transcript.duration,
        min_length_s=30,
        target_length_s=180,
        naming=naming or Naming(wording=load_wording(transcript.language)),
    )


@pytest.mark.parametrize("slug", EPISODES)
def test_demo_chapters_begin_where_the_gold_says(slug: str) -> None:
    transcript = spoken(EPISODES[slug]["text"])
    sentences = split(transcript)
    found = [
        next(s.index for s in sentences if s.start >= chapter.start)
        for chapter in chapters_of(transcript)
    ]
    gold = [chapter["sentence"] for chapter in EPISODES[slug]["gold"]["chapters"]]
    hits = [turn for turn in gold if any(abs(turn - other) <= 1 for other in found)]
    assert len(hits) >= len(gold) - 1
    assert len(found) <= len(gold) + 1


@pytest.mark.parametrize("script", [INTERVIEW, STORY, *(e["text"] for e in EPISODES.values())])
def test_chapters_keep_every_apps_rules(script: str) -> None:
    transcript = spoken(script)
    chapters = chapters_of(transcript)
    starts_of_sentences = {s.start for s in split(transcript)}
    assert chapters[0].start == 0.0
    assert chapters[-1].end == pytest.approx(transcript.duration)
    for chapter, following in pairwise(chapters):
        assert chapter.end == following.start
        assert following.start in starts_of_sentences
    for chapter in chapters:
        assert chapter.end - chapter.start >= 30
        assert 3 <= len(chapter.title) <= MAX_CHARACTERS
    assert len({chapter.title for chapter in chapters}) == len(chapters)


@pytest.mark.parametrize("script", [INTERVIEW, STORY, *(e["text"] for e in EPISODES.values())])
def test_titles_are_whole_words_of_their_sentence(script: str) -> None:
    headings = load_wording("en").headings.values()
    for chapter in chapters_of(spoken(script)):
        if chapter.title in headings or chapter.title.startswith("Part "):
            continue
        assert chapter.evidence is not None
        said = {salience.bare(word) for word in chapter.evidence.text.split()}
        assert {salience.bare(word) for word in chapter.title.split()} <= said


def test_titles_come_from_the_announcement_and_the_names() -> None:
    episode = EPISODES["who-pays-for-the-heat-pump"]
    transcript = spoken(episode["text"])
    names = gold_names(episode["gold"], split(transcript))
    titles = [
        c.title for c in chapters_of(transcript, Naming(wording=load_wording("en"), names=names))
    ]
    assert "What a heat pump really costs" in titles
    assert "Who sets the price of power" in titles
    assert "The Northern Climate Assembly" in titles


def test_given_chapters_always_win() -> None:
    transcript = spoken(INTERVIEW)
    given = (
        GivenChapter(start=60, title="Second  half"),
        GivenChapter(start=5, title="Made by hand, and longer than forty characters"),
        GivenChapter(start=60, title="The same time again"),
        GivenChapter(start=99_999, title="After the end"),
    )
    chapters = divide(
        split(transcript),
        duration=transcript.duration,
        min_length_s=30,
        target_length_s=180,
        naming=Naming(wording=load_wording("en")),
        given=given,
    )
    assert [(c.start, c.title) for c in chapters] == [
        (0.0, "Made by hand, and longer than forty characters"),
        (60, "Second half"),
    ]
    assert all(chapter.is_given for chapter in chapters)


def test_a_cue_and_a_pause_count_and_an_answer_does_not_begin_a_chapter() -> None:
    sentences = split(spoken(INTERVIEW))
    scores = turn_scores(sentences, salience.learn(sentences, load_wording("en")))
    light = next(s.index for s in sentences if s.text.startswith("Let's talk about light"))
    answer = next(s.index for s in sentences if s.text.startswith("It does"))
    assert max(scores) == scores[light]
    assert scores[answer] < 0


def test_nothing_said_has_no_chapters() -> None:
    silent = Transcript(language="en", segments=(), duration=60, model="test")
    assert chapters_of(silent) == ()


def test_a_short_episode_is_one_chapter() -> None:
    chapters = chapters_of(spoken("A: Hello there, this is only a trailer for our new show."))
    assert [(c.start, c.is_given) for c in chapters] == [(0.0, False)]


def test_a_language_without_a_file_still_gets_chapters() -> None:
    lines = "\n".join(f"A: Der Fluss {i} fliesst durch das Tal und die Stadt." for i in range(20))
    other = "\n".join(
        f"A: Die Eisenbahn {i} braucht neue Schienen und Bruecken." for i in range(20)
    )
    chapters = chapters_of(spoken(f"{lines}\n\n{other}", language="de"))
    assert len(chapters) >= 2
    assert all(chapter.title and len(chapter.title) <= MAX_CHARACTERS for chapter in chapters)


def test_three_hours_are_divided_in_reasonable_pieces() -> None:
    script = "\n\n".join([INTERVIEW, STORY] * 32)
    transcript = spoken(script)
    chapters = chapters_of(transcript)
    assert transcript.duration > 2.4 * 3600
    lengths = [chapter.end - chapter.start for chapter in chapters]
    assert min(lengths) >= 30
    assert sum(lengths) / len(lengths) < 400
