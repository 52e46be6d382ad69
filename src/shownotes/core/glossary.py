"""A glossary as hotwords: as many terms as fit a counted budget of tokens.

Source: faster-whisper cuts hotwords silently at 223 tokens, and a prompt of that length leaves no
room for the answer: no segments and no error. Measured, 100 tokens leave 170 for speech, and half
a minute of fast speech takes about 100.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

# Tokens of the model's own tokenizer.
BUDGET_TOKENS = 100
SEPARATOR = ", "


@dataclass(frozen=True, slots=True, kw_only=True)
class Hotwords:
    """What is handed to the recogniser, and what found no room."""

    text: str = ""
    used: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()


def choose_hotwords(
    terms: Sequence[str], *, count_tokens: Callable[[str], int], budget: int = BUDGET_TOKENS
) -> Hotwords:
    """Take terms in the order given, as long as all of them together fit.

    A term that does not fit is left out and shorter ones after it may still come in.

    Args:
        terms: spellings, most important first; empty and repeated ones are passed over.
        count_tokens: how many tokens a text takes.
        budget: in tokens.
    """
    used: list[str] = []
    left_out: list[str] = []
    seen: set[str] = set()
    for term in terms:
        tidy = " ".join(term.split())
        if not tidy or tidy.casefold() in seen:
            continue
        seen.add(tidy.casefold())
        if count_tokens(" " + SEPARATOR.join([*used, tidy])) <= budget:
            used.append(tidy)
        else:
            left_out.append(tidy)
    return Hotwords(text=SEPARATOR.join(used), used=tuple(used), left_out=tuple(left_out))
