from __future__ import annotations

import math

import pytest
from scipy import stats

from assay.core.metric import Direction, Metric, Needs
from assay.engine.arms import Arm, results

PEARSON = Metric(name="pearson", direction=Direction.HIGHER, needs=Needs.VALUES)
RMSE = Metric(name="rmse", direction=Direction.LOWER, needs=Needs.VALUES)
BASE = {f"fold-{i}": value for i, value in enumerate((0.50, 0.52, 0.48, 0.51, 0.49))}
GAINS = (0.01, 0.02, 0.03, 0.02, 0.02)
BETTER = {view: score + gain for (view, score), gain in zip(BASE.items(), GAINS, strict=True)}


def arm(name: str, scores: dict[str, float], **fields: object) -> Arm:
    return Arm(name=name, scores=scores, against=BASE, **fields)  # type: ignore[arg-type]


def test_known_folds_give_the_numbers_computed_by_hand() -> None:
    # Mean 0.02, s = sqrt(2e-4 / 4); variance of the mean (1/5 + 1/4) s²; t = 0.02 / sqrt(0.45 * 5e-5) = 4.2164.
    (found,) = results([arm("method", BETTER)], PEARSON)
    assert (found.mean, found.deviation) == pytest.approx((0.52, stats.tstd(list(BETTER.values()))))
    assert (found.gain, found.gain_percent, found.folds) == (pytest.approx(0.02), pytest.approx(4.0), 5)
    t = 0.02 / math.sqrt(0.45 * 5e-5)
    assert found.p_value == pytest.approx(stats.t.sf(t, 4))
    half = stats.t.ppf(0.975, 4) * math.sqrt(0.45 * 5e-5)
    assert (found.low, found.high) == pytest.approx((0.02 - half, 0.02 + half))
    assert found.effect == pytest.approx(0.02 / math.sqrt(5e-5))
    assert found.effect_low is not None
    assert found.effect_high is not None
    # The ends are the effects under which t = d * sqrt(n) lies at the 2.5th and the 97.5th percentile.
    observed = found.effect * math.sqrt(5)
    assert stats.nct.cdf(observed, 4, found.effect_low * math.sqrt(5)) == pytest.approx(0.975, abs=1e-6)
    assert stats.nct.cdf(observed, 4, found.effect_high * math.sqrt(5)) == pytest.approx(0.025, abs=1e-6)
    assert (found.adjusted_p, found.undefined) == (found.p_value, "")
    assert (found.name, found.scores) == ("method", BETTER)


def test_the_direction_turns_gains_and_nothing_else() -> None:
    up, down = results([arm("m", BETTER)], PEARSON)[0], results([arm("m", BETTER)], RMSE)[0]
    assert (down.gain, down.gain_percent) == pytest.approx((-0.02, -4.0))
    assert down.p_value == pytest.approx(1 - up.p_value)  # type: ignore[operator]
    assert down.mean == up.mean


def test_several_candidates_are_adjusted_for_and_baselines_are_not_counted() -> None:
    base = Arm(name="baseline", scores=BASE, against={}, baseline=True)
    worse = {view: 2 * BASE[view] - score for view, score in BETTER.items()}
    told, first, second = results([base, arm("a", BETTER), arm("b", worse)], PEARSON)
    assert (told.p_value, told.adjusted_p, told.gain, told.folds) == (None, None, None, 0)
    assert first.adjusted_p == pytest.approx(2 * first.p_value)  # type: ignore[operator]
    assert second.adjusted_p == pytest.approx(second.p_value)


@pytest.mark.parametrize(
    ("scores", "why"),
    [
        ({"fold-0": 0.6}, "at least 2 folds"),
        (dict(BASE), "identical on every fold"),
        ({view: score + 0.25 for view, score in BASE.items()}, "the same on every fold"),
        ({}, "no fold was scored for both"),
    ],
)
def test_what_has_no_test_says_why_and_has_no_number(scores: dict[str, float], why: str) -> None:
    found, other = results([arm("m", scores), arm("n", BETTER)], PEARSON)
    assert why in found.undefined
    assert (found.p_value, found.adjusted_p, found.effect, found.low) == (None, None, None, None)
    assert other.adjusted_p == other.p_value, "what has no test is not counted"
