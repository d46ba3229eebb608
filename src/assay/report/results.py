"""The middle of a report: method, results, and what mattered."""

from __future__ import annotations

from assay.journal.history import Trial
from assay.report.diffs import MOST_CHARACTERS, patch
from assay.report.document import (
    Block,
    Cell,
    Code,
    Column,
    Paragraph,
    Plot,
    Said,
    Section,
    Table,
    Tag,
)
from assay.report.facts import Facts
from assay.report.formatting import MISSING, format_score
from assay.report.numbers import pair_name
from assay.report.prose import clean, clean_line
from assay.report.telling import Teller

IDEA = Column("Idea, in its author's words")


def method_section(teller: Teller) -> Section | None:
    """Return how the winner works, with the difference from the baseline; None without a winner."""
    facts = teller.facts
    winner = facts.winner
    if winner is None or winner.score is None:
        return None
    blocks: list[Block] = [Paragraph(_origin(teller, winner))]
    if winner.plan.strip():
        author = "Assay" if winner.operator == "blend" and not winner.step else teller.author
        blocks.append(teller.placed(winner.plan, author, winner.number))
    candidate = facts.candidate(winner)
    baseline = facts.baseline
    if candidate is None:
        blocks.append(Paragraph(("The winner's files are missing from this run folder.",), warning=True))
        return Section(name="method", title="Method of the winner", blocks=tuple(blocks))
    other = facts.candidate(baseline) if baseline is not None and baseline.number != winner.number else None
    if other is not None and baseline is not None:
        text = patch(other, candidate, old_name=f"trial-{baseline.number}", new_name=f"trial-{winner.number}")
        blocks.append(Code(summary=f"Difference from the baseline #{baseline.number}", text=text, language="diff"))
    for name, text in sorted(candidate.files.items(), key=lambda item: item[0] != candidate.entry):
        shown = clean_line(name, 120)
        language = "python" if name.endswith(".py") else ""
        blocks.append(Code(summary=f"The winner's {shown}", text=clean(text, MOST_CHARACTERS), language=language))
    return Section(name="method", title="Method of the winner", blocks=tuple(blocks))


def results_section(teller: Teller) -> Section | None:
    """Return the table of the best with paired differences, and the curves; None when nothing was scored."""
    facts = teller.facts
    if not facts.ranking:
        return None
    table = Table(
        columns=(
            Column("#", right=True),
            IDEA,
            Column(f"{facts.metric.name} ± SE", right=True),
            Column("Gain over baseline", right=True),
            Column("Against the winner", right=True),
            Column("Verdict"),
            Column("Claimed by the script", right=True),
            Column("Fold time", right=True),
        ),
        rows=tuple(_row(teller, trial) for trial in _leaders(facts)),
        caption=(
            "Scores are means over the search folds, graded by Assay; SE is the standard error over folds. Gains are "
            "paired by fold, positive is better, with a standard error corrected for the overlap of the folds. What a "
            "script claims of itself is never ranked.",
            " (3/5) marks a trial dropped after 3 of 5 folds." if _dropped(facts) else "",
        ),
    )
    blocks: list[Block] = [table]
    if len(facts.ranking) > 1:
        blocks.append(Plot(name="progress", alt="Score of every trial over time, with the best so far"))
    if _compares(facts):
        blocks.append(Plot(name="paired", alt="Gain of the winner over the baseline on every fold"))
        blocks.append(Paragraph(_effect(teller)))
    if facts.sealed is not None:
        blocks.append(Plot(name="sealed", alt="Search score of the winner beside its score on the sealed holdout"))
    return Section(name="results", title="Results", blocks=tuple(blocks))


def mattered_section(teller: Teller) -> Section | None:
    """Return what ablations showed; None when there were none."""
    facts = teller.facts
    if not facts.ablated:
        return None
    blocks: list[Block] = []
    for number, whole in enumerate(facts.ablated[:3]):
        found = facts.ablations(whole)
        blocks.append(Paragraph(("Parts of ", *teller.named(whole), ", each left out or made plain:")))
        if number == 0 and any(paired is not None for _, paired in found):
            blocks.append(Plot(name="ablation", alt="What each part of the script is worth"))
        blocks.append(
            Table(
                columns=(
                    Column("Part"),
                    Column("What stands in its place"),
                    Column("Worth", right=True),
                    Column("Better with it", right=True),
                    Column("#", right=True),
                ),
                rows=tuple(_part(teller, variant, scored=paired is not None) for variant, paired in found),
                caption=(
                    "Worth is the paired gain of the whole over the script without the part. One part at a time.",
                ),
            )
        )
    return Section(name="mattered", title="What mattered", blocks=tuple(blocks))


