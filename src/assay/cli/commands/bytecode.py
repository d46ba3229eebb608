"""Bytecode: whether the packages of this interpreter are compiled, which candidates cannot do for themselves."""

from __future__ import annotations

import importlib.util
import sys
import sysconfig
from collections.abc import Iterable
from pathlib import Path

_MISSING_SHARE = 0.1
"""Share of a package's modules without bytecode from which on it counts: a few are never imported by anybody."""


def uncompiled(packages: Iterable[str]) -> list[str]:
    """Return those of the packages, by import name, whose modules mostly lack bytecode; unknown ones are passed over.

    Candidates see the interpreter read-only. A package without bytecode is compiled anew at every start of one, which
    takes seconds for the usual libraries. Installers such as uv leave it out unless they are told.
    """
    return [name for name in packages if (folder := _folder(name)) is not None and _lacks_bytecode(folder)]


def compile_command() -> str:
    """Return the command that compiles them."""
    return f"{sys.executable} -m compileall -q -j 0 {sysconfig.get_path('purelib')}"


def _folder(name: str) -> Path | None:
    spec = importlib.util.find_spec(name)
    return Path(spec.origin).parent if spec is not None and spec.origin and spec.submodule_search_locations else None


def _lacks_bytecode(folder: Path) -> bool:
    sources = [path for path in folder.rglob("*.py") if "tests" not in path.parts]
    missing = sum(not Path(importlib.util.cache_from_source(str(path))).is_file() for path in sources)
    return missing > _MISSING_SHARE * len(sources)
