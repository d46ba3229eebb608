"""Find: notebooks look into the data side by side, their statements are checked, ideas follow from what holds."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from assay.core.errors import MachineError, ModelError, UsageError
from assay.core.metric import Needs
from assay.core.task import Problem, Task
from assay.core.view import View
from assay.engine.log import EventLog
from assay.engine.parts import Parts
from assay.grading import Graded
from assay.journal.memory import MemoryJournal
from assay.kinds.excerpt import words
from assay.models.roles import Brief, Established, Idea, IdeaList, IdeasInputs
from assay.operators.rendering import Prompts
from assay.sandbox import protect_engine
from assay.strategies.assemble import open_shell, parts_of
from assay.strategies.ideas.checking import Checked, Checker
from assay.strategies.ideas.exploring import Analysis, Explorer, ExploringKind, ask
from assay.strategies.ideas.frame import LATER, setup
from assay.strategies.ideas.options import IdeaOptions
from assay.strategies.ideas.package import partition_of, write_package
from assay.strategies.ideas.scoring import parts_of as score_parts
from assay.strategies.ideas.scoring import score, way_to_perfect, with_weights
from assay.strategies.ideas.writing import write_analysis, write_results
from assay.strategies.options import RunOptions
from assay.strategies.sandboxes import executions_at_once, sandbox_limits

if TYPE_CHECKING:
    from assay.data.facts import Facts

MOST_TOLD = 20
"""Findings that the question for ideas shows."""
MOST_PRINTED = 3_000
"""Characters of the best notebook's output that it shows."""


@dataclass(frozen=True, kw_only=True)
class Found:
    """What came of it."""

    out: Path
    analyses: tuple[Analysis, ...]
    best: Analysis | None
    """None where none reaches the least score."""
    ideas: tuple[Idea, ...]
    problems: tuple[str, ...]
    """Why something is missing, a sentence each."""

    @property
    def idea_file(self) -> Path | None:
        """The file of ideas; None where there is none."""
        file = self.out / "idea.json"
        return file if self.ideas else None


def find_ideas(task: Task, options: IdeaOptions) -> Found:
    """Look into the data of `task` and write what was found below `options.out`.

    Raises:
        TaskError: The data are no table of rows (E095), or cannot be read.
        UsageError: The folder is there already (E097), or a weight is none (E096).
        MachineError: There is no sandbox, or no notebook can be run here.
    """
    weights = with_weights(options.weights)
    setup(task)
    _make(options.out)
    work = options.out / ".work"
    try:
        protect_engine()
        with ExitStack() as stack:
            return _found(stack, task, options, weights, work)
    except BaseException:
        if not any((options.out / "analyses").glob("*/*")):
            shutil.rmtree(options.out, ignore_errors=True)
        raise
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _found(stack: ExitStack, task: Task, options: IdeaOptions, weights: dict[str, float], work: Path) -> Found:
    from assay.data.facts import facts_of

    work.mkdir()
    run = RunOptions(
        limits=options.limits,
        model=options.model,
        base_url=options.base_url,
        sandbox=options.sandbox,
        python=options.python,
    )
    shell = open_shell(stack, work, task, run)
    parts = parts_of(shell, EventLog(MemoryJournal(), shell.clock), run)
    parts = replace(parts, kinds={ExploringKind.name: ExploringKind()})
    prompts = Prompts(overrides=task.folder / "prompts")
    brief = Brief(task=task, profile=shell.profile, machine=shell.machine, remarks=options.remarks)
    facts = facts_of(task)
    view = _with_later(task, parts.views.build(parts.views.fold_keys()[0]), work)
    checker = _checker(task, facts)
    explorer = Explorer(
        parts=parts,
        prompts=prompts,
        brief=brief,
        view=view,
        limits=sandbox_limits(shell.machine),
        papers=options.papers,
        columns=_features(task, facts),
        check=checker.check,
    )
    at_once = min(executions_at_once(shell.sandbox, options.limits), max(1, len(options.runs)))
    with ThreadPoolExecutor(at_once) as pool:
        looked = list(pool.map(lambda one: explorer.explore(*one), options.runs))
    constant = _constant(parts, view, facts, work)
    analyses = [_scored(task, analysis, constant, weights) for analysis in looked]
    analyses = [write_analysis(options.out, parts, analysis) for analysis in analyses]
    write_package(task, facts, options.out / "data_package")
    best = _best(analyses, options.least)
    problems = [f"notebook {a.number}: {problem}" for a in analyses for problem in a.problems]
    ideas: tuple[Idea, ...] = ()
    if best is None:
        problems.append(f"no analysis scores {options.least:g} or more: nothing is exported, and there are no ideas")
    else:
        ideas, why = _ideas(parts, prompts, brief, analyses, best, options)
        problems += why
    found = Found(out=options.out, analyses=tuple(analyses), best=best, ideas=ideas, problems=tuple(problems))
    write_results(task, options, weights, parts, found.analyses, best, ideas, found.problems)
    return found


