"""One path of `mle_star`: initial solutions and their merge (algorithm 1), then refinement block by block (2)."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial

from assay.core.candidate import Candidate
from assay.engine.endings import NoAnswer
from assay.engine.step import Step
from assay.journal.history import History, Trial
from assay.models.roles import Finding, ModelIdea, Target
from assay.operators.brief import findings
from assay.operators.star.guard import with_all_data
from assay.operators.star.passage import counterpart
from assay.operators.star.refine import (
    Tried,
    best_block,
    extract,
    next_titled,
    rewrite,
    source,
    summarize,
    titled,
)
from assay.operators.star.start import Sources, first_script, merge, research, retrieve
from assay.strategies.shared import run_ablation
from assay.strategies.star.options import StarOptions
from assay.strategies.star.phase import Allowance, Skipped, phase
from assay.strategies.star.room import Room, Study
from assay.strategies.star.sizes import Sizes
from assay.strategies.star.tries import Tries
from assay.strategies.turns import Turns


class Path:
    """Works on one path, which sees the baselines and its own trials and nothing of the paths beside it.

    Args:
        step: The step that the path is.
        options: How far it goes.
        sources: What retrieval may draw on.
        blocks: Passages that a person wants worked on first.
        proposals: Most proposals; None for no bound.
        turns: Whose initial solution runs next, over all paths.
        sizes: How much of each part fits the time, before a solution of this path says more.
    """

    def __init__(
        self,
        step: Step,
        options: StarOptions,
        sources: Sources,
        blocks: tuple[str, ...],
        proposals: int | None,
        turns: Turns,
        sizes: Sizes,
    ) -> None:
        self._options = options
        self._sources = sources
        self._blocks = blocks
        self._turns = turns
        self._allowance = Allowance(step, proposals)
        self._room = Room(step, options, sizes)
        self._own = Tries(step, options, self._allowance, self._room)

    @property
    def number(self) -> int:
        """0 for the first path, and so on."""
        return self._own.step.number - self._options.first_path

    def begin(self) -> Trial | None:
        """Return the initial solution: the best of several models' scripts and of their merges.

        Where none of them can be scored, the better baseline takes the place of all; None if there is none either.
        """
        share = self._options.init_share
        with phase(self._own.step, "init", share) as self._own.step:
            self._initial(self._retrieve())
        first, merged, used = self._own.best(), None, None
        with phase(self._own.step, "merge", share) as self._own.step:
            merged = self._merged(first)
        # Time may end the merging after some helped.
        best = merged or self._own.best()
        with phase(self._own.step, "data-usage", share) as self._own.step:
            used = self._all_data(best)
        return used or best or self._own.step.history.best

    def refine(self, best: Trial) -> Trial:
        """Return the best trial after several ablations of `best`, each followed by work on the block it points to."""
        share = self._options.init_share + self._options.refine_share
        with phase(self._own.step, "refine", share) as self._own.step:
            summaries: list[str] = []
            refined: list[str] = []
            studied: list[Finding] = []
            flat = 0
            for outer in range(self._options.outer):
                study = self._room.require_study(self._allowance, outer, best)
                better = self._outer(outer, study, best, summaries, refined, studied)
                flat = 0 if better.number != best.number else flat + 1
                best = better
                if self._options.patience and flat >= self._options.patience:
                    raise Skipped(f"{flat} outer steps in a row brought no gain")
        # A phase that is cut short keeps what it has found so far.
        return self._own.best(best) or best

    # --- initial solution ------------------------------------------------------------------------------------------

    def _retrieve(self) -> tuple[ModelIdea, ...]:
        options, step = self._options, self._own.step
        sources = self._sources_now()
        try:
            found = research(step.within("research"), sources) if options.research else ""
        except NoAnswer:
            found = ""
        try:
            return retrieve(
                step.within("retrieve"),
                sources,
                count=options.models,
                path=max(0, self.number),
                paths=options.paths,
                found=found,
            )
        except NoAnswer as nothing:
            raise Skipped(f"no models were found ({nothing})") from nothing

    def _initial(self, ideas: Sequence[ModelIdea]) -> None:
        """Run a script for each model, written side by side; those that fail are left behind.

        They run in the order of the ideas, as many at a time as there is room for. The first that has a score says how
        many fit the time. Past the phase's share none is begun once one has a score: what would not end has none.
        """
        planned = min(len(ideas), self._room.planned.models)
        self._begin(ideas, 0, planned)
        # Scripts may turn out faster than the baseline let expect.
        self._begin(ideas, planned, min(len(ideas), self._room.sizes.models))
        best = self._own.best()
        if best is None:
            raise Skipped("no initial solution could be scored, so the better baseline takes its place")
        # They ran side by side, and only one of them is the best: that one is compared with the baseline in earnest.
        if self._room.confirms(best):
            confirmed = self._own.step.confirm("init", best)
            self._own.trials = [confirmed if trial.number == best.number else trial for trial in self._own.trials]
        wanted = min(len(ideas), self._options.models)
        if len(self._own.trials) < wanted and self._room.sizes.models < wanted:
            raise Skipped(f"there was time for {len(self._own.trials)} of {wanted} models")

    def _begin(self, ideas: Sequence[ModelIdea], start: int, stop: int) -> None:
        """Run the scripts for the models from `start` to `stop` that fit the time."""
        scored = [trial.number for trial in self._own.trials if trial.score is not None]
        ready = threading.Event()
        if not self._room.limited:
            ready.set()

        def one(index: int) -> Trial | None:
            try:
                part = self._own.step.within(f"init-{index}")
                candidate = self._own.written(part, partial(first_script, part, ideas[index]))
                if candidate is None:
                    return None
                if index > start:
                    ready.wait()
                with self._turns.turn(index, self.number):
                    # Where time is short, what is expected to do best runs first.
                    ready.set()
                    if not self._room.for_a_start(self._allowance, index, len(scored)):
                        return None
                    rivals = self._rivals(part)
                    trial = part.evaluate("trial", candidate[0], confirm=False, remarks=candidate[1], history=rivals)
                    if trial.score is not None:
                        self._room.fit(trial)
                        scored.append(trial.number)
                return trial
            finally:
                if index == start:
                    ready.set()

        if stop > start:
            with ThreadPoolExecutor(stop - start, thread_name_prefix=self._own.step.key) as pool:
                self._own.keep(list(pool.map(one, range(start, stop))))

    def _rivals(self, part: Step) -> History:
        """Return what an initial solution is raced against: where time is short, also those that have a score by now.

        Which those are is noted, since it depends on which of them are faster.
        """
        session = part.session
        if session.budget.limits.wall_s is None:
            return part.history
        begun = f"{self._own.step.key}/init-"

        def there() -> list[int]:
            return [t.number for t in session.view().trials.values() if t.key.startswith(begun) and t.ranks]

        numbers = session.note(f"{part.key}/rivals", there)
        known = session.view().trials
        return part.history.with_trials(known[number] for number in numbers)

    def _merged(self, best: Trial | None) -> Trial | None:
        """Merge the other initial solutions into the best, one by one, until one does not help."""
        if best is None:
            raise Skipped("there is nothing to merge")
        others = [t for t in self._own.history().ranking(self._own.holds) if t.number != best.number]
        if self._room.scarce:
            # One that lost its race is not worth the time.
            others = [trial for trial in others if trial.folds == best.folds]
        if not others:
            raced = any(trial.ranks for trial in self._own.trials if trial.number != best.number)
            raise Skipped("no second solution came near enough" if raced else "there is no second solution")
        for index, other in enumerate(others):
            self._room.require_merge(self._allowance, index, best, other)
            part = self._own.part(f"merge-{index}")
            merged = self._own.propose(part, partial(merge, part, best, other))
            self._own.keep([merged])
            if merged is not None and self._own.at_least(merged, best):
                best = merged
            elif not self._options.merge_all:
                break
        return best

    def _all_data(self, best: Trial | None) -> Trial | None:
        if best is None or not self._options.data_usage:
            raise Skipped("switched off" if best is not None else "there is no script to ask about")
        part = self._own.part("data-usage")
        try:
            candidate = with_all_data(part, best)
        except NoAnswer as nothing:
            raise Skipped(str(nothing)) from nothing
        if candidate is None:
            return best
        trial = self._own.propose(part, lambda: candidate)
        self._own.keep([trial])
        return trial if trial is not None and self._own.at_least(trial, best) else best

    # --- refinement ------------------------------------------------------------------------------------------------

    def _outer(
        self,
        outer: int,
        study: Study,
        best: Trial,
        summaries: list[str],
        refined: list[str],
        studied: list[Finding],
    ) -> Trial:
        """Return the best trial after one ablation and the work on one block."""
        part = self._own.part(f"refine-{outer}")
        found = self._ablated(part, study, best, studied)
        studied.extend(found)
        try:
            shown = summarize(part.within("summary"), best, found, summaries)
        except NoAnswer:
            shown = "; ".join(f"{f.part}: {f.effect}" for f in found)
        summaries.append(shown)
        try:
            target = extract(part.within("extract"), best, shown, found, refined, self._wanted(part))
        except NoAnswer:
            return best
        refined.append(target.block)
        return self._inner(outer, best, target, shown)

    def _wanted(self, part: Step) -> tuple[str, ...]:
        """Return the passages that a person wants worked on, at the start or since; how many those are is noted."""
        told = part.history.blocks
        count = part.session.note(f"{part.key}/blocks", lambda: len(told))
        return (*self._blocks, *(text for _, text in told[:count]))

    def _sources_now(self) -> Sources:
        """Return what retrieval may draw on, with what a person has told since the start; how much that is is noted."""
        hints = self._own.step.history.hints
        count = self._own.step.session.note(f"{self._own.step.key}/hints", lambda: len(hints))
        return replace(self._sources, hints=tuple(dict.fromkeys((*self._sources.hints, *hints[:count]))))

    def _ablated(self, part: Step, study: Study, parent: Trial, studied: Sequence[Finding]) -> list[Finding]:
        if not self._allowance.take():
            raise Skipped("the bound on trials is reached")
        try:
            tried = run_ablation(part, parent, studied, most=study.variants, folds=study.folds)
        except NoAnswer:
            return []
        return list(findings(part.session, part.history.with_trials(tried), parent))

    def _inner(self, outer: int, parent: Trial, target: Target, shown: str) -> Trial:
        """Return the best of `parent` and of scripts in which one block of it is rewritten, plan after plan."""
        best, tried, flat = parent, list[Tried](), 0
        base, block = parent, target.block
        for inner in range(self._options.inner):
            name = f"refine-{outer}/plan-{inner}"
            self._room.require_plan(self._allowance, outer, inner, base)
            part = self._own.part(name)
            first = (target.title, target.plan) if not tried else None
            try:
                title, plan = titled(*first) if first else next_titled(part.within("plan"), base, block, shown, tried)
            except NoAnswer:
                continue
            earlier = best_block(part, base, block, tried)
            trial = self._own.propose(part, partial(self._rewritten, part, base, block, title, plan, earlier))
            self._own.keep([trial])
            tried.append(Tried(plan, trial))
            flat += 1
            if trial is not None and self._own.at_least(trial, best):
                best, flat = trial, 0
                base, block = self._compounded(part, base, block, best)
            if self._options.inner_patience and flat >= self._options.inner_patience:
                break
        return best

    def _compounded(self, part: Step, base: Trial, block: str, best: Trial) -> tuple[Trial, str]:
        """Return the script and the block that the next plan works on: the first ones, unless gains are to add up."""
        if not self._options.compound:
            return base, block
        there = counterpart(source(part, base), block, source(part, best))
        return (best, there) if there.strip() else (base, block)

    def _rewritten(self, part: Step, parent: Trial, block: str, title: str, plan: str, earlier: str) -> Candidate:
        whole = self._own.step.session.parts.objects.candidate(parent.candidate)
        changed = rewrite(part, whole, block, plan, earlier=earlier)
        return replace(changed, title=title, plan=plan, operator="refine", parents=(parent.number,))
