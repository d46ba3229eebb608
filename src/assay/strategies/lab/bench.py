"""Bench: where experiments run. One checkout of the repository, a copy of it for each, one running at a time."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from assay.core.candidate import Candidate
from assay.core.trial import TrialState
from assay.engine.jobs import Jobs
from assay.engine.long_jobs import LongJobs, LongPlan
from assay.engine.session import Session
from assay.journal.history import Trial
from assay.kinds.command import CommandSpec, Layer, candidate_of, check_out, lay_out
from assay.kinds.notebook.packages import DISTRIBUTIONS
from assay.models.roles import Decision
from assay.operators.lab.repair import missing_module, repairs
from assay.sandbox import SandboxLimits
from assay.sandbox.longrun import LongRun
from assay.strategies.lab.config import LabConfig
from assay.strategies.lab.experiments import OPERATOR, RESULT
from assay.strategies.lab.results import end_of, reported_by

ATTEMPT = 1
"""An experiment is one attempt; another run of the same command is another experiment."""
_SHELL = frozenset("|&;<>()$`*?[]{}~#!\n\\\"'=")


@dataclass(frozen=True, kw_only=True)
class Bench:
    """Starts experiments and takes what they leave.

    Args:
        session: The running session.
        config: What the repository says of itself.
        checkout: The copy of the repository that every experiment starts from.
        base: Digest of its state.
        sandbox: Mode of the sandbox.
        installs: Whether a person allows that packages are installed for experiments.
    """

    session: Session
    config: LabConfig
    checkout: Path
    base: str
    sandbox: str
    installs: bool = False

    @property
    def layer(self) -> Layer:
        """The run's own environment, over the interpreter of the experiments."""
        parts = self.session.parts
        return Layer(folder=parts.folder / "environment", over=parts.python, is_over=self._is_over)

    @property
    def may_install(self) -> tuple[str, ...] | None:
        """Modules that are installed where an experiment misses one, a person's first; None where nothing is."""
        repair = self.config.repair
        if not (self.installs and repair.rules.retry):
            return None
        there = self.session.parts.machine.packages
        vetted = (module for module, name in DISTRIBUTIONS.items() if name not in there)
        return tuple(dict.fromkeys((*repair.packages, *repair.clones, *vetted)))

    def _is_over(self) -> bool:
        return self.session.parts.activities.stopped or self.session.budget.search_s == 0

    @property
    def _long(self) -> LongJobs:
        return LongJobs(self.session.parts, self._jobs)

    @property
    def _jobs(self) -> Jobs:
        return self.session.jobs

    def candidate(self, decision: Decision, *, own: bool = False) -> Candidate:
        """Return what a decision wants run.

        Args:
            decision: Of the worker or the mentor.
            own: Whether it is the lab's: a copy of a config file lies beside the files that may be edited.

        Raises:
            ValueError: It edits what it may not, or has no command.
        """
        allowed = set(self.config.files)
        foreign = [edit.path for edit in decision.edits if edit.path not in allowed and not own]
        if foreign:
            words = ", ".join(sorted(allowed)) or "none"
            raise ValueError(f"{', '.join(foreign)} may not be edited; these may: {words}")
        line = decision.command.strip()
        overlay = {edit.path: edit.text for edit in decision.edits}
        spec = CommandSpec(**_words(line), base=self.base, metrics=(self.config.source,))
        return candidate_of(spec, overlay, title=decision.label.strip(), plan=decision.rationale, operator=OPERATOR)

    def problems(self, decision: Decision) -> tuple[str, ...]:
        """Return why what a decision wants run cannot be run; nothing where it can."""
        try:
            self.candidate(decision)
        except ValueError as error:
            return (str(error),)
        return ()

    def read(self, path: str) -> str | None:
        """Return the text of a file of the repository, or None where there is none within it or it is no text."""
        place = (self.checkout / path).resolve()
        if not place.is_relative_to(self.checkout.resolve()):
            return None
        try:
            return place.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError, ValueError):
            return None

    def end(self, trial: Trial, why: str) -> Trial:
        """Return an experiment that was ended because of `why`, with all its processes, and credited as stopped."""
        run = self.find(trial)
        if run is not None:
            run.stop()
            run.wait()
        return self.settle(trial, stopped=why)

    def log_of(self, trial: Trial) -> str:
        """Return what the last attempt of an experiment printed, as far as it was kept."""
        measured = self.session.view().measurements(trial.number)
        logs = [m.execution.log for m in measured if m.execution is not None]
        return self.session.parts.objects.get(logs[-1]).decode(errors="replace") if logs and logs[-1] else ""

    def start(
        self, key: str, step: int, candidate: Candidate, decision: Decision, *, mends: int | None = None
    ) -> Trial:
        """Return the experiment, started once whatever happens.

        Args:
            key: Names it within the run.
            step: Number of the cycle's step.
            candidate: What to run.
            decision: What it was made of.
            mends: Number of the failed experiment that it is the retry of.
        """
        told = {
            "key": candidate.digest,
            "command": decision.command.strip(),
            "category": decision.category,
            "settings": decision.settings,
            "edits": [edit.path for edit in decision.edits],
            "stop_patterns": decision.stop_patterns,
            **({"mends": mends} if mends is not None else {}),
        }
        made = Candidate(**{**_fields(candidate), "recipe": told})
        trial = self._jobs.create(key, made, step=step)
        if not trial.state.is_final:
            self._long.begin(trial.number, ATTEMPT, made, self._plan(trial, made))
        return self._jobs.trial(trial.number)

    def find(self, trial: Trial) -> LongRun | None:
        """Return the process of an experiment, or None if it was never started."""
        return self._long.find(trial.number, ATTEMPT)

    def settle(self, trial: Trial, *, stopped: str = "") -> Trial:
        """Return an experiment that is over with its score and state, credited once.

        Args:
            trial: The experiment.
            stopped: Why it was ended by us; empty if it was not.
        """
        if trial.state.is_final:
            return trial
        jobs, session = self._jobs, self.session
        candidate, _ = jobs.current(trial.number)
        execution = self._long.settle(trial.number, ATTEMPT, candidate, self._plan(trial, candidate), stopped=stopped)
        found = reported_by(execution, self.config, session.parts.objects)
        session.note(f"{RESULT}/{trial.number}", lambda: found.as_json)
        state, reason = end_of(execution, found)
        if state is TrialState.FAILED:
            reason = self._with_missing(reason, self.log_of(trial))
        if state is not TrialState.COMPLETE and found.score is not None:
            reason = f"{reason}; the {found.score:.4g} that it reported until then does not count"
        return jobs.finish(trial.number, state, reason=reason)

    def _plan(self, trial: Trial, candidate: Candidate) -> LongPlan:
        limits = self.session.jobs.runner.limits
        outputs = (self.config.metric.file,) if self.config.metric.file else ()
        return LongPlan(
            lay_out=lambda root: lay_out(self.checkout, self.base, candidate, root),
            outputs=outputs,
            limits=SandboxLimits(wall_s=self.config.time, memory_bytes=limits.memory_bytes, threads=limits.threads),
            seed=self._seed(trial),
            sandbox=self.sandbox,
            python=self.layer.python,
        )

    def _with_missing(self, reason: str, log: str) -> str:
        """Return why an experiment failed, with the distribution of a module that was missing."""
        module = missing_module(log)
        if not module:
            return reason
        rules = self.config.repair.rules
        known = bool(repairs(log, "", replace(rules, enabled=True), self.read))
        if self.may_install is not None:
            who = "" if known else " (no map names it, so it is not installed)"
            return f"module {module!r} is missing{who}: {reason}"
        names = rules.packages.get(module)
        who = f"{names[0]} has it" if names else "no package of that name is known"
        return f"module {module!r} is missing ({who}; nothing is installed by itself): {reason}"

    def _seed(self, trial: Trial) -> int:
        """Return the seed: the n-th run of any command has the same, so that n-th runs can be compared in pairs."""
        history = self.session.view()
        key = trial.recipe.get("key")
        before = [t for t in history.trials.values() if t.recipe.get("key") == key and t.number < trial.number]
        return self.session.seed(f"lab/run-{len(before)}")


