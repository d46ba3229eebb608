"""Options of `run` that the notebook strategies alone have, as the settings that they stand for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from assay.core.errors import TaskError, UsageError
from assay.strategies.known import STRATEGIES

REVIEW = "notebook_review"
NOTEBOOKS = ("notebook", REVIEW)

_SETTINGS = {"--rounds": "max_iterations"}


def data_of(path: Path, source: str | None = None) -> tuple[Path, str | None]:
    """Return where the data are, and the notebook to work on: where `path` is a notebook, its folder and the path.

    Args:
        path: A folder, a data file, a task file or a notebook.
        source: As typed with `--source`.

    Raises:
        TaskError: There is no such notebook (E110).
        UsageError: Two notebooks are named (E002).
    """
    if path.suffix != ".ipynb":
        return path, source
    if not path.is_file():
        raise TaskError("E110", f"there is no file {str(path)!r}")
    if source is not None:
        raise UsageError("E002", f"{path.name} and --source {source!r}: one of them", fix=f"assay run {path}")
    return path.parent, str(path)


def with_notebook_flags(
    strategy: str,
    settings: Sequence[str],
    *,
    only: str | None,
    source: str | None,
    ideas: Path | None,
    rounds: str | None = None,
) -> tuple[str, tuple[str, ...]]:
    """Return the strategy and the settings that these options mean.

    Args:
        strategy: As typed; the default stands for `notebook` where a stage or ideas are given.
        settings: As typed with `--set`.
        only: A stage to run alone.
        source: A run or a notebook to work on.
        ideas: An `idea.json`.
        rounds: Most rounds of a review, or notebooks of a search.

    Raises:
        UsageError: Another strategy has no use for them (E002).
    """
    given = {"--only": only, "--source": source, "--ideas": ideas, "--rounds": rounds}
    typed = {flag: value for flag, value in given.items() if value is not None}
    if not typed:
        return strategy, tuple(settings)
    if strategy == STRATEGIES[0] and typed.keys() != {"--rounds"}:
        strategy = "notebook" if only is not None or ideas is not None else REVIEW
    if strategy not in NOTEBOOKS:
        raise UsageError("E002", f"strategy {strategy!r} has no use for {', '.join(typed)}", fix="--strategy notebook")
    found = [f"{_SETTINGS.get(flag, flag.removeprefix('--'))}={value}" for flag, value in typed.items()]
    return strategy, (*settings, *found)


def with_table(arguments: Mapping[str, str], table: Mapping[str, Any], folder: Path) -> dict[str, str]:
    """Return the settings of a review with what the task file's table `[notebook]` says; what was typed goes first.

    Args:
        arguments: As typed; they unlock nothing that the table locks. A source of another name leaves the table aside.
        table: The table, checked for its types.
        folder: The data folder, which the table's file lies in.

    Raises:
        TaskError: The file cannot be read or is no notebook (E138), or the table does not fit it (E140).
    """
    from assay.kinds.notebook import parse
    from assay.kinds.notebook.table import policy_of

    file = folder / str(table["file"])
    if "source" in arguments and Path(arguments["source"]).resolve() != file.resolve():
        return dict(arguments)
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise TaskError("E138", f"{str(file)!r} cannot be read: {error}", fix="correct [notebook] file") from error
    policy = policy_of(table, parse(text, file.name))
    said = {
        "source": str(file),
        "protected_sections": ",".join(policy.sections),
        "locked": ",".join(policy.cells),
        "open": ",".join(policy.open),
    }
    # What the table locks stays locked: what is typed can only add to it.
    also = ",".join(filter(None, (said["locked"], arguments.get("locked", ""))))
    return {**said, **arguments, "locked": also}
