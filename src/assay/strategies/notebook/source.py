"""Source: the notebook that a stage or a review works on, named by a person or found among earlier runs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from assay.core.candidate import Candidate
from assay.core.digest import digest_text
from assay.core.errors import AssayError, NothingFound, TaskError
from assay.core.task import Task
from assay.engine.session import Session
from assay.journal.file import FileJournal
from assay.journal.history import History, Trial
from assay.journal.objects import ObjectStore
from assay.kinds.notebook import (
    NOTEBOOK,
    LockPolicy,
    locks_of,
    make_locks,
    new_notebook_candidate,
    notebook_of,
    parse,
    require_python,
)
from assay.strategies.data_location import told_to_run
from assay.strategies.notebook.beside import helpers_beside
from assay.strategies.notebook.record import IterationRecord, Source, Status, iterations_of

NOTEBOOKS = (".ipynb", ".py")
_SAME = ("targets", "metric", "grader", "split", "holdout", "data_digest")
"""What of two tasks must be equal for their scores to be compared."""


@dataclass(frozen=True, kw_only=True)
class Found:
    """A notebook that was found."""

    candidate: Candidate
    origin: str
    folder: Path | None = None
    """Folder of its run; None for a file."""
    trial: int | None = None
    score: float | None = None
    time: float = 0.0
    """When its run was last written to, in seconds since the epoch."""
    iteration: IterationRecord | None = None
    file: str = ""
    digest: str = ""


def find_notebook(named: str, runs: Path, *, task: Task, but: Path | None = None, scored: bool = True) -> Found:
    """Return the notebook to work on.

    Args:
        named: A notebook file, a run's folder or its name; empty takes the best of the earlier runs on the same task.
        runs: Folder of runs.
        task: Runs whose scores do not compare with this task's are left aside where none is named.
        but: Folder of the run that asks.
        scored: Whether it must have a graded score; otherwise one that waits to be run is taken, the latest first.

    Raises:
        NothingFound: There is no such file or run (E201), or none that has such a notebook (E210).
        TaskError: The file is no notebook (E138).
    """
    if named and Path(named).suffix in NOTEBOOKS:
        return _of_file(named)
    if named:
        folder = next((f for f in (Path(named), runs / named) if (f / "events.jsonl").is_file()), None)
        if folder is None:
            raise NothingFound("E201", f"there is no run and no notebook {named!r}", fix="assay ls")
        found = list(_in_run(folder, None, scored=scored))
    else:
        folders = sorted(path.parent for path in runs.glob("*/events.jsonl"))
        others = [folder for folder in folders if but is None or folder.resolve() != but.resolve()]
        found = [one for folder in others for one in _in_run(folder, task, scored=scored)]
    if not found:
        what = "notebook with a graded score" if scored else "notebook that waits to be run"
        where = f"in the run {named!r}" if named else f"among the earlier runs on this task in {str(runs)!r}"
        raise NothingFound(
            "E210", f"there is no {what} {where}", fix="--source NOTEBOOK, or assay run --strategy notebook"
        )
    return _best(found, scored=scored)


def found_for(session: Session, named: str, *, scored: bool = True) -> Found:
    """Return the notebook that a run works on: see `find_notebook`; earlier runs are those beside its own folder."""
    return find_notebook(
        named,
        session.parts.folder.parent,
        task=session.parts.task,
        but=session.parts.folder,
        scored=scored,
    )


def kept(session: Session, found: Found) -> Source:
    """Return where a notebook came from; its files are in this run's objects from now on."""
    record = found.iteration
    return Source(
        candidate=session.parts.objects.put_candidate(found.candidate),
        origin=found.origin,
        run=found.folder.name if found.folder is not None else "",
        trial=found.trial,
        file=str(told_to_run(Path(found.file), session.parts.folder)) if found.file else "",
        digest=found.digest,
        title=record.title if record else found.candidate.title,
        strategy=record.strategy if record else "",
    )


