"""What the engine takes of a run, and how busy the cores are: a run with no language model on a table of some size.

    python benchmarks/busy.py [--minutes 10] [--data FOLDER --target COLUMN]

The engine's share is the wall time in which no candidate runs and no model is asked, as the journal tells it, over the
whole search. The cores' share is the processor time of the candidates, as their sandboxes tell it, and of the engine,
over what the cores could have given; what else runs on the machine makes it smaller. Without a folder a table is made.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd
from figures import Figure, table

from assay.core.budget import Limits
from assay.core.cores import usable_cores
from assay.data.intake import inspect
from assay.journal import events as ev
from assay.journal.file import FileJournal
from assay.strategies.launch import launch
from assay.strategies.options import RunOptions


def make_table(folder: Path, rows: int = 20_000) -> str:
    """Write a table to learn from, with noise; return the name of its target."""
    rng = np.random.default_rng(7)
    numbers = rng.normal(size=(rows, 10))
    groups = rng.integers(0, 30, size=(rows, 2))
    y = numbers[:, 0] * numbers[:, 1] + np.sin(numbers[:, 2]) + 0.1 * groups[:, 0] + rng.normal(size=rows)
    frame = pd.DataFrame(numbers, columns=[f"n{i}" for i in range(10)])
    frame[["g0", "g1"]] = [[f"group {a}", f"group {b}"] for a, b in groups]
    frame.insert(0, "id", np.arange(rows))
    frame["y"] = y
    cut = rows * 9 // 10
    folder.mkdir()
    frame[:cut].to_csv(folder / "train.csv", index=False)
    frame[cut:].drop(columns="y").to_csv(folder / "test.csv", index=False)
    return "y"


def measured(data: Path, target: str, seconds: float, runs: Path) -> list[Figure]:
    """Run for so long; return the rows."""
    task = inspect(data, target=target).task
    workers = usable_cores()
    options = RunOptions(limits=Limits(wall_s=seconds, workers=workers), runs=runs, seed=1)
    before = _engine_s()
    end = launch(task, options)
    events = FileJournal(end.folder / "events.jsonl").read()
    used = _engine_s() - before + _candidates_s(events)
    began = next(event.time for event in events if isinstance(event.payload, ev.PhaseEntered))
    over = next(e.time for e in events if isinstance(e.payload, ev.PhaseEntered) and e.payload.phase == "finish")
    waiting = _joined(_spans(events), began, over)
    share = 100 * (1 - waiting / (over - began))
    wall = events[-1].time - events[0].time
    trials = sum(isinstance(event.payload, ev.TrialFinished) for event in events)
    return [
        Figure(what=f"engine's share of the search, {seconds / 60:g} min", value=share, unit="%", beside="under 2 %"),
        Figure(
            what=f"cores busy over the whole run, {workers} cores",
            value=100 * used / (wall * workers),
            unit="%",
            beside="over 85 %",
        ),
        Figure(what="trials in that run", value=trials, unit="", beside=f"{3600 * trials / wall:.0f} an hour"),
    ]


def _engine_s() -> float:
    """Return the processor seconds of this process so far."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _candidates_s(events: Iterable[ev.Event]) -> float:
    """Return the processor seconds of all executions. Those that were cut off tell none, and count as nothing."""
    return sum(event.payload.execution.cpu_s or 0.0 for event in events if isinstance(event.payload, ev.Executed))


def _spans(events: Iterable[ev.Event]) -> list[tuple[float, float]]:
    """Return from when to when a candidate ran or a model was asked."""
    open_: dict[tuple[object, ...], float] = {}
    found = []
    for event in events:
        match event.payload:
            case ev.AttemptStarted(code=code, view=view, seed=seed):
                open_["run", code, view, seed] = event.time
            case ev.Executed(code=code, view=view, seed=seed):
                found.append((open_.pop(("run", code, view, seed)), event.time))
            case ev.Asked(key=key):
                open_["ask", key] = event.time
            case ev.Answered(key=key) if ("ask", key) in open_:
                found.append((open_.pop(("ask", key)), event.time))
    return found


def _joined(spans: Iterable[tuple[float, float]], began: float, over: float) -> float:
    """Return the seconds between `began` and `over` that at least one span covers."""
    covered, last = 0.0, began
    for low, high in sorted(spans):
        low, high = max(low, last), min(high, over)
        if high > low:
            covered, last = covered + high - low, high
    return covered


def figures(*, quick: bool) -> list[Figure]:
    """Return the rows of this benchmark."""
    with tempfile.TemporaryDirectory() as name:
        target = make_table(Path(name) / "data")
        return measured(Path(name) / "data", target, 60.0 if quick else 600.0, Path(name) / "runs")


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--target", default="y")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        if given.data is None:
            make_table(Path(name) / "data")
        data = given.data or Path(name) / "data"
        print(table(measured(data, given.target, 60 * given.minutes, Path(name) / "runs")))


if __name__ == "__main__":
    main()
