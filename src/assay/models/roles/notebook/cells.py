"""Cells of a notebook as models see and name them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from assay.models.roles.shared import Inputs, Reply, Script

Section = Literal["data", "baseline", "method", "training"]
"""What a written cell is for. The digest, the set-up and the saving are written by code, not by a model."""
SECTIONS: tuple[Section, ...] = ("data", "baseline", "method", "training")
"""Sections that a written notebook must have, each at least once, in the order in which they are usually run."""
RESERVED = frozenset({"digest", "setup", "saving"})
"""Ids of the cells that are written by code."""
CellId = Annotated[str, Field(min_length=1, max_length=40, pattern=r"^[A-Za-z][A-Za-z0-9_-]*$")]
"""Names a cell for good: letters, digits, `_` and `-`."""


class CellText(Inputs):
    """A cell of the notebook under review."""

    id: str
    name: str
    purpose: str
    section: str
    code: str
    locked: bool
    """Whether nobody may change it; edits to it are refused."""


class CellEdit(Reply):
    """A new text for an open cell."""

    cell: str
    """Id of the cell."""
    code: Script
    """The whole cell as it should be."""
