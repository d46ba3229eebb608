"""Writes every report of a run folder from its journal."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from assay.core.clock import iso_utc
from assay.core.codec import encode
from assay.core.collector import collector_at_rest
from assay.journal.checkpoint import HistoryFile
from assay.journal.history import History
from assay.journal.lease import LEASE_FILE, read_holder
from assay.journal.objects import ObjectStore
from assay.report import tables
from assay.report.best import write_best
from assay.report.document import Document, plain
from assay.report.facts import MOST_FOLDERS, Facts, State
from assay.report.files import replace_file
from assay.report.html import render_html
from assay.report.lab.story import is_lab, lab_files
from assay.report.ledger import Ledger
from assay.report.markdown import escape, inline, render_markdown
from assay.report.numbers import build_ledger
from assay.report.outline import build_document
from assay.report.plots import draw_plots, draw_progress_png
from assay.report.prose import clean_line
from assay.report.search_record import search_record
from assay.report.telling import Teller
from assay.report.trials import trial_record, write_all

SCHEMA = 1
TOP = 10
"""Places of a leaderboard where nothing else was said."""
NOTEBOOK_STRATEGIES = ("notebook", "notebook_review")
"""Strategies with files of their own; what makes those is loaded for them alone."""


def write_reports(
    run_folder: Path,
    history: History | None = None,
    objects: ObjectStore | None = None,
    *,
    final: bool | None = None,
    top: int | None = None,
) -> None:
    """Write all reports of a run again, from the journal alone; each file whole, then renamed.

    Everything it writes can be lost and made again: `report.html`, `report.md`, `report.json`, `leaderboard.csv`,
    `leaderboard.md`, `results.tsv`, `history.md`, `story.md`, `README.md`, `progress.png`, `plots/`, `trials/` and
    `best/`. Equal journals give equal files. It takes one to three seconds, most of it for the plots: call it when
    the best changed or the run ended, and `write_trial` whenever a trial finished.

    Args:
        run_folder: The run's folder; it exists.
        history: The journal so far; it may be of a run that is going on, or one that was killed. None reads it from
            the folder.
        objects: The run's objects; None means those of the folder. What is missing is named in the report.
        final: Whether nobody is working on the run any more: a journal without its last event is then told as
            interrupted, otherwise as a draft. None asks the folder's lease.
        top: Trials on the leaderboard, brought into 3 .. 20; None means those of the planned finish, or 10.

    Raises:
        IntegrityError: The journal's chain of digests is broken (E401).
        MachineError: A file cannot be written (E501); the others are whole.
        UnbackedNumber: The report would pass on a number that nothing backs (E407).
    """
    history = HistoryFile(run_folder).read() if history is None else history
    objects = ObjectStore(run_folder / "objects") if objects is None else objects
    final = read_holder(run_folder / LEASE_FILE) is None if final is None else final
    if history.started is None:
        replace_file(run_folder / "README.md", "# A run that never started\n\nIts journal holds no event.\n")
        return
    planned = history.finish_plan.top_k if history.finish_plan is not None else TOP
    top = planned if top is None else top
    if is_lab(history):
        for name, text in lab_files(history, final=final, top=top).items():
            replace_file(run_folder / name, text)
        return
    with collector_at_rest():
        _write_run(run_folder, Facts(history, objects, final=final, top=top))


def report_page(history: History, objects: ObjectStore, *, final: bool) -> str:
    """Return the report as a page as it would be now; nothing is written.

    Args:
        history: The journal so far, of a run that has begun; not one of code tasks, which has hand-off files instead.
        objects: The run's objects.
        final: Whether nobody is working on the run any more.
    """
    top = history.finish_plan.top_k if history.finish_plan is not None else TOP
    if is_lab(history):
        files = lab_files(history, final=final, top=top)
        return files.get("report.html", "")
    facts = Facts(history, objects, final=final, top=top)
    with collector_at_rest():
        teller = Teller(facts, build_ledger(facts))
        document = build_document(facts, teller.ledger)
        return render_html(document, teller.ledger, draw_plots(facts), made=_made(history))


def _made(history: History) -> str:
    return f"as of {iso_utc(history.last.time)}" if history.last else ""


def _write_run(run_folder: Path, facts: Facts) -> None:
    """Write the reports of a run that graded what it made."""
    started, objects = facts.history.started, facts.objects
    write_all(run_folder, facts)
    teller = Teller(facts, build_ledger(facts))
    write_best(run_folder, teller)
    if started is not None and started.strategy in NOTEBOOK_STRATEGIES:
        from assay.report.notebook.write import write_notebooks

        write_notebooks(run_folder, facts.history, objects, final=facts.final)
    for name, content in _contents(teller).items():
        replace_file(run_folder / name, content)


def _contents(teller: Teller) -> dict[str, str | bytes]:
    """Return the run folder's own reports by name; all are made before any is written."""
    facts, ledger = teller.facts, teller.ledger
    document = build_document(facts, ledger)
    plots = draw_plots(facts)
    made = _made(facts.history)
    return {
        **{f"plots/{name}.svg": svg for name, svg in plots.items()},
        "progress.png": draw_progress_png(facts),
        "leaderboard.csv": tables.leaderboard_csv(facts),
        "leaderboard.md": tables.leaderboard_md(teller),
        "results.tsv": tables.results_tsv(facts),
        "history.md": tables.history_md(teller),
        "story.md": tables.story_md(teller),
        "report.json": _report_json(facts, ledger, document),
        "report.md": render_markdown(document, tuple(plots), made=made),
        "report.html": render_html(document, ledger, plots, made=made),
        "README.md": _readme(document, facts),
    }


