from __future__ import annotations

import pytest

from assay.operators.lab.forced import BOOTSTRAP, ForcedRules, forced_run
from assay.operators.lab.record import Cycle, Result
from assay.operators.lab.watching import LOOKED_AT, stop_pattern, window_s

RULES = ForcedRules(bootstrap="python train.py")


def result(number: int, state: str, label: str = BOOTSTRAP) -> Result:
    return Result(number=number, cycle=number, state=state, label=label)


def waits(number: int) -> list[Cycle]:
    return [Cycle(number=n, action="wait") for n in range(1, number + 1)]


def test_the_first_command_is_run_up_to_three_times_until_it_succeeds() -> None:
    assert forced_run(RULES, waits(1), []) is not None
    for failed in (1, 2):
        assert forced_run(RULES, waits(1), [result(n, "failed") for n in range(failed)]) is not None
    assert forced_run(RULES, waits(1), [result(n, "failed") for n in range(3)]) is None
    assert forced_run(RULES, waits(1), [result(1, "failed"), result(2, "complete")]) is None
    assert forced_run(RULES, waits(1), [result(1, "running")]) is None
    assert forced_run(ForcedRules(), waits(1), []) is None


def test_what_has_run_is_never_run_again_because_nobody_acts() -> None:
    for state in ("complete", "failed", "lost", "stopped"):
        assert forced_run(RULES, waits(50), [result(1, state, "light shifts")]) is None


def test_a_row_of_waiting_is_answered_only_where_that_was_asked_for() -> None:
    rules = ForcedRules(bootstrap="python train.py", recover=True, recovery_cycles=8)
    done = [result(1, "complete", "light shifts")]
    assert forced_run(rules, waits(7), done) is None
    found = forced_run(rules, waits(8), done)
    assert found is not None
    assert found.label == "recovery"
    assert forced_run(rules, [*waits(8), Cycle(number=9, action="run")], done) is None
    assert forced_run(rules, waits(8), [*done, result(2, "running", "recovery")]) is None


@pytest.mark.parametrize(
    ("asked", "found"), [(5, 15), (99_999, 1_800), (60, 60), (None, 300), (-1, 15), (15.9, 15), (float("inf"), 1_800)]
)
def test_the_window_is_clamped(asked: float | None, found: int) -> None:
    assert window_s(asked) == found
    assert window_s(asked, most=1) == 15


def test_a_pattern_is_plain_text_in_the_end_of_the_output_whatever_its_case() -> None:
    assert stop_pattern("epoch 3 Loss=NaN", ["oom", "loss=nan"]) == "loss=nan"
    assert stop_pattern("loss=1", ["loss=.", " ", ""]) == ""
    assert stop_pattern("loss=nan" + " " * LOOKED_AT, ["loss=nan"]) == ""
