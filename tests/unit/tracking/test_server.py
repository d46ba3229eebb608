"""A tracking server: what it is told and asked when it answers, and that nobody waits for one that does not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from assay.journal.file import FileJournal
from assay.journal.history import History
from assay.journal.objects import ObjectStore
from assay.tracking import Point, RunRecord, RunState, Store, StoreLost, resolve_place
from assay.tracking.export import export_run
from assay.tracking.tracker import Tracker
from support import histories
from support.mlflow_server import MlflowServer, mlflow_server

TOKEN = "correct-horse-battery"


@pytest.fixture(scope="module")
def server() -> Iterator[MlflowServer]:
    with mlflow_server() as server:
        yield server


@pytest.fixture(scope="module")
def store(server: MlflowServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """One process for all tests here: importing MLflow costs seconds."""
    environ = {"MLFLOW_TRACKING_TOKEN": TOKEN, "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0"}
    place = resolve_place(server.url, tmp_path_factory.mktemp("runs"), {})
    with Store(place, environment=place.environment(environ)) as store:
        yield store


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, History]:
    folder = tmp_path_factory.mktemp("night") / "brisk-otter"
    history, events = histories.good_run(ObjectStore(folder / "objects"))
    FileJournal(folder / "events.jsonl").append(events)
    (folder / "report.md").write_text("# Report\n", encoding="utf-8")
    return folder, history


def test_a_server_gets_what_a_local_store_gets_and_a_second_time_nothing_new(
    server: MlflowServer, store: Store, night: tuple[Path, History]
) -> None:
    folder, history = night
    exported = export_run(folder, store)
    assert (exported.trials, exported.refused) == (len(history.trials), 0)
    known, files = len(server.runs), set(server.files)
    assert known == len(history.trials) + 1
    top = store.read(exported.run_id)
    assert top is not None
    assert (top.state, dict(top.artifacts)) == ("FINISHED", {"report.md": 9})
    best = history.best
    assert best is not None
    shown = store.find(f"{top.tags['assay.key']}/trial-{best.number:04d}")
    assert shown is not None
    assert shown.tags["mlflow.parentRunId"] == exported.run_id
    assert [point.value for point in shown.metrics["fold_score"]] == list(best.scores.values())
    assert any(name.startswith("solution/") for name in shown.artifacts)
    assert server.tokens == {f"Bearer {TOKEN}"}
    before = {name: dict(run["metrics"]) for name, run in server.runs.items()}
    assert export_run(folder, store).run_id == exported.run_id
    assert (len(server.runs), set(server.files)) == (known, files)
    assert {name: run["metrics"] for name, run in server.runs.items()} == before


def test_what_is_tracked_live_reaches_the_server(server: MlflowServer, store: Store, tmp_path: Path) -> None:
    class Unclosed:
        write = staticmethod(store.write)
        rest = staticmethod(store.rest)

        def close(self) -> None:
            """The store is shared."""

    objects = ObjectStore(tmp_path / "objects")
    history, events = histories.second_wind(objects)
    tracker = Tracker(store.place, Unclosed(), start_s=0.0)
    with tracker.following(tmp_path, lambda code, text: None):
        for event in events:
            tracker.on_event(event)
    end = tracker.close(100)
    assert (end.written, end.dropped) == (len(history.trials) + 1, 0)
    assert history.started is not None
    mine = [run for run in server.runs.values() if run["tags"].get("assay.run") == history.started.run]
    assert len(mine) == end.written


def test_a_server_that_is_out_of_order_or_silent_is_lost_and_nobody_waits(
    server: MlflowServer, store: Store, tmp_path: Path
) -> None:
    one = RunRecord(key="one", name="one", state=RunState.RUNNING, started_ms=1, metrics={"loss": (Point(value=1.0),)})
    server.fails = True
    with pytest.raises(StoreLost, match="500"):
        store.write([one])
    server.fails = False
    assert set(store.write([one])) == {"one"}
    server.hangs.set()
    server.asked.clear()
    tracker = Tracker(store.place, store, start_s=0.0, latest_s=0.0)
    _, events = histories.good_run()
    with tracker.following(tmp_path, lambda code, text: None):
        for event in events:
            tracker.on_event(event)
        assert server.asked.wait(60)
    end = tracker.close(0.0)
    assert (end.written, end.late) == (0, True)
    assert server.hangs.is_set(), "it hangs to this moment"
