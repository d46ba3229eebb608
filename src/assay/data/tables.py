"""Tables on disk: read so that every value can be written again as it was, plain or packed.

Text formats are read as text throughout: an id `0012` stays `0012` and a label `True` stays `True`. `typed` gives the
same rows as pandas would read them, for analysis.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import re
import zipfile
import zlib
from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from assay.core.errors import TaskError
from assay.core.files import write_whole

if TYPE_CHECKING:
    import pandas as pd

MISSING_TEXT = frozenset(
    [
        "",
        "#N/A",
        "#N/A N/A",
        "#NA",
        "-1.#IND",
        "-1.#QNAN",
        "-NaN",
        "-nan",
        "1.#IND",
        "1.#QNAN",
        "<NA>",
        "N/A",
        "NA",
        "NULL",
        "NaN",
        "None",
        "n/a",
        "nan",
        "null",
    ]
)
"""What pandas reads as missing in a text file; a label spelled so would be missing to every candidate too."""

_PACKINGS = {".gz", ".zip"}
_RAGGED = re.compile(r"Expected (\d+) fields in line (\d+), saw (\d+)")
"""What pandas says of a row with too many values."""


class Format(StrEnum):
    """How a table is stored, packing aside."""

    CSV = "csv"
    TSV = "tsv"
    PARQUET = "parquet"
    JSON = "json"
    JSONL = "jsonl"


_BY_SUFFIX = {
    ".csv": Format.CSV,
    ".tsv": Format.TSV,
    ".tab": Format.TSV,
    ".parquet": Format.PARQUET,
    ".pq": Format.PARQUET,
    ".json": Format.JSON,
    ".jsonl": Format.JSONL,
    ".ndjson": Format.JSONL,
}


@dataclass(frozen=True, kw_only=True)
class Table:
    """The rows of a file, and what it takes to write rows of it again."""

    frame: pd.DataFrame
    """CSV and TSV as text, empty where nothing stands; Parquet with Arrow types; JSON as Python objects."""
    format: Format
    name: str
    """File name without packing, for example `train.csv` for `train.csv.gz`."""
    delimiter: str = ","
    by_column: bool = False
    """JSON only: one object a column instead of one a row."""
    plain: bool = True
    """Whether the file itself is unpacked and UTF-8 without a byte order mark."""
    notes: tuple[str, ...] = ()
    """What a person should know about how it was read."""

    @property
    def columns(self) -> tuple[str, ...]:
        """The column names in file order."""
        return tuple(str(name) for name in self.frame.columns)


def table_format(path: Path) -> Format | None:
    """Return the format that the name of `path` stands for, or None if it names no table.

    A `.zip` is looked into: it is a table when its only member is one.
    """
    suffixes = [suffix.lower() for suffix in path.suffixes[-2:]]
    if suffixes and suffixes[-1] in _PACKINGS:
        inner = suffixes[-2] if len(suffixes) == 2 else ""
        if inner in _BY_SUFFIX:
            return _BY_SUFFIX[inner]
        return _BY_SUFFIX.get(_member_suffix(path)) if suffixes[-1] == ".zip" else None
    return _BY_SUFFIX.get(suffixes[-1]) if suffixes else None


def plain_name(path: Path) -> str:
    """Return the file name that `path` has once unpacked."""
    if path.suffix.lower() not in _PACKINGS:
        return path.name
    if path.with_suffix("").suffix.lower() in _BY_SUFFIX:
        return path.with_suffix("").name
    return f"{path.with_suffix('').name}{_member_suffix(path)}"


def read_table(path: Path) -> Table:
    """Return the rows of the file at `path`.

    Raises:
        TaskError: E110 not readable, E111 no rows, E112 encoding, E113 archive, E114 content, E115 format.
    """
    kind = table_format(path)
    if kind is None and path.suffix.lower() == ".zip":
        _unpacked(path)  # says it where several files are in it
    if kind is None:
        raise TaskError(
            "E115",
            f"{path.name!r} is not a table that Assay reads",
            fix="convert it to csv, tsv, parquet, json or jsonl",
        )
    content = _unpacked(path)
    if not content.strip():
        raise TaskError("E111", f"{path.name!r} is empty", fix=f"put the rows into {path.name}")
    try:
        table = _parsed(kind, content, path)
    except (ValueError, TypeError, KeyError, csv.Error) as error:  # pandas' and Arrow's own errors are ValueErrors
        raise TaskError(
            "E114", f"{path.name!r} is not valid {kind.value}: {_reason(error)}", fix="mend the file"
        ) from error
    if not len(table.frame):
        raise TaskError("E111", f"{path.name!r} has no rows", fix=f"put the rows into {path.name}")
    return table


def _reason(error: Exception) -> str:
    """Return what is wrong with a file in one line; a row of too many values is told as a person would say it."""
    text = str(error).strip()
    ragged = _RAGGED.search(text)
    if ragged:
        wanted, line, there = ragged.groups()
        return f"line {line} has {there} values, the lines before it have {wanted}"
    return text.splitlines()[0] if text else type(error).__name__


def write_table(like: Table, frame: pd.DataFrame, path: Path) -> None:
    """Write `frame` to `path`, unpacked, in UTF-8, in the format of `like`."""
    write_whole(path, _rendered(like, frame))


def typed(table: Table) -> pd.DataFrame:
    """Return the rows with the types that pandas would give them."""
    import pandas as pd

    if table.format is Format.PARQUET:
        import pyarrow as pa

        return pa.Table.from_pandas(table.frame, preserve_index=False).to_pandas()
    if table.format in (Format.JSON, Format.JSONL):
        return table.frame.infer_objects()
    return pd.DataFrame({name: _inferred(table.frame[name]) for name in table.frame.columns})


def as_text(column: pd.Series) -> list[str]:
    """Return the values of a faithful column as text; missing ones are empty."""
    missing = column.isna()
    return ["" if gone else str(value) for value, gone in zip(column.tolist(), missing.tolist(), strict=True)]


def is_missing(column: pd.Series) -> pd.Series:
    """Return which values of a faithful column pandas would read as missing."""
    gone: pd.Series = column.isna()
    if gone.all() or isinstance(column[~gone].iloc[0], str):
        gone = gone | column.isin(MISSING_TEXT)
    return gone


def _member_suffix(path: Path) -> str:
    try:
        with zipfile.ZipFile(path) as archive:
            names = _members(archive)
    except (OSError, zipfile.BadZipFile):
        return ""
    return PurePosixPath(names[0]).suffix.lower() if len(names) == 1 else ""


def _members(archive: zipfile.ZipFile) -> list[str]:
    names = (entry.filename for entry in archive.infolist() if not entry.is_dir())
    return [name for name in names if not name.startswith("__MACOSX/")]


def _unpacked(path: Path) -> bytes:
    try:
        if path.suffix.lower() == ".gz":
            with gzip.open(path) as stream:
                return stream.read()
        if path.suffix.lower() != ".zip":
            return path.read_bytes()
        with zipfile.ZipFile(path) as archive:
            names = _members(archive)
            if len(names) != 1:
                raise TaskError(
                    "E113", f"{path.name!r} holds {len(names)} files, not one", fix=f"unzip {path.name} -d FOLDER"
                )
            return archive.read(names[0])
    except FileNotFoundError:
        raise TaskError("E110", f"there is no file {str(path)!r}", fix="check the path") from None
    except (zipfile.BadZipFile, gzip.BadGzipFile, EOFError, zlib.error, RuntimeError, NotImplementedError) as error:
        raise TaskError("E113", f"{path.name!r} cannot be unpacked: {error}", fix="pack it again") from error
    except OSError as error:
        raise TaskError(
            "E110", f"{path.name!r} cannot be read: {error.strerror or error}", fix=f"chmod u+r {path}"
        ) from error


def _parsed(kind: Format, content: bytes, path: Path) -> Table:
    if kind is Format.PARQUET:
        import pandas as pd
        import pyarrow.parquet as pq

        arrow = pq.read_table(io.BytesIO(content))
        frame = arrow.to_pandas(types_mapper=pd.ArrowDtype, ignore_metadata=True)
        return Table(frame=frame, format=kind, name=plain_name(path), plain=_is_plain(path))
    text, encoding = _decoded(content, path)
    notes = () if encoding == "utf-8" else (f"{path.name} is encoded as {encoding}; views show it as utf-8",)
    plain = encoding == "utf-8" and _is_plain(path)
    if kind in (Format.JSON, Format.JSONL):
        frame, by_column = _records(kind, text)
        return Table(frame=frame, format=kind, name=plain_name(path), by_column=by_column, plain=plain, notes=notes)
    delimiter = _delimiter(text, kind)
    if delimiter not in (",", "\t"):
        notes = (*notes, f"{path.name} is separated by {delimiter!r}, not by commas")
    frame = _text_frame(text, delimiter)
    twice = _named_twice(text, delimiter)
    if twice:
        notes = (*notes, f"{path.name} names {', '.join(map(repr, twice))} more than once; views number the later ones")
    return Table(frame=frame, format=kind, name=plain_name(path), delimiter=delimiter, plain=plain, notes=notes)


def _is_plain(path: Path) -> bool:
    return path.suffix.lower() not in _PACKINGS


def _decoded(content: bytes, path: Path) -> tuple[str, str]:
    """Return the text and the name of the encoding it was read with."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        tries = ["utf-16"]
    elif content.startswith(b"\xef\xbb\xbf"):
        tries = ["utf-8-sig"]
    else:
        tries = ["utf-8", "cp1252"]
    for encoding in tries:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text, encoding
    raise TaskError(
        "E112",
        f"{path.name!r} is neither UTF-8 nor another text encoding that Assay knows",
        fix=f"iconv -f ITS-ENCODING -t UTF-8 {path.name}",
    )


