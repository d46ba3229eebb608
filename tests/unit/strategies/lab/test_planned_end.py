"""A lab whose end is planned: last rounds that count only when they trained, and a report whatever the worker does."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from assay.core.finish_plan import FinishPlan
from assay.core.trial import TrialState
from assay.journal import events as ev
from assay.models.base import Request
from assay.models.scripted import Scripted
from assay.report.lab.story import lab_files
from assay.report.write import write_reports
from support.lab_bench import LabBench, act, calm, repository, run

pytestmark = pytest.mark.timeout(120)


def lab(folder: Path, answers: Any, **fields: Any) -> LabBench:
    return LabBench(folder / "run", repository(folder / "repo"), answers, **fields)


def test_after_the_planned_time_come_rounds_that_truly_train_and_then_the_end(tmp_path: Path) -> None:
    """One that fails is no round; a repeat of a command is one."""
    script = [run(0.5), run(0.6), run(0.7), run(0.8), run("fail"), run(0.8), run(0.8), run(0.9)]

    def answer(request: Request[Any]) -> Scripted:
        told: Any = request.inputs
        if request.role == "lab_mentor":
            return calm()
        if told.view.cycle == 5:
            bench.log.add(ev.FinishPlanned(plan=FinishPlan(at=bench.clock.now(), final_rounds=2, top_k=3)))
        return script[told.view.cycle - 1]

    bench = lab(tmp_path, answer)
    assert bench.work().stopped_by == "finish-up"
    assert [t.title for t in bench.history.trials.values()] == [told["label"] for told in script[:-1]]
    assert [bench.told(n).view.phase for n in range(1, 8)] == ["search"] * 5 + ["final_training"] * 2
    write_reports(bench.folder)
    places = json.loads((bench.folder / "leaderboard.json").read_text(encoding="utf-8"))
    assert len(places["places"]) == 3, "as many places as were planned"


def test_a_worker_that_only_waits_is_ended_at_the_planned_time_and_the_report_is_whole(tmp_path: Path) -> None:
    def answer(request: Request[Any]) -> Scripted:
        told: Any = request.inputs
        if request.role == "lab_mentor":
            return calm()
        if told.view.cycle == 2:
            now = bench.clock.now()
            bench.log.add(ev.FinishPlanned(plan=FinishPlan(at=now, deadline=now + 1.5, final_rounds=5)))
            return run("slow", "what never ends", monitor_s=7_200)
        return run(0.5) if told.view.cycle == 1 else act("wait", monitor_s=7_200)

    bench = lab(tmp_path, answer)
    assert bench.work().stopped_by == "finish-up"
    first, second = bench.history.trials.values()
    assert (first.state, second.state) == (TrialState.COMPLETE, TrialState.STOPPED)
    assert "finish-up" in second.reason
    files = lab_files(bench.history, final=True)
    assert json.loads(files["report.json"])["outcome"]["default"]["score"] == 0.5
    assert "still at work" not in files["report.md"]


def test_without_final_rounds_the_work_ends_at_once(tmp_path: Path) -> None:
    plan = FinishPlan(at=0.0, final_rounds=0)
    bench = lab(tmp_path, lambda _: run(0.5), plan=plan)
    assert bench.work().stopped_by == "finish-up"
    assert bench.history.trials == {}
    assert bench.model.requests == []
