"""Panel: the few lines below the table that say what a run is doing now. Pure text, no terminal."""

from __future__ import annotations

from decimal import Decimal

from assay.cli.display.phases import layout_known, placed, where
from assay.cli.display.queues import done_words, is_queue, task_words
from assay.cli.display.table import spark
from assay.cli.output import one_line
from assay.engine.pulse import Pulse
from assay.journal.summary import Row, Summary
from assay.report.formatting import (
    format_count,
    format_duration,
    format_money,
    format_percent,
    format_score,
    format_spread,
)
from assay.report.liveness import describe
from assay.report.rows import row_decimals, verdict_words

MOST_LINES = 8
_MOST_ACTIVITIES = 3
_MOST_PLACES = 2


def panel_lines(summary: Summary, pulse: Pulse | None, *, now: float, width: int, stopping: bool = False) -> list[str]:
    """Return at most 8 lines of at most `width` characters.

    Args:
        summary: The journal at a glance.
        pulse: The last heartbeat, if there is one.
        now: Seconds since the epoch.
        width: Columns of the terminal.
        stopping: Whether an end was asked for.
    """
    title = f"── {summary.run or 'starting'} "
    phase = f" {summary.phase} ──" if summary.phase else "──"
    lines = [title + "─" * max(0, width - len(title) - len(phase)) + phase]
    lines.append(" best  " + best_words(summary))
    lines += where_lines(summary, width)
    lines += now_lines(summary, pulse, now, most=min(_MOST_ACTIVITIES, MOST_LINES - len(lines) - 2))
    lines.append(" used  " + used_words(summary, now))
    lines.append(
        " saving …  ^C again stops at once"
        if stopping
        else ' ^C save and stop · elsewhere: assay status · assay tell "…" · assay stop'
    )
    return [one_line_kept(line, width) for line in lines[:MOST_LINES]]


def best_words(summary: Summary) -> str:
    """Return the best trial with its distance from the baseline, or that there is none yet."""
    best, baseline = summary.best, summary.baseline
    if is_queue(summary):
        return f"{done_words(summary)} of {task_words(summary)} so far; tasks have no score"
    if best is None or best.score is None:
        return "no valid score yet"
    others = [row.score for row in summary.leaders[1:2]]
    words = f"#{best.number} {score_words(best, others)}"
    layout = layout_known(summary)
    if layout is not None and (place := layout.briefly(best.key, best.operator)):
        words += f" · {place}"
    change = change_words(summary, baseline)
    if change:
        words += f" · {change}"
    curve = spark([score for _, score in summary.curve])
    return "   ".join(part for part in (words, curve, f"{summary.scored} scored") if part)


def score_words(row: Row, others: list[float | None] | None = None) -> str:
    """Return `0.1317 ±0.0037 real 5/5`."""
    decimals = row_decimals(row, others[0] if others else None)
    spread = format_spread(row.std_error, decimals=decimals).replace(" ", "")
    verdict = verdict_words(row) if row.verdict is not None else ""
    return " ".join(part for part in (format_score(row.score, decimals=decimals), spread, verdict) if part)


def change_words(summary: Summary, baseline: Row | None) -> str:
    """Return by how much the best differs from `baseline`, better or worse said in words."""
    best, metric = summary.best, summary.metric
    if best is None or baseline is None or metric is None or best.number == baseline.number:
        return ""
    if best.score is None or baseline.score is None or baseline.score == 0:
        return ""
    share = metric.gain(best.score, baseline.score) / abs(baseline.score)
    if share == 0:
        return "equal to the baseline"
    return f"{format_percent(abs(share))} {'better' if share > 0 else 'worse'} than the baseline"