def _delimiter(text: str, kind: Format) -> str:
    """Return what separates the names in the first line, quoted parts aside."""
    header = "".join(text.split("\n", 1)[0].split('"')[::2])
    usual = "\t" if kind is Format.TSV else ","
    counts = {mark: header.count(mark) for mark in (usual, ",", ";", "\t", "|")}
    best = max(counts, key=lambda mark: counts[mark])
    return best if counts[best] else usual


def _named_twice(text: str, delimiter: str) -> list[str]:
    """Return the column names that the first line has more than once; a second `x` is read as `x.1`."""
    counts = Counter(next(csv.reader(io.StringIO(text), delimiter=delimiter), []))
    return [name for name, count in counts.items() if name and count > 1]


def _text_frame(text: str, delimiter: str) -> pd.DataFrame:
    import pandas as pd

    return pd.read_csv(
        io.StringIO(text), sep=delimiter, dtype=str, keep_default_na=False, na_filter=False, index_col=False
    )


def _records(kind: Format, text: str) -> tuple[pd.DataFrame, bool]:
    import pandas as pd

    records: Any
    if kind is Format.JSONL:
        records = [json.loads(line) for line in text.splitlines() if line.strip()]
    else:
        records = json.loads(text)
    if isinstance(records, dict) and records and all(isinstance(column, (dict, list)) for column in records.values()):
        columns = {k: list(c.values()) if isinstance(c, dict) else c for k, c in records.items()}
        return pd.DataFrame(columns, dtype=object), True
    if not isinstance(records, list) or not all(isinstance(record, dict) for record in records):
        raise ValueError("expected one object a row, or one a column")
    return pd.DataFrame(records, dtype=object), False


