"""Files of a report: written whole and renamed, but not flushed, since the journal can bring them back."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from assay.core.errors import MachineError


def replace_file(path: Path, content: str | bytes) -> None:
    """Write `content` beside `path` and rename it, so that a reader sees the old file or the new.

    Raises:
        MachineError: The disk is full or the folder cannot be written (E501); `path` is as it was.
    """
    data = content.encode() if isinstance(content, str) else content
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_bytes(data)
        temporary.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise MachineError(
            "E501", f"{str(path)!r} cannot be written: {error}", kept="the journal", fix="assay report, when it can be"
        ) from error


def replace_folder(path: Path, content: Mapping[str, str | bytes]) -> None:
    """Put a folder with exactly these files in the place of `path`.

    Args:
        path: The folder.
        content: Safe relative names to contents.

    Raises:
        MachineError: As for `replace_file`; at worst the folder is missing until the next report.
    """
    fresh, old = path.with_name(f".{path.name}.{os.getpid()}.new"), path.with_name(f".{path.name}.{os.getpid()}.old")
    shutil.rmtree(fresh, ignore_errors=True)
    for name, text in content.items():
        replace_file(fresh / name, text)
    try:
        if path.is_dir() and not path.is_symlink():
            path.replace(old)
        fresh.replace(path)
    except OSError as error:
        raise MachineError("E501", f"{str(path)!r} cannot be replaced: {error}", kept="the journal") from error
    finally:
        shutil.rmtree(old, ignore_errors=True)
        shutil.rmtree(fresh, ignore_errors=True)


def safe_name(name: str) -> str | None:
    """Return a candidate's file name as a relative path that stays in its folder, or None if there is none."""
    parts = [part for part in name.replace("\\", "/").split("/") if part not in ("", ".")]
    if not parts or ".." in parts or any("\x00" in part or len(part) > 200 or ":" in part for part in parts):
        return None
    return "/".join(parts) if not name.startswith("/") else None
