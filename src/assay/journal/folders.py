"""Run folders: which there are, and whether a process holds one."""

from __future__ import annotations

from pathlib import Path

from assay.journal.lease import LEASE_FILE, read_holder


def run_folders(root: Path) -> list[Path]:
    """Return the run folders below `root`, the one with the latest event first."""
    if not root.is_dir():
        return []
    found: list[tuple[float, Path]] = []
    for path in root.glob("*/events.jsonl"):
        try:
            found.append((path.stat().st_mtime, path.parent))
        except FileNotFoundError:  # removed since it was listed
            continue
    return [folder for _, folder in sorted(found, key=lambda pair: (-pair[0], pair[1].name))]


def is_live(folder: Path) -> bool:
    """Return whether a process holds the run."""
    return read_holder(folder / LEASE_FILE) is not None
