"""Fifteen faults reproduced in other systems of this kind, each shown not to be one of Assay's.

The fifteenth, resuming after a kill, needs whole runs: it is in `test_kill.py`.
"""

import dataclasses
import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from assay.core.candidate import Candidate
from assay.core.metric import Direction, Metric, Needs
from assay.core.score import Provenance
from assay.core.trial import TrialState
from assay.data.metric_names import named
from assay.engine.parts import CheckFinding
from assay.journal.history import History, Trial
from assay.models.roles import ROLES
from support.real_engine import CANARY, RealEngine, hidden, limited
from support.survivors import marked_processes, wait_until_gone

COST = Metric(name="cost", direction=Direction.LOWER, needs=Needs.VALUES)


def spawned(marker: str) -> str:
    """Return a statement that starts a process which outlives everything that does not end it."""
    child = f"import time #{marker}\nwhile True:\n time.sleep(1)"
    return (
        "import subprocess\nnull = subprocess.DEVNULL\n"
        f"subprocess.Popen([sys.executable, '-c', {child!r}], start_new_session=True, stdin=null, stdout=null, "
        "stderr=null)\nprint('child started', flush=True)\n"
    )


def rankings(engine: RealEngine, metric: Metric, trials: Sequence[Trial]) -> list[int]:
    """Return the numbers of trials as a history with this metric ranks them."""
    started = engine.log.read(lambda history: history.started)
    assert started is not None
    history = History()
    history.started = dataclasses.replace(started, task=dataclasses.replace(engine.task, metric=metric))
    history.trials = {trial.number: trial for trial in trials}
    return [trial.number for trial in history.ranking()]


def test_01_a_candidate_has_no_key_and_no_file_outside_its_folder(engine: RealEngine, outside: Path) -> None:
    assert os.environ["OPENAI_API_KEY"] == CANARY
    body = f"""
print(sorted(getattr(os, "environ").items()))
attempt(lambda: open({hidden(outside)}, "w").write("gone"))
attempt(lambda: os.unlink({hidden(outside)}))
write(predictions)
"""
    tried = engine.evaluate(body)
    assert tried.state is TrialState.COMPLETE
    assert CANARY not in tried.log
    assert "OPENAI_API_KEY" not in tried.log
    assert "worked:" not in tried.log
    assert outside.read_text(encoding="utf-8") == "ten years of work"


def test_02_a_child_does_not_survive_the_time_limit(engine: RealEngine) -> None:
    marker = "assay-test-peer-02"
    tried = engine.evaluate(spawned(marker) + "time.sleep(600)", limits=limited(wall_s=3.0))
    assert tried.outcomes == ("timeout",)
    assert "child started" in tried.log
    assert wait_until_gone(lambda: marked_processes(marker)) == []


@pytest.mark.parametrize("end", ["os.abort()", "getattr(os, 'ki' + 'll')(os.getpid(), 9)", "os._exit(137)"])
def test_03_a_hard_exit_is_a_failed_trial_and_the_run_goes_on(engine: RealEngine, end: str) -> None:
    tried = engine.evaluate(f"print('loading', flush=True)\n{end}")
    assert tried.state is TrialState.FAILED
    assert tried.trial.score is None
    assert "loading" in tried.log
    assert dict(engine.evaluate("write(predictions)").scores) == dict(engine.honest)


def test_04_a_score_that_is_a_whole_number_counts_like_any_other(engine: RealEngine) -> None:
    body = "write([(r['id'], int(r['geleakt'] == 'ja')) for r in test])\nprint('score: 1')"
    tried = engine.evaluate(body)
    assert tried.state is TrialState.COMPLETE
    assert tried.trial.score == 1.0
    assert [m.reported for m in tried.measurements] == [1.0, 1.0]
    assert not any(flag.startswith("P02") for flag in tried.trial.flags)
    # No model is ever asked for a score, so none can come in a form that gets lost.
    told = {name for role in ROLES.values() for name in role.reply.model_fields}
    assert told.isdisjoint({"score", "metric", "value", "is_bug", "lower_is_better", "direction"})


def test_05_the_direction_is_the_metrics_alone(engine: RealEngine) -> None:
    better = engine.evaluate("write(predictions)\nprint('Final Validation Performance (lower is better): 0.1')").trial
    worse = engine.evaluate("write([(i, 1 - p) for i, p in predictions])\nprint('score (minimise): 0.9')").trial
    assert rankings(engine, engine.task.metric, [worse, better]) == [better.number, worse.number]
    assert rankings(engine, COST, [worse, better]) == [worse.number, better.number]
    assert not {"direction", "lower", "lower_is_better", "maximize"} & {f.name for f in dataclasses.fields(Trial)}


