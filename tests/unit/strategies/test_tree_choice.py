"""What a step of the tree does is a pure function of its history, its number and its generator."""

from __future__ import annotations

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from assay.core.trial import TrialState
from assay.journal.history import History, Trial
from assay.strategies.tree import TreeOptions, choose, drafts_before, is_draft
from support.tasks import RMSE

OPTIONS = TreeOptions(drafts=3, draft_every=4, beam=2, patience=2)


class Past(History):
    """A history made of trials alone."""

    def __init__(self, *trials: Trial) -> None:
        super().__init__()
        self.trials = {trial.number: trial for trial in trials}

    @property
    def metric(self):  # type: ignore[no-untyped-def]
        return RMSE


def trial(number: int, operator: str, score: float | None, *parents: int, counts: bool = True) -> Trial:
    return Trial(
        number=number,
        key=f"step-{number}",
        candidate="c",
        title="t",
        operator=operator,
        parents=parents,
        counts=counts,
        state=TrialState.FAILED if score is None else TrialState.COMPLETE,
        score=score,
        folds=3,
    )


DRAFTED = (
    trial(0, "baseline", 3.0),
    trial(1, "baseline", 2.0),
    trial(2, "draft", 1.5),
    trial(3, "draft", 1.2),
    trial(4, "draft", None),
)


def test_the_baselines_come_first_and_then_the_drafts() -> None:
    operators = [choose(Past(), n, Random(0), OPTIONS).operator for n in range(5)]
    assert operators == ["constant", "boosting", "draft", "draft", "draft"]


def test_drafts_are_counted_without_a_gap() -> None:
    numbers = [n for n in range(40) if is_draft(n, OPTIONS)]
    assert [drafts_before(n, OPTIONS) for n in numbers] == list(range(len(numbers)))


def test_the_best_is_ablated_once_before_it_is_improved() -> None:
    action = choose(Past(*DRAFTED), 6, Random(0), OPTIONS)
    assert (action.operator, action.parent) == ("ablate", 3)
    studied = Past(*DRAFTED, trial(5, "ablate", 1.4, 3, counts=False))
    assert choose(studied, 6, Random(0), OPTIONS).operator == "improve"


def test_what_was_ablated_is_improved_next_whatever_the_generator_says() -> None:
    studied = Past(*DRAFTED, trial(5, "ablate", 1.4, 2, counts=False))
    assert {choose(studied, 7, Random(seed), OPTIONS).parent for seed in range(20)} == {2}
    improved = Past(*DRAFTED, trial(5, "ablate", 1.4, 2, counts=False), trial(6, "improve", 1.6, 2))
    assert {choose(improved, 7, Random(seed), OPTIONS).parent for seed in range(20)} == {2, 3}


def test_a_small_bound_on_trials_leaves_half_of_them_to_improvements() -> None:
    options = TreeOptions()
    assert [options.within(trials).drafts for trials in (None, 3, 4, 6, 8, 40)] == [6, 1, 1, 2, 3, 6]


def test_a_parent_whose_improvements_led_nowhere_is_left_alone() -> None:
    flat = [trial(n, "improve", 1.9, 3) for n in (6, 7)]
    studied = Past(*DRAFTED, *flat, trial(5, "ablate", 1.4, 3, counts=False))
    parents = {choose(studied, 5, Random(seed), OPTIONS).parent for seed in range(20)}
    assert parents == {2}


def test_only_trials_that_rank_become_parents() -> None:
    failed = Past(trial(0, "baseline", None), trial(1, "baseline", None), trial(2, "draft", None))
    assert choose(failed, 5, Random(0), OPTIONS).operator == "draft"


@given(st.integers(0, 200), st.integers(0, 2**32))
def test_equal_pasts_give_equal_choices(number: int, seed: int) -> None:
    past = Past(*DRAFTED)
    assert choose(past, number, Random(seed), OPTIONS) == choose(past, number, Random(seed), OPTIONS)


@given(st.integers(5, 200), st.integers(0, 2**32))
def test_a_parent_is_always_a_trial_of_the_history(number: int, seed: int) -> None:
    action = choose(Past(*DRAFTED), number, Random(seed), OPTIONS)
    assert action.operator in ("draft", "ablate", "improve")
    assert (action.operator == "draft") == (action.parent is None)
    assert action.parent in (None, 2, 3)
