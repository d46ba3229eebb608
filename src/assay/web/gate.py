"""Gate: every request passes here first. It knows hosts, origins, cookies, and the headers of every answer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from assay.web.keys import Keys

HOSTS = frozenset({"127.0.0.1", "localhost", "::1"})
"""Names of this machine. Any port is allowed: a tunnel may end at another one than ours."""
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; frame-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
FRAMED = (
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'self'"
)
"""For what candidates and models wrote as HTML: no script, no request, shown in a frame of ours only."""
_OPEN = ("/open", "/static/")
"""Paths that need no session: the door, and scripts and styles that hold nothing of a run."""
_CLOSED = Path(__file__).parent / "static" / "closed.html"
_READS = frozenset({"GET", "HEAD"})


class Gate:
    """Lets a request through to `app` if it comes from a browser that was let in, and names this machine as its host.

    A foreign page cannot read: its requests carry no cookie (SameSite) and a foreign `Sec-Fetch-Site`. A foreign name
    that resolves to this machine (DNS rebinding) is refused by the `Host` header. What changes something must come
    from a page of the very origin that it is sent to.

    Args:
        app: What answers.
        keys: Who may enter.
        cookie: Name of the cookie.
        own: Tells whether a request comes from a process of our own user: the owner's browser is one.
    """

    def __init__(self, app: ASGIApp, *, keys: Keys, cookie: str, own: Callable[[Scope], bool]) -> None:
        self._app = app
        self._keys = keys
        self._cookie = cookie
        self._own = own

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
            return
        connection = HTTPConnection(scope)
        refusal = self._refusal(connection, scope["method"])
        answer: Callable[..., Awaitable[Any]] = refusal if refusal is not None else self._app
        await answer(scope, receive, _with_headers(send, scope["path"]))

    def _refusal(self, connection: HTTPConnection, method: str) -> Response | None:
        host = connection.headers.get("host", "")
        if _name_of(host) not in HOSTS:
            return PlainTextResponse("This dashboard answers to 127.0.0.1 and localhost only.\n", 421)
        if connection.headers.get("sec-fetch-site", "none") not in ("same-origin", "none") and not _is_door(connection):
            return PlainTextResponse("Another page asked for this; it is not given.\n", 403)
        if method not in _READS and connection.headers.get("origin") != f"{connection.url.scheme}://{host}":
            return PlainTextResponse("Only a page of this dashboard may change something.\n", 403)
        session = self._keys.session(connection.cookies.get(self._cookie, ""))
        if session is not None and session.write and not self._own(connection.scope):
            session = None
        connection.scope.setdefault("state", {})["session"] = session
        path = connection.url.path
        if session is None and path == "/":
            return HTMLResponse(_CLOSED.read_text(encoding="utf-8"), 403)
        if session is None and not path.startswith(_OPEN):
            return PlainTextResponse(
                "This dashboard opens with the link that `assay ui` printed. It was opened without, or that "
                "process has ended since: start `assay ui` again.\n",
                403,
            )
        if method not in _READS and (session is None or not session.write):
            return PlainTextResponse("This browser may look, and not change anything.\n", 403)
        return None


def _is_door(connection: HTTPConnection) -> bool:
    """Return whether a person follows a link to the door or to the page, from wherever it was shown."""
    navigates = connection.headers.get("sec-fetch-mode") == "navigate"
    return navigates and connection.url.path in ("/open", "/")


def _name_of(host: str) -> str:
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def _with_headers(send: Send, path: str) -> Send:
    framed = path.startswith("/files/")

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            headers["Content-Security-Policy"] = FRAMED if framed else POLICY
            headers["X-Content-Type-Options"] = "nosniff"
            headers["X-Frame-Options"] = "SAMEORIGIN" if framed else "DENY"
            headers["Referrer-Policy"] = "no-referrer"
            headers["Cross-Origin-Resource-Policy"] = "same-origin"
            headers["Cross-Origin-Opener-Policy"] = "same-origin"
            headers.setdefault("Cache-Control", "no-store")
        await send(message)

    return sending
