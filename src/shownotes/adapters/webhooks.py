"""Signed messages to an address of the producer's: what was published or taken back.

Source: Standard Webhooks 1.0 (headers, signature, what counts as success).
"""

import base64
import binascii
import hashlib
import hmac
import json
import time
from collections.abc import Mapping

import httpx

from shownotes.adapters.patience import TIMEOUT_S, Sleep, ask, describe
from shownotes.errors import DeliveryError, SettingsError

SECRET_VARIABLE = "SHOWNOTES_WEBHOOK_SECRET"  # noqa: S105 -- the name of one
_PREFIX = "whsec_"
# Of an answer nothing but the beginning is read: it is only shown.
_READ_BYTES = 2000


def post(
    url: str,
    message: Mapping[str, object],
    *,
    id: str,  # noqa: A002 -- the specification's word
    secrets: str | None,
    retries: int,
    sleep: Sleep = time.sleep,
) -> int:
    """Post a message as JSON until it is taken.

    Args:
        url: where to.
        message: plain data.
        id: the same for every attempt, so that a receiver takes it once.
        secrets: one or, while they are being changed, several with spaces between.
        retries: further attempts when the receiver does not answer, is busy or broken.
        sleep: waits between attempts.

    Returns:
        How many attempts it took.

    Raises:
        DeliveryError: it was not taken.
        SettingsError: there is no secret, or it is none.
    """
    keys = [_key(secret) for secret in (secrets or "").split()]
    if not keys:
        raise SettingsError(
            f"A webhook is set and nothing to sign it with. Put a secret into {SECRET_VARIABLE}."
        )
    body = json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode()

    def send() -> httpx.Response:
        at = int(time.time())
        headers = {
            "content-type": "application/json",
            "user-agent": "Shownotes",
            "webhook-id": id,
            "webhook-timestamp": str(at),
            "webhook-signature": " ".join(sign(key, id=id, at=at, body=body) for key in keys),
        }
        with httpx.stream("POST", url, content=body, headers=headers, timeout=TIMEOUT_S) as answer:
            begun = next(answer.iter_bytes(_READ_BYTES), b"")
            return httpx.Response(answer.status_code, headers=_plain(answer), content=begun)

    answer, attempts = ask(send, retries=retries, sleep=sleep)
    if not answer.is_success:
        hint = " Set the new address." if answer.has_redirect_location else ""
        raise DeliveryError(f"{url} answered {describe(answer)}.{hint}", attempts=attempts)
    return attempts


def sign(key: bytes, *, id: str, at: int, body: bytes) -> str:  # noqa: A002
    """`v1,<base64>` over id, time and body."""
    signed = f"{id}.{at}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()


def _key(secret: str) -> bytes:
    """The bytes of `whsec_<base64>`; any other text is itself the key."""
    if not secret.startswith(_PREFIX):
        return secret.encode()
    try:
        return base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
    except (binascii.Error, ValueError) as error:
        raise SettingsError(
            f"What follows {_PREFIX} in {SECRET_VARIABLE} is not base64. Copy the secret again."
        ) from error


def _plain(answer: httpx.Response) -> dict[str, str]:
    """Headers without those that say how the body, which is decoded already, was encoded."""
    kept = ("retry-after", "location", "content-type")
    return {name: answer.headers[name] for name in kept if name in answer.headers}
