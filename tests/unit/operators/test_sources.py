"""What the catalogue offers each path: not the favourites of those before it, and nothing that cannot run here."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from assay.core.budget import Limits
from assay.models.catalogue import Hit
from assay.operators.star.sources import SHOWN, deal
from assay.strategies.star.options import StarOptions
from assay.strategies.star.strategy import MleStar
from support.briefs import INCOME, INCOME_PROFILE, MACHINE
from support.engine import Bench
from support.star import answer

PACKAGES = {"scikit-learn": "1.7", "lightgbm": "4.6", "statsmodels": "0.14"}


def names(hand: list[Hit]) -> list[str]:
    return [hit.entry.name for hit in hand]


def hands(packages: dict[str, str], *, paths: int = 3, models: int = 2) -> list[list[Hit]]:
    machine = MACHINE.model_copy(update={"packages": packages, "gpu": ""})
    return deal(INCOME, INCOME_PROFILE, machine, paths=paths, models=models)


def test_no_path_begins_with_what_another_begins_with() -> None:
    dealt = hands(PACKAGES)
    assert all(len(hand) <= SHOWN for hand in dealt)
    firsts = [set(names(hand)[:2]) for hand in dealt]
    assert all(len(first) == 2 for first in firsts)
    assert all(not one & other for one, other in itertools.combinations(firsts, 2))
    assert not firsts[0] & set(names(dealt[1]))
    assert dealt == hands(PACKAGES), "the same every time"


def test_what_cannot_run_here_is_left_out() -> None:
    assert all(hit.runnable for hand in hands(PACKAGES) for hit in hand)
    without = {name: version for name, version in PACKAGES.items() if name != "lightgbm"}
    assert "lightgbm" in names(hands(PACKAGES)[0])
    assert not any("lightgbm" in hit.entry.needs for hand in hands(without) for hit in hand)


def test_where_too_little_can_run_the_favourites_come_back_and_then_what_lacks_a_package() -> None:
    many = hands(PACKAGES, paths=8, models=4)
    assert all(len(hand) >= 4 for hand in many)
    bare = hands({}, paths=1, models=4)[0]
    assert len(bare) >= 4
    assert [hit.runnable for hit in bare] == sorted((hit.runnable for hit in bare), reverse=True)
    assert all(hit.missing for hit in bare if not hit.runnable and not hit.entry.weights)


@pytest.mark.parametrize("shared", [0, 1])
def test_retrievers_see_their_paths_entries_and_a_resumed_run_the_same(tmp_path: Path, shared: int) -> None:
    options = StarOptions(models=2, outer=0, paths=2, rounds=0, shared_start=shared)
    made = Bench(tmp_path, strategy=MleStar(options), answers=answer, limits=Limits(workers=2))
    made.open().work()
    seen = {r.inputs.path: [k.name for k in r.inputs.known] for r in made.model.requests if r.role == "retrieve"}  # type: ignore[attr-defined]
    assert sorted(seen) == ([0] if shared else [0, 1])
    notes = made.log.read(lambda history: history.notes)
    assert [seen[path] for path in sorted(seen)] == notes["mle_star/dealt"]
    assert {name for hand in seen.values() for name in hand} == {entry["name"] for entry in notes["mle_star/known"]}
    if not shared:
        assert not set(seen[0][:2]) & set(seen[1][:2])
