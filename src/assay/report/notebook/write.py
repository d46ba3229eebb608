"""Writes the files of the notebook strategies; each is whole, and can be made again from the journal at any time."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from assay.core.candidate import Candidate
from assay.core.codec import decode
from assay.core.errors import IntegrityError
from assay.journal.history import History, Trial
from assay.journal.objects import ObjectStore
from assay.kinds.notebook import NOTEBOOK, flatten, notebook_of
from assay.report.files import replace_file
from assay.report.notebook.complexity import complexity
from assay.report.notebook.experiment import experiment_report, metrics_json
from assay.report.notebook.history import optimization_history
from assay.report.notebook.hypergraph import as_json, as_mermaid, hypergraph_of
from assay.strategies.notebook.analysis import LOCKED, Analysis, analyse
from assay.strategies.notebook.end import LOOP_SUMMARY, loop_summary
from assay.strategies.notebook.record import (
    ANALYSIS,
    PROSE,
    IterationRecord,
    Status,
    base_of,
    iterations_of,
    rounds_of,
)

EXECUTED = "executed.ipynb"
"""Name under which an execution's own notebook, with its outputs, is kept."""


def write_notebooks(folder: Path, history: History, objects: ObjectStore, *, final: bool) -> None:
    """Write the files of a run of `notebook` or `notebook_review`.

    Args:
        folder: The run's folder.
        history: Its journal.
        objects: Its objects; files of an object that is missing are left out.
        final: Whether nobody works on the run any more.

    Raises:
        MachineError: A file cannot be written (E501).
    """
    for name, content in _Files(history, objects, final=final).all().items():
        replace_file(folder / name, content)


class _Files:
    def __init__(self, history: History, objects: ObjectStore, *, final: bool) -> None:
        self._history = history
        self._objects = objects
        self._final = final
        self._analysis = analyse(history)

    def all(self) -> dict[str, str | bytes]:
        """Return every file by its name in the run folder."""
        found: dict[str, str | bytes] = {LOOP_SUMMARY: loop_summary(self._history, running=not self._final)}
        other = self._history.notes.get(ANALYSIS)
        analysis = decode(Analysis, other["analysis"]) if other else self._analysis
        if analysis.results or other:
            prose = self._history.notes.get(PROSE)
            of = str(other["run"]) if other else ""
            found["experiment_report.md"] = experiment_report(analysis, prose, heading=analysis.title, of=of)
            found["metrics.json"] = metrics_json(analysis)
        found.update(self._generated())
        found.update(self._reviewed())
        found.update(self._best())
        return found

    # --- notebook ----------------------------------------------------------------------------------------------------

    def _generated(self) -> dict[str, str | bytes]:
        """Return the files of the best iteration, or of the last that left a notebook where none has a score."""
        record = self._leading()
        candidate = self._candidate(record.candidate) if record is not None else None
        if record is None or candidate is None:
            return {}
        found: dict[str, str | bytes] = {
            "notebook_prompt.ipynb": candidate.source,
            "research_strategy.md": record.strategy,
            **_graph_files(candidate),
        }
        executed = self._executed(record.trial)
        return found if executed is None else {**found, "notebook_prompt_exec.ipynb": executed}

    def _leading(self) -> IterationRecord | None:
        records = [record for record in iterations_of(self._history) if record.candidate]
        places = {trial.number: place for place, trial in enumerate(self._history.ranking())}
        scored = [record for record in records if record.trial in places]
        compared = [record for record in scored if record.status is not Status.NO_BASELINE]
        if scored:
            return min(compared or scored, key=lambda record: places[record.trial or 0])
        return records[-1] if records else None

    # --- review ------------------------------------------------------------------------------------------------------

    def _reviewed(self) -> dict[str, str | bytes]:
        base = base_of(self._history)
        if base is None:
            return {}
        rounds = rounds_of(self._history)
        names = {r.trial: r.name for r in self._analysis.results if r.trial is not None and not r.baseline}
        found: dict[str, str | bytes] = {
            "optimization_history.md": optimization_history(self._history, base, rounds, self._analysis.verdict),
            "task_graph_state.json": json.dumps(rounds[-1].graph if rounds else base.graph, indent=1) + "\n",
            "metrics_base.json": metrics_json(self._analysis, [LOCKED]),
        }
        for name, number in (("notebook_base", base.trial), *((f"notebook_iter_{r.number}", r.trial) for r in rounds)):
            candidate = self._of_trial(number)
            if candidate is not None:
                found[f"{name}.ipynb"] = candidate.source
        for record in rounds:
            if record.trial is not None and record.trial in names:
                told = [LOCKED, names[record.trial]]
                found[f"metrics_iter_{record.number}.json"] = metrics_json(self._analysis, told)
        current = self._of_trial(rounds[-1].next if rounds else base.trial)
        return found if current is None else {**found, **_graph_files(current)}

    # --- both --------------------------------------------------------------------------------------------------------

    def _best(self) -> dict[str, str | bytes]:
        """Return the best notebook, its scores, and its code as a plain script that runs without Jupyter."""
        best = next((trial for trial in self._history.ranking() if self._is_notebook(trial)), None)
        candidate = self._of_trial(best.number) if best is not None else None
        if best is None or candidate is None:
            return {}
        names = [result.name for result in self._analysis.results if result.trial == best.number or result.baseline]
        code = flatten(notebook_of(candidate)).text
        return {
            "notebook_best.ipynb": self._executed(best.number) or candidate.source,
            "notebook_best.py": code,
            "metrics_best.json": metrics_json(self._analysis, names),
            "complexity.json": json.dumps(complexity(code), indent=1) + "\n",
        }

    def _is_notebook(self, trial: Trial) -> bool:
        candidate = self._candidate(trial.candidate)
        return candidate is not None and candidate.kind == NOTEBOOK

    def _of_trial(self, number: int | None) -> Candidate | None:
        trial = self._history.trials.get(number) if number is not None else None
        return self._candidate(trial.candidate) if trial is not None else None

    def _candidate(self, digest: str) -> Candidate | None:
        try:
            return self._objects.candidate(digest)
        except IntegrityError:
            return None

    def _executed(self, number: int | None) -> bytes | None:
        """Return the notebook with its outputs, as the first search fold left it."""
        trial = self._history.trials.get(number) if number is not None else None
        candidate = self._candidate(trial.candidate) if trial is not None else None
        if trial is None or candidate is None:
            return None
        for measurement in self._history.measurements(trial.number):
            digest = measurement.execution.outputs.get(EXECUTED) if measurement.execution is not None else None
            if digest is not None and measurement.code == candidate.digest:
                try:
                    return self._objects.get(digest)
                except IntegrityError:
                    return None
        return None


def _graph_files(candidate: Candidate) -> Mapping[str, Any]:
    try:
        graph = hypergraph_of(notebook_of(candidate))
    except ValueError as refused:
        return {"hypergraph.md": f"# Cells\n\nThe notebook's edges are refused: {refused}.\n"}
    return {"hypergraph.md": as_mermaid(graph), "hypergraph.json": as_json(graph)}
