"""From a recipe to the text of a script."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from assay.core.metric import Needs
from assay.core.task import Problem, SplitKind
from assay.models.playbook.facts import Facts, Family
from assay.models.playbook.imports import import_lines
from assay.models.playbook.layout import assign, assign_dict, tidy
from assay.models.playbook.profiles import blocks_of
from assay.models.playbook.recipe import Recipe

_SCALED = ("linear", "neighbours", "mlp")
_SCALED_DOC = {
    "linear": "A linear model on scaled numbers and one column per level.",
    "neighbours": "The mean of the most similar rows.",
    "mlp": "A small neural network on normalised numbers and one column per level.",
}
_READERS = {
    ".tsv": 'pd.read_csv("input/{name}", sep="\\t"{ids})',
    ".parquet": 'pd.read_parquet("input/{name}")',
    ".json": 'pd.read_json("input/{name}")',
    ".jsonl": 'pd.read_json("input/{name}", lines=True)',
    ".ndjson": 'pd.read_json("input/{name}", lines=True)',
}
_ODD = re.compile(r'[\[\]{}<>":,]')


def render(recipe: Recipe, facts: Facts, *, title: str, plan: str) -> str:
    """Return the script of `recipe`: a docstring, the imports it needs, and its steps.

    Args:
        recipe: Its family names the template.
        facts: Of the task that the script is for.
        title: First line of the docstring.
        plan: The rest of the docstring.
    """
    body = filled(_template(recipe), _context(recipe, facts))
    return f"{docstring(title, plan)}\n\n{import_lines(body)}\n\n{body}"


def function_body(recipe: Recipe, facts: Facts, *, known: str, rows: str) -> str:
    """Return the steps of `recipe` as the body of a function that returns its predictions, not indented.

    Args:
        recipe: Of a family that reads two tables.
        facts: Of the task.
        known: Expression for the table of labelled rows.
        rows: Expression for the table of rows to predict.
    """
    context = {**_context(recipe, facts), "read_train": known, "read_test": rows, "returned": True}
    return filled(_template(recipe), context)


def filled(name: str, context: Mapping[str, Any]) -> str:
    """Return the template `name` with `context`, laid out as usual."""
    return tidy(_environment().get_template(f"{name}.j2").render(context))


def docstring(title: str, plan: str) -> str:
    """Return the docstring of a script that carries out `plan`."""
    return "\n".join([f'"""{sentence(title)}', "", textwrap.fill(_plain(plan), 100), '"""'])


def _template(recipe: Recipe) -> str:
    if recipe.model in ("cheat", "sample"):
        return recipe.model
    own_constant = recipe.family in (Family.FORECAST, Family.IMAGES)
    return "constant" if recipe.model == "constant" and not own_constant else recipe.family


@lru_cache(maxsize=1)
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("assay.models.playbook"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # the output is Python, never HTML
    )
    environment.filters.update(py=repr_literal, assign=assign, assign_dict=assign_dict, raw=lambda text: f'r"{text}"')
    return environment


def repr_literal(value: Any) -> str:
    """Return `value` as a Python literal with double quotes."""
    if isinstance(value, str):
        text = repr(value)
        return f'"{text[1:-1]}"' if text[0] == "'" and '"' not in value else text
    if isinstance(value, (list, tuple)):
        inner = ", ".join(repr_literal(item) for item in value)
        return f"[{inner}]"
    return repr(value)


def _context(recipe: Recipe, facts: Facts) -> dict[str, Any]:
    return {
        "r": recipe,
        "f": facts,
        "use": _Steps(recipe.features),
        **_target_context(recipe, facts),
        **_output_context(facts),
        **_input_context(recipe, facts),
        **_model_context(recipe, facts),
        **_forecast_context(recipe, facts),
        **_pairs_context(facts),
        "p": blocks_of(facts),
        "returned": False,
    }


class _Steps:
    """`use.name` in a template: whether the recipe has the step."""

    def __init__(self, steps: Sequence[str]) -> None:
        self._steps = frozenset(steps)

    def __getattr__(self, name: str) -> bool:
        return name in self._steps


def _target_context(recipe: Recipe, facts: Facts) -> dict[str, Any]:
    task = facts.task
    positive, negative = _labels(facts)
    return {
        "many": len(task.targets) > 1,
        "positive": positive if facts.shape == "binary" else None,
        "negative": negative,
        "target_missing": any(target.missing > 0 for target in facts.profile.targets),
        "log_target": facts.shape == "regression" and recipe.option("target", "plain") == "log",
    }


def _labels(facts: Facts) -> tuple[Any, Any]:
    """Return the positive and the negative label as pandas reads them."""
    texts = list(facts.task.output.classes)
    if len(texts) < 2:
        texts = sorted({label for label, _ in facts.profile.target_counts} | set(texts))
    chosen = str(facts.task.metric.param("positive", ""))
    positive = chosen if chosen in texts else (texts[-1] if texts else "1")
    negative = next((t for t in texts if t != positive), "0")
    dtype = facts.profile.targets[0].dtype if facts.profile.targets else "int64"
    return _typed(positive, dtype), _typed(negative, dtype)


def _typed(text: str, dtype: str) -> Any:
    try:
        if dtype.startswith(("int", "uint", "Int", "UInt")):
            return int(float(text))
        if dtype.startswith(("float", "Float")):
            return float(text) if "." in text else int(text)
    except ValueError:
        return text
    return {"True": True, "False": False}.get(text, text) if dtype.startswith("bool") else text


def _output_context(facts: Facts) -> dict[str, Any]:
    task = facts.task
    out, source = task.output, task.id_column or task.output.id_column
    context: dict[str, Any] = {
        "needs": str(out.needs),
        "columns": out.columns,
        "classes": out.classes,
        "id": out.id_column,
        "rows": "test[ID]" if source == out.id_column else f"test[{repr_literal(source)}]",
        "ranked": int(task.metric.param("k", 5)),
        "cut_function": _cut_function(task.metric.name.lower()),
        "binary_columns": "",
    }
    if out.needs is Needs.CLASS_PROBABILITIES and task.problem is Problem.BINARY:
        positive = str(_labels(facts)[0])
        context["binary_columns"] = ", ".join(
            f"{repr_literal(column)}: {'pred' if label == positive else '1 - pred'}"
            for column, label in zip(out.columns, out.classes, strict=True)
        )
    return context


def _cut_function(metric: str) -> str:
    if "mcc" in metric or "matthews" in metric:
        return "matthews_corrcoef(y, oof >= cut)"
    if "balanced" in metric:
        return "balanced_accuracy_score(y, oof >= cut)"
    if "kappa" in metric:
        return "cohen_kappa_score(y, oof >= cut)"
    if "jaccard" in metric:
        return "jaccard_score(y, oof >= cut)"
    return 'f1_score(y, oof >= cut, average="macro")' if "macro" in metric else "f1_score(y, oof >= cut)"


def _input_context(recipe: Recipe, facts: Facts) -> dict[str, Any]:
    task, files = facts.task, facts.task.data
    columns = [c.name for c in facts.profile.columns if c.name in _usable(recipe, facts)]
    numbers = [c for c in columns if c in facts.numbers]
    dropped = [c for c in (task.id_column, *task.targets) if c]
    dropped += [c.name for c in facts.profile.columns if c.name not in columns]
    return {
        "read_train": _reader(files.train, task.id_column, task.target if _respelled(facts) else None),
        "read_test": _reader(files.test or "test." + files.train.rsplit(".", 1)[-1], task.id_column),
        "sample": _reader(files.sample, task.output.id_column) if files.sample else "",
        "listed": len(columns) <= 40,
        "columns_in": columns,
        "dropped": dropped,
        "numbers_in": numbers,
        "use_numbers": "comparables" in recipe.features or ("neighbours" in recipe.features and not facts.location),
        "counted": [c for c in columns if c in facts.categories],
        "neighbour_sizes": _sizes(recipe),
        "date_parts": {name: _date_parts(facts, name) for name in facts.dates},
        "odd_names": recipe.model in ("lightgbm", "xgboost") and any(_ODD.search(c) for c in columns),
    }


def _usable(recipe: Recipe, facts: Facts) -> set[str]:
    texts = facts.texts if "text" in recipe.features else ()
    dates = facts.dates if "dates" in recipe.features else ()
    return {*facts.numbers, *facts.categories, *texts, *dates}


def _sizes(recipe: Recipe) -> tuple[int, ...]:
    return tuple(int(k) for k in str(recipe.option("neighbours", "5 20")).split())


def _date_parts(facts: Facts, name: str) -> tuple[str, ...]:
    has_time = any(":" in example for example in facts.column(name).examples)
    return ("year", "month", "day", "dayofweek", "dayofyear", *(("hour", "minute") if has_time else ()))


def _suffix(name: str) -> str:
    return name[name.index(".", name.rfind("/") + 1) :] if "." in name else ".csv"


def _respelled(facts: Facts) -> bool:
    """Return whether pandas reads the labels of several classes as numbers and spells them otherwise (`01`, `+1`)."""
    dtype = facts.profile.targets[0].dtype if facts.shape == "multiclass" else ""
    if not dtype.startswith(("int", "uint", "float")):
        return False
    number = float if dtype.startswith("float") else int
    return any(str(number(label)) != label for label in facts.task.output.classes)


def _reader(name: str, *as_text: str | None) -> str:
    kind = next((s for s in _READERS if s in _suffix(name)), ".csv")
    # Read as text, so that an id such as 007 comes back as it was.
    kept = ", ".join(f"{repr_literal(column)}: str" for column in as_text if column)
    ids = f", dtype={{{kept}}}" if kept else ""
    return _READERS.get(kind, 'pd.read_csv("input/{name}"{ids})').replace("{name}", name).replace("{ids}", ids)


def _model_context(recipe: Recipe, facts: Facts) -> dict[str, Any]:
    folds = int(recipe.option("folds", 0))
    split = facts.task.split
    narrow = all(facts.column(c).distinct < 250 for c in facts.categories)
    boosters = ("lightgbm", "xgboost", "catboost")
    return {
        "folds": folds,
        "has_cut": facts.needs_cut and folds > 0,
        "early": int(recipe.option("early_stopping", 0)) if folds else 0,
        "group": split.column if split.kind is SplitKind.GROUP else None,
        "at": "X.iloc" if recipe.family in ("tabular", "pairs") else "X",
        "decision": recipe.model == "svc",
        "dense": recipe.model == "lightgbm",
        "cnn": recipe.model == "cnn",
        "more_arrays": [n for n in facts.task.data.side if n.endswith(".npz")],
        "id_pair": "ID: sample[ID], " if facts.task.output.id_column else "",
        "native": recipe.model in boosters or (recipe.model == "hist_gradient_boosting" and narrow),
        "scaled": recipe.model in _SCALED,
        "scaled_doc": _SCALED_DOC.get(recipe.model, ""),
    }


def _forecast_context(recipe: Recipe, facts: Facts) -> dict[str, Any]:
    low = facts.profile.targets[0].low if facts.profile.targets else None
    time = facts.task.time_column
    return {
        "boosted": recipe.model == "lightgbm",
        "log_series": bool(recipe.option("log", False)) and low is not None and low > 0,
        "floor": float(f"{(low or 0.0) / 2:.3g}"),
        "not_negative": low is not None and low >= 0,
        "time_in_test": any(c.name == time and c.in_test for c in facts.profile.columns),
    }


def _pairs_context(facts: Facts) -> dict[str, Any]:
    # The phrase that comes back most often is the one about which most is known.
    phrases = sorted(facts.phrases, key=lambda name: facts.column(name).distinct)[:2]
    return {
        "first": phrases[0] if phrases else "",
        "second": phrases[1] if len(phrases) > 1 else "",
        "pair_categories": [c for c in facts.categories if c not in phrases],
    }


def _plain(text: str) -> str:
    return text.replace("\\", "/").replace('"', "'")


def sentence(title: str) -> str:
    """Return `title` as a sentence that can stand in a docstring."""
    text = _plain(title).rstrip(".")
    return f"{text[:1].upper()}{text[1:]}."


def context_of(recipe: Recipe, facts: Facts) -> Mapping[str, Any]:
    """Return what the templates are given."""
    return _context(recipe, facts)
