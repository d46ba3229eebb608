"""Cache: what the indexes answered, on disk, dated; one file an index and query."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pydantic import ValidationError

from assay.core.clock import Clock
from assay.core.digest import digest_json
from assay.core.files import write_whole
from assay.models.literature.paper import Paper

DAY_S = 86_400.0


@dataclass(frozen=True, kw_only=True)
class Kept:
    """An earlier answer."""

    papers: tuple[Paper, ...]
    dated: str
    """ISO date of its fetching."""
    age_s: float


class Cache:
    """A folder of answers. Anything in it that cannot be read counts as not there.

    Args:
        folder: Made when first needed; None keeps nothing.
        clock: Dates the answers.
    """

    def __init__(self, folder: Path | None, clock: Clock) -> None:
        self._folder = folder
        self._clock = clock

    def read(self, source: str, query: str, limit: int) -> Kept | None:
        """Return what `source` answered to this query, or None."""
        if self._folder is None:
            return None
        try:
            kept = json.loads(self._file(source, query, limit).read_text(encoding="utf-8"))
            papers = tuple(Paper.model_validate(item) for item in kept["papers"])
            at = float(kept["at"])
            dated = datetime.fromtimestamp(at, UTC).date().isoformat()
        except (OSError, ValueError, KeyError, TypeError, OverflowError, ValidationError):
            return None
        return Kept(papers=papers, dated=dated, age_s=max(0.0, self._clock.now() - at))

    def write(self, source: str, query: str, limit: int, papers: tuple[Paper, ...]) -> None:
        """Keep an answer; a disk that is full or read-only costs only the speed of the next look-up."""
        if self._folder is None:
            return
        kept = {
            "at": self._clock.now(),
            "source": source,
            "query": query,
            "limit": limit,
            "papers": [paper.model_dump(mode="json") for paper in papers],
        }
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            write_whole(self._file(source, query, limit), json.dumps(kept, ensure_ascii=False, indent=1))
        except OSError:
            return

    def _file(self, source: str, query: str, limit: int) -> Path:
        name = digest_json({"source": source, "query": query, "limit": limit})[:32]
        return (self._folder or Path()) / f"{source}-{name}.json"