def _rendered(like: Table, frame: pd.DataFrame) -> bytes | str:
    if like.format is Format.PARQUET:
        import pyarrow as pa
        import pyarrow.parquet as pq

        sink = io.BytesIO()
        pq.write_table(pa.Table.from_pandas(frame, preserve_index=False), sink)
        return sink.getvalue()
    if like.format in (Format.CSV, Format.TSV):
        text: str = frame.to_csv(index=False, sep=like.delimiter, lineterminator="\n")
        return text
    if like.by_column:
        return json.dumps({name: frame[name].tolist() for name in frame.columns}, ensure_ascii=False)
    rows = [_present(record) for record in frame.to_dict("records")]
    if like.format is Format.JSON:
        return json.dumps(rows, ensure_ascii=False)
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def _present(record: dict[Any, Any]) -> dict[Any, Any]:
    """Return `record` without the keys that the row did not have: pandas holds NaN for those, None for null."""
    return {key: value for key, value in record.items() if not (isinstance(value, float) and value != value)}


def _inferred(column: pd.Series) -> pd.Series:
    import pandas as pd

    missing = column.isin(MISSING_TEXT)
    values = column.mask(missing).astype(object)
    if missing.all():
        return values.astype("float64")
    numbers = pd.to_numeric(values, errors="coerce")
    if not (numbers.isna() & ~missing).any():
        return numbers
    if not missing.any() and set(values.unique()) <= {"True", "False", "TRUE", "FALSE", "true", "false"}:
        return values.str.lower() == "true"
    return values
