"""Rehearse: when a candidate is run on few rows before its first whole fold, as a person chose it."""

from __future__ import annotations

from enum import StrEnum


class Rehearse(StrEnum):
    """Which candidates are rehearsed; never a baseline, a variant that is not ranked, or a notebook."""

    AUTO = "auto"
    """Those of which a whole fold is expected to be long."""
    NEVER = "never"
    ALWAYS = "always"
    """All for which there are rows enough."""