def with_locks(candidate: Candidate, sections: Sequence[str], cells: Sequence[str], opened: Sequence[str]) -> Candidate:
    """Return the candidate with the locks of a review beside those that it has.

    Args:
        candidate: A notebook.
        sections: Words that lock a cell.
        cells: Ids of further cells.
        opened: Ids that a person wants open; whatever locks a cell wins.

    Raises:
        IntegrityError: There is no cell of such an id (E404).
    """
    notebook = notebook_of(candidate)
    kept = tuple(dict.fromkeys([*cells, *sorted(locks_of(candidate).ids)]))
    policy = LockPolicy(cells=kept, sections=tuple(sections), open=tuple(opened))
    own = new_notebook_candidate(
        notebook,
        make_locks(notebook, policy),
        title=candidate.title,
        plan=candidate.plan,
        operator="baseline",
        entry=candidate.entry,
        recipe=candidate.recipe,
    )
    others = {name: text for name, text in candidate.files.items() if name not in own.files}
    return Candidate(
        kind=own.kind,
        files={**others, **own.files},
        entry=own.entry,
        title=own.title,
        plan=own.plan,
        operator=own.operator,
        recipe=own.recipe,
    )


def comparable(one: Task, other: Task) -> bool:
    """Return whether scores on two tasks mean the same: same data, target, metric, split and sealed share.

    How many rows a search shows, and what the task is called, may differ.
    """
    return all(getattr(one, name) == getattr(other, name) for name in _SAME)


def _of_file(named: str) -> Found:
    path = Path(named)
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise NothingFound("E201", f"there is no notebook {named!r}", fix="--set source=NOTEBOOK") from None
    except (OSError, UnicodeDecodeError) as error:
        raise TaskError("E138", f"{named!r} cannot be read: {error}", fix="--set source=NOTEBOOK") from error
    notebook = parse(text, path.name)
    require_python(notebook, path.name)
    helpers = helpers_beside(notebook, path)
    candidate = new_notebook_candidate(notebook, title=path.stem, operator="baseline", files=helpers)
    return Found(
        candidate=candidate,
        origin=f"the notebook {path.name}",
        file=str(path.absolute()),
        digest=digest_text(text),
    )


def _in_run(folder: Path, task: Task | None, *, scored: bool) -> Iterator[Found]:
    """Yield the notebooks of a run; a run that cannot be read has none where it was not asked for by name."""
    try:
        history = History(FileJournal(folder / "events.jsonl").read())
        if history.started is None or (task is not None and not comparable(history.task, task)):
            return
        yield from _notebooks(folder, history, scored=scored)
    except (AssayError, OSError):
        if task is None:
            raise


def _notebooks(folder: Path, history: History, *, scored: bool) -> Iterator[Found]:
    objects, time = ObjectStore(folder / "objects"), history.last.time if history.last else 0.0
    records = iterations_of(history)
    if not scored:
        for record in records:
            if record.candidate and record.status is Status.GENERATED:
                yield Found(
                    candidate=objects.candidate(record.candidate), origin=f"the run {folder.name}", folder=folder,
                    time=time, iteration=record,
                )  # fmt: skip
        return
    best = _best_trial(history, objects)
    if best is not None:
        made = next((one for one in records if one.trial == best.number), None)
        yield Found(
            candidate=objects.candidate(best.candidate), origin=f"trial #{best.number} of the run {folder.name}",
            folder=folder, trial=best.number, score=best.score, time=time, iteration=made,
        )  # fmt: skip


def _best_trial(history: History, objects: ObjectStore) -> Trial | None:
    ranking = history.ranking()
    return next((trial for trial in ranking if objects.candidate(trial.candidate).kind == NOTEBOOK), None)


def _best(found: Sequence[Found], *, scored: bool) -> Found:
    """Return the best by its recorded score, or the latest by recorded time; never by name."""
    if not scored:
        return max(found, key=lambda one: one.time)
    # All are of one task, so they share the metric; which way is better is the journal's to say.
    folder = found[0].folder
    if folder is None:
        return found[0]
    metric = History(FileJournal(folder / "events.jsonl").read()).metric
    return metric.ranked(found, lambda one: one.score)[0]
