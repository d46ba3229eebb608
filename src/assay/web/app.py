"""App: the addresses of the dashboard. One page for people, one answer in JSON for each of its parts, one stream."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from anyio import to_thread
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from assay.core.errors import AssayError, NothingFound, UsageError
from assay.web.answers import Unbroken, error_answer, json_answer
from assay.web.asked import whole
from assay.web.gate import Gate
from assay.web.keys import Keys
from assay.web.library import Library
from assay.web.pages import Page, page_of
from assay.web.peer import OwnUser
from assay.web.runs import runs_data
from assay.web.steer import steer_run, tell_run
from assay.web.stream import stream_events
from assay.web.view import RunView

STATIC = Path(__file__).parent / "static"
MOST_BODY = 64_000
"""Bytes of a request; what a person tells a run is far shorter."""
MOST_STREAMS = 64
"""Pages that follow a run at a time: each looks at a journal twice a second."""
_COMPRESSED = Middleware(GZipMiddleware, minimum_size=20_000, compresslevel=1)
"""The first sight of a long run, which may come through a tunnel; what changes later is small."""
_NOT_ASKED = ("wait", "inline")
"""Of a page's query, what only a bundle may ask: it would keep the run from everybody else for seconds."""


@dataclass(kw_only=True)
class Dashboard:
    """What the answers share.

    Args:
        library: The runs.
        keys: Who may look and who may tell.
        cookie: Name of the cookie; has the port, since browsers do not tell the ports of a host apart.
    """

    library: Library
    keys: Keys = field(default_factory=Keys)
    cookie: str = "assay"
    own: Callable[[Scope], bool] = field(default_factory=OwnUser)
    """Tells whether a request comes from a process of our own user."""
    ended: threading.Event = field(default_factory=threading.Event)
    """Set when the server goes down: streams end."""


def make_app(dashboard: Dashboard) -> Starlette:
    """Return the dashboard as an ASGI application."""
    answers = _Answers(dashboard)
    return Starlette(
        routes=[
            Route("/", answers.shell),
            Route("/open", answers.open),
            Route("/api/runs", answers.runs),
            Route("/api/run/{run}/events", answers.events),
            Route("/api/run/{run}/tell", answers.tell, methods=["POST"]),
            Route("/api/run/{run}/steer", answers.steer, methods=["POST"]),
            Route("/api/run/{run}/{page}", answers.page),
            Route("/api/run/{run}/{page}/{rest:path}", answers.page),
            Route("/files/{run}/{page}/{rest:path}", answers.file),
            Mount("/static", StaticFiles(directory=STATIC)),
        ],
        middleware=[
            Middleware(Gate, keys=dashboard.keys, cookie=dashboard.cookie, own=dashboard.own),
            Middleware(Unbroken),
            _COMPRESSED,
        ],
        exception_handlers={AssayError: _coded},
    )


