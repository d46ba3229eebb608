"""Scores that were measured elsewhere, beside those of the search: as numbers with their evidence."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import combinations

from assay.core.metric import Metric
from assay.journal import events as ev
from assay.journal.history import Trial
from assay.report.facts import Facts
from assay.report.ledger import Ledger, Source
from assay.report.prose import clean_line

ORDER = "elsewhere.order"


@dataclass(frozen=True)
class Noted:
    """The last score that was noted for a trial at one place."""

    time: float
    """Seconds since the epoch at which it was written down."""
    trial: Trial
    score: float
    where: str

    @property
    def name(self) -> str:
        """Its id in the ledger."""
        return f"elsewhere.{self.trial.number}.{self.where}"


def noted_of(facts: Facts) -> list[Noted]:
    """Return what was noted, the last for each trial and place, in the order of trials."""
    last: dict[tuple[int, str], tuple[float, ev.ScoredElsewhere]] = {}
    for time, said in facts.history.elsewhere:
        last[said.trial, said.where] = (time, said)
    return [
        Noted(time, facts.history.trials[number], said.score, clean_line(where, 60))
        for (number, where), (time, said) in sorted(last.items())
        if number in facts.history.trials
    ]


def most_noted(facts: Facts) -> list[Noted] | None:
    """Return what was noted at the place with the most scores, of trials that the search scored; None below two."""
    scored = [noted for noted in noted_of(facts) if noted.trial.score is not None]
    if not scored:
        return None
    place, count = Counter(noted.where for noted in scored).most_common(1)[0]
    return [noted for noted in scored if noted.where == place] if count > 1 else None


def same_order(compared: list[Noted], metric: Metric) -> tuple[int, int]:
    """Return how many pairs of trials both scores put in the same order, and how many pairs neither calls equal.

    The share is that of concordant pairs (Kendall 1938), ties left out.
    """
    same = pairs = 0
    for one, other in combinations(compared, 2):
        here = metric.gain(one.trial.score or 0.0, other.trial.score or 0.0)
        there = metric.gain(one.score, other.score)
        if here and there:
            pairs += 1
            same += (here > 0) == (there > 0)
    return same, pairs


def enter_elsewhere(ledger: Ledger, facts: Facts) -> None:
    """Enter what was noted."""
    for noted in noted_of(facts):
        ledger.add(
            noted.name,
            noted.score,
            Source.ELSEWHERE,
            unit=facts.metric.name,
            trial=noted.trial.number,
            basis=f"written down by a person for {noted.where}",
        )
    compared = most_noted(facts)
    if compared is not None:
        same, pairs = same_order(compared, facts.metric)
        ledger.add(f"{ORDER}.same", same, Source.COUNTED, unit="pairs", basis="search scores against noted scores")
        ledger.add(f"{ORDER}.pairs", pairs, Source.COUNTED, unit="pairs", basis="search scores against noted scores")
