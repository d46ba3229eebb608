from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from assay.journal import events as ev
from assay.journal.lease import Lease
from assay.web.pages import PAGES
from support.dashboard import ADDRESS, append, dashboard_of, let_in, write_run
from support.histories import (
    all_failed,
    checked_run,
    good_run,
    interrupted,
    just_started,
    nothing_found,
    paid_run,
    rejected_leak,
    unpriced_run,
)

STORIES = (
    all_failed, checked_run, good_run, interrupted, just_started, nothing_found, paid_run, rejected_leak, unpriced_run,
)  # fmt: skip


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("runs")
    for story in STORIES:
        write_run(root, story.__name__, story)
    return root


@pytest.mark.parametrize("page", [page.name for page in PAGES])
@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.__name__)
def test_every_page_of_every_run_answers(root: Path, story: Callable[..., object], page: str) -> None:
    rest = "/0" if page == "trial" else ""
    answer = let_in(dashboard_of(root)).get(f"/api/run/{story.__name__}/{page}{rest}")
    value = answer.json()
    if story is just_started and page == "trial":
        assert value["error"]["code"] == "E202"
        return
    assert answer.status_code == 200, value
    assert value["run"]["name"] == story.__name__
    assert "NaN" not in answer.text


def test_the_list_shows_every_run_with_its_best_and_state(root: Path) -> None:
    runs = {run["name"]: run for run in let_in(dashboard_of(root)).get("/api/runs").json()["data"]["runs"]}
    assert set(runs) == {story.__name__ for story in STORIES}
    assert runs["good_run"]["life"] == "finished"
    assert runs["interrupted"]["life"] == "dead"
    assert runs["good_run"]["best"]["verdict"]
    assert runs["all_failed"]["best"] is None


@pytest.mark.parametrize("name", ["nope", "..", ".", "good_run%2F..%2Fgood_run", "%00"])
def test_an_unknown_run_is_a_coded_error(root: Path, name: str) -> None:
    answer = let_in(dashboard_of(root)).get(f"/api/run/{name}/overview")
    assert answer.status_code == 404
    assert "Traceback" not in answer.text


def test_an_unknown_page_is_a_coded_error(root: Path) -> None:
    answer = let_in(dashboard_of(root)).get("/api/run/good_run/nope")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "E201")


def test_new_events_show_and_a_torn_one_does_not(tmp_path: Path) -> None:
    folder = write_run(tmp_path, "late", interrupted)
    client = let_in(dashboard_of(tmp_path))
    before = client.get("/api/run/late/overview").json()["run"]["at"]
    append(folder, [ev.Told(text="one more thing")])
    with (folder / "events.jsonl").open("ab") as stream:
        stream.write(b'{"number": 99, "torn')
    after = client.get("/api/run/late/overview").json()
    assert after["run"]["at"] == before + 1
    assert [told["text"] for told in after["data"]["told"]][-1] == "one more thing"


def test_a_changed_journal_is_a_coded_error_and_no_traceback(tmp_path: Path) -> None:
    folder = write_run(tmp_path, "bent", good_run)
    path = folder / "events.jsonl"
    path.write_text(path.read_text(encoding="utf-8").replace("boosting", "boasting"), encoding="utf-8")
    client = let_in(dashboard_of(tmp_path))
    answer = client.get("/api/run/bent/overview")
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "E401")
    assert client.get("/api/runs").json()["data"]["runs"][0]["error"]["code"] == "E401"


def test_a_run_that_is_removed_while_it_is_open_is_said_to_be_gone(tmp_path: Path) -> None:
    folder = write_run(tmp_path, "short", good_run)
    client = let_in(dashboard_of(tmp_path))
    assert client.get("/api/run/short/overview").status_code == 200
    shutil.rmtree(folder)
    assert client.get("/api/run/short/overview").json()["error"]["code"] == "E201"
    assert client.get("/api/runs").json()["data"]["runs"] == []


def test_another_journal_under_the_same_name_is_read_anew(tmp_path: Path) -> None:
    folder = write_run(tmp_path, "same", good_run)
    client = let_in(dashboard_of(tmp_path))
    assert client.get("/api/run/same/overview").json()["data"]["best"] is not None
    shutil.rmtree(folder)
    write_run(tmp_path, "same", all_failed)
    assert client.get("/api/run/same/overview").json()["data"]["best"] is None


def test_words_reach_a_run_that_is_alive(tmp_path: Path) -> None:
    folder = write_run(tmp_path, "late", interrupted)
    client = let_in(dashboard_of(tmp_path))
    dead = client.post("/api/run/late/tell", json={"text": "hello"}, headers={"Origin": ADDRESS})
    assert dead.json()["error"]["code"] == "E204"
    lease = Lease(folder / "lease")
    try:
        told = client.post("/api/run/late/tell", json={"text": " simpler models "}, headers={"Origin": ADDRESS})
        bad = client.post("/api/run/late/tell", json={"text": "  "}, headers={"Origin": ADDRESS})
        odd = client.post("/api/run/late/tell", content=b"{", headers={"Origin": ADDRESS})
    finally:
        lease.release()
    assert told.json() == {"told": "simpler models", "run": "late"}
    assert bad.json()["error"]["code"] == "E002"
    assert odd.json()["error"]["code"] == "E002"
    (message,) = (folder / "control").glob("*.json")
    assert json.loads(message.read_text(encoding="utf-8"))["text"] == "simpler models"


@pytest.mark.parametrize(
    "body",
    [{"verb": "stop-now"}, {"verb": "skip"}, {"verb": "skip", "trial": "1"}, {"verb": "skip", "trial": True},
     {"verb": "finish", "trial": 1}, {"verb": ["skip"]}, {"verb": "skip", "trial": -1}, {}, [], "finish"],
)  # fmt: skip
def test_what_a_browser_cannot_ask_of_a_run_is_refused(tmp_path: Path, body: object) -> None:
    folder = write_run(tmp_path, "late", interrupted)
    lease = Lease(folder / "lease")
    try:
        answer = let_in(dashboard_of(tmp_path)).post("/api/run/late/steer", json=body, headers={"Origin": ADDRESS})
    finally:
        lease.release()
    assert answer.json()["error"]["code"] == "E002"
    assert not (folder / "control").exists()


def test_a_run_that_is_alive_is_asked_to_skip_and_to_finish_up(tmp_path: Path) -> None:
    folder = write_run(tmp_path, "late", interrupted)
    client, asked = let_in(dashboard_of(tmp_path)), ({"verb": "skip", "trial": 2}, {"verb": "finish"})
    dead = client.post("/api/run/late/steer", json=asked[0], headers={"Origin": ADDRESS})
    assert dead.json()["error"]["code"] == "E204"
    lease = Lease(folder / "lease")
    try:
        answers = [client.post("/api/run/late/steer", json=one, headers={"Origin": ADDRESS}).json() for one in asked]
    finally:
        lease.release()
    assert [answer["asked"] for answer in answers] == ["skip", "finish"]
    sent = [json.loads(path.read_text(encoding="utf-8")) for path in sorted((folder / "control").glob("*.json"))]
    assert [(one["verb"], one.get("trial")) for one in sent] == [("skip", 2), ("stop", None)]