class _Answers:
    def __init__(self, dashboard: Dashboard) -> None:
        self._dashboard = dashboard
        self._library = dashboard.library
        self._streams = 0

    async def shell(self, request: Request) -> Response:
        return FileResponse(STATIC / "index.html", headers={"Cache-Control": "no-store"})

    async def open(self, request: Request) -> Response:
        """Let a browser in, then send it on.

        The answer is a page that goes on by itself and no redirect: where the link was followed from another site, the
        browser would not send a SameSite cookie along with a redirect.
        """
        run = request.query_params.get("run", "")
        token, known = request.query_params.get("token", ""), request.scope["state"]["session"]
        # Who only asks for the head, as a preview does, has not come in: the owner's link is not used up by it.
        owner = self._dashboard.keys.is_owner(token)
        wants = request.method == "GET" and (known is None or owner)
        allowed = wants and (not owner or self._dashboard.own(request.scope))
        secret = self._dashboard.keys.exchange(token) if allowed else None
        if secret is None and known is None:
            return HTMLResponse((STATIC / "closed.html").read_text(encoding="utf-8"), 403)
        page = (STATIC / "door.html").read_text(encoding="utf-8")
        answer = HTMLResponse(page.replace("#RUN", f"#/{_quoted(run)}" if run else ""))
        if secret is not None:
            answer.set_cookie(self._dashboard.cookie, secret, httponly=True, samesite="strict", path="/")
        return answer

    async def runs(self, request: Request) -> Response:
        data = await to_thread.run_sync(runs_data, self._library)
        return json_answer({"data": data, "write": _may_write(request)})

    async def page(self, request: Request) -> Response:
        return await to_thread.run_sync(self._page, request)

    def _page(self, request: Request) -> Response:
        page = page_of(request.path_params["page"])
        query = {**request.query_params, "rest": request.path_params.get("rest", "")}
        for name in _NOT_ASKED:
            query.pop(name, None)
        with self._library.reader(request.path_params["run"]).view() as run:
            data = page.data(run, query)
            return json_answer({"run": head_of(run), "data": data, "write": _may_write(request)})

    async def file(self, request: Request) -> Response:
        return await to_thread.run_sync(self._file, request)

    def _file(self, request: Request) -> Response:
        page = page_of(request.path_params["page"])
        if page.files is None:
            raise NothingFound("E201", f"the page {page.name!r} has no files")
        with self._library.reader(request.path_params["run"]).view() as run:
            return page.files(run, request.path_params["rest"], dict(request.query_params))

    async def events(self, request: Request) -> Response:
        name = request.path_params["run"]
        last = request.headers.get("last-event-id", "")
        seen = whole(last)
        since = seen + 1 if seen is not None else whole(request.query_params.get("after", "")) or 0
        if self._streams >= MOST_STREAMS:
            return PlainTextResponse("Too many pages are open already; close some.\n", 503)
        body = self._counted(stream_events(self._library, name, since, self._dashboard.ended.is_set))
        return StreamingResponse(body, media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})

    async def _counted(self, body: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        self._streams += 1
        try:
            async for chunk in body:
                yield chunk
        finally:
            self._streams -= 1

    async def tell(self, request: Request) -> Response:
        return await self._steered(request, tell_run)

    async def steer(self, request: Request) -> Response:
        return await self._steered(request, steer_run)

    async def _steered(self, request: Request, act: Callable[[Path, Any], dict[str, Any]]) -> Response:
        if (whole(request.headers.get("content-length", "")) or MOST_BODY + 1) > MOST_BODY:
            raise UsageError("E002", f"more than {MOST_BODY:,} bytes were sent; a message is shorter")
        try:
            value = await request.json()
        except (ValueError, RecursionError):
            raise UsageError("E002", "the message could not be read; nothing was told") from None
        return await to_thread.run_sync(self._act, request.path_params["run"], value, act)

    def _act(self, name: str, value: Any, act: Callable[[Path, Any], dict[str, Any]]) -> Response:
        folder = self._library.reader(name).folder
        done = act(folder, value)
        return json_answer({**done, "run": name})


def head_of(run: RunView) -> dict[str, Any]:
    """Return what every page shows of a run: its name, how it is doing, and up to which event this was read."""
    return {
        "name": run.name,
        "at": run.events,
        "mark": run.mark,
        "now": run.now,
        "life": run.liveness.life.value,
        "live": run.holder is not None,
        "reason": run.liveness.reason,
        "fix": run.liveness.fix,
        "task": run.summary.task,
        "strategy": run.summary.strategy,
    }


def _quoted(name: str) -> str:
    from urllib.parse import quote

    return quote(name, safe="")


def _may_write(request: Request) -> bool:
    session = request.scope["state"]["session"]
    return bool(session is not None and session.write)


async def _coded(request: Request, error: Exception) -> Response:
    if not isinstance(error, AssayError):  # what Starlette promises and its types do not say
        raise error
    return error_answer(error)


__all__ = ["Dashboard", "Page", "head_of", "make_app"]
