"""Plots of a run as SVG and PNG."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from assay.core.trial import Verdict
from assay.journal.history import Trial
from assay.report.elsewhere_numbers import Noted, most_noted
from assay.report.facts import Facts
from assay.report.formatting import format_duration
from assay.report.paired import Paired
from assay.report.prose import clean_line
from assay.report.times import activities

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
from assay.report.canvas import (
    ACCENT,
    BAD,
    FAINT,
    GOOD,
    INK,
    as_png,
    as_svg,
    axes_of,
    empty,
    entitle,
    escaped,
    interval,
    label,
    remark,
    sideways,
    thousands,
)

MOST_BARS = 14
MOST_LABELS = 8


def draw_plots(facts: Facts) -> dict[str, str]:
    """Return the plots that this run has something to show in, by name, as SVG text in colours for a light page."""
    return {name: as_svg(figure, name) for name, figure in _figures(facts).items()}


def draw_progress_png(facts: Facts) -> bytes:
    """Return the plot of score over time as PNG; of an empty run, a plot that says so."""
    figure = _progress(facts) if facts.ranking else empty("nothing scored yet")
    return as_png(figure)


def _figures(facts: Facts) -> dict[str, Figure]:
    drawn: dict[str, Figure] = {}
    if len(facts.ranking) > 1:
        drawn["progress"] = _progress(facts)
    winner, baseline = facts.winner, facts.baseline
    paired = facts.paired(winner, baseline) if winner is not None and baseline is not None else None
    if paired is not None:
        drawn["paired"] = _paired(facts, paired)
    if facts.sealed is not None:
        drawn["sealed"] = _sealed(facts)
    if (compared := most_noted(facts)) is not None:
        drawn["elsewhere"] = _elsewhere(facts, compared)
    if facts.ablated and any(pair is not None for _, pair in facts.ablations(facts.ablated[0])):
        drawn["ablation"] = _ablation(facts)
    if activities(facts):
        drawn["time"] = _time(facts)
    return drawn


def _progress(facts: Facts) -> Figure:
    figure, axes = axes_of(3.5)
    unit, scale = _time_unit(facts)
    place: Callable[[Trial], float] = lambda trial: trial.finished_s / scale  # noqa: E731 - handed on below
    shown = in_view(facts)
    xs = [place(trial) for trial, _ in facts.curve]
    last = max([*xs, facts.history.wall_s / scale])
    steps = [(place(trial), best.score or 0.0, best.std_error or 0.0) for trial, best in facts.curve]
    left = [x for x, _, _ in steps] + [last]
    best = [y for _, y, _ in steps] + [steps[-1][1]]
    error = [e for _, _, e in steps] + [steps[-1][2]]
    low, high = [b - e for b, e in zip(best, error, strict=True)], [b + e for b, e in zip(best, error, strict=True)]
    axes.fill_between(left, low, high, step="post", color=ACCENT, alpha=0.13, linewidth=0)
    axes.step(left, best, where="post", color=ACCENT, linewidth=1.6)
    _marks(axes, facts, place, shown)
    if facts.baseline is not None and facts.baseline.score is not None:
        axes.axhline(facts.baseline.score, color=FAINT, linewidth=0.9, linestyle=(0, (4, 3)))
        axes.annotate(
            "baseline", (1.0, facts.baseline.score), xycoords=("axes fraction", "data"), xytext=(-2, 3),
            textcoords="offset points", ha="right", va="bottom", fontsize=8.5, color=FAINT,
        )  # fmt: skip
    axes.set_ylim(*shown)
    thousands(axes.yaxis)
    axes.set_xlim(left=0, right=last * 1.03 or 1)
    axes.set_xlabel(f"{unit} of running" if facts.history.resumes else unit)
    entitle(figure, f"{facts.metric.name}, {facts.metric.direction} is better")
    remark(figure, _progress_note(facts, shown))
    return figure


def _marks(axes: Axes, facts: Facts, place: Callable[[Trial], float], shown: tuple[float, float]) -> None:
    """Mark every scored trial in view, and name those whose gain is real."""
    dots: dict[Verdict | None, list[tuple[float, float]]] = {}
    for trial, _ in facts.curve:
        y = trial.score or 0.0
        if shown[0] <= y <= shown[1]:
            kept = trial.verdict if trial.verdict in (Verdict.REAL, Verdict.MAYBE) else None
            dots.setdefault(kept, []).append((place(trial), y))
    small = 3.6 if len(facts.curve) < 150 else 2.0
    for verdict, size, colour in ((None, small, FAINT), (Verdict.MAYBE, 5.5, ACCENT), (Verdict.REAL, 5.5, GOOD)):
        points = dots.get(verdict, [])
        axes.plot([x for x, _ in points], [y for _, y in points], "o", markersize=size, color=colour)
    real = [trial for trial, _ in facts.curve if trial.verdict is Verdict.REAL]
    for trial in real[-MOST_LABELS:]:
        above = facts.metric.higher_is_better
        label(axes, place(trial), trial.score or 0.0, f"#{trial.number}", GOOD, above=above)


def _paired(facts: Facts, paired: Paired) -> Figure:
    names = [_view_label(view) for view in paired.views] + ["mean"]
    figure, axes = axes_of(0.9 + 0.27 * len(names))
    places = [len(paired.views) - i + 0.5 for i in range(len(paired.views))]
    axes.axvline(0, color=FAINT, linewidth=0.9)
    floor = facts.history.noise.floor if facts.history.noise else None
    if floor:
        axes.axvspan(-floor, floor, color=FAINT, alpha=0.13, linewidth=0)
    for y, gain in zip(places, paired.gains, strict=True):
        axes.plot([0, gain], [y, y], color=GOOD if gain > 0 else BAD, linewidth=1.4, solid_capstyle="round")
        axes.plot(gain, y, marker="o", markersize=5, color=GOOD if gain > 0 else BAD, linestyle="none")
    interval(axes, paired.mean, 0.3, paired.low, paired.high, ACCENT)
    axes.set_yticks([*places, 0.3], names)
    axes.set_ylim(-0.4, len(names) + 0.1)
    entitle(figure, f"Gain of #{paired.trial} over #{paired.against} in {facts.metric.name}, right is better")
    remark(figure, "bar on the mean: 95 % interval" + ("; shaded: noise floor" if floor else ""))
    return sideways(figure, axes)


def _sealed(facts: Facts) -> Figure:
    winner = facts.winner
    rows: list[tuple[str, float, float | None, float | None, str]] = []
    if winner is not None and winner.score is not None:
        error = winner.std_error
        low, high = (None, None) if error is None else (winner.score - 1.96 * error, winner.score + 1.96 * error)
        rows.append((f"#{winner.number}, search folds", winner.score, low, high, FAINT))
    end = facts.history.finished
    if end is not None and end.shrunk_score is not None and (winner is None or end.shrunk_score != winner.score):
        rows.append(("corrected for best of many", end.shrunk_score, None, None, FAINT))
    if winner is not None and facts.sealed is not None:
        score = facts.sealed
        rows.append((f"#{winner.number}, sealed holdout", score.value, score.low, score.high, ACCENT))
    if facts.baseline is not None and facts.baseline.score is not None and facts.baseline is not winner:
        rows.append((f"#{facts.baseline.number}, baseline, search folds", facts.baseline.score, None, None, FAINT))
    figure, axes = axes_of(0.9 + 0.3 * len(rows))
    for index, (_, value, low, high, colour) in enumerate(rows):
        interval(axes, value, len(rows) - index, low, high, colour)
    axes.set_yticks([len(rows) - i for i in range(len(rows))], [row[0] for row in rows])
    axes.set_ylim(0.4, len(rows) + 0.6)
    entitle(figure, f"{facts.metric.name}, {facts.metric.direction} is better")
    remark(figure, "bars: 95 % intervals, over folds for the search and over rows for the sealed holdout")
    return sideways(figure, axes)


def _elsewhere(facts: Facts, compared: list[Noted]) -> Figure:
    figure, axes = axes_of(3.4)
    here = [noted.trial.score or 0.0 for noted in compared]
    there = [noted.score for noted in compared]
    errors = [noted.trial.std_error or 0.0 for noted in compared]
    axes.errorbar(here, there, xerr=errors, fmt="o", color=ACCENT, ecolor=FAINT, elinewidth=1.0, markersize=5.5)
    for noted, x, y in zip(compared, here, there, strict=True):
        axes.annotate(
            f"#{noted.trial.number}", (x, y), xytext=(5, 4), textcoords="offset points", fontsize=8.5, color=INK
        )
    low, high = max(axes.get_xlim()[0], axes.get_ylim()[0]), min(axes.get_xlim()[1], axes.get_ylim()[1])
    if low < high:
        axes.plot([low, high], [low, high], color=FAINT, linewidth=0.9, linestyle=(0, (4, 3)))
    axes.set_xlabel("search score")
    axes.set_ylabel("elsewhere", color=FAINT, fontsize=9)
    entitle(figure, f"{facts.metric.name} of the search and elsewhere, {facts.metric.direction} is better")
    remark(figure, "bars: standard error over the search folds" + ("; line: both are equal" if low < high else ""))
    return figure


def _ablation(facts: Facts) -> Figure:
    whole = facts.ablated[0]
    found = [(variant, pair) for variant, pair in facts.ablations(whole) if pair is not None]
    found = sorted(found, key=lambda item: item[1].mean, reverse=True)[:MOST_BARS]
    figure, axes = axes_of(0.9 + 0.34 * len(found))
    axes.axvline(0, color=FAINT, linewidth=0.9)
    for index, (_, pair) in enumerate(found):
        y = len(found) - index
        axes.barh(y, pair.mean, height=0.42, color=GOOD if pair.mean > 0 else BAD, alpha=0.75, linewidth=0)
        if pair.low is not None and pair.high is not None:
            axes.plot([pair.low, pair.high], [y, y], color=INK, linewidth=1.1, solid_capstyle="butt")
    labels = [escaped(clean_line(variant.title, 34)) for variant, _ in found]
    axes.set_yticks([len(found) - i for i in range(len(found))], labels)
    axes.set_ylim(0.4, len(found) + 0.6)
    entitle(figure, f"What each part of #{whole.number} is worth in {facts.metric.name}")
    remark(figure, "bars: paired gain of the whole over the script without the part; lines: 95 % intervals")
    return sideways(figure, axes)


def _time(facts: Facts) -> Figure:
    spent = activities(facts)
    figure, axes = axes_of(0.6 + 0.3 * len(spent))
    longest = max(a.seconds for a in spent) or 1.0
    for index, activity in enumerate(spent):
        y = len(spent) - index
        axes.barh(y, activity.seconds, height=0.42, color=ACCENT, alpha=0.75, linewidth=0)
        axes.annotate(
            format_duration(activity.seconds), (activity.seconds, y), xytext=(5, 0), textcoords="offset points",
            va="center", fontsize=9, color=INK,
        )  # fmt: skip
    axes.set_yticks([len(spent) - i for i in range(len(spent))], [a.title for a in spent])
    axes.set_ylim(0.4, len(spent) + 0.6)
    axes.set_xlim(0, longest * 1.15)
    axes.set_xticks([])
    entitle(figure, "Where the time went, summed over what ran side by side")
    return sideways(figure, axes)


def in_view(facts: Facts) -> tuple[float, float]:
    """Return the limits of the score axis: from the baseline to the best, scores far worse than that cut off."""
    tried = facts.metric.ranked((t for t in facts.ranking if t.verdict is not Verdict.BASELINE), lambda t: t.score)
    scores = [t.score for t in tried if t.score is not None]
    anchors = [facts.ranking[0].score or 0.0]
    anchors += [facts.baseline.score] if facts.baseline is not None and facts.baseline.score is not None else []
    anchors += scores[: max(1, 3 * len(scores) // 4)]
    errors = [t.std_error or 0.0 for t in facts.ranking[:1]]
    low, high = min(anchors) - errors[0], max(anchors) + errors[0]
    margin = 0.12 * (high - low) or 0.05 * abs(high) or 1.0
    return low - margin, high + margin


def _progress_note(facts: Facts, shown: tuple[float, float]) -> str:
    hidden = sum(1 for t in facts.ranking if t.score is not None and not shown[0] <= t.score <= shown[1])
    unscored = len(facts.unranked)
    parts = ["line: best so far, band: ± its standard error", "green: real, blue: maybe"]
    parts += [f"{hidden} scored far off"] if hidden else []
    parts += [f"{unscored} without a score"] if unscored else []
    return "; ".join(parts)


def _time_unit(facts: Facts) -> tuple[str, float]:
    whole = facts.history.wall_s
    for unit, seconds in (("hours", 3600.0), ("minutes", 60.0)):
        if whole > 2 * seconds:
            return unit, seconds
    return "seconds", 1.0


def _view_label(view: str) -> str:
    return clean_line(view, 24).replace("-", " ")
