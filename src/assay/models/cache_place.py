"""Where answers are kept that outlive a run: one folder of the user's, which a variable names or switches off."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

CACHE_VARIABLE = "ASSAY_CACHE"
"""Variable that names the folder, or is `off`: then nothing is kept, and nothing that was kept is looked at."""


def cache_root(environ: Mapping[str, str]) -> Path | None:
    """Return the folder, which may not exist yet; None where a person wants nothing kept.

    Args:
        environ: Variables to read from.
    """
    said = environ.get(CACHE_VARIABLE, "").strip()
    if said.lower() == "off":
        return None
    if said:
        return Path(said).expanduser().absolute()
    base = environ.get("XDG_CACHE_HOME", "")
    home = Path(environ.get("HOME") or "~").expanduser()
    usual = home / "Library" / "Caches" if sys.platform == "darwin" else home / ".cache"
    return (Path(base) if base else usual) / "assay"
