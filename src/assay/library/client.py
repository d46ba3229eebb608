"""Client: a verb of the command line as a call, its JSON as the answer, its error as an exception."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import IO, Any

from assay.core.errors import AssayError

Answer = dict[str, Any]
"""One JSON object of a verb; `assay schema` and `docs/commands.md` say what is in it."""

NOT_FROM_HERE = "E042"
_OWN = frozenset({"json", "detach", "display", "dry_run"})
"""Options that would keep the answer from being read."""
_MOST_WORDS = 4_000


def flags_of(options: Mapping[str, object]) -> list[str]:
    """Return keyword arguments as flags: `time="5m"` is `--time 5m`, `offline=True` is `--offline`.

    Args:
        options: By name, underscores for dashes. None and False are left out; a list or tuple repeats its flag.

    Raises:
        AssayError: An option has no use from Python (E042).
    """
    flags: list[str] = []
    for name, value in options.items():
        if name in _OWN:
            flag = f"--{name.replace('_', '-')}"
            raise AssayError(NOT_FROM_HERE, f"{flag} has no meaning from Python", fix=f"leave {name}= out")
        for each in value if isinstance(value, list | tuple) else (value,):
            if each is None or each is False:
                continue
            flag = f"--{name.replace('_', '-')}"
            flags += [flag] if each is True else [f"{flag}={each}"]
    return flags


def ask(*words: str) -> Answer:
    """Return what a verb answers.

    Raises:
        AssayError: What the verb refused, with its code and fix.
    """
    with tempfile.TemporaryFile() as said:
        done = subprocess.run(
            _command(words), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=said, check=False
        )
        lines = [_parsed(line) for line in done.stdout.splitlines()]
        for line in lines:
            _raise_error(line)
        if not lines:
            raise _unheard(done.returncode, said)
        return lines[-1]


@contextmanager
def stream(words: Sequence[str]) -> Iterator[Iterator[Answer]]:
    """Start a verb that goes on for a while, and give its lines as it writes them.

    Leaving the block early, by an exception too, ends the verb as Ctrl-C does: it saves first.

    Args:
        words: What would be typed after `assay`.

    Raises:
        AssayError: From the lines: what the verb refused, with its code and fix, or it ended without a word (E592).
    """
    with tempfile.TemporaryFile() as said:
        # In a group of its own an interrupted notebook reaches it once: by us, not by the terminal as well.
        process = subprocess.Popen(
            _command(words), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=said, process_group=0
        )
        with process:
            try:
                yield _lines(process, said)
            finally:
                if process.poll() is None:
                    process.terminate()


def _lines(process: subprocess.Popen[bytes], said: IO[bytes]) -> Iterator[Answer]:
    heard = False
    for raw in process.stdout or ():
        line = _parsed(raw)
        _raise_error(line)
        heard = True
        yield line
    if not heard:
        raise _unheard(process.wait(), said)


def _command(words: Sequence[str]) -> list[str]:
    return [sys.executable, "-m", "assay", *words, "--json"]


def _parsed(line: bytes) -> Answer:
    parsed: Answer = json.loads(line)
    return parsed


def _raise_error(line: Answer) -> None:
    error = line.get("error")
    if isinstance(error, dict):
        raise AssayError(error["code"], error["message"], kept=error["kept"], fix=error["fix"])


def _unheard(code: int, said: IO[bytes]) -> AssayError:
    said.seek(0)
    words = said.read()[-_MOST_WORDS:].decode(errors="replace").strip()
    return AssayError("E592", f"assay ended with exit code {code} and no answer: {words or 'it said nothing'}")
