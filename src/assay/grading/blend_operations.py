"""The grading process's side of blending: load members' stored files, search, write the mix."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from assay.core.codec import decode, encode
from assay.core.metric import Needs
from assay.grading import blend_program
from assay.grading.answers import Answers, answers_of, expected_of, join
from assay.grading.arrays import Floats, Pairs
from assay.grading.blend import Blend
from assay.grading.blend_rules import rule_for
from assay.grading.blend_search import Nearest, Stored, search
from assay.grading.cells import probability_columns
from assay.grading.grading_task import GradingTask
from assay.grading.names import Names
from assay.grading.predictions import Expected, Predictions, Rejected
from assay.grading.table import Unreadable, read_header
from assay.grading.validate import validate

TOO_LIKE = 0.98
"""Correlation with a chosen member from which on that is given as the reason for leaving a member out."""
_SOFT = "probabilities.csv"


@dataclass(frozen=True, kw_only=True)
class _Opened:
    """One view with its answers."""

    name: str
    answers: Answers
    pairs: Pairs


def blend(request: Mapping[str, Any]) -> dict[str, Any]:
    """Return the best mix of the members' files."""
    asked = decode(GradingTask, request["task"])
    if asked.grader is not None:
        return {"blend": encode(_nothing(request, "nothing is mixed for a metric of the user's own"))}
    views = [_open_view(asked, view) for view in request["views"]]
    rule = rule_for(asked.output.needs, views[0].pairs)
    if rule is None:
        return {"blend": encode(_nothing(request, "several labels a row of more than two classes are not mixed"))}
    loaded: dict[int, list[Floats]] = {}
    soft: list[int] = []
    left_out: dict[int, str] = {}
    for number, files in request["members"].items():
        try:
            tables, is_soft = _member(views, files, asked.output.file, rule)
        except Rejected as error:
            left_out[int(number)] = str(error)[:500]
            continue
        loaded[int(number)] = tables
        if is_soft:
            soft.append(int(number))
    if not loaded:
        return {"blend": encode(Blend(weights={}, left_out=left_out))}
    return {"blend": encode(_searched(asked, views, loaded, rule, soft, left_out))}


def _nothing(request: Mapping[str, Any], reason: str) -> Blend:
    """Return a blend of nobody, all left out for the same reason."""
    return Blend(weights={}, left_out={int(number): reason for number in request["members"]})


def _searched(
    asked: GradingTask,
    views: list[_Opened],
    loaded: Mapping[int, list[Floats]],
    rule: str,
    soft: list[int],
    left_out: Mapping[int, str],
) -> Blend:
    numbers = list(loaded)
    stored = [
        Stored(name=view.name, pairs=view.pairs, members=np.stack([loaded[n][i] for n in numbers]))
        for i, view in enumerate(views)
    ]
    found = search(asked.metric, stored, rule=rule)
    choice = found.choice
    order = sorted(np.flatnonzero(choice.weights).tolist(), key=lambda i: (-choice.weights[i], numbers[i]))
    weights = {numbers[i]: float(choice.weights[i]) for i in order}
    pairs = views[0].pairs
    return Blend(
        weights=weights,
        rule=choice.rule,
        threshold=choice.threshold,
        soft=tuple(n for n in weights if n in soft),
        classes=pairs.classes,
        positive=pairs.positive,
        scores=found.scores,
        left_out={**left_out, **{numbers[i]: _unchosen(numbers, like) for i, like in found.unchosen.items()}},
    )


def _unchosen(numbers: list[int], like: Nearest) -> str:
    """Return why a valid member has no weight."""
    if like.correlation >= TOO_LIKE:
        return f"too much like #{numbers[like.member]}: their predictions correlate by {like.correlation:.3f}"
    return "adding it does not improve the mix"


def _open_view(asked: GradingTask, view: Mapping[str, Any]) -> _Opened:
    answers = answers_of(asked, view)
    contract = answers.expected.contract
    if contract.needs is not Needs.RANKED_LABELS:
        return _Opened(name=view["name"], answers=answers, pairs=join(asked, answers, Predictions(table=answers.table)))
    pairs = join(asked, answers, Predictions(table=answers.table))
    # One right label a row: its position among the classes lets the search count ranks without lists.
    names = Names(contract.classes)
    codes = [[names.find(row[0]) if len(row) == 1 else None] for row in pairs.relevant]
    if any(code[0] is None for code in codes):
        raise Rejected(["rankings with several right labels a row are not blended"])
    return _Opened(
        name=view["name"],
        answers=answers,
        pairs=replace(pairs, codes=np.array(codes, dtype=np.int64), classes=contract.classes),
    )


