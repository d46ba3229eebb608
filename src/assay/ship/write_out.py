"""Writing out: the files of a solution as a folder or an archive, whole or not at all."""

from __future__ import annotations

import os
import shutil
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path

from assay.core.errors import MachineError
from assay.report.files import replace_file

ZIP = ".zip"
_MOMENT = (1980, 1, 1, 0, 0, 0)
"""Time of every file in an archive: equal runs give equal archives."""


def is_taken(target: Path) -> bool:
    """Return whether something is at `target` that a solution would take the place of."""
    return target.exists() and not (target.is_dir() and not any(target.iterdir()))


def write_out(target: Path, files: Mapping[str, str | bytes]) -> None:
    """Write the files; the target is whole or as it was.

    Args:
        target: A folder, or an archive if its name ends in `.zip`.
        files: Content by path below it.

    Raises:
        MachineError: They cannot be written (E501).
    """
    if target.suffix.lower() == ZIP:
        _write_zip(target, files)
    else:
        _write_folder(target, files)


def as_bytes(content: str | bytes) -> bytes:
    """Return the content of a file as it is written."""
    return content.encode() if isinstance(content, str) else content


def _write_folder(target: Path, files: Mapping[str, str | bytes]) -> None:
    """Write beside the target and rename; what was there goes last."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        fresh = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    except OSError as error:
        raise _unwritten(target, error) from error
    try:
        for name, content in files.items():
            replace_file(fresh / name, content)
        fresh.chmod(0o755)
        old = fresh.with_name(f"{fresh.name}.old")
        if target.exists():
            target.replace(old)
        fresh.replace(target)
        shutil.rmtree(old, ignore_errors=True)
    except OSError as error:
        raise _unwritten(target, error) from error
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def _write_zip(target: Path, files: Mapping[str, str | bytes]) -> None:
    temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in sorted(files.items()):
                entry = zipfile.ZipInfo(f"{target.stem}/{name}", _MOMENT)
                entry.external_attr = 0o644 << 16
                archive.writestr(entry, as_bytes(content), zipfile.ZIP_DEFLATED)
        temporary.replace(target)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise _unwritten(target, error) from error


def _unwritten(target: Path, error: OSError) -> MachineError:
    return MachineError("E501", f"{str(target)!r} cannot be written: {error}", kept="the run", fix="-o elsewhere")
