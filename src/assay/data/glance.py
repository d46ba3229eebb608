"""Glance: whether a file holds one of the target columns, from its first bytes or its index."""

from __future__ import annotations

import bz2
import csv
import gzip
import io
import json
import lzma
import re
import tarfile
import zipfile
import zlib
from collections.abc import Collection
from dataclasses import dataclass
from enum import Enum
from pathlib import Path, PurePosixPath
from typing import IO, cast

_HEAD_BYTES = 2**20
_WHOLE_BYTES = 2**28
"""Most of a file that has to be read as a whole; a larger one stays closed."""
_DEPTH = 3
"""Most archives within archives."""

_TABLES = {".csv", ".tsv", ".tab"}
_TEXTS = {*_TABLES, ".txt", ".dat", ".data", ""}
_JSON = {".json", ".jsonl", ".ndjson"}
_ARROW = {".parquet", ".pq", ".feather", ".arrow", ".ipc"}
_PACKED = {".gz", ".bz2", ".xz"}
_TARS = {".tar", ".tgz", ".tbz2", ".txz"}
_CLOSED = (
    {".xlsx", ".xls", ".xlsm", ".xlsb", ".ods", ".pkl", ".pickle", ".p", ".joblib", ".dill", ".h5", ".hdf5", ".hdf"}
    | {".rds", ".rda", ".rdata", ".sas7bdat", ".sav", ".dta", ".sqlite", ".sqlite3", ".db", ".duckdb", ".orc", ".avro"}
    | {".7z", ".rar", ".zst", ".lz4"}
)
"""Tables and archives that nobody here can look into."""
_COPY = re.compile(r"(\.(bak|backup|old|orig|original|save|saved|copy|tmp|prev|\d{1,8})|~|#)$", re.IGNORECASE)

_UNREADABLE = (
    *(OSError, EOFError, ValueError, RuntimeError, csv.Error, lzma.LZMAError, zlib.error),
    *(zipfile.BadZipFile, tarfile.TarError),
)
"""What the readers of damaged, locked or mislabelled files raise; pyarrow's own errors are ValueErrors or OSErrors."""


class Glance(Enum):
    """What a look at a file told."""

    FREE = "free"
    """Not a table, or one without the target."""
    HOLDS = "holds"
    CLOSED = "closed"
    """It may be a table, and cannot be looked into."""


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What to look for."""

    targets: frozenset[str]
    others: frozenset[str]
    """The other columns of the training file: they tell the head of a table from a sentence."""


def glance(path: Path, wanted: Wanted) -> Glance:
    """Return whether the file at `path` has one of the target columns.

    Text and JSON lines are judged by their first line, Parquet and Arrow by their schema, archives by each member.
    What is no table by its name (an image, a text with another suffix) is free of targets unread.
    """
    try:
        with path.open("rb") as stream:
            return _look(path.name, stream, path.stat().st_size, wanted, _DEPTH)
    except OSError:
        return Glance.CLOSED


def _look(name: str, stream: IO[bytes], size: int, wanted: Wanted, depth: int) -> Glance:
    name = _original(name)
    suffix = PurePosixPath(name).suffix
    try:
        if suffix in _TARS or PurePosixPath(name.removesuffix(suffix)).suffix == ".tar":
            return _tar(stream, size, wanted, depth)
        if suffix in (".zip", ".npz"):
            return _zip(stream, wanted, depth, arrays=suffix == ".npz")
        if suffix in _PACKED:
            with _unpacked(suffix, stream) as inner:
                return _look(name.removesuffix(suffix), inner, size, wanted, depth)
        return _look_into_table(suffix, stream, wanted)
    except _UNREADABLE:
        return Glance.CLOSED


def _original(name: str) -> str:
    """Return the name without what backups and copies add at its end."""
    name = name.lower().strip("#")
    while (shorter := _COPY.sub("", name)) not in ("", name):
        name = shorter
    return name


def _unpacked(suffix: str, stream: IO[bytes]) -> IO[bytes]:
    if suffix == ".gz":
        return cast(IO[bytes], gzip.GzipFile(fileobj=stream))
    return cast(IO[bytes], bz2.BZ2File(stream) if suffix == ".bz2" else lzma.LZMAFile(stream))


def _look_into_table(suffix: str, stream: IO[bytes], wanted: Wanted) -> Glance:
    if suffix in _CLOSED:
        return Glance.CLOSED
    if suffix in _ARROW:
        return _judged(_arrow_names(suffix, stream.read(_WHOLE_BYTES)), wanted)
    if suffix in _JSON:
        return _json(suffix, stream, wanted)
    if suffix in _TEXTS:
        return _text(stream.read(_HEAD_BYTES), wanted, table=suffix in _TABLES)
    return Glance.FREE


def _judged(names: Collection[str], wanted: Wanted) -> Glance:
    return Glance.HOLDS if wanted.targets & {str(name).strip() for name in names} else Glance.FREE


def _text(head: bytes, wanted: Wanted, *, table: bool) -> Glance:
    """Judge a text by its first line, whichever mark separates the names."""
    text = _decoded(head)
    if text is None:
        return Glance.CLOSED if table else Glance.FREE
    first = next((line for line in text.splitlines() if line.strip()), "")
    for mark in (",", "\t", ";", "|"):
        names = {name.strip() for name in next(csv.reader([first], delimiter=mark), [])}
        if names & wanted.targets and (table or len(names) == 1 or names & wanted.others):
            return Glance.HOLDS
    return Glance.FREE


def _decoded(head: bytes) -> str | None:
    """Return the text, or None if it is none."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return head.decode("utf-16", errors="ignore")
    if b"\0" in head:
        return None
    try:
        return head.decode("utf-8-sig")
    except UnicodeDecodeError:
        return head.decode("cp1252", errors="replace")


