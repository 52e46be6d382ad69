"""A language model behind an OpenAI-compatible address: a server of one's own, or a service.

Why httpx: it is in the tree already (Prefect, huggingface-hub), and a request needs no client
library of a vendor's. Nothing is sent unless `[drafting] endpoint` is set.

Source: OpenAI API reference, "Create chat completion", as llama.cpp, Ollama and vLLM serve it.
"""

import os
from collections.abc import Sequence

import httpx

from shownotes.errors import DraftingError
from shownotes.settings import DraftingSettings

# Where a key is looked for; a server of one's own needs none.
KEY_VARIABLE = "SHOWNOTES_DRAFTING_KEY"


def complete(messages: Sequence[dict[str, str]], settings: DraftingSettings) -> str:
    """What the model answers.

    Raises:
        DraftingError: it cannot be reached, refuses, or answers something else.
    """
    address = f"{settings.endpoint.rstrip('/')}/chat/completions"
    key = os.environ.get(KEY_VARIABLE)
    body = {
        "model": settings.model,
        "messages": list(messages),
        "temperature": 0,
        "response_format": {"type": "json_object"},
    }
    try:
        response = httpx.post(
            address,
            json=body,
            headers={"Authorization": f"Bearer {key}"} if key else {},
            timeout=settings.timeout_s,
        )
        response.raise_for_status()
        text = response.json()["choices"][0]["message"]["content"]
    except httpx.HTTPStatusError as error:
        raise DraftingError(_refusal(address, error.response)) from error
    except httpx.HTTPError as error:
        raise DraftingError(
            f"{address} cannot be reached: {error or type(error).__name__}. Is the server running?"
        ) from error
    except (ValueError, LookupError, TypeError) as error:
        raise DraftingError(
            f"{address} did not answer as an OpenAI-compatible server does. "
            "`[drafting] endpoint` usually ends in /v1."
        ) from error
    if not isinstance(text, str):
        raise DraftingError(f"{address} answered without a text.")
    return text


def _refusal(address: str, response: httpx.Response) -> str:
    told = " ".join(response.text.split())[:200]
    hint = f" Put the key into {KEY_VARIABLE}." if response.status_code in (401, 403) else ""
    return f"{address} refused with {response.status_code}: {told or 'nothing said'}.{hint}"
