"""The blend of a run: who is in it, by what weight, and who was left out and why."""

from __future__ import annotations

from assay.grading import Blend
from assay.journal.history import Trial
from assay.report.document import Block, Cell, Column, Paragraph, Said, Section, Table
from assay.report.formatting import MISSING
from assay.report.prose import clean_line
from assay.report.telling import Teller

_MIXED = {
    "mean": "The members' numbers are averaged by these weights",
    "rank": "The ranks of the members' numbers are averaged by these weights",
    "threshold": "The members' probabilities or votes are averaged by these weights, and a threshold decides",
    "argmax": "The members' probabilities or votes are averaged by these weights, and the most likely class is taken",
    "flags": "The members vote on each label by these weights",
    "top": "The members' class probabilities are averaged by these weights, and the most likely labels are taken",
}


def blend_section(teller: Teller) -> Section | None:
    """Return who is in the blend and who is not; None when the run has not come to blending."""
    trial, blend = teller.facts.blend_trial, teller.facts.blend
    if blend is None:
        return None
    blocks: list[Block] = [Paragraph(_lead(teller, trial, blend))]
    known = teller.facts.history.trials
    rows = [_row(teller, known[n], ()) for n in blend.weights if n in known]
    rows += [_row(teller, known[n], (Said(clean_line(why, 300)),)) for n, why in blend.left_out.items() if n in known]
    if rows:
        blocks.append(
            Table(
                columns=(
                    Column("#", right=True),
                    Column("Idea, in its author's words"),
                    Column(f"{teller.facts.metric.name} ± SE", right=True),
                    Column("Weight", right=True),
                    Column("Why it was left out"),
                ),
                rows=tuple(rows),
                caption=_caption(trial),
            )
        )
    return Section(name="blend", title="What was blended", blocks=tuple(blocks))


def _lead(teller: Teller, trial: Trial | None, blend: Blend) -> Cell:
    if trial is not None:
        how = _MIXED.get(blend.rule, "The members are mixed by these weights")
        return ("The blend ", teller.ref(trial), " scores ", *teller.measured(trial), f". {how}.")
    known = teller.facts.history.trials
    alone = [known[number] for number in blend.weights if number in known]
    if len(alone) == 1:
        return ("There is no blend: no mix was better than ", *teller.named(alone[0]), " alone.")
    return ("There is no blend.",)


def _row(teller: Teller, trial: Trial, why: Cell) -> tuple[Cell, ...]:
    name = f"blend.{trial.number}.weight"
    weight: Cell = (MISSING,)
    if name in teller.ledger:
        weight = (teller.ledger.cite(name, f"{float(teller.ledger[name].value):.2f}"),)
    return ((teller.ref(trial),), teller.idea(trial), teller.measured(trial), weight, why)


def _caption(trial: Trial | None) -> Cell:
    if trial is None:
        return ()
    return (
        "Weights are chosen on stored predictions for rows whose labels the members had not seen; the blend's score "
        "on a fold is that of weights chosen without this fold. Only the best that ran on all folds are looked at.",
    )
