"""Tweaks: what can be changed in a passage that the playbook did not write, by reading its syntax tree."""

from __future__ import annotations

import ast
import re
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from assay.models.playbook.foreign import ablations
from assay.models.playbook.star.passages import passage, statements_of

_MODELS = re.compile(r"(Classifier|Regressor|Regression|Ridge|Lasso|SVC|SVR|NB|Vectorizer|LGBM\w*|XGB\w*|CatBoost\w*)$")
_BOUNDS: dict[str, tuple[float, float]] = {
    "C": (1e-3, 1e4), "alpha": (1e-6, 1e4), "learning_rate": (5e-3, 0.5), "eta": (5e-3, 0.5), "n_estimators": (50, 5e3),
    "iterations": (50, 5000), "num_boost_round": (50, 5000), "max_iter": (50, 5000), "max_depth": (2, 16),
    "depth": (3, 10), "num_leaves": (4, 512), "max_leaf_nodes": (4, 512), "min_child_samples": (1, 500),
    "min_samples_leaf": (1, 200), "min_child_weight": (0.1, 200), "subsample": (0.3, 1), "colsample_bytree": (0.1, 1),
    "feature_fraction": (0.1, 1), "bagging_fraction": (0.3, 1), "max_features": (0.05, 1), "reg_lambda": (1e-3, 100),
    "reg_alpha": (1e-3, 100), "l2_leaf_reg": (0.1, 100), "l2_regularization": (1e-3, 100), "n_neighbors": (1, 300),
    "lr": (1e-5, 0.1), "epochs": (1, 200), "dropout": (0.05, 0.8), "weight_decay": (1e-6, 0.5), "gamma": (1e-6, 100),
}  # fmt: skip
"""Arguments whose size is a matter of taste, and what is sensible for them."""
_FACTORS = (2.0, 0.5, 1.4, 0.7, 3.0, 0.33)
_MOST_LINES = 40


@dataclass(frozen=True, kw_only=True)
class Tweak:
    """A passage with one thing changed."""

    title: str
    reason: str
    part: str
    """What ablation calls it."""
    code: str


def tweaks(block: str) -> Sequence[Tweak]:
    """Return what can be changed in `block`: sizes of known arguments, then parts that can be left out."""
    plain, indent = _dedented(block)
    try:
        tree = ast.parse(plain)
    except SyntaxError:
        return []
    found = [*_sized(tree, plain), *_simpler(plain)]
    seen: dict[str, Tweak] = {}
    for tweak in found:
        seen.setdefault(tweak.title, tweak)
    back = "\n"
    return [
        Tweak(
            title=t.title,
            reason=t.reason,
            part=t.part,
            code=back.join(indent + line if line.strip() else line for line in t.code.rstrip().splitlines()),
        )
        for t in seen.values()
        if t.code.strip() != plain.strip()
    ]


def tweakable(code: str) -> Sequence[str]:
    """Return the passages of `code` that `tweaks` knows something for, each once in it, in order."""
    found = []
    for _, first, last in statements_of(code):
        block = passage(code, first, last)
        if last - first < _MOST_LINES and code.count(block) == 1 and tweaks(block):
            found.append(block)
    return found


def _dedented(block: str) -> tuple[str, str]:
    first = next((line for line in block.splitlines() if line.strip()), "")
    indent = first[: len(first) - len(first.lstrip())]
    return textwrap.dedent(block), indent


def _sized(tree: ast.Module, text: str) -> Iterator[Tweak]:
    places = list(_numbers(tree))
    for factor in _FACTORS:
        for name, of, node, old in places:
            low, high = _BOUNDS[name]
            new = _scaled(old, factor, low, high)
            if new != old:
                owner = f" of {of}" if of else ""
                yield Tweak(
                    title=f"Set {name}{owner} to {new}",
                    reason=f"It is {old} now, and how large is best depends on the data.",
                    part=f"settings of {of}" if of else "tuned settings",
                    code=_with(text, node, repr(new)),
                )


def _numbers(tree: ast.Module) -> Iterator[tuple[str, str, ast.Constant, int | float]]:
    """Yield known arguments of calls and entries of dictionaries that are numbers."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            entries = [(k.arg, k.value) for k in node.keywords]
            of = name if _MODELS.search(name) else ""
        elif isinstance(node, ast.Dict):
            pairs = zip(node.keys, node.values, strict=True)
            entries = [(str(k.value), v) for k, v in pairs if isinstance(k, ast.Constant)]
            of = ""
        else:
            continue
        for key, value in entries:
            if key not in _BOUNDS or not isinstance(value, ast.Constant):
                continue
            if isinstance(value.value, int | float) and not isinstance(value.value, bool):
                yield key or "", of, value, value.value


def _simpler(text: str) -> Iterator[Tweak]:
    for simpler in ablations(text, ()):
        yield Tweak(
            title=f"Leave out {simpler.part}",
            reason=simpler.description,
            part=simpler.part,
            code=simpler.code,
        )


def _scaled(old: int | float, factor: float, low: float, high: float) -> int | float:
    if not low <= old <= high:
        return old
    value = min(max(old * factor, low), high)
    return max(round(value), 1) if isinstance(old, int) else float(f"{value:.3g}")


def _with(text: str, node: ast.Constant, new: str) -> str:
    """Return `text` with the source of `node` replaced; columns of the tree count bytes."""
    lines = text.splitlines(keepends=True)
    line = lines[node.lineno - 1].encode()
    lines[node.lineno - 1] = (line[: node.col_offset] + new.encode() + line[node.end_col_offset :]).decode()
    return "".join(lines)
