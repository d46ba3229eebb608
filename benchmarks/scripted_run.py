"""A run on a small table with a model of one's own, as the benchmarks start it: the sandbox and all else is real."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from assay.data.intake import inspect
from assay.engine.log import EventLog
from assay.engine.run import Run
from assay.journal import events as ev
from assay.journal.file import FileJournal
from assay.models.base import Model
from assay.strategies.assemble import Shell, assemble, open_shell
from assay.strategies.launch import task_digest
from assay.strategies.options import RunOptions


@dataclass(frozen=True)
class Started:
    """A run whose first event is written."""

    shell: Shell
    log: EventLog
    engine: Run


@contextmanager
def started(
    folder: Path, model: Model, options: RunOptions, *, rows: int = 400, split: str | None = None
) -> Iterator[Started]:
    """Open a run in `folder/run` on a table in `folder/data`; nothing has been asked or executed yet.

    Args:
        folder: Exists and holds neither.
        model: Answers every question, those on baselines too.
        options: Strategy and limits.
        rows: Of the training table; the test table has a tenth of them.
        split: How the search splits it; Assay's choice if None.
    """
    write_data(folder / "data", rows)
    task = inspect(folder / "data", target="y", metric="rmse", split=split).task
    (folder / "run").mkdir()
    with ExitStack() as stack:
        shell = replace(open_shell(stack, folder / "run", task, options), model=model)
        log = EventLog(FileJournal(folder / "run" / "events.jsonl"), shell.clock)
        log.add(
            ev.RunStarted(
                run="run",
                task=task,
                task_digest=task_digest(task),
                strategy=options.strategy,
                model=model.name,
                seed=options.seed,
                limits=options.limits,
                sandbox=shell.sandbox.tier,
            )
        )
        yield Started(shell, log, assemble(shell, log, options))


def write_data(folder: Path, rows: int) -> None:
    """Write a table of so many labelled rows, and a tenth of them without labels."""
    folder.mkdir()
    train = [f"{n},{n % 7},{n % 5 + 0.1 * (n % 3)}" for n in range(rows)]
    test = [f"{n},{n % 7}" for n in range(rows, rows + rows // 10)]
    (folder / "train.csv").write_text("id,x,y\n" + "\n".join(train) + "\n", encoding="utf-8")
    (folder / "test.csv").write_text("id,x\n" + "\n".join(test) + "\n", encoding="utf-8")
