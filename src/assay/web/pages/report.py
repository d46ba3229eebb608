"""Report: the report as it would be now, in a frame without scripts; of code tasks, the summary that is handed off."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from starlette.responses import HTMLResponse, PlainTextResponse, Response

from assay.journal.file import FileJournal
from assay.journal.history import History
from assay.journal.objects import ObjectStore
from assay.report.prose import clean
from assay.strategies.known import LAB, TASKS
from assay.web.pages.files import raw_file
from assay.web.slow_answers import look
from assay.web.view import RunView

_LAST = "report"


def report(run: RunView, query: Mapping[str, str]) -> dict[str, Any]:
    """Return whether the report is made, and as of which event.

    A run that goes on has it made again when somebody asks, since the plots take a second or two; one that has ended
    whenever its journal is another than that of the last report.

    Args:
        run: The run.
        query: `anew=1`: make it again; `wait=1`: return only when it is there; `inline=1`: with the page itself.
    """
    live = run.holder is not None
    head = {"live": live, "finished": run.history.finished is not None, "events": run.events}
    if run.summary.strategy == TASKS:
        return {**head, "kind": "text", "state": "done", "text": _handoff(run.history)}
    if run.summary.strategy == LAB and "lab/config" not in run.history.notes:
        return {**head, "kind": "none", "state": "none"}
    at = run.cache.get(_LAST)
    if not isinstance(at, int) or (at != run.events and (not live or "anew" in query)):
        at = run.events
        run.cache[_LAST] = at
    found = look(run.cache, f"{_LAST} {at}", lambda: _page(run.folder, final=not live), wait="wait" in query)
    told = {**head, "kind": "page", "state": found["state"], "why": found.get("why", ""), "at": at}
    if "inline" in query and found["state"] == "done":
        told["html"] = found["value"]
    return told


def report_file(run: RunView, rest: str, query: Mapping[str, str]) -> Response:
    """Return the report itself, or a file of the run folder that it links to."""
    if rest:
        return raw_file(run, rest, query)
    at = run.cache.get(_LAST, run.events)
    found = look(run.cache, f"{_LAST} {at}", lambda: _page(run.folder, final=run.holder is None))
    if found["state"] == "done":
        return HTMLResponse(found["value"])
    # The run is held while a page is made: whoever waited here would keep everybody else waiting too.
    return PlainTextResponse(found.get("why", "The report is being made. Load this page again in a moment."), 503)


def _page(folder: Path, *, final: bool) -> str:
    """Read the journal anew, since the run goes on meanwhile, and return the report."""
    from assay.report.write import report_page

    history = History(FileJournal(folder / "events.jsonl").read())
    return report_page(history, ObjectStore(folder / "objects"), final=final)


def _handoff(history: History) -> str:
    from assay.strategies.code_tasks.handoff_text import summary_text
    from assay.strategies.code_tasks.record import read_queue_of

    return clean(summary_text(history), 200_000) if read_queue_of(history) is not None else "The queue is not read yet."