def test_06_after_a_time_out_the_output_is_kept_and_no_number_stands_for_failure(engine: RealEngine) -> None:
    marker = "assay-test-peer-06"
    body = f"print('Final Validation Performance: 0.97', flush=True)\n{spawned(marker)}time.sleep(600)"
    tried = engine.evaluate(body, limits=limited(wall_s=3.0))
    assert tried.state is TrialState.FAILED
    assert "Final Validation Performance: 0.97" in tried.log
    assert wait_until_gone(lambda: marked_processes(marker)) == []
    assert tried.trial.score is None
    scored = engine.baseline.trial
    for metric in (engine.task.metric, COST):
        assert rankings(engine, metric, [tried.trial, scored]) == [scored.number]


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("Final Validation Performance: 91.2%", 0.912),
        ("Final Validation Performance: 91.2 %", 0.912),
        ("Final Validation Performance (RMSE): 12.3 (lower is better)", 12.3),
        ("CV score [roc_auc] = 8.5e-01", 0.85),
    ],
)
def test_07_a_score_with_a_sign_or_a_remark_is_read(engine: RealEngine, line: str, value: float) -> None:
    tried = engine.evaluate(f"write(predictions)\nprint({line!r})")
    assert [m.reported for m in tried.measurements] == pytest.approx([value, value])
    # It is told, and counts for nothing.
    assert dict(tried.scores) == dict(engine.honest)
    assert {m.score.provenance for m in tried.measurements if m.score} == {Provenance.GRADED}


def test_08_no_metric_has_a_direction_by_default() -> None:
    direction = next(field for field in dataclasses.fields(Metric) if field.name == "direction")
    assert direction.default is dataclasses.MISSING
    assert direction.default_factory is dataclasses.MISSING
    for name in ("accuracy", "roc_auc", "f1", "r2", "map_at_k"):
        assert named(name).direction is Direction.HIGHER
    for name in ("rmse", "log_loss", "mae", "brier"):
        assert named(name).direction is Direction.LOWER


def test_09_equal_lines_of_output_are_all_kept(engine: RealEngine) -> None:
    tried = engine.evaluate("for _ in range(3):\n    print('fold score 0.5')\nwrite(predictions)")
    assert tried.measurements
    for measurement in tried.measurements:
        assert measurement.execution is not None
        assert measurement.execution.log_tail.count("fold score 0.5\n") == 3


def test_10_the_limit_does_not_wait_for_a_line(engine: RealEngine) -> None:
    tried = engine.evaluate("print('half a line', end='', flush=True)\ntime.sleep(600)", limits=limited(wall_s=3.0))
    execution = tried.measurements[0].execution
    assert execution is not None
    assert tried.outcomes == ("timeout",)
    assert execution.wall_s < 300
    assert execution.log_tail.startswith("half a line")


def test_11_key_outside_file_and_child_at_once(engine: RealEngine, outside: Path) -> None:
    marker = "assay-test-peer-11"
    body = f"""
print(getattr(os, "environ").get("OPENAI_" + "API_KEY"))
attempt(lambda: open({hidden(outside)}, "a").write("x"))
{spawned(marker)}
time.sleep(600)
"""
    tried = engine.evaluate(body, limits=limited(wall_s=3.0))
    assert tried.outcomes == ("timeout",)
    assert "None\n" in tried.log
    assert CANARY not in tried.log
    assert "worked:" not in tried.log
    assert outside.read_text(encoding="utf-8") == "ten years of work"
    assert wait_until_gone(lambda: marked_processes(marker)) == []


def test_12_a_check_that_breaks_finds_nothing_in_order(engine: RealEngine) -> None:
    def broken(candidate: Candidate) -> Sequence[CheckFinding]:
        raise RuntimeError(f"cannot read {candidate.entry}")

    before = engine.log.read(lambda history: len(history.all_measurements()))
    with pytest.raises(RuntimeError, match="cannot read"):
        engine.evaluate("write(predictions)", check=broken)
    last = engine.log.read(lambda history: history.trials[max(history.trials)])
    assert last.state is TrialState.WAITING
    assert last.score is None
    assert engine.log.read(lambda history: len(history.all_measurements())) == before


def test_12_a_script_that_breaks_the_real_check_is_rejected(engine: RealEngine) -> None:
    tried = engine.evaluate(f"x = {'-' * 20_000}1\nwrite(predictions)")
    assert tried.state is TrialState.REJECTED
    assert tried.trial.reason.startswith("L14")


def test_13_by_default_nothing_is_written_outside_and_no_session_survives(engine: RealEngine, outside: Path) -> None:
    assert engine.sandbox.tier in ("T1", "T2")
    marker = "assay-test-peer-13"
    tried = engine.evaluate(
        f"{spawned(marker)}attempt(lambda: open({hidden(outside)}, 'w').write('x'))\nwrite(predictions)"
    )
    assert tried.state is TrialState.COMPLETE
    assert "stopped:" in tried.log
    assert outside.read_text(encoding="utf-8") == "ten years of work"
    assert wait_until_gone(lambda: marked_processes(marker)) == []


def test_14_the_number_of_rows_is_no_score(engine: RealEngine) -> None:
    body = "write(predictions)\nprint(400)\nprint('rows:', 400)\nprint('best metric = 400')\nprint('score: 400')"
    tried = engine.evaluate(body)
    assert dict(tried.scores) == dict(engine.honest)
    assert all(m.score is not None and m.score.rows == 170 for m in tried.measurements)
    assert any("which cannot be" in flag for flag in tried.trial.flags)
    silent = engine.evaluate("print('score: 400')")
    assert silent.state is TrialState.FAILED
    assert silent.trial.score is None
