"""Signing in and out, invitations, and the name that a desk without accounts asks for once."""

from collections.abc import Callable
from functools import partial
from math import ceil
from typing import Any, TypeVar
from urllib.parse import parse_qsl

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from shownotes.adapters import accounts, sign_ins
from shownotes.adapters.account_book import look_of
from shownotes.errors import AccountError
from shownotes.web.attempts import Attempts
from shownotes.web.context import DeskContext
from shownotes.web.visit import (
    csrf_of,
    editor_of,
    forget,
    is_csrf_right,
    new_form,
    set_form,
    set_name,
    set_session,
    visit_of,
)

__all__ = ["csrf_of", "editor_of", "session_routes"]

# Passwords that are looked at together: each takes 64 MiB and a processor for 0.1 s.
_TOGETHER = 2
_MOST_FIELDS = 20
_STALE = "This page had stood open for too long. Try again."
_WRONG = "Name or password is not right."

Told = TypeVar("Told")


def session_routes(desk: DeskContext, attempts: Attempts | None = None) -> APIRouter:
    """The routes of this module; `attempts` remembers who guessed."""
    doors = _Doors(desk, attempts or Attempts())
    router = APIRouter()
    add = partial(router.add_api_route, response_model=None)
    add("/login", doors.show_login, methods=["GET"])
    add("/login", doors.sign_in, methods=["POST"])
    add("/logout", doors.sign_out, methods=["POST"])
    add("/name", doors.show_name, methods=["GET"])
    add("/name", doors.take_name, methods=["POST"])
    add("/invite/{token}", doors.show_invite, methods=["GET"])
    add("/invite/{token}", doors.take_invite, methods=["POST"])
    return router


def inside(path: str) -> str:
    r"""A path of this desk to go on to; anything else becomes the list.

    Browsers read `//host` and `/\host` as another site's address, and drop control characters.
    """
    is_path = path.startswith("/") and not path.startswith(("//", "/\\"))
    return path if is_path and path.isprintable() and path.isascii() else "/"


