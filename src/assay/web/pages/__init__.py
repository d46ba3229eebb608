"""Pages: what each part of the dashboard shows of a run, as plain values."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from assay.core.errors import NothingFound
from assay.web.notebook import notebook_output
from assay.web.pages.agents import agents
from assay.web.pages.compare import compare
from assay.web.pages.cost import cost
from assay.web.pages.data import data
from assay.web.pages.files import files, raw_file
from assay.web.pages.overview import overview
from assay.web.pages.report import report, report_file
from assay.web.pages.tree import tree
from assay.web.pages.trial import trial
from assay.web.pages.trials import trials
from assay.web.view import RunView

Query = Mapping[str, str]


@dataclass(frozen=True)
class Page:
    """One part of the dashboard."""

    name: str
    """In addresses; the client renders it with `static/pages/<name>.js`."""
    data: Callable[[RunView, Query], dict[str, Any]]
    """Gives what it shows. `rest` in the query is what follows the page's name in the address."""
    files: Callable[[RunView, str, Query], Response] | None = None
    """Gives a file for a frame without scripts."""


PAGES = (
    Page("overview", overview),
    Page("tree", tree),
    Page("trials", trials),
    Page("trial", trial, files=notebook_output),
    Page("compare", compare),
    Page("data", data),
    Page("cost", cost),
    Page("agents", agents),
    Page("files", files, files=raw_file),
    Page("report", report, files=report_file),
)


def page_of(name: str) -> Page:
    """Return the page of this name.

    Raises:
        NothingFound: There is none (E201).
    """
    for page in PAGES:
        if page.name == name:
            return page
    raise NothingFound("E201", f"the dashboard has no page {name!r}")
