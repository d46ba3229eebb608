"""What a run will likely cost, and how many questions the tree will put."""

from __future__ import annotations

import itertools
import json
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.core.budget import Limits
from assay.core.clock import FakeClock
from assay.core.codec import encode
from assay.core.prices import Prices, Rate
from assay.core.trial import TrialState, Verdict
from assay.journal import events as ev
from assay.journal.file import FileJournal
from assay.journal.history import History, Trial
from assay.models.base import Request
from assay.models.roles import ROLES
from assay.models.scripted import Scripted
from assay.operators.rendering import Prompts
from assay.strategies.forecast import Forecast, PromptSizes, Range, forecast, foresee, foresee_rest, reply_tokens
from assay.strategies.options import RunOptions
from assay.strategies.pace import ANSWER_S, steps_ahead
from assay.strategies.star.options import StarOptions
from assay.strategies.star.strategy import MleStar
from assay.strategies.tree import Tree, TreeOptions
from assay.strategies.typical import FULL, SPARSE, Fullness, typical_brief, typical_inputs
from support.briefs import INCOME
from support.engine import Bench
from support.run_writer import RunWriter
from support.star import answer
from support.tasks import RMSE, empty_profile, regression_task, small_machine

PRICES = Prices(input=Rate(usd=Decimal(1)), output=Rate(usd=Decimal(10)))


class Past(History):
    """A history of steps and one baseline."""

    def __init__(self, *, steps: int, wall_s: float, fold_s: float) -> None:
        super().__init__()
        self.steps = {n: ev.StepFinished(step=n) for n in range(steps)}
        self.wall_s = wall_s
        judged = ev.Judged(trial=1, verdict=Verdict.BASELINE)
        self.trials = {
            1: Trial(
                number=1, key="b", candidate="c", title="b", operator="baseline", state=TrialState.COMPLETE, score=1.0,
                folds=5, wall_s=fold_s, judgement=judged,
            )
        }  # fmt: skip

    @property
    def metric(self):  # type: ignore[no-untyped-def]
        return RMSE


# --- steps -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("limits", "history", "steps"),
    [
        (Limits(), None, None),
        (Limits(tokens=1_000, cost_usd=Decimal(1)), None, None),
        (Limits(trials=12), None, (12, 12)),
        (Limits(trials=12, goal=0.5), None, (0, 12)),
        (Limits(trials=12), Past(steps=5, wall_s=100, fold_s=2), (7, 7)),
        (Limits(trials=3), Past(steps=5, wall_s=100, fold_s=2), (0, 0)),
        # 13 s a step at the fastest; 60 s and a twentieth of the time limit at the slowest, in seven tenths of it.
        (Limits(wall_s=600), None, (4, 47)),
        (Limits(wall_s=600, workers=2), None, (9, 93)),
        (Limits(wall_s=600, workers=2, trials=20), None, (9, 20)),
        # 8 + 2 s at the fastest, 60 s and four times five folds of 2 s at the slowest, in the 500 s that are left.
        (Limits(wall_s=600), Past(steps=5, wall_s=100, fold_s=2), (3, 50)),
        (Limits(wall_s=600), Past(steps=5, wall_s=700, fold_s=2), (0, 0)),
    ],
)
def test_how_many_steps_are_to_come(limits: Limits, history: History | None, steps: Range | None) -> None:
    assert steps_ahead(limits, history) == steps


@pytest.mark.parametrize(
    ("limits", "expected"),
    [
        (Limits(trials=1), {"baseline": (1, 1)}),
        (Limits(trials=2), {"baseline": (2, 2)}),
        (Limits(trials=4), {"baseline": (2, 2), "draft": (1, 2), "improve": (0, 1), "debug": (0, 2)}),
        (
            Limits(trials=16),
            {"baseline": (2, 2), "draft": (8, 9), "ablate": (1, 4), "improve": (1, 5), "debug": (0, 14)},
        ),
    ],
)
def test_how_many_questions_the_tree_puts(limits: Limits, expected: dict[str, Range]) -> None:
    told = Tree().forecast(limits)
    assert told is not None
    assert {role: questions for role, questions in told.items() if questions != (0, 0)} == expected


STAR = StarOptions(research=1)


def star(limits: Limits, history: History | None = None) -> dict[str, Range]:
    told = MleStar(STAR).forecast(limits, history)
    assert told is not None
    return told


