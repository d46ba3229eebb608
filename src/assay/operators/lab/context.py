"""Context: what of the lab's memory goes into a prompt, each part within its budget however long the lab has worked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Literal

from assay.core.metric import Metric
from assay.models.roles import LabView, Option, Paired, PastCycle, Running, Signals, SourceText
from assay.operators.lab.memory import head, last_lines, shortened, tail
from assay.operators.lab.record import FAILED, LOST, Result, as_experiments, best_of, in_order
from assay.operators.lab.todo import MENTOR_CAP, WORKER_CAP, Item, focus, open_items

Role = Literal["worker", "mentor"]

MISSION, WORKPAD, MENTOR_NOTES, STORYLINE, LOG = 4_000, 6_000, 3_000, 2_000, 3_000
"""Most characters of each part."""
MOST_EXPERIMENTS = 30
BEST_SHOWN = 8
MOST_REMARKS = 8
NOT_QUEUED = 320
"""Most characters of an item that the queue did not take, with the reason."""
MOST_RECENT = 3
MOST_REPAIRS = 5
SOURCES, SOURCE = 24_000, 10_000
"""Most characters of the files shown together, and of one."""
LEAST_SOURCE = 500
"""Room under which no further file is begun."""
RATIONALE = 400
LATELY = 5
"""Experiments from which the usual length is taken."""
MOST_RULES: Mapping[Role, int] = {"worker": 12, "mentor": 8}
RULE_CHARACTERS = 300
STALL = 5
"""Experiments in a row without a gain from which on the storyline is shown."""
STALL_BREAKOUT = 0.7
OWN_RULES: Mapping[Role, tuple[str, ...]] = {
    "worker": (
        "One action a cycle; the command runs in the repository as it is, with your edits laid over it.",
        "Change one thing at a time unless the results call for more, so that a gain has a cause.",
        "Never read, copy or tune on test or held-out data; the evaluation stays as it is.",
        "A gain within the noise is no gain: repeat before you build on it.",
        "If the last experiment failed, its log says why; mend that or leave the line of work.",
        "Answer the mentor by what you do next, not by words.",
    ),
    "mentor": (
        "Judge the course by results on the record, not by intentions.",
        "Challenge only with something concrete to run or stop instead, and only on new evidence.",
        "At most one question, and one item for the queue, with a challenge.",
        "Look for what nobody tries: the data, the errors, another family of models.",
    ),
}
MISSION_FILES: Mapping[Role, tuple[str, ...]] = {
    "worker": ("WORKER_MISSION.md", "MISSION.md"),
    "mentor": ("MENTOR_MISSION.md", "WORKER_MISSION.md", "MISSION.md"),
}


@dataclass(frozen=True, kw_only=True)
class Given:
    """What does not change while the lab works."""

    missions: Mapping[Role, str]
    rules: tuple[str, ...]
    """Of the person who started it."""
    metric: Metric
    command: str
    options: tuple[Option, ...] = ()
    files: tuple[str, ...] = ()
    sources: Sequence[SourceText] = ()
    """Whole; those that matter most first."""
    machine: str = ""
    packages: tuple[str, ...] = ()
    may_install: tuple[str, ...] | None = None
    search: bool = False
    known: tuple[str, ...] = ()
    dated: str = ""
    experiment_s: float | None = None
    most_watch_s: float | None = None


@dataclass(frozen=True, kw_only=True)
class Now:
    """What changes from cycle to cycle."""

    cycle: int
    results: Sequence[Result]
    signals: Signals
    paired: Mapping[int, Paired] = field(default_factory=dict)
    """Number of an experiment to its comparison with the default."""
    best_files: Sequence[SourceText] = ()
    repairs: Sequence[str] = ()
    recent: Sequence[PastCycle] = ()
    queue: Sequence[Item] = ()
    not_queued: Sequence[str] = ()
    """Items that the queue did not take in the last cycle, each with the reason."""
    storyline: Sequence[str] = ()
    workpad: str = ""
    mentor_notes: str = ""
    running: Running | None = None
    last_log: str = ""
    """What the last ended experiment printed."""
    left_s: float | None = None
    phase: str = "search"
    noise: float | None = None
    remarks: Sequence[str] = ()
    """What a person told the run."""


def view_of(role: Role, given: Given, now: Now) -> LabView:
    """Return what a role is told. Its size is bounded: it does not grow with the number of cycles.

    The end of a log is shown only after a failure, the storyline only when the work fails or stalls.
    """
    failed = last_failed(now.results)
    table = as_experiments(now.results, given.metric, shown(now.results, given.metric))
    best = best_of(now.results, given.metric)
    return LabView(
        mission=head(given.missions[role], MISSION),
        rules=rules_for(role, given.rules),
        metric=given.metric.name,
        higher_is_better=given.metric.higher_is_better,
        command=given.command,
        options=given.options,
        files=given.files,
        sources=fitting(given.sources, SOURCES, SOURCE),
        machine=given.machine,
        packages=given.packages,
        may_install=given.may_install,
        search=given.search,
        known=given.known,
        dated=given.dated,
        cycle=now.cycle,
        left_s=now.left_s,
        phase=now.phase,
        experiment_s=given.experiment_s,
        usual_s=usual_s(now.results),
        most_watch_s=given.most_watch_s,
        noise=now.noise,
        experiments=tuple(row.model_copy(update={"paired": now.paired.get(row.number)}) for row in table),
        best=None if best is None else best.number,
        best_files=fitting(now.best_files, SOURCE, SOURCE),
        running=now.running,
        last_failure=failure_tail(now.last_log) if failed else "",
        signals=now.signals,
        repairs=tuple(now.repairs[-MOST_REPAIRS:]),
        recent=tuple(
            one.model_copy(update={"rationale": head(one.rationale, RATIONALE)}) for one in now.recent[-MOST_RECENT:]
        ),
        storyline=last_lines(now.storyline, STORYLINE) if failed or stalled(now.signals) else (),
        workpad=shortened(now.workpad, WORKPAD),
        mentor_notes=tail(now.mentor_notes, MENTOR_NOTES),
        todos=focus(now.queue),
        todos_open=len(open_items(now.queue)),
        not_queued=tuple(head(line, NOT_QUEUED) for line in now.not_queued[: WORKER_CAP + MENTOR_CAP]),
        remarks=tuple(now.remarks[-MOST_REMARKS:]),
    )


def rules_for(role: Role, given: Sequence[str]) -> tuple[str, ...]:
    """Return the rules that a role is told: its own, then a person's; at most 12 for the worker, 8 for the mentor."""
    own, most = OWN_RULES[role], MOST_RULES[role]
    theirs = [head(" ".join(rule.split()), RULE_CHARACTERS) for rule in given if rule.strip()]
    # What a person wants goes before what we would say anyway.
    return (*own[: max(0, most - len(theirs))], *theirs)[:most]


