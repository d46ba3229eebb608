"""Deciding: what a cycle does: the worker's word, the mentor's, and what the lab does by itself in their place."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace

from assay.engine.endings import NoAnswer
from assay.engine.session import Session
from assay.engine.step import Step, step_key
from assay.kinds.command.spec import overlay_of
from assay.models.roles import Decision, LabView, MentorInputs, Review, SourceText, WorkerInputs
from assay.operators.lab.context import Role
from assay.operators.lab.gate import Gated, gate
from assay.operators.lab.mentor import Chosen, choose, review_due
from assay.strategies.lab.bench import Bench
from assay.strategies.lab.experiments import rows_of, running
from assay.strategies.lab.memory import Memory, Noted
from assay.strategies.lab.mended import has_mended
from assay.strategies.lab.unasked import FORCED, REPAIR, forced, repaired
from assay.strategies.lab.view import Circumstances, view_of

NO_WORKER = "the worker: "
"""How what is noted of a worker without an answer begins."""
NOBODY = Decision(action="wait", rationale="Nobody answered, so nothing is changed.", label="nobody", settings={})


@dataclass(frozen=True, kw_only=True)
class Decided:
    """What is carried out, and everything that led to it."""

    chosen: Chosen
    worker: Gated
    review: Review | None
    reasons: tuple[str, ...]
    failed: tuple[str, ...]
    searched: bool
    """Whether the web was searched for it."""

    @property
    def decision(self) -> Decision:
        """What is carried out."""
        return self.chosen.decision

    @property
    def refused(self) -> Gated | None:
        """The worker's decision, if the gate refused it and nothing took its place."""
        return self.worker if self.worker.blocked and self.chosen.source == "worker" else None


class Deciding:
    """Finds what one cycle does.

    Args:
        step: The cycle's step.
        bench: Where experiments run.
        memory: What is remembered of the cycles before.
        before: The latest of them, in order.
        searching: Roles that may search the web.
    """

    def __init__(
        self, step: Step, bench: Bench, memory: Memory, before: Sequence[Noted], searching: frozenset[Role]
    ) -> None:
        self._step = step
        self._session: Session = step.session
        self._bench = bench
        self._config = bench.config
        self._number = step.number + 1
        self._memory = memory
        self._before = before
        self._searching = searching

    def decide(self) -> Decided:
        """Return what is carried out in this cycle."""
        rules, failed = self._config.mentor_rules, list[str]()
        mended = self._mended()  # first, so that the worker is told of what could not be mended
        view = self._view("worker")
        worker = Gated(decision=mended) if mended is not None else self._gated(self._worker(view, failed), view)
        counted = [noted.cycle for noted in self._before]
        reasons = review_due(rules, self._number, view.signals, counted)
        review = self._mentor(worker.decision, reasons, failed) if reasons else None
        suggestion = review.suggestion if review is not None else None
        suggested = self._gated(suggestion, view) if suggestion is not None else None
        looked = self._searched(f"{self._step.key}/mentor")
        chosen = choose(worker, review, suggested, rules, searched=looked)
        if chosen.source == "worker":
            chosen = self._unasked(chosen, view, mended)
        return Decided(
            chosen=chosen,
            worker=worker,
            review=review,
            reasons=reasons,
            failed=tuple(failed),
            searched=looked or self._searched(f"{self._step.key}/worker"),
        )

    def _view(self, role: Role) -> LabView:
        """Return what a role is told; kept when first made, for it holds the time and the end of a log."""
        parts = self._session.parts

        def make() -> str:
            around = self._circumstances(role)
            view = view_of(role, self._session.view(), self._config, self._memory, self._before, around)
            return parts.objects.put(view.model_dump_json().encode())

        digest = self._session.note(f"{self._step.key}/{role}-view", make)
        return LabView.model_validate(json.loads(parts.objects.get(digest)))

    def _circumstances(self, role: Role) -> Circumstances:
        parts = self._session.parts
        trial = parts.log.read(running)
        run = self._bench.find(trial) if trial is not None else None
        return Circumstances(
            number=self._number,
            left_s=self._session.budget.search_s,
            machine=parts.machine,
            web=role in self._searching,
            can_search=bool(self._searching),
            search_unmet=self._search_unmet(),
            may_install=self._bench.may_install,
            read=self._bench.read,
            files_of=lambda one: tuple(
                SourceText(path=path, text=text)
                for path, text in overlay_of(parts.objects.candidate(one.candidate)).items()
            ),
            running=(trial, run) if trial is not None and run is not None else None,
            now=parts.clock.now(),
            log_of=lambda digest: parts.objects.get(digest).decode(errors="replace"),
        )

    def _searched(self, key: str) -> bool:
        """Return whether the web was searched for the answer under a key."""
        known = self._session.view().questions.get(key)
        return known is not None and known.answer is not None and known.answer.searched

    def _search_unmet(self) -> bool:
        """Return whether the mentor had to search the web for its last review, and did not."""
        last = next((noted.cycle.number for noted in reversed(self._before) if noted.cycle.reviewed), None)
        required = self._config.mentor_rules.needs_search and "mentor" in self._searching
        return required and last is not None and not self._searched(f"{step_key(last - 1)}/mentor")

    def _mended(self) -> Decision | None:
        """Return the retry that takes the place of asking the worker; nothing once the worker was asked."""
        history, step = self._session.view(), self._step.number
        if f"{self._step.key}/worker" in history.questions:
            return None
        # What this cycle started before the engine was killed is no reason to leave the retry.
        if running(history) is not None and not has_mended(history, step):
            return None
        return repaired(self._session, self._bench, step)

    def _unasked(self, chosen: Chosen, view: LabView, mended: Decision | None) -> Chosen:
        """Return the worker's decision, or what the lab does by itself in its place."""
        if mended is not None:
            return replace(chosen, source=REPAIR)
        if chosen.decision.action != "wait" or view.running is not None:
            return chosen
        cycles, rows = [noted.cycle for noted in self._before], rows_of(self._session.view())
        made = forced(self._bench, rows, cycles, self._step.number)
        return replace(chosen, decision=made, source=FORCED) if made is not None else chosen

    def _worker(self, view: LabView, failed: list[str]) -> Decision:
        last = self._before[-1] if self._before else None
        open_challenge = last is not None and last.recommendation == "challenge" and last.cycle.source != "mentor"
        inputs = WorkerInputs(
            view=view,
            challenge=last.critique if last is not None and open_challenge else "",
            refused=last.refused if last is not None else (),
        )
        try:
            answer = self._step.ask("worker", "lab_worker", inputs)
        except NoAnswer as error:
            failed.append(f"{NO_WORKER}{error}")
            return NOBODY
        return answer if isinstance(answer, Decision) else NOBODY

    def _mentor(self, decision: Decision, reasons: tuple[str, ...], failed: list[str]) -> Review | None:
        rules = self._config.mentor_rules
        may = rules.applies and not rules.only_health
        inputs = MentorInputs(view=self._view("mentor"), proposed=decision, reasons=reasons, may_replace=may)
        try:
            answer = self._step.ask("mentor", "lab_mentor", inputs)
        except NoAnswer as error:
            failed.append(f"the mentor: {error}")
            return None
        return answer if isinstance(answer, Review) else None

    def _gated(self, decision: Decision, view: LabView) -> Gated:
        if decision is NOBODY:
            return Gated(decision=decision)
        return gate(
            decision,
            running=view.running is not None,
            approaches=self._config.approaches,
            read=self._bench.read,
            further=self._bench.problems,
        )
