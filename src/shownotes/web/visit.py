"""Who is at the desk in a request, and the cookies that say so."""

from dataclasses import dataclass
from typing import Literal
from urllib.parse import quote

from fastapi import Request
from fastapi.responses import RedirectResponse, Response

from shownotes.adapters.account_book import is_signed, new_token, sign
from shownotes.adapters.accounts import clean_name
from shownotes.adapters.sign_ins import SESSION_LASTS, session_name
from shownotes.errors import AccountError
from shownotes.web.context import DeskContext
from shownotes.web.origins import Source

# Where a request's visit stands in its ASGI scope.
VISIT = "shownotes.visit"
# What signatures are good for.
_NAME, _FORM = "editor's name", "form"
_NAME_LASTS_S = 365 * 24 * 3600
_FORM_LASTS_S = 24 * 3600

Kind = Literal["session", "name", "form"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """A request as the guard let it in.

    Attributes:
        editor: who makes it; `None` when nobody is known.
        session: the token of a session that is good.
        seeds: cookies that a form's token may be made of; the first one is used for new forms.
    """

    source: Source
    port: int
    editor: str | None = None
    session: str | None = None
    seeds: tuple[str, ...] = ()

    @property
    def is_secure(self) -> bool:
        """Whether the browser came by https."""
        return self.source.scheme == "https"

    def cookie(self, kind: Kind) -> str:
        """A cookie's name. Cookies know no ports, and two desks may run on one machine.

        By https it bears the prefix that keeps neighbours' names and plain http from setting it.
        """
        if self.is_secure:
            return f"__Host-shownotes-{kind}"
        return f"shownotes-{self.port}-{kind}"


def read_visit(request: Request, desk: DeskContext, source: Source) -> Visit:
    """Find out who makes a request. Looks into files: not for the event loop.

    Raises:
        AccountError: accounts or key cannot be read.
        StoreError: they cannot be written.
    """
    server = request.scope.get("server")
    visit = Visit(source=source, port=server[1] if server else desk.port)
    session, name, form = (
        request.cookies.get(visit.cookie(kind), "") for kind in ("session", "name", "form")
    )
    editor = None
    if desk.has_accounts():
        editor, name = session_name(desk.root, session) if session else None, ""
        session = session if editor else ""
    else:
        editor, session = _named(desk, name), ""
        name = name if editor else ""
    seeds = tuple(seed for seed in (session, name, form) if seed)
    return Visit(
        source=source, port=visit.port, editor=editor, session=session or None, seeds=seeds
    )


def visit_of(request: Request) -> Visit:
    """The request's visit; without a guard nobody is let in."""
    visit = request.scope.get(VISIT)
    if not isinstance(visit, Visit):
        raise AccountError("The desk runs without its guard; nobody is let in.")
    return visit


def editor_of(request: Request) -> str | None:
    """Who makes a request: signed in where there are accounts, else by the name once given."""
    visit = request.scope.get(VISIT)
    return visit.editor if isinstance(visit, Visit) else None


def asked_for_name(request: Request) -> Response | None:
    """To the page that asks who it is, and back; `None` when that is known."""
    if editor_of(request) is not None:
        return None
    path = quote(request.url.path + (f"?{request.url.query}" if request.url.query else ""))
    return RedirectResponse(f"/name?next={path}", status_code=303)


# --------------------------------------------------------------------------- cookies


def set_session(response: Response, visit: Visit, token: str) -> None:
    """Sign this browser in.

    Lax: with Strict an editor who follows a link to an episode from a mail would seem signed out.
    Nothing changes by GET, and every other request has its origin checked.
    """
    seconds = int(SESSION_LASTS.total_seconds())
    _set(response, visit, "session", token, max_age=seconds, same_site="lax")


def set_name(response: Response, visit: Visit, desk: DeskContext, name: str) -> None:
    """Remember who sits at a desk without accounts."""
    text = name.encode().hex()
    value = f"{text}.{sign(desk.root, _NAME, text)}"
    _set(response, visit, "name", value, max_age=_NAME_LASTS_S, same_site="lax")


def forget(response: Response, visit: Visit, *kinds: Kind) -> None:
    """Take cookies of ours away."""
    for kind in kinds:
        response.delete_cookie(
            visit.cookie(kind), secure=visit.is_secure, httponly=True, samesite="lax"
        )


def _named(desk: DeskContext, value: str) -> str | None:
    text, _, signature = value.partition(".")
    if not text or not is_signed(desk.root, _NAME, text, signature):
        return None
    try:
        return clean_name(bytes.fromhex(text).decode())
    except (AccountError, ValueError):
        return None


def _set(
    response: Response,
    visit: Visit,
    kind: Kind,
    value: str,
    *,
    max_age: int,
    same_site: Literal["lax", "strict"],
) -> None:
    response.set_cookie(
        visit.cookie(kind),
        value,
        max_age=max_age,
        path="/",
        secure=visit.is_secure,
        httponly=True,
        samesite=same_site,
    )


# --------------------------------------------------------------------------- forms


def csrf_of(request: Request, desk: DeskContext) -> str:
    """The token for a form on a page that an editor sees; empty when nobody is known."""
    visit = visit_of(request)
    return sign(desk.root, _FORM, visit.seeds[0]) if visit.seeds else ""


def new_form(request: Request, desk: DeskContext) -> tuple[str, str | None]:
    """The token for a form on a page that anybody may see.

    Returns:
        The token, and the cookie that `set_form` has to set with the page, if any.
    """
    token = csrf_of(request, desk)
    if token:
        return token, None
    seed = new_token()
    return sign(desk.root, _FORM, seed), seed


def set_form(response: Response, visit: Visit, seed: str) -> None:
    """The cookie that a form's token is made of; Strict, as it is only ever sent back from here."""
    _set(response, visit, "form", seed, max_age=_FORM_LASTS_S, same_site="strict")


def is_csrf_right(request: Request, desk: DeskContext, token: str) -> bool:
    """Whether a form was made by this desk for this browser."""
    return any(is_signed(desk.root, _FORM, seed, token) for seed in visit_of(request).seeds)
