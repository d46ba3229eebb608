from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.core.candidate import Candidate
from assay.core.errors import IntegrityError
from assay.core.execution import Execution, Outcome
from assay.kinds import ScriptKind

KIND = ScriptKind()
SOURCE = '''"""A script."""
import os

# prepares
@staticmethod
def prepare(x):
    return x + 1


value = prepare(1)
print(value)


class Model:
    pass
'''


def script(source: str) -> Candidate:
    return Candidate(kind="script", files={"solution.py": source}, entry="solution.py")


def failed(outcome: Outcome, log: str, **fields: object) -> Execution:
    return Execution(outcome=outcome, exit_code=1, log_tail=log, **fields)  # type: ignore[arg-type]


def test_units_are_named_and_cover_the_file_in_order() -> None:
    units = KIND.units(script(SOURCE))
    assert [unit.name for unit in units] == ["statements", "prepare", "statements-2", "Model"]
    assert "".join(unit.text for unit in units) == SOURCE


blocks = st.lists(
    st.sampled_from(
        ["x = 1\n", "# a comment\n", "\n", "def f():\n    return 1\n", "class C:\n    pass\n", "if x:\n    y = 2\n"]
    ),
    min_size=1,
    max_size=8,
).map("".join)


@given(blocks)
def test_units_always_cover_the_file(source: str) -> None:
    assert "".join(unit.text for unit in KIND.units(script(source))) == source


@given(blocks, st.integers(0, 7))
def test_replacing_a_unit_by_itself_changes_nothing(source: str, index: int) -> None:
    candidate = script(source)
    units = KIND.units(candidate)
    unit = units[index % len(units)]
    assert KIND.replace(candidate, unit, unit.text).source == source


def test_replacing_finds_the_unit_by_position_where_text_is_repeated() -> None:
    candidate = script("def f():\n    return 1\nx = 0\ndef f():\n    return 1\n")
    last = KIND.units(candidate)[-1]
    changed = KIND.replace(candidate, last, "def f():\n    return 2")
    assert changed.source == "def f():\n    return 1\nx = 0\ndef f():\n    return 2\n"


def test_a_protected_a_moved_and_a_broken_unit_are_refused() -> None:
    candidate = script(SOURCE)
    unit = KIND.units(candidate)[1]
    with pytest.raises(IntegrityError, match=r"error\[E404\].*protected"):
        KIND.replace(candidate, replace(unit, protected=True), "")
    with pytest.raises(IntegrityError, match=r"error\[E404\].*no longer"):
        KIND.replace(script("\n" + SOURCE), unit, "")
    with pytest.raises(ValueError, match="does not parse"):
        KIND.replace(candidate, unit, "def prepare(:")


def test_it_runs_the_entry_unbuffered_with_its_seed_and_threads_and_tells_of_crashes() -> None:
    command = KIND.command(script(SOURCE), python=Path("/py"), seed=7, threads=2)
    assert command.argv == ("python", "-u", "-X", "faulthandler", "solution.py")
    assert command.interpreter == Path("/py")
    assert command.env == {"ASSAY_SEED": "7", "ASSAY_THREADS": "2", "PYTHONHASHSEED": "0"}


def test_a_run_that_left_a_graded_file_has_no_failure() -> None:
    fine = Execution(outcome=Outcome.OK, outputs={"submission.csv": "d"})
    assert KIND.diagnose(fine, ()) is None
    cut = Execution(outcome=Outcome.TIMEOUT, outputs={"submission.csv": "d"})
    assert KIND.diagnose(cut, ()) is None


def test_the_last_error_is_the_summary() -> None:
    log = "Traceback (most recent call last):\n  File 's.py', line 3\nModuleNotFoundError: No module named 'torch.nn'\n"
    failure = KIND.diagnose(failed(Outcome.ERROR, log), ())
    assert failure is not None
    assert failure.summary == "ModuleNotFoundError: No module named 'torch.nn'"


@pytest.mark.parametrize(
    ("log", "summary"),
    [
        ("fold 0\nKilled by a guard\n", "Killed by a guard"),
        ("ValueError: first\nKeyError: 'last'\nbye\n", "KeyError: 'last'"),
        ("", "exit code 1"),
    ],
)
def test_without_a_traceback_the_last_error_or_the_last_line_is_the_summary(log: str, summary: str) -> None:
    failure = KIND.diagnose(failed(Outcome.ERROR, log), ())
    assert failure is not None
    assert failure.summary == summary
    assert (not log) is failure.detail.endswith("It had printed nothing.")


