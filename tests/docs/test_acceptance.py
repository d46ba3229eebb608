"""The acceptance table names every row once and only tests that exist."""

from __future__ import annotations

import ast
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

TESTS = Path(__file__).parents[1]
TABLE = TESTS.parent / "docs" / "acceptance.md"
ROWS = range(1, 181)
STATES = ("done", "partly", "not yet")


@dataclass(frozen=True)
class Row:
    """One row of the table."""

    number: int
    feature: str
    state: str
    tests: tuple[str, ...]
    note: str


def rows() -> list[Row]:
    found = []
    for line in TABLE.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if line.startswith("|") and cells[0].isdigit():
            number, feature, state, tests, note = cells
            names = tuple(name.strip() for name in tests.split(",") if name.strip())
            found.append(Row(int(number), feature, state, names, note))
    return found


@lru_cache
def functions_of(path: Path) -> frozenset[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return frozenset(node.name for node in tree.body if isinstance(node, ast.FunctionDef))


def missing(name: str) -> bool:
    file, _, function = name.partition("::")
    path = TESTS / file
    return not (path.is_file() and function.startswith("test_") and function in functions_of(path))


def test_every_row_is_there_once_and_in_order() -> None:
    assert [row.number for row in rows()] == list(ROWS)


def test_every_row_says_what_it_is_about_and_how_far_it_is() -> None:
    assert [row.number for row in rows() if not row.feature or row.state not in STATES] == []


def test_every_test_that_is_named_exists() -> None:
    assert [(row.number, name) for row in rows() for name in row.tests if missing(name)] == []


def test_no_test_is_named_twice_in_a_row() -> None:
    assert [row.number for row in rows() if any(count > 1 for count in Counter(row.tests).values())] == []


def test_what_is_done_has_a_test_and_what_is_not_says_why() -> None:
    assert [row.number for row in rows() if row.state in ("done", "partly") and not row.tests] == []
    assert [row.number for row in rows() if row.state != "done" and not row.note] == []
    assert [row.number for row in rows() if row.state == "not yet" and row.tests] == []
