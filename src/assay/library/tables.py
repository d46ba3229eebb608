"""Tables of a program on the disk, where a run finds them and keeps finding them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from assay.core.digest import digest_bytes
from assay.core.errors import AssayError
from assay.core.files import write_whole

if TYPE_CHECKING:
    import pandas as pd

FOLDER = "data"
"""Among the run folders: what was handed over as tables, by digest, so that a run can be taken up and walked again."""


def placed(data: Any, test: Any, root: Path) -> Path:
    """Return the path that a run is started on; tables are written below `root`, the same ones once.

    Args:
        data: A path, or a table: of pandas, or whatever has `to_pandas`.
        test: A table of rows to predict, without the target, or None. Only beside a table.
        root: The folder of the run folders.

    Raises:
        AssayError: It is neither, has no rows, or names a column twice (E047).
    """
    if isinstance(data, str | Path):
        if test is not None:
            raise AssayError("E047", "test= goes with a table; a folder has its own test file", fix="leave test= out")
        return Path(data)
    files = {"train.csv": _written(data, "data")}
    if test is not None:
        files["test.csv"] = _written(test, "test")
    name = digest_bytes("\n\n".join(files.values()).encode())[:12]
    folder = root / FOLDER / name
    for file, text in files.items():
        if not (folder / file).is_file():
            folder.mkdir(parents=True, exist_ok=True)
            write_whole(folder / file, text)
    return folder


def _written(table: Any, name: str) -> str:
    frame = _frame(table, name)
    if not len(frame):
        raise AssayError("E047", f"{name} has no rows", fix="hand over a table with rows")
    named = frame.rename(columns=str) if not any(frame.index.names) else frame.reset_index().rename(columns=str)
    twice = sorted(named.columns[named.columns.duplicated()].unique())
    if twice:
        raise AssayError(
            "E047", f"{name} has more than one column {', '.join(map(repr, twice))}", fix="give each a name of its own"
        )
    text: str = named.to_csv(index=False, lineterminator="\n")
    return text


def _frame(table: Any, name: str) -> pd.DataFrame:
    import pandas as pd

    found = table.to_pandas() if hasattr(table, "to_pandas") else table
    if not isinstance(found, pd.DataFrame):
        raise AssayError(
            "E047", f"{name} is neither a path nor a table, but {type(table).__name__}", fix="hand over a DataFrame"
        )
    return found