def _report_json(facts: Facts, ledger: Ledger, document: Document) -> str:
    history, started = facts.history, facts.history.started
    end = history.finished
    value: dict[str, Any] = {
        "schema": SCHEMA,
        "run": facts.run,
        "state": str(facts.state),
        "as_of": iso_utc(history.last.time) if history.last else None,
        "title": document.title,
        "finding": str(facts.finding),
        "answer": plain(document.answer),
        "metric": {"name": facts.metric.name, "direction": str(facts.metric.direction)},
        "winner": facts.winner.number if facts.winner else None,
        "baselines": [trial.number for trial in facts.baselines],
        "leaderboard": [trial.number for trial in facts.ranking[: facts.top]],
        "stopped_by": end.stopped_by if end else None,
        "exit_code": end.exit_code if end else None,
        "sandboxes": list(history.sandboxes),
        "remarks": [{"code": r.code, "text": clean_line(r.text, 500)} for _, r in history.remarks],
        "sealed": encode(history.sealed) if history.sealed else None,
        "submission": encode(history.submission) if history.submission else None,
        "digests": {
            "task": started.task_digest if started else None,
            "data": history.task.data_digest or None,
            "journal": history.last.digest if history.last else None,
        },
        "versions": _sorted(started.versions) if started else {},
        "missing_objects": sorted(facts.missing_objects),
        "search": search_record(facts),
        "numbers": ledger.as_dict(),
        "trials": [trial_record(facts, trial) for trial in facts.trials],
    }
    # Indented for people, as long as people may read it: that takes five times as long to write.
    indent = 1 if len(facts.trials) <= MOST_FOLDERS else None
    return json.dumps(value, indent=indent, ensure_ascii=False, allow_nan=False) + "\n"


def _sorted(values: Mapping[str, str]) -> dict[str, str]:
    return {key: values[key] for key in sorted(values)}


_FILES = (
    ("report.html", "the report: one file to read, print or send"),
    ("report.md, report.json", "the same as text, and every number with its evidence"),
    ("submission.csv", "the current best predictions; always valid, or absent"),
    ("best/", "the winner's files and how to run them"),
    ("leaderboard.md, leaderboard.csv, results.tsv", "all trials as tables"),
    (
        "trials/",
        "a folder for every trial, discarded ones too (of over 500: best and last): plan, script, patch, verdict",
    ),
    ("history.md, story.md, progress.png", "what happened, in order"),
    ("events.jsonl, objects/", "the journal and its files: the truth, from which the rest can be made again"),
)


def _readme(document: Document, facts: Facts) -> str:
    states = {
        State.RUNNING: "running",
        State.INTERRUPTED: "interrupted; it can be resumed",
        State.FINISHED: "finished",
    }
    run = facts.run
    commands = {
        State.RUNNING: (f"assay status {run}", f"assay top {run}", f"assay stop {run}"),
        State.INTERRUPTED: (f"assay resume {run}", f"assay status {run}", f"assay report {run}"),
        State.FINISHED: (f"assay report {run} --open", f"assay top {run}", f"assay show best -r {run}"),
    }[facts.state]
    lines = [
        f"# {escape(document.title)}",
        "",
        f"This is the folder of the run `{clean_line(run, 80)}` of Assay. State: {states[facts.state]}.",
        "",
        inline(document.answer),
        "",
        "Next:",
        "",
        *(f"    {command}" for command in commands),
        "",
        "What is here:",
        "",
        *(f"- `{name}`: {what}" for name, what in _FILES),
    ]
    return "\n".join(lines) + "\n"
