"""What a process printed is kept without the folders of the machine."""

from __future__ import annotations

from pathlib import Path

import pytest

from assay.core.execution import Execution, Outcome, UnitOutcome, UnitRun
from assay.kinds.plain_paths import plain_paths

ROOT = Path("/home/ann/study/runs/calm-otter/work/fold-0-x1")
LIBRARY = "lib/python3.11/site-packages"


@pytest.mark.parametrize(
    ("printed", "kept"),
    [
        (f'File "/home/ann/my env/{LIBRARY}/b.py", line 3', f'File "{LIBRARY}/b.py", line 3'),
        (f"/home/ann/.venv/{LIBRARY}/a.py:7: UserWarning: x", f"{LIBRARY}/a.py:7: UserWarning: x"),
        ('File "C:\\Users\\ann\\env\\Lib\\site-packages\\a.py"', 'File "Lib\\site-packages\\a.py"'),
        (f'File "{ROOT}/solution.py", line 2, in f', 'File "solution.py", line 2, in f'),
        (f"see https://example.org/{LIBRARY}/os.py", f"see https://example.org/{LIBRARY}/os.py"),
        ("mean 0.3 / 0.4", "mean 0.3 / 0.4"),
    ],
    ids=["library", "warning", "windows", "workspace", "address", "numbers"],
)
def test_folders_of_the_machine_are_left_out(printed: str, kept: str) -> None:
    unit = UnitRun(unit="a", outcome=UnitOutcome.ERROR, error=printed, trace=printed)
    before = Execution(outcome=Outcome.ERROR, log_tail=printed, stuck_at=printed, detail=printed, units=(unit,))
    after = plain_paths(before, ROOT)
    assert [after.log_tail, after.stuck_at, after.detail, after.units[0].error, after.units[0].trace] == [kept] * 5
