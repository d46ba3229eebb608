"""Course: how a strategy that works in phases and on paths went, read from its notes, questions and trials."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from assay.core.errors import IntegrityError
from assay.engine.step import step_key
from assay.journal.events import Answered
from assay.journal.history import History, Trial
from assay.operators.star.passage import locate
from assay.report.facts import Facts, State
from assay.report.phase_words import CUT, KNOWN, NOTES, PATH_PHASES, TITLES, Layout, cut_words, skipped_by

_DATED = re.compile(r"\(catalogue of (\w+ \d{4})\)")
_MOST_PARTS = 64
"""Models, blocks or plans looked for in one place."""


@dataclass(frozen=True, kw_only=True)
class Phase:
    """One phase of a step."""

    step: int
    name: str
    place: str
    """`path 1`; empty for the end of the search."""
    seconds: float | None
    """How long it took; None where it did not end."""
    state: str
    """Why it ended before its work was done or did nothing, in words; empty for one that did its work."""
    trials: tuple[Trial, ...]
    variants: tuple[Trial, ...]
    """Those of its ablations, which take no part in the ranking."""
    best: Trial | None
    """The best that its path, or all paths and ensembles, had after it."""

    @property
    def title(self) -> str:
        """Its name in words."""
        return TITLES.get(self.name, self.name)


@dataclass(frozen=True, kw_only=True)
class Start:
    """The models that a path started from."""

    step: int
    place: str
    models: tuple[tuple[str, Trial | None], ...]
    """The name of each, with the trial that came of it."""
    answer: Answered | None
    """What says whether the web was searched for them."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A plan for a block, or for an ensemble."""

    text: str
    trial: Trial | None
    against: Trial | None
    """What it was to beat: the script that the block is of, or the best that went into the ensemble."""
    reason: str = ""
    """Why no script came of it, where somebody said so."""


@dataclass(frozen=True, kw_only=True)
class Block:
    """A block of a script that was worked on."""

    step: int
    place: str
    number: int
    """Counted from 1 on its path."""
    text: str
    """Empty where the run's files no longer have it."""
    parent: Trial
    ablation: tuple[Trial, ...]
    plans: tuple[Plan, ...]


@dataclass(frozen=True, kw_only=True)
class LastLook:
    """What somebody who did not write the best script says of it."""

    trial: int
    sound: bool
    reasons: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Course:
    """The whole search."""

    phases: tuple[Phase, ...]
    starts: tuple[Start, ...]
    blocks: tuple[Block, ...]
    rounds: tuple[Plan, ...]
    last_look: LastLook | None
    offered: int
    """Entries of the catalogue that were there to choose from."""
    dated: str
    """Of when the catalogue is, `November 2026`; empty where the run does not say."""
    looked: int
    """Scripts that were looked at for leaks before they ran."""
    rewritten: int
    """Blocks of them that were rewritten for it."""


def course_of(facts: Facts) -> Course | None:
    """Return how the search went; None for a run whose strategy notes no phases."""
    reader = _Reader(facts)
    return reader.course() if reader.steps else None


