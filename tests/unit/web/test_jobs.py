"""The pages of runs in which nothing is graded: a lab and a queue of code tasks, by their own words."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from assay.core.budget import Limits
from assay.core.candidate import Candidate
from assay.core.codec import encode
from assay.core.task import ungraded_task
from assay.core.trial import TrialState
from assay.journal import events as ev
from assay.journal.events import Event, Payload
from assay.journal.file import FileJournal
from assay.journal.objects import ObjectStore
from assay.operators.lab.record import Cycle
from assay.operators.lab.todo import Item
from assay.strategies.lab.memory import Memory, Noted
from assay.web.bundle import bundle_run, key_of
from assay.web.pages import PAGES
from assay.web.pages.agents import agents
from assay.web.pages.compare import compare
from assay.web.pages.cost import cost
from assay.web.pages.data import data
from assay.web.view import RunReader

CONFIG = {"command": "python train.py", "metric": {"name": "auc", "direction": "max", "file": "metrics.json"}}


def write(root: Path, name: str, strategy: str, payloads: list[Payload]) -> Path:
    task = ungraded_task(name, root, "Find what helps.")
    started = ev.RunStarted(
        run=name, task=task, task_digest="ab" * 32, strategy=strategy, model="playbook", seed=0, limits=Limits(),
        sandbox="T2",
    )  # fmt: skip
    events: list[Event] = []
    for payload in (started, ev.PhaseEntered(phase="search"), *payloads):
        events.append(Event.after(events[-1] if events else None, time=1e9 + 5 * len(events), payload=payload))
    FileJournal(root / name / "events.jsonl").append(events)
    return root / name


def created(objects: ObjectStore, number: int, text: str, **more: Any) -> ev.TrialCreated:
    record = objects.put_candidate(Candidate(kind="command", files={"run.json": text}, entry="run.json"))
    return ev.TrialCreated(trial=number, key=f"step-{number:04d}/x", candidate=record, title=text, **more)


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("runs")
    objects = ObjectStore(root / "lab" / "objects")
    payloads: list[Payload] = [ev.Noted(key="lab/config", value=CONFIG)]
    for number, score in enumerate((0.70, 0.68, 0.75)):
        recipe = {"key": str(number), "command": f"python train.py --x {number}", "cycle": number + 1}
        made = created(objects, number, f"x {number}", operator="experiment", recipe=recipe, counts=False)
        parts = [score - 0.02, score + 0.01, score + 0.011]
        result = {"score": score, "parts": parts, "counts": 1, "problems": []}
        cycle = Cycle(
            number=number + 1, action="run", category="optimization", label=f"x {number}", reviewed=number == 2
        )
        noted = Noted(cycle=cycle, line=f"C000{number + 1} | run", rationale="<b>why not</b>", critique="look closer")
        payloads += [
            made,
            ev.Noted(key=f"lab/result/{number}", value=result),
            ev.TrialFinished(trial=number, state=TrialState.COMPLETE, candidate=made.candidate),
            ev.Noted(key=f"lab/cycle/{number + 1}", value=encode(noted)),
            ev.StepFinished(step=number),
        ]
    memory = Memory(queue=(Item(id="C0001-W01", by="worker", text="try a wider layer"),), workpad="## Notes\n- flat\n")
    payloads.append(ev.Noted(key="lab/memory/3", value=objects.put(json.dumps(encode(memory)).encode())))
    payloads.append(ev.Told(text="be bold"))
    return write(root, "lab", "lab", payloads)


def test_a_lab_shows_its_decisions_its_list_and_its_people(lab: Path) -> None:
    with RunReader(lab).view() as run:
        found = agents(run, {})["lab"]
        assert [one["number"] for one in found["cycles"]] == [3, 2, 1]
        assert found["cycles"][0]["reviewed"]
        assert found["cycles"][0]["rationale"] == "<b>why not</b>"
        assert [item["text"] for item in found["todo"]] == ["try a wider layer"]
        assert found["workpad"].startswith("## Notes")
        assert agents(run, {})["people"][0]["text"] == "be bold"


def test_what_a_lab_reports_is_compared_as_reported(lab: Path) -> None:
    with RunReader(lab).view() as run:
        found = compare(run, {"trials": "0,2"})
        assert found["reported"]
        assert found["paired"][0]["words"].startswith("#2 over #0: +0.050, better in 3 of 3 parts")
        assert [score["value"] for score in found["folds"][0]["scores"]] == [0.70, 0.75]
        frontier = cost(run, {})["frontier"]
        assert frontier["reported"]
        assert [step["trial"] for step in frontier["steps"]] == [0, 2]
        assert "does not grade" in data(run, {})["why_no_split"]


def test_code_tasks_show_their_evidence_and_their_reviews(tmp_path: Path) -> None:
    objects = ObjectStore(tmp_path / "week-1" / "objects")
    made = created(objects, 0, "lengths", operator="task", counts=False)
    found = ev.EvidenceFinding(name="V07", passed=False, sentence="the file 'chart.svg' is not there")
    payloads: list[Payload] = [
        made,
        ev.EvidenceVerified(trial=0, attempt=1, passed=False, findings=(found,), numbers={"auc": (0.5, 0.6)}),
        ev.Reviewed(trial=0, attempt=1, point="before", reviewer="ethics", verdict="conditional", reason="ask first"),
        ev.TrialFinished(trial=0, state=TrialState.FAILED, candidate=made.candidate, reason="no chart"),
    ]
    with RunReader(write(tmp_path, "week-1", "code_tasks", payloads)).view() as run:
        jobs = data(run, {})["evidence"]["jobs"]
        assert [(job["passed"], job["findings"][0]["name"]) for job in jobs] == [(False, "V07")]
        assert agents(run, {})["reviews"][0]["verdict"] == "conditional"
        assert compare(run, {})["folds"] == [{"view": "auc", "scores": [{"value": 0.6, "text": "0.600"}]}]


def test_a_lab_can_be_bundled(lab: Path) -> None:
    made = bundle_run(lab)
    assert {key_of("lab", page.name) for page in PAGES if page.name != "trial"} <= set(made.answers)
    assert made.answers[key_of("lab", "report")]["data"]["html"].startswith("<!doctype html>")
