"""Whether an interpreter can run notebooks: driver and kernel are both started by it."""

from __future__ import annotations

import subprocess
import sys
from functools import lru_cache
from pathlib import Path

from assay.core.errors import MachineError

NEEDED = ("ipykernel", "nbclient")
_ASK = "import importlib.util as u, sys; print(*(n for n in sys.argv[1:] if u.find_spec(n) is None))"


@lru_cache(maxsize=16)
def require_packages(python: Path | None) -> None:
    """Do nothing if the interpreter has what notebooks need.

    Args:
        python: Its executable; None means Assay's own.

    Raises:
        MachineError: It lacks a package (E561), or does not run (E502).
    """
    executable = str(python or sys.executable)
    try:
        done = subprocess.run(
            [executable, "-I", "-c", _ASK, *NEEDED],
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise MachineError(
            "E502", f"{executable!r} does not run as a Python interpreter: {error}", fix="assay doctor"
        ) from error
    missing = done.stdout.split()
    if missing:
        install = "uv sync --extra notebook" if python is None else f"{executable} -m pip install {' '.join(NEEDED)}"
        raise MachineError(
            "E561", f"{executable!r} lacks {' and '.join(missing)}: it cannot run notebooks", fix=install
        )