def _json(suffix: str, stream: IO[bytes], wanted: Wanted) -> Glance:
    """Judge lines by the first, and a document as a table: a list of objects, or an object of columns."""
    if suffix != ".json":
        first = json.loads(stream.readline(_HEAD_BYTES) or b"null")
        return _judged(first if isinstance(first, dict) else (), wanted)
    content = stream.read(_WHOLE_BYTES)
    if not any(json.dumps(name).encode() in content or f'"{name}"'.encode() in content for name in wanted.targets):
        return Glance.FREE
    try:
        value = json.loads(content)
    except ValueError:
        return Glance.FREE  # no table, whatever it is
    if isinstance(value, list):
        return _judged({key for row in value if isinstance(row, dict) for key in row}, wanted)
    if isinstance(value, dict):
        # `orient="split"` of pandas names its columns apart.
        columns = value.get("columns")
        if isinstance(columns, list) and _judged([str(name) for name in columns], wanted) is Glance.HOLDS:
            return Glance.HOLDS
        return _judged({key for key, item in value.items() if isinstance(item, (list, dict))}, wanted)
    return Glance.FREE


def _arrow_names(suffix: str, content: bytes) -> list[str]:
    import pyarrow as pa
    import pyarrow.feather
    import pyarrow.parquet

    if suffix in (".parquet", ".pq"):
        names = pyarrow.parquet.read_schema(io.BytesIO(content)).names
    elif content.startswith((b"ARROW1", b"FEA1")):
        names = pyarrow.feather.read_table(io.BytesIO(content)).schema.names
    else:
        names = pa.ipc.open_stream(io.BytesIO(content)).schema.names
    return [str(name) for name in names]


def _zip(stream: IO[bytes], wanted: Wanted, depth: int, *, arrays: bool) -> Glance:
    """Judge an archive by its members; arrays by their names."""
    if depth == 0:
        return Glance.CLOSED
    content = stream if stream.seekable() else io.BytesIO(stream.read(_WHOLE_BYTES))
    found = Glance.FREE
    with zipfile.ZipFile(content) as archive:
        for member in archive.infolist():
            if arrays:
                seen = _judged([PurePosixPath(member.filename).stem], wanted)
            elif member.is_dir() or member.filename.startswith("__MACOSX/"):
                continue
            else:
                with archive.open(member) as inner:
                    seen = _look(PurePosixPath(member.filename).name, inner, member.file_size, wanted, depth - 1)
            found = _graver(found, seen)
    return found


def _tar(stream: IO[bytes], size: int, wanted: Wanted, depth: int) -> Glance:
    if depth == 0 or size > _WHOLE_BYTES:
        return Glance.CLOSED
    found = Glance.FREE
    with tarfile.open(fileobj=stream, mode="r|*") as archive:
        for member in archive:
            inner = archive.extractfile(member) if member.isreg() else None
            if inner is not None:
                name = PurePosixPath(member.name).name
                found = _graver(found, _look(name, inner, member.size, wanted, depth - 1))
    return found


def _graver(one: Glance, other: Glance) -> Glance:
    order = (Glance.FREE, Glance.CLOSED, Glance.HOLDS)
    return max(one, other, key=order.index)
