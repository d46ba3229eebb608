from __future__ import annotations

import json
from pathlib import Path

import pytest

from assay.core.candidate import Candidate
from assay.journal import events as ev
from assay.journal.file import FileJournal
from assay.journal.history import History
from assay.journal.objects import ObjectStore
from support.dashboard import dashboard_of, let_in, write_run
from support.histories import Story, good_run
from support.run_writer import ROC_AUC, Idea, RunWriter, tabular_task

HTML = "<table onclick='x()'><script>alert(1)</script></table>"


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("runs")
    write_run(root, "otter", good_run)
    return root


def test_the_pages_agree_with_the_journal(root: Path) -> None:
    client = let_in(dashboard_of(root))
    history = History(FileJournal(root / "otter" / "events.jsonl").read())
    best = history.best
    assert best is not None
    overview = client.get("/api/run/otter/overview").json()["data"]
    assert overview["best"]["number"] == best.number
    assert overview["best"]["score"] == best.score
    assert overview["counts"]["trials"] == sum(trial.counts for trial in history.trials.values())
    trials = client.get("/api/run/otter/trials").json()["data"]
    assert trials["ranking"] == [trial.number for trial in history.ranking()]
    shown = {row[0]: row[trials["columns"].index("score")] for row in trials["rows"]}
    assert shown == {number: trial.score for number, trial in history.trials.items()}
    tree = client.get("/api/run/otter/tree").json()["data"]
    parents = {row[0]: row[tree["columns"].index("parents")] for row in tree["rows"]}
    assert parents == {number: list(trial.parents) for number, trial in history.trials.items()}


def test_the_gains_of_a_trial_are_over_the_one_that_it_was_judged_against(root: Path) -> None:
    client = let_in(dashboard_of(root))
    history = History(FileJournal(root / "otter" / "events.jsonl").read())
    judged = [t for t in history.trials.values() if t.judgement is not None and t.judgement.against is not None]
    assert judged
    for trial in judged:
        page = client.get(f"/api/run/otter/trial/{trial.number}").json()["data"]
        assert trial.judgement is not None
        assert page["folds"]["against"] == trial.judgement.against
        other = history.trials[page["folds"]["against"]]
        for row in page["folds"]["rows"]:
            expected = history.metric.gain(trial.scores[row["view"]], other.scores[row["view"]])
            assert row["gain"] == pytest.approx(expected)


def notebook_run(objects: ObjectStore) -> Story:
    """A trial whose notebook has outputs as text, as HTML and as an error."""
    outputs = [
        {"output_type": "stream", "text": ["one\n", "two\n"]},
        {"output_type": "display_data", "data": {"text/html": [HTML], "text/plain": "a table"}},
        {"output_type": "error", "traceback": ["\x1b[31mValueError\x1b[0m: no"]},
    ]
    cells = [{"cell_type": "code", "source": ["x = 1\n", "x"], "outputs": outputs}]
    files = {"main.ipynb": json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5})}
    record = objects.put_candidate(Candidate(kind="notebook", files=files, entry="main.ipynb"))
    writer = RunWriter("book", tabular_task(ROC_AUC), objects=objects)
    writer.create(Idea(title="first"))
    late = ev.TrialCreated(trial=1, key="step-0009/trial", candidate=record, title="A notebook", operator="review")
    writer.add(late)
    return writer.history, writer.events


def test_outputs_of_a_notebook_are_text_or_a_frame_that_runs_nothing(tmp_path: Path) -> None:
    write_run(tmp_path, "book", notebook_run)
    client = let_in(dashboard_of(tmp_path))
    (cell,) = client.get("/api/run/book/trial/1").json()["data"]["code"]["cells"]
    assert cell["source"] == "x = 1\nx"
    assert [one["kind"] for one in cell["outputs"]] == ["text", "frame", "error"]
    assert cell["outputs"][0]["text"] == "one\ntwo\n"
    assert "\x1b" not in cell["outputs"][2]["text"]
    framed = client.get("/files/book/trial/1/0/1")
    assert framed.text == "<table></table>"
    assert framed.headers["content-security-policy"].startswith("sandbox; default-src 'none'")
    for path in ("1/0/0", "1/0/9", "9/0/0", "1/-1/0", "x", "1/0"):
        assert client.get(f"/files/book/trial/{path}").json()["error"]["code"] == "E202", path
