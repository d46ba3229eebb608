from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from assay.core.errors import ModelError, ProviderDown
from assay.core.usage import Usage
from assay.models.base import Request
from assay.models.recorded import RecordedModel, Recorder
from assay.models.roles import Program, Repair
from assay.models.scripted import ScriptedModel
from assay.models.scrub import Scrubber
from support.requests import program_request, repair_request

USED = Usage(requests=2, input_tokens=9, output_tokens=4, cost_usd=Decimal("0.25"))


def program(title: str) -> Program:
    return Program(title=title, plan="first\nsecond", code="import os\nprint(os.sep)\n")


def test_scripted_answers_in_order_and_keeps_the_requests() -> None:
    model = ScriptedModel([program("a"), {"title": "b", "plan": "p", "code": "x = 1"}])
    assert [model.answer(program_request(key=key)).reply.title for key in ("q/1", "q/2")] == ["a", "b"]
    assert [request.key for request in model.requests] == ["q/1", "q/2"]
    with pytest.raises(ModelError, match="request 3, role 'draft'"):
        model.answer(program_request())


def test_scripted_by_a_function_and_with_errors() -> None:
    def answer(request: Request[Any]) -> Program | Exception:
        return program("x") if request.role == "draft" else ProviderDown("gone")

    model = ScriptedModel(answer)
    assert model.answer(program_request()).reply.title == "x"
    with pytest.raises(ProviderDown):
        model.answer(repair_request())


def recorded(folder: Path, *titles: str, user: str = "Write a script.") -> None:
    model = Recorder(ScriptedModel([program(t) for t in titles], usage=USED), folder, scrubber=Scrubber({}))
    for number, _ in enumerate(titles):
        model.answer(program_request(user=user, key=f"q/{number}"))


def test_a_replay_gives_the_same_answers(tmp_path: Path) -> None:
    recorded(tmp_path, "one")
    answer = RecordedModel(tmp_path).answer(program_request(key="other"))
    assert answer.reply == program("one")
    assert (answer.usage, answer.model) == (USED, "scripted")


def test_equal_questions_are_told_apart_by_key_then_by_order(tmp_path: Path) -> None:
    recorded(tmp_path, "one", "two", "three")
    by_key = RecordedModel(tmp_path)
    assert [by_key.answer(program_request(key=f"q/{n}")).reply.title for n in (2, 0, 1)] == ["three", "one", "two"]
    in_order = RecordedModel(tmp_path)
    assert [in_order.answer(program_request(key="z")).reply.title for _ in range(3)] == ["one", "two", "three"]
    with pytest.raises(ModelError, match="3 of them are used"):
        in_order.answer(program_request(key="z"))


def test_a_missing_recording_names_role_and_digest(tmp_path: Path) -> None:
    recorded(tmp_path, "one")
    request = program_request(user="another question")
    with pytest.raises(ModelError) as caught:
        RecordedModel(tmp_path).answer(request)
    assert caught.value.code == "E305"
    assert "'draft'" in caught.value.message
    assert request.digest in caught.value.message


def test_another_prompt_can_be_answered_by_key_if_that_is_asked_for(tmp_path: Path) -> None:
    recorded(tmp_path, "one", "two")
    changed = program_request(user="Write a script. The last one took 9 s.", key="q/1")
    assert RecordedModel(tmp_path, any_digest=True).answer(changed).reply.title == "two"
    with pytest.raises(ModelError):
        RecordedModel(tmp_path).answer(changed)


def test_recording_goes_on_without_losing_what_is_there(tmp_path: Path) -> None:
    recorded(tmp_path, "one")
    recorded(tmp_path, "two")
    assert len(list(tmp_path.iterdir())) == 2


def test_recordings_show_code_line_by_line_and_no_secret(tmp_path: Path) -> None:
    secret = "correct-horse-battery"
    model = Recorder(
        ScriptedModel([Repair(cause=f"said {secret}", code="a = 1\nb = 2\n")]),
        tmp_path,
        scrubber=Scrubber({"MY_TOKEN": secret}),
    )
    model.answer(repair_request())
    (path,) = tmp_path.iterdir()
    entry = json.loads(path.read_text())
    assert entry["reply"]["code"] == {"lines": ["a = 1", "b = 2", ""]}
    assert '    "a = 1",\n' in path.read_text()
    assert secret not in path.read_text()


def test_a_recording_of_another_reply_type_is_an_error(tmp_path: Path) -> None:
    recorded(tmp_path, "one")
    (path,) = tmp_path.iterdir()
    entry = json.loads(path.read_text())
    path.write_text(json.dumps(entry | {"reply": {"title": "t"}}))
    with pytest.raises(ModelError, match="not a reply of its type"):
        RecordedModel(tmp_path).answer(program_request())
