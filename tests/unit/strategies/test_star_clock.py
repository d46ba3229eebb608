"""What those who are asked are told of the time: the run's, the phase's, and what scripts took."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from assay.core.budget import Limits
from assay.core.clock import FakeClock
from assay.engine.stage import Stage
from assay.journal.memory import MemoryJournal
from assay.models.base import Request
from assay.models.scripted import Scripted
from assay.operators.brief import brief_at
from assay.strategies.star.options import StarOptions
from assay.strategies.star.strategy import MleStar
from support.engine import Bench
from support.star import answer

WALL_S = 1_000.0
OPTIONS = StarOptions(models=2, outer=1, inner=2, paths=1, rounds=1)


def test_every_question_says_what_the_run_and_the_phase_have_left(tmp_path: Path) -> None:
    clock = FakeClock()

    def slow(request: Request[Any]) -> Scripted:
        clock.advance(10.0)
        return answer(request)

    made = Bench(tmp_path, strategy=MleStar(OPTIONS), answers=slow, clock=clock, limits=Limits(wall_s=WALL_S), k=2)
    made.open().work()
    told = {request.key: request.inputs.brief for request in made.model.requests}  # type: ignore[attr-defined]
    first, merged = told["step-0002/retrieve/retrieve"], told["step-0002/merge-0/merge"]
    assert (first.stage, merged.stage) == ("initial solutions", "merging")
    assert first.stage_s is not None
    assert first.stage_s <= OPTIONS.init_share / 100 * WALL_S
    assert merged.stage_s < first.stage_s, "the answers in between took time"
    planned, combined = told["step-0002/refine-0/plan-1/plan/plan"], told["step-0003/plan"]
    assert planned.stage == "refinement block by block"
    assert planned.remaining_s is not None
    assert planned.stage_s is not None
    assert merged.stage_s < planned.stage_s < planned.remaining_s < WALL_S
    assert (combined.stage, told["step-0004/validate/validate"].stage_s) == ("ensembles", None)


def test_the_time_left_is_noted_so_that_a_resumed_run_puts_the_same_question(tmp_path: Path) -> None:
    clock, journal = FakeClock(), MemoryJournal()
    stage = Stage(name="refinement", until_s=400.0)

    def opened() -> Bench:
        made = Bench(tmp_path, clock=clock, backend=journal, limits=Limits(wall_s=WALL_S))
        made.open()
        return made

    made = opened()
    before = brief_at(made.session, made.session.view(), "step-0002", stage)
    clock.advance(100.0)
    later = brief_at(made.session, made.session.view(), "step-0003", stage)
    assert before.remaining_s is not None
    assert before.stage_s is not None
    assert later.remaining_s == before.remaining_s - 100
    assert later.stage_s == before.stage_s - 100 == 300
    again = opened()
    assert brief_at(again.session, again.session.view(), "step-0002", stage) == before


def test_without_a_time_limit_nothing_is_told_of_it(tmp_path: Path) -> None:
    made = Bench(tmp_path)
    made.open()
    told = brief_at(made.session, made.session.view(), "step-0002", Stage(name="merging"))
    assert (told.remaining_s, told.stage, told.stage_s) == (None, "merging", None)
