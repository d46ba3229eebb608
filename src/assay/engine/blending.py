"""Blending: after the search, one more trial that mixes the stored predictions of the best ones."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from assay.core.candidate import Candidate
from assay.core.codec import decode, encode
from assay.core.trial import TrialState
from assay.core.view import ViewKey
from assay.engine.branches import branch_of
from assay.engine.budget import Budget
from assay.engine.creating import trial_under
from assay.engine.filling import Filling
from assay.engine.judging import Judge
from assay.engine.measure import Measurer
from assay.engine.parts import Parts
from assay.grading import Blend, blend_script
from assay.journal import events as ev
from assay.journal.history import EVERYTHING, History, Measurement, Trial

MOST_MEMBERS = 12
"""Trials among which a blend is sought; a dozen variants of the best would be one voice."""
SAFE_SHARE = 0.8
"""Share of the time left that the fits of a blend may be expected to take."""
BLEND_KEY = "finish/blend"
"""Key of the blend's trial, or of the note on why there is none; a later finish of a resumed run adds its number."""
TOO_LONG = "its sealed check and final fit would not end in the time that is left"
ALONE = "there is time for no second one to mix it with"


class Blending:
    """Makes a trial of the best mix of stored predictions.

    Args:
        parts: What the run is put together from.
        measurer: Runs trials on the folds that their races left out.
        judge: Judges the blend.
        budget: Says how much time is left.
    """

    def __init__(self, parts: Parts, measurer: Measurer, judge: Judge, budget: Budget) -> None:
        self._parts = parts
        self._judge = judge
        self._budget = budget
        self._filling = Filling(parts, measurer, budget)

    def work(self, history: History) -> None:
        """Make the blend's trial if at least two trials can be mixed and no blend has seen all of them."""
        key = blend_key(history)
        known = history.trial_by_key(key)
        if known is not None and known.state.is_final:
            return
        if known is None:
            self._filling.work(history)
        members = self._members(self._parts.log.pinned(EVERYTHING))
        if len(members) < 2:
            return
        blend = self._best_mix(members) if known is None else decode(Blend, known.recipe["blend"])
        if len(blend.weights) < 2:
            self._note_none(key, blend)
            return
        trial = known or self._create(key, history, blend)
        self._parts.log.add(self._judge.compare(trial, blend.scores, history))
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

    def _note_none(self, key: str, blend: Blend) -> None:
        """Keep why nothing is mixed; a resumed run may find otherwise, having more time."""
        value = encode(blend)
        if self._parts.log.read(lambda history: history.notes.get(key)) != value:
            self._parts.log.add(ev.Noted(key=key, value=value))

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
        fitting: list[Trial] = []
        for trial in members:
            if self._budget.finish_cost_s([t.wall_s for t in (*fitting, trial)]) <= SAFE_SHARE * left:
                fitting.append(trial)
        return fitting

    def _members(self, history: History) -> list[Trial]:
        """Return the trials that have a score on every fold: the best of each branch, then each branch's second, ...

        A constant adds nothing, nor does a blend, nor code that is a member already.
        """
        keys = self._parts.views.fold_keys()
        whole: dict[str, Trial] = {}
        for trial in history.ranking():
            if trial.operator != "blend" and not is_constant(trial) and self._whole(trial, keys):
                whole.setdefault(self._parts.objects.candidate(trial.candidate).digest, trial)
        seat = Counter[int]()
        places: list[tuple[int, Trial]] = []
        for trial in whole.values():
            branch = branch_of(history, trial)
            seat[branch] += 1
            places.append((seat[branch], trial))
        return [trial for _, trial in sorted(places, key=lambda place: place[0])][:MOST_MEMBERS]

    def _whole(self, trial: Trial, keys: Sequence[ViewKey]) -> bool:
        known = (self._measurement(trial, key) for key in keys)
        return all(m is not None and m.score is not None for m in known)

    def _measurement(self, trial: Trial, key: ViewKey) -> Measurement | None:
        code = self._parts.objects.candidate(trial.candidate).digest
        return self._parts.log.read(lambda history: history.measurement(code, key.name, key.seed))

    def _files(self, trial: Trial, key: ViewKey) -> Mapping[str, Path]:
        """Return the stored output files of a trial on a view, by name."""
        known = self._measurement(trial, key)
        outputs = known.execution.outputs if known and known.execution else {}
        return {name: self._parts.objects.path(digest) for name, digest in outputs.items()}

    def _create(self, key: str, history: History, blend: Blend) -> Trial:
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
        return trial_under(self._parts, key, candidate)


def blend_key(history: History) -> str:
    """Return the key of the present finish's blend: the last one's, or a new one if the search went on after it."""
    blends = [t for t in history.trials.values() if t.operator == "blend"]
    if not blends:
        return BLEND_KEY
    last = max(blends, key=lambda t: t.number)
    went_on = any(t.number > last.number and t.ranks for t in history.trials.values())
    return f"{BLEND_KEY}-{len(blends) + 1}" if went_on else last.key


def is_constant(trial: Trial) -> bool:
    """Return whether the trial predicts the same for (nearly) every row, as the checks of its predictions found."""
    return any(flag.startswith("L10") for flag in trial.flags)
