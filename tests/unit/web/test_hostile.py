"""What a candidate, a model or another program sends to break the dashboard."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from starlette.responses import Response

from assay.core.candidate import Candidate
from assay.core.trial import TrialState
from assay.journal import events as ev
from assay.journal.objects import ObjectStore
from assay.web import slow_answers
from assay.web.app import Dashboard
from assay.web.library import MOST_READERS
from assay.web.notebook import MOST_CELLS, MOST_OUTPUTS
from assay.web.slow_answers import MOST_WAITING, look
from support.dashboard import ADDRESS, dashboard_of, let_in, stranger, write_run
from support.histories import Story, good_run, interrupted
from support.run_writer import ROC_AUC, Idea, RunWriter, tabular_task

LONG = "9" * 5_000
"""More digits than Python makes a number of."""


@pytest.fixture(scope="module")
def dashboard(tmp_path_factory: pytest.TempPathFactory) -> Dashboard:
    root = tmp_path_factory.mktemp("runs")
    write_run(root, "otter", good_run)
    return dashboard_of(root)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (f"/api/run/{'a' * 300}/overview", 404),
        (f"/api/run/otter/trial/{LONG}", 404),
        (f"/api/run/otter/trial/0?log={LONG}", 200),
        (f"/api/run/otter/trials?after={LONG}", 200),
        (f"/api/run/otter/compare?trials=1,{LONG}", 409),
        ("/api/run/otter/compare?trials=1,a,,-1", 409),
        (f"/api/run/otter/compare?runs=../..,{'y' * 300}", 200),
        (f"/api/run/otter/files/{'n' * 300}", 404),
        (f"/api/run/otter/files/{'d/' * 3_000}", 404),
        (f"/files/otter/trial/{LONG}/0/0", 404),
        ("/files/otter/trial/0/0", 404),
        ("/files/otter/overview/x", 404),
        ("/api/run/..%2f/overview", 404),
        ("/static/..%2fapp.py", 404),
        ("/static//etc/passwd", 404),
    ],
)
def test_an_address_that_nobody_would_follow_is_answered_in_order(dashboard: Dashboard, path: str, status: int) -> None:
    answer = let_in(dashboard_of(dashboard.library.root)).get(path)
    assert answer.status_code == status
    assert "E900" not in answer.text


@pytest.mark.parametrize("body", [b"[" * 60_000, b"{}", b"[1]", b'"text"', b"\xff"])
def test_words_that_are_none_are_refused_in_order(dashboard: Dashboard, body: bytes) -> None:
    client = let_in(dashboard_of(dashboard.library.root))
    answer = client.post("/api/run/otter/tell", content=body, headers={"Origin": ADDRESS})
    assert answer.json()["error"]["code"] == "E002"


def test_asking_for_the_head_does_not_use_up_the_owners_link(dashboard: Dashboard) -> None:
    fresh = dashboard_of(dashboard.library.root)
    preview = stranger(fresh)
    assert preview.head("/open", params={"token": fresh.keys.owner}).status_code == 403
    assert not preview.cookies
    assert let_in(fresh).get("/api/runs").json()["write"] is True


def test_what_breaks_off_is_a_coded_error_and_one_line(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    class Broken(dict[str, Any]):
        def pop(self, *args: Any) -> Any:
            raise ZeroDivisionError

    write_run(tmp_path, "otter", good_run)
    broken = dashboard_of(tmp_path)
    broken.library._readers = Broken()  # type: ignore[assignment]  # what nobody thought of
    answer = let_in(broken).get("/api/run/otter/overview")
    assert (answer.status_code, answer.json()["error"]["code"]) == (500, "E900")
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")
    assert [record.getMessage() for record in caplog.records if record.levelname == "WARNING"] == [
        "'/api/run/otter/overview' could not be answered: ZeroDivisionError"
    ]
    assert "Traceback" not in capsys.readouterr().err


# --- notebooks -----------------------------------------------------------------------------------------------------


def notebook_run(root: Path, content: str) -> None:
    """Write the run `sly` with one trial whose candidate is this notebook."""

    def story(objects: ObjectStore) -> Story:
        writer = RunWriter("sly", tabular_task(ROC_AUC), objects=objects)
        number = writer.create(Idea(title="a notebook"))
        made = Candidate(kind="notebook", files={"solution.ipynb": content}, entry="solution.ipynb")
        record = objects.put_candidate(made)
        writer.add(ev.TrialFinished(trial=number, state=TrialState.FAILED, candidate=record, reason="x"))
        return writer.history, writer.events

    write_run(root, "sly", story)


def cells(outputs: Any, kind: Any = "code") -> str:
    """Return a notebook with one cell."""
    return json.dumps({"cells": [{"cell_type": kind, "source": "1", "outputs": outputs}]})


def shown(root: Path) -> Mapping[str, Any]:
    """Return what the page of the trial says."""
    answer = let_in(dashboard_of(root)).get("/api/run/sly/trial/0")
    assert answer.status_code == 200, answer.text
    value: Mapping[str, Any] = answer.json()["data"]["code"]
    return value


def frame(root: Path, place: str) -> Response:
    """Return what stands in the frame of an output."""
    answer: Any = let_in(dashboard_of(root)).get(f"/files/sly/trial/{place}")
    return answer


@pytest.mark.parametrize(
    "content",
    ["[" * 200_000, "{", '{"cells": 5}', '{"cells": [5, null]}', cells(7), cells({"a": 1}), cells([[1], None]),
     cells([{"data": [1]}, {"data": {"text/html": 5}}, {"output_type": "error", "traceback": {"a": 1}}])],
)  # fmt: skip
def test_a_notebook_that_is_none_breaks_no_page(tmp_path: Path, content: str) -> None:
    notebook_run(tmp_path, content)
    shown(tmp_path)
    assert frame(tmp_path, "0/0/0").status_code in (200, 404)


def test_a_notebook_cannot_name_the_look_of_its_cells_or_fill_the_page(tmp_path: Path) -> None:
    many = [{"output_type": "stream", "text": "x"}] * (MOST_OUTPUTS + 5)
    cell = {"cell_type": 'tag real" onload="x', "source": "1", "outputs": many}
    notebook_run(tmp_path, json.dumps({"cells": [cell] * (MOST_CELLS + 5)}))
    found = shown(tmp_path)["cells"]
    assert {one["type"] for one in found} == {"raw"}
    assert (len(found), len(found[0]["outputs"])) == (MOST_CELLS, MOST_OUTPUTS)


def test_html_of_a_notebook_keeps_its_table_and_nothing_that_asks_for_anything(tmp_path: Path) -> None:
    asks = (
        '<iframe src="//secret.evil.example"></iframe><iframe srcdoc="<b>x</b>"></iframe><object data="//evil.example">'
        '</object><embed src="//evil.example"><link rel=preconnect href="//evil.example"><base href="//evil.example">'
        '<meta http-equiv=refresh content="0;url=//evil.example"><form action="//evil.example"><button>go</button>'
        '</form><a href="//evil.example" ping="//evil.example">on</a><img src="//evil.example/x.png">'
        '<style>@import "//evil.example";</style><div style="background:url(//evil.example)" onclick="x()">d</div>'
        '<svg><image href="//evil.example"/></svg><video src="//evil.example"></video><script>alert(1)</script>'
    )
    table = '<table class="dataframe"><tr><th colspan="2">score</th></tr><tr><td>1</td></tr></table>'
    own = '<img src="data:image/png;base64,AAAA" alt="a plot">'
    notebook_run(tmp_path, cells([{"data": {"text/html": [asks, table, own]}}]))
    text = frame(tmp_path, "0/0/0").text  # type: ignore[attr-defined]
    assert "evil.example" not in text
    assert '<table class="dataframe">' in text
    assert 'colspan="2"' in text
    assert "data:image/png;base64,AAAA" in text
    for tag in ("<iframe", "<object", "<embed", "<link", "<base", "<meta", "<form", "<script", "<svg", "onclick"):
        assert tag not in text, tag


def test_a_picture_of_a_notebook_is_nothing_but_a_picture(tmp_path: Path) -> None:
    notebook_run(tmp_path, cells([{"data": {"image/png": '"><script>alert(1)</script>'}}]))
    text = frame(tmp_path, "0/0/0").text  # type: ignore[attr-defined]
    assert text.count("<") == 2
    assert "script>" not in text


def test_a_drawing_is_one_only_within_the_page(tmp_path: Path) -> None:
    folder = write_run(tmp_path, "otter", good_run)
    (folder / "plot.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg"/>', encoding="utf-8")
    client = let_in(dashboard_of(tmp_path))
    alone, within = client.get("/files/otter/files/plot.svg"), client.get("/files/otter/files/plot.svg?as=image")
    assert alone.headers["content-type"].startswith("text/plain")
    assert within.headers["content-type"].startswith("image/svg+xml")
    assert within.headers["content-security-policy"].startswith("sandbox;")


def test_more_runs_than_are_kept_are_not_read_again_and_again(tmp_path: Path) -> None:
    names = [f"run-{i}" for i in range(MOST_READERS + 2)]
    for name in names:
        write_run(tmp_path, name, interrupted)
    library = dashboard_of(tmp_path).library
    followed = [library.reader(name) for name in names]
    assert [library.reader(name) for name in names] == followed
    del followed
    assert len(library._read) == MOST_READERS


# --- too much ------------------------------------------------------------------------------------------------------


def test_a_browser_cannot_have_everybody_wait_for_a_report(tmp_path: Path) -> None:
    write_run(tmp_path, "otter", good_run)
    dashboard, busy = dashboard_of(tmp_path), threading.Event()
    with dashboard.library.reader("otter").view() as run:
        look(run.cache, f"report {run.events}", busy.wait)
    client = let_in(dashboard)
    assert client.get("/files/otter/report/").status_code == 503
    assert client.get("/api/run/otter/report?wait=1").json()["data"]["state"] == "working"
    busy.set()


def test_only_so_much_is_worked_out_at_a_time() -> None:
    goes_on, cache = threading.Event(), {}  # type: ignore[var-annotated]
    states = [look(cache, str(i), goes_on.wait)["state"] for i in range(MOST_WAITING + 1)]
    assert states == ["working"] * MOST_WAITING + ["failed"]
    goes_on.set()
    for i in range(MOST_WAITING):
        assert look(cache, str(i), goes_on.wait, wait=True)["state"] == "done"
    assert slow_answers.MOST_WAITING < slow_answers.MOST