class _Doors:
    """What the routes share."""

    def __init__(self, desk: DeskContext, attempts: Attempts) -> None:
        self._desk = desk
        self._attempts = attempts
        self._limiter = CapacityLimiter(_TOGETHER)

    # ----------------------------------------------------------------------- with accounts

    async def show_login(self, request: Request) -> Response:
        to = inside(request.query_params.get("next", "/"))
        if not self._desk.has_accounts():
            return _go("/name" if editor_of(request) is None else to)
        if editor_of(request) is not None:
            return _go(to)
        return self._login(request, next=to)

    async def sign_in(self, request: Request) -> Response:
        form = await _read_form(request)
        name, to = form.get("name", ""), inside(form.get("next", "/"))
        show = partial(self._login, request, name=name, next=to)
        if not self._desk.has_accounts():
            return _go("/name")
        if not is_csrf_right(request, self._desk, form.get("csrf", "")):
            return show(error=_STALE, status=403)
        who = {"address": visit_of(request).source.address, "name": look_of(name)[:100]}
        if (wait := self._attempts.begin(**who)) > 0:
            return _slow(show, wait)
        password = form.get("password", "")
        editor = await self._slowly(accounts.check_password, self._desk.root, name, password)
        if editor is None:
            return show(error=_WRONG, status=401)
        self._attempts.succeed(**who)
        return await self._let_in(request, editor, to)

    async def sign_out(self, request: Request) -> Response:
        form = await _read_form(request)
        visit = visit_of(request)
        if not is_csrf_right(request, self._desk, form.get("csrf", "")):
            return self._message(_STALE, status=403)
        if visit.session is not None:
            await to_thread.run_sync(sign_ins.close_session, self._desk.root, visit.session)
        response = _go("/login")
        forget(response, visit, "session", "name", "form")
        return response

    # ----------------------------------------------------------------------- invitations

    async def show_invite(self, request: Request, token: str) -> Response:
        if accounts.invited(self._desk.root, token) is None:
            return self._spent(request)
        return self._form(request, "account.html", token=token)

    async def take_invite(self, request: Request, token: str) -> Response:
        form = await _read_form(request)
        show = partial(self._form, request, "account.html", token=token)
        if accounts.invited(self._desk.root, token) is None:
            return self._spent(request)
        if not is_csrf_right(request, self._desk, form.get("csrf", "")):
            return show(error=_STALE, status=403)
        if form.get("again", form.get("password")) != form.get("password"):
            return show(error="The two passwords are not the same.", status=400)
        try:
            editor = await self._slowly(
                partial(
                    accounts.accept,
                    self._desk.root,
                    token,
                    name=form.get("name", ""),
                    password=form.get("password", ""),
                )
            )
        except AccountError as error:
            return show(error=str(error), status=400)
        return await self._let_in(request, editor, "/")

    def _spent(self, request: Request) -> Response:
        wait = self._attempts.begin(address=visit_of(request).source.address)
        if wait > 0:
            return _slow(self._message, wait)
        return self._message(
            "This invitation was used already, or is too old. Ask whoever sent it for another one.",
            title="This link does not open any more",
            status=410,
        )

    # ----------------------------------------------------------------------- without accounts

    async def show_name(self, request: Request) -> Response:
        to = inside(request.query_params.get("next", "/"))
        if self._desk.has_accounts():
            return _go("/login")
        return self._form(request, "name.html", next=to)

    async def take_name(self, request: Request) -> Response:
        form = await _read_form(request)
        to = inside(form.get("next", "/"))
        if self._desk.has_accounts():
            return _go("/login")
        show = partial(self._form, request, "name.html", next=to)
        if not is_csrf_right(request, self._desk, form.get("csrf", "")):
            return show(error=_STALE, status=403)
        try:
            name = accounts.clean_name(form.get("name", ""))
        except AccountError as error:
            return show(error=str(error), status=400)
        response = _go(to)
        set_name(response, visit_of(request), self._desk, name)
        return response

    # ----------------------------------------------------------------------- pages

    def _login(self, request: Request, *, name: str = "", **context: Any) -> Response:
        return self._form(request, "login.html", name=name, **context)

    def _form(
        self,
        request: Request,
        template: str,
        /,
        *,
        status: int = 200,
        error: str | None = None,
        **context: object,
    ) -> Response:
        csrf, seed = new_form(request, self._desk)
        page = self._desk.render(template, error=error, csrf=csrf, **context)
        response = HTMLResponse(page, status_code=status)
        if seed is not None:
            set_form(response, visit_of(request), seed)
        return response

    def _message(self, error: str, *, title: str = "That did not work", status: int) -> Response:
        page = self._desk.render("message.html", title=title, message=error)
        return HTMLResponse(page, status_code=status)

    async def _let_in(self, request: Request, editor: str, to: str) -> Response:
        """A session of its own with every sign-in: none is ever taken over from before."""
        visit = visit_of(request)
        if visit.session is not None:
            await to_thread.run_sync(sign_ins.close_session, self._desk.root, visit.session)
        token = await to_thread.run_sync(sign_ins.open_session, self._desk.root, editor)
        response = _go(to)
        forget(response, visit, "name", "form")
        set_session(response, visit, token)
        return response

    async def _slowly(self, work: Callable[..., Told], *given: Any) -> Told:
        return await to_thread.run_sync(work, *given, limiter=self._limiter)


async def _read_form(request: Request) -> dict[str, str]:
    """The fields of a form; none of anything else. The guard has set an end to its size."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        return {}
    body = (await request.body()).decode("utf-8", "replace")
    try:
        return dict(parse_qsl(body, keep_blank_values=True, max_num_fields=_MOST_FIELDS))
    except ValueError:
        return {}


def _go(path: str) -> Response:
    return RedirectResponse(path, status_code=303)


def _slow(show: Callable[..., Response], wait_s: float) -> Response:
    seconds = ceil(wait_s)
    unit = "second" if seconds == 1 else "seconds"
    response = show(error=f"Too many attempts. Try again in {seconds} {unit}.", status=429)
    response.headers["retry-after"] = str(seconds)
    return response
