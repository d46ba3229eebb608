"""The pack: every entry whole, and found by the words of a task."""

from __future__ import annotations

import pytest

from assay.models.literature import read_pack, search_pack


def test_every_entry_is_whole_and_stands_once() -> None:
    pack = read_pack()
    titles = [paper.title for paper, _, _ in pack]

    assert len(pack) >= 30
    assert len(set(titles)) == len(titles)
    for paper, _, _ in pack:
        assert paper.authors
        assert paper.year
        assert paper.venue
        assert not paper.abstract.endswith("...")
        assert paper.doi or paper.arxiv or paper.venue in ("NeurIPS", "ACL")


@pytest.mark.parametrize(
    ("query", "word"),
    [
        ("single-cell perturbation response of unseen compounds", "perturbation"),
        ("forecasting weekly sales time series", "forecast"),
        ("image classification of photographs", "image"),
        ("text classification of short texts", "text"),
        ("tabular regression with categorical columns", "tabular"),
    ],
)
def test_the_words_of_a_task_lead_to_its_methods(query: str, word: str) -> None:
    first = search_pack(query, 3)
    words = {paper.title: found for paper, found, _ in read_pack()}

    assert len(first) == 3
    assert all(word in " ".join(words[paper.title]) for paper in first)


def test_no_shared_word_gives_the_general_ones() -> None:
    assert [paper.venue for paper in search_pack("zzz qqq", 2)] == ["NeurIPS", "KDD"]
