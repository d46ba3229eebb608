"""Gate: what is checked of the winner once its submission is written. A failure marks the result and takes nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from assay.core.codec import decode
from assay.core.errors import AssayError
from assay.core.reference import code_of
from assay.core.trial import Verdict
from assay.core.validation import FAILED, Check, Standing
from assay.core.view import Twist
from assay.engine.blending import is_constant
from assay.engine.budget import Budget
from assay.engine.gate_findings import (
    FEWEST_SEEDS,
    Finding,
    Shuffle,
    judge_gap,
    judge_repeat,
    judge_seeds,
    judge_shuffles,
    turns_wanted,
)
from assay.engine.gate_likeness import judge_likeness, shown_examples
from assay.engine.gate_runs import GateRuns, Untold
from assay.engine.judging import Judge
from assay.engine.measure import Measurer
from assay.engine.parts import Parts
from assay.engine.prediction_files import differences
from assay.grading import Blend
from assay.journal import events as ev
from assay.journal.history import EVERYTHING, History, Measurement, Trial

OTHER_SEEDS = (1, 2)
"""Told to the script beside the seed that the search told it."""


class Gate:
    """Checks the winner on search folds; the sealed rows have no part in it, nor has the real test file.

    Of a blend, the heaviest member is checked, which the events say: its members were scored apart, and a mix is not
    trained. What it runs are no trials: nothing of it ranks.

    Args:
        parts: What the run is put together from.
        measurer: Runs candidates.
        judge: Knows what the winner scored on fresh partitions.
        budget: Says how much time there is.
    """

    def __init__(self, parts: Parts, measurer: Measurer, judge: Judge, budget: Budget) -> None:
        self._parts = parts
        self._measurer = measurer
        self._judge = judge
        self._budget = budget

    def work(self, winner: Trial) -> None:
        """Make the checks that the journal does not know, in order of value, and journal each.

        One that was skipped is tried again, as a resumed run has more time. A stop ends it without a word, so that a
        resumption can do the rest.
        """
        history = self._parts.log.pinned(EVERYTHING)
        members = _members(winner, history)
        trial = members[0]
        checks = _Checks(self._parts, self._measurer, self._judge, self._budget, members, history)
        for check in Check:
            if check is Check.PUBLISHED and not self._parts.references:
                continue
            known = history.validations.get((trial.number, check))
            if known is None or known.verdict is Standing.SKIPPED:
                found = self._find(checks, check)
                if self._parts.activities.stopped:
                    return
                event = ev.Validated(
                    winner=winner.number,
                    trial=trial.number,
                    check=check,
                    verdict=found.verdict,
                    detail=found.detail,
                    numbers=found.numbers,
                    views=found.views,
                )
            else:
                event = known if known.winner == winner.number else _for(known, winner)
            if event != known:
                self._parts.log.add(event)
            self._mark(event)

    def _find(self, checks: _Checks, check: Check) -> Finding:
        try:
            return checks.make(check)
        except Untold as why:
            return Finding(verdict=Standing.SKIPPED, detail=str(why))
        except AssayError as error:  # the submission is written: nothing that fails here may take the result away
            return Finding(verdict=Standing.SKIPPED, detail=f"{error.code}: {error.message}")

    def _mark(self, event: ev.Validated) -> None:
        if event.verdict is not Standing.FAILED:
            return
        text = f"the winner #{event.winner} fails a check ({event.check.words}): {_whose(event)}{event.detail}"
        self._parts.log.remark_once(FAILED, text)


class _Checks:
    """The checks of one trial: the winner, or the heaviest member of a blend, which comes first of its members."""

    def __init__(
        self, parts: Parts, measurer: Measurer, judge: Judge, budget: Budget, members: Sequence[Trial], history: History
    ) -> None:
        trial = members[0]
        self._parts = parts
        self._judge = judge
        self._at_once = min(2, measurer.at_once)
        self._trial = trial
        self._members = members
        self._history = history
        constants = history.ranking(lambda t: is_constant(t) and t.operator != "blend")
        self._is_constant = is_constant(trial)
        self._constant = constants[0] if constants else None
        self._runs = GateRuns(parts, measurer, budget, trial, self._constant)
        self._floor = history.noise.floor if history.noise is not None else None
        self._makers: Mapping[Check, Callable[[], Finding]] = {
            Check.LINT: self._lint,
            Check.PUBLISHED: self._published,
            Check.SHUFFLED: self._shuffled,
            Check.REPEAT: self._repeat,
            Check.SEEDS: self._seeds,
            Check.GAP: self._gap,
        }

    def make(self, check: Check) -> Finding:
        """Return how a check ends.

        Raises:
            Untold: It tells nothing.
            AssayError: Our fault or the machine's.
        """
        if self._is_constant and check not in (Check.LINT, Check.PUBLISHED):
            raise Untold("it predicts the same for every row: there is nothing to check")
        return self._makers[check]()

    def _lint(self) -> Finding:
        findings = self._parts.check(self._parts.objects.candidate(self._trial.candidate))
        rejecting = [f for f in findings if f.severity == "reject"]
        numbers = {"findings": float(len(findings))}
        told = "; ".join(f"{f.code} {f.sentence}" for f in rejecting or findings)
        if rejecting:
            return Finding(verdict=Standing.FAILED, detail=told, numbers=numbers)
        if findings:
            return Finding(verdict=Standing.WARNING, detail=told, numbers=numbers)
        return Finding(verdict=Standing.PASSED, detail="the static checks find nothing", numbers=numbers)

    def _published(self) -> Finding:
        scripts = {trial.number: self._code(trial) for trial in self._members}
        common = [self._code(t) for t in self._history.trials.values() if t.operator == "baseline"]
        examples = shown_examples(self._history, self._parts.objects)
        return judge_likeness(scripts, self._parts.references, common=common, examples=examples)

    def _code(self, trial: Trial) -> str:
        candidate = self._parts.objects.candidate(trial.candidate)
        return code_of(candidate.entry, candidate.source)

    def _shuffled(self) -> Finding:
        runs = self._runs
        runs.ahead([(runs.twisted(Twist.SHUFFLED), 0), (runs.twisted(Twist.AGAIN), self._first_seed())])
        first, turned = runs.permuted(Twist.SHUFFLED), list[Shuffle]()
        folds = self._parts.views.fold_keys()
        task, counts = self._parts.task, [count for _, count in self._parts.profile.target_counts]
        folds = (*folds[1:], folds[0])[: turns_wanted(task.problem, counts, len(folds))]
        while first.clear and len(turned) < len(folds) and all(one.clear for one in turned):
            try:
                runs.ahead([(runs.twisted(Twist.TURNED, fold), 0) for fold in folds[len(turned) :][: self._at_once]])
                turned.append(runs.permuted(Twist.TURNED, folds[len(turned)]))
            except Untold:
                break
        return judge_shuffles(first, turned, wanted=len(folds), floor=self._floor)

    def _repeat(self) -> Finding:
        """Compare two runs with the seed of the search; where another seed changes nothing, those two will do."""
        first, views = self._runs.run(self._runs.fold), (self._runs.fold.name, self._runs.twisted(Twist.AGAIN).name)
        other = self._other_seed(OTHER_SEEDS[0]) if self._first_seed() else None
        if other is not None and _file(other) == _file(first):
            return Finding(
                verdict=Standing.PASSED,
                detail="the same to the letter, even with another seed",
                numbers={"difference": 0.0, "rows": 0.0},
                views=views,
            )
        again = self._runs.twisted(Twist.AGAIN)
        if other is not None:
            self._runs.ahead([(again, 0), (again, OTHER_SEEDS[1])])
        second = self._runs.run(again, 0)
        difference, rows = (0.0, 0.0)
        if _file(first) != _file(second):
            difference, rows = differences(self._runs.predictions(first), self._runs.predictions(second))
        scores = (first.score.value, second.score.value) if first.score and second.score else None
        folds = len(self._parts.views.fold_keys())
        noise = None if self._floor is None else self._floor * folds**0.5
        return judge_repeat(difference=difference, rows=rows, scores=scores, noise=noise, views=views)

    def _seeds(self) -> Finding:
        known = self._fresh()
        if known:
            scores, constant, baseline = known, self._mean(self._constant), self._mean(self._baseline())
            what, views = "partitions with seeds of their own, which the search measured", tuple(self._trial.scores)
            return self._judged(scores, constant, baseline, what, views)
        first = self._runs.run(self._runs.fold)
        others = [self._runs.run(self._runs.twisted(Twist.AGAIN), OTHER_SEEDS[0])]
        if _file(others[0]) == _file(first):
            numbers = {"spread": 0.0, "runs": 2.0}
            detail = "another seed changes nothing: there is no luck in it"
            views = (self._runs.fold.name, others[0].view)
            return Finding(verdict=Standing.PASSED, detail=detail, numbers=numbers, views=views)
        others += [self._runs.run(self._runs.twisted(Twist.AGAIN), seed) for seed in OTHER_SEEDS[1:]]
        values = [m.score.value for m in (first, *others) if m.score is not None]
        fold = self._runs.fold.name
        return self._judged(
            values, self._on(self._constant), self._on(self._baseline()), f"seeds on {fold}", (fold, others[0].view)
        )

    def _judged(
        self, scores: list[float], constant: float | None, baseline: float | None, what: str, views: tuple[str, ...]
    ) -> Finding:
        return judge_seeds(
            self._history.metric,
            scores,
            constant=constant,
            baseline=baseline,
            floor=self._floor,
            what=what,
            views=views,
        )

    def _gap(self) -> Finding:
        trained = self._runs.run(self._runs.twisted(Twist.TRAINED))
        graded = self._runs.run(self._runs.fold)
        if trained.score is None or graded.score is None:
            raise Untold("it has no score")
        return judge_gap(
            self._history.metric,
            trained=trained.score.value,
            graded=graded.score.value,
            constant=self._on(self._constant),
            views=(trained.view, graded.view),
        )

    # --- what the search knows -----------------------------------------------------------------------------------

    def _fresh(self) -> list[float]:
        """Return the mean scores on the search partition and on fresh ones, if there are enough of them."""
        if self._trial.score is None:
            return []
        means = [self._trial.score, *self._judge.fresh_means(self._trial, self._history)]
        return means if len(means) >= FEWEST_SEEDS else []

    def _first_seed(self) -> int:
        """Return the seed of the first further run: another where it tells of luck too, else the search's own."""
        return 0 if self._fresh() else OTHER_SEEDS[0]

    def _other_seed(self, seed: int) -> Measurement | None:
        try:
            return self._runs.run(self._runs.twisted(Twist.AGAIN), seed)
        except Untold:
            return None

    def _baseline(self) -> Trial | None:
        """Return the best baseline that is neither the trial itself nor a constant."""
        baselines = self._history.ranking(lambda t: t.verdict is Verdict.BASELINE and not is_constant(t))
        best = baselines[0] if baselines else None
        return None if best is None or best.number == self._trial.number else best

    def _mean(self, trial: Trial | None) -> float | None:
        return trial.score if trial is not None else None

    def _on(self, trial: Trial | None) -> float | None:
        return trial.scores.get(self._runs.fold.name) if trial is not None else None


def _members(winner: Trial, history: History) -> list[Trial]:
    """Return the trials that the winner is made of, the heaviest first: that one is run."""
    if winner.operator != "blend":
        return [winner]
    weights = decode(Blend, winner.recipe["blend"]).weights
    return [history.trials[number] for number in sorted(weights, key=lambda number: (-weights[number], number))]


def _for(known: ev.Validated, winner: Trial) -> ev.Validated:
    """Return what is known of a trial as a check of another winner: it was a member of the blend that won before."""
    return replace(known, winner=winner.number)


def _whose(event: ev.Validated) -> str:
    return "" if event.trial == event.winner else f"its heaviest member #{event.trial}: "


def _file(measurement: Measurement) -> str:
    return measurement.execution.outputs.get("submission.csv", "") if measurement.execution else ""
