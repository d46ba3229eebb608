"""Approval and retries: who sees what, what a no leads to, and what a patch may not do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from assay.core.errors import ProviderRefused, ReplyInvalid
from assay.engine.ungraded import UngradedFinish
from assay.journal import events as ev
from assay.models.base import Request
from assay.models.playbook.code_tasks import write
from assay.models.roles import TaskBrief, TaskWriteInputs
from assay.models.scripted import Scripted, ScriptedModel
from support.fakes_of_evidence import HONEST, PRELUDE
from support.task_bench import APPROVE, Cycle, TaskBench, fenced
from support.tasks import small_machine

FILE = "from pathlib import Path\nPath('output/a.txt').write_text('words')"
TASK: dict[str, Any] = {"id": "one", "action": "Write", "type": "documentation", "evidence_paths": ["output/a.txt"]}
REJECT = {**APPROVE, "verdict": "reject", "reason": "It prints a secret."}
Answer = Callable[[Request[Any]], Scripted]


def patch(code: str, confidence: float = 0.9) -> dict[str, Any]:
    return {"cause": "a slip", "confidence": confidence, "code": code}


def model(answers: Mapping[str, Any]) -> ScriptedModel:
    """Return a model that answers by the end of the question's key; approval is its default."""

    def answer(request: Request[Any]) -> Scripted:
        for end, value in answers.items():
            if request.key.endswith(end):
                return value  # type: ignore[no-any-return]
        if request.role == "task_review":
            return APPROVE
        return ReplyInvalid(f"nothing for {request.key}")

    return ScriptedModel(answer)


def worked(folder: Path, answers: Mapping[str, Any], code: str = FILE, **task: Any) -> tuple[Cycle, ScriptedModel]:
    scripted = model(answers)
    cycle = TaskBench(folder, model=scripted).work([{**TASK, **task}], {"one": fenced(code)})
    return cycle, scripted


def repairs(cycle: Cycle) -> tuple[ev.Repaired, ...]:
    return cycle.history.trials[0].repairs


def test_reviewers_see_the_whole_code_and_then_its_results(tmp_path: Path) -> None:
    long = FILE + "\n" + "\n".join(f"x{number} = {number}" for number in range(3_000)) + "\nprint('the very end')"
    cycle, scripted = worked(tmp_path, {}, long)
    assert cycle.status("one") == "completed"
    asked = [request for request in scripted.requests if request.role == "task_review"]
    assert [request.inputs.point for request in asked] == ["before", "before", "after", "after"]
    prompts = ["\n".join(message.content for message in request.messages) for request in asked]
    assert all("x0 = 0" in prompt and "x2999 = 2999" in prompt for prompt in prompts)
    assert all("file output/a.txt" in prompt for prompt in prompts[2:])
    assert "the very end\n" in asked[2].inputs.results[0].stdout


@pytest.mark.parametrize(
    ("answers", "status"),
    [
        ({"before-quality": REJECT}, "rejected"),
        ({"before-quality": {**APPROVE, "critical": ("it leaks",)}}, "rejected"),
        ({"before-operations": {**APPROVE, "verdict": "conditional"}}, "rejected"),
        ({"before-operations": ReplyInvalid("\u2705 approved, ready, valid")}, "rejected"),
        ({"after-quality": REJECT}, "rejected"),
        ({"after-operations": {**APPROVE, "verdict": "conditional"}}, "held"),
        ({"after-operations": ReplyInvalid("\u2705")}, "rejected"),
    ],
)
def test_a_no_before_or_after_counts(tmp_path: Path, answers: dict[str, Any], status: str) -> None:
    cycle, _ = worked(tmp_path, answers)
    assert cycle.status("one") == status
    ran = cycle.history.trials[0].attempts
    assert ran == (0 if any("before" in key for key in answers) else 1)


def test_verdicts_from_a_file_count_by_their_form_alone(tmp_path: Path) -> None:
    good = '{"verdict": "approve", "flags": {"critical": []}, "confidence": 0.8}'
    task = [{**TASK, "id": name} for name in ("fine", "ticks", "alone")]
    cycle = TaskBench(tmp_path).work(
        task,
        {
            "fine": {"writer": fenced(FILE), "a": good, "b": f"\u274c \u274c {good}"},
            "ticks": {"writer": fenced(FILE), "a": good, "b": "\u2705 \u2705 APPROVE valid valid"},
            "alone": {"writer": fenced(FILE), "a": good},
        },
    )
    assert cycle.statuses() == {"fine": "completed", "ticks": "rejected", "alone": "rejected"}


