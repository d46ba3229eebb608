"""Assay: autonomous ML engineering that counts only what it has tested itself."""

from typing import Any

__version__ = "0.1.0"

_LIBRARY = {
    "run": "assay.library.run",
    "open_run": "assay.library.run",
    "execute_code": "assay.strategies.code_tasks.library",
    "verify_evidence": "assay.strategies.code_tasks.library",
}
"""What there is for use as a library, by the module that it is imported from when it is first asked for."""


def __getattr__(name: str) -> Any:
    if name not in _LIBRARY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_LIBRARY[name]), name)
