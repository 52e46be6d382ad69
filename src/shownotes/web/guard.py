"""What every request has to pass before the desk sees it, and what every answer bears.

Closed by default: a path that nobody has opened here needs an editor where there are accounts, and
every change needs the header that only our own pages send. Nothing here looks at what a request is
for, so that no route can forget it.
"""

import json
import logging
import re
from collections.abc import Iterable
from functools import partial
from urllib.parse import quote

from anyio import to_thread
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shownotes.errors import ShowNotesError
from shownotes.web.body import Body, Limits, answer_and_linger, too_large
from shownotes.web.context import DeskContext
from shownotes.web.origins import Source, find_source, is_own_host, is_own_origin
from shownotes.web.visit import VISIT, Visit, read_visit

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "media-src 'self' blob:; connect-src 'self'; frame-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'self'"
)
# For a page of an episode as it will be published, which bears its own styles: it can show itself
# inside the desk, and can do nothing and ask nobody for anything.
PREVIEW_POLICY = (
    "sandbox; default-src 'none'; img-src 'self' data:; style-src 'unsafe-inline'; "
    "form-action 'none'; base-uri 'none'; frame-ancestors 'self'"
)
_HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "SAMEORIGIN",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": (
        "camera=(), display-capture=(), geolocation=(), microphone=(), midi=(), payment=(), "
        "publickey-credentials-get=(), serial=(), usb=()"
    ),
}
_NEVER_STORED = ("text/html", "application/json")
# Most bytes of a body: of a form, of anything else but an upload.
FORM_BYTES = 64 * 2**10
JSON_BYTES = 4 * 2**20
# Seconds without a byte, and for the whole of a body that is no upload.
SILENCE_S = 30.0
WHOLE_S = 120.0
_SAFE = frozenset({"GET", "HEAD"})
_FORM = re.compile(r"/(?:login|logout|name|invite/[^/]+)")
_OPEN = re.compile(r"/(?:login|logout|name|favicon\.ico|(?:invite|static)/[^/]+)")
_UPLOAD = "/api/uploads/"


