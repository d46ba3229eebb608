"""The gallery on the site: each report as it stands in `gallery/`, and a page for each trial that it links to."""

from __future__ import annotations

import html
import json
import re
import shutil
from pathlib import Path

from markdown_it import MarkdownIt
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name

GALLERY = Path(__file__).parents[1] / "gallery"
TRIAL_LINK = re.compile(r'(href=")trials/([^"/]+)/"')
SHOWN = (("diff.patch", "What was changed", "diff"), ("solution.py", "The code", "python"))
NOTEBOOK = "solution.ipynb"
STYLE = """\
:root { color-scheme: light dark }
body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem; font: 16px/1.5 system-ui, sans-serif }
pre { overflow-x: auto; padding: 1rem; border: 1px solid #8884; font-size: 14px; line-height: 1.4 }
"""


def place(docs: Path) -> None:
    """Write `gallery/NAME.html` and `gallery/NAME/TRIAL.html` below `docs` for every run of the gallery.

    What stood in `docs/gallery` before is removed.
    """
    target = docs / "gallery"
    shutil.rmtree(target, ignore_errors=True)
    for report in sorted(GALLERY.glob("*/report.html")):
        run = report.parent
        (target / run.name).mkdir(parents=True)
        (target / f"{run.name}.html").write_text(report_page(run), encoding="utf-8")
        for trial in sorted((run / "trials").iterdir()):
            (target / run.name / f"{trial.name}.html").write_text(trial_page(trial), encoding="utf-8")


def report_page(run: Path) -> str:
    """Return a run's report with its links to folders of trials leading to their pages."""
    return TRIAL_LINK.sub(rf'\1{run.name}/\2.html"', (run / "report.html").read_text(encoding="utf-8"))


def trial_page(trial: Path) -> str:
    """Return a page with a trial's plan and state, what was changed, and its code."""
    plan = (trial / "plan.md").read_text(encoding="utf-8")
    title = html.escape(plan.splitlines()[0].removeprefix("# "))
    run = trial.parents[1].name
    body = [f'<p><a href="../{run}.html">The report</a></p>', MarkdownIt("commonmark", {"html": False}).render(plan)]
    for name, heading, language in SHOWN:
        if (trial / name).is_file():
            body.append(_code(heading, (trial / name).read_text(encoding="utf-8"), language))
    if (trial / NOTEBOOK).is_file():
        body.append(_code("The notebook", _cells(trial / NOTEBOOK), "python"))
    dark = HtmlFormatter(style="github-dark").get_style_defs(".code")
    style = f"{STYLE}{HtmlFormatter().get_style_defs('.code')}\n@media (prefers-color-scheme: dark) {{\n{dark}\n}}"
    head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{title}</title>'
    return f'<!doctype html>\n<html lang="en">\n{head}\n<style>\n{style}\n</style>\n{"".join(body)}</html>\n'


def _code(heading: str, text: str, language: str) -> str:
    shown = highlight(text, get_lexer_by_name(language), HtmlFormatter(cssclass="code"))
    return f"<h2>{heading}</h2>\n{shown}"


def _cells(notebook: Path) -> str:
    """Return the cells of a notebook as a percent script."""
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    return "\n\n".join(_cell(cell["cell_type"], "".join(cell["source"])) for cell in cells) + "\n"


def _cell(kind: str, source: str) -> str:
    if kind == "code":
        return f"# %%\n{source}"
    return "# %% [markdown]\n" + "\n".join(f"# {line}".rstrip() for line in source.splitlines())
