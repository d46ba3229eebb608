"""The crash test of the validation gate: killed at every event after the submission, and taken up again."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from assay.core.budget import Limits
from assay.core.execution import Outcome
from assay.core.validation import Check, Standing
from assay.journal import events as ev
from assay.journal.file import FileJournal
from assay.sandbox.base import Command, SandboxLimits, Workspace
from assay.sandbox.fake import FakeResult, FakeSandbox
from support.dying import DyingJournal, Killed, effects
from support.engine import Bench, behave, table

LIMITS = Limits(trials=5)
RESEEDS = 2
"""As few as give a noise floor: all of a run is done again for each event."""


def picky(command: Command, workspace: Workspace, limits: SandboxLimits) -> FakeResult:
    """Do what the fake candidate says, and another thing with every seed; fail where labels are shuffled."""
    view = (workspace.mounts[0].source / "view.txt").read_text(encoding="utf-8")
    if view.startswith("shuffled"):
        return FakeResult(outcome=Outcome.ERROR, exit_code=1, log="Traceback\nValueError: one class\n")
    result, seed = behave(command, workspace, limits), int(command.env["ASSAY_SEED"])
    output = workspace.root / "output" / "submission.csv"
    if view.startswith("again") and output.exists():
        value = float(output.read_text(encoding="utf-8")) + 0.001 * seed
        output.write_text(f"{value:.6f}\n", encoding="utf-8")
    return result


def bench(folder: Path, backend: FileJournal | DyingJournal) -> Bench:
    made = Bench(folder, limits=LIMITS, k=2, reseeds=RESEEDS, backend=backend, gate=True)
    made.sandbox = FakeSandbox(picky)
    return made


def found(made: Bench) -> list[ev.Validated]:
    return list(made.log.read(lambda history: history.validations).values())


@pytest.mark.timeout(300)
def test_a_run_killed_in_its_checks_goes_on_with_them_and_repeats_none(memory_folder: Path) -> None:
    folder = memory_folder / "gate-whole"
    whole = bench(folder, FileJournal(folder / "events.jsonl"))
    whole.open().work()
    starts, events = sum(effects(whole).values()), whole.backend.read()
    assert [one.verdict for one in found(whole)].count(Standing.SKIPPED) == 1
    assert {one.check for one in found(whole)} == set(Check) - {Check.PUBLISHED}
    first = next(event.number for event in events if isinstance(event.payload, ev.Validated))
    for at in range(first - 1, events[-1].number + 1):
        folder = memory_folder / f"gate-{at}"
        path = folder / "events.jsonl"
        killed = bench(folder, DyingJournal(path, at, 0))
        with pytest.raises(Killed):
            killed.open().work()
        again = bench(folder, FileJournal(path))
        end = again.open().work()
        assert found(again) == found(whole), f"killed at event {at}"
        assert (end.winner, table(again.log)) == (events[-1].payload.winner, table(whole.log))  # type: ignore[attr-defined]
        repeated = sum(effects(killed).values()) + sum(effects(again).values()) - starts
        assert repeated <= 1, f"killed at event {at}: {repeated} effects were repeated"
        shutil.rmtree(folder)


def test_the_checks_change_neither_the_trials_nor_the_winner(memory_folder: Path) -> None:
    plain = Bench(memory_folder / "plain", limits=LIMITS, k=2, reseeds=RESEEDS)
    end = plain.open().work()
    checked = Bench(memory_folder / "checked", limits=LIMITS, k=2, gate=True)
    assert checked.open().work().winner == end.winner
    assert table(checked.log) == table(plain.log)
    assert found(checked)