def _member(
    views: list[_Opened], files: Mapping[str, Mapping[str, str]], submission: str, rule: str
) -> tuple[list[Floats], bool]:
    """Return what a member contributes on each view, and whether that is class probabilities.

    Raises:
        Rejected: It cannot take part.
    """
    absent = [view.name for view in views if submission not in files.get(view.name, {})]
    if absent:
        raise Rejected([f"no predictions on {', '.join(absent)}"])
    own = [view.answers.narrowed(validate(Path(files[view.name][submission]), view.answers.expected)) for view in views]
    if rule == "mean":
        return [predictions.numbers for predictions in own], False
    if rule == "flags":
        return [(p.labels == v.pairs.positive).astype(float) for p, v in zip(own, views, strict=True)], False
    if all(_SOFT in files[view.name] for view in views):
        try:
            return [_probabilities(Path(files[view.name][_SOFT]), view) for view in views], True
        except Rejected:
            if rule == "top":
                raise
    if rule == "top":
        raise Rejected([f"no {_SOFT}, which rankings are mixed from"])
    return [np.eye(len(v.pairs.classes))[p.labels[:, 0]] for p, v in zip(own, views, strict=True)], False


def _probabilities(path: Path, view: _Opened) -> Floats:
    """Return class probabilities, shape (rows, classes): one column a class, or one of the positive class."""
    table, names = _soft_cells(path, view.answers.expected)
    return _by_class(_soft_values(view.answers.narrowed(table), names), names, view.pairs.classes, view.pairs.positive)


def _soft_cells(path: Path, expected: Expected) -> tuple[Predictions, tuple[str, ...]]:
    """Return the cells in the order of the rows that are asked for, and the names of their columns."""
    try:
        header = read_header(path)
    except Unreadable as error:
        raise Rejected(error.problems) from error
    names = header[1:] if expected.ids is not None else header
    # As rankings the cells are only read and put in order; what they hold is looked at below.
    contract = replace(expected.contract, needs=Needs.RANKED_LABELS, columns=tuple(names), classes=())
    if expected.ids is not None:
        contract = replace(contract, id_column=header[0])
    return validate(path, Expected(contract=contract, rows=expected.rows, ids=expected.ids)), tuple(names)


def _soft_values(cells: Predictions, names: tuple[str, ...]) -> Floats:
    problems: list[str] = []
    values = probability_columns(names, cells.table.columns[-len(names) :], None, problems)
    if problems:
        raise Rejected(problems)
    return values


def _by_class(values: Floats, names: tuple[str, ...], classes: tuple[str, ...], positive: int) -> Floats:
    if values.shape[1] == 1 and len(classes) == 2:
        both = np.hstack([1.0 - values, values])
        return both if positive == 1 else both[:, ::-1]
    known = Names(classes, booleans=True)
    result = np.zeros((len(values), len(classes)))
    for j, name in enumerate(names):
        position = known.find(name)
        if position is None:
            raise Rejected([f"column {name!r} of {_SOFT} is none of the classes"])
        result[:, position] = values[:, j]
    sums = result.sum(axis=1, keepdims=True)
    return np.asarray(np.divide(result, sums, out=np.full_like(result, 1.0 / len(classes)), where=sums > 0))


def combine(request: Mapping[str, Any]) -> dict[str, Any]:
    """Write the mix of the members' files to `into`; members whose files are not valid are left out."""
    asked = decode(GradingTask, request["task"])
    expected = expected_of(asked, request)
    members: dict[str, dict[str, Path]] = {}
    dropped: dict[str, str] = {}
    for number, files in request["members"].items():
        paths = {name: Path(path) for name, path in files.items()}
        try:
            _usable(paths, expected, asked.output.file)
            if number in request["settings"]["soft"]:
                _usable_soft(paths, expected, request["settings"])
        except Rejected as error:
            dropped[number] = str(error)[:500]
            continue
        members[number] = paths | {"submission.csv": paths[asked.output.file]}
    if not members:
        raise Rejected([f"#{number}: {reason}" for number, reason in dropped.items()])
    blend_program.SETTINGS.clear()
    blend_program.SETTINGS.update(request["settings"])
    blend_program.mix(members, Path(request["into"]))
    return {"dropped": dropped}


def _usable(files: Mapping[str, Path], expected: Expected, submission: str) -> None:
    if submission not in files:
        raise Rejected([f"no {submission}"])
    validate(files[submission], expected)


def _usable_soft(files: Mapping[str, Path], expected: Expected, settings: Mapping[str, Any]) -> None:
    """Refuse what would weigh more than the member's weight, or turn the whole mix into NaN."""
    if _SOFT not in files:
        raise Rejected([f"no {_SOFT}"])
    cells, names = _soft_cells(files[_SOFT], expected)
    _by_class(_soft_values(cells, names), names, tuple(settings["classes"]), int(settings["positive"]))