def test_mle_star_foresees_no_more_than_its_time_allows() -> None:
    unbounded, day, quarter, minute = (star(Limits(wall_s=wall_s)) for wall_s in (None, 86_400.0, 900.0, 60.0))
    assert day == {role: (min(few, day[role][0]), most) for role, (few, most) in unbounded.items()}, (
        "all of it, in a day"
    )
    assert unbounded["plan"] == (2 * 2 * 3, 2 * 4 * 3)
    # In a quarter of an hour 8 + 5 s a plan at the fastest do not allow that many; at the slowest there is none.
    assert 0 < quarter["plan"][1] < unbounded["plan"][1]
    assert quarter["plan"][0] == 0
    # The sizes may shrink to one path with one model.
    assert quarter["init"] == (1, 8)
    assert quarter["ensemble"][0] == 0
    assert (minute["research"], minute["code"], minute["ensemble"]) == ((1, 2), (0, 0), (0, 0))
    for bounded in (day, quarter, minute):
        assert all(few <= most <= unbounded[role][1] for role, (few, most) in bounded.items())


def test_more_workers_and_faster_folds_let_mle_star_get_further() -> None:
    slow, wide = star(Limits(wall_s=900)), star(Limits(wall_s=900, workers=4))
    assert sum(most for _, most in wide.values()) > sum(most for _, most in slow.values())
    brisk = star(Limits(wall_s=900), Past(steps=2, wall_s=20, fold_s=0.5))
    heavy = star(Limits(wall_s=900), Past(steps=2, wall_s=20, fold_s=60))
    assert brisk["code"][1] > heavy["code"][1]
    assert brisk["code"][0] >= heavy["code"][0]


def test_a_run_of_mle_star_whose_time_is_used_asks_nothing_more() -> None:
    assert set(star(Limits(wall_s=600), Past(steps=4, wall_s=600, fold_s=1)).values()) == {(0, 0)}


@pytest.mark.parametrize("wall_s", [400.0, 2_000.0])
def test_a_run_of_mle_star_puts_as_many_questions_as_its_time_was_foreseen_to_allow(
    tmp_path: Path, wall_s: float
) -> None:
    """Answers take from the fastest to the slowest that is assumed."""
    clock = FakeClock()
    turn = itertools.cycle((ANSWER_S[0], 20.0, ANSWER_S[1] / 2))

    def in_time(request: Request[Any]) -> Scripted:
        clock.advance(next(turn))
        return answer(request)

    limits = Limits(wall_s=wall_s)
    options = StarOptions(models=2, outer=2, inner=2, paths=1, rounds=2)
    made = Bench(tmp_path, strategy=MleStar(options), answers=in_time, clock=clock, limits=limits, k=2)
    told = made.strategy.forecast(limits)  # type: ignore[union-attr]
    made.open()._search()
    put = Counter(request.role for request in made.model.requests)
    for role, (fewest, most) in told.items():
        assert fewest <= put[role] <= most, role


def test_nobody_knows_how_far_an_unbounded_run_goes() -> None:
    assert Tree().forecast(Limits(cost_usd=Decimal(5))) is None


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("trials", [7, 16])
def test_a_run_puts_as_many_questions_as_were_foreseen(tmp_path: Path, trials: int, workers: int) -> None:
    limits = Limits(trials=trials, workers=workers)
    strategy = Tree(TreeOptions(drafts=3))
    bench = Bench(tmp_path, limits=limits, strategy=strategy)
    bench.open()._search()
    put = Counter(request.role for request in bench.model.requests)
    told = strategy.forecast(limits)
    assert told is not None
    outside = {role: (put[role], told[role]) for role in told if not told[role][0] <= put[role] <= told[role][1]}
    assert outside == {}
    assert set(put) <= set(told)
    assert strategy.forecast(limits, bench.session.view()) == {role: (0, 0) for role in told}


# --- prompts ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", sorted(ROLES))
@pytest.mark.parametrize("fullness", [SPARSE, FULL])
def test_every_role_has_a_typical_prompt(role: str, fullness: Fullness) -> None:
    brief = typical_brief(INCOME, empty_profile(), small_machine(), fullness)
    inputs = typical_inputs(ROLES[role].inputs, brief, fullness)
    assert Prompts().render(role, inputs)


def test_prompts_grow_with_the_run() -> None:
    sizes = PromptSizes(Prompts(), INCOME, empty_profile(), small_machine())
    for role in ("draft", "improve", "ablate", "debug"):
        short, long = sizes.tokens(role)
        assert 300 < short < long - 500


