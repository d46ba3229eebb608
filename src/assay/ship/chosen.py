"""Chosen: the trial that is taken out of a run, with everything that is known of it."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from assay.core.candidate import Candidate
from assay.core.digest import digest_file
from assay.core.errors import AssayError, NothingFound
from assay.core.task import SplitKind, Task
from assay.core.validation import Check, Standing
from assay.core.view import View, ViewKey
from assay.data import Views
from assay.journal import events as ev
from assay.journal.history import History, Measurement, Trial
from assay.journal.objects import ObjectStore
from assay.report.facts import Facts
from assay.ship.record import DataFile, Measured, Program, Tolerance
from assay.strategies.description import task_of

NOTHING_TO_TAKE = "E208"
BLEND = "blend"
NOTEBOOK = "notebook"
_TEXT_TABLES = (".csv", ".tsv", ".tab")
_DELIMITERS = (",", ";", "\t", "|")


@dataclass(frozen=True)
class Chosen:
    """One scored trial of a run."""

    folder: Path
    """The run's."""
    facts: Facts
    trial: Trial
    candidate: Candidate

    @property
    def history(self) -> History:
        """The journal as tables."""
        return self.facts.history

    @cached_property
    def task(self) -> Task:
        """The run's task, on the data where they lie now."""
        return task_of(self.folder, self.history)

    @property
    def started(self) -> ev.RunStarted:
        """The run's first event."""
        if self.history.started is None:
            raise LookupError("the run never started")
        return self.history.started

    @property
    def is_blend(self) -> bool:
        """Whether it mixes the predictions of other trials."""
        return self.trial.operator == BLEND

    @cached_property
    def views(self) -> Views:
        """The run's views; one that is not there any more is built again from the data."""
        return Views(self.task, self.folder / "views", self.folder / "private")

    @cached_property
    def shown(self) -> View:
        """A view of the search, for the names and the columns that the code knows."""
        return self.views.build(self.views.fold_keys()[0])

    @cached_property
    def sealed(self) -> ev.SealedOpened | None:
        """The opening of the sealed rows, if it was for this trial and was graded."""
        opened = self.history.sealed
        mine = opened is not None and opened.trial == self.trial.number and opened.score is not None
        return opened if mine else None

    @cached_property
    def members(self) -> dict[int, Candidate]:
        """The trials that a blend mixes, by number; empty for any other trial."""
        if not self.is_blend:
            return {}
        trials = [self.history.trials[number] for number in self.trial.parents]
        return {trial.number: self.facts.objects.candidate(trial.candidate) for trial in trials}

    def programs(self) -> tuple[Program, ...]:
        """Return the solution, and the members of a blend."""
        own = self.candidate
        found = [_program("solution", "code", own)]
        for number, member in self.members.items():
            found.append(_program(f"member {number}", f"code/members/{number}", member))
        return tuple(found)

    def folds(self) -> tuple[Measured, ...]:
        """Return the recorded scores on the search folds; of a blend those of its members.

        The score of a blend on a fold is of weights that were chosen without this fold, and so not of one program.
        """
        rows: list[Measured] = []
        for number in self.members or {self.trial.number: self.candidate}:
            name = f"member {number}" if self.is_blend else "solution"
            rows += [self._measured(name, one) for one in self.facts.scored(self.history.trials[number])]
        return tuple(rows)

    def sealed_score(self) -> Measured | None:
        """Return the recorded score on the sealed rows, if they were opened for this trial."""
        key = self.views.sealed_key()
        if self.sealed is None or self.sealed.score is None or key is None:
            return None
        score = self.sealed.score
        return Measured(
            program="solution", view=key.name, score=score.value, rows=score.rows, answers=self._answers(key)
        )

    def tolerance(self) -> Tolerance:
        """Return how far a score may be from the recorded one: what the run measured as noise, the smallest known.

        Between equal seeds the spread over seeds is an upper bound: other machines add and round in another order,
        which is less than another seed does.
        """
        noise = self.history.noise.floor if self.history.noise is not None else None
        if noise:
            return Tolerance(value=noise, source="the noise floor that the run measured with reseeds of the baseline")
        checks = {check.check: check for check in self.history.validated(self.trial.number)}
        seeds = checks.get(Check.SEEDS)
        spread = seeds.numbers.get("spread") if seeds is not None and seeds.verdict is not Standing.SKIPPED else None
        if spread:
            return Tolerance(value=spread, source="the spread over seeds that the run measured")
        if self.trial.std_error:
            return Tolerance(
                value=self.trial.std_error / 2, source="half the standard error over folds: no noise was measured"
            )
        scale = abs(self.trial.score or 0.0) or 1.0
        return Tolerance(value=0.01 * scale, source="a hundredth of the score: no noise was measured")

    def data(self) -> tuple[DataFile, ...]:
        """Return the user's data files as they are now, if they are those of the run; empty if they are gone."""
        names = (self.task.data.train, self.task.data.test, self.task.data.sample)
        try:
            return tuple(_data_file(self.task.folder, name) for name in names if name is not None)
        except OSError:
            return ()

    @property
    def kind(self) -> str:
        """What it is: `script` or `notebook`."""
        return self.candidate.kind

    @cached_property
    def _roles(self) -> dict[str, str | None]:
        data = self.task.data
        names = {path.name for path in self.shown.input.iterdir() if path.is_file()}
        roles: dict[str, str | None] = {}
        for role, name in (("train", data.train), ("sample", data.sample), ("description", data.description)):
            roles[role] = next((one for one in _shown_as(name) if one in names), None) if name else None
        test = next((one for one in _shown_as(data.test) if one in names), None) if data.test else None
        left = sorted(names - {name for name in roles.values() if name} - {Path(name).name for name in data.side})
        roles["test"] = test or next((name for name in left if name.startswith("test")), None)
        return roles

    def shown_names(self) -> dict[str, str | None]:
        """Return under which names the code sees the files, by role; None for a file that the task has not."""
        return dict(self._roles)

    @property
    def shown_test(self) -> str:
        """The name of the test file, as the code sees it."""
        return self._roles["test"] or "test.csv"

    def columns(self) -> tuple[str, ...]:
        """Return the columns of the test file; empty where it is no text table."""
        return _header(self.shown.input / self.shown_test, self.delimiter)

    @cached_property
    def delimiter(self) -> str:
        """What separates the cells of the task's text tables."""
        train = self.shown.input / (self._roles["train"] or "train.csv")
        for sign in (_delimiter(train.name), *_DELIMITERS):
            if set(self.task.targets) <= set(_header(train, sign)):
                return sign
        return ","

    def sample(self) -> dict[str, str | None]:
        """Return the columns of the sample submission with the values that stand in it; None for the id."""
        name = self._roles["sample"]
        header = _header(self.shown.input / name, _delimiter(name)) if name else ()
        if not name or not header:
            return {}
        with (self.shown.input / name).open(encoding="utf-8-sig", newline="") as stream:
            rows = csv.reader(stream, delimiter=_delimiter(name))
            next(rows)
            first = next(rows, [""] * len(header))
        id_column = self.task.output.id_column
        return {column: None if column == id_column else cell for column, cell in zip(header, first, strict=False)}

    @property
    def predicts(self) -> bool:
        """Whether new rows can be put in the place of the test file."""
        return self.task.split.kind is not SplitKind.PREPARED

    def _measured(self, program: str, one: Measurement) -> Measured:
        keys = {key.name: key for key in self.views.fold_keys()}
        score = one.score
        if score is None:
            raise LookupError(f"{one.view} has no score")
        key = keys.get(one.view)
        return Measured(
            program=program,
            view=one.view,
            score=score.value,
            rows=score.rows,
            fold=key.fold if key else None,
            seed=one.seed,
            answers=self._answers(key) if key else "",
        )

    def _answers(self, key: ViewKey) -> str:
        try:
            view = self.views.build(key)
        except AssayError:  # the data are gone; the score can be measured again all the same
            return ""
        return digest_file(view.answers) if view.answers is not None else ""


