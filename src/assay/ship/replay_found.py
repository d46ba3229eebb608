"""What a replay came to: what was decided again, what came out otherwise, and what was not looked at."""

from __future__ import annotations

from dataclasses import dataclass, field

from assay.ship.kept import Kept


@dataclass(frozen=True, kw_only=True)
class Difference:
    """One thing that came out otherwise."""

    what: str
    """`question` (its words), `asked` (whether at all), `candidate`, `score`, `state`, `verdict`, `noise`, `blend`,
    `winner`, `sealed`, or `report` (a number of it)."""
    where: str
    """Key, or number of the trial."""
    then: str
    now: str

    @property
    def decides(self) -> bool:
        """Whether it is a decision; the words of a question also tell what the machine has, which may be another."""
        return self.what != "question"


@dataclass(kw_only=True)
class Replay:
    """What walking the search again came to."""

    run: str
    executed: bool
    """Whether candidates were run again, in the place of the executions in the journal."""
    alone: bool
    """Whether the journal stood in for the data: grades are then those that it tells."""
    events: int
    """Events of the journal, whose chain is intact."""
    objects: Kept
    """The files that the journal names."""
    steps: int = 0
    questions: int = 0
    candidates: int = 0
    scores: int = 0
    """Scores compared: computed again, or with `alone` put together from the recorded grades."""
    verdicts: int = 0
    trials: int = 0
    """Trials of the record that were decided again to their end."""
    cut_off: int = 0
    """Trials that the end of the run had cut off, of which there is nothing to compare."""
    not_reached: tuple[int, ...] = ()
    """Trials that were not decided again, because an earlier difference led elsewhere."""
    numbers: int = 0
    """Numbers of `report.json` that the journal gives again; 0 where there is no such file."""
    differences: list[Difference] = field(default_factory=list)

    @property
    def same(self) -> bool:
        """Whether every decision came out as recorded."""
        return not self.not_reached and not any(one.decides for one in self.differences)

    @property
    def not_checked(self) -> tuple[str, ...]:
        """What nobody looked at, one sentence each."""
        told = []
        if self.alone:
            told += [
                "the grades: predictions and labels are not here, so the recorded scores were taken as they stand",
                "the weights of a blend, and what is odd about predictions: both are read from predictions",
            ]
        if not self.executed:
            told.append("the executions: nothing was run (--execute runs candidates again, where the data are)")
        told.append("the checks of the winner after the end, and trials that the end had cut off")
        if self.objects.missing:
            told.append(f"{len(self.objects.missing)} of the files that the journal names, which are not here")
        return tuple(told)
