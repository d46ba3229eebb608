"""Every entry of the catalogue is whole, and every example is Python that does what it says."""

from __future__ import annotations

import ast
import importlib.util
import re
import subprocess
import sys
import warnings
from collections import Counter
from typing import Any

import pytest
from threadpoolctl import threadpool_limits

from assay.models.catalogue import DATED, Entry, Modality, find, load
from assay.models.catalogue.traits import TRAITS
from assay.strategies.machine import PACKAGES
from support.catalogue_data import expected, names_for, predictions, regression_names

MODULES = {
    "chronos-forecasting": "chronos",
    "interpret-core": "interpret",
    "scikit-learn": "sklearn",
    "sentence-transformers": "sentence_transformers",
}
ENTRIES = load()


def modules(entry: Entry) -> set[str]:
    return {MODULES.get(name, name) for name in entry.needs}


def imported(code: str) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add(str(node.module).partition(".")[0])
    return found


def here(entry: Entry) -> bool:
    """Whether the example can run with what the tests have installed."""
    return not entry.weights and all(importlib.util.find_spec(name) for name in modules(entry))


def run(entry: Entry, names: dict[str, Any]) -> None:
    # Few rounds show as well as many that the lines fit together.
    code = re.sub(r"((?:n_estimators|max_iter)\W{1,3})\d+", r"\g<1>4", entry.example)
    with threadpool_limits(1), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", FutureWarning)
        warnings.simplefilter("error", DeprecationWarning)
        exec(compile(code, entry.name, "exec"), names)
    assert predictions(entry, names["pred"]) == expected(entry)


def test_there_are_enough_of_every_modality_under_names_of_their_own() -> None:
    assert [name for name, count in Counter(entry.name for entry in ENTRIES).items() if count > 1] == []
    assert min(Counter(entry.modality for entry in ENTRIES)[modality] for modality in Modality) >= 6
    assert all(entry.dated <= DATED for entry in ENTRIES)


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.name)
def test_an_example_is_python_that_imports_what_the_entry_needs_and_ends_with_predictions(entry: Entry) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        compile(entry.example, entry.name, "exec")
    allowed = modules(entry) | {"numpy", "pandas"} | set(sys.stdlib_module_names)
    assert imported(entry.example) <= allowed
    assert modules(entry) <= imported(entry.example) | {"torch", "sklearn"}
    assert re.search(r"^\s*pred(\[\w+\])? = ", entry.example, re.MULTILINE)
    assert max(map(len, entry.example.splitlines())) <= 120


@pytest.mark.parametrize("entry", [entry for entry in ENTRIES if here(entry)], ids=lambda entry: entry.name)
def test_an_example_whose_packages_are_installed_runs(entry: Entry) -> None:
    run(entry, names_for(entry))
    if entry.modality is Modality.TABLES and {"binary", "regression"} <= set(entry.problems):
        run(entry, regression_names())


def test_most_examples_run_here() -> None:
    assert sum(map(here, ENTRIES)) >= 35


def test_traits_and_packages_are_known_ones() -> None:
    assert {name for entry in ENTRIES for name in (*entry.suits, *entry.avoid, *entry.only)} <= TRAITS.keys()
    assert {name for entry in ENTRIES for name in entry.needs} <= set(PACKAGES)


def test_a_publication_is_told_in_one_line() -> None:
    entry = find("tabm")
    assert entry is not None
    assert entry.sources[0].line == (
        "Gorishniy, Kotelnikov and Babenko (2025). TabM: Advancing Tabular Deep Learning with Parameter-Efficient "
        "Ensembling. ICLR. arXiv:2410.24210"
    )
    assert find("no-such-family") is None


def test_nothing_is_read_before_somebody_asks() -> None:
    code = "import sys, assay.models.catalogue as c; assert c.load.cache_info().misses == 0"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
