"""Answers: JSON that every browser can read, and errors as cards instead of tracebacks."""

from __future__ import annotations

import json
import math
from typing import Any

from starlette.responses import Response

from assay.core.errors import AssayError, NothingFound


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


def _finite(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(item) for item in value]
    return value
