"""Analysis: what a run of notebooks showed: every solution against its baseline, and the facts a report may use."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from assay.core.metric import Metric
from assay.engine.arms import Arm, ArmResult, results
from assay.journal.history import History
from assay.strategies.notebook.record import (
    BaseRecord,
    IterationRecord,
    RoundRecord,
    base_of,
    iterations_of,
    rounds_of,
    source_of,
)

LOCKED = "locked baseline"
"""Name of what every round of a review is compared with."""
AS_IT_CAME = "the notebook as it came"
"""Name of the notebook under review where the baseline inside it is what is locked."""
ALPHA = 0.05
"""Adjusted p under which a gain counts as beyond chance."""


@dataclass(frozen=True, kw_only=True)
class Analysis:
    """Every solution of a run with what its scores show, and sentences on it; all made by code."""

    title: str
    strategy: str
    """What the best solution that is no baseline was to do."""
    metric: str
    higher_is_better: bool
    results: tuple[ArmResult, ...]
    winner: str
    """Name of the best arm by its mean score over all folds; empty where nothing has a score."""
    facts: tuple[str, ...]
    reported: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    """What notebooks without a graded score say of themselves, by iteration or round; it takes no part in anything."""
    verdict: str = ""
    """Of a review: what the best round is against the locked baseline, and against the notebook as it came."""


def analyse(history: History) -> Analysis:
    """Return what a run showed so far."""
    iterations, base, rounds = iterations_of(history), base_of(history), rounds_of(history)
    found = results([*_iteration_arms(history, iterations), *_review_arms(history, base, rounds)], history.metric)
    best = _winner(found, history.metric)
    told = _winner([result for result in found if not result.baseline], history.metric) or best
    record = next((one for one in iterations if told is not None and one.trial == told.trial), None)
    source = source_of(history)
    change = next((one for one in rounds if told is not None and one.trial == told.trial), None)
    strategy = record.strategy if record else (change.strategy if change else (source.strategy if source else ""))
    return Analysis(
        title=told.name if told else "nothing with a score",
        strategy=strategy or "The strategy is not known: the notebook was handed over.",
        metric=history.metric.name,
        higher_is_better=history.metric.higher_is_better,
        results=found,
        winner=best.name if best else "",
        facts=(*_facts(found, history.metric), *_failures(iterations, rounds)),
        reported={
            **{f"iteration {one.number}": one.reported for one in iterations if one.reported},
            **{f"round {one.number}": one.reported for one in rounds if one.reported},
        },
        verdict=_verdict(history, base, rounds, found),
    )


def number(value: float) -> str:
    """Return a number as facts and tables show it: five significant digits."""
    return f"{value:.5g}"


def spread(result: ArmResult) -> str:
    """Return the mean `±` its standard error, the mean alone where there is no spread, or `none`."""
    if result.mean is None:
        return "none"
    if result.deviation is None:
        return number(result.mean)
    return f"{number(result.mean)} ± {result.deviation / math.sqrt(len(result.scores)):.2g}"


def p_words(p: float) -> str:
    """Return a p-value as text."""
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def _iteration_arms(history: History, records: Sequence[IterationRecord]) -> list[Arm]:
    arms = []
    for record in records:
        trial = history.trials.get(record.trial) if record.trial is not None else None
        if record.baseline:
            arms.append(
                Arm(name=f"baseline of iteration {record.number}", scores=record.baseline, against={}, baseline=True)
            )
        if trial is not None and trial.scores:
            name = f"iteration {record.number}: {record.title}"
            arms.append(Arm(name=name, scores=trial.scores, against=record.baseline, trial=trial.number))
    return arms


def _review_arms(history: History, base: BaseRecord | None, rounds: Sequence[RoundRecord]) -> list[Arm]:
    if base is None:
        return []
    own = None if base.inner else base.trial
    arms = [Arm(name=LOCKED, scores=base.scores, against={}, trial=own, baseline=True)]
    if base.inner:
        came = history.trials[base.trial].scores
        arms.append(Arm(name=AS_IT_CAME, scores=came, against=base.scores, trial=base.trial))
    for record in rounds:
        trial = history.trials.get(record.trial) if record.trial is not None else None
        if trial is not None and trial.scores:
            name = f"round {record.number}: {record.title}"
            arms.append(Arm(name=name, scores=trial.scores, against=base.scores, trial=trial.number))
    return arms


def _winner(found: Sequence[ArmResult], metric: Metric) -> ArmResult | None:
    """Return the best arm; one that was compared with no baseline of its own wins only where no other was either."""
    compared = [one for one in found if one.baseline or one.gain is not None]
    return _best(compared if any(not one.baseline for one in compared) else found, metric)


def _verdict(
    history: History, base: BaseRecord | None, rounds: Sequence[RoundRecord], found: Sequence[ArmResult]
) -> str:
    """Return in words what a paired comparison says of the best round."""
    tried = [one.trial for one in rounds]
    best = _best([one for one in found if one.trial in tried], history.metric)
    if base is None or best is None:
        return ""
    said = f"{best.name} against the locked baseline: {_judged(best)}."
    if base.inner:
        came = history.trials[base.trial].scores
        arms = [
            Arm(name=one.name, scores=one.scores, against=came, trial=one.trial) for one in found if one.trial in tried
        ]
        over = next(one for one in results(arms, history.metric) if one.trial == best.trial)
        said += f" Against {AS_IT_CAME}: {_judged(over)}."
    return said


def _judged(result: ArmResult) -> str:
    if result.gain is None:
        return "nothing to compare"
    better = result.gain > 0
    if result.adjusted_p is None:
        word = "better, and no test can say how sure that is" if better else "not better"
    elif better and result.adjusted_p < ALPHA:
        word = "better beyond chance"
    else:
        word = "better, and it may be chance" if better else "not better"
    return f"{word} (gain {result.gain:+.5g}; {_test_words(result)})"


def _best(found: Sequence[ArmResult], metric: Metric) -> ArmResult | None:
    """Return the best arm among those with the most folds, baselines included."""
    most = max((len(result.scores) for result in found), default=0)
    whole = [result for result in found if result.scores and len(result.scores) == most]
    return metric.ranked(whole, lambda result: result.mean)[0] if whole else None


def _facts(found: Sequence[ArmResult], metric: Metric) -> list[str]:
    better = "higher" if metric.higher_is_better else "lower"
    facts = [f"{metric.name}, {better} is better, graded by the engine on labels that no cell could see."]
    for result in found:
        folds = f"{len(result.scores)} fold{'s' if len(result.scores) != 1 else ''}"
        facts.append(f"{result.name}: {spread(result)} over {folds}.")
        if result.gain is not None:
            percent = f" ({result.gain_percent:+.2f} %)" if result.gain_percent is not None else ""
            facts.append(f"{result.name}: gain over its baseline {result.gain:+.5g}{percent}; {_test_words(result)}.")
    return facts


def _test_words(result: ArmResult) -> str:
    if result.p_value is None or result.adjusted_p is None or result.low is None or result.high is None:
        return f"no test: {result.undefined}"
    return (
        f"95 % interval {result.low:+.4g} to {result.high:+.4g}, p {p_words(result.p_value)}, "
        f"adjusted for the number compared {p_words(result.adjusted_p)}"
    )


def _failures(iterations: Sequence[IterationRecord], rounds: Sequence[RoundRecord]) -> list[str]:
    told = [
        f"iteration {one.number} ended as {one.status}: {one.problem}.{_reported(one)}"
        for one in iterations
        if one.problem
    ]
    told += [
        f"round {one.number} ended as {one.verdict}: {one.problem}.{_reported(one)}" for one in rounds if one.problem
    ]
    return told


def _reported(record: IterationRecord | RoundRecord) -> str:
    """Return what a notebook without a graded score says of itself, as a sentence; empty where it says nothing."""
    said = ", ".join(f"{name} {number(value)}" for name, value in list(record.reported.items())[:5])
    return f" It reports of itself, graded by nobody and ranked nowhere: {said}." if said else ""