def test_a_rejected_task_is_mended_reviewed_again_and_run(tmp_path: Path) -> None:
    better = FILE.replace("words", "better words")
    cycle, scripted = worked(tmp_path, {"review-1-before-quality": REJECT, "patch-approval-1": patch(better)})
    assert cycle.status("one") == "completed"
    asked = next(request for request in scripted.requests if request.role == "task_patch")
    assert "It prints a secret." in asked.inputs.problem
    assert [review.attempt for review in cycle.history.trials[0].reviews] == [1, 1, 2, 2, 2, 2]


def test_a_failing_task_is_mended_at_most_twice_and_the_chain_is_whole(tmp_path: Path) -> None:
    answers = {f"patch-execution-{n}": patch(f"raise ValueError('still {n} ' * {n + 1})") for n in (1, 2, 3)}
    cycle, scripted = worked(tmp_path, answers, "raise ValueError('first')")
    assert cycle.status("one") == "failed"
    assert sum(request.role == "task_patch" for request in scripted.requests) == 2
    chain = repairs(cycle)
    assert [one.attempt for one in chain] == [2, 3]
    assert all(one.patch and one.point == "execution" and one.confidence == 0.9 for one in chain)
    assert all(before.code == after.previous for before, after in pairwise(chain))
    assert cycle.results()["task_results"][0]["retries"] == {"execution": 2}


def test_evidence_that_does_not_hold_is_mended_by_doing_the_work(tmp_path: Path) -> None:
    cycle, scripted = worked(tmp_path, {"patch-verification-1": patch(FILE)}, "x = 1")
    assert cycle.status("one") == "completed"
    asked = next(request for request in scripted.requests if request.role == "task_patch")
    assert "output/a.txt" in asked.inputs.problem


@pytest.mark.parametrize(
    ("reply", "why"),
    [
        (patch(FILE, confidence=0.6), "confidence"),
        (patch("x = 1  # another comment"), "tried before"),
        (patch(f"import socket\n{FILE}"), "network:socket"),
        (patch(f"import os\nos.chmod('/', 0o777)\n{FILE}"), "permission:os.chmod"),
        (patch(f"{FILE}\nopen('/tmp/elsewhere', 'w')"), "path:/tmp/elsewhere"),
    ],
)
def test_a_patch_that_may_not_be_tried_is_refused_and_kept(tmp_path: Path, reply: Any, why: str) -> None:
    cycle, _ = worked(tmp_path, {"patch-verification-1": reply, "patch-verification-2": reply}, "x = 1")
    assert cycle.status("one") == "downgraded"
    assert repairs(cycle) == ()
    noted = [value for key, value in cycle.history.notes.items() if key.endswith("/refused")]
    assert len(noted) == 2
    assert why in noted[0]["why"]


def test_a_blocked_task_waits_and_says_for_whom(tmp_path: Path) -> None:
    tasks = [
        {**TASK, "id": "last", "priority": "HIGH", "dependencies": ["middle"]},
        {**TASK, "id": "middle", "priority": "LOW", "dependencies": ["first"]},
        {**TASK, "id": "first", "priority": "LOW"},
        {**TASK, "id": "other", "priority": "MEDIUM"},
    ]
    replies = {name: fenced(FILE) for name in ("last", "middle", "other")} | {"first": fenced("raise ValueError")}
    cycle = TaskBench(tmp_path).work(tasks, replies)
    assert cycle.statuses() == {"other": "completed", "first": "failed", "middle": "blocked", "last": "blocked"}
    assert "middle" in cycle.ends["last"].reason
    table = next((cycle.folder / "run" / "handoff").glob("*progress*")).read_text(encoding="utf-8")
    assert table.index("| other |") < table.index("| first |") < table.index("| last |")


def test_a_document_may_be_its_own_text(tmp_path: Path) -> None:
    reply = "Here is the report:\n\n````markdown\n# Report\n\n```text\n'quoted'\n```\n````\n"
    cycle = TaskBench(tmp_path).work([TASK], {"one": reply})
    assert cycle.status("one") == "completed"
    digest = cycle.results()["task_results"][0]["outputs"][0]["sha256"]
    stored = cycle.folder / "run" / "objects" / digest[:2] / digest
    assert stored.read_text(encoding="utf-8").startswith("# Report\n")