def test_a_prompt_of_ones_own_is_the_one_that_is_measured(tmp_path: Path) -> None:
    (tmp_path / "draft.yaml").write_text(f"system: {'long ' * 5_000}\n", encoding="utf-8")
    shipped, own = (
        PromptSizes(Prompts(overrides=folder), INCOME, empty_profile(), small_machine()).tokens("draft")[0]
        for folder in (None, tmp_path)
    )
    assert own > shipped + 5_000


def test_a_role_that_nobody_knows_is_taken_for_an_improvement() -> None:
    sizes = PromptSizes(Prompts(), INCOME, empty_profile(), small_machine())
    assert sizes.tokens("no-such-role") == sizes.tokens("improve")
    assert 0 < reply_tokens("no-such-role")[0] < reply_tokens("no-such-role")[1]


def test_a_reply_of_words_is_shorter_than_one_of_code() -> None:
    assert reply_tokens("plan")[1] < reply_tokens("code")[1] < reply_tokens("ablate")[1]


# --- money -----------------------------------------------------------------------------------------------------------


def test_what_questions_cost() -> None:
    told = forecast({"draft": (2, 3), "improve": (0, 5)}, lambda role: (1_000, 2_000), PRICES)
    assert told.questions == (2, 8)
    draft, improve = reply_tokens("draft"), reply_tokens("improve")
    low, high = 2 * (1_000 + draft[0]), 3 * (2_000 + draft[1]) + 5 * (2_000 + improve[1])
    assert told.tokens == (low, high)
    assert told.cost_usd == (
        Decimal(2 * (1_000 + 10 * draft[0])) / 1_000_000,
        Decimal(8 * 2_000 + 10 * (3 * draft[1] + 5 * improve[1])) / 1_000_000,
    )


@pytest.mark.parametrize("prices", [PRICES, Prices(), None])
@pytest.mark.parametrize("expected", [{}, {"draft": (0, 0)}])
def test_no_questions_cost_nothing_whatever_the_price(prices: Prices | None, expected: dict[str, Range]) -> None:
    told = forecast(expected, lambda role: (10**6, 10**7), prices)
    assert told.cost_usd == (0, 0)
    assert told.tokens == (0, 0)


def test_unknown_is_unknown() -> None:
    assert forecast({"draft": (1, 2)}, lambda role: (10, 20), Prices()).cost_usd is None
    unbounded = forecast(None, lambda role: (10, 20), PRICES)
    assert (unbounded.questions, unbounded.tokens, unbounded.cost_usd) == (None, None, None)


ranges = st.tuples(st.integers(0, 200), st.integers(0, 200)).map(lambda pair: (min(pair), max(pair)))


@given(st.dictionaries(st.sampled_from(sorted(ROLES)), ranges), ranges)
def test_a_forecast_is_the_sum_of_its_roles_and_its_low_end_is_not_above_its_high_end(
    expected: dict[str, Range], size: Range
) -> None:
    told = forecast(expected, lambda role: size, PRICES)
    assert told.cost_usd is not None
    assert told.roles is not None
    alone = [forecast({role: questions}, lambda role: size, PRICES).cost_usd for role, questions in expected.items()]
    for end in (0, 1):
        assert told.cost_usd[end] == sum(cost[end] for cost in alone if cost is not None)
    assert 0 <= told.cost_usd[0] <= told.cost_usd[1]
    assert (told.cost_usd[1] == 0) == (told.questions == (0, 0))


def test_the_playbook_costs_nothing_and_is_not_measured(tmp_path: Path) -> None:
    # There are no data in the folder: measuring prompts would fail.
    assert foresee(regression_task(tmp_path), RunOptions(limits=Limits(wall_s=60))) == Forecast(prices=None)


def test_what_is_left_of_a_run_is_foreseen_by_the_prices_of_its_start(tmp_path: Path) -> None:
    options = RunOptions(limits=Limits(trials=3), model="openai:x")
    task = regression_task(tmp_path / "data")
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "train.csv").write_text("id,y\n" + "".join(f"{i},{i % 7}\n" for i in range(60)))
    (tmp_path / "data" / "test.csv").write_text("id\n60\n61\n")
    (tmp_path / "run.json").write_text(json.dumps({"task": encode(task), "options": encode(options)}))
    writer = RunWriter("half-crane", task, model="openai:x", limits=options.limits)
    writer.add(ev.RunResumed(prices=PRICES))
    writer.add(ev.StepFinished(step=0))
    FileJournal(tmp_path / "events.jsonl").append(writer.events)
    rest = foresee_rest(tmp_path)
    assert rest.prices == PRICES
    assert rest.questions == (1, 2)  # the draft, and a repair perhaps
    assert foresee_rest(tmp_path, Limits(trials=1)).cost_usd == (0, 0)
