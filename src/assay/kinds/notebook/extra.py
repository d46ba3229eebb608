"""Extra: the packages for notebooks, which a plain installation does not have."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from assay.core.errors import MachineError


@contextmanager
def needed() -> Iterator[None]:
    """Tell an import that fails within the block as what it is.

    Raises:
        MachineError: A package is missing (E560).
    """
    try:
        yield
    except ImportError as error:
        raise MachineError(
            "E560", f"notebooks need a package that is missing: {error.name}", fix="uv sync --extra notebook"
        ) from error
