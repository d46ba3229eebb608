from __future__ import annotations

import pytest

from assay.core.errors import ProviderDown, ReplyInvalid
from assay.models.base import Request
from assay.models.roles import Program
from assay.models.routed import RoutedModel
from assay.models.scripted import ScriptedModel

REPLY = {"title": "t", "plan": "p", "code": "pass\n"}


def request(role: str) -> Request[Program]:
    return Request(role=role, inputs=ROLE_INPUTS, messages=(), reply_type=Program, key="k")


ROLE_INPUTS = Program.model_validate(REPLY)


def test_only_the_named_roles_go_to_the_other_model() -> None:
    main, other = ScriptedModel([REPLY, REPLY], name="main"), ScriptedModel([REPLY], name="other")
    routed = RoutedModel(main, {"baseline": other})
    assert [routed.answer(request(role)).model for role in ("baseline", "draft")] == ["other", "main"]
    assert routed.name == "main"


def test_a_role_without_an_answer_there_falls_back() -> None:
    routed = RoutedModel(ScriptedModel([REPLY], name="main"), {"baseline": ScriptedModel([ReplyInvalid("none")])})
    assert routed.answer(request("baseline")).model == "main"


def test_what_the_main_model_raises_is_raised() -> None:
    routed = RoutedModel(ScriptedModel([ProviderDown("gone")]), {})
    with pytest.raises(ProviderDown):
        routed.answer(request("draft"))


def test_a_role_with_a_model_of_its_own_is_never_answered_by_another() -> None:
    main, own = ScriptedModel([REPLY], name="main"), ScriptedModel([REPLY, ReplyInvalid("none")], name="own")
    routed = RoutedModel(main, {}, {"draft": own})
    assert [routed.answer(request(role)).model for role in ("draft", "improve")] == ["own", "main"]
    with pytest.raises(ReplyInvalid):
        routed.answer(request("draft"))
