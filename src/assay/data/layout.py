"""Layout: which file of a folder plays which part, by its name."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any

from assay.core.errors import TaskError
from assay.data.given import Given
from assay.data.packing import plain_name, table_format
from assay.data.side_files import is_run_folder

DESCRIPTION_NAMES = ("description.md", "description.txt", "task.md", "overview.md", "readme.md")
_NOT_DATA = {"runs", "__pycache__", "node_modules", "venv", "answers", "private"}
_NOT_SIDE = {"task.toml", "prepare.py", "grade.py", "checks.json", "checks.html"}
_INNER = ("data", "input", "public", "prepared/public", "dataset")
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")


@dataclass(frozen=True, kw_only=True)
class Layout:
    """Files by role; paths relative to `folder`, with `/`."""

    folder: Path
    """Absolute."""
    tables: tuple[str, ...] = ()
    """Every table at the top of the folder."""
    train: str | None = None
    test: str | None = None
    sample: str | None = None
    description: str | None = None
    side: tuple[str, ...] = ()
    """Everything else: files and folders that views show unchanged."""
    prepare: str | None = None
    grader: str | None = None
    others: tuple[str, ...] = ()
    """Files that could have been the training file as well."""


def find_layout(path: Path) -> Layout:
    """Return the roles of the files in the folder `path`, or of the single file `path`.

    A single file is the training file; its neighbours are not looked at.

    Raises:
        TaskError: E101, there is nothing at `path`; E111, the folder is empty.
    """
    path = path.absolute()
    if path.is_file():
        return Layout(folder=path.parent, tables=(path.name,), train=path.name)
    if not path.is_dir():
        raise TaskError("E101", f"there is no folder or file {str(path)!r}", fix="assay init PATH-TO-YOUR-DATA")
    folder = _with_tables(path)
    try:
        entries = sorted(entry for entry in folder.iterdir() if not entry.name.startswith("."))
    except OSError as error:
        raise TaskError(
            "E110", f"the folder {str(path)!r} cannot be listed: {error.strerror}", fix=f"chmod u+rx {path}"
        ) from error
    if not entries:
        raise TaskError("E111", f"the folder {str(path)!r} is empty", fix="put train.csv into it")
    return _assigned(folder, entries)


def corrected(layout: Layout, given: Given) -> Layout:
    """Return `layout` with the files that the user named.

    Raises:
        TaskError: E110, a named file is not there, or a side file lies outside the folder.
    """
    named = {
        role: getattr(given, role)
        for role in ("train", "test", "sample", "description", "prepare", "grader")
        if getattr(given, role) is not None
    }
    for role, name in named.items():
        if name and not (layout.folder / name).is_file():
            raise TaskError("E110", f"there is no file {name!r} in {str(layout.folder)!r}", fix=f'{role} = "..."')
    roles: dict[str, Any] = {role: name or None for role, name in named.items()}
    side = layout.side if given.side is None else given.side
    for name in side:
        if not _is_inside(name):
            raise TaskError(
                "E110",
                f"{name!r} is not the name of something in {str(layout.folder)!r}, where candidates could be shown it",
                fix="move or copy it into the folder, and name it there",
            )
        if not (layout.folder / name).exists():
            raise TaskError("E110", f"there is no file or folder {name!r} in {str(layout.folder)!r}", fix="side = []")
    taken = {name for name in named.values() if name}
    return replace(layout, side=tuple(name for name in side if name not in taken), **roles)


def _is_inside(name: str) -> bool:
    """Return whether a view can show `name` at its own place: elsewhere it would be written over something."""
    path = PurePosixPath(name)
    return not path.is_absolute() and bool(path.parts) and ".." not in path.parts


def words(name: str) -> tuple[str, ...]:
    """Return the words of a file or column name in lower case: `sampleSubmission` is `sample`, `submission`."""
    return tuple(word.lower() for word in _WORD.findall(name))


def _with_tables(path: Path) -> Path:
    """Return `path`, or the folder in it that holds the data when it has no table of its own."""
    if _tables(path.iterdir()) or any((path / name).is_file() for name in ("prepare.py", "train.npz")):
        return path
    return next((path / name for name in _INNER if (path / name).is_dir() and _tables((path / name).iterdir())), path)


def _tables(entries: Iterable[Path]) -> list[str]:
    return sorted(e.name for e in entries if not e.name.startswith(".") and e.is_file() and table_format(e) is not None)


def _assigned(folder: Path, entries: list[Path]) -> Layout:
    tables = _tables(entries)
    spoken = {name: words(_stem(folder / name)) for name in tables}
    sample = _first(name for name in tables if _is_sample(spoken[name]))
    test = _best(folder, {"test", "testing", "tests"}, [n for n in tables if n != sample], spoken)
    left = [name for name in tables if name not in (sample, test) and not _is_sample(spoken[name])]
    train = _best(folder, {"train", "training"}, left, spoken)
    others: list[str] = []
    if train is None and test is None:
        train, others = _first(left), left[1:]
    names = {entry.name.lower(): entry.name for entry in entries if entry.is_file()}
    described = (names[name] for name in DESCRIPTION_NAMES if name in names)
    description = _first(name for name in described if not _leads_out(folder / name))
    taken = {train, test, sample, description}
    side = [
        e.name for e in entries if e.name not in taken and not _is_ours(e) and not _is_sample(spoken.get(e.name, ()))
    ]
    return Layout(
        folder=folder,
        tables=tuple(tables),
        train=train,
        test=test,
        sample=sample,
        description=description,
        side=tuple(side),
        prepare=names.get("prepare.py"),
        grader=names.get("grade.py"),
        others=tuple(others),
    )


def _stem(path: Path) -> str:
    return plain_name(path).rsplit(".", 1)[0]


def _is_sample(spoken: tuple[str, ...]) -> bool:
    said = set(spoken)
    return bool(said & {"submission", "submissions", "samplesubmission"}) or bool(
        "sample" in said and said & {"sub", "solution", "entry", "output"}
    )


def _best(folder: Path, wanted: set[str], names: list[str], spoken: dict[str, tuple[str, ...]]) -> str | None:
    """Return the name that says one of the wanted words with the fewest others; labels on their own come last."""
    fitting = [name for name in names if wanted & set(spoken[name])]
    return min(fitting, key=lambda n: ("labels" in spoken[n], len(spoken[n]), len(n), n), default=None)


def _leads_out(path: Path) -> bool:
    """Return whether `path` is a link out of its folder.

    In a folder that somebody else has packed it could lead to any private file, and what a description says is told to
    models, to candidates and in the report.
    """
    return path.is_symlink() and not path.resolve().is_relative_to(path.parent.resolve())


def _is_ours(entry: Path) -> bool:
    name = entry.name.lower()
    if entry.is_symlink() or (entry.is_dir() and is_run_folder(entry)):
        return True
    if name.endswith(".ipynb"):
        # Work on the data, not data: it changes while it is worked on, and its outputs may show any label.
        return True
    return name in _NOT_SIDE or (entry.is_dir() and (name in _NOT_DATA or (name == "prompts" and _are_prompts(entry))))


def _are_prompts(folder: Path) -> bool:
    """Return whether a folder holds prompts of the project's own rather than data of that name."""
    files = list(folder.iterdir())
    return bool(files) and all(file.suffix in (".yaml", ".yml") for file in files)


def _first(names: Iterable[str]) -> str | None:
    return next(iter(names), None)
