"""Planting: recipes of the playbook in the place of a foreign notebook's model, everything around it left as it is."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import Any

from assay.core.metric import Needs
from assay.models.playbook.facts import Facts, Family
from assay.models.playbook.imports import import_lines
from assay.models.playbook.notebook.host import Host
from assay.models.playbook.render import context_of, function_body, sentence
from assay.models.playbook.star.embed import indented
from assay.models.playbook.star.mixture import Mixture

PLANTED = "planted"
"""Where a recipe keeps what was planted: the host, the cell as it was, the mixture."""
_FAMILIES = (Family.TABULAR, Family.TEXT, Family.PAIRS, Family.PROFILES)
_NEEDS = (Needs.VALUES, Needs.PROBABILITY)


def can_plant(facts: Facts) -> bool:
    """Return whether recipes of the task are functions of two tables that return one prediction a row and target."""
    return facts.family in _FAMILIES and facts.task.output.needs in _NEEDS


def planted_recipe(host: Host, before: str, mixture: Mixture) -> dict[str, Any]:
    """Return the recipe of a notebook with `mixture` planted.

    Args:
        host: Where.
        before: The cell as it was.
        mixture: What.
    """
    value = {"host": host.to_json(), "before": before, "mixture": mixture.to_json(), "titles": list(mixture.titles)}
    return {PLANTED: value}


def planted_in(recipe: object) -> tuple[Host, str, Mixture] | None:
    """Return host, the cell as it was, and the mixture of a recipe; None where nothing is planted."""
    inside = recipe.get(PLANTED) if isinstance(recipe, dict) else None
    if not isinstance(inside, dict):
        return None
    mixture = Mixture.from_json(inside["mixture"], title=inside["titles"][0])
    return (Host.from_json(inside["host"]), str(inside["before"]), mixture) if mixture is not None else None


def planted_cell(host: Host, before: str, mixture: Mixture, facts: Facts) -> str:
    """Return the cell with `mixture` making the predictions; whatever else it defines, it still defines.

    A function keeps its name and its parameters. A variable keeps its name; the statements before it stay.
    """
    known, rows = (host.known, host.rows) if host.is_function else ("known", "rows")
    names = [f"planted_{place + 1}" for place in range(len(mixture.members))]
    models = []
    for name, title, member in zip(names, mixture.titles, mixture.members, strict=True):
        body = function_body(
            member, facts, known=f"{known}.reset_index(drop=True)", rows=f"{rows}.reset_index(drop=True)"
        )
        models.append((name, title, body))
    needed = import_lines("\n".join(body for *_, body in models)).splitlines()
    imports = "\n".join(line for line in needed if not line or line not in before.splitlines()).strip()
    functions = [
        f'def {name}({known}, {rows}):\n    """{sentence(title)}"""\n{indented(body).rstrip()}'
        for name, title, body in models
    ]
    answer = _mean([f"{name}({known}, {rows})" for name in names], mixture.shares)
    if host.is_function:
        first, second = (rows, known) if host.swapped else (known, rows)
        told = f'"""Return the predictions of `{rows}`, learned from `{known}`."""'
        functions.append(f"def {host.name}({first}, {second}):\n    {told}\n    return {answer}")
        code = _with_definitions(before, host.name, functions)
    else:
        context = context_of(mixture.members[0], facts)
        reads = f"known, rows = {context['read_train']}, {context['read_test']}"
        code = f"{before.rstrip()}\n\n\n" + "\n\n\n".join(functions) + f"\n\n\n{reads}\n{host.name} = {answer}"
        if "import pandas as pd" not in f"{imports}\n{before}".splitlines():
            imports += "\nimport pandas as pd"
    return f"{imports}\n\n{code.strip()}\n".lstrip()


def _mean(calls: Sequence[str], shares: Sequence[float]) -> str:
    if len(calls) == 1:
        return calls[0]
    return " + ".join(f"{float(f'{share:.4g}')} * {call}" for call, share in zip(calls, shares, strict=True))


def _with_definitions(code: str, name: str, functions: Sequence[str]) -> str:
    """Return `code` with the last definition of the function `name` replaced by other definitions."""
    found = [n for n in ast.parse(code).body if isinstance(n, ast.FunctionDef) and n.name == name]
    node = found[-1]
    first = min([node.lineno, *(d.lineno for d in node.decorator_list)]) - 1
    lines = code.splitlines()
    before, after = "\n".join(lines[:first]).rstrip(), "\n".join(lines[node.end_lineno :]).strip()
    return "\n\n\n".join(part for part in (before, *functions, after) if part)
