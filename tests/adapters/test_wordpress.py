"""WordPress with Podlove Publisher: a server on this machine that speaks it as its source does."""

import base64
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from shownotes.adapters.wordpress import Account, Parcel, one_line_cues, push
from shownotes.errors import DeliveryError, SettingsError
from shownotes.model import Chapter
from tests.local_server import Answer, Request, Server, as_json, serve

USER, PASSWORD = "editor", "abcd EFGH 1234 ijkl MNOP 5678"
VTT = """WEBVTT

00:00:00.000 --> 00:00:04.000
<v Amara Lindqvist>The river has a budget,
and nobody keeps it.

00:00:04.500 --> 00:00:09.000
<v Kofi Asante>We &amp; they do.
"""
PARCEL = Parcel(
    title="The River's Budget – and Yours",
    number=12,
    slugs=("ledger-012", "the-river-has-a-budget"),
    captions=VTT,
    chapters=(
        Chapter(start=0.0, end=61.5, title="Why rivers\nrun dry"),
        Chapter(start=61.5, end=3700.0, title="What follows"),
    ),
)


@dataclass
class Episode:
    title: str
    number: object = None
    slug: str = ""
    transcript: list[dict[str, Any]] = field(default_factory=list)
    chapters: list[dict[str, str]] = field(default_factory=list)


@dataclass
class Podlove:
    """What the plugin's controllers do, as far as they are used.

    Source: podlove-publisher @ a2fe5b2, includes/api, lib/modules/transcripts/rest_api.php.
    """

    episodes: dict[int, Episode]
    url: str = ""
    server: Server | None = None
    may_edit: bool = True
    # Answers given before WordPress itself is reached, as by a server that is overloaded.
    before: list[Answer] = field(default_factory=list)

    def answer(self, request: Request) -> Answer:
        if self.before:
            return self.before.pop(0)
        wanted = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        is_known = request.headers.get("authorization") == f"Basic {wanted}"
        path, _, query = request.path.partition("?")
        is_all = "status=all" in query
        if (request.method != "GET" or is_all) and not (is_known and self.may_edit):
            return refuse(403 if is_known else 401, "sorry, you do not have permissions")
        if path == "/wp-json/podlove/v2/episodes":
            titles = [{"id": str(key), "title": e.title} for key, e in self.episodes.items()]
            return as_json({"results": titles, "_version": "v2"})
        found = re.fullmatch(r"/wp-json/podlove/v2/(episodes|transcripts|chapters)/(\d+)", path)
        episode = self.episodes.get(int(found[2])) if found else None
        if found is None or episode is None:
            return refuse(404, "sorry, we did not find the requested resource")
        return self._do(request, found[1], episode)

    def _do(self, request: Request, what: str, episode: Episode) -> Answer:
        if what == "episodes":
            facts = {"title": episode.title, "slug": episode.slug, "number": episode.number}
            return as_json({**facts, "_version": "v2"})
        if what == "transcripts" and request.method == "POST":
            cues = read_as_podlove(request.data["content"])
            if cues is None:
                return refuse(422, "Error parsing WebVTT file")
            episode.transcript = cues
            return as_json({"status": "ok", "transcript": cues})
        if what == "chapters" and request.method == "PUT":
            told = request.data["chapters"]
            if not all(re.fullmatch(r"\d\d:\d\d:\d\d\.\d{3}", c["start"]) for c in told):
                return refuse(400, "Invalid parameter(s): chapters")
            episode.chapters = told
            return as_json({"status": "ok"})
        return refuse(404, "No route was found matching the URL and request method.")


def refuse(status: int, message: str) -> Answer:
    return as_json({"code": "x", "message": message, "data": {"status": status}}, status)