def open_bench(session: Session, config: LabConfig, sandbox: str, *, installs: bool = False) -> Bench:
    """Return the bench of a run; the checkout is made once, and its state noted.

    Raises:
        TaskError: The repository cannot be taken (E184).
        MachineError: git failed.
    """
    folder = session.parts.folder / "checkout"
    noted = session.view().notes.get("lab/checkout")
    if noted is None and folder.exists():
        from assay.sandbox import remove_tree

        remove_tree(folder)  # made by an engine that was killed before it could say so
    if noted is None:
        made = check_out(session.parts.task.folder, folder, with_changes=config.with_changes)
        noted = session.note(
            "lab/checkout", lambda: {"digest": made.digest, "commit": made.commit, "changed": made.changed}
        )
    return Bench(
        session=session, config=config, checkout=folder, base=noted["digest"], sandbox=sandbox, installs=installs
    )


def _words(line: str) -> Mapping[str, Any]:
    """Return a plain command as an argument vector, which knows the run's interpreter, and others as a shell line."""
    if not line:
        raise ValueError("a run needs a command")
    plain = not (set(line) - set("=")) & (_SHELL - set("="))
    words = shlex.split(line) if plain else []
    first_is_variable = bool(words) and "=" in words[0]
    return {"argv": tuple(words)} if plain and not first_is_variable else {"shell": line}


def _fields(candidate: Candidate) -> dict[str, Any]:
    names = ("kind", "files", "entry", "title", "plan", "operator", "parents")
    return {name: getattr(candidate, name) for name in names}
