"""Solutions that could pass notes to each other do not run side by side."""

from __future__ import annotations

import pytest

from assay.core.budget import Limits
from assay.sandbox.fake import FakeResult, FakeSandbox
from assay.strategies.sandboxes import executions_at_once


@pytest.mark.parametrize(("tier", "most"), [("T1", 4), ("T2", 1), ("T3", 1), ("external", 4), ("off", 4)])
def test_where_memory_and_the_process_table_are_shared_one_runs_at_a_time(tier: str, most: int) -> None:
    sandbox = FakeSandbox(lambda command, workspace, limits: FakeResult())
    sandbox.tier = tier
    assert executions_at_once(sandbox, Limits(workers=4)) == most
