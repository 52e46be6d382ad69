"""Captions and chapters into WordPress with Podlove Publisher, by its REST interface.

The episode must be there already, published or as a draft: audio, post and feed are Podlove's
affair. It is found by title, else by the slug of its media files, else by number.

Source: podlove-publisher @ a2fe5b2 (2026-08-17), includes/api/episodes.php and chapters.php,
lib/modules/transcripts/rest_api.php; podlove/webvtt-parser, src/Parser.php; WordPress, "Application
Passwords".
"""

import html
import time
import unicodedata
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import httpx

from shownotes.adapters.patience import TIMEOUT_S, Sleep, ask, describe
from shownotes.core.timecodes import stamp
from shownotes.errors import DeliveryError, SettingsError
from shownotes.model import Chapter

PASSWORD_VARIABLE = "SHOWNOTES_WORDPRESS_PASSWORD"  # noqa: S105 -- the name of one
# So many of the newest episodes are looked into when no title fits; each is a request.
LOOKED_INTO = 30
# What WordPress makes of typed characters in titles, taken back.
_TYPED = str.maketrans({"‘": "'", "’": "'", "“": '"', "”": '"', "–": "-", "—": "-", "…": "..."})


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Where WordPress is and who we are there."""

    url: str
    user: str
    password: str
    retries: int
    sleep: Sleep = time.sleep


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """What Podlove is given, and what the episode is recognised by.

    Attributes:
        slugs: names under which its media files may be known.
        captions: WebVTT.
    """

    title: str
    number: int | None
    slugs: Sequence[str]
    captions: str
    chapters: Sequence[Chapter]


@dataclass(frozen=True, slots=True)
class Pushed:
    """The episode's number in Podlove, and how many attempts the most stubborn request took."""

    id: int
    attempts: int


def push(parcel: Parcel, account: Account) -> Pushed:
    """Replace an episode's captions and chapters; no chapters leave those that are there.

    Raises:
        DeliveryError: WordPress cannot be reached or refuses, or has no such episode.
        SettingsError: there is no password.
    """
    if not account.password:
        raise SettingsError(
            f"WordPress is set and there is no password. Make an application password for "
            f"{account.user!r} there and put it into {PASSWORD_VARIABLE}."
        )
    with httpx.Client(
        base_url=f"{account.url.rstrip('/')}/wp-json/podlove/v2/",
        auth=(account.user, account.password),
        headers={"user-agent": "Shownotes"},
        timeout=TIMEOUT_S,
    ) as client:
        podlove = _Podlove(client, account)
        episode = podlove.find(parcel)
        podlove.put_captions(episode, parcel.captions)
        if parcel.chapters:
            podlove.put_chapters(episode, parcel.chapters)
        return Pushed(episode, podlove.attempts)


