from __future__ import annotations

from decimal import Decimal

import pytest

from assay.core.errors import ReplyInvalid
from assay.core.usage import Usage
from assay.models.meter import MeteredModel
from assay.models.scripted import ScriptedModel
from support.requests import program_request, repair_request

ONE = Usage(requests=1, input_tokens=10, output_tokens=5, cost_usd=Decimal("0.5"))
PROGRAM = {"title": "t", "plan": "p", "code": "x = 1"}
REPAIR = {"cause": "c", "code": "x = 1"}


def test_the_sum_of_roles_is_the_total() -> None:
    model = MeteredModel(ScriptedModel([PROGRAM, REPAIR, PROGRAM], usage=ONE))
    model.answer(program_request())
    model.answer(repair_request())
    model.answer(program_request())
    assert {role: usage.requests for role, usage in model.by_role.items()} == {"draft": 2, "debug": 1}
    assert model.total == ONE + ONE + ONE
    assert model.total.cost_usd == Decimal("1.5")


def test_failed_questions_count() -> None:
    error = ReplyInvalid("no")
    error.usage = ONE
    model = MeteredModel(ScriptedModel([error]))
    with pytest.raises(ReplyInvalid):
        model.answer(program_request())
    assert model.by_role["draft"] == ONE


def test_a_resumed_run_counts_on() -> None:
    model = MeteredModel(ScriptedModel([PROGRAM], usage=ONE), before={"draft": ONE})
    model.answer(program_request())
    assert model.total.requests == 2


def test_one_unknown_price_makes_the_total_unknown() -> None:
    model = MeteredModel(ScriptedModel([PROGRAM], usage=Usage(requests=1)), before={"draft": ONE})
    model.answer(program_request())
    assert model.total.cost_usd is None