def choose(folder: Path, trial: str) -> Chosen:
    """Return the trial of a run that `trial` means: a number, or `best`.

    Args:
        folder: The run's folder.
        trial: As a person typed it.

    Raises:
        NothingFound: There is no such trial with a score, or nothing in the run is scored (E208).
        IntegrityError: Journal or objects are not what was written (E401, E403).
    """
    from assay.journal.checkpoint import HistoryFile

    history = HistoryFile(folder).read()
    if history.started is None or not history.task.graded:
        raise NothingFound(
            NOTHING_TO_TAKE, f"the run {folder.name!r} has no scored solution to take out", fix="assay ls"
        )
    facts = Facts(history, ObjectStore(folder / "objects"), final=True)
    found = facts.winner if trial == "best" else _numbered(history, trial)
    if found is None or found.score is None:
        told = (
            f"the trial {trial!r} of {folder.name!r} has no score"
            if found or trial != "best"
            else "no trial has a score"
        )
        raise NothingFound(NOTHING_TO_TAKE, told, fix=f"assay top {folder.name}")
    return Chosen(folder, facts, found, facts.objects.candidate(found.candidate))


def _numbered(history: History, text: str) -> Trial | None:
    number = text.removeprefix("#")
    return history.trials.get(int(number)) if number.isdecimal() else None


def _shown_as(name: str) -> tuple[str, ...]:
    """Return under which names a data file may be shown: as it is, or unpacked."""
    path = Path(name)
    return (path.name, path.stem)


def _delimiter(name: str) -> str:
    return "\t" if Path(name).suffix.lower() in (".tsv", ".tab") else ","


def _header(path: Path, delimiter: str) -> tuple[str, ...]:
    if path.suffix.lower() not in _TEXT_TABLES or not path.is_file():
        return ()
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return tuple(next(csv.reader(stream, delimiter=delimiter), ()))


def _program(name: str, folder: str, candidate: Candidate) -> Program:
    return Program(
        name=name,
        folder=folder,
        kind=candidate.kind,
        entry=candidate.entry,
        files=tuple(candidate.files),
        code=candidate.digest,
    )


def _data_file(folder: Path, name: str) -> DataFile:
    path = folder / name
    rows = None
    if path.suffix.lower() in _TEXT_TABLES:
        with path.open("rb") as stream:
            rows = sum(1 for line in stream if line.strip()) - 1
    return DataFile(name=name, digest=digest_file(path), rows=rows)