def _make(out: Path) -> None:
    try:
        if out.exists() and any(out.iterdir()):
            raise UsageError("E097", f"{str(out)!r} is there already and not empty", fix="--out ANOTHER")
        out.mkdir(parents=True, exist_ok=True)
    except NotADirectoryError:
        raise UsageError("E097", f"{str(out)!r} is a file", fix="--out ANOTHER") from None
    except OSError as error:
        raise MachineError("E531", f"{str(out)!r} cannot be written: {error.strerror}", fix="--out FOLDER") from error


def _with_later(task: Task, view: View, work: Path) -> View:
    """Return the view with the rows of the real test file beside it, which have no labels to hide."""
    if task.data.test is None:
        return view
    shown = work / "shown"
    shutil.copytree(view.input, shown)
    shutil.copyfile(task.folder / task.data.test, shown / f"{LATER}{Path(task.data.test).suffix}")
    return replace(view, input=shown)


def _features(task: Task, facts: Facts) -> tuple[str, ...]:
    # Groups and folds of the split differ between the rows by design.
    barred = {*task.targets, task.id_column, task.output.id_column, task.split.column}
    return tuple(name for name in facts.shared if name not in barred)


def _checker(task: Task, facts: Facts) -> Checker:
    partition, _ = partition_of(task, facts)
    fold, rows = partition.fold(0), facts.train_typed
    return Checker(
        seen=rows[fold.train].reset_index(drop=True),
        held=rows[fold.test].reset_index(drop=True),
        test=facts.test_typed,
        targets=task.targets,
        classes=task.problem in (Problem.BINARY, Problem.MULTICLASS),
        features=_features(task, facts),
    )


def _constant(parts: Parts, view: View, facts: Facts, work: Path) -> float | None:
    """Return the graded score of the best constant answer; None where a constant has none."""
    import pandas as pd

    task = parts.task
    contract, rows = task.output, facts.train_typed[partition_of(task, facts)[0].fold(0).train]
    if contract.needs not in (Needs.VALUES, Needs.PROBABILITY, Needs.LABELS) or view.answers is None:
        return None
    answers = pd.read_csv(view.answers, dtype=str)
    ids = next((n for n in (contract.id_column, task.id_column) if n in answers), None)
    made = pd.DataFrame({contract.id_column: answers[ids]} if contract.id_column and ids else {}, index=answers.index)
    for column, target in zip(contract.columns, task.targets, strict=False):
        values = rows[target]
        if contract.needs is Needs.LABELS:
            made[column] = values.mode().iloc[0]
        elif contract.needs is Needs.PROBABILITY:
            positive = str(task.metric.param("positive", "1"))
            made[column] = float((values.astype(str) == positive).mean())
        else:
            made[column] = float(values.astype(float).mean())
    file = work / "constant.csv"
    made.to_csv(file, index=False)
    grade = parts.grading.grade(task, view, file)
    return grade.score.value if isinstance(grade, Graded) else None


def _scored(task: Task, analysis: Analysis, constant: float | None, weights: dict[str, float]) -> Analysis:
    if analysis.execution is None or analysis.problems:
        return analysis
    parts = score_parts(analysis.checked, way_to_perfect(task.metric, analysis.baseline, constant))
    return replace(analysis, parts=parts, score=round(score(parts, weights), 6))


def _best(analyses: Sequence[Analysis], least: float) -> Analysis | None:
    scored = [a for a in analyses if a.score is not None and a.score >= least and a.score > 0]
    return max(scored, key=lambda a: (a.score or 0.0, -a.number), default=None)


def _ideas(
    parts: Parts, prompts: Prompts, brief: Brief, analyses: Sequence[Analysis], best: Analysis, options: IdeaOptions
) -> tuple[tuple[Idea, ...], list[str]]:
    held = _unique([one for a in analyses for one in a.checked if one.holds])
    names = {one.statement.sentence for one in held}
    others = [one for a in analyses for one in a.checked if not one.holds]
    failed = _unique([one for one in others if one.statement.sentence not in names])
    inputs = IdeasInputs(
        brief=brief,
        established=tuple(Established(sentence=o.sentence, effect=o.effect) for o in held[:MOST_TOLD]),
        refuted=tuple(one.sentence for one in failed[:8]),
        count=options.ideas,
        papers=options.papers,
        plain=best.baseline,
        # Words, and few numbers: a notebook could print labels that are hidden from those who write later ones.
        printed=words(best.execution.log_tail, MOST_PRINTED) if best.execution else "",
    )
    try:
        listed = ask(parts.model, prompts, "ideas", inputs, IdeaList, key="ideas")
    except ModelError as error:
        return (), [f"no idea file is written: {error.message}"]
    return listed.ideas, []


def _unique(checked: Sequence[Checked]) -> list[Checked]:
    """Return findings each once, the largest effect first."""
    found: dict[str, Checked] = {}
    for one in sorted(checked, key=lambda c: -c.effect):
        found.setdefault(one.statement.sentence, one)
    return list(found.values())
