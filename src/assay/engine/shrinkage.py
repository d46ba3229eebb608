"""Shrinkage: what the best of many search scores is worth once its luck is taken out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

from assay.engine.noise import NoiseFloor

_REACH = 4.0
"""Noise deviations within which another candidate could in truth be as good as the winner."""


@dataclass(frozen=True, kw_only=True)
class Shrunk:
    """The winner's search score with its optimism taken out, and what that rests on."""

    score: float
    """The estimate; equal to the search score when nothing could be estimated."""
    tried: int
    """Candidates with a search score, the winner included."""
    rivals: int
    """Those near enough to have been the winner by other luck, itself included."""
    reason: str = ""
    """Why the score was left as it is; empty when it was shrunk."""


def shrunk_score(winner: float, scores: Sequence[float], noise: NoiseFloor, *, fresh: Sequence[float] = ()) -> Shrunk:
    """Estimate what the winner of a search would score on a fresh partition of the same rows.

    The best of N noisy scores is best partly by luck. Two sources take that out. (1) Empirical Bayes, the positive-part
    James-Stein estimator towards the mean of the winner's rivals: those within four noise deviations of it, since a
    candidate further off was no competitor and would only dilute the estimate. Under a normal prior the posterior mean
    is not biased by having selected the maximum. (2) The winner's mean scores on fresh partitions, which selected
    nothing. They are joined by precision, and the result stays within one standard error of (2): a winner that truly
    stands out of a tight field breaks the normal prior, and limited translation caps what that costs.

    With all rivals equal the whole gap to their mean goes; a winner far above a tight field is shrunk too much by (1)
    alone, so without fresh runs read the result as cautious. It speaks of the same rows; the sealed holdout of others.

    Args:
        winner: The winner's mean score over the search folds.
        scores: Search scores of all candidates that were scored on all folds, the winner's among them.
        noise: The measured noise. One candidate's mean has half its variance.
        fresh: The winner's mean score on each fresh partition; may be empty.

    References:
        B. Efron and C. Morris, "Stein's estimation rule and its competitors", JASA 68 (1973) 117-130; B. Efron,
        "Tweedie's formula and selection bias", JASA 106 (2011) 1602-1614, for its immunity to selection; B. Efron and
        C. Morris, "Limiting the risk of Bayes and empirical Bayes estimators II", JASA 67 (1972) 130-139.
    """
    if noise.deviation is None:
        return Shrunk(score=winner, tried=len(scores), rivals=0, reason=noise.reason)
    variance = noise.deviation**2 / 2.0
    rivals = [score for score in scores if abs(score - winner) <= _REACH * noise.deviation]
    center, kept = winner, 1.0
    if len(rivals) > 3:
        center = fmean(rivals)
        spread = sum((score - center) ** 2 for score in rivals)
        kept = max(0.0, 1.0 - (len(rivals) - 3) * variance / spread) if spread else 0.0
    elif not fresh:
        return Shrunk(
            score=winner, tried=len(scores), rivals=len(rivals), reason="too few rivals to estimate luck from"
        )
    estimate = center + kept * (winner - center)
    if fresh:
        error = variance / len(fresh)
        joined = (estimate * error + fmean(fresh) * kept * variance) / (error + kept * variance)
        limit = math.sqrt(error)
        estimate = fmean(fresh) + min(limit, max(-limit, joined - fmean(fresh)))
    return Shrunk(score=estimate, tried=len(scores), rivals=len(rivals))
