"""What a sandboxed process is given to start with: variables from nothing, and the interpreter's folders."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from assay.core.errors import MachineError

_THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "BLIS_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "NUMEXPR_MAX_THREADS",
    "NUMBA_NUM_THREADS",
    "TF_NUM_INTRAOP_THREADS",
    "TF_NUM_INTEROP_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "POLARS_MAX_THREADS",
    "RAYON_NUM_THREADS",
    "LOKY_MAX_CPU_COUNT",
    "PYTHON_CPU_COUNT",
)
_TOO_WIDE = ("/", "/home", "/root", "/var", "/etc", "/tmp", "/opt", "/srv", "/mnt", "/Users")


def clean_environment(
    interpreter: Path, *, home: str, tmp: str, threads: int, extra: Mapping[str, str]
) -> dict[str, str]:
    """Return every variable that the process gets; nothing of our own environment is in it.

    Args:
        interpreter: Its folder comes first on PATH, so that `python` means this one.
        home: Private folder as the process sees it.
        tmp: Folder for temporary files as the process sees it.
        threads: Cores it may use, told to every library that asks.
        extra: Added last; wins.
    """
    search = (str(interpreter.parent), "/usr/local/bin", "/usr/bin", "/bin")
    return {
        "PATH": ":".join(dict.fromkeys(search)),
        "HOME": home,
        "TMPDIR": tmp,
        "USER": "assay",
        "LOGNAME": "assay",
        "LANG": "C.UTF-8",
        "LC_ALL": "C.UTF-8",
        "PYTHONUNBUFFERED": "1",
        "PYTHONFAULTHANDLER": "1",
        "PYTHONHASHSEED": "0",
        "PYTHONIOENCODING": "utf-8",
        "PYTHONNOUSERSITE": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "MPLBACKEND": "Agg",
        # By default a thread of OpenMP that waits for another spins, for ever where that one waits for a core: with two
        # threads on two busy cores, boosting 300 small trees took 4 s of processor time instead of 0.2.
        "OMP_WAIT_POLICY": "PASSIVE",
        **dict.fromkeys(_THREAD_VARIABLES, str(max(1, threads))),
        **extra,
    }


@dataclass(frozen=True, kw_only=True)
class Interpreter:
    """A Python executable and the folders that it needs to start."""

    path: Path
    """Absolute; links are kept, because a virtual environment is found by the place of its link."""
    folders: tuple[Path, ...]
    """Prefix, base prefix and the prefix of every link between them; all to be readable at these very paths."""


def find_interpreter(path: Path | None) -> Interpreter:
    """Return the interpreter at `path`, or the one that runs this process.

    Raises:
        MachineError: E513, there is no executable file at `path`, or its prefix is so wide that making it readable
            would show private files.
    """
    executable = Path(os.path.abspath(path or sys.executable))  # noqa: PTH100 - resolve() would leave the venv
    if not (executable.is_file() and os.access(executable, os.X_OK)):
        raise MachineError(
            "E513", f"there is no Python interpreter at {str(path or sys.executable)!r}", fix="--python PATH"
        )
    folders: dict[Path, None] = {}
    for link in _links(executable):
        prefix = link.parent.parent
        if str(prefix) == "/" and link.resolve() != link:
            continue  # /bin/python3 on a system where /bin is a link: its real place follows
        if str(prefix) in _TOO_WIDE or prefix == Path.home():
            raise MachineError(
                "E513",
                f"the interpreter {str(executable)!r} would make all of {str(prefix)!r} readable to generated code",
                fix="use an interpreter inside a virtual environment of its own: --python PATH",
            )
        folders[prefix] = None
        folders[prefix.resolve()] = None
    return Interpreter(path=executable, folders=tuple(folders))


def _links(executable: Path) -> list[Path]:
    chain = [executable]
    while chain[-1].is_symlink() and len(chain) < 40:
        chain.append(Path(os.path.normpath(chain[-1].parent / chain[-1].readlink())))
    chain.append(executable.resolve())
    return list(dict.fromkeys(chain))


def replace_python(argv: tuple[str, ...], interpreter: Path) -> tuple[str, ...]:
    """Return `argv` with a first word of `python` or `python3` replaced by the interpreter's path."""
    return (str(interpreter), *argv[1:]) if argv[0] in ("python", "python3") else argv
