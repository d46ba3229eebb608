"""Table: finished trials as lines of fixed columns, for the live view and for `top`."""

from __future__ import annotations

from collections.abc import Sequence

from assay.cli.output import Output, one_line
from assay.core.metric import Metric
from assay.core.trial import TrialState, Verdict
from assay.journal.summary import Row
from assay.report.formatting import MISSING, format_duration, format_gain, format_score
from assay.report.rows import SCORE_WIDTH, row_decimals, verdict_words

_SCORE, _VERDICT = SCORE_WIDTH, 10

HEADER = f"{'#':>3}  {'score':>{_SCORE}}  {'±se':>7}  {'vs best':>9}  {'verdict':<{_VERDICT}}  {'time':>6}  idea"

_STYLES = {
    Verdict.REAL: ("bold", "green"),
    Verdict.MAYBE: ("yellow",),
    Verdict.NOISE: ("dim",),
    Verdict.BASELINE: ("cyan",),
    Verdict.REJECTED: ("bold", "red"),
}


def trial_line(output: Output, row: Row, metric: Metric, best: Row | None, *, width: int) -> str:
    """Return one finished trial as a line.

    Args:
        output: Chooses colour.
        row: The trial.
        metric: Its direction gives gains their sign.
        best: The best before this trial; None when there was none.
        width: Columns of the terminal.
    """
    rival = best.score if best is not None and best.number != row.number else None
    decimals = row_decimals(row, rival)
    gain = metric.gain(row.score, rival) if row.score is not None and rival is not None else None
    spread = "" if row.std_error is None else f"{row.std_error:.{decimals}f}"
    words = verdict_words(row)
    style = ("red",) if row.state is TrialState.FAILED else _STYLES.get(row.verdict or Verdict.NOISE, ())
    if row.state is TrialState.REJECTED:
        style = _STYLES[Verdict.REJECTED]
    head = (
        f"{row.number:>3}  {format_score(row.score, decimals=decimals):>{_SCORE}}  {spread or MISSING:>7}  "
        f"{format_gain(gain, decimals=decimals):>9}  "
    )
    tail = f"  {format_duration(row.wall_s or None):>6}  "
    room = max(12, width - len(head) - max(_VERDICT, len(words)) - len(tail) - 1)
    return head + output.paint(f"{words:<{_VERDICT}}", *style) + tail + one_line(_idea(row), room)


def spark(values: Sequence[float], width: int = 12) -> str:
    """Return the last `width` values as a row of bars, the largest the highest."""
    bars = "▁▂▃▄▅▆▇█"
    shown = list(values)[-width:]
    if len(shown) < 2:
        return ""
    low, high = min(shown), max(shown)
    span = (high - low) or 1.0
    return "".join(bars[round((v - low) / span * (len(bars) - 1))] for v in shown)


def _idea(row: Row) -> str:
    if row.state in (TrialState.FAILED, TrialState.REJECTED) and row.reason:
        return f"{row.reason} ({row.title})"
    fixes = row.attempts - 1
    repaired = f" ({fixes} {'fix' if fixes == 1 else 'fixes'})" if fixes > 0 else ""
    return f"{row.title}{repaired}"
