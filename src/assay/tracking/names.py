"""How names and times are written for MLflow."""

from __future__ import annotations

import re

_FOREIGN = re.compile(r"[^A-Za-z0-9_. /:-]")
NAME_CHARS = 240
"""Most characters of a name."""
NOTE = "mlflow.note.content"
"""What MLflow's screen shows as the description."""


def clean_name(text: str) -> str:
    """Return `text` as a name that MLflow takes."""
    plain = _FOREIGN.sub("_", text)[:NAME_CHARS].strip("/. ")
    return re.sub(r"\.{2,}|/{2,}", "_", plain)


def ms(seconds: float) -> int:
    """Return seconds as whole milliseconds."""
    return round(seconds * 1000)
