from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from assay.models.literature import read_pack
from support.index_server import indexes

PAGE = Path(__file__).parents[3] / "docs" / "retrieval.md"


def test_papers_are_told_with_where_they_come_from(
    assay: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    with indexes() as server:
        monkeypatch.setenv("ASSAY_LITERATURE_URL", server.url)
        server.fail, server.stuck = {"pubmed": [404]}, {"pubmed"}
        told = assay("papers", "dose response", "--source", "openalex", "--source", "pubmed")
    again = assay("papers", "dose response", "--source", "openalex", "--offline", "--json")
    pack = assay("papers", "gene perturbation", "--offline", "--limit", "2")

    assert told.code == again.code == pack.code == 0
    assert told.out.startswith("2 papers asked just now\nremark   pubmed: ")
    assert "Author 0 (2024). Low-Rank Profiles. Journal of Tests. doi:10.1000/shared.1" in told.out
    assert again.json["origin"] == "cache"
    assert [paper["source"] for paper in again.json["papers"]] == ["openalex", "openalex"]
    assert "from the pack of 2026-11-21 that ships with Assay" in pack.out
    assert (tmp_path / "cache" / "assay" / "literature").is_dir()


@pytest.mark.parametrize(
    "argv", [("papers", " "), ("papers", "x", "--limit", "0"), ("papers", "x", "--source", "scholar")]
)
def test_what_cannot_be_meant_is_refused_before_anybody_is_asked(
    assay: Callable[..., Any], argv: tuple[str, ...]
) -> None:
    said = assay(*argv)

    assert said.code == 2
    assert "error[E002]" in said.err


def test_the_page_counts_the_pack_as_it_is() -> None:
    assert f"a pack of {len(read_pack())} summaries" in PAGE.read_text(encoding="utf-8")
