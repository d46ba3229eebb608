"""The middle of a report: task, method, results, what mattered and what did not come off."""

from __future__ import annotations

from assay.core.task import SplitKind, Task
from assay.core.trial import TrialState, Verdict
from assay.journal.history import Trial
from assay.report.diffs import MOST_CHARACTERS, patch
from assay.report.document import (
    Block,
    Cell,
    Code,
    Column,
    Items,
    Mono,
    Paragraph,
    Plot,
    Said,
    Section,
    Table,
    Tag,
    Terms,
)
from assay.report.facts import Facts
from assay.report.formatting import MISSING, format_count, format_percent, format_score
from assay.report.numbers import pair_name
from assay.report.prose import clean, clean_line
from assay.report.telling import Teller

IDEA = Column("Idea, in its author's words")
MOST_ROWS = 60

_SPLITS = {
    SplitKind.KFOLD: "random folds",
    SplitKind.STRATIFIED: "stratified folds",
    SplitKind.GROUP: "folds by group",
    SplitKind.TIME: "folds in order of time",
    SplitKind.HOLDOUT: "one random holdout",
    SplitKind.COLUMN: "folds as the data names them",
    SplitKind.FORECAST: "rolling origins",
    SplitKind.PREPARED: "the user's own split",
}


def task_section(teller: Teller) -> Section:
    """Return what was to be predicted, from what, and how it was measured."""
    facts = teller.facts
    task = facts.history.task
    rows: list[tuple[str, Cell]] = [
        ("Problem", (str(task.problem),)),
        ("Target", (Said(clean_line(", ".join(task.targets), 300)),)),
        ("Metric", (f"{task.metric.name}, {teller.direction}",)),
        ("Files", _files(task)),
        ("Search", (split_words(task),)),
        ("Rows graded", _graded_rows(facts)),
        ("Sealed", _sealed(teller)),
        ("Data digest", (Mono(task.data_digest or "unknown"),)),
    ]
    blocks: list[Block] = [Terms(tuple(rows))]
    statement = clean(task.statement, 8000).strip()
    if statement:
        blocks.insert(0, Code(summary="The task in the user's words", text=statement))
    return Section(name="task", title="Task and data", blocks=tuple(blocks))


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


def failures_section(teller: Teller) -> Section:
    """Return what failed, what was rejected and what was no gain, with reasons."""
    facts = teller.facts
    blocks: list[Block] = []
    if facts.unranked:
        blocks.append(_reasons(teller, facts.unranked))
    blocks += _last_words(facts, facts.in_state(TrialState.FAILED))
    claims = [t for t in facts.ranking if (claim := facts.claim(t)) is not None and claim.differs]
    if claims:
        blocks.append(Paragraph(("Scripts whose own claim differs from what was graded:",)))
        blocks.append(Items(tuple(_claim(teller, trial) for trial in claims[:MOST_ROWS])))
    repaired = [t for t in facts.counted if t.repairs]
    if repaired:
        blocks.append(Paragraph(("Mended on the way; every attempt is kept in ", Mono("attempts/"), " of its trial:")))
        blocks.append(Items(tuple(_repair(teller, trial) for trial in repaired[:MOST_ROWS])))
    blocks.append(Paragraph(_no_gain(teller)))
    return Section(name="failed", title="What failed, was rejected or brought nothing", blocks=tuple(blocks))


# --- task --------------------------------------------------------------------------------------------------------


def _files(task: Task) -> Cell:
    names = [n for n in (task.data.train, task.data.test, task.data.sample, task.data.description) if n]
    return (Mono(clean_line(", ".join([*names, *task.data.side]), 300)),)


def split_words(task: Task) -> str:
    """Return in words how the search folds of a task are made."""
    split = task.split
    column = f" of {clean_line(split.column, 60)}" if split.column else ""
    ahead = f", {split.horizon} steps ahead" if split.horizon else ""
    folds = f"{split.k} " if split.k > 1 and split.kind is not SplitKind.HOLDOUT else ""
    cap = f"; at most {task.row_cap:,} training rows shown during search" if task.row_cap else ""
    return f"{folds}{_SPLITS[split.kind]}{column}{ahead}, seed {split.seed}{cap}"


def _graded_rows(facts: Facts) -> Cell:
    trial = facts.winner
    scored = facts.scored(trial) if trial is not None else []
    if not scored and facts.baseline is not None:
        scored = facts.scored(facts.baseline)
    rows = sum(m.score.rows for m in scored if m.score is not None)
    return (f"{rows:,} over {format_count(len(scored), 'fold')}",) if rows else ("none",)


def _sealed(teller: Teller) -> Cell:
    fraction = teller.facts.history.task.holdout.fraction
    if not fraction:
        return ("nothing: this task has no sealed holdout",)
    share = f"{format_percent(fraction, decimals=0)} of the labelled rows"
    if "sealed.rows" in teller.ledger:
        opened = teller.facts.sealed_for_another or "opened once, for the winner"
        return (*teller.count("sealed.rows", "row"), f", {share}, {opened}")
    return (f"{share}, not opened",)


# --- method and results ------------------------------------------------------------------------------------------


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


# --- failures ----------------------------------------------------------------------------------------------------


def _reasons(teller: Teller, trials: list[Trial]) -> Table:
    more = len(trials) - MOST_ROWS
    return Table(
        columns=(Column("#", right=True), IDEA, Column("State"), Column("Reason")),
        rows=tuple(
            (
                (teller.ref(trial),),
                teller.idea(trial),
                (Tag(str(trial.state)),),
                (Said(clean_line("; ".join(_why(trial)), 400)),),
            )
            for trial in trials[:MOST_ROWS]
        ),
        caption=(f"{more:,} more are in leaderboard.csv.",) if more > 0 else (),
    )


def _why(trial: Trial) -> list[str]:
    judged = trial.judgement.reasons if trial.judgement and trial.verdict is Verdict.REJECTED else ()
    return list(dict.fromkeys([*judged, trial.reason or "no reason was recorded"]))


def _last_words(facts: Facts, failed: list[Trial]) -> list[Block]:
    blocks: list[Block] = []
    for trial in failed[:5]:
        tails = [m.execution.log_tail for m in facts.measurements(trial.number) if m.execution]
        if tails and tails[-1].strip():
            text = "\n".join(clean(tails[-1], 4000).strip().splitlines()[-20:])
            blocks.append(Code(summary=f"The last lines that #{trial.number} printed", text=text))
    return blocks


def _claim(teller: Teller, trial: Trial) -> Cell:
    return (
        *teller.named(trial),
        ": claimed by the script ",
        *teller.score(f"trial.{trial.number}.claimed"),
        ", graded ",
        *teller.score(f"trial.{trial.number}.score"),
    )


def _repair(teller: Teller, trial: Trial) -> Cell:
    last = trial.repairs[-1]
    times = "once" if len(trial.repairs) == 1 else f"{len(trial.repairs)} times"
    how = f", {times} by {clean_line(last.by, 40)}: "
    return (*teller.named(trial), how, *teller.said(last.cause, 200), f" (now {trial.state})")


def _no_gain(teller: Teller) -> Cell:
    facts = teller.facts
    counts = {v: len(facts.with_verdict(v)) for v in (Verdict.REAL, Verdict.MAYBE, Verdict.NOISE)}
    told = ", ".join(f"{count} {verdict}" for verdict, count in counts.items())
    return (f"Verdicts of all that was tried: {told}. Everything discarded is kept under ", Mono("trials/"), ".")
