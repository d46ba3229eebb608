"""Writes docs/task-toml.md, the page of every key of task.toml."""

from __future__ import annotations

from collections.abc import Iterable

from page_parts import DOCS, code, opening, table

from assay.data.task_keys import KEYS, Key, tables
from assay.grading.metrics import metric_functions

PAGE = DOCS / "task-toml.md"

HEAD = opening(
    "task.toml",
    """
A task as a person can read and correct it. `assay init DATA` writes it, each line marked *given*, *known*, *guessed*
or *default*; `assay check` and `assay run` read it, and options go before it. No key is needed: what is left out is
looked up in the data. Paths are relative to the file. `${NAME}` in a text stands for an environment variable; one
whose name sounds like a secret is refused. An unknown key, a wrong type or a missing file is refused with all that is
wrong at once (E120).

For an editor that completes keys and checks as you type, write the JSON Schema beside it and name it in the first line:

```
assay schema task > task.schema.json
```

```toml
#:schema ./task.schema.json
```
""",
    "src/assay/data/task_keys.py",
)
COLUMNS = ("key", "type", "without it", "meaning", "example")
TITLES = {
    "split": "The folds of the search.",
    "holdout": "What is sealed until the end; `assay explain sealed` says why.",
    "limits": "The same as the options of `assay run`; what is typed goes before them.",
    "notebook": "Written by `assay init NOTEBOOK`; see [Work on a notebook](notebooks.md).",
}
"""What stands above the keys of each table."""


def page() -> str:
    """Return the page."""
    parts = [HEAD, table(COLUMNS, map(row, (key for key in KEYS if "." not in key.name)))]
    for name, keys in tables().items():
        parts += [f"## {name}\n\n{TITLES[name]}\n", table(COLUMNS, map(row, keys.values()))]
    parts += [
        "## Metrics\n\nNames that `metric` takes; a metric of your own is a `grader`.\n",
        listed(metric_functions()),
    ]
    return "\n".join(parts)


def row(key: Key) -> Iterable[str]:
    bounds = [f"at least {key.least:g}" if key.least is not None else "", f"at most {key.most:g}" if key.most else ""]
    choices = [", ".join(code(choice) for choice in key.choices)] if key.choices else []
    told = ", ".join(filter(None, [key.form.value, *bounds]))
    return (
        code(key.name),
        told,
        key.default,
        " ".join([key.meaning, *(f"One of {c}." for c in choices)]),
        code(key.example),
    )


def listed(names: Iterable[str]) -> str:
    return ", ".join(code(name) for name in names) + "\n"
