"""The command `finish`: when a run ends its search and delivers."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from assay.cli.commands.reports import try_reports
from assay.cli.display.planned import plan_words
from assay.cli.lookup import find_live_run, find_run
from assay.cli.options.parsers import seconds_until
from assay.cli.options.problems import Problems
from assay.cli.shell import Shell
from assay.core.codec import encode
from assay.core.durations import duration
from assay.core.finish_plan import FinishPlan
from assay.engine.control import Message, Verb, send
from assay.journal.summary import Summary, SummaryFile

_HOURS = re.compile(r"\d+(?:\.\d+)?")


@dataclass(frozen=True, kw_only=True)
class When:
    """The options of `finish`, as typed."""

    after: str | None = None
    at: str | None = None
    run_hours: str | None = None
    last: str | None = None
    final_rounds: int = 1
    top_k: int = 10
    note: str = ""
    report_now: bool = False


def finish(shell: Shell, root: Path, name: str | None, when: When, *, show: bool, cancel: bool) -> int:
    """Plan a run's finish-up, show what is planned, or take it back."""
    if show:
        return _show(shell, find_run(root, name))
    folder = find_live_run(root, name, "finish")
    summary, now = SummaryFile(folder).read(), shell.output.clock.now()
    plan = None if cancel else read_plan(when, now, summary)
    if cancel and summary.finish_plan is None:
        shell.output.answer("finish", {"run": folder.name, "plan": None}, f"{folder.name}: no finish is planned")
        return 0
    send(folder, Message(verb=Verb.FINISH, plan=plan))
    if when.report_now:
        try_reports(shell, folder)
    words = "what was planned is taken back" if plan is None else f"finishes up {plan_words(plan, now)}"
    shell.output.answer(
        "finish", {"run": folder.name, "plan": encode(plan) if plan else None}, f"{folder.name} {words}"
    )
    return 0


def _show(shell: Shell, folder: Path) -> int:
    plan, now = SummaryFile(folder).read().finish_plan, shell.output.clock.now()
    words = "no finish is planned" if plan is None else f"finishes up {plan_words(plan, now)}"
    shell.output.answer(
        "finish", {"run": folder.name, "plan": encode(plan) if plan else None}, f"{folder.name}: {words}"
    )
    return 0


def read_plan(when: When, now: float, summary: Summary) -> FinishPlan:
    """Return the plan that the options ask for.

    Args:
        when: As typed. Without a time it is now.
        now: Seconds since the epoch.
        summary: Of the run; `--run-hours` counts the seconds that it has been running.

    Raises:
        UsageError: Something cannot be meant (E002).
    """
    problems = Problems()
    given = [flag for flag in (when.after, when.at, when.run_hours) if flag is not None]
    if when.report_now and given:
        problems.add("--report-now is now; it takes no other time")
    if len(given) > 1:
        problems.add("--in, --at and --run-hours are three ways to say one thing; give one of them")
    last = problems.read("--last", when.last, duration, None)
    begin = now + problems.read("--in", when.after, duration, 0.0)
    begin = problems.read("--at", when.at, lambda text: moment(text, now), begin)
    if when.run_hours is not None:
        # The clock of the run stands at its last event; since then it has gone on.
        run_s = summary.wall_s + max(0.0, now - summary.time)
        end = now + problems.read("--run-hours", when.run_hours, hours, 0.0) - run_s
        begin = max(now, end - (last or 0.0))
    problems.raise_any("finish")
    return FinishPlan(
        at=begin,
        deadline=None if last is None else begin + last,
        final_rounds=0 if when.report_now else when.final_rounds,
        top_k=when.top_k,
        note=when.note.strip(),
    )


def hours(text: str) -> float:
    """Return the seconds of `8`, `7.5` (hours) or `7h30m`; ValueError for anything else."""
    return float(text) * 3600.0 if _HOURS.fullmatch(text) and float(text) > 0 else duration(text)


def moment(text: str, now: float) -> float:
    """Return the seconds since the epoch of the next local `07:00`, or of `2026-02-18T22:00:00Z`; UTC without a zone.

    ValueError for anything else, and for what has passed.
    """
    if re.fullmatch(r"\d{1,2}:\d{2}", text):
        return now + seconds_until(text, now)
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError("is neither a time of day such as 07:00 nor one such as 2026-02-18T22:00:00Z") from None
    at = (read if read.tzinfo is not None else read.replace(tzinfo=UTC)).timestamp()
    if at < now:
        raise ValueError("has passed")
    return at
