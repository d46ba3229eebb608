"""Answers: JSON that every browser can read, and errors as cards instead of tracebacks."""

from __future__ import annotations

import json
import logging
import math
from typing import Any

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from assay.core.errors import AssayError, NothingFound

logger = logging.getLogger(__name__)


def json_answer(value: Any, status: int = 200) -> Response:
    """Return `value` as JSON; numbers that JSON has no word for become null."""
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    except ValueError:
        text = json.dumps(_finite(value), ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return Response(text.encode("utf-8", "replace"), status, media_type="application/json")


def error_answer(error: AssayError) -> Response:
    """Return a coded error: what happened, what is kept, what to do."""
    return json_answer({"error": error.as_dict()}, 404 if isinstance(error, NothingFound) else 409)


class Unbroken:
    """Answers with a coded error where `app` broke off, and tells the terminal in one line.

    Starlette would pass the error on to the server, which prints all of a traceback for each request.

    Args:
        app: What answers.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        begun = False

        async def sending(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(scope, receive, sending)
        except Exception as error:
            logger.warning("%.200r could not be answered: %s", scope.get("path", ""), type(error).__name__)
            logger.debug("it broke off here", exc_info=error)
            if begun:
                raise
            said = f"this part could not be shown: unexpected {type(error).__name__}"
            told = AssayError("E900", said, kept="the run itself", fix="assay report")
            await json_answer({"error": told.as_dict()}, 500)(scope, receive, send)


def _finite(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(item) for item in value]
    return value