def read_as_podlove(content: str) -> list[dict[str, Any]] | None:
    """As podlove/webvtt-parser does: the lines of a caption are put together without a space."""
    if not content.startswith("WEBVTT\n"):
        return None
    cues = []
    for block in content.strip().split("\n\n")[1:]:
        times, *lines = block.split("\n")
        if " --> " not in times:
            return None
        cue = re.fullmatch(r"(?:<v ([^>]+)>)?(.*)", "".join(lines))
        assert cue is not None
        voice, text = cue.groups()
        start, end = times.split(" --> ")
        cues.append({"start": start, "end": end, "voice": voice or "", "text": text})
    return cues


@contextmanager
def podlove(**episodes: Episode) -> Iterator[Podlove]:
    """A WordPress whose episodes have these numbers (`_7=Episode(...)`)."""
    wordpress = Podlove({int(key.strip("_")): e for key, e in episodes.items()})
    with serve(wordpress.answer) as server:
        wordpress.url, wordpress.server = server.url, server
        yield wordpress


def account(wordpress: Podlove, **changes: Any) -> Account:
    told = Account(
        url=f"{wordpress.url}/", user=USER, password=PASSWORD, retries=2, sleep=lambda _s: None
    )
    return replace(told, **changes)


def test_captions_and_chapters_arrive_as_podlove_reads_them() -> None:
    with podlove(_7=Episode("Another"), _12=Episode(PARCEL.title)) as wordpress:
        pushed = push(PARCEL, account(wordpress))
    assert (pushed.id, pushed.attempts) == (12, 1)
    episode = wordpress.episodes[12]
    assert [cue["text"] for cue in episode.transcript] == [
        "The river has a budget, and nobody keeps it.",
        "We &amp; they do.",
    ]
    assert [cue["voice"] for cue in episode.transcript] == ["Amara Lindqvist", "Kofi Asante"]
    assert episode.chapters == [
        {"start": "00:00:00.000", "title": "Why rivers run dry"},
        {"start": "00:01:01.500", "title": "What follows"},
    ]
    assert wordpress.episodes[7] == Episode("Another")


def test_twice_is_once() -> None:
    with podlove(_12=Episode(PARCEL.title)) as wordpress:
        push(PARCEL, account(wordpress))
        before = replace(wordpress.episodes[12])
        push(PARCEL, account(wordpress))
    assert wordpress.episodes[12] == before


def test_no_chapters_leave_those_that_are_there() -> None:
    theirs = [{"start": "00:00:00.000", "title": "By hand"}]
    with podlove(_12=Episode(PARCEL.title, chapters=theirs)) as wordpress:
        push(replace(PARCEL, chapters=()), account(wordpress))
    assert wordpress.episodes[12].chapters == theirs


@pytest.mark.parametrize(
    "episode",
    [
        Episode("The River&#8217;s  Budget &#8211; and yours"),
        Episode("LED012 The River", slug="ledger-012"),
        Episode("LED012 The River", slug="the-river-has-a-budget", number="99"),
        Episode("LED012 The River", number=12),
        Episode("LED012 The River", number="12"),
    ],
)
def test_an_episode_is_found_by_title_slug_or_number(episode: Episode) -> None:
    others = {"_1": Episode("One", 1, "ledger-001"), "_3": Episode("Three", None, "")}
    with podlove(**others, _40=episode) as wordpress:
        assert push(PARCEL, account(wordpress)).id == 40


def test_of_several_with_one_title_slug_and_number_decide() -> None:
    title = PARCEL.title
    with podlove(_1=Episode(title, 11, "x"), _2=Episode(title, 12, "y")) as wordpress:
        assert push(PARCEL, account(wordpress)).id == 2


def test_nothing_is_given_to_an_episode_that_may_be_another() -> None:
    same = Episode(PARCEL.title, 12)
    with podlove(_1=replace(same), _2=replace(same)) as wordpress:
        with pytest.raises(DeliveryError, match="several that could be"):
            push(PARCEL, account(wordpress))
        assert [e.transcript for e in wordpress.episodes.values()] == [[], []]
    with podlove(_1=Episode("Season 1", 12), _2=Episode("Season 2", 12)) as wordpress:
        with pytest.raises(DeliveryError, match=r"none that fits.*'ledger-012'"):
            push(PARCEL, account(wordpress))
        assert [e.transcript for e in wordpress.episodes.values()] == [[], []]