def now_lines(summary: Summary, pulse: Pulse | None, now: float, *, most: int = _MOST_ACTIVITIES) -> list[str]:
    """Return what is under way, in at most `most` lines."""
    if summary.finished is not None:
        return [f" now   finished · stopped by: {summary.finished.stopped_by}"]
    activities = pulse.activities if pulse is not None else ()
    if summary.paused_since is not None:
        since = format_duration(max(0.0, now - summary.paused_since))
        ending = [f"       ends first: {describe(a, pulse, now)}" for a in activities[: most - 1]] if pulse else []
        return [f" now   paused for {since}, nothing new is started · go on: assay continue", *ending]
    if pulse is None or not activities:
        return [" now   …"]
    shown = [describe(a, pulse, now) + _title(summary, a.trial) for a in activities[:most]]
    more = len(activities) - len(shown)
    if more:
        shown[-1] += f" · and {more} more"
    return [(" now   " if index == 0 else "       ") + text for index, text in enumerate(shown)]


def where_lines(summary: Summary, width: int) -> list[str]:
    """Return where each path of the strategy is, in two lines at most; nothing for a strategy without phases."""
    places = where(summary)
    line = " where " + " · ".join(places)
    if len(places) < _MOST_PLACES or len(line) <= width:
        return [line] if places else []
    more = len(places) - _MOST_PLACES
    shown = [f" where {places[0]}", f"       {places[1]}"]
    return [*shown[:-1], f"{shown[-1]} · and {more} more"] if more else shown


def used_words(summary: Summary, now: float) -> str:
    """Return time, money, tokens and trials against their limits, and what was rejected or failed."""
    limits, spent = summary.limits, summary.spent
    running = summary.wall_s + (max(0.0, now - summary.time) if summary.finished is None and summary.events else 0.0)
    parts = [_of(format_duration(running), format_duration(limits.wall_s) if limits.wall_s is not None else "")]
    parts += [money] if (money := spent_words(summary)) else []
    if summary.usage.requests or limits.tokens is not None:
        parts.append(_of(f"{spent.tokens:,}", f"{limits.tokens:,}" if limits.tokens is not None else "") + " tokens")
    parts.append(bounded_trials(summary) if limits.trials is not None else trial_words(summary))
    for state in ("rejected", "failed"):
        if summary.states.get(state):
            parts.append(f"{summary.states[state]} {state}")
    return " · ".join(parts)


def bounded_trials(summary: Summary) -> str:
    """Return `12 of 12 trials, 4 variants`: an ablation study counts as one of them, and the blend as none."""
    limit = summary.limits.trials
    bounded = _of(f"{summary.proposals:,}", format_count(limit, "trial") if limit is not None else "")
    return bounded + _variants(summary)


def trial_words(summary: Summary) -> str:
    """Return `11 trials, 4 variants`: the variants of ablation studies take no part in the search."""
    if is_queue(summary):
        return task_words(summary)
    return format_count(summary.counted, "trial") + _variants(summary)


def _variants(summary: Summary) -> str:
    return f", {format_count(summary.variants, 'variant')}" if summary.variants else ""


def spent_words(summary: Summary) -> str:
    """Return `$0.19 of $8.00`: the money so far and its cap; empty where nobody was paid and nothing is capped."""
    cap = summary.limits.cost_usd
    if not summary.usage.requests and cap is None:
        return ""
    money = money_words(summary) if summary.usage.requests else format_money(Decimal(0))
    return _of(money, format_money(cap) if cap is not None else "")


def money_words(summary: Summary) -> str:
    """Return what the model's answers cost, as it stands in a line without a heading."""
    words = format_money(summary.usage.cost_usd, summary.usage.unpriced)
    return "cost unknown" if words == "unknown" else words


def one_line_kept(line: str, width: int) -> str:
    """Return `line` cut to `width`, its leading spaces kept."""
    lead = len(line) - len(line.lstrip(" "))
    body = line[lead:]
    return line[:lead] + (body if len(line) <= width else body[: max(0, width - lead - 1)] + "…")


def _of(used: str, limit: str) -> str:
    return f"{used} of {limit}" if limit else used


def _title(summary: Summary, trial: int | None) -> str:
    row = summary.row(trial) if trial is not None else None
    return f" · {one_line(placed(row, layout_known(summary)).title, 50)}" if row is not None and row.title else ""
