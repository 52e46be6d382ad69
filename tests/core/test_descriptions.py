"""App and video descriptions and posts: whole sentences, within every limit, whatever comes in."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from shownotes.core import descriptions
from shownotes.model import Chapter, Evidence, Fact, Link, Person, PersonRole, Quote
from tests.core.test_lint import notes

HERE = Evidence(text="x", start=0.0, end=1.0)


def facts(*texts: str) -> tuple[Fact, ...]:
    return tuple(Fact(value=text, evidence=HERE) for text in texts)


def sentence(words: int, name: str = "word") -> str:
    return " ".join([name.capitalize(), *["word"] * (words - 2), "end."])


def guest(name: str, title: str | None = None, organization: str | None = None) -> Person:
    return Person(
        name=name,
        role=PersonRole.GUEST,
        evidence=HERE,
        title=Fact(value=title, evidence=HERE) if title else None,
        organization=Fact(value=organization, evidence=HERE) if organization else None,
    )


def test_a_guest_is_described_by_what_was_said_and_no_more() -> None:
    assert descriptions.describe_guest(guest("Mei", "baker", "Oven")) == "Mei, baker, Oven"
    assert descriptions.describe_guest(guest("Mei", None, "Oven")) == "Mei, Oven"
    assert descriptions.describe_guest(guest("Mei")) == "Mei"


def test_a_short_summary_is_filled_up_with_claims_and_a_long_one_stays() -> None:
    short = notes(
        hook=facts("Why is it cold?")[0],
        summary=facts(sentence(20, "summary")),
        key_points=facts(*(sentence(25, f"point{i}") for i in range(9))),
    )
    app = descriptions.for_apps(short, ())
    assert app.prose[0] == "Why is it cold?"
    assert 100 <= app.words <= 200
    enough = replace(short, summary=facts(*(sentence(30, f"s{i}") for i in range(4))))
    assert len(descriptions.for_apps(enough, ()).prose) == 2


def test_times_are_those_that_every_platform_takes() -> None:
    app = descriptions.for_apps(notes(), ())
    assert [t.stamp for t in app.times] == ["00:00:00", "00:01:00", "00:02:00"]
    video = descriptions.for_video(notes(), ())
    assert [t.stamp for t in video.times] == ["00:00", "01:00", "02:00"]
    long = descriptions.for_video(notes(duration=3600.0), ())
    assert long.times[1].stamp == "00:01:00"


def test_fewer_than_three_chapters_and_too_short_ones_make_no_list() -> None:
    two = tuple(Chapter(start=s, end=s + 60, title="t") for s in (0.0, 60.0))
    assert descriptions.for_apps(notes(chapters=two), ()).times == ()
    close = tuple(Chapter(start=s, end=s + 5, title=f"{s}") for s in (0.0, 5.0, 9.9, 30.0, 60.0))
    assert [t.title for t in descriptions.for_apps(notes(chapters=close), ()).times] == [
        "0.0", "30.0", "60.0",
    ]  # fmt: skip
    late = tuple(Chapter(start=s, end=s + 60, title="t") for s in (1.0, 60.0, 120.0))
    assert descriptions.for_apps(notes(chapters=late), ()).times == ()


def test_links_go_before_sentences_and_sentences_before_guests() -> None:
    full = notes(
        hook=facts("Why?")[0],
        summary=facts(*(sentence(45, f"s{i}") for i in range(4))),
        guests=(guest("Mei Tanaka", "baker", "Oven"),),
    )
    links = tuple(Link(text=f"A link with {i}", url="https://example.org") for i in range(30))
    app = descriptions.for_apps(full, links)
    assert app.guests
    assert len(app.links) < 30
    assert app.words <= 200


def test_posts_are_a_question_a_saying_and_a_claim() -> None:
    made = notes(
        hook=facts("Why is it cold?")[0],
        quotes=(Quote(text="You cannot heat a street.", start=1, end=2, speaker="Mei"),),
        key_points=facts("Half of it goes through the roof."),
    )
    assert descriptions.posts(made, "https://example.org/1/") == (
        "Why is it cold?\nA cold house\nhttps://example.org/1/",
        "“You cannot heat a street.” — Mei\nhttps://example.org/1/",
        "Half of it goes through the roof.\nhttps://example.org/1/",
    )
    assert descriptions.posts(notes(), None) == ()


TEXT = st.text(max_size=400).map(lambda text: text or "x")


@settings(max_examples=60, deadline=None)
@given(
    texts=st.lists(TEXT, max_size=12),
    people=st.lists(TEXT, max_size=4),
    titles=st.lists(TEXT, max_size=60),
    link=TEXT,
)
def test_nothing_overflows(
    texts: list[str], people: list[str], titles: list[str], link: str
) -> None:
    made = notes(
        hook=facts(texts[0])[0] if texts else None,
        summary=facts(*texts[1:4]),
        key_points=facts(*texts[4:]),
        quotes=tuple(Quote(text=text, start=1, end=2) for text in texts),
        guests=tuple(guest(name) for name in people),
        chapters=tuple(
            Chapter(start=i * 40.0, end=i * 40.0 + 40, title=t) for i, t in enumerate(titles)
        ),
        sign_off=facts(texts[-1])[0] if texts else None,
    )
    app = descriptions.for_apps(made, (Link(text=link, url="https://example.org"),) * 20)
    assert app.size_bytes <= descriptions.APP_BYTES
    assert app.words <= 200
    assert len(app.times) == 0 or app.times[0].stamp == "00:00:00"
    posts = descriptions.posts(made, "https://example.org/a")
    assert len(posts) <= 3
    assert all(len(post) <= descriptions.POST_CHARACTERS for post in posts)