class _Reader:
    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self._history: History = facts.history
        self.steps = _steps(self._history)
        self._layout = Layout.of_history(self._history)
        self._by_step: dict[int, list[Trial]] = {}
        for trial in facts.trials:
            if trial.step in self.steps:
                self._by_step.setdefault(trial.step or 0, []).append(trial)

    def course(self) -> Course:
        """Return everything."""
        paths = [step for step, names in self.steps.items() if set(names) & set(PATH_PHASES)]
        asked = self._history.questions.values()
        known = self._history.notes.get(KNOWN)
        offered = known if isinstance(known, list) else []
        dates = (_DATED.search(str(entry)) for entry in offered)
        return Course(
            phases=tuple(self._phase(step, name) for step, names in self.steps.items() for name in names),
            starts=tuple(start for step in paths if (start := self._start(step)) is not None),
            blocks=tuple(block for step in paths for block in self._blocks(step)),
            rounds=tuple(plan for step in self.steps if (plan := self._round(step)) is not None),
            last_look=self._last_look(),
            offered=len(offered),
            dated=next((found[1] for found in dates if found), ""),
            looked=sum(q.role == "leakage" and q.answer is not None and not q.answer.error for q in asked),
            rewritten=sum("/unleak-" in q.key and q.answer is not None and not q.answer.error for q in asked),
        )

    # --- phases --------------------------------------------------------------------------------------------------

    def _phase(self, step: int, name: str) -> Phase:
        mine = [trial for trial in self._by_step.get(step, []) if self._phase_of(trial) == name]
        trials = tuple(trial for trial in mine if trial.counts)
        return Phase(
            step=step,
            name=name,
            place=self._layout.place(step, name),
            seconds=self._seconds(step, name),
            state=self._state(step, name, worked=bool(mine)),
            trials=trials,
            variants=tuple(trial for trial in mine if not trial.counts),
            best=self._best_after(step, name),
        )

    def _phase_of(self, trial: Trial) -> str:
        part = trial.key.split("/")[1] if "/" in trial.key else ""
        if part == "trial":
            return "ensemble" if "ensemble" in self.steps[trial.step or 0] else "finalize"
        return part.rstrip("0123456789").rstrip("-")

    def _seconds(self, step: int, name: str) -> float | None:
        begun, ended = (self._history.noted_s.get(_note(step, name, what)) for what in ("begun", "ended"))
        return None if begun is None or ended is None else ended - begun

    def _state(self, step: int, name: str, *, worked: bool) -> str:
        ended = self._history.notes.get(_note(step, name, "ended"))
        if ended is None and (cut := self._history.notes.get(_note(step, name, CUT))) is not None:
            return cut_words(cut)
        if ended is None:
            return "under way" if self._facts.state is State.RUNNING else "cut off by the end of the run"
        skipped = skipped_by(ended)
        return "" if not skipped else f"{'cut short' if worked else 'skipped'}: {skipped}"

    def _best_after(self, step: int, name: str) -> Trial | None:
        before = list(TITLES)[: list(TITLES).index(name) + 1] if name in TITLES else [name]
        if name in PATH_PHASES:
            shared = step if step < self._layout.first_path else self._layout.first_path - 1
            own = {step, shared}
            return self._best(lambda t: t.step in own and self._phase_of(t) in before)
        if name == "ensemble":
            return self._best(lambda t: (t.step or 0) <= step)
        return None

    def _best(self, where: Any) -> Trial | None:
        ranking = self._history.ranking(lambda t: t.step in self.steps and where(t))
        return ranking[0] if ranking else None

    # --- what the phases worked on -------------------------------------------------------------------------------

    def _start(self, step: int) -> Start | None:
        if "init" not in self.steps[step]:
            return None
        question = self._history.questions.get(f"{step_key(step)}/retrieve/retrieve")
        answer = question.answer if question is not None else None
        names = [str(model.get("name", "")) for model in self._reply(answer).get("models", ())]
        models: list[tuple[str, Trial | None]] = []
        for index in range(_MOST_PARTS):
            part = f"{step_key(step)}/init-{index}"
            trial = self._history.trial_by_key(f"{part}/trial")
            # Whoever answers may name more than were wanted; only those were asked for a script.
            if trial is None and f"{part}/init" not in self._history.questions:
                break
            models.append((names[index] if index < len(names) else trial.title if trial is not None else "", trial))
        return Start(step=step, place=self._layout.place(step, "init"), models=tuple(models), answer=answer)

    def _blocks(self, step: int) -> list[Block]:
        found: list[Block] = []
        done: list[str] = []
        trials = self._by_step.get(step, [])
        for outer in range(_MOST_PARTS):
            part = f"{step_key(step)}/refine-{outer}"
            mine = [t for t in trials if t.key.startswith(f"{part}/")]
            parent = next((self._history.trials.get(t.parents[0]) for t in mine if t.parents), None)
            if parent is None and not any(key.startswith(f"{part}/") for key in self._history.questions):
                break
            if parent is None:
                continue
            target = self._target(part, parent, done)
            plans = self._plans(part, parent, target.get("plan", ""))
            block = Block(
                step=step,
                place=self._layout.place(step, "refine"),
                number=outer + 1,
                text=target.get("block", ""),
                parent=parent,
                ablation=tuple(t for t in mine if not t.counts),
                plans=plans,
            )
            done.append(block.text)
            found.append(block)
        return found

    def _target(self, part: str, parent: Trial, done: list[str]) -> dict[str, str]:
        """Return the block that was chosen, with its first plan: the first that stands in the script and is new."""
        candidate = self._facts.candidate(parent)
        asked = [q for key, q in self._history.questions.items() if key.startswith(f"{part}/extract/")]
        for question in reversed(asked):
            targets = self._reply(question.answer).get("targets", ())
            if candidate is None:
                continue
            placed = [{**t, "block": locate(candidate.source, str(t.get("block", "")))} for t in targets]
            usable = [t for t in placed if t["block"] is not None]
            if usable:
                return next((t for t in usable if t["block"] not in done), usable[0])
        return {}

    def _plans(self, part: str, parent: Trial, first: str) -> tuple[Plan, ...]:
        """Return the plans for a block, those of which no script came included."""
        plans: list[Plan] = []
        for inner in range(_MOST_PARTS):
            key = f"{part}/plan-{inner}"
            trial = self._history.trial_by_key(f"{key}/trial")
            asked = [q for name, q in self._history.questions.items() if name.startswith(f"{key}/")]
            if trial is None and not asked:
                break
            reply = next((self._reply(q.answer) for q in asked if q.role == "plan"), {})
            text = trial.plan if trial is not None else str(reply.get("plan", "")) or (first if not plans else "")
            reason = next((q.answer.error for q in asked if q.answer is not None and q.answer.error), "")
            plans.append(Plan(text=text, trial=trial, against=parent, reason=reason))
        return tuple(plans)

    def _round(self, step: int) -> Plan | None:
        if "ensemble" not in self.steps[step]:
            return None
        trial = self._history.trial_by_key(f"{step_key(step)}/trial")
        question = self._history.questions.get(f"{step_key(step)}/plan")
        if trial is None and question is None:
            return None
        text = (
            trial.plan if trial is not None else str(self._reply(question.answer if question else None).get("plan", ""))
        )
        members = trial.parents if trial is not None else ()
        return Plan(text=text, trial=trial, against=self._best(lambda t: t.number in members))

    def _last_look(self) -> LastLook | None:
        for step in self.steps:
            found = self._history.notes.get(f"{step_key(step)}/verdict")
            if isinstance(found, dict):
                reasons = tuple(str(reason) for reason in found.get("reasons", ()))
                return LastLook(trial=int(found["trial"]), sound=bool(found["sound"]), reasons=reasons)
        return None

    def _reply(self, answer: Answered | None) -> dict[str, Any]:
        """Return an answer as it was kept; empty where there is none, or it is lost."""
        if answer is None or not answer.reply:
            return {}
        try:
            value = json.loads(self._facts.objects.get(answer.reply))
        except IntegrityError:
            self._facts.missing_objects.add(answer.reply)
            return {}
        return value if isinstance(value, dict) else {}


def _steps(history: History) -> dict[int, list[str]]:
    """Return the phases that began or should have, by step and in the order of a run."""
    found: dict[int, list[str]] = {}
    for key in history.notes:
        step, _, rest = key.removeprefix(NOTES).partition("/")
        name, _, what = rest.rpartition("/")
        number = step.removeprefix("step-")
        if key.startswith(NOTES) and what in ("begun", CUT) and number.isdecimal():
            names = found.setdefault(int(number), [])
            if name not in names:
                names.append(name)
    return {step: found[step] for step in sorted(found)}


def _note(step: int, name: str, what: str) -> str:
    return f"{NOTES}{step_key(step)}/{name}/{what}"
