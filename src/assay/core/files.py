"""Files written whole: a reader sees the old content or the new, never a part."""

from __future__ import annotations

import os
import threading
from pathlib import Path


def write_whole(path: Path, content: bytes | str, *, mode: int = 0o644) -> None:
    """Write `content` to a temporary name beside `path`, flush it to the disk, then rename it.

    Args:
        path: The file to replace or create; its folder must exist.
        content: Text is encoded as UTF-8.
        mode: Permission bits of the new file.

    Raises:
        OSError: The disk is full or the folder cannot be written; `path` is as it was.
    """
    data = content.encode() if isinstance(content, str) else content
    temporary = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}.tmp")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise


def flush_folder(folder: Path) -> None:
    """Have the names in `folder` on the disk when this returns: a rename is durable only once its folder is.

    Raises:
        OSError: The folder is not there, or the disk failed.
    """
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def flush_file(path: Path) -> None:
    """Have the content of the file at `path` on the disk when this returns.

    Raises:
        OSError: The file is not there, or the disk is full or failed.
    """
    with path.open("rb+") as stream:
        os.fsync(stream.fileno())
