"""Notebook: the cells of a candidate's notebook with what they put out, all of it written by somebody else."""

from __future__ import annotations

import json
from typing import Any

import nh3
from starlette.responses import HTMLResponse, Response

from assay.core.errors import IntegrityError, NothingFound
from assay.journal.history import Trial
from assay.report.facts import load_candidate
from assay.report.prose import clean
from assay.report.trials import EXECUTED
from assay.web.asked import whole
from assay.web.view import RunView

MOST_CELLS = 300
MOST_OUTPUTS = 20
"""Of one cell."""
MOST_SOURCE = 50_000
"""Characters of one cell."""
MOST_TEXT = 8_000
"""Characters of one output that is text."""
MOST_HTML = 2_000_000
"""Characters of one output that is HTML or a picture."""
MOST_BYTES = 40_000_000
"""Of a notebook that is opened at all."""
_TYPES = ("code", "markdown", "raw")


def cells_value(run: RunView, found: Trial) -> list[dict[str, Any]]:
    """Return the cells of a trial's notebook with their outputs as text; HTML is shown in a frame, by its place."""
    return [
        {
            "type": kind if (kind := cell.get("cell_type")) in _TYPES else "raw",
            "source": clean(_text(cell.get("source")), MOST_SOURCE),
            "outputs": [_output(one) for one in _outputs(cell)[:MOST_OUTPUTS]],
        }
        for cell in _cells(run, found)[:MOST_CELLS]
    ]


def notebook_output(run: RunView, rest: str, query: object) -> Response:
    """Return the HTML or the picture that a cell of a notebook made, for a frame without scripts.

    Of the HTML only what formats text and tables is left, and pictures that it carries within: a browser looks up the
    host of a frame within the frame before it asks the content policy, and a host's name can carry data away.

    Args:
        run: The run.
        rest: `trial/cell/output`, numbers from 0.
        query: Not used.

    Raises:
        NothingFound: There is no such output (E202).
    """
    parts = [whole(part) for part in rest.split("/")]
    trial = run.history.trials.get(parts[0]) if len(parts) == 3 and parts[0] is not None else None
    data = _data(run, trial, parts[1], parts[2]) if trial is not None else {}
    if "text/html" in data:
        return HTMLResponse(_harmless(_text(data["text/html"])[:MOST_HTML]))
    if "image/png" in data:
        encoded = "".join(
            c for c in _text(data["image/png"])[:MOST_HTML] if c.isascii() and (c.isalnum() or c in "+/=")
        )
        return HTMLResponse(f'<!doctype html><img alt="output of a cell" src="data:image/png;base64,{encoded}">')
    raise NothingFound("E202", f"there is no output {rest[:40]!r} of a notebook", fix="assay top")


def _harmless(html: str) -> str:
    return nh3.clean(
        html,
        tags=nh3.ALLOWED_TAGS - {"a", "area", "map"},
        attributes={"*": {"class", "title"}, "td": {"colspan", "rowspan"}, "th": {"colspan", "rowspan"},
                    "img": {"alt", "src", "width", "height"}},
        attribute_filter=lambda tag, name, value: value if name != "src" or value.startswith("data:image/") else None,
        url_schemes={"data"},
    )  # fmt: skip


def _data(run: RunView, trial: Trial, cell: int | None, output: int | None) -> dict[str, Any]:
    try:
        data = _outputs(_cells(run, trial)[cell])[output]["data"]  # type: ignore[index]
    except (LookupError, TypeError):
        return {}
    return data if isinstance(data, dict) else {}


def _cells(run: RunView, found: Trial) -> list[dict[str, Any]]:
    """Return the cells of the notebook as it came back from its last execution, or as it was written."""
    try:
        value = json.loads(_content(run, found))
    except (IntegrityError, ValueError, RecursionError):
        return []
    cells = value.get("cells") if isinstance(value, dict) else None
    return [cell for cell in cells if isinstance(cell, dict)] if isinstance(cells, list) else []


def _content(run: RunView, found: Trial) -> str:
    """Return the text of the notebook; empty where the trial has none, or one that is too large to be opened.

    Raises:
        IntegrityError: It is not what was stored (E403).
    """
    measured = (m.execution.outputs for m in run.history.measurements(found.number) if m.execution is not None)
    digests = [outputs[EXECUTED] for outputs in measured if EXECUTED in outputs]
    if digests:
        path = run.objects.path(digests[-1])
        small = path.is_file() and path.stat().st_size <= MOST_BYTES
        return run.objects.get(digests[-1]).decode("utf-8", "replace") if small else ""
    candidate = load_candidate(run.objects, found.candidate)
    return candidate.source if candidate is not None and candidate.entry.endswith(".ipynb") else ""


def _outputs(cell: dict[str, Any]) -> list[dict[str, Any]]:
    outputs = cell.get("outputs")
    return [one for one in outputs if isinstance(one, dict)] if isinstance(outputs, list) else []


def _output(one: dict[str, Any]) -> dict[str, Any]:
    data = one.get("data")
    shown: dict[str, Any] = data if isinstance(data, dict) else {}
    if one.get("output_type") == "error":
        return {"kind": "error", "text": clean(_text(one.get("traceback"), "\n"), MOST_TEXT)}
    if "text/html" in shown or "image/png" in shown:
        return {"kind": "frame"}
    return {"kind": "text", "text": clean(_text(one.get("text", shown.get("text/plain"))), MOST_TEXT)}


def _text(value: Any, glue: str = "") -> str:
    """Return a text of a notebook, which may be kept as its lines."""
    return glue.join(map(str, value)) if isinstance(value, list) else str(value or "")
