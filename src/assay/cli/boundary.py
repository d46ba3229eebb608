"""Boundary: the one place where exceptions become words and exit codes."""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

import typer

from assay.cli.fixes import whole_command
from assay.cli.output import Output, clean
from assay.cli.shell import Shell
from assay.cli.tracked import spelled_out
from assay.core.errors import AssayError, MachineError, UsageError
from assay.core.exits import Exit
from assay.core.files import write_whole

# Typer vendors click and exports only this leaf of its usage errors; the base covers unknown verbs and options too.
_BAD_USAGE: type[Exception] = typer.BadParameter.__mro__[1]


def main(argv: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and leave with the exit code of its outcome.

    Args:
        argv: Arguments without the program's name; None takes those of the process.
    """
    sys.exit(run(list(sys.argv[1:] if argv is None else argv)))


def run(argv: list[str]) -> int:
    """Run one command and return its exit code. Nothing but `SystemExit` of the interpreter itself escapes."""
    as_json = "--json" in argv[: argv.index("--") if "--" in argv else None]
    shell = Shell(output=Output(json=as_json), argv=tuple(argv))
    try:
        return _dispatch(argv, shell)
    except AssayError as error:
        return tell_error(shell.output, error, argv)
    except KeyboardInterrupt:
        return _interrupted(shell)
    except BrokenPipeError:
        # The reader of a pipe went away, as `head` does; a second complaint at shutdown would help nobody.
        with contextlib.suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        full = _disk_error(shell, error)
        return _unexpected(shell, error) if full is None else tell_error(shell.output, full, argv)


def tell_error(output: Output, error: AssayError, argv: Sequence[str] = ()) -> int:
    """Say what happened, what is safe and what to do next; return the exit code.

    Args:
        output: Where to.
        error: What happened.
        argv: Verb and arguments, as typed: a step that is one option is told as the whole command.
    """
    fix = whole_command(next_step(error), argv)
    if output.json:
        output.emit("error", {"error": error.as_dict() | {"fix": fix}, "exit": error.exit_code})
    for line in error_lines(output, error, fix):
        output.complain(line)
    return error.exit_code


def error_lines(output: Output, error: AssayError, fix: str) -> list[str]:
    """Return the house style of a failure, a line each."""
    lines = [f"{output.paint(f'error[{error.code}]:', 'bold', 'red')} {clean(error.message)}"]
    if error.kept:
        lines.append(f"kept: {clean(error.kept)}")
    if fix:
        lines.append(f"fix: {clean(fix)}")
    lines.append(f"more: assay explain {error.code}")
    return lines


def next_step(error: AssayError) -> str:
    """Return what to do next: the error's own step, or else the one that holds for its code."""
    if error.fix:
        return error.fix
    from assay.cli.commands.explain import explanations

    entry = explanations().get(error.code)
    return entry.fix if entry is not None else ""


def _dispatch(argv: list[str], shell: Shell) -> int:
    from assay.cli.app import build_app

    try:
        result = build_app()(args=spelled_out(argv), prog_name="assay", standalone_mode=False, obj=shell)
    except _BAD_USAGE as error:
        raise _usage_error(error) from None
    except typer.Abort:
        raise KeyboardInterrupt from None
    except typer.Exit as leave:
        result = leave.exit_code
    if result == Exit.INTERRUPTED:
        # Some versions of Typer turn an interruption into this code, and would lose what there is to say about it.
        raise KeyboardInterrupt
    return result if isinstance(result, int) else 0


def _usage_error(error: BaseException) -> UsageError:
    message = str(getattr(error, "format_message", lambda: error)())
    context = getattr(error, "ctx", None)
    path = getattr(context, "command_path", "assay") or "assay"
    return UsageError("E001", message.rstrip("."), fix=f"{path} --help")


def _interrupted(shell: Shell) -> int:
    terminated = bool(shell.signals) and shell.signals[0] == signal.SIGTERM
    code = Exit.TERMINATED if terminated else Exit.INTERRUPTED
    resume = f"assay resume {shell.run_name}" if shell.run_name else ""
    if shell.output.json:
        shell.output.emit("interrupted", {"exit": code, "run": shell.run_name or None, "resume": resume or None})
    shell.output.complain(f"stopped; everything is saved. continue: {resume}" if resume else "stopped")
    return code


def _disk_error(shell: Shell, error: Exception) -> AssayError | None:
    """Return what to say when the disk is full or read-only, wherever that was noticed; None for anything else."""
    if not isinstance(error, OSError) or error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EROFS):
        return None
    return MachineError(
        "E501",
        f"{error.strerror}: {str(error.filename or shell.run_folder or 'a temporary file')!r}",
        kept="every event written so far" if shell.run_folder is not None else "",
        fix=f"free some space, then: assay resume {shell.run_name}" if shell.run_name else "free some space",
    )


def _unexpected(shell: Shell, error: Exception) -> int:
    import traceback

    from assay.models.scrub import scrub

    # Requests, with their keys, are in the messages of some libraries' errors.
    text = scrub("".join(traceback.format_exception(error)))
    place = _keep_crash(shell.run_folder, text)
    message = scrub(f"unexpected {type(error).__name__}: {error}")
    report = AssayError(
        "E900",
        message,
        kept="every event written so far" if shell.run_folder else "",
        fix=f"report this with the file {place}" if place else "report this",
    )
    tell_error(shell.output, report)
    if place is None:
        shell.output.complain(text)
    return Exit.UNEXPECTED


def _keep_crash(folder: Path | None, text: str) -> Path | None:
    """Write the traceback beside the run, or else to the temporary folder; return None if neither takes it."""
    import tempfile

    for place in (folder, Path(tempfile.gettempdir())):
        if place is None or not place.is_dir():
            continue
        path = place / f"assay-crash-{os.getpid()}.txt"
        with contextlib.suppress(OSError):
            write_whole(path, text)
            return path
    return None