class _Podlove:
    """The requests."""

    def __init__(self, client: httpx.Client, account: Account) -> None:
        self._client = client
        self._account = account
        self.attempts = 1

    def find(self, parcel: Parcel) -> int:
        """The episode's number in Podlove."""
        titles = self._titles()
        fitting = [key for key, title in titles.items() if _plain(title) == _plain(parcel.title)]
        if len(fitting) == 1:
            return fitting[0]
        nearest = (fitting or list(titles))[:LOOKED_INTO]
        told = {key: self._ask("GET", f"episodes/{key}") for key in nearest}
        for is_it in (_has_slug, _has_number):
            found = [key for key, facts in told.items() if is_it(facts, parcel)]
            if len(found) == 1:
                return found[0]
        several = f"several that could be {parcel.title!r}" if fitting else "none that fits"
        slugs = " or ".join(map(repr, parcel.slugs))
        raise DeliveryError(
            f"Of its episodes {self._account.url} has {several}. Give the episode there the title "
            f"{parcel.title!r} or the media slug {slugs}; then publish it here again.",
            attempts=self.attempts,
        )

    def _titles(self) -> dict[int, str]:
        """The titles of all episodes by their numbers in Podlove, newest first."""
        query = {"status": "all", "sort_by": "post_date", "order_by": "desc"}
        answer = self._ask("GET", "episodes", params=query)
        try:
            # Numbers come as numbers or as text, by the version of PHP.
            return {int(entry["id"]): str(entry["title"]) for entry in answer["results"]}
        except (LookupError, TypeError, ValueError) as error:
            raise DeliveryError(
                f"{self._account.url} did not list its episodes as Podlove Publisher does.",
                attempts=self.attempts,
            ) from error

    def put_captions(self, episode: int, captions: str) -> None:
        """Replace the transcript."""
        content, count = one_line_cues(captions)
        body = {"type": "vtt", "content": content}
        taken = self._ask("POST", f"transcripts/{episode}", json=body).get("transcript")
        if isinstance(taken, list) and len(taken) < count:
            raise DeliveryError(
                f"Podlove took {len(taken)} of {count} captions.", attempts=self.attempts
            )

    def put_chapters(self, episode: int, chapters: Sequence[Chapter]) -> None:
        """Replace the chapters, as Podlove's own editor does."""
        told = [{"start": stamp(c.start), "title": " ".join(c.title.split())} for c in chapters]
        self._ask("PUT", f"chapters/{episode}", json={"chapters": told})

    def _ask(self, method: str, path: str, **what: Any) -> dict[str, Any]:
        """The answer to a request.

        Raises:
            DeliveryError: it is not a good one.
        """

        def send() -> httpx.Response:
            return self._client.request(method, path, **what)

        answer, attempts = ask(send, retries=self._account.retries, sleep=self._account.sleep)
        self.attempts = max(self.attempts, attempts)
        if not answer.is_success:
            raise DeliveryError(self._refusal(answer), attempts=self.attempts)
        with suppress(ValueError):
            found = answer.json()
            if isinstance(found, dict):
                return found
        raise DeliveryError(
            f"{answer.url.copy_with(query=None)} does not answer as Podlove Publisher does. Is "
            "[publish] wordpress_url the address of the WordPress site?",
            attempts=self.attempts,
        )

    def _refusal(self, answer: httpx.Response) -> str:
        """What went wrong and what to do."""
        told = f"{self._account.url} answered {_said(answer)}."
        if answer.status_code in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
            return (
                f"{told} Is the application password in {PASSWORD_VARIABLE} right, may "
                f"{self._account.user!r} edit the episode there, and does the web server hand the "
                "Authorization header on?"
            )
        if answer.has_redirect_location:
            return f"{told} Set [publish] wordpress_url to the new address."
        if answer.status_code == HTTPStatus.NOT_FOUND:
            return f"{told} Podlove Publisher must be active, and permalinks other than plain."
        return told


def one_line_cues(captions: str) -> tuple[str, int]:
    """WebVTT in which each caption is one line, and their number.

    Podlove's reader joins a caption's lines without a space between them.
    """
    blocks = []
    for block in captions.strip().split("\n\n"):
        head, *lines = block.split("\n")
        blocks.append(f"{head}\n{' '.join(lines)}" if lines else head)
    return "\n\n".join(blocks) + "\n", len(blocks) - 1


def _has_slug(facts: dict[str, Any], parcel: Parcel) -> bool:
    return bool(facts.get("slug")) and facts["slug"] in parcel.slugs


def _has_number(facts: dict[str, Any], parcel: Parcel) -> bool:
    return parcel.number is not None and str(facts.get("number") or "") == str(parcel.number)


def _plain(title: str) -> str:
    """A title without what WordPress does to one: entities, typographic marks, spaces."""
    text = unicodedata.normalize("NFKC", html.unescape(title).translate(_TYPED))
    return " ".join(text.casefold().split())


def _said(answer: httpx.Response) -> str:
    """WordPress's own words where there are any: `{"code": …, "message": …}`."""
    with suppress(ValueError, AttributeError):
        message = answer.json().get("message")
        if message:
            return f"{answer.status_code}: {' '.join(html.unescape(str(message)).split())[:200]}"
    return describe(answer)
