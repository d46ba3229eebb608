"""The web in a lab: offered where the model can search it, on the record where it did, and the catalogue otherwise."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from assay.models.base import Answer, Model, R, Request
from assay.strategies.lab import Lab
from assay.strategies.lab.given import known_to
from support.lab_bench import LabBench, act, calm, in_order, repository, run

pytestmark = pytest.mark.timeout(120)
STRICT = "[mentor]\nevery = 1\nneeds_search = true\n"


@dataclass
class Searching:
    """Answers as `inner` does, having searched the web for the roles named."""

    inner: Model
    roles: tuple[str, ...]

    @property
    def name(self) -> str:
        return "searching"

    def answer(self, request: Request[R]) -> Answer[R]:
        answer = self.inner.answer(request)
        looked = request.search and request.role in self.roles
        return replace(answer, searched=looked, sources=("https://example.org/paper",) if looked else ())


def challenge(request: Request[Any]) -> Any:
    if request.inputs.view.cycle > 1:  # type: ignore[attr-defined]
        return calm()
    return {**calm(), "trajectory": "off_track", "recommendation": "challenge", "suggestion": run(0.8, "from a paper")}


def lab(folder: Path, *roles: str, searching: bool = True) -> LabBench:
    return LabBench(
        folder / "run",
        repository(folder / "repo", STRICT),
        in_order(act("wait"), act("wait"), mentor=challenge),
        strategy=Lab("off", searching=("worker", "mentor") if searching else ()),
        asked=lambda model: Searching(model, roles),
    )


def test_a_suggestion_counts_where_the_mentor_searched_and_the_cycle_says_so(tmp_path: Path) -> None:
    bench = lab(tmp_path, "lab_mentor")
    bench.work()
    first, second = bench.cycles[:2]
    assert (first.cycle.source, first.cycle.label, first.cycle.searched) == ("mentor", "from a paper", True)
    assert second.cycle.searched
    answered = bench.history.questions["step-0000/mentor"].answer
    assert answered is not None
    assert answered.sources == ("https://example.org/paper",)
    view = bench.told(1, "lab_mentor").view
    assert (view.search, view.known) == (True, ())


def test_a_search_of_the_workers_is_none_of_the_mentors(tmp_path: Path) -> None:
    bench = lab(tmp_path, "lab_worker")
    bench.work()
    first = bench.cycles[0]
    assert (first.cycle.source, first.cycle.searched) == ("worker", True)
    assert first.ignored == "the web had to be searched for it, and was not"


def test_who_cannot_search_is_not_told_to_and_no_signal_calls_for_it(tmp_path: Path) -> None:
    bench = lab(tmp_path, searching=False)
    bench.work()
    views = [bench.told(n).view for n in (1, 2, 3)]
    assert not any(view.search or view.signals.research for view in views)
    assert not any(c.cycle.searched for c in bench.cycles)


def test_what_the_catalogue_has_on_a_mission_is_shown_and_nothing_that_is_far_from_it() -> None:
    found = known_to("Deep residual learning for image recognition on small scans.")
    assert found[0].startswith("Deep Residual Learning for Image Recognition (")
    assert known_to("Raise acc.") == ()
