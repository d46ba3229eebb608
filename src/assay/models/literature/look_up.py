"""Literature: a question to all indexes at once, with cache before and pack behind them."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from pathlib import Path

from assay.core.clock import Clock, SystemClock
from assay.models.cache_place import cache_root
from assay.models.literature.cache import DAY_S, Cache, Kept
from assay.models.literature.fetch import Fetcher, SourceDown
from assay.models.literature.indexes import INDEXES
from assay.models.literature.pack import PACK_DATED, search_pack
from assay.models.literature.paper import Found, Origin, Paper, cleaned, merged

logger = logging.getLogger(__name__)

LONGEST_QUERY = 300


@dataclass(frozen=True, kw_only=True)
class Addresses:
    """Where the indexes are, without a slash at the end."""

    semantic_scholar: str = "https://api.semanticscholar.org/graph/v1"
    openalex: str = "https://api.openalex.org"
    pubmed: str = "https://eutils.ncbi.nlm.nih.gov/entrez/eutils"
    arxiv: str = "https://export.arxiv.org/api"

    @classmethod
    def at(cls, base: str) -> Addresses:
        """Return addresses of a mirror that has every index in a folder of its name."""
        return cls(**{one.name: f"{base.rstrip('/')}/{one.name}" for one in fields(cls)})


@dataclass(frozen=True, kw_only=True)
class _Answer:
    """What one index gave."""

    papers: tuple[Paper, ...] = ()
    live: bool = False
    dated: str = ""
    """Empty when it gave nothing at all."""
    remark: str = ""


class Literature:
    """Looks papers up.

    Args:
        cache: Folder of earlier answers; None keeps none.
        offline: Whether the network is left alone: then only the cache and the pack answer.
        addresses: Where the indexes are.
        sources: Which of them are asked.
        fetcher: Makes the requests.
        fresh_s: Answers younger than this are not asked for again.
        environ: Holds keys, where a person has some (`SEMANTIC_SCHOLAR_API_KEY`, `OPENALEX_API_KEY`, `NCBI_API_KEY`).
        clock: Dates answers.
    """

    def __init__(
        self,
        *,
        cache: Path | None = None,
        offline: bool = False,
        addresses: Addresses | None = None,
        sources: Sequence[str] = tuple(INDEXES),
        fetcher: Fetcher | None = None,
        fresh_s: float = 30 * DAY_S,
        environ: Mapping[str, str] | None = None,
        clock: Clock | None = None,
    ) -> None:
        self._clock = clock or SystemClock()
        self._cache = Cache(cache, self._clock)
        self._offline = offline
        self._addresses = addresses or Addresses()
        self._sources = tuple(sources)
        self._fetcher = fetcher or Fetcher(clock=self._clock)
        self._fresh_s = fresh_s
        self._environ = environ or {}

    def look_up(self, query: str, limit: int = 8) -> Found:
        """Return papers on `query`: of the indexes, else of the cache however old, else of the pack.

        Never raises for a failing network: what failed is among the remarks.

        Args:
            query: A few words.
            limit: Most papers, 1 to 50.
        """
        query, limit = cleaned(query, LONGEST_QUERY), min(max(limit, 1), 50)
        with ThreadPoolExecutor(max(1, len(self._sources))) as pool:
            answers = list(pool.map(lambda source: self._ask(source, query, limit), self._sources))
        remarks = tuple(f"{name}: {a.remark}" for name, a in zip(self._sources, answers, strict=True) if a.remark)
        given = [answer for answer in answers if answer.dated]
        papers = merged(tuple(answer.papers for answer in given), limit)
        if not papers:
            found = search_pack(query, limit)
            return Found(query=query, papers=found, origin=Origin.PACK, dated=PACK_DATED.isoformat(), remarks=remarks)
        origin = Origin.LIVE if any(answer.live for answer in given) else Origin.CACHE
        return Found(query=query, papers=papers, origin=origin, dated=min(a.dated for a in given), remarks=remarks)

    def _ask(self, source: str, query: str, limit: int) -> _Answer:
        kept = self._cache.read(source, query, limit)
        if kept is not None and kept.age_s <= self._fresh_s:
            return _Answer(papers=kept.papers, dated=kept.dated)
        if self._offline:
            return self._stand_in(kept, "not asked: offline")
        try:
            base = getattr(self._addresses, source)
            papers = tuple(INDEXES[source](self._fetcher, base, query, limit, self._environ))[:limit]
        except SourceDown as down:
            return self._stand_in(kept, down.reason)
        except ImportError as missing:
            return self._stand_in(kept, f"needs the package {missing.name!r}: uv sync --extra literature")
        except Exception as error:  # a client's own surprise about an answer: the other indexes go on
            logger.warning("%s: %r", source, error)
            return self._stand_in(kept, f"its answer could not be read ({type(error).__name__})")
        self._cache.write(source, query, limit, papers)
        return _Answer(
            papers=papers, live=True, dated=datetime.fromtimestamp(self._clock.now(), UTC).date().isoformat()
        )

    def _stand_in(self, kept: Kept | None, reason: str) -> _Answer:
        if kept is None:
            return _Answer(remark=reason)
        return _Answer(papers=kept.papers, dated=kept.dated, remark=f"{reason}; an answer of {kept.dated} stands in")


def cache_folder(environ: Mapping[str, str]) -> Path | None:
    """Return the user's folder for answers of the indexes; None where a person wants nothing kept."""
    root = cache_root(environ)
    return root / "literature" if root is not None else None
