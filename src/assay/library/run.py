"""Run: a run as an object: started, watched, read and taken out from Python."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assay.core.errors import AssayError
from assay.library.card import Card
from assay.library.client import Answer, ask, flags_of, stream
from assay.library.tables import placed

if TYPE_CHECKING:
    import pandas as pd

_COLUMNS = ("trial", "score", "std_error", "verdict", "effect", "wall_s", "operator", "title")


def run(
    data: Any,
    *,
    target: str | None = None,
    test: Any = None,
    runs: str | Path | None = None,
    show: bool = True,
    **options: object,
) -> Run:
    """Work on data until a limit is reached, and return the run.

        from assay import run

        found = run(frame, target="y", time="5m")
        found.top()

    Interrupting it saves the run and raises KeyboardInterrupt; `open_run()` returns it.

    Args:
        data: A table (of pandas, or with `to_pandas`), or the path of a file, a folder, a notebook or a task.toml.
        target: Column to predict, several separated by commas; None lets it be found out.
        test: Table of the rows to predict; `submission` of the run predicts them.
        runs: Folder of the run folders; ASSAY_RUNS or `runs` by default.
        show: Whether to show how it goes: a card in a notebook, lines elsewhere.
        options: The options of `assay run`, underscores for dashes: `time="5m"`, `metric="rmse"`, `offline=True`.

    Returns:
        The run. One that found nothing is returned, too: its `exit_code` says how it ended.

    Raises:
        AssayError: What `assay run` refuses, with code, what is kept, and a fix.
    """
    root = _root(runs)
    path = placed(data, test, root)
    card = Card(show=show)
    flags = flags_of({"target": target, "runs": root, **options})
    folder, done = None, None
    with stream(["run", str(path), *flags]) as lines:
        for line in lines:
            card.take(line)
            if line.get("event") == "launch":
                folder = Path(line["folder"])
            elif line.get("event") == "done":
                done = line
    if folder is None:
        raise AssayError("E592", "assay ended before the run was started", fix="assay ls")
    return Run(folder, done=done)


def open_run(name: str | None = None, *, runs: str | Path | None = None) -> Run:
    """Return a run that there is.

    Args:
        name: Its name, a unique beginning of it, or its folder; None means the latest.
        runs: Folder of the run folders; ASSAY_RUNS or `runs` by default.

    Raises:
        AssayError: There is no such run (E201, E203), or several begin so (E026).
    """
    named = [] if name is None else [name]
    return Run(Path(ask("status", *named, "--runs", str(_root(runs)))["folder"]))


class Run:
    """A run and what can be asked of it. Every answer is read anew from its journal.

    Args:
        folder: Of the run.
        done: The last line that it wrote, where it was started from here.
    """

    def __init__(self, folder: Path, *, done: Answer | None = None) -> None:
        self.folder = folder
        self.name = folder.name
        self._done = done

    @property
    def exit_code(self) -> int | None:
        """How it ended, as `docs/exit-codes.md` has it; None where it was not started from here or was cut off."""
        return None if self._done is None else int(self._done["exit"])

    @property
    def status(self) -> Answer:
        """How it is doing, as `assay status --json` tells it."""
        return ask("status", *self._here)

    @property
    def best(self) -> Answer | None:
        """The best trial: number, title, score, standard error, verdict; None before there is one."""
        found: Answer | None = self.status["best"]
        return found

    def top(self, k: int = 10) -> pd.DataFrame:
        """Return the first `k` places of the ranking, one row a trial. Scores are graded by the engine."""
        import pandas as pd

        rows = ask("top", *self._here, "-k", str(k))["trials"]
        return pd.DataFrame([{name: row[name] for name in _COLUMNS} for row in rows], columns=list(_COLUMNS))

    def trial(self, number: int | str = "best") -> Answer:
        """Return all about one trial, with its plan and its files under `content`. Both are a candidate's own words.

        Raises:
            AssayError: There is no such trial (E202).
        """
        return ask("show", str(number), *self._of, "--content")

    @property
    def submission(self) -> pd.DataFrame | None:
        """Predictions for the test rows by the best trial; None without test rows or before there is one."""
        import pandas as pd

        path = self.folder / "submission.csv"
        return pd.read_csv(path) if path.is_file() else None

    def report(self) -> Path:
        """Write the report anew and return its page; it needs no network."""
        ask("report", *self._here)
        return self.folder / "report.html"

    def export(self, out: str | Path, *, trial: int | str = "best", force: bool = False) -> Path:
        """Write a solution that runs without Assay, with `train.py` and `predict.py`, and return its folder or archive.

        Args:
            out: A folder, or an archive if it ends in `.zip`.
            trial: Which one.
            force: Whether to replace what is there.

        Raises:
            AssayError: Something is there (E072), or there is no such trial (E202).
        """
        ask("export", str(trial), *self._of, f"--out={out}", *(["--force"] if force else []))
        return Path(out)

    def _repr_html_(self) -> str:
        import html

        from assay.report.formatting import format_score

        best = self.best
        words = (
            "no trial has a valid score yet" if best is None else f"best #{best['trial']} {format_score(best['score'])}"
        )
        return f"<p>{html.escape(f'{self.name} · {words}')}</p>{self.top(5).to_html(index=False)}"

    def __repr__(self) -> str:
        return f"Run({str(self.folder)!r})"

    @property
    def _here(self) -> tuple[str, ...]:
        return (str(self.folder),)

    @property
    def _of(self) -> tuple[str, ...]:
        return ("-r", str(self.folder))


def _root(runs: str | Path | None) -> Path:
    return Path(runs or os.environ.get("ASSAY_RUNS") or "runs").absolute()