def test_an_end_that_is_no_error_of_the_script_is_told_by_its_detail() -> None:
    told = KIND.diagnose(failed(Outcome.MEMORY, "fold 0\n", detail="it took more than 2 GB"), ())
    bare = KIND.diagnose(failed(Outcome.MEMORY, "fold 0\n"), ())
    other = KIND.diagnose(failed(Outcome.DISK, "fold 0\n"), ())
    assert told is not None
    assert bare is not None
    assert other is not None
    assert (told.summary, bare.summary) == ("it took more than 2 GB", "memory")
    assert told.signature == bare.signature != other.signature


def test_equal_failures_have_equal_signatures_and_different_ones_do_not() -> None:
    def signature(log: str) -> str:
        failure = KIND.diagnose(failed(Outcome.ERROR, log), ())
        assert failure is not None
        return failure.signature

    assert signature("ValueError: 3 rows at 0x7f01\n") == signature("ValueError: 17 rows at 0x7faa\n")
    assert signature("ValueError: a\n") != signature("ValueError: b\n")


def test_a_missing_or_invalid_file_is_told_with_its_reason() -> None:
    missing = KIND.diagnose(Execution(outcome=Outcome.OK, refused={"submission.csv": "symbolic link"}), ())
    assert missing is not None
    assert "symbolic link" in missing.summary
    never = KIND.diagnose(Execution(outcome=Outcome.OK), ())
    assert never is not None
    assert (never.outcome, never.summary) == ("invalid output", "./output/submission.csv was not taken: missing")
    wrong = KIND.diagnose(Execution(outcome=Outcome.OK, outputs={"submission.csv": "d"}), ("3 ids are missing", "NaN"))
    assert wrong is not None
    assert wrong.summary == "3 ids are missing"
    assert wrong.detail.startswith("3 ids are missing\nNaN\n")
    assert wrong.signature != missing.signature


def test_a_timeout_tells_where_it_was_stuck() -> None:
    log = "working\n" + TRACEBACK.format(error="KeyError: 1")  # of an error that the script went on after
    failure = KIND.diagnose(failed(Outcome.TIMEOUT, log, wall_s=9.0, stuck_at="line 7 in fit\nline 9 in main"), ())
    assert failure is not None
    assert (failure.outcome, failure.summary) == ("timeout", "did not end within 9 s")
    assert "innermost call first:\nline 7 in fit\nline 9 in main\n" in failure.detail
    assert failure.detail.count("KeyError: 1") == 1
    again = KIND.diagnose(failed(Outcome.TIMEOUT, "working\n", wall_s=9.0), ())
    assert again is not None
    assert again.signature == failure.signature


def test_a_timeout_tells_the_work_done_and_the_last_words_and_two_are_the_same_failure() -> None:
    first = KIND.diagnose(failed(Outcome.TIMEOUT, "rows 90\nfold 0\n", detail="still running", cpu_s=3.4), ())
    second = KIND.diagnose(failed(Outcome.TIMEOUT, "rows 90\nfold 1\n", detail="still running"), ())
    assert first is not None
    assert second is not None
    assert "processor time used: 3 s" in first.detail
    assert "fold 0" in first.detail
    assert first.signature == second.signature


def test_a_crash_is_told_without_the_list_of_loaded_modules() -> None:
    dump = 'Fatal Python error: Segmentation fault\n  File "s.py", line 3\nExtension modules: a.b, c.d (total: 2)\n'
    failure = KIND.diagnose(failed(Outcome.ERROR, "working\n" + dump), ())
    assert failure is not None
    assert failure.detail.startswith("Fatal Python error: Segmentation fault\n")
    assert "line 3" in failure.detail
    assert "Extension modules" not in failure.detail + failure.summary


LABELS = [(7919 * n) % 9973 for n in range(2_000)]


def detail(log: str, outcome: Outcome = Outcome.ERROR, **fields: object) -> str:
    failure = KIND.diagnose(failed(outcome, log[-8_000:], **fields), ())
    assert failure is not None
    return failure.detail


def labels_in(text: str) -> int:
    return sum(f"={label} " in f"{text} ".replace("\n", " ") for label in LABELS)


TRACEBACK = """Traceback (most recent call last):
  File "solution.py", line 90, in <module>
    main()
  File "solution.py", line 80, in main
    model.fit(X, y)
{error}
"""


