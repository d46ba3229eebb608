"""Judging: the verdict module applied to the trials of a run: races, fresh-seed runs, verdicts and the noise floor."""

from __future__ import annotations

import statistics
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from assay.core.candidate import Candidate
from assay.core.codec import decode, encode
from assay.core.trial import Verdict
from assay.core.view import ViewKey, is_rehearsal
from assay.engine.budget import Budget
from assay.engine.endings import INTERRUPT, Ending
from assay.engine.measure import Measurer
from assay.engine.noise import RESEEDS
from assay.engine.parts import Parts
from assay.engine.pause import Pause
from assay.engine.plan import Plan
from assay.engine.verdict import (
    UNMEASURED,
    Comparison,
    Judgement,
    NoiseFloor,
    SearchErrors,
    can_still_win,
    compare,
    judge,
    measure_noise,
    needs_more,
    shrunk_score,
    worth_confirming,
)
from assay.journal import events as ev
from assay.journal.history import History, Measurement, Trial

NOISE_SHARE = 0.1
"""Largest share of the run's time that reseeding the baseline may be expected to take."""
CONFIRM_SHARE = 0.2
"""Largest share of the run's time for everything on fresh partitions, the reseeds included."""


class Judge:
    """Races and judges trials.

    Args:
        parts: What the run is put together from.
        measurer: Runs candidates on fresh partitions.
        budget: Says what such runs may cost.
        reseeds: Fresh partitions that the noise is measured on at most; with fewer than two there is no floor.
    """

    def __init__(self, parts: Parts, measurer: Measurer, budget: Budget, *, reseeds: int = RESEEDS) -> None:
        self._parts = parts
        self._measurer = measurer
        self._budget = budget
        self._pause = Pause(parts, budget)
        self._most_reseeds = reseeds

    def lost(self, scores: Mapping[str, float], history: History) -> str:
        """Return why a candidate with these fold scores can no longer be the best, or empty if it still can."""
        best = history.best
        if best is None:
            return ""
        folds = len(self._parts.views.fold_keys())
        gains = compare(scores, best.scores, history.metric).gains
        if not gains:
            return ""
        decision = can_still_win(gains, folds=folds, noise=noise_floor(history))
        return "" if decision.yes else decision.reason

    def judge(self, trial: Trial, candidate: Candidate, scores: Mapping[str, float], plan: Plan) -> ev.Judged:
        """Return what the scores show against the best of the plan's history, confirmed on fresh partitions.

        Raises:
            Ending: The run was interrupted during a confirmation, to be resumed.
        """
        history, best = plan.history, plan.history.best
        if best is None:
            return _nothing_to_beat(trial)
        noise, errors = noise_floor(history), self._errors(plan)
        search = compare(scores, best.scores, history.metric)
        complete = search.folds == len(self._parts.views.fold_keys())
        fresh: list[Comparison] = []
        if complete and worth_confirming(search, noise):
            incumbent = self._parts.objects.candidate(best.candidate)
            while needs_more(search, fresh, noise, errors) and self._affordable(trial, best, len(fresh) + 1):
                try:
                    one = self._fresh(trial, candidate, best, incumbent, len(fresh) + 1)
                except Ending as ending:
                    # The search folds are scored: a confirmation that time cut off must not lose them.
                    if ending.stopped_by == INTERRUPT:
                        raise
                    break
                if one is None:
                    break
                fresh.append(one)
        return _judged(trial, best, judge(search, fresh, noise, errors))

    def compare(self, trial: Trial, scores: Mapping[str, float], history: History) -> ev.Judged:
        """Return what the scores show against the best of `history`, without any further run."""
        best = history.best
        if best is None:
            return _nothing_to_beat(trial)
        search = compare(scores, best.scores, history.metric)
        errors = SearchErrors(tried=_tried(history) + 1)
        return _judged(trial, best, judge(search, [], noise_floor(history), errors))

    def measure_noise(self, trial: Trial, candidate: Candidate, step: int | None) -> None:
        """Run the baseline on fresh partitions, as far as that is affordable, and journal the noise floor.

        Raises:
            Ending: The run was stopped meanwhile.
        """
        if self._parts.log.read(lambda history: history.noise) is not None:
            return
        seeds = self._reseeds(trial)
        workers = max(1, self._budget.limits.workers)
        with ThreadPoolExecutor(workers, thread_name_prefix="reseed") as pool:
            found = list(pool.map(lambda seed: self._partition(trial, candidate, seed), seeds))
        runs = [dict(trial.scores), *(scores for scores in found if scores is not None)]
        floor = measure_noise(runs)
        self._parts.log.add(ev.NoiseMeasured(floor=floor.floor, reseeds=len(runs) - 1, values=encode(floor), step=step))

    def shrunk(self, winner: Trial, history: History) -> float | None:
        """Return the winner's search score with the optimism of the best of many taken out."""
        if winner.score is None:
            return None
        folds = len(self._parts.views.fold_keys())
        scores = [t.score for t in history.trials.values() if t.ranks and t.folds == folds and t.score is not None]
        fresh = self.fresh_means(winner, history)
        return shrunk_score(winner.score, scores, noise_floor(history), fresh=fresh).score

    def fresh_means(self, winner: Trial, history: History) -> list[float]:
        """Return the winner's mean score on each fresh partition that it was run on, in their order."""
        code = self._parts.objects.candidate(winner.candidate).digest
        means = []
        for seed in range(1, RESEEDS + 3):
            known = [history.measurement(code, key.name, seed) for key in self._parts.views.fold_keys(seed)]
            values = [m.score.value for m in known if m is not None and m.score is not None]
            if len(values) < len(known):
                break
            means.append(statistics.fmean(values))
        return means

    # --- fresh partitions ----------------------------------------------------------------------------------------

    def _fresh(
        self, trial: Trial, candidate: Candidate, best: Trial, incumbent: Candidate, seed: int
    ) -> Comparison | None:
        """Return candidate against incumbent on one fresh partition, or None if either could not be scored there."""
        mine = self._partition(trial, candidate, seed)
        theirs = self._partition(best, incumbent, seed) if mine is not None else None
        if mine is None or theirs is None:
            return None
        return compare(mine, theirs, self._parts.task.metric)

    def _partition(self, trial: Trial, candidate: Candidate, seed: int) -> dict[str, float] | None:
        keys = self._parts.views.fold_keys(seed)
        found = self._measurer.measure_all([partial(self._measure, trial, candidate, key, seed) for key in keys])
        scores = {key.name: m.score.value for key, m in zip(keys, found, strict=True) if m.score is not None}
        return scores if len(scores) == len(keys) else None

    def _measure(self, trial: Trial, candidate: Candidate, key: ViewKey, seed: int) -> Measurement:
        self._pause.hold()
        self._budget.check()
        return self._measurer.measure(
            trial=trial.number,
            attempt=max(1, trial.attempts),
            candidate=candidate,
            key=key,
            seed=seed,
            wall_s=self._budget.search_s,
        )

    def _reseeds(self, trial: Trial) -> list[int]:
        """Return the fresh partitions on which the baseline can be run within the share of the time for the noise."""
        folds = len(self._parts.views.fold_keys())
        return [s for s in range(1, self._most_reseeds + 1) if self._within(NOISE_SHARE, trial.wall_s * folds * s)]

    def _affordable(self, trial: Trial, best: Trial, seed: int) -> bool:
        """Return whether one more fresh partition fits in the share of the time that confirmations may take."""
        folds = len(self._parts.views.fold_keys())
        code = self._parts.objects.candidate(best.candidate).digest
        first = self._parts.views.fold_keys(seed)[0].name
        known = self._parts.log.read(lambda history: history.measurement(code, first, seed))
        walls = self._parts.log.read(
            lambda h: [
                m.execution.wall_s
                for m in h.measurements(trial.number)
                if m.execution is not None and not is_rehearsal(m.view)
            ]
        )
        mine = statistics.fmean(walls) if walls else 0.0
        return self._within(CONFIRM_SHARE, folds * (mine + (0.0 if known else best.wall_s)))

    def _within(self, share: float, seconds: float) -> bool:
        """Return whether `seconds` more on fresh partitions keep their part of the run below `share`."""
        wall = self._budget.limits.wall_s
        if wall is None:
            return True
        used = self._parts.log.read(
            lambda h: sum(m.execution.wall_s for m in h.all_measurements() if m.seed and m.execution)
        )
        return used + seconds <= share * wall * max(1, self._budget.limits.workers)

    def _errors(self, plan: Plan) -> SearchErrors:
        """Return what the plan's lane has confirmed so far; steps side by side are in different lanes."""
        lanes = plan.lanes
        own = self._parts.log.read(lambda history: [t for t in history.trials.values() if t.step == plan.step])
        trials = {**plan.history.trials, **{t.number: t for t in own}}
        lane = [
            t.judgement
            for t in sorted(trials.values(), key=lambda t: (t.step or 0, t.number))
            if t.step is not None and t.step % lanes == plan.slot and t.judgement and t.judgement.confirmed is not None
        ]
        streak = 0
        while streak < len(lane) and lane[-1 - streak].verdict is Verdict.REAL:
            streak += 1
        return SearchErrors(
            confirmations_so_far=len(lane), tried=_tried(plan.history) + 1, streak=streak, lane=plan.slot, lanes=lanes
        )


def noise_floor(history: History) -> NoiseFloor:
    """Return the noise floor that the history knows, or the record that says it was not measured."""
    return decode(NoiseFloor, history.noise.values) if history.noise is not None else UNMEASURED


def _tried(history: History) -> int:
    return sum(1 for t in history.trials.values() if t.counts and t.scores)


def _nothing_to_beat(trial: Trial) -> ev.Judged:
    return ev.Judged(trial=trial.number, verdict=Verdict.MAYBE, reasons=("there was no scored trial to beat",))


def _judged(trial: Trial, best: Trial, judgement: Judgement) -> ev.Judged:
    return ev.Judged(
        trial=trial.number,
        verdict=judgement.verdict,
        against=best.number,
        effect=judgement.effect,
        low=judgement.low,
        high=judgement.high,
        p_value=judgement.p_value,
        adjusted_p=judgement.adjusted_p,
        same_sign=judgement.same_sign,
        folds=judgement.folds,
        confirmed=judgement.confirmed,
        reasons=judgement.reasons,
    )
