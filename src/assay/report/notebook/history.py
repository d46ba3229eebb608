"""The history of a review: every round with its critique, what it changed, its three scores and its verdict."""

from __future__ import annotations

from collections.abc import Sequence

from assay.journal.history import History
from assay.operators.prompt_text import fenced
from assay.report.prose import clean, clean_line
from assay.strategies.notebook.analysis import number
from assay.strategies.notebook.record import STOPPED, BaseRecord, RoundRecord, source_of


def optimization_history(history: History, base: BaseRecord, rounds: Sequence[RoundRecord], verdict: str = "") -> str:
    """Return the history as Markdown.

    Args:
        history: The journal.
        base: The notebook under review.
        rounds: The finished rounds, in order.
        verdict: What the paired comparison says of the best round.
    """
    source, stopped = source_of(history), history.notes.get(STOPPED)
    better = "higher" if history.metric.higher_is_better else "lower"
    lines = [
        "# Optimization history",
        "",
        f"From {clean_line(source.origin if source else 'a notebook', 200)}. The locked baseline is "
        f"{'the one inside ' if base.inner else ''}trial #{base.trial} with {number(base.score)} {history.metric.name} "
        f"({better} is better); every gain is against it, whatever a later notebook says of a baseline."
        + (f" The notebook itself came with {_score(history.trials[base.trial].score)}." if base.inner else ""),
        "",
    ]
    if verdict:
        lines += [f"**Verdict.** {clean_line(verdict, 1_000)}", ""]
    for record in rounds:
        lines += _round(record, base, history.metric.name)
    if isinstance(stopped, dict):
        lines += [f"Stopped by: {clean_line(str(stopped.get('reason', '')), 300)}."]
    return "\n".join(lines).rstrip() + "\n"


def _round(record: RoundRecord, base: BaseRecord, metric: str) -> list[str]:
    head = f"## Round {record.number}: {record.verdict}"
    title = f" · {clean_line(record.title, 100)}" if record.title else ""
    made = f"trial #{record.trial}, " if record.trial is not None else ""
    lines = [
        head + title,
        "",
        f"- Scores ({metric}): locked baseline {number(base.score)}, notebook before {_score(record.base_score)}, "
        f"candidate {_score(record.score)}; gain over the baseline {_gain(record.delta)}",
        f"- Decision: {record.decision or 'none'}, focus {clean_line(record.focus or 'none', 60)}",
        f"- From trial #{record.base}; {made}the next round starts from trial #{record.next}",
    ]
    if record.problem:
        lines.append(f"- What went wrong: {clean_line(record.problem, 400)}")
    lines += [f"- Refused: {clean_line(why, 400)}" for why in record.refused]
    lines.append(f"- Diagnosis that it was told: {clean_line(record.diagnosis, 600)}")
    for name, text in (("Reflection", record.reflection), ("Critique", record.critique), ("Strategy", record.strategy)):
        if text:
            lines += ["", f"**{name}.** {clean_line(text, 3_000)}"]
    if record.diff:
        lines += ["", fenced(clean(record.diff), "diff")]
    return [*lines, ""]


def _score(value: float | None) -> str:
    return "none" if value is None else number(value)


def _gain(value: float | None) -> str:
    return "none" if value is None else f"{value:+.5g}"
