"""Paper: one publication as an index tells of it, cut and cleaned: its words are data, whoever wrote them."""

from __future__ import annotations

import html
import re
import unicodedata
from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

LONGEST_ABSTRACT = 1_500
"""Characters of an abstract that are kept."""
_LONGEST_LINE = 300
_MOST_AUTHORS = 8

_TAG = re.compile(r"</?[A-Za-z][^<>]{0,200}>")
_DOI = re.compile(r"10\.\d{4,9}/[^\s\"'<>]+")
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
"""Unicode categories of what nobody sees: control characters, marks of direction, zero-width joints."""


def cleaned(text: object, longest: int = _LONGEST_LINE) -> str:
    """Return text of the net as one line: no markup, no hidden characters, at most `longest` characters."""
    if not isinstance(text, str):
        return ""
    plain = _TAG.sub(" ", html.unescape(text[: 20 * longest]))
    seen = "".join(c if unicodedata.category(c) not in _HIDDEN else " " for c in unicodedata.normalize("NFC", plain))
    line = " ".join(seen.replace("`", "'").split())
    return line if len(line) <= longest else line[: longest - 4].rstrip() + " ..."


def doi_of(text: object) -> str:
    """Return the DOI in `text` without an address before it, in lower case; empty when there is none."""
    found = _DOI.search(text) if isinstance(text, str) else None
    return found[0].rstrip(".,;)").lower()[:200] if found else ""


Line = Annotated[str, BeforeValidator(cleaned)]


class Paper(BaseModel):
    """A publication."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    title: Line = Field(min_length=1)
    authors: Annotated[tuple[Line, ...], BeforeValidator(lambda names: tuple(names)[:_MOST_AUTHORS])] = ()
    """The first eight."""
    year: int | None = Field(default=None, ge=1600, le=2200)
    venue: Line = ""
    abstract: Annotated[str, BeforeValidator(lambda text: cleaned(text, LONGEST_ABSTRACT))] = ""
    """Cut; in the pack a summary of our own."""
    doi: Annotated[str, BeforeValidator(doi_of)] = ""
    arxiv: str = Field(default="", pattern=r"^([\w.-]{4,20}(/\d{7})?)?$")
    pubmed: str = Field(default="", pattern=r"^\d{0,12}$")
    url: str = Field(default="", pattern=r"^(https?://\S{1,500})?$")
    source: str
    """Which index told of it: `semantic_scholar`, `openalex`, `pubmed`, `arxiv` or `pack`."""

    @property
    def line(self) -> str:
        """The reference in one line."""
        who = ", ".join(self.authors[:3]) + (" et al." if len(self.authors) > 3 else "")
        where = f"arXiv:{self.arxiv}" if self.arxiv else f"doi:{self.doi}" if self.doi else self.url
        parts = (f"{who} ({self.year or 'no year'})", self.title.rstrip("."), self.venue.rstrip("."), where)
        return ". ".join(part for part in parts if part)

    @property
    def marks(self) -> tuple[str, ...]:
        """What tells it from others: two papers that share one of these are the same."""
        title = re.sub(r"[^a-z0-9]+", " ", self.title.lower()).strip()
        return tuple(mark for mark in (f"doi {self.doi}" if self.doi else "", f"title {title}") if mark)


class Origin(StrEnum):
    """Where the papers of an answer come from."""

    LIVE = "live"
    """At least one index was asked just now."""
    CACHE = "cache"
    """All of them were asked before; nothing went over the network."""
    PACK = "pack"
    """No index could be asked: the pack that ships with the package stands in."""


class Found(BaseModel):
    """What a question brought."""

    model_config = ConfigDict(frozen=True)

    query: str
    papers: tuple[Paper, ...]
    origin: Origin
    dated: str
    """When the oldest of them was fetched, or the pack was written: an ISO date."""
    remarks: tuple[str, ...] = ()
    """Which index failed, and why; one line each."""


def merged(lists: tuple[tuple[Paper, ...], ...], limit: int) -> tuple[Paper, ...]:
    """Return papers of several indexes in turns, the first of each first, and each paper once."""
    seen: set[str] = set()
    kept: list[Paper] = []
    longest = max((len(papers) for papers in lists), default=0)
    for paper in (papers[at] for at in range(longest) for papers in lists if at < len(papers)):
        if not seen & set(paper.marks):
            kept.append(paper)
        seen.update(paper.marks)
    return tuple(kept[:limit])