class _Refused(Exception):  # noqa: N818 - a turn in the flow, not an error
    def __init__(self, status: int, message: str, *, location: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.location = location


class Guard:
    """Stands around the whole application: `Guard(app, desk)`.

    Args:
        app: what it guards.
        desk: whose settings and accounts count.
        silence_s: how long a body may pause.
    """

    def __init__(self, app: ASGIApp, desk: DeskContext, *, silence_s: float = SILENCE_S) -> None:
        self._app = app
        self._desk = desk
        self._silence_s = silence_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection of ASGI."""
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        elif scope["type"] != "http":
            await self._app(scope, receive, send)
        else:
            await self._serve(scope, receive, send)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = Body(receive, self._limits(scope["path"]))
        has_begun = False

        async def send_on(message: Message) -> None:
            nonlocal has_begun
            if body.refusal is not None and not has_begun:
                # What the application says to a client that seems to have gone.
                return
            has_begun = True
            await send(_dressed(message, scope["path"]))

        try:
            await self._check(scope)
            await self._app(scope, body.receive, send_on)
        except _Refused as refused:
            await self._refuse(refused, scope, receive, send)
            return
        except Exception:
            if body.refusal is None:
                raise
        if body.refusal is not None and not has_begun:
            late = _Refused(body.refusal.status, body.refusal.message)
            await self._refuse(late, scope, receive, send)

    def _limits(self, path: str) -> Limits:
        whole_s: float | None = max(WHOLE_S, self._silence_s)
        if path.startswith(_UPLOAD):
            # Its own limit is checked as it is written; this one is for whatever does not.
            most, whole_s = (self._desk.settings.desk.most_upload_mb + 1) * 2**20, None
        else:
            most = FORM_BYTES if _FORM.fullmatch(path) else JSON_BYTES
        return Limits(most_bytes=most, silence_s=self._silence_s, whole_s=whole_s)

    # ----------------------------------------------------------------------- what is asked

    async def _check(self, scope: Scope) -> None:
        """Raises _Refused, or writes the visit into the scope."""
        headers = Headers(scope=scope)
        _check_path(scope)
        source = self._check_source(scope, headers)
        is_change = scope["method"] not in _SAFE
        if is_change:
            self._check_change(scope["path"], headers, source)
        else:
            self._check_reading(headers, source)
        declared = headers.get("content-length", "0")
        if "content-length" in headers and "transfer-encoding" in headers:
            # A proxy may read the one and we the other, and see two requests where it saw one.
            raise _Refused(400, "The request says its length in two ways.")
        most = self._limits(scope["path"]).most_bytes
        if not declared.isdecimal() or int(declared) > most:
            raise _Refused(413, too_large(most))
        try:
            visit = await to_thread.run_sync(
                partial(read_visit, Request(scope), self._desk, source)
            )
            self._check_editor(scope, headers, visit)
        except ShowNotesError as error:
            # What it says names files, and whoever asks may be anybody.
            logging.getLogger("uvicorn.error").error("%s", error)
            raise _Refused(
                503, "The desk cannot read who its editors are. Its log says why."
            ) from error
        scope[VISIT] = visit
        scope["scheme"] = source.scheme

    def _check_source(self, scope: Scope, headers: Headers) -> Source:
        server = scope.get("server") or ("", self._desk.port)
        hosts = headers.getlist("host")
        client = scope.get("client")
        source = find_source(
            headers,
            client=client[0] if client else "",
            scheme=scope["scheme"],
            trusted_proxies=self._desk.settings.desk.trusted_proxies,
            http_version=scope["http_version"],
        )
        if len(hosts) != 1 or not is_own_host(source.host, self._desk, server=server):
            raise _Refused(
                400,
                "The desk does not go by this name. Whoever runs it can allow it with [desk] "
                "allowed_hosts in shownotes.toml.",
            )
        return source

    def _check_reading(self, headers: Headers, source: Source) -> None:
        """Other sites may link to the desk, and neither embed nor read anything of it."""
        origin = headers.get("origin")
        is_elsewhere = headers.get("sec-fetch-site") in ("cross-site", "same-site")
        mode, target = headers.get("sec-fetch-mode"), headers.get("sec-fetch-dest")
        if (is_elsewhere and (mode, target) != ("navigate", "document")) or (
            # Links bear none; what asks for a WebSocket bears nothing else.
            origin is not None and not is_own_origin(origin, self._desk, source)
        ):
            raise _Refused(403, "Pages of other sites may not use the desk.")

    def _check_change(self, path: str, headers: Headers, source: Source) -> None:
        origin, site = headers.get("origin"), headers.get("sec-fetch-site")
        if origin is not None and not is_own_origin(origin, self._desk, source):
            raise _Refused(
                403,
                "This change was asked for by a page of another site. Where the desk stands behind "
                "a TLS proxy: [desk] trusted_proxies has to name it (docs/remote.md).",
            )
        if site not in (None, "same-origin", "none"):
            raise _Refused(403, "This change was asked for by a page of another site.")
        kind = headers.get("content-type", "").partition(";")[0].strip().lower()
        is_form = kind == "application/x-www-form-urlencoded" and _FORM.fullmatch(path)
        # A form's token is checked by its route. No other site can send this header, since
        # browsers would ask first, and we never answer that.
        if not is_form and headers.get("x-shownotes") != "desk":
            raise _Refused(403, "Changes need the header `X-Shownotes: desk`.")

    def _check_editor(self, scope: Scope, headers: Headers, visit: Visit) -> None:
        has_accounts = self._desk.has_accounts()
        if not has_accounts and not visit.source.is_local:
            raise _Refused(
                403,
                "This desk has no accounts and is open to its own machine only. Invite an editor "
                "there first (docs/remote.md).",
            )
        if has_accounts and visit.editor is None and not _OPEN.fullmatch(scope["path"]):
            if scope["method"] == "GET" and _wants_page(scope["path"], headers):
                query = scope["query_string"].decode("latin-1")
                here = quote(scope["path"]) + (f"?{query}" if query else "")
                raise _Refused(303, "Sign in first.", location=f"/login?next={quote(here)}")
            raise _Refused(401, "You are not signed in, or not any more. Sign in and try again.")

    # ----------------------------------------------------------------------- what is answered

    async def _refuse(self, refused: _Refused, scope: Scope, receive: Receive, send: Send) -> None:
        kind, content = "application/json", json.dumps({"error": refused.message}).encode()
        if _wants_page(scope["path"], Headers(scope=scope)):
            title = "This cannot be shown"
            page = self._desk.render("message.html", title=title, message=refused.message)
            kind, content = "text/html; charset=utf-8", page.encode()
        headers = [
            (b"content-type", kind.encode()),
            (b"content-length", str(len(content)).encode()),
        ]
        if refused.location:
            headers.append((b"location", refused.location.encode("ascii")))
        is_change = scope["method"] not in _SAFE
        if is_change:
            headers.append((b"connection", b"close"))
        bare = {"type": "http.response.start", "status": refused.status, "headers": headers}
        start = _dressed(bare, scope["path"])
        if is_change:
            await answer_and_linger(receive, send, start, content)
        else:
            await send(start)
            await send({"type": "http.response.body", "body": content})


def _check_path(scope: Scope) -> None:
    """Refuse paths that could mean another one to somebody: `..`, encoded slashes, NUL."""
    path, raw = scope["path"], scope.get("raw_path", b"").lower()
    is_odd = any(ord(character) < 32 or character in "\\\x7f" for character in path)
    is_upload = path.startswith(_UPLOAD)
    has_slash = b"%2f" in raw or (b"%5c" in raw and not is_upload)
    is_relative = not path.startswith("/") or bool({".", ".."} & set(path.split("/")))
    if has_slash or is_relative or (is_odd and not is_upload):
        raise _Refused(400, "This address is not one of the desk.")


def _wants_page(path: str, headers: Headers) -> bool:
    return "text/html" in headers.get("accept", "") and not path.startswith("/api/")


def _dressed(message: Message, path: str) -> Message:
    """An answer's start with the headers that all of them bear; what a route has set stays."""
    if message["type"] != "http.response.start":
        return message
    headers = MutableHeaders(raw=_without_cors(message.get("headers", [])))
    for name, value in _HEADERS.items():
        headers.setdefault(name, value)
    is_page = headers.get("content-type", "").startswith(_NEVER_STORED)
    if is_page or path.startswith("/api/"):
        headers.setdefault("cache-control", "no-store")
    return {**message, "headers": headers.raw}


def _without_cors(headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """Nothing of the desk may be read by another site, whoever thinks it may."""
    return [pair for pair in headers if not pair[0].lower().startswith(b"access-control-")]
