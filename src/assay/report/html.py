"""Renders a report as one HTML file that needs nothing else: no script, no request, no font, no image file."""

from __future__ import annotations

import html
from collections.abc import Mapping
from importlib.resources import files
from typing import Any

from assay.report.canvas import themed
from assay.report.document import Document
from assay.report.ledger import Ledger
from assay.report.provenance import evidence_rows


def render_html(document: Document, ledger: Ledger, plots: Mapping[str, str], *, made: str = "") -> str:
    """Return the report as a page.

    All text is escaped where it is placed; only the plots and the style sheet, which Assay made, go in as they are.

    Args:
        document: The report.
        ledger: The evidence that its numbers link to.
        plots: SVG by name.
        made: A line on when the report's journal ended.
    """
    import jinja2
    from markupsafe import Markup

    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("assay.report"), autoescape=True, undefined=jinja2.StrictUndefined
    )
    environment.globals.update(
        kind_of=lambda part: type(part).__name__, hover=lambda name: _hover(ledger, name), coloured=_coloured
    )
    css = (files("assay.report") / "templates" / "page.css").read_text(encoding="utf-8")
    text: str = environment.get_template("page.html.j2").render(
        document=document,
        plots={name: Markup(themed(svg)) for name, svg in plots.items()},  # drawn by us, its text escaped
        css=Markup(css),
        evidence=evidence_rows(document, ledger),
        made=made,
    )
    return text + "\n"


def _hover(ledger: Ledger, name: str) -> str:
    number = ledger[name]
    trial = f" · trial {number.trial}" if number.trial is not None else ""
    views = f" · {', '.join(number.views)}" if number.views else ""
    return f"{number.value} {number.unit}".strip() + f" · {number.source}{trial}{views}"


def _coloured(diff: str) -> Any:
    from markupsafe import Markup

    lines = []
    for line in diff.splitlines():
        kind = {"+": "add", "-": "del", "@": "at"}.get(line[:1], "")
        text = html.escape(line)
        lines.append(f'<span class="{kind}">{text}</span>' if kind else text)
    return Markup("\n".join(lines))
