"""How a table is stored: its format by name, and what it is packed in."""

from __future__ import annotations

import gzip
import zipfile
import zlib
from enum import StrEnum
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from assay.core.errors import TaskError

if TYPE_CHECKING:
    pass


_PACKINGS = {".gz", ".zip"}


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


def unpacked(path: Path) -> bytes:
    """Return the content of the file at `path`, or of the only file in it.

    Raises:
        TaskError: E110 not readable, E113 archive.
    """
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


def is_plain(path: Path) -> bool:
    """Return whether the file at `path` is unpacked, by its name."""
    return path.suffix.lower() not in _PACKINGS
