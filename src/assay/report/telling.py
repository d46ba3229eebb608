"""Telling: turns facts and numbers into inline content. Every figure that passes through here cites its evidence."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from assay.core.trial import Verdict
from assay.journal.history import Trial
from assay.report.document import Block, Cell, Document, Items, Num, Paragraph, Quotation, Said, Tag, TrialRef
from assay.report.facts import Facts, State
from assay.report.formatting import (
    MISSING,
    error_decimals,
    format_bytes,
    format_count,
    format_duration,
    format_gain,
    format_money,
    format_score,
    format_spread,
    score_decimals,
)
from assay.report.ledger import Ledger
from assay.report.lineage import Part
from assay.report.numbers import pair_name
from assay.report.prose import check_prose, clean, clean_line, unbacked_numbers

UNVERIFIED = Tag("unverified")

VERDICTS = {
    Verdict.BASELINE: "what the others are measured against",
    Verdict.REAL: "beyond the noise, significant over the whole search, better on every fresh partition",
    Verdict.MAYBE: "better, but not all of what a real gain must show",
    Verdict.NOISE: "inside the noise, or not better",
    Verdict.REJECTED: "an integrity check fired",
}


@dataclass(frozen=True)
class Teller:
    """Says things about a run.

    Args:
        facts: What there is to say.
        ledger: The evidence.
    """

    facts: Facts
    ledger: Ledger

    @cached_property
    def decimals(self) -> int:
        """Decimals of every score in the report: up to the second digit of the best one's standard error."""
        ranking = self.facts.ranking
        error = ranking[0].std_error if ranking else None
        return error_decimals(error) if error else score_decimals([t.score for t in ranking])

    @cached_property
    def gain_decimals(self) -> int:
        """Decimals of every paired gain: those of the scores, or more where the winner's gain has a finer error."""
        winner, baseline = self.facts.winner, self.facts.baseline
        name = pair_name(winner, baseline) + ".std_error" if winner is not None and baseline is not None else ""
        error = float(self.ledger[name].value) if name in self.ledger else None
        return max(self.decimals, error_decimals(error) - 1) if error else self.decimals

    @property
    def author(self) -> str:
        """Who answered the roles of this run."""
        started = self.facts.history.started
        return started.model if started else "the model"

    # --- figures -------------------------------------------------------------------------------------------------

    def score(self, name: str) -> Cell:
        """Return a figure in the metric's unit, or a dash; one of the sealed check no finer than its own error."""
        decimals = self.decimals
        if name.startswith("sealed.") and "sealed.std_error" in self.ledger:
            decimals = min(decimals, error_decimals(float(self.ledger["sealed.std_error"].value) or 1.0) + 1)
        return self._cite(name, lambda value: format_score(value, decimals=decimals))

    def spread(self, name: str) -> Cell:
        """Return ` ± 0.0012` for a standard error, or nothing."""
        if name not in self.ledger:
            return ()
        text = format_spread(float(self.ledger[name].value), decimals=self.decimals)
        return (" ", self.ledger.cite(name, text))

    def measured(self, trial: Trial) -> Cell:
        """Return a trial's search score with its standard error."""
        return (*self.score(f"trial.{trial.number}.score"), *self.spread(f"trial.{trial.number}.std_error"))

    def gain(self, name: str) -> Cell:
        """Return a paired gain with its standard error, or a dash."""
        if f"{name}.mean" not in self.ledger:
            return (MISSING,)
        mean = float(self.ledger[f"{name}.mean"].value)
        error_name = f"{name}.std_error"
        error = float(self.ledger[error_name].value) if error_name in self.ledger else None
        text, _, spread = format_gain(mean, error, decimals=self.gain_decimals).partition(" ")
        told: Cell = (self.ledger.cite(f"{name}.mean", text),)
        return (*told, " ", self.ledger.cite(error_name, spread)) if spread else told

    def gain_over(self, trial: Trial, other: Trial | None) -> Cell:
        """Return the paired gain of one trial over another, or a dash."""
        if other is None or other.number == trial.number:
            return (MISSING,)
        return self.gain(pair_name(trial, other))

    def folds_better(self, name: str) -> Cell:
        """Return `5 of 5 folds`."""
        better, folds = self.count(f"{name}.better"), self.count(f"{name}.folds")
        return (*better, " of ", *folds, " folds")

    def interval(self, name: str) -> Cell:
        """Return `0.870 to 0.892`."""
        return (*self.score(f"{name}.low"), " to ", *self.score(f"{name}.high"))

    def parts(self, parts: tuple[Part, ...]) -> Cell:
        """Return a sentence about the way to the winner, its trials linked and its gains cited."""
        cell: Cell = ()
        for part in parts:
            if isinstance(part, str):
                cell = (*cell, part)
            elif isinstance(part, Trial):
                cell = (*cell, self.ref(part))
            else:
                text = format_score(part.value, decimals=max(self.gain_decimals, score_decimals([part.value]) - 1))
                cell = (*cell, self.ledger.cite(f"judged.{part.trial}.effect", text))
        return cell

    def count(self, name: str, noun: str = "", plural: str = "") -> Cell:
        """Return a count, with its noun if there is one."""
        return self._cite(name, lambda n: format_count(int(n), noun, plural) if noun else f"{int(n):,}")

    def duration(self, name: str) -> Cell:
        """Return a time span."""
        return self._cite(name, format_duration)

    def size(self, name: str) -> Cell:
        """Return a number of bytes."""
        return self._cite(name, format_bytes)

    def money(self, name: str = "run.cost_usd", *, unpriced: int | None = None) -> Cell:
        """Return an amount in dollars, as a lower bound where the price of `unpriced` requests is unknown.

        Args:
            name: The amount's id.
            unpriced: Those requests; None stands for those of the whole run in the run's own amount, else for 0.
        """
        from decimal import Decimal

        if unpriced is None:
            unpriced = self.facts.history.usage.unpriced if name == "run.cost_usd" else 0
        if name not in self.ledger:
            return (format_money(None, unpriced),)
        return (self.ledger.cite(name, format_money(Decimal(str(self.ledger[name].value)), unpriced)),)

    def _cite(self, name: str, text: object) -> Cell:
        if name not in self.ledger:
            return (MISSING,)
        value = self.ledger[name].value
        told: Num = self.ledger.cite(name, text(float(value)))  # type: ignore[operator]
        return (told,)

    # --- words of others -----------------------------------------------------------------------------------------

    def said(self, text: str, limit: int = 90) -> Cell:
        """Return a few words of a candidate's author for use in a sentence, marked if they hold an unbacked number."""
        line = clean_line(text, limit)
        marked = unbacked_numbers(line, self.ledger.graded())
        return (Said(line), " ", UNVERIFIED) if marked else (Said(line),)

    def placed(self, text: str, author: str, trial: int) -> Block:
        """Return prose of a trial's author as a quotation, marked where it holds numbers that nothing backs."""
        prose = clean(text, 4000).strip()
        unbacked = unbacked_numbers(prose, self.ledger.graded(trial))
        return Quotation(text=prose, author=author, unbacked=unbacked)

    def ref(self, trial: Trial) -> TrialRef:
        """Return the name of a trial, linked to its folder if it has one."""
        return TrialRef(trial.number, self.facts.folder(trial))

    def named(self, trial: Trial) -> Cell:
        """Return `#14 "stack with a ridge"` for a sentence."""
        return (self.ref(trial), " ", *self.said(trial.title)) if trial.title else (self.ref(trial),)

    def idea(self, trial: Trial) -> Cell:
        """Return a trial's title for a table whose head says whose words it holds."""
        return (Said(clean_line(trial.title, 90)),)

    def verdict(self, trial: Trial) -> Cell:
        """Return a trial's verdict with its folds, or its state."""
        if trial.verdict is None:
            return (Tag(str(trial.state)),)
        judged = trial.judgement
        if judged is None or judged.same_sign is None or judged.folds is None or trial.verdict is Verdict.REJECTED:
            return (Tag(str(trial.verdict)),)
        return (Tag(str(trial.verdict)), f" {judged.same_sign}/{judged.folds}")

    # --- the run -------------------------------------------------------------------------------------------------

    @property
    def direction(self) -> str:
        """`higher is better` or `lower is better`."""
        return f"{self.facts.metric.direction} is better"

    def stopped_by(self) -> str:
        """Return what ended the run, in words."""
        end, limits = self.facts.history.finished, self.facts.history.limits
        if end is None:
            return "nothing yet: the run is going on" if self.facts.state is State.RUNNING else "an interruption"
        reasons = {
            "trials": f"the limit of {limits.trials} trials",
            "time": f"the time limit of {format_duration(limits.wall_s).removesuffix('00s')}",
            "cost": f"the money limit of {format_money(limits.cost_usd)}",
            "tokens": f"the limit of {limits.tokens or 0:,} tokens",
            "goal": f"the goal of {format_score(limits.goal)}",
            "user": "the user",
            "finish-up": "the finish that the user had planned",
            "stage": "the one stage that was asked for, which is done",
            "exhausted": "the strategy, which had nothing left to try",
        }
        return reasons.get(end.stopped_by, f"error {clean_line(end.stopped_by, 60)}")


def verify(document: Document, ledger: Ledger) -> None:
    """Return if no sentence of the report holds somebody's unbacked number unmarked.

    Raises:
        UnbackedNumber: A sentence does; the report must not be written.
    """
    numbers = ledger.graded()
    cells = [document.answer, *(cell for _, cell in document.box.rows)]
    blocks = [block for section in document.sections for block in section.blocks]
    cells += [block.parts for block in blocks if isinstance(block, Paragraph)]
    cells += [item for block in blocks if isinstance(block, Items) for item in block.items]
    for cell in cells:
        for index, part in enumerate(cell):
            if isinstance(part, Said) and UNVERIFIED not in cell[index + 1 : index + 3]:
                check_prose(part.text, numbers)
