"""A real MLflow store: what the journal says is written once, read back, and leads back to the journal."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from assay.journal.file import FileJournal
from assay.journal.history import History
from assay.journal.objects import ObjectStore
from assay.sandbox import Command, SandboxLimits, Workspace, open_sandbox
from assay.tracking import (
    Point,
    Required,
    RunRecord,
    RunState,
    Store,
    StoredRun,
    StoreLost,
    evidence_record,
    resolve_place,
)
from assay.tracking.export import export_run
from assay.tracking.handover import hand_over
from support import histories
from support.tracked import Workplace


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("runs")


@pytest.fixture(scope="module")
def store(runs: Path) -> Iterator[Store]:
    """One store for all tests here: importing MLflow and making its tables costs seconds."""
    with Store(resolve_place("local", runs, {})) as store:
        yield store


@pytest.fixture(scope="module")
def night(runs: Path) -> tuple[Path, History]:
    """The folder of a finished run with its objects, and its history."""
    folder = runs / "brisk-otter"
    history, events = histories.good_run(ObjectStore(folder / "objects"))
    FileJournal(folder / "events.jsonl").append(events)
    (folder / "report.md").write_text("# Report\n", encoding="utf-8")
    return folder, history


def test_what_is_written_is_read_back(store: Store) -> None:
    record = RunRecord(
        key="seed/one",
        name="one",
        experiment="assay/plain",
        state=RunState.FINISHED,
        started_ms=1_000,
        ended_ms=9_000,
        params={"depth": "4"},
        tags={"assay.trial": "3"},
        metrics={"loss": (Point(value=0.9, step=0, at_ms=2_000), Point(value=0.5, step=1, at_ms=3_000))},
    )
    (run_id,) = store.write([record]).values()
    found = store.find("seed/one")
    assert found is not None
    assert found == store.read(run_id)
    assert (found.state, found.started_ms, found.ended_ms) == ("FINISHED", 1_000, 9_000)
    assert (dict(found.params), found.tags["assay.trial"]) == ({"depth": "4"}, "3")
    assert found.metrics == record.metrics
    assert store.read("f" * 32) is None
    assert store.find("seed/two") is None


def test_a_record_that_the_store_does_not_take_keeps_no_other_back(store: Store) -> None:
    bad = RunRecord(key="bad", name="bad", experiment="assay/plain", params={"no*name": "1"}, started_ms=1)
    good = RunRecord(key="good", name="good", experiment="assay/plain", started_ms=1)
    assert set(store.write([bad, good])) == {"good"}


def test_an_export_shows_every_trial_nested_with_what_leads_back(store: Store, night: tuple[Path, History]) -> None:
    folder, history = night
    exported = export_run(folder, store)
    assert (exported.trials, exported.refused) == (len(history.trials), 0)
    top = store.read(exported.run_id)
    assert top is not None
    assert history.started is not None
    assert history.last is not None
    assert history.finished is not None
    assert top.state == "FINISHED"
    assert top.tags["assay.event"] == str(history.last.number)
    assert top.tags["assay.event_digest"] == history.last.digest
    assert top.artifacts["report.md"] > 0
    assert top.params["strategy"] == history.started.strategy
    assert history.sealed is not None
    assert history.sealed.score is not None
    assert [point.value for point in top.metrics["sealed_score"]] == [history.sealed.score.value]
    best = history.best
    assert best is not None
    assert top.metrics["best_score"][-1].step <= best.number
    shown = _trial(store, exported.run_id, top, best.number)
    assert shown.tags["mlflow.parentRunId"] == exported.run_id
    assert shown.tags["assay.candidate"] == best.candidate
    assert [point.value for point in shown.metrics["fold_score"]] == list(best.scores.values())
    assert shown.metrics["score"][-1].value == best.score
    assert len(shown.metrics["score"]) == len(best.scores)
    assert any(name.startswith("solution/") for name in shown.artifacts)
    assert "diff.patch" in shown.artifacts


def test_states_are_those_of_the_journal_and_no_failure_has_a_score(store: Store, night: tuple[Path, History]) -> None:
    folder, history = night
    exported = export_run(folder, store)
    top = store.read(exported.run_id)
    assert top is not None
    failed = [trial for trial in history.trials.values() if trial.score is None and trial.state.is_final]
    assert failed
    for trial in failed[:3]:
        shown = _trial(store, exported.run_id, top, trial.number)
        assert shown.state in ("FAILED", "KILLED")
        assert shown.tags["assay.state"] == trial.state.value
        assert "score" not in shown.metrics


def test_a_second_export_by_another_process_changes_nothing(store: Store, night: tuple[Path, History]) -> None:
    folder, history = night
    first = export_run(folder, store)
    before, known = store.read(first.run_id), dict(store.keys(first.experiment))
    dead = store.pid
    assert dead is not None
    os.kill(dead, signal.SIGKILL)
    while store.pid == dead:
        time.sleep(0.01)
    second = export_run(folder, store)
    assert store.pid not in (None, dead)
    assert second.run_id == first.run_id
    assert dict(store.keys(first.experiment)) == known
    assert len(known) == len(history.trials) + 1
    assert store.read(first.run_id) == before


def test_what_a_run_had_no_time_for_is_written_by_a_process_of_its_own(store: Store, tmp_path: Path) -> None:
    folder = tmp_path / "late-otter"
    history, events = histories.second_wind(ObjectStore(folder / "objects"))
    FileJournal(folder / "events.jsonl").append(events)
    with hand_over(store.place, folder) as process:
        assert process.wait(100) == 0
    assert history.started is not None
    top = f"{history.started.run}/{events[0].digest[:16]}"
    found = [store.find(top), *(store.find(f"{top}/trial-{number:04d}") for number in history.trials)]
    assert [run.state for run in found if run is not None and run.state == "RUNNING"] == []
    assert None not in found


def test_what_cannot_be_written_so_is_told_in_the_log(store: Store, tmp_path: Path) -> None:
    with hand_over(store.place, tmp_path) as process:
        assert process.wait(100) == 1
    assert "never started" in (tmp_path / "assay.log").read_text(encoding="utf-8")


def test_four_processes_may_write_at_once_into_a_store_that_is_not_there_yet(tmp_path: Path) -> None:
    program = """
