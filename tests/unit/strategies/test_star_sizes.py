"""How much of `mle_star` fits the time, and what is noted of phases for which there was none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from assay.core.budget import Limits
from assay.core.clock import FakeClock
from assay.engine.endings import INTERRUPT, Ending
from assay.journal import events as ev
from assay.journal.memory import MemoryJournal
from assay.journal.summary import Summary
from assay.models.base import Request
from assay.models.scripted import Scripted
from assay.report.phase_words import Layout, note_words
from assay.strategies.star.options import StarOptions
from assay.strategies.star.pace import Pace
from assay.strategies.star.phase import every_phase_noted
from assay.strategies.star.sizes import Sizes, fitted
from assay.strategies.star.strategy import MleStar
from support.engine import Bench
from support.star import answer

WHOLE = Sizes.whole(StarOptions())
FINISH_S = {heads: 150.0 for heads in range(1, 5)}
OPTIONS = StarOptions(models=2, outer=1, inner=2, paths=2, rounds=2)


def pace(trial_s: float, **fields: Any) -> Pace:
    return Pace(**{"fold_s": trial_s / 5, "folds": 5, **fields})


def test_a_fast_machine_or_a_long_time_keeps_the_papers_sizes() -> None:
    assert fitted(WHOLE, pace(2.0), 900.0, FINISH_S) == WHOLE
    assert fitted(WHOLE, pace(90.0), 24 * 3600.0, FINISH_S) == WHOLE


@pytest.mark.parametrize("trial_s", [30.0, 60.0])
def test_in_a_quarter_of_an_hour_every_part_has_its_turn(trial_s: float) -> None:
    """The first solution is there after 100 s: half of it baselines, half of it itself."""
    whole = Sizes(**{**WHOLE.note(), "paths": 1})
    sizes = fitted(whole, pace(trial_s), 900.0 - 100.0, FINISH_S, begun=1)
    assert sizes != whole
    assert min(sizes.note().values()) >= 1
    assert sizes.models >= 2
    assert sizes.seconds(pace(trial_s), 1) + FINISH_S[1] <= 800.0


def test_where_one_solution_takes_minutes_the_least_is_left() -> None:
    sizes = fitted(WHOLE, pace(400.0), 500.0, FINISH_S, begun=1)
    assert sizes.note() == {**{name: 1 for name in WHOLE.note()}, "merges": 0, "paths": WHOLE.paths}
    assert fitted(WHOLE, pace(400.0), 500.0, FINISH_S).paths == 1


def test_slow_answers_leave_less_to_do() -> None:
    slow, fast = (fitted(WHOLE, pace(10.0, answer_s=seconds), 900.0, FINISH_S) for seconds in (30.0, 0.0))
    assert slow.seconds(pace(10.0)) < fast.seconds(pace(10.0))


def test_more_workers_do_more() -> None:
    one, many = (fitted(WHOLE, pace(30.0, workers=workers), 900.0, FINISH_S) for workers in (1, 8))
    assert one.seconds(pace(30.0)) < many.seconds(pace(30.0))


def slow_bench(folder: Path, clock: FakeClock, seconds: float, **fields: Any) -> Bench:
    def slowly(request: Request[Any]) -> Scripted:
        clock.advance(seconds)
        return answer(request)

    limits = Limits(wall_s=1_000.0)
    return Bench(folder, strategy=MleStar(OPTIONS), answers=slowly, clock=clock, limits=limits, k=2, **fields)


def test_phases_that_time_cuts_off_or_never_begins_are_noted_once_with_the_reason(tmp_path: Path) -> None:
    journal, clock = MemoryJournal(), FakeClock()
    made = slow_bench(tmp_path, clock, 150.0, backend=journal)
    made.open().work()
    history = made.log.read(lambda h: h)
    cut = {key: value for key, value in history.notes.items() if key.startswith("phase/") and key.endswith("/cut")}
    begun = {key.rpartition("/")[0] for key in history.notes if key.startswith("phase/") and key.endswith("/begun")}
    ended = {key.rpartition("/")[0] for key in history.notes if key.startswith("phase/") and key.endswith("/ended")}
    paths = history.notes["mle_star/sizes"]["paths"]
    named = {"init", "merge", "data-usage", "refine"}
    every = {f"phase/step-{2 + path:04d}/{name}" for path in range(paths) for name in named}
    every |= {"phase/step-0004/ensemble", "phase/step-0005/ensemble"}
    every |= {"phase/step-0006/finalize", "phase/step-0006/validate"}
    assert ended | {key.rpartition("/")[0] for key in cut} == every
    assert {value["skipped"] for value in cut.values()} == {"the time for the search was used up"}
    assert {key.rpartition("/")[0] for key, value in cut.items() if value["begun"]} == begun - ended
    summary = Summary()
    for event in journal.read():
        summary.apply(event)
    assert {f"phase/{phase}/cut" for phase in summary.cut} == set(cut)
    told = [note_words(key, value, Layout.of_history(history)) for key, value in cut.items()]
    assert "ensemble 1: combining the paths not begun: the time for the search was used up" in told

    again = slow_bench(tmp_path, clock, 0.0, backend=journal)
    again.open().work()
    notes = [e.payload for e in journal.read() if isinstance(e.payload, ev.Noted)]
    keys = [note.key for note in notes if note.key.startswith("phase/")]
    assert len(keys) == len(set(keys)), "no second note after a resumption"


def test_a_search_that_is_to_be_resumed_or_that_is_done_notes_no_phase_as_cut_off(tmp_path: Path) -> None:
    made = Bench(tmp_path, strategy=MleStar(OPTIONS), answers=answer, k=2)
    run = made.open()
    layout = {2: ("init",)}
    with pytest.raises(Ending), every_phase_noted(made.session, lambda: layout):
        raise Ending(INTERRUPT)
    run.work()
    assert not [key for key in made.log.read(lambda h: h.notes) if key.endswith("/cut")]


def test_the_sizes_are_noted_and_the_same_after_a_resumption(tmp_path: Path) -> None:
    journal, clock = MemoryJournal(), FakeClock()
    made = slow_bench(tmp_path, clock, 10.0, backend=journal)
    made.open().work()
    notes = made.log.read(lambda h: {key: value for key, value in h.notes.items() if key.endswith("/sizes")})
    assert set(notes) >= {"mle_star/sizes", "step-0002/sizes"}
    clock.advance(500.0)
    again = slow_bench(tmp_path, clock, 10.0, backend=journal)
    again.open().work()
    assert notes == again.log.read(lambda h: {key: value for key, value in h.notes.items() if key.endswith("/sizes")})
    assert not again.model.requests
