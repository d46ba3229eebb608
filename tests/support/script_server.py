"""The tests' end of `script_runner`: one process that has the heavy libraries and forks for each script."""

from __future__ import annotations

import atexit
import json
import subprocess
import sys
from functools import cache
from pathlib import Path

from support import script_runner


class ScriptServer:
    """Runs `solution.py` of a folder; a context that ends with its process."""

    def __init__(self) -> None:
        env = {"PATH": "/usr/bin:/bin", "HOME": "/tmp", "OMP_NUM_THREADS": "1", "ASSAY_THREADS": "1"}
        command = [sys.executable, str(Path(script_runner.__file__))]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=env)

    def run(self, folder: Path, *, seed: int = 0) -> bool:
        """Run the script of `folder`, what it says going to `log.txt` there; return whether it ended well."""
        if self._process.stdin is None or self._process.stdout is None:
            raise RuntimeError("the server has no pipes")
        self._process.stdin.write(json.dumps({"folder": str(folder), "seed": seed}) + "\n")
        self._process.stdin.flush()
        return self._process.stdout.readline().strip() == "0"

    def close(self) -> None:
        """End the process."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        if self._process.stdout is not None:
            self._process.stdout.close()
        self._process.wait(timeout=60)


@cache
def script_server() -> ScriptServer:
    """Return the server of this process, started on first use."""
    server = ScriptServer()
    atexit.register(server.close)
    return server
