"""The page on retrieval counts what there is and names options, variables and bounds that hold."""

from __future__ import annotations

import ast
import builtins
import re
from collections import Counter
from pathlib import Path

from typer.main import get_command

from assay.cli.app import build_app
from assay.cli.commands.explain import explanations
from assay.cli.commands.papers import MIRROR
from assay.cli.options.hints import MOST
from assay.models.cache_place import CACHE_VARIABLE
from assay.models.catalogue import DATED, Modality, load, search
from assay.models.searching import SEARCH_TOKENS, SEARCH_VARIABLE, fee_usd
from support.briefs import INCOME, INCOME_PROFILE, MACHINE

PAGE = (Path(__file__).parents[2] / "docs" / "retrieval.md").read_text(encoding="utf-8")


def test_every_modality_has_a_row_with_its_count() -> None:
    counts = Counter(entry.modality for entry in load())
    rows = {m[1]: int(m[2]) for m in re.finditer(r"^\| `(\w+)`[^|]*\| (\d+) \|", PAGE, re.MULTILINE)}
    assert rows == {str(modality): counts[modality] for modality in Modality}
    assert f"\n{len(load())} families of models as of {DATED:%B %Y}" in PAGE


def given(code: str) -> set[str]:
    """Names that `code` reads and nothing in it defines."""
    tree = ast.parse(code)
    names = [node for node in ast.walk(tree) if isinstance(node, ast.Name)]
    defined = {node.id for node in names if isinstance(node.ctx, ast.Store)} | set(dir(builtins))
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            defined.add(node.name)
        elif isinstance(node, ast.arg):
            defined.add(node.arg)
        elif isinstance(node, ast.alias):
            defined.add((node.asname or node.name).partition(".")[0])
    return {node.id for node in names} - defined


def test_examples_use_the_names_that_are_told_and_no_others() -> None:
    told = {m[1]: set(re.findall(r"`(\w+)`", m[0])) for m in re.finditer(r"^\| `(\w+)`.*$", PAGE, re.MULTILINE)}
    for entry in load():
        assert given(entry.example) <= told[str(entry.modality)], entry.name


def test_the_snippet_runs() -> None:
    names: dict[str, object] = {}
    code = re.search(r"```python\n(.*?)```", PAGE, re.DOTALL)
    assert code is not None
    exec(compile(code[1], "retrieval.md", "exec"), names)
    found = names["first_four"](INCOME, INCOME_PROFILE, MACHINE)  # type: ignore[operator]
    assert [line[0] for line in found] == [
        hit.entry.name for hit in search(INCOME, INCOME_PROFILE, MACHINE.packages, False, 4)
    ]


def test_options_variables_codes_and_figures_are_real_ones() -> None:
    known = {flag for parameter in get_command(build_app()).commands["run"].params for flag in parameter.opts}  # type: ignore[attr-defined]
    assert set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", PAGE)) <= known
    assert set(re.findall(r"ASSAY_\w+", PAGE)) == {SEARCH_VARIABLE, MIRROR, CACHE_VARIABLE}
    assert set(re.findall(r"\bE\d{3}\b", PAGE)) <= explanations().keys()
    assert f"{SEARCH_TOKENS:,}" in PAGE
    assert f"up to {MOST} times" in PAGE
    assert [float(fee_usd(name, 1)) for name in ("openai", "anthropic", "google", "ollama")] == [0.01, 0.01, 0.035, 0]