def test_models_write_where_nobody_handed_responses_in(tmp_path: Path, template: Path) -> None:
    scripted = model({"/write": {"plan": "Write it.", "code": FILE}})
    assert TaskBench(tmp_path, model=scripted).work([TASK]).status("one") == "completed"
    experiment = {"id": "two", "action": "Measure", "type": "experimental", "evidence_paths": ["x.json"]}
    cycle = TaskBench(tmp_path / "playbook", template).work([TASK, experiment])
    assert cycle.statuses() == {"one": "completed", "two": "failed"}
    assert cycle.ends["two"].reason.startswith("nobody wrote code")


def test_the_playbooks_document_tells_the_verified_results_it_builds_on(tmp_path: Path) -> None:
    base = {"id": "base", "action": "Make", "type": "other", "evidence_paths": ["made.txt"]}
    text = fenced("open('made.txt', 'w').write('made')")
    replies = {"base": text, "one": "````markdown\n# Own\n````"}
    first = TaskBench(tmp_path / "a").work([base, {**TASK, "dependencies": ["base"]}], replies)
    assert first.statuses() == {"base": "completed", "one": "completed"}
    brief = TaskBrief(
        id="one",
        action="Report | it",
        kind="documentation",
        files=("output/*",),
        results=("base: file made.txt",),
        machine=small_machine(),
        timeout_s=60,
    )
    written = write(TaskWriteInputs(brief=brief))
    assert written is not None
    assert "- base: file made.txt" in written.code
    assert "output/one.md" in written.code
    assert write(TaskWriteInputs(brief=brief.model_copy(update={"kind": "experimental"}))) is None


def test_the_checkpoint_holds_the_trigger_back_and_can_be_switched_off(tmp_path: Path) -> None:
    waits = TaskBench(tmp_path / "a").work([TASK], {"one": fenced(FILE)}, checkpoint=True)
    goes = TaskBench(tmp_path / "b").work([TASK], {"one": fenced(FILE)}, checkpoint=False)
    assert waits.stopped_by == "checkpoint"
    found = [(cycle.folder / "run/handoff/next_meeting_trigger.json").exists() for cycle in (waits, goes)]
    assert found == [False, True]


def test_a_store_that_is_down_stops_nothing(tmp_path: Path, template: Path) -> None:
    task = {**TASK, "type": "experimental", "expected": {"metrics": ["accuracy"]}, "evidence_paths": ["results/x.json"]}
    (tmp_path / "file").write_text("no folder", encoding="utf-8")
    address = f"sqlite:///{tmp_path / 'file' / 'x.db'}"
    cycle = TaskBench(tmp_path, template).work([task], {"one": fenced(PRELUDE, HONEST)}, mlflow=address)
    assert cycle.status("one") == "completed"
    assert any(remark.code == "W432" for _, remark in cycle.history.remarks)


def test_a_run_that_ends_early_hands_off_what_is_done_and_goes_on_later(tmp_path: Path) -> None:
    tasks = [{**TASK, "id": "first", "priority": "HIGH"}, {**TASK, "id": "second"}]
    replies = {"first": fenced(FILE), "second": fenced(FILE)}
    down = ProviderRefused("no key")
    first = TaskBench(tmp_path, model=model({"second/review-1-before-quality": down})).work(tasks, replies)
    told = {task["task_id"]: task["final_status"] for task in first.results()["task_results"]}
    assert first.stopped_by == "E303"
    assert told == {"first": "completed", "second": "pending"}
    assert UngradedFinish().exit_code(first.history, "user", None) == 1
    again = TaskBench(tmp_path, model=model({})).work(tasks, replies)
    assert again.statuses() == {"first": "completed", "second": "completed"}
    assert UngradedFinish().exit_code(again.history, "exhausted", None) == 0
    assert len(list((tmp_path / "run" / "handoff").glob("execution_results_*"))) == 1


def test_a_record_of_blocks_that_was_tampered_with_breaks_nothing(tmp_path: Path) -> None:
    forged = "open('blocks.jsonl', 'a').write('[' * 100_000 + chr(10) + str({1: 2}) + chr(10) + '7' + chr(10))"
    cycle, _ = worked(tmp_path, {}, f"{FILE}\n{forged}")
    assert cycle.status("one") == "completed"
