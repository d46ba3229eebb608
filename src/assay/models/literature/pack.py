"""The pack: summaries of well-known methods that ship with the package, for when no index can be asked."""

from __future__ import annotations

import datetime
import re
from functools import cache
from importlib import resources
from typing import Any

import yaml

from assay.models.literature.paper import Paper

PACK_DATED = datetime.date(2026, 11, 21)
"""When the pack was last looked through."""

_WORD = re.compile(r"[a-z0-9]+")
_ENGLISH = "a an and are as at by for from how in is it of on or the to what with"
_TRADE = "classification data method methods model models predict prediction regression"
_DULL = frozenset(f"{_ENGLISH} {_TRADE}".split())


@cache
def read_pack() -> tuple[tuple[Paper, frozenset[str], str], ...]:
    """Return the pack: each paper with the words that lead to it (of title, topic and hand), and its topic."""
    path = resources.files("assay.models.literature").joinpath("data", "pack.yaml")
    found = yaml.safe_load(path.read_text(encoding="utf-8"))
    return tuple(_entry(topic, item) for topic, items in found.items() for item in items)


def close_in_pack(query: str, limit: int, *, shared: int) -> tuple[Paper, ...]:
    """Return the papers that share at least `shared` words with `query`, those that share most first."""
    asked = _words(query)
    counted = [(len(asked & words), paper) for paper, words, _ in read_pack()]
    hits = sorted((item for item in counted if item[0] >= shared), key=lambda item: -item[0])
    return tuple(paper for _, paper in hits[:limit])


def search_pack(query: str, limit: int) -> tuple[Paper, ...]:
    """Return the papers that share most with `query`, rare words counting more; the general ones when none does."""
    asked = _words(query)
    pack = read_pack()
    weight = {word: 1 / sum(word in words for _, words, _ in pack) ** 0.5 for word in asked & _all_words()}
    rated = [(sum(weight.get(word, 0.0) for word in words), paper) for paper, words, _ in pack]
    hits = sorted((item for item in rated if item[0]), key=lambda item: -item[0])
    if hits:
        return tuple(paper for _, paper in hits[:limit])
    return tuple(paper for paper, _, topic in read_pack() if topic == "tables")[:limit]


@cache
def _all_words() -> frozenset[str]:
    return frozenset().union(*(words for _, words, _ in read_pack()))


def _entry(topic: str, item: dict[str, Any]) -> tuple[Paper, frozenset[str], str]:
    paper = Paper.model_validate({**item, "abstract": item["summary"], "source": "pack"})
    words = _words(f"{topic} {paper.title} {item['words']}")
    return paper, words, topic


def _words(text: str) -> frozenset[str]:
    """Return the words of `text` in lower case, without endings of number, and without dull ones."""
    found = (word for word in _WORD.findall(text.lower()) if word not in _DULL and len(word) > 1)
    return frozenset(word.removesuffix("s") if len(word) > 3 else word for word in found)
