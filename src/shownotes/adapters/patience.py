"""Requests that are worth more than one attempt: when, and how long to wait between them.

Why httpx: it is in the tree already (Prefect). Redirects are never followed, because what is sent
is signed or carries a password for one address.
"""

import email.utils
import random
import time
from collections.abc import Callable
from datetime import UTC, datetime
from http import HTTPStatus

import httpx

from shownotes.errors import DeliveryError

# Seconds that one attempt may take, connecting included. Source: Standard Webhooks, "Request
# timeouts" (15 to 30 s).
TIMEOUT_S = 20.0
# Seconds before the second attempt; doubled for each further one.
FIRST_WAIT_S = 1.0
# Nobody waits longer than this in one go, whatever a server asks for; a later run tries again.
LONGEST_WAIT_S = 120.0
_SAID_CHARACTERS = 200

Sleep = Callable[[float], None]


def ask(
    send: Callable[[], httpx.Response], *, retries: int, sleep: Sleep = time.sleep
) -> tuple[httpx.Response, int]:
    """Send until there is an answer that is not worth another attempt.

    Not answering, 429 and 5xx are; `Retry-After` is obeyed. `send` closes what it opens.

    Returns:
        The last answer, and how often it was tried.

    Raises:
        DeliveryError: no answer came, or the server asks for more patience than there is.
    """
    for attempt in range(1, retries + 2):
        wait = FIRST_WAIT_S * 2 ** (attempt - 1) * random.uniform(1.0, 1.25)
        try:
            response = send()
        except httpx.RequestError as error:
            if attempt > retries:
                raise DeliveryError(_no_answer(error), attempts=attempt) from error
        except httpx.InvalidURL as error:
            raise DeliveryError(f"This is no address: {error}") from error
        else:
            is_busy = response.status_code == HTTPStatus.TOO_MANY_REQUESTS
            if not (is_busy or response.is_server_error) or attempt > retries:
                return response, attempt
            wait = max(wait, _asked_wait(response))
        if wait > LONGEST_WAIT_S:
            raise DeliveryError(
                f"The server asks to wait {wait:.0f} s. Try again then.", attempts=attempt
            )
        sleep(wait)
    raise AssertionError("the last attempt returns or raises")


def describe(response: httpx.Response) -> str:
    """What a server said, for a person: the status, and the beginning of a text."""
    try:
        phrase = HTTPStatus(response.status_code).phrase
    except ValueError:
        phrase = ""
    if response.has_redirect_location:
        return f"{response.status_code} {phrase} to {response.headers['location']}".strip()
    text = " ".join(response.text.split())[:_SAID_CHARACTERS]
    return f"{response.status_code} {phrase}".strip() + (f": {text}" if text else "")


def _no_answer(error: httpx.RequestError) -> str:
    kind = "It took too long" if isinstance(error, httpx.TimeoutException) else str(error)
    return f"{error.request.url.host} does not answer: {kind or type(error).__name__}."


def _asked_wait(response: httpx.Response) -> float:
    """Seconds from `Retry-After`, which is a number or a date; 0 where it says nothing."""
    value = response.headers.get("retry-after", "").strip()
    if value.isdecimal():
        return float(value)
    try:
        until = email.utils.parsedate_to_datetime(value)
    except ValueError:
        return 0.0
    aware = until if until.tzinfo else until.replace(tzinfo=UTC)
    return max(0.0, (aware - datetime.now(UTC)).total_seconds())