def shown(results: Sequence[Result], metric: Metric) -> frozenset[int]:
    """Return which experiments the table shows: the last ones, the best ones, and the first."""
    by_number = sorted(results, key=lambda result: result.number)
    best = metric.ranked([r for r in by_number if r.score is not None], lambda result: result.score)[:BEST_SHOWN]
    last = by_number[-(MOST_EXPERIMENTS - BEST_SHOWN - 1) :]
    return frozenset(result.number for result in (*by_number[:1], *best, *last))


def fitting(files: Sequence[SourceText], together: int, each: int) -> tuple[SourceText, ...]:
    """Return the files within bounds: a long one shows its beginning, and those that find no room are left out.

    Args:
        files: Whole, those that matter most first.
        together: Most characters of all.
        each: Most characters of one.
    """
    found: list[SourceText] = []
    for file in files:
        text = head(file.text, min(each, together))
        if text or not file.text:
            found.append(file.model_copy(update={"text": text, "cut": len(text) < len(file.text)}))
            together -= len(text)
        if together < LEAST_SOURCE:
            break
    return tuple(found)


def usual_s(results: Sequence[Result]) -> float | None:
    """Return how long an experiment took lately: the median of the last with a score; None without any."""
    took = [result.wall_s for result in in_order(results) if result.score is not None and result.wall_s > 0]
    return median(took[-LATELY:]) if took else None


def last_failed(results: Sequence[Result]) -> bool:
    """Return whether the experiment that ended last failed."""
    ended = in_order(results)
    return bool(ended) and ended[-1].state in (FAILED, LOST)


def stalled(signals: Signals) -> bool:
    """Return whether the work does not get on."""
    return signals.streak >= STALL or signals.breakout >= STALL_BREAKOUT


def failure_tail(log: str, characters: int = LOG) -> str:
    """Return the end of a failed experiment's log; a traceback that stands earlier comes before it."""
    end = tail(log, characters)
    start = log.rfind("Traceback (most recent call last)")
    if start < 0 or len(log) - start <= characters:
        return end
    half = characters // 2 - 10
    return f"{head(log[start:], half)}\n[...]\n{tail(log, half)}"


def read_missions(folder: Path, default: str) -> dict[Role, str]:
    """Return each role's mission: its own file, else the worker's, else the common one, else `default`.

    Args:
        folder: The user's folder; a file that is empty or no text counts as missing.
        default: What was asked for on the command line.
    """
    found: dict[Role, str] = {}
    for role, names in MISSION_FILES.items():
        found[role] = next(filter(None, (_text(folder / name) for name in names)), default)
    return found


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return ""
