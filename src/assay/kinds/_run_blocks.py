"""Runs the blocks of one reply in order, in one process and one namespace. It stands beside them in the workspace.

Its text is part of the candidate: nothing of the package is imported here, and the workspace's interpreter may be any.
What it writes down helps people and repairs; that a task is done is shown by evidence, never by this record.
"""

from __future__ import annotations

import json
import linecache
import os
import pathlib
import sys
import time
import traceback
import types
from typing import Any, TextIO

FOLDER, RECORD, MOST = "blocks", "blocks.jsonl", 20_000


class Tee:
    """A stream that passes everything on and keeps head and tail of it."""

    def __init__(self, stream: TextIO) -> None:
        self._stream, self._head, self._tail, self.total = stream, "", "", 0

    def write(self, text: str) -> int:
        """Pass `text` on and keep it, within the bound."""
        written = self._stream.write(text)
        self.total += len(text)
        room = MOST // 2 - len(self._head)
        if room > 0:
            self._head, text = self._head + text[:room], text[room:]
        if text:
            self._tail = (self._tail + text)[-MOST // 2 :]
        return written

    def writelines(self, lines: list[str]) -> None:
        """Write each line."""
        for line in lines:
            self.write(line)

    def kept(self) -> str:
        """Return head and tail, with a marker where some was cut."""
        cut = self.total - len(self._head) - len(self._tail)
        return self._head + (f"\n[... {cut} of {self.total} characters cut ...]\n" if cut else "") + self._tail

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def note(record: TextIO, **facts: Any) -> None:
    """Append one line to the record; on the disk when this returns."""
    record.write(json.dumps(facts) + "\n")
    record.flush()
    os.fsync(record.fileno())


def failure(error: BaseException) -> tuple[str, str]:
    """Return name and sentence of an exception, and its traceback from the block on."""
    frames = error.__traceback__
    while frames is not None and frames.tb_frame.f_code.co_filename == __file__:
        frames = frames.tb_next
    if isinstance(error, SystemExit):
        told = f"SystemExit: exit({error.code!r}) before the end of the task"
    else:
        told = "".join(traceback.format_exception_only(type(error), error)).strip()
    return told, "".join(traceback.format_exception(type(error), error, frames))


def run(path: str, source: str, names: dict[str, Any]) -> tuple[str, str] | None:
    """Return what went wrong, or None."""
    linecache.cache[path] = (len(source), None, source.splitlines(keepends=True), path)
    try:
        exec(compile(source, path, "exec", dont_inherit=True), names)
    except BaseException as error:
        return failure(error)
    return None


def main() -> None:
    """Run every block, until one fails."""
    paths = sorted(path.as_posix() for path in pathlib.Path(FOLDER).glob("*.py"))
    sources = [pathlib.Path(path).read_text(encoding="utf-8") for path in paths]
    with pathlib.Path(RECORD).open("a", encoding="utf-8") as record:
        run_all(record, paths, sources)


def run_all(record: TextIO, paths: list[str], sources: list[str]) -> None:
    """Run the blocks in order; a block that fails ends the process."""
    owner, out, err = os.getpid(), sys.stdout, sys.stderr
    module = types.ModuleType("__main__")
    module.__file__ = paths[0] if paths else None
    sys.modules["__main__"] = module
    sys.argv[:] = [module.__file__ or ""]
    sys.path.insert(0, str(pathlib.Path.cwd()))
    for number, (path, source) in enumerate(zip(paths, sources, strict=True), start=1):
        note(record, block=number, event="start")
        tees = sys.stdout, sys.stderr = Tee(out), Tee(err)
        began = time.monotonic()
        failed = run(path, source, module.__dict__)
        if os.getpid() != owner:  # a block forked and let its child run on: the child goes no further
            os._exit(0 if failed is None else 1)
        sys.stdout, sys.stderr = out, err
        if failed is not None:
            err.write(failed[1])
        note(
            record,
            block=number,
            event="end",
            ok=failed is None,
            error=failed[0] if failed else "",
            traceback=failed[1] if failed else "",
            stdout=tees[0].kept(),
            stderr=tees[1].kept(),
            stdout_chars=tees[0].total,
            stderr_chars=tees[1].total,
            wall_s=round(time.monotonic() - began, 3),
        )
        if failed is not None:
            sys.exit(1)
    note(record, event="done", blocks=len(paths))


if __name__ == "__main__":
    main()