@pytest.mark.parametrize("separator", ["\n", " "])
@pytest.mark.parametrize(
    "error", ["ValueError: no", "ValueError: {printed}", "ValueError: no\n\nDuring handling:\n{printed}"]
)
def test_labels_that_a_failing_script_prints_do_not_reach_who_mends_it(separator: str, error: str) -> None:
    printed = separator.join(f"={label}" for label in LABELS)
    log = printed + "\n" + TRACEBACK.format(error=error.format(printed=printed[:6_000]))
    told = detail(log)
    assert "line 80, in main\n    model.fit(X, y)\nValueError:" in told
    # A few last words may be among them, a table is not.
    assert labels_in(told) <= 2 * 60


def test_labels_do_not_reach_who_mends_a_timeout_or_an_invalid_file() -> None:
    printed = "\n".join(f"={label}" for label in LABELS)
    assert labels_in(detail(printed, Outcome.TIMEOUT, stuck_at="line 7")) <= 60
    wrong = KIND.diagnose(Execution(outcome=Outcome.OK, outputs={"submission.csv": "d"}, log_tail=printed), ("NaN",))
    assert wrong is not None
    assert labels_in(wrong.detail) <= 60


@pytest.mark.parametrize("line", ["  ={}", "  File 's.py', ={}", "    ={} ={} ={}"])
def test_a_forged_stack_carries_no_labels_to_who_mends_it(line: str) -> None:
    stack = "\n".join(line.format(*LABELS[n : n + 3]) for n in range(0, 600, 3))
    assert labels_in(detail(f"Traceback (most recent call last):\n{stack}\nValueError: no\n")) <= 2 * 60
    assert labels_in(detail("", Outcome.TIMEOUT, stuck_at=stack)) <= 60
    packed = "  " + "0110" * 40
    assert "0110" not in detail(f"Traceback (most recent call last):\n{packed}\nValueError: no\n")
    assert "0110" not in detail("", Outcome.TIMEOUT, stuck_at=packed)


def test_a_deep_stack_is_told_to_its_end() -> None:
    frames = "".join(f'  File "s.py", line {n}, in f{n}\n    x[{n}] = f(3, 4)\n' for n in range(100, 200))
    told = detail(f"Traceback (most recent call last):\n{frames}IndexError: out of range\n")
    assert "line 199, in f199\n    x[199] = f(3, 4)\nIndexError: out of range" in told


def test_of_a_stack_that_is_too_long_both_ends_are_told() -> None:
    frames = "\n".join(["  in first_frame", *["  in " + "middle " * 8] * 100, "  in last_frame"])
    told = detail(f"Traceback (most recent call last):\n{frames}\nIndexError: out of range\n")
    assert "in first_frame" in told
    assert "in last_frame\nIndexError: out of range" in told
    assert 2_400 < len(told) < 3_300


def test_of_two_tracebacks_the_last_is_told_with_its_whole_message() -> None:
    first, last = TRACEBACK.format(error="KeyError: 1"), TRACEBACK.format(error="ValueError: two\nlines of it")
    told = detail(f"fold 0\n{first}\nDuring handling of the above exception, another one occurred:\n\n{last}")
    assert told.startswith("Traceback (most recent call last)")
    traceback = told.partition("\n\nEnd of what it printed:")[0]
    assert "KeyError" not in traceback
    assert traceback.endswith("ValueError: two\nlines of it")


def test_rows_of_numbers_are_cut_and_words_are_kept() -> None:
    rows = "\n".join(" ".join(str(n + k) for k in range(40)) for n in range(3))
    told = detail(f"rows 900, features 14\n{rows}\n{TRACEBACK.format(error='KeyError: 7')}")
    assert "rows 900, features 14" in told
    assert "[...]" in told
    assert " 39" not in told


def test_a_word_that_no_human_reads_is_left_out() -> None:
    assert "[...]" in detail("0110" * 100 + "\n" + TRACEBACK.format(error="ValueError: " + "10" * 200))
    assert "0110" not in detail("0110" * 100 + "\n" + TRACEBACK.format(error="ValueError: no"))


def test_the_error_itself_is_whole_even_where_much_is_printed_after_it() -> None:
    log = TRACEBACK.format(error="KeyError: 'size'") + "warning: resource leak\n" * 3
    told = detail("fold 0\n" + log)
    assert told.startswith("Traceback (most recent call last)")
    assert "KeyError: 'size'" in told
    assert told.endswith("End of what it printed:\nfold 0")
