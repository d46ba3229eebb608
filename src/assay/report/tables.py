"""Tables of a run folder: leaderboard, results, history and story, for people, spreadsheets and grep."""

from __future__ import annotations

import csv
import io
from typing import Any

from assay.core.clock import iso_utc
from assay.core.trial import TrialState, Verdict
from assay.journal.history import Trial
from assay.report.facts import Facts
from assay.report.formatting import MISSING, format_duration
from assay.report.markdown import escape, inline, table
from assay.report.milestones import milestones
from assay.report.numbers import pair_name
from assay.report.prose import clean_line
from assay.report.telling import Teller

_CSV_HEAD = (
    "rank", "trial", "idea", "operator", "parents", "state", "verdict", "score", "std_error", "folds",
    "gain_over_baseline", "gain_std_error", "claimed_by_script", "claim_differs", "fold_seconds", "peak_memory_bytes",
    "attempts", "code", "reason",
)  # fmt: skip


def leaderboard_csv(facts: Facts) -> str:
    """Return every counted trial as CSV: the ranking first, then those without a place, each with its reason.

    Numbers are exact. Text that a spreadsheet would take for a formula is led by an apostrophe.
    """
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(_CSV_HEAD)
    ranks = {trial.number: rank for rank, trial in enumerate(facts.ranking, start=1)}
    open_trials = [t for t in facts.counted if not t.state.is_final]
    for trial in [*facts.ranking, *facts.unranked, *open_trials]:
        writer.writerow([_cell(value) for value in _csv_row(facts, trial, ranks.get(trial.number))])
    return buffer.getvalue()


def leaderboard_md(teller: Teller) -> str:
    """Return the best trials as a Markdown table, then those that failed or were rejected with their reasons."""
    facts = teller.facts
    lines = [f"# Leaderboard of {escape(clean_line(facts.run, 80))}", ""]
    lines += [f"{escape(facts.metric.name)}, {teller.direction}; mean ± standard error over the search folds.", ""]
    if facts.ranking:
        rows = [
            [
                str(rank),
                inline((teller.ref(trial),)),
                inline(teller.measured(trial)),
                inline(teller.gain(pair_name(trial, facts.baseline))) if facts.baseline else MISSING,
                inline(teller.verdict(trial)),
                inline(teller.score(f"trial.{trial.number}.claimed")),
                escape(clean_line(trial.title, 80)),
            ]
            for rank, trial in enumerate(facts.ranking[: facts.top], start=1)
        ]
        heads = ("rank", "trial", "score ± SE", "gain over baseline", "verdict", "claimed by the script")
        lines += table([*((head, head != "verdict") for head in heads), ("idea, in its author's words", False)], rows)
        lines += ["", f"{len(facts.ranking[: facts.top])} of {len(facts.ranking)} scored trials are shown."]
    else:
        lines += ["No trial has a score."]
    if facts.unranked:
        bad = [
            [f"#{t.number}", str(t.state), escape(clean_line(t.reason, 200)), escape(clean_line(t.title, 80))]
            for t in facts.unranked
        ]
        heads_bad = [("trial", True), ("state", False), ("reason", False), ("idea, in its author's words", False)]
        lines += ["", "## Without a place", "", *table(heads_bad, bad)]
    return "\n".join(lines) + "\n"


def results_tsv(facts: Facts) -> str:
    """Return one line a trial: id, score, memory in GB, status and idea, separated by tabs; `-` where there is none."""
    lines = ["id\tscore\tmemory\tstatus\tidea"]
    for trial in facts.trials:
        peak = facts.peak_memory(trial)
        ranked = trial.state is TrialState.COMPLETE
        status = str(trial.verdict) if ranked and trial.verdict else str(trial.state)
        score = f"{trial.score:.6g}" if trial.score is not None and ranked else "-"
        memory = f"{peak / 1e9:.2f}" if peak is not None else "-"
        kind = "" if trial.counts else f"[{clean_line(trial.operator, 20) or 'variant'}] "
        lines.append(f"{trial.number}\t{score}\t{memory}\t{status}\t{kind}{clean_line(trial.title, 120) or '-'}")
    return "\n".join(lines) + "\n"


def history_md(teller: Teller) -> str:
    """Return one line a trial, in order."""
    facts = teller.facts
    lines = [f"# Trials of {escape(clean_line(facts.run, 80))}, in order", ""]
    lines += [f"- {_line(teller, trial)}" for trial in facts.trials] or ["No trial was made."]
    return "\n".join(lines) + "\n"


def story_md(teller: Teller) -> str:
    """Return the milestones in order of time."""
    lines = [f"# Story of {escape(clean_line(teller.facts.run, 80))}", ""]
    lines += [f"- {iso_utc(time)} {inline(cell)}" for time, cell in milestones(teller)] or ["Nothing happened yet."]
    return "\n".join(lines) + "\n"


def _line(teller: Teller, trial: Trial) -> str:
    name = inline((teller.ref(trial),))
    made = clean_line(trial.operator.replace("_", " "), 30) + (
        f" of {', '.join(f'#{n}' for n in trial.parents[:6])}" if trial.parents else ""
    )
    score = f" {inline(teller.measured(trial))}" if trial.state is TrialState.COMPLETE else ""
    verdict = f", {trial.verdict}" if trial.verdict not in (None, Verdict.REJECTED) else ""
    reason = f": {escape(clean_line(trial.reason, 160))}" if trial.reason else ""
    repairs = f", mended {len(trial.repairs)} times" if trial.repairs else ""
    took = f", {format_duration(trial.wall_s)} a fold" if trial.wall_s else ""
    title = escape(clean_line(trial.title, 90))
    return f"{name} {title} ({escape(made)}): {trial.state}{score}{verdict}{repairs}{took}{reason}"


def _csv_row(facts: Facts, trial: Trial, rank: int | None) -> list[Any]:
    paired = facts.paired(trial, facts.baseline) if facts.baseline is not None else None
    claim = facts.claim(trial)
    scored = facts.scored(trial) or facts.measurements(trial.number)
    return [
        rank,
        trial.number,
        clean_line(trial.title, 200),
        clean_line(trial.operator, 40),
        " ".join(str(number) for number in trial.parents),
        str(trial.state),
        str(trial.verdict) if trial.verdict else None,
        trial.score if trial.ranks else None,
        trial.std_error if trial.ranks else None,
        trial.folds,
        paired.mean if paired else None,
        paired.std_error if paired else None,
        claim.value if claim else None,
        "yes" if claim and claim.differs else "no" if claim else None,
        trial.wall_s or None,
        facts.peak_memory(trial),
        trial.attempts,
        scored[-1].code if scored else None,
        clean_line(trial.reason, 300) or None,
    ]


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return repr(value)
    text = str(value)
    return f"'{text}" if isinstance(value, str) and text[:1] in ("=", "+", "-", "@", "\t") else text