def _origin(teller: Teller, winner: Trial) -> Cell:
    known = teller.facts.history.trials
    parents = [known[n] for n in winner.parents if n in known]
    cell: Cell = (*teller.named(winner), f" was made by the operator {clean_line(_operator(winner), 40)}")
    for index, parent in enumerate(parents[:6]):
        cell = (*cell, " from " if index == 0 else ", ", teller.ref(parent))
    return (*cell, ".")


def _operator(trial: Trial) -> str:
    return trial.operator.replace("_", " ") or "unknown"


def _leaders(facts: Facts) -> list[Trial]:
    shown = facts.ranking[: facts.top]
    numbers = {trial.number for trial in shown}
    extra = [facts.winner, *facts.baselines]
    return shown + [t for t in extra if t is not None and t.ranks and t.number not in numbers]


def _row(teller: Teller, trial: Trial) -> tuple[Cell, ...]:
    facts = teller.facts
    claim = facts.claim(trial)
    claimed: Cell = (MISSING,)
    if claim is not None:
        claimed = teller.score(f"trial.{trial.number}.claimed")
        claimed = (*claimed, " ", Tag("differs")) if claim.differs else claimed
    winner = facts.winner
    against: Cell = ("winner",)
    if winner is not None and winner.number != trial.number:
        against = teller.gain_over(trial, winner)
    return (
        (teller.ref(trial),),
        teller.idea(trial),
        (*teller.measured(trial), *_raced(facts, trial)),
        ("baseline",) if trial is facts.baseline else teller.gain_over(trial, facts.baseline),
        against,
        teller.verdict(trial),
        claimed,
        teller.duration(f"trial.{trial.number}.wall_s"),
    )


def _raced(facts: Facts, trial: Trial) -> Cell:
    most = max((t.folds for t in facts.ranking), default=0)
    return (f" ({trial.folds}/{most})",) if trial.folds < most else ()


def _dropped(facts: Facts) -> bool:
    return len({trial.folds for trial in facts.ranking}) > 1


def _compares(facts: Facts) -> bool:
    winner, baseline = facts.winner, facts.baseline
    return winner is not None and baseline is not None and facts.paired(winner, baseline) is not None


def _effect(teller: Teller) -> Cell:
    facts = teller.facts
    winner, baseline = facts.winner, facts.baseline
    if winner is None or baseline is None:
        return ()
    name = pair_name(winner, baseline)
    cell: Cell = ("Paired gain of ", teller.ref(winner), " over ", teller.ref(baseline), ": ", *teller.gain(name))
    paired = facts.paired(winner, baseline)
    if paired is not None and paired.undefined:
        return (*cell, f"; its error is undefined, since {paired.undefined}.")
    cell = (*cell, ", 95 % interval ", *teller.interval(name), ", better on ", *teller.folds_better(name), ".")
    return (*cell, *_in_deviations(teller, name))


def _in_deviations(teller: Teller, name: str) -> Cell:
    """Return the gain measured by what it varies by from fold to fold."""
    if f"{name}.d" not in teller.ledger:
        return ()
    numbers = [f"{name}.{key}" for key in ("d", "d_low", "d_high")]
    d, low, high = (teller.ledger.cite(n, format_score(float(teller.ledger[n].value), decimals=1)) for n in numbers)
    return (" Cohen's d of these gains is ", d, ", 95 % interval ", low, " to ", high, ".")


def _part(teller: Teller, variant: Trial, *, scored: bool) -> tuple[Cell, ...]:
    name = f"ablation.{variant.number}"
    worth: Cell = teller.gain(name) if scored else ("no score",)
    better: Cell = teller.folds_better(name) if scored else (MISSING,)
    plan: Cell = (Said(clean_line(variant.plan, 160)),)
    return (teller.idea(variant), plan, worth, better, (teller.ref(variant),))
