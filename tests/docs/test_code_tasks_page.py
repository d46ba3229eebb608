"""The page on code tasks shows a queue that is taken, options that there are, and the table of statuses as it is."""

from __future__ import annotations

import re
from pathlib import Path

from typer.main import get_command

from assay.cli.app import build_app
from assay.strategies.code_tasks.intake import read_queue
from assay.strategies.code_tasks.queue import in_order
from assay.strategies.code_tasks.status import TABLE, Approval, Executed, Verified

PAGE = (Path(__file__).parents[2] / "docs" / "code_tasks.md").read_text(encoding="utf-8")


def test_the_queue_that_is_shown_is_taken_as_it_says(tmp_path: Path) -> None:
    shown = re.search(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    assert shown is not None
    path = tmp_path / "queue.yaml"
    path.write_text(shown[1], encoding="utf-8")
    queue = read_queue(path)
    assert [task.id for task in in_order(queue.tasks)] == ["baseline", "weaker", "report"]
    assert queue.remarks == ()
    assert queue.criteria[0].min_effect == 0.2


def test_the_options_that_are_named_are_taken() -> None:
    verbs = get_command(build_app()).commands["tasks"].commands.values()  # type: ignore[attr-defined]
    known = {flag for verb in verbs for parameter in verb.params for flag in parameter.opts}
    assert set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", PAGE)) <= known


def test_the_table_of_statuses_is_the_one_that_decides() -> None:
    rows = [[cell.strip(" *") for cell in line.strip("|").split("|")] for line in PAGE.splitlines()]
    for approved in ("approved", "conditional", "rejected"):
        row = next(row for row in rows if row[:2] == [approved, "succeeded"])
        assert row[2:] == [str(TABLE[Approval(approved), Executed.SUCCEEDED, verified]) for verified in Verified]
