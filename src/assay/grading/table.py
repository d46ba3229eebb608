"""A CSV file that hostile code may have written, read as text into columns; everything wrong with it in words.

The messages are read by a person, or by a language model that must repair the script, so each says what was found and
what was expected. Nothing is decompressed, unpickled or guessed.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

SHOWN = 3
"""How many examples a message gives."""
_LONGEST_SHOWN = 60
_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"\x1f\x8b", "gzip-compressed"),
    (b"PK\x03\x04", "a zip archive"),
    (b"BZh", "bzip2-compressed"),
    (b"\xfd7zXZ", "xz-compressed"),
    (b"\x28\xb5\x2f\xfd", "zstd-compressed"),
    (b"PAR1", "Parquet"),
    (b"\x93NUMPY", "a NumPy array"),
    (b"\x89HDF", "HDF5"),
    (b"SQLite format 3", "an SQLite database"),
    (b"\x80\x02", "a pickle"),
    (b"\x80\x03", "a pickle"),
    (b"\x80\x04", "a pickle"),
    (b"\x80\x05", "a pickle"),
    (b"\xff\xfe", "UTF-16 text"),
    (b"\xfe\xff", "UTF-16 text"),
)


class Unreadable(ValueError):
    """The file cannot be taken as the table that was asked for.

    Args:
        problems: What is wrong, one sentence each.
    """

    def __init__(self, *problems: str) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


@dataclass(frozen=True, kw_only=True)
class Table:
    """Columns of text, all of one length."""

    header: tuple[str, ...]
    columns: tuple[tuple[str, ...], ...]
    rows: int

    def column(self, name: str) -> tuple[str, ...]:
        """Return the column called `name`."""
        return self.columns[self.header.index(name)]

    def take(self, index: Sequence[int]) -> Table:
        """Return the rows at `index`, in that order."""
        columns = tuple(tuple(column[i] for i in index) for column in self.columns)
        return Table(header=self.header, columns=columns, rows=len(index))


def shown(values: Sequence[object]) -> str:
    """Return the first few of `values` by repr, cut to a readable length."""
    texts = [repr(value) for value in values[:SHOWN]]
    cut = [text if len(text) <= _LONGEST_SHOWN else text[:_LONGEST_SHOWN] + "..." for text in texts]
    return ", ".join(cut) + (", ..." if len(values) > SHOWN else "")


def read_header(path: Path) -> tuple[str, ...]:
    """Return the first row of the file.

    Raises:
        Unreadable: It is no UTF-8 CSV file.
    """
    with path.open(encoding="utf-8-sig", newline="") as stream:
        _refuse_binary(path)
        return tuple(next(_rows(csv.reader(stream, strict=True)), ()))


def read_table(path: Path, *, expected: Sequence[str], max_rows: int, max_bytes: int) -> Table:
    """Return the table in `path`, its header first compared with `expected`.

    Args:
        path: A private copy of what the candidate wrote.
        expected: The column names in their order.
        max_rows: Rows of the right answer; reading stops after one more.
        max_bytes: Larger files are refused unread.

    Raises:
        Unreadable: With everything that is wrong as far as it could be read.
    """
    size = path.stat().st_size
    if size == 0:
        raise Unreadable("the file is empty")
    if size > max_bytes:
        raise Unreadable(f"the file has {size:,} bytes, more than {max_bytes:,} that {max_rows:,} rows can need")
    header = read_header(path)
    problems = header_problems(header, expected)
    if problems:
        raise Unreadable(*problems)
    with path.open(encoding="utf-8-sig", newline="") as stream:
        reader = csv.reader(stream, strict=True)
        rows: list[list[str]] = []
        ragged: list[str] = []
        for row in _rows(reader):
            if len(row) != len(header):
                ragged.append(f"line {reader.line_num} has {len(row)}")
            rows.append(row)
            if len(rows) > max_rows + 1:
                break
    if ragged:
        raise Unreadable(f"{len(ragged)} lines do not have {len(header)} values: {', '.join(ragged[:SHOWN])}")
    body = rows[1:]
    columns = tuple(zip(*body, strict=True)) if body else tuple(() for _ in header)
    return Table(header=header, columns=columns, rows=len(body))


def _refuse_binary(path: Path) -> None:
    with path.open("rb") as stream:
        head = stream.read(4096)
    for magic, name in _MAGIC:
        if head.startswith(magic):
            raise Unreadable(f"the file is {name}; write plain UTF-8 CSV text (compression=None)")
    if b"\0" in head:
        raise Unreadable("the file holds binary bytes; write plain UTF-8 CSV text")


def _rows(reader: Iterator[list[str]]) -> Iterator[list[str]]:
    """Yield the rows that are not blank, with what the parser or the decoder says as `Unreadable`."""
    number = 0
    while True:
        try:
            row = next(reader, None)
        except UnicodeDecodeError as error:
            bad = f"byte {error.object[error.start]:#04x}"
            raise Unreadable(
                f"the file is not UTF-8 ({bad} after row {number}); write with encoding='utf-8'"
            ) from error
        except csv.Error as error:
            raise Unreadable(f"the file is not well-formed CSV after row {number}: {error}") from error
        if row is None:
            return
        if row:
            number += 1
            yield row


def header_problems(header: Sequence[str], expected: Sequence[str]) -> tuple[str, ...]:
    """Return what is wrong with the column names, with the likely cause; nothing when they are as expected."""
    if tuple(header) == tuple(expected):
        return ()
    want = ",".join(expected)
    if not set(header) & set(expected):
        cause = _cause(header, expected)
        if cause:
            return (f"{cause}; the first line must be {_cut(want)!r}, it is {_cut(','.join(header))!r}",)
    got, wanted = set(header), set(expected)
    missing = [name for name in expected if name not in got]
    extra = [name for name in header if name not in wanted]
    twice = [name for name, count in Counter(header).items() if count > 1]
    problems = []
    if missing:
        problems.append(f"{len(missing)} columns are missing: {shown(missing)}")
    if extra:
        index = " (write with index=False)" if extra[0] in ("", "Unnamed: 0", "index") else ""
        problems.append(f"{len(extra)} columns are not asked for: {shown(extra)}{index}")
    if twice:
        problems.append(f"columns appear twice: {shown(twice)}")
    if not problems:
        problems.append(f"the columns are in another order: expected {_cut(want)!r}, got {_cut(','.join(header))!r}")
    elif len(expected) <= 20:
        problems.append(f"the first line must be {_cut(want)!r}")
    return tuple(problems)


def _cause(header: Sequence[str], expected: Sequence[str]) -> str:
    if len(header) == 1 and len(expected) > 1:
        for mark, name in ((";", "semicolons"), ("\t", "tabs"), ("|", "bars")):
            if mark in header[0]:
                return f"values are separated by {name}, not commas"
        if header[0].lstrip().startswith(("{", "[")):
            return "the file is JSON, not CSV"
    lowered = {name.strip().lower() for name in expected}
    if any(name.strip().lower() in lowered for name in header):
        return "the column names differ in case or spaces"
    if len(header) == len(expected) and any(_is_number(name) for name in header):
        return "there is no header line"
    return ""


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _cut(text: str) -> str:
    return text if len(text) <= 200 else text[:200] + "..."
