"""Tables on disk: read so that every value can be written again as it was, plain or packed.

Text formats are read as text throughout: an id `0012` stays `0012` and a label `True` stays `True`. `typed` gives the
same rows as pandas would read them, for analysis.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assay.core.errors import TaskError
from assay.core.files import write_whole
from assay.data.cells import inferred
from assay.data.packing import Format, is_plain, plain_name, table_format, unpacked

if TYPE_CHECKING:
    import pandas as pd


_RAGGED = re.compile(r"Expected (\d+) fields in line (\d+), saw (\d+)")
"""What pandas says of a row with too many values."""


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


def read_table(path: Path) -> Table:
    """Return the rows of the file at `path`.

    Raises:
        TaskError: E110 not readable, E111 no rows, E112 encoding, E113 archive, E114 content, E115 format.
    """
    kind = table_format(path)
    if kind is None and path.suffix.lower() == ".zip":
        unpacked(path)  # says it where several files are in it
    if kind is None:
        raise TaskError(
            "E115",
            f"{path.name!r} is not a table that Assay reads",
            fix="convert it to csv, tsv, parquet, json or jsonl",
        )
    content = unpacked(path)
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
    return pd.DataFrame({name: inferred(table.frame[name]) for name in table.frame.columns})


def _parsed(kind: Format, content: bytes, path: Path) -> Table:
    if kind is Format.PARQUET:
        import pandas as pd
        import pyarrow.parquet as pq

        arrow = pq.read_table(io.BytesIO(content))
        frame = arrow.to_pandas(types_mapper=pd.ArrowDtype, ignore_metadata=True)
        return Table(frame=frame, format=kind, name=plain_name(path), plain=is_plain(path))
    text, encoding = _decoded(content, path)
    notes = () if encoding == "utf-8" else (f"{path.name} is encoded as {encoding}; views show it as utf-8",)
    plain = encoding == "utf-8" and is_plain(path)
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