import sys
from pathlib import Path
from assay.tracking import RunRecord, Store, resolve_place
with Store(resolve_place("local", Path(sys.argv[1]), {}), write_s=120) as store:
    shared = RunRecord(key="shared", name="shared", started_ms=1)
    own = [RunRecord(key=f"{sys.argv[2]}-{n}", name="own", parent="shared", started_ms=1) for n in range(3)]
    print(len(store.write([shared, *own])))
"""
    argv = [sys.executable, "-c", program, str(tmp_path)]
    writers = [subprocess.Popen([*argv, str(n)], stdout=subprocess.PIPE, text=True) for n in range(4)]
    assert [writer.communicate()[0].strip() for writer in writers] == ["4"] * 4
    with Store(resolve_place("local", tmp_path, {})) as store:
        keys = store.keys("assay")
        assert sorted(keys) == sorted(["shared", *(f"{n}-{m}" for n in range(4) for m in range(3))])


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_a_store_that_cannot_be_opened_says_so_and_nobody_can_read_what_its_process_was_given(tmp_path: Path) -> None:
    secret = "correct-horse-battery"
    place = resolve_place("local", tmp_path, {})
    environment = {**place.environment({}), "MLFLOW_TRACKING_TOKEN": secret}
    (tmp_path / "mlflow.db").write_text("not a database", encoding="utf-8")
    with Store(place, environment=environment) as store:
        with pytest.raises(StoreLost):
            store.open()
        shown = Path(f"/proc/{store.pid}")
        assert secret.encode() not in (shown / "cmdline").read_bytes()
        assert (shown / "environ").stat().st_uid == 0, "as of a process that cannot be looked into"
        if os.geteuid() == 0:
            assert secret.encode() not in (shown / "environ").read_bytes()


def test_verified_evidence_is_kept_with_its_files_and_the_issued_id(store: Store, workplace: Workplace) -> None:
    workplace.honest()
    evidence = workplace.verify()
    record = evidence_record(evidence, workplace.attempt, workplace.root / "private", tags={"assay.event": "17"})
    store.write([record])
    found = store.find(workplace.attempt.key)
    assert found is not None
    assert found.tags["assay.issued"] == workplace.issued.run_id
    assert found.tags["assay.event"] == "17"
    assert "assay.token" not in found.tags
    assert set(found.artifacts) == {"plots/curve.svg", "assay.sha256"}
    assert [point.value for point in found.metrics["loss"]] == [0.9, 0.6, 0.5]


def test_code_in_the_sandbox_goes_on_with_the_issued_run_and_reaches_no_other_store(
    workplace: Workplace, store: Store
) -> None:
    real = store.place.database
    assert real is not None
    before = real.read_bytes()
    program = f"""
import pathlib
import mlflow
with mlflow.start_run():
    mlflow.log_param("depth", 4)
    for step, value in enumerate((0.9, 0.6, 0.5)):
        mlflow.log_metric("loss", value, step=step)
    pathlib.Path("curve.txt").write_text("1 2 3")
    mlflow.log_artifact("curve.txt")
try:
    open("{real}", "r+b").write(b"forged")
except OSError as error:
    print("refused", type(error).__name__)
"""
    (workplace.workspace / "main.py").write_text(program, encoding="utf-8")
    sandbox = open_sandbox()
    try:
        command = Command(argv=("python", "main.py"), env=workplace.issued.env)
        limits = SandboxLimits(wall_s=100, memory_bytes=2 * 2**30)
        ended = sandbox.start(command, Workspace(root=workplace.workspace), limits).wait()
    finally:
        sandbox.close()
    assert ended is not None
    assert ended.exit_code == 0, ended.log
    assert b"refused" in ended.log
    assert real.read_bytes() == before
    evidence = workplace.verify(Required(params=("depth",), metrics=("loss",), artifacts=("curve.txt",)))
    assert evidence.verified, evidence.findings


def _trial(store: Store, run_id: str, top: StoredRun, number: int) -> StoredRun:
    found = store.find(f"{top.tags['assay.key']}/trial-{number:04d}")
    assert found is not None
    return found


def test_a_store_whose_maker_was_killed_is_made_again(tmp_path: Path) -> None:
    place = resolve_place("local", tmp_path, {})
    assert place.database is not None
    part = place.database.with_name(f"{place.database.name}.part")
    with Store(place) as store, ThreadPoolExecutor(1) as pool:
        making = pool.submit(store.open)
        while not part.exists() or part.stat().st_size == 0:
            assert not making.done()
            time.sleep(0.002)
        assert store.pid is not None
        os.killpg(store.pid, signal.SIGKILL)
        with pytest.raises(StoreLost):
            making.result()
        assert part.exists()
        assert not place.database.exists()
        store.open()
        assert not part.exists()
        assert store.find("nobody") is None
