"""Passages of code, as models copy and write them."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from assay.models.roles.shared import (
    Fenced,
)


def _not_blank(text: str) -> str:
    if not text.strip():
        raise ValueError("the block is empty")
    return text


Passage = Annotated[str, Field(min_length=1), AfterValidator(_not_blank), Fenced("python")]
"""Some whole lines of a Python file."""
