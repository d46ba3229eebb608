"""The strategy `mle_star`: models are retrieved and merged, refined block by block as ablation says, then combined.

After MLE-STAR (Nam et al. 2025, arXiv:2506.15692). Paths are independent of each other and run side by side; the engine
scores every script, so no script reports its own score.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from assay.core.budget import Limits
from assay.engine.endings import NoAnswer
from assay.engine.session import Session
from assay.engine.step import Step
from assay.journal.history import History, Trial
from assay.operators.star.combine import ensemble, plan_ensemble
from assay.operators.star.guard import fit_for_all_rows, last_look, without_leaks
from assay.operators.star.refine import Tried
from assay.operators.star.sources import sources_of
from assay.operators.star.start import Sources
from assay.strategies.known import BASELINES
from assay.strategies.shared import baseline_step
from assay.strategies.star.forecast import star_questions, within_time
from assay.strategies.star.options import StarOptions
from assay.strategies.star.pace import Pace, pace_of
from assay.strategies.star.path import Path
from assay.strategies.star.phase import (
    BEGUN,
    END_PHASES,
    PATH_PHASES,
    Allowance,
    Skipped,
    contained,
    every_phase_noted,
    phase,
)
from assay.strategies.star.reach import reachable
from assay.strategies.star.room import fit_sizes
from assay.strategies.star.sizes import Sizes
from assay.strategies.turns import Turns

FEWEST_MEMBERS = 2


class MleStar:
    """Searches on several paths, then combines what they found.

    Args:
        options: How far it goes.
        hints: Models, notes or ideas that a person wants tried.
        blocks: Passages that a person wants worked on first.
        web: Whether whoever answers may search the web.
    """

    def __init__(
        self,
        options: StarOptions | None = None,
        *,
        hints: tuple[str, ...] = (),
        blocks: tuple[str, ...] = (),
        web: bool = False,
    ) -> None:
        self._wanted = options or StarOptions()
        self._hints = hints
        self._web = web
        self._hands: tuple[Sources, ...] = ()
        self._blocks = blocks
        self._options = self._wanted
        self._sizes = Sizes.whole(self._wanted)
        self._proposals: int | None = None
        self._turns = Turns(1)

    def run(self, session: Session) -> None:
        """Work until the algorithm is done or the run ends.

        Raises:
            Ending: A limit is reached, the goal is met, or somebody asked to stop.
        """
        most = session.budget.limits.trials
        # Noted: a run that is resumed with another bound must not renumber its steps.
        trials = session.note("mle_star/trials", lambda: most)
        self._options = options = self._wanted.within(trials)
        self._proposals = options.allotment(trials)
        self._turns = Turns(session.budget.limits.workers)
        web = session.note("mle_star/web", lambda: self._web)
        self._sizes = Sizes.whole(options)
        with every_phase_noted(session, self._layout):
            session.steps(baseline_step, stop=BASELINES if trials is None else min(BASELINES, trials))
            self._sizes = self._fitted(session)
            paths = 1 if options.shared_start else self._sizes.paths
            self._hands = sources_of(session, self._hints, web=web, paths=paths, models=options.models)
            if options.shared_start:
                session.steps(contained(self._start), start=BASELINES, stop=options.first_path)
            start, last = options.first_path, options.last_step
            session.steps(contained(self._path), start=start, stop=start + self._sizes.paths, lanes=self._sizes.paths)
            session.steps(contained(self._round), start=options.first_round, stop=last, lanes=1)
            session.steps(contained(self._last), start=last, stop=last + 1, lanes=1)

    def _fitted(self, session: Session) -> Sizes:
        """Return the sizes that fit the time by what the baselines took, noted; steps keep their numbers."""
        whole = Sizes.whole(self._options)
        if session.budget.limits.wall_s is None:
            return whole
        session.note(BEGUN, lambda: session.budget.elapsed_s)
        step = Step(session, BASELINES, session.view(), 1)

        def fitted() -> dict[str, int]:
            return fit_sizes(step, whole, self._pace(step)).note()

        return Sizes.of(session.note("mle_star/sizes", fitted))

    def _layout(self) -> dict[int, tuple[str, ...]]:
        """Return the phases of the search by step: those of the paths that fit the time, of ensembles, and the end."""
        options, sizes = self._options, self._sizes
        found: dict[int, tuple[str, ...]] = {}
        if options.shared_start:
            found[BASELINES] = PATH_PHASES[:-1]
        for step in range(options.first_path, options.first_path + sizes.paths):
            found[step] = PATH_PHASES[-1:] if options.shared_start else PATH_PHASES
        for step in range(options.first_round, options.first_round + options.rounds):
            found[step] = ("ensemble",)
        return {**found, options.last_step: END_PHASES}

    def forecast(self, limits: Limits, history: History | None = None) -> dict[str, tuple[int, int]] | None:
        """Return the questions by role: see `Strategy.forecast`; what was asked already is taken off."""
        options = self._wanted.within(limits.trials)
        asked = within_time(star_questions(options), reachable(options, limits, history))
        done = (
            Counter(question.role for question in history.questions.values()) if history is not None else Counter[str]()
        )
        return {
            role: (max(0, fewest - done[role]), max(0, most - done[role])) for role, (fewest, most) in asked.items()
        }

    # --- paths -----------------------------------------------------------------------------------------------------

    def _start(self, step: Step) -> str:
        best = self._on_path(step).begin()
        return f"shared start: {_named(best)}"

    def _path(self, step: Step) -> str:
        path = self._on_path(step)
        start = best_of(step.history, {BASELINES}) if self._options.shared_start else path.begin()
        start = start or step.history.best
        if start is None:
            return f"path {path.number + 1}: nothing to refine"
        best = path.refine(start)
        return f"path {path.number + 1}: {_named(best)}"

    def _on_path(self, step: Step) -> Path:
        number = max(0, step.number - self._options.first_path)
        sources = self._hands[min(number, len(self._hands) - 1)]
        return Path(step, self._options, sources, self._blocks, self._proposals, self._turns, self._sizes)

    # --- ensembles -------------------------------------------------------------------------------------------------

    def _round(self, step: Step) -> str:
        done = ""
        options = self._options
        share = options.init_share + options.refine_share + options.ensemble_share
        with phase(step, "ensemble", share) as staged:
            done = self._combined(staged, share)
        return f"ensemble {step.number - self._options.first_round + 1}: {done or 'skipped'}"

    def _combined(self, step: Step, share: int) -> str:
        index = step.number - self._options.first_round
        options = self._options
        members = self._members(step.history)
        if len(members) < FEWEST_MEMBERS:
            raise Skipped("there are no two solutions to combine")
        if not Allowance(step, None).until("round", share if index else None, self._round_s(step, members)):
            raise Skipped(f"the time is not enough, or {share} % of it is used" if index else "the time is not enough")
        try:
            plan = plan_ensemble(step, members, self._earlier(step.history))
            candidate = ensemble(step, members, plan, index)
        except NoAnswer as nothing:
            raise Skipped(str(nothing)) from nothing
        remarks: tuple[str, ...] = ()
        if options.leakage:
            candidate, remarks = without_leaks(step, candidate)
        # Who writes the script may leave a member out, and says so.
        told = plan.plan if candidate.plan in plan.plan else f"{plan.plan} {candidate.plan}"
        confirm = self._pace(step).confirms(sum(member.wall_s for member in members))
        trial = step.evaluate("trial", replace(candidate, plan=told), remarks=remarks, confirm=confirm)
        return _named(trial)

    def _round_s(self, step: Step, members: list[Trial]) -> float:
        """Return the seconds that a script takes which does what all members do; 0 without a time limit."""
        if step.session.budget.limits.wall_s is None:
            return 0.0
        return self._pace(step).round_s(sum(trial.wall_s for trial in members))

    def _pace(self, step: Step) -> Pace:
        return step.session.parts.log.read(lambda history: pace_of(step, history, None))

    def _members(self, history: History) -> list[Trial]:
        """Return the best trial of each path; where that is only one, others beside it.

        First come those that were run on all folds, beginnings before what was made of them, and those that it was not
        made from: what it holds already adds least to it.
        """
        options = self._options
        steps = range(options.first_path, options.first_round)
        found = [best for step in steps if (best := best_of(history, {step})) is not None]
        if len(found) < FEWEST_MEMBERS:
            own = set(range(BASELINES, options.first_round))
            chosen = {trial.number for trial in found}
            others = history.ranking(lambda trial: trial.step in own and trial.number not in chosen)
            held = {number for trial in found for number in ancestors(history, trial)}
            most = max((trial.folds for trial in found), default=0)
            found += sorted(others, key=lambda t: (t.folds < most, t.operator != "init", t.number in held))
        return found[: max(FEWEST_MEMBERS, options.paths)]

    def _earlier(self, history: History) -> list[Tried]:
        rounds = range(self._options.first_round, self._options.last_step)
        return [Tried(t.plan, t) for t in _in_order(history) if t.step in rounds]

    # --- end -------------------------------------------------------------------------------------------------------

    def _last(self, step: Step) -> str:
        best = step.history.best
        if best is None or best.operator == "baseline":
            return "last look: no solution but the baselines"
        with phase(step, "finalize") as staged:
            try:
                candidate = fit_for_all_rows(staged.within("finalize"), best)
            except NoAnswer as nothing:
                raise Skipped(str(nothing)) from nothing
            if candidate is not None:
                remarks: tuple[str, ...] = ()
                if self._options.leakage:
                    candidate, remarks = without_leaks(staged.within("finalize"), candidate)
                staged.evaluate("trial", candidate, remarks=remarks)
        with phase(step, "validate") as staged:
            if not self._options.validate:
                raise Skipped("switched off")
            self._validated(staged, best)
        return f"last look: {_named(best)}"

    def _validated(self, step: Step, best: Trial) -> None:
        try:
            found = last_look(step.within("validate"), best)
        except NoAnswer as nothing:
            raise Skipped(str(nothing)) from nothing
        verdict = {"trial": best.number, "sound": found.sound, "reasons": list(found.reasons)}
        first = step.session.note(f"{step.key}/verdict", lambda: verdict)
        if not first["sound"]:
            text = f"who looked at #{best.number} last would not sign for its score: {'; '.join(first['reasons'])}"
            step.session.parts.log.remark_once("W408", text)


def best_of(history: History, steps: set[int]) -> Trial | None:
    """Return the best trial that one of `steps` made, among those run on all folds."""
    ranking = history.ranking(lambda trial: trial.step in steps)
    most = max((trial.folds for trial in history.trials.values()), default=0)
    return ranking[0] if ranking and ranking[0].folds == most else None


def ancestors(history: History, trial: Trial) -> set[int]:
    """Return the numbers of all trials that `trial` was made from, directly or not."""
    found: set[int] = set()
    left = list(trial.parents)
    while left:
        number = left.pop()
        if number not in found:
            found.add(number)
            left.extend(history.trials[number].parents if number in history.trials else ())
    return found


def _in_order(history: History) -> list[Trial]:
    return sorted(history.trials.values(), key=lambda trial: (trial.step or 0, trial.number))


def _named(trial: Trial | None) -> str:
    return "nothing" if trial is None else f"#{trial.number} {trial.state}"
