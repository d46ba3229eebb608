"""Finish: what happens after the search: blend, choose on the search folds, open the seal once, fit on everything."""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from assay.core.candidate import Candidate
from assay.core.codec import decode, encode
from assay.core.execution import Outcome
from assay.core.score import Score
from assay.core.trial import TrialState
from assay.core.view import View, ViewKey
from assay.engine.budget import Budget
from assay.engine.deliver import Delivery
from assay.engine.judging import Judge
from assay.engine.measure import Measurer
from assay.engine.parts import Parts
from assay.grading import Blend, Graded, blend_script
from assay.journal import events as ev
from assay.journal.history import History, Measurement, Trial

MOST_MEMBERS = 12
MOST_FITS = 3
"""Trials whose final fit is tried, best first, before the submission made during the search is left in place."""
SAFE_SHARE = 0.8
"""Share of the time left that the fits of a blend may be expected to take."""
BLEND_KEY = "finish/blend"
"""Key of the blend's trial, or of the note on why there is none."""
TOO_LONG = "its sealed check and final fit would not end in the time that is left"
ALONE = "there is time for no second one to mix it with"


class Finish:
    """Turns what the search found into one delivered solution.

    Args:
        parts: What the run is put together from.
        measurer: Runs candidates.
        judge: Judges the blend and shrinks the winner's score.
        budget: Says how much time is left.
        delivery: Writes the submission.
    """

    def __init__(self, parts: Parts, measurer: Measurer, judge: Judge, budget: Budget, delivery: Delivery) -> None:
        self._parts = parts
        self._measurer = measurer
        self._judge = judge
        self._budget = budget
        self._delivery = delivery
        self.shrunk_score: float | None = None

    def work(self, stopped_by: str) -> int | None:
        """Return the winner's number, or None if no trial has a score.

        Args:
            stopped_by: Why the search ended; after a failing disk nothing new is started.
        """
        history = self._parts.log.pinned(1 << 62)
        if history.best is None:
            return None
        if not stopped_by.startswith("E5"):
            self._blend(history)
        history = self._parts.log.pinned(1 << 62)
        winner = history.best
        if winner is None:
            return None
        self.shrunk_score = self._judge.shrunk(winner, history)
        self._seal(winner)
        self._deliver(winner, history)
        return winner.number

    # --- blend ---------------------------------------------------------------------------------------------------

    def _blend(self, history: History) -> None:
        """Make a trial of the best mix of stored predictions, if there are at least two to mix."""
        known = history.trial_by_key(BLEND_KEY)
        members = self._members(history)
        if (known is not None and known.state.is_final) or len(members) < 2:
            return
        blend = self._best_mix(members) if known is None else decode(Blend, known.recipe["blend"])
        if len(blend.weights) < 2:
            self._note_none(blend)
            return
        trial = self._create_blend(history, blend)
        judged = self._judge.compare(trial, blend.scores, history)
        self._parts.log.add(judged)
        values = list(blend.scores.values())
        self._parts.log.add(
            ev.TrialFinished(
                trial=trial.number,
                state=TrialState.COMPLETE,
                candidate=trial.candidate,
                score=statistics.fmean(values),
                std_error=statistics.stdev(values) / len(values) ** 0.5 if len(values) > 1 else None,
                folds=len(values),
                scores=blend.scores,
                wall_s=sum(history.trials[number].wall_s for number in blend.weights),
            )
        )

    def _note_none(self, blend: Blend) -> None:
        """Keep why nothing is mixed; a resumed run may find otherwise, having more time."""
        value = encode(blend)
        if self._parts.log.read(lambda history: history.notes.get(BLEND_KEY)) != value:
            self._parts.log.add(ev.Noted(key=BLEND_KEY, value=value))

    def _best_mix(self, members: list[Trial]) -> Blend:
        """Return the best mix that can still be fitted in the time left; of fewer than two if there is none.

        Every one of `members` is in it, or left out with the reason.
        """
        left_out: dict[int, str] = {}
        keys = self._parts.views.fold_keys()
        views = [self._parts.views.build(key) for key in keys]
        while len(members) > 1:
            files = {t.number: {k.name: self._files(t, k) for k in keys} for t in members}
            blend = self._parts.grading.blend(self._parts.task, views, files)
            left_out |= blend.left_out
            mixed = [t for t in members if t.number in blend.weights]
            fitting = self._fitting(sorted(mixed, key=lambda t: -blend.weights[t.number]))
            if len(mixed) < 2 or len(fitting) == len(mixed):
                return replace(blend, left_out=left_out)
            left_out |= {t.number: TOO_LONG for t in mixed if t not in fitting}
            members = fitting
        left_out |= {t.number: ALONE for t in members}
        text = "no blend: its fits would not end in the time that is left; the best single trial is delivered"
        self._parts.log.add(ev.Remarked(code="W402", text=text))
        return Blend(weights={}, left_out=left_out)

    def _fitting(self, members: list[Trial]) -> list[Trial]:
        """Return the first members whose sealed check and final fit are expected to end in time."""
        left = self._budget.remaining_s
        if left is None:
            return members
        fitting, cost = [], 0.0
        for trial in members:
            cost += self._budget.finish_cost_s(trial.wall_s)
            if cost <= SAFE_SHARE * left:
                fitting.append(trial)
        return fitting

    def _members(self, history: History) -> list[Trial]:
        keys = {key.name for key in self._parts.views.fold_keys()}
        return [t for t in history.ranking() if keys <= set(t.scores) and t.operator != "blend"][:MOST_MEMBERS]

    def _files(self, trial: Trial, key: ViewKey) -> Mapping[str, Path]:
        """Return the stored output files of a trial on a view, by name."""
        code = self._parts.objects.candidate(trial.candidate).digest
        known = self._parts.log.read(lambda history: history.measurement(code, key.name, key.seed))
        return self._outputs(known)

    def _outputs(self, measurement: Measurement | None) -> Mapping[str, Path]:
        outputs = measurement.execution.outputs if measurement and measurement.execution else {}
        return {name: self._parts.objects.path(digest) for name, digest in outputs.items()}

    def _create_blend(self, history: History, blend: Blend) -> Trial:
        sources = {n: self._parts.objects.candidate(history.trials[n].candidate) for n in blend.weights}
        candidate = Candidate(
            kind="script",
            files={
                "solution.py": blend_script(self._parts.task, blend),
                **{f"members/{n}/{name}": text for n, c in sources.items() for name, text in c.files.items()},
            },
            entry="solution.py",
            title=f"blend of {', '.join(f'#{n}' for n in blend.weights)}",
            plan="Weighted mix of the best solutions, weights chosen on out-of-fold predictions.",
            operator="blend",
            parents=tuple(blend.weights),
            recipe={"blend": encode(blend)},
        )
        record = self._parts.objects.put_candidate(candidate)
        known = self._parts.log.read(lambda h: h.trial_by_key(BLEND_KEY))
        if known is None:
            self._parts.log.create(
                lambda h: ev.TrialCreated(
                    trial=h.next_trial,
                    key=BLEND_KEY,
                    candidate=record,
                    title=candidate.title,
                    operator="blend",
                    plan=candidate.plan,
                    parents=candidate.parents,
                    recipe=candidate.recipe,
                )
            )
        return self._parts.log.read(lambda h: h.trials[max(h.trials)] if known is None else known)

    # --- sealed check and final fit ------------------------------------------------------------------------------

    def _seal(self, winner: Trial) -> None:
        key = self._parts.views.sealed_key()
        opened = self._parts.log.read(lambda history: history.sealed)
        if key is None or opened is not None:
            return
        view = self._parts.views.build(key)
        predictions, problems = self._predict(winner, view)
        score: Score | None = None
        if predictions is not None:
            grade = self._parts.grading.grade_with_interval(self._parts.task, view, predictions)
            if isinstance(grade, Graded):
                score = grade.score
            else:
                problems = grade.problems
        self._parts.log.add(ev.SealedOpened(trial=winner.number, score=score, problems=problems))

    def _deliver(self, winner: Trial, history: History) -> None:
        """Deliver the winner, or where its final fit fails the best trial whose fit does not."""
        key = self._parts.views.final_key()
        if key is None:
            return
        view = self._parts.views.build(key)
        others = [trial for trial in history.ranking() if trial.number != winner.number]
        for trial in [winner, *others][:MOST_FITS]:
            written = self._parts.log.read(lambda h: h.submission)
            if trial is not winner and written is not None and written.trial == trial.number:
                return
            if self._fit(trial, view) or self._budget.remaining_s == 0:
                return

    def _fit(self, winner: Trial, view: View) -> bool:
        """Write the submission of a trial; return whether it is valid."""
        predictions, problems = self._predict(winner, view)
        if predictions is not None:
            problems = self._parts.grading.validate(self._parts.task, view, predictions)
        if predictions is not None and not problems:
            self._delivery.write(winner.number, predictions)
            return True
        text = f"the final fit of #{winner.number} left no valid submission: {'; '.join(problems)}"
        self._parts.log.add(ev.Remarked(code="W401", text=text))
        return False

    def _predict(self, winner: Trial, view: View) -> tuple[Path | None, tuple[str, ...]]:
        """Return the winner's predictions on a view, its members mixed if it is a blend, or why there are none."""
        if winner.operator != "blend":
            files, problem = self._run(winner, view)
            return files.get(self._parts.task.output.file), (problem,) if problem else ()
        blend = decode(Blend, winner.recipe["blend"])
        history = self._parts.log.pinned(1 << 62)
        members = [history.trials[number] for number in blend.weights]
        with ThreadPoolExecutor(max(1, self._budget.limits.workers)) as pool:
            try:
                results = list(pool.map(lambda member: self._run(member, view), members))
            except BaseException:
                # Leaving the pool waits for its threads, and they for their processes.
                self._parts.activities.stop()
                raise
        problems = tuple(problem for _, problem in results if problem)
        if problems:
            return None, problems
        files_by_member = {member.number: files for member, (files, _) in zip(members, results, strict=True)}
        return self._combine(blend, view, files_by_member), ()

    def _combine(self, blend: Blend, view: View, members: Mapping[int, Mapping[str, Path]]) -> Path:
        private = self._parts.folder / "private"
        with tempfile.TemporaryDirectory(dir=private) as folder:
            mixed = self._parts.grading.combine(self._parts.task, view, blend, members, Path(folder))
            for number, reason in mixed.dropped.items():
                text = f"the blend goes without #{number} on {view.key.name}, the other weights grew: {reason}"
                self._parts.log.add(ev.Remarked(code="W405", text=text))
            return self._parts.objects.path(self._parts.objects.put(mixed.file.read_bytes()))

    def _run(self, trial: Trial, view: View) -> tuple[Mapping[str, Path], str]:
        measurement = self._measurer.measure(
            trial=trial.number,
            attempt=max(1, trial.attempts),
            candidate=self._parts.objects.candidate(trial.candidate),
            key=view.key,
            wall_s=self._budget.remaining_s,
        )
        files = self._outputs(measurement)
        if self._parts.task.output.file in files:
            return files, ""
        return {}, f"#{trial.number} on {view.key.name}: {_ended(measurement)}"


def _ended(measurement: Measurement) -> str:
    execution = measurement.execution
    if execution is None:
        return "did not run"
    if execution.outcome is Outcome.STOPPED:
        return "the time limit of the run was reached"
    return execution.detail or str(execution.outcome)
