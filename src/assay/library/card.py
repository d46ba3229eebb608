"""Card: how a run goes, in one place of a notebook that is kept up to date, or line by line elsewhere."""

from __future__ import annotations

import html
import sys
from importlib import import_module
from typing import Any

from assay.library.client import Answer
from assay.report.formatting import MISSING, format_count, format_duration, format_score
from assay.report.prose import clean_line

_ROWS = 12
_HEAD = ("#", "score", "verdict", "time", "idea")


class Card:
    """Shows the lines that a run writes.

    Args:
        show: Whether anything is shown.
    """

    def __init__(self, *, show: bool = True) -> None:
        self._show = show
        self._trials: list[Answer] = []
        self._launch: Answer = {}
        self._done: Answer = {}
        self._handle: Any = None

    def take(self, line: Answer) -> None:
        """Show one more line."""
        event = line.get("event")
        if event == "launch":
            self._launch = line
        elif event == "trial":
            self._trials.append(line)
        elif event == "done":
            self._done = line
        if not self._show:
            return
        if _in_notebook():
            self._draw()
        else:
            self._print(line)

    def markup(self) -> str:
        """Return the card as HTML. Titles are a candidate's own words, so everything is escaped."""
        rows = "".join(f"<tr>{''.join(map(_cell, trial_words(trial)))}</tr>" for trial in self._trials[-_ROWS:])
        head = "".join(f'<th style="text-align:left">{name}</th>' for name in _HEAD)
        left = len(self._trials) - _ROWS
        more = f"<p>and {left} before these</p>" if left > 0 else ""
        return f"<p>{html.escape(self.headline())}</p><table><tr>{head}</tr>{rows}</table>{more}"

    def headline(self) -> str:
        """Return where the run is, in a sentence."""
        name = self._launch.get("run") or self._done.get("run") or "assay"
        if not self._done:
            return f"{name} · running · {format_count(len(self._trials), 'trial')} done"
        return f"{name} · {ending_words(self._done)}"

    def _draw(self) -> None:
        screen: Any = import_module("IPython.display")
        shown = screen.HTML(self.markup())
        if self._handle is None:
            self._handle = screen.display(shown, display_id=True)
        else:
            self._handle.update(shown)

    def _print(self, line: Answer) -> None:
        event = line.get("event")
        if event == "launch":
            sys.stdout.write(f"{line['run']} started: {line['folder']}\n")
        elif event == "trial":
            sys.stdout.write("  ".join(trial_words(line)) + "\n")
        elif event == "done":
            sys.stdout.write(self.headline() + "\n")
        sys.stdout.flush()


def trial_words(trial: Answer) -> tuple[str, ...]:
    """Return a finished trial as the cells of its row."""
    score, error, verdict = trial["score"], trial["std_error"], trial["verdict"] or trial["state"]
    folds = f" {trial['better_folds']}/{trial['judged_folds']}" if trial["judged_folds"] else ""
    return (
        f"#{trial['trial']}",
        MISSING if score is None else format_score(score, error),
        f"{verdict}{folds}",
        format_duration(trial["wall_s"]),
        clean_line(str(trial["title"]))[:80],
    )


def ending_words(done: Answer) -> str:
    """Return how a run ended: its best, what that is worth, and the sealed score."""
    best, sealed = done["best"], done["sealed"]
    if best is None:
        return f"stopped by {done['stopped_by']} · no trial has a valid score"
    words = f"stopped by {done['stopped_by']} · best #{best['trial']} {format_score(best['score'], best['std_error'])}"
    if not done["real_gain"]:
        words += " · nothing beat the baseline for sure"
    return words if sealed is None else f"{words} · sealed {format_score(sealed['value'], sealed['std_error'])}"


def _cell(text: str) -> str:
    return f'<td style="text-align:left">{html.escape(text)}</td>'


def _in_notebook() -> bool:
    """Return whether output goes to a notebook, which can redraw what it shows."""
    if "IPython" not in sys.modules:
        return False
    from IPython import get_ipython

    shell = get_ipython()
    return shell is not None and type(shell).__name__ != "TerminalInteractiveShell"
