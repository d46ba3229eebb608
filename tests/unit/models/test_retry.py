from __future__ import annotations

from dataclasses import replace

import pytest

from assay.core.errors import ProviderDown, ProviderRefused, Unwanted
from assay.core.usage import Usage
from assay.models.completion import Unreachable
from assay.models.retry import RetryingCompleter
from support.completers import ScriptedCompleter, completion, prompt


def test_waits_double_up_to_their_bound_and_are_the_same_for_the_same_question() -> None:
    waits: list[list[float]] = []
    for _ in range(2):
        slept: list[float] = []
        inner = ScriptedCompleter([Unreachable("busy")] * 7 + [completion()])
        RetryingCompleter(inner, attempts=8, first_wait_s=1, longest_wait_s=10, sleep=slept.append).complete(prompt())
        waits.append(slept)
    assert waits[0] == waits[1]
    assert waits[0][:4] == pytest.approx([1, 2, 4, 8], rel=0.11)
    assert all(wait <= 11 for wait in waits[0])


def test_parallel_questions_do_not_wait_in_step() -> None:
    waits = []
    for key in ("a", "b"):
        slept: list[float] = []
        RetryingCompleter(ScriptedCompleter([Unreachable("busy"), completion()]), sleep=slept.append).complete(
            prompt(key=key)
        )
        waits.append(slept[0])
    assert waits[0] != waits[1]


def test_the_end_of_patience_says_how_often_it_tried() -> None:
    inner = ScriptedCompleter([Unreachable("busy")] * 3)
    with pytest.raises(ProviderDown, match="busy; given up after 3 attempts") as caught:
        RetryingCompleter(inner, attempts=3, sleep=lambda _: None).complete(prompt())
    assert not isinstance(caught.value, Unreachable)


@pytest.mark.parametrize("error", [ProviderRefused("no"), ProviderDown("hung")])
def test_other_errors_are_not_repeated(error: Exception) -> None:
    inner = ScriptedCompleter([error, completion()])
    with pytest.raises(type(error)):
        RetryingCompleter(inner, sleep=lambda _: None).complete(prompt())
    assert len(inner.prompts) == 1


def test_nothing_is_tried_again_that_nobody_waits_for() -> None:
    broken = Unreachable("busy")
    broken.usage = Usage(requests=1, input_tokens=50)
    inner = ScriptedCompleter([broken, completion()])
    waiting = iter([False])
    with pytest.raises(Unwanted) as caught:
        RetryingCompleter(inner, sleep=lambda _: None).complete(replace(prompt(), wanted=lambda: next(waiting)))
    assert len(inner.prompts) == 1
    assert caught.value.usage.tokens == 50


def test_a_provider_that_asks_for_more_patience_than_there_is_stays_away_for_long() -> None:
    inner = ScriptedCompleter([Unreachable("busy", retry_after_s=7_200)])
    with pytest.raises(ProviderDown) as caught:
        RetryingCompleter(inner).complete(prompt())
    assert caught.value.lasting
