"""Weaving: several scripts and a rule, made into one script that runs them all and combines what they predict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from assay.core.errors import ReplyInvalid
from assay.core.metric import Needs
from assay.core.task import Problem, SplitKind
from assay.models.playbook.facts import Facts, Family
from assay.models.playbook.imports import arranged, import_lines
from assay.models.playbook.recipe import Recipe
from assay.models.playbook.render import context_of, docstring, filled, render, sentence
from assay.models.playbook.star.embed import Embedded, Import, Unmergeable, embed, imports_of, indented
from assay.models.playbook.star.mixture import Mixture, Scale

_SOFT = "probabilities.csv"
_INNER_SPLITS = {SplitKind.GROUP: "group", SplitKind.TIME: "time", SplitKind.FORECAST: "forecast"}


@dataclass(frozen=True, kw_only=True)
class Script:
    """A script with its name."""

    title: str
    code: str


@dataclass(frozen=True, kw_only=True)
class Rule:
    """How predictions become one."""

    scale: Scale = Scale.MEAN
    weights: tuple[float, ...] = ()
    """Empty for equal ones."""
    holdout: bool = False


def render_mixture(mixture: Mixture, facts: Facts, *, title: str, plan: str) -> str:
    """Return the script of `mixture`; that of the recipe itself if it has a single member."""
    if len(mixture.members) == 1:
        return render(mixture.members[0], facts, title=title, plan=plan)
    scripts = [
        Script(title=name, code=render(member, facts, title="x", plan="x"))
        for member, name in zip(mixture.members, mixture.titles, strict=True)
    ]
    rule = Rule(scale=mixture.scale, weights=mixture.weights, holdout=mixture.holdout)
    return weave(scripts, facts, rule, title=title, plan=plan)


def weave(scripts: Sequence[Script], facts: Facts, rule: Rule, *, title: str, plan: str) -> str:
    """Return one script that runs each of `scripts` in a function of its own and combines their files.

    Args:
        scripts: At least two that obey the contract.
        facts: Of the task that they are for.
        rule: How predictions become one.
        title: First line of the docstring.
        plan: The rest of the docstring.

    Raises:
        ReplyInvalid: One of them cannot stand in a function.
    """
    parts = [_taken_apart(script) for script in scripts]
    ending = ending_of(scripts, facts, rule)
    shared, own = _shared_imports(parts, imports_of(import_lines(ending)))
    functions = [
        _function(f"model_{k}", script.title, part, kept)
        for k, (script, part, kept) in enumerate(zip(scripts, parts, own, strict=True), 1)
    ]
    future = sorted({name for part in parts for name in part.future})
    heads = [docstring(title, plan), *([f"from __future__ import {', '.join(future)}"] if future else []), shared]
    return "\n\n".join(heads) + "\n\n\n" + "\n\n\n".join(functions) + "\n\n\n" + ending


def ending_of(scripts: Sequence[Script], facts: Facts, rule: Rule) -> str:
    """Return what follows the models' functions: running them, combining their files, writing the answer."""
    return filled("mixture", _context(scripts, facts, rule))


def can_hold_out(facts: Facts) -> bool:
    """Return whether a script can set rows aside as a task of their own, to choose weights on."""
    files = facts.task.data
    tables = all(".csv" in name or ".tsv" in name for name in (files.train, files.test or "test.csv"))
    known = facts.family not in (Family.CUSTOM, Family.IMAGES) and not files.side
    own_split = facts.task.split.kind not in (SplitKind.PREPARED, SplitKind.COLUMN)
    exact = facts.shape == "regression" or not facts.profile.targets[0].dtype.startswith("float")
    return tables and known and own_split and exact and facts.profile.train_rows >= 100


def _taken_apart(script: Script) -> Embedded:
    try:
        return embed(script.code)
    except Unmergeable as error:
        raise ReplyInvalid(f"the script {script.title!r} cannot be made part of another: {error}") from error


def _shared_imports(parts: Sequence[Embedded], ending: Sequence[Import]) -> tuple[str, list[list[Import]]]:
    """Return the imports at the top, and for each part those of names that mean something else there."""
    meaning: dict[str, Import] = {}
    for taken in ending:
        meaning.setdefault(taken.binds, taken)
    own: list[list[Import]] = []
    for part in parts:
        # `import a.b` and `import a.c` bind the same package: both can stand at the top.
        clashing = {
            i
            for i in part.imports
            if (known := meaning.setdefault(i.binds, i)) != i and (known.alias or known.member or i.alias or i.member)
        }
        own.append([i for i in part.imports if i in clashing])
    kept = {i for part, left in zip(parts, own, strict=True) for i in part.imports if i not in left} | {*ending}
    members: dict[str, list[str]] = {}
    for taken in sorted(kept):
        if taken.member:
            members.setdefault(taken.module, []).append(taken.statement.partition(" import ")[2])
    return arranged([i.statement[len("import ") :] for i in kept if not i.member], members), own


def _function(name: str, title: str, part: Embedded, own: Sequence[Import]) -> str:
    first = "".join(f"    {taken.statement}\n" for taken in own)
    return f'def {name}():\n    """{sentence(title)}"""\n{first}{indented(part.body)}'.rstrip()


def _context(scripts: Sequence[Script], facts: Facts, rule: Rule) -> dict[str, Any]:
    soft = all(_SOFT in script.code for script in scripts)
    kind = _kind(facts)
    context = context_of(Recipe(family=facts.family, model="mixture"), facts)
    return {
        **context,
        "count": len(scripts),
        "kind": kind,
        "soft": soft,
        "scale": str(rule.scale),
        "weights": list(rule.weights),
        "holdout": rule.holdout,
        "positive_text": str(context["positive"]),
        "negative_text": str(context["negative"]),
        "share": kind == "cut" and soft and facts.needs_cut,
        "inner_split": _INNER_SPLITS.get(facts.task.split.kind, "classes" if facts.is_classes else "random"),
        "held_loss": _held_loss(facts, kind),
        "separator": {name: ', sep="\\t"' if ".tsv" in name else "" for name in _tables(facts)},
        "source": facts.task.id_column or facts.task.output.id_column,
        "test_name": _tables(facts)[1],
    }


def _tables(facts: Facts) -> tuple[str, str]:
    files = facts.task.data
    return files.train, files.test or "test." + files.train.rsplit(".", 1)[-1]


def _kind(facts: Facts) -> str:
    """Return what stands in the columns: `numbers`, or labels that are found by `cut`, `best`, `top`, ..."""
    task = facts.task
    if task.output.needs is Needs.RANKED_LABELS:
        return "top"
    if task.output.needs is not Needs.LABELS:
        return "numbers"
    if task.problem in (Problem.BINARY, Problem.MULTICLASS) and len(task.output.columns) == 1:
        return "cut" if task.problem is Problem.BINARY else "best"
    return "whole" if facts.shape == "regression" else "flags"


def _held_loss(facts: Facts, kind: str) -> str:
    """Return the name of the loss that weights are chosen by, as the template knows it."""
    name, needs = facts.task.metric.name.lower(), facts.task.output.needs
    if kind in ("best", "top") or needs is Needs.CLASS_PROBABILITIES:
        return "classes"
    if "auc" in name and kind == "numbers":
        return "auc"
    if facts.shape != "regression":
        return "log_loss"
    if any(word in name for word in ("pearson", "spearman", "correlation")):
        return "correlation"
    return "smape" if "smape" in name else facts.loss