def test_an_episode_that_was_deleted_meanwhile_is_said() -> None:
    with podlove(_12=Episode(PARCEL.title)) as wordpress:
        listed = as_json({"results": [{"id": 13, "title": PARCEL.title}]})
        wordpress.before = [listed]
        with pytest.raises(DeliveryError, match="404: sorry, we did not find") as caught:
            push(PARCEL, account(wordpress))
    assert "permalinks" in str(caught.value)


def test_a_wrong_password_and_a_user_who_may_not_are_told_apart() -> None:
    with podlove(_12=Episode(PARCEL.title)) as wordpress:
        with pytest.raises(DeliveryError, match=r"401: sorry.*SHOWNOTES_WORDPRESS_PASSWORD"):
            push(PARCEL, account(wordpress, password="wrong"))
        wordpress.may_edit = False
        with pytest.raises(DeliveryError, match=r"403: sorry.*may 'editor' edit"):
            push(PARCEL, account(wordpress))
        assert wordpress.server is not None
        assert len(wordpress.server.seen) == 2
        assert wordpress.episodes[12].transcript == []


def test_no_password_is_said_before_anything_is_asked() -> None:
    with podlove() as wordpress:
        with pytest.raises(SettingsError, match="SHOWNOTES_WORDPRESS_PASSWORD"):
            push(PARCEL, account(wordpress, password=""))
        assert wordpress.server is not None
        assert wordpress.server.seen == []


def test_an_overloaded_server_is_asked_again() -> None:
    with podlove(_12=Episode(PARCEL.title)) as wordpress:
        wordpress.before = [Answer(503), Answer(is_cut=True)]
        assert push(PARCEL, account(wordpress)).attempts == 3
    assert wordpress.episodes[12].transcript


def test_one_that_stays_broken_is_given_up() -> None:
    with podlove(_12=Episode(PARCEL.title)) as wordpress:
        wordpress.before = [Answer(500, b"There has been a critical error")] * 9
        with pytest.raises(DeliveryError, match="500 Internal Server Error: There has been"):
            push(PARCEL, account(wordpress))
        assert len(wordpress.before) == 6


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (Answer(200, b"<html>A parked domain</html>"), "does not answer as Podlove"),
        (as_json([1, 2]), "does not answer as Podlove"),
        (as_json({"results": [{"name": "x"}]}), "did not list its episodes"),
        (Answer(301, headers={"Location": "https://www.example.org/"}), "to the new address"),
        (refuse(404, "No route was found matching the URL"), "must be active"),
    ],
)
def test_what_is_not_podlove_is_said(answer: Answer, told: str) -> None:
    with podlove() as wordpress:
        wordpress.before = [answer]
        with pytest.raises(DeliveryError, match=told):
            push(PARCEL, account(wordpress))


def test_captions_that_were_not_all_taken_are_told() -> None:
    with podlove(_12=Episode(PARCEL.title)) as wordpress:
        half: Callable[[Request], Answer] = wordpress.answer

        def answer(request: Request) -> Answer:
            if request.method == "POST":
                return as_json({"status": "ok", "transcript": [{}]})
            return half(request)

        with serve(answer) as server:
            told = account(wordpress, url=server.url)
            with pytest.raises(DeliveryError, match="took 1 of 2 captions"):
                push(PARCEL, told)


def test_a_caption_is_one_line() -> None:
    assert one_line_cues("WEBVTT\n\na --> b\none\ntwo\n\nc --> d\n<v X>three\n") == (
        "WEBVTT\n\na --> b\none two\n\nc --> d\n<v X>three\n",
        2,
    )
    assert one_line_cues("WEBVTT\n") == ("WEBVTT\n", 0)
