"""Plots of a lab: how the best score rose over its experiments, and what single changes are worth."""

from __future__ import annotations

from collections.abc import Sequence

from assay.core.metric import Metric
from assay.models.roles import Experiment
from assay.report.canvas import ACCENT, BAD, FAINT, GOOD, as_svg, axes_of, entitle, escaped, remark, sideways
from assay.report.lab.singles import Single
from assay.report.plots import MOST_BARS
from assay.report.prose import clean_line

COURSE, CHANGES = "lab-course", "lab-changes"


def draw_course(rows: Sequence[Experiment], metric: Metric, default: int | None) -> str | None:
    """Return the scores in the order of the experiments with the best so far, as SVG; None for fewer than two scores.

    Args:
        rows: In the order of their numbers.
        metric: Knows which way is better.
        default: Number of the default experiment, drawn as a line.
    """
    scored = [(one.number, one.score) for one in rows if one.score is not None]
    if len(scored) < 2:
        return None
    from matplotlib.ticker import MaxNLocator

    figure, axes = axes_of(3.2)
    best: list[float] = []
    for _, score in scored:
        best.append(score if not best or metric.gain(score, best[-1]) > 0 else best[-1])
    numbers = [number for number, _ in scored]
    axes.step([*numbers, numbers[-1] + 0.6], [*best, best[-1]], where="post", color=ACCENT, linewidth=1.6)
    new = [index for index, value in enumerate(best) if index == 0 or value != best[index - 1]]
    old = [index for index in range(len(scored)) if index not in new]
    axes.plot([numbers[i] for i in old], [scored[i][1] for i in old], "o", markersize=4.5, color=FAINT)
    axes.plot([numbers[i] for i in new], [scored[i][1] for i in new], "o", markersize=5.5, color=GOOD)
    reference = dict(scored).get(default) if default is not None else None
    if reference is not None:
        axes.axhline(reference, color=FAINT, linewidth=0.9, linestyle=(0, (4, 3)))
    failed = [one.number for one in rows if one.score is None and one.state != "running"]
    if failed:
        low = axes.get_ylim()[0]
        axes.plot(failed, [low] * len(failed), "x", markersize=5, color=BAD, clip_on=False)
    axes.set_xlabel("experiment")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    entitle(figure, f"{metric.name} as reported, {metric.direction} is better")
    remark(figure, "line: best so far; green: a new best; dashed: the default" + ("; red: no score" if failed else ""))
    return as_svg(figure, COURSE)


def draw_changes(found: Sequence[Single], metric: Metric) -> str | None:
    """Return bars of what single changes of the default are worth, as SVG; None where there is none."""
    if not found:
        return None
    shown = found if len(found) <= MOST_BARS else (*found[: MOST_BARS // 2], *found[-MOST_BARS // 2 :])
    figure, axes = axes_of(0.9 + 0.3 * len(shown))
    axes.axvline(0, color=FAINT, linewidth=0.9)
    places = [len(shown) - index for index in range(len(shown))]
    for place, one in zip(places, shown, strict=True):
        axes.barh(place, one.effect, height=0.42, color=GOOD if one.effect > 0 else BAD, alpha=0.75, linewidth=0)
    labels = [escaped(clean_line(f"#{one.number} {one.what} {one.value}", 38)) for one in shown]
    axes.set_yticks(places, labels)
    axes.set_ylim(0.4, len(shown) + 0.6)
    entitle(figure, f"What single changes of the default are worth in {metric.name}")
    remark(figure, "right is better; means over the runs of each, chance not taken off")
    return as_svg(sideways(figure, axes), CHANGES)
