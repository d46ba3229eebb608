from __future__ import annotations

import threading
from decimal import Decimal

import pytest

from assay.core.budget import Spent
from assay.core.errors import BudgetSpent, ProviderDown, ReplyInvalid
from assay.core.usage import Usage
from assay.models.cap import Cap
from assay.models.completion import Completion, Prompt
from assay.models.language import LanguageModel
from support.completers import ScriptedCompleter, completion, prompt
from support.requests import GOOD, program_request

# A test prompt may take 101 tokens in and 899 out: 1,000 tokens, one cent.


def test_a_call_that_could_pass_the_cap_on_tokens_is_not_sent() -> None:
    inner = ScriptedCompleter([completion()] * 3)
    capped = Cap(tokens=2_500)(inner)
    capped.complete(prompt())
    capped.complete(prompt())
    with pytest.raises(BudgetSpent, match=r"2,000 of 2,500 tokens.*may take 1,000") as caught:
        capped.complete(prompt())
    assert caught.value.cap == "tokens"
    assert len(inner.prompts) == 2


def test_a_call_that_could_pass_the_cap_on_money_is_not_sent() -> None:
    inner = ScriptedCompleter([completion(cost="0.012")] * 3)
    cap = Cap(cost_usd=Decimal("0.03"))
    capped = cap(inner)
    capped.complete(prompt())
    capped.complete(prompt())
    with pytest.raises(BudgetSpent, match=r"\$0.0240 of \$0.03") as caught:
        capped.complete(prompt())
    assert caught.value.cap == "cost"
    assert cap.spent.cost_usd == Decimal("0.024")


def test_what_earlier_processes_used_counts() -> None:
    capped = Cap(tokens=10_000, spent=Spent(tokens=9_500))(ScriptedCompleter([completion()]))
    with pytest.raises(BudgetSpent):
        capped.complete(prompt())


def test_a_cap_on_money_refuses_a_model_without_a_price() -> None:
    inner = ScriptedCompleter([completion()], priced=False)
    with pytest.raises(BudgetSpent, match="price of test:model is not known"):
        Cap(cost_usd=Decimal(5))(inner).complete(prompt())
    assert inner.prompts == []


def test_without_a_cap_on_money_no_price_is_needed() -> None:
    cap = Cap(tokens=5_000)
    cap(ScriptedCompleter([completion(cost=None)], priced=False)).complete(prompt())
    assert (cap.spent.tokens, cap.spent.unpriced_requests) == (1_000, 1)


def test_a_reply_that_cannot_be_priced_counts_as_the_most_it_can_have_been() -> None:
    cap = Cap(cost_usd=Decimal(1))
    cap(ScriptedCompleter([completion(cost=None)])).complete(prompt())
    assert cap.spent.cost_usd == Decimal("0.01")


def test_a_failed_call_counts_with_what_it_took_and_frees_the_rest() -> None:
    invalid = ReplyInvalid("too long")
    invalid.usage = Usage(requests=1, output_tokens=700, cost_usd=Decimal("0.007"))
    cap = Cap(tokens=1_800)
    capped = cap(ScriptedCompleter([ProviderDown("gone"), invalid, completion()]))
    for expected in (ProviderDown, ReplyInvalid):
        with pytest.raises(expected):
            capped.complete(prompt())
    assert cap.spent.tokens == 700
    capped.complete(prompt())


def test_calls_in_flight_count_with_the_most_they_can_take() -> None:
    sent, go = threading.Event(), threading.Event()

    class Slow(ScriptedCompleter):
        def complete(self, prompt: Prompt) -> Completion:
            sent.set()
            go.wait(10)
            return super().complete(prompt)

    inner = Slow([completion()])
    capped = Cap(tokens=1_500)(inner)
    thread = threading.Thread(target=capped.complete, args=(prompt(),))
    thread.start()
    assert sent.wait(10)
    with pytest.raises(BudgetSpent):
        capped.complete(prompt())
    go.set()
    thread.join()


def test_re_asks_are_under_the_cap_too() -> None:
    inner = ScriptedCompleter([completion("no form"), completion(GOOD)])
    model = LanguageModel(Cap(tokens=1_700)(inner), max_output_tokens=900)
    with pytest.raises(BudgetSpent) as caught:
        model.answer(program_request())
    assert len(inner.prompts) == 1
    assert caught.value.usage.tokens == 1_000
