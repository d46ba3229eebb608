"""Guards: leaks, unused data, fitness for all rows, and a last look; and the lines that mend what they find."""

from __future__ import annotations

import re

from assay.core.plain import plain_with_error
from assay.core.task import SplitKind
from assay.models.playbook.facts import Facts, read_facts
from assay.models.playbook.star.change import Move, moves_of
from assay.models.playbook.star.leaks import leaks_in
from assay.models.playbook.star.solutions import known_mixture
from assay.models.playbook.star.usage import cuts, unnamed_columns, unread_files, with_columns, without_cuts
from assay.models.roles.star import (
    Block,
    CodeInputs,
    DataUsage,
    DataUsageInputs,
    FinalizeInputs,
    Leak,
    LeakageInputs,
    LeakageReport,
    Readiness,
    Research,
    ResearchInputs,
    ValidateInputs,
    Validation,
)

_MOST_LEAKS = 4
_LOOKED_AT = "statistics of the target on their own rows, files outside ./input, fits on joined rows with the target"
_UNSOUND = ("L03", "L04", "L06", "L11", "L15")
"""Static findings for which nobody should sign; those that surely break the rules were rejected long before."""
_FAILED = re.compile(r"\bfail(s|ed|ure)?\b", re.IGNORECASE)
_BRINGS_DATA = ("Add calendar parts", "Add text columns", "Add other columns")


def leakage(inputs: LeakageInputs) -> LeakageReport:
    """Return the leaks that the text of the script shows for certain."""
    found = leaks_in(inputs.code, inputs.brief.task)[:_MOST_LEAKS]
    remark = f"Looked at: {_LOOKED_AT}."
    if inputs.lint:
        remark += f" The static checks say: {'; '.join(inputs.lint)}."
    return LeakageReport(leaks=tuple(Leak(block=leak.block, why=leak.why) for leak in found), remark=remark)


def data_usage(inputs: DataUsageInputs) -> DataUsage:
    """Return which columns and files the script never names, or which step of the shelf brings more of them in."""
    facts = read_facts(inputs.brief)
    move = _bringing_move(inputs, facts)
    if move is not None:
        return DataUsage(complete=False, plan=f"{move.title}. {move.reason} No other step reads these columns.")
    columns = unnamed_columns(inputs.code, inputs.brief)
    files = unread_files(inputs.code, inputs.brief)
    said = []
    if columns:
        said.append(f"The script picks its columns by name and never names {', '.join(columns)}.")
        said.append("Add them to the list of features, as they are.")
    if files:
        said.append(f"It never reads {', '.join(files)}.")
        said.append("Join what they tell about a row by the row's id, if they tell anything.")
    return DataUsage(complete=not said, plan=" ".join(said))


def readiness(inputs: FinalizeInputs) -> Readiness:
    """Return whether the script throws training rows away."""
    found = cuts(inputs.winner.code, inputs.brief)
    if not found:
        return Readiness(ready=True)
    told = "; ".join(f"line {cut.line}: {cut.text}" for cut in found)
    return Readiness(ready=False, plan=f"Train on all rows. These lines throw rows away: {told}.")


def last_look(inputs: ValidateInputs) -> Validation:
    """Return whether static findings, measured checks and the text of the script speak against its score."""
    against = [text for text in inputs.lint if text.startswith(_UNSOUND)]
    against += [text for text in inputs.gate if _FAILED.search(text)]
    against += [leak.why for leak in leaks_in(inputs.winner.code, inputs.brief.task)]
    if against:
        return Validation(sound=False, reasons=tuple(against))
    score, error = inputs.winner.trial.score, inputs.winner.trial.std_error
    looked = [f"Looked at: {_LOOKED_AT}; nothing of the kind."]
    if score is not None:
        folds = inputs.winner.trial.folds
        rests = f"rests on {folds} fold{'s' if folds != 1 else ''} graded by the engine"
        looked.append(f"The score {plain_with_error(score, error)} {rests}.")
    return Validation(sound=True, reasons=(*looked, *inputs.lint))


def mended(inputs: CodeInputs) -> Block:
    """Return the block without the leak, with the unused columns or without the cuts; as it is if that is not known."""
    unchanged = Block(code=inputs.block, recipe=inputs.recipe)
    if inputs.purpose == "leakage":
        for leak in leaks_in(inputs.code, inputs.brief.task):
            if leak.mended and leak.block.strip() == inputs.block.strip():
                return Block(code=leak.mended, imports=leak.imports, recipe={})
        return unchanged
    if inputs.purpose == "data_usage":
        changed = with_columns(inputs.block, unnamed_columns(inputs.code, inputs.brief), inputs.brief)
    else:
        changed = without_cuts(inputs.block, inputs.brief)
    return Block(code=changed, recipe={}) if changed != inputs.block else unchanged


def researched(inputs: ResearchInputs) -> Research:
    """Return what the facts of the task say about models, features and traps."""
    facts = read_facts(inputs.brief)
    models = [known.name for known in inputs.known]
    features, preparing, insights = _features(facts), _preparing(facts), _insights(facts)
    rows, columns = inputs.brief.profile.train_rows, len(inputs.brief.profile.columns)
    summary = (
        f"A task of the family {facts.family}, {rows} training rows and {columns} columns, scored by "
        f"{facts.task.metric.name}. "
    )
    summary += f"The catalogue offers {', '.join(models[:4])}. " if models else "The catalogue has nothing on it. "
    summary += "Models that err differently are worth more together than one that is tuned further."
    return Research(
        models=tuple(models),
        features=tuple(features),
        preprocessing=tuple(preparing),
        insights=tuple([*insights, *(f"The person who runs this says: {hint}" for hint in inputs.hints)]),
        summary=summary,
    )


def _bringing_move(inputs: DataUsageInputs, facts: Facts) -> Move | None:
    """Return a step that reads columns which no step of the script reads; its recipe is found among the trials."""
    for trial in inputs.brief.history:
        mixture = known_mixture(trial.recipe, inputs.code, facts, trial.title)
        if mixture is not None:
            moves = moves_of(mixture, facts)
            return next((move for move in moves if move.title.split(": ")[-1] in _BRINGS_DATA), None)
    return None


def _features(facts: Facts) -> list[str]:
    told = []
    if facts.location:
        told.append("distances, dense areas and rotated axes of the coordinates; targets of near rows, out of fold")
    if facts.dates:
        told.append(f"calendar parts of {', '.join(facts.dates)}")
    if facts.texts:
        told.append(f"word and character n-grams of {', '.join(facts.texts)}")
    if facts.ratios:
        told.append("ratios of " + ", ".join(f"{a} to {b}" for a, b in facts.ratios[:3]))
    if facts.wide:
        told.append(f"out-of-fold target means of {', '.join(facts.wide)}, which have many levels")
    return told


def _preparing(facts: Facts) -> list[str]:
    told = []
    if facts.has_missing:
        told.append("values are missing: trees take them as they are, linear models need a fill and a flag")
    if facts.is_skewed:
        told.append("the target has a long right tail: fit its logarithm where errors count in proportion")
    if not facts.can_fold:
        told.append("few rows in a class: inner folds may lack one")
    return told


def _insights(facts: Facts) -> list[str]:
    split = facts.task.split
    told = []
    if split.kind is SplitKind.GROUP:
        told.append(
            f"groups of {split.column} are new in the test rows: nothing about one group may be learned by heart"
        )
    if split.kind in (SplitKind.TIME, SplitKind.FORECAST):
        told.append("test rows are later than training rows: validate in the order of time")
    if facts.needs_cut:
        told.append("the metric looks at labels: the decision threshold is worth as much as the model")
    return told
