"""The keys of task.toml: one table that the reader, the page and the JSON Schema are made from."""

from __future__ import annotations

import tomllib
from dataclasses import fields
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from assay.cli.options.records import LimitFlags
from assay.core.task import Holdout, Split, SplitKind, Task
from assay.data.intake import inspect
from assay.data.task_keys import KEYS, Key, tables
from assay.data.task_schema import json_schema
from assay.data.task_writing import task_toml

BY_NAME = {key.name: key for key in KEYS}


def document(key: Key, value: str) -> dict[str, Any]:
    """Return a file that says nothing but this key, and what its table needs."""
    table, dot, name = key.name.rpartition(".")
    needed = [f"{n} = {k.example}" for n, k in tables().get(table, {}).items() if k.needed and n != name]
    head = [f"[{table}]", *needed] if dot else []
    return tomllib.loads("\n".join([*head, f"{name} = {value}"]))


@pytest.mark.parametrize("key", KEYS, ids=lambda key: key.name)
def test_every_example_is_one_that_the_schema_takes(key: Key) -> None:
    jsonschema.validate(document(key, key.example), json_schema())
    assert key.meaning.endswith((".", "`."))


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("row_cap", "0"),
        ("row_cap", '"many"'),
        ("split.kind", '"hold-out"'),
        ("holdout.fraction", "0.9"),
        ("target", "3"),
    ],
)
def test_an_editor_marks_what_the_reader_refuses(key: str, value: str) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(document(BY_NAME[key], value), json_schema())


def test_an_editor_marks_a_key_that_there_is_not() -> None:
    for text in ('targets = "y"', "[split]\nkind = 'kfold'\nfolds = 3", "[split]\nk = 3"):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(tomllib.loads(text), json_schema())


def test_what_init_writes_is_what_the_schema_takes(tmp_path: Path) -> None:
    rows = "\n".join(f"{n},{n % 7},{n % 2}" for n in range(60))
    (tmp_path / "train.csv").write_text(f"id,x,left\n{rows}\n", encoding="utf-8")
    (tmp_path / "test.csv").write_text("id,x\n100,1\n101,2\n", encoding="utf-8")
    written = task_toml(inspect(tmp_path), tmp_path)
    assert 'target = "left"' in written
    jsonschema.validate(tomllib.loads(written), json_schema())


def test_limits_are_those_of_the_options() -> None:
    assert set(tables()["limits"]) == {field.name for field in fields(LimitFlags)} | {"cost_usd"}


def test_defaults_that_are_told_are_those_that_hold() -> None:
    split = Split(kind=SplitKind.KFOLD)
    row_cap = next(field.default for field in fields(Task) if field.name == "row_cap")
    told = {name: BY_NAME[name].default for name in ("row_cap", "split.k", "split.seed", "holdout.fraction")}
    assert told == {
        "row_cap": str(row_cap),
        "split.k": str(split.k),
        "split.seed": str(split.seed),
        "holdout.fraction": f"{Holdout().fraction:g}",
    }
