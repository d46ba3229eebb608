"""The command `export`: a solution out of a run, or the run into an experiment store."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from assay.cli.lookup import find_run
from assay.cli.output import one_line
from assay.cli.shell import Shell
from assay.core.errors import UsageError
from assay.journal.folders import run_folders
from assay.report.formatting import format_count

BEST = "best"
CONTRADICTION = "E073"


def export(
    shell: Shell,
    root: Path,
    words: Sequence[str],
    run_name: str | None,
    *,
    out: Path | None,
    forms: Sequence[str],
    force: bool,
    mlflow: str | None,
) -> int:
    """Write a solution, or with `mlflow` the run.

    Args:
        shell: Where to say what was done.
        root: Folder of the runs.
        words: Run and trial as typed, either of which may be missing.
        run_name: The run, where an option names it.
        out: Folder or archive; None means `solution` here.
        forms: Which parts alone were asked for; at most one.
        force: Whether what is there is replaced.
        mlflow: A store, as `--mlflow` was typed; None where it was not.

    Raises:
        UsageError: The options cannot be meant together (E073), or something is in the way (E072).
        NothingFound: No such run (E201, E203), or no scored trial (E208).
    """
    name, trial = _meant(root, words, run_name)
    if mlflow is not None:
        if forms or out is not None or trial is not None:
            raise UsageError(CONTRADICTION, "--mlflow takes a whole run", fix="assay export --mlflow RUN")
        from assay.cli.commands.export import export as to_store

        return to_store(shell, root, name, mlflow=mlflow)
    if len(forms) > 1:
        told = " and ".join(f"--{form}" for form in forms)
        raise UsageError(CONTRADICTION, f"{told} were given together", fix=f"--{forms[0]} alone")
    from assay.ship.chosen import choose
    from assay.ship.export import Form
    from assay.ship.export import export as write

    folder = find_run(root, name)
    shell.run_name, shell.run_folder = folder.name, folder
    form = Form(forms[0]) if forms else Form.WHOLE
    chosen = choose(folder, trial or BEST)
    done = write(chosen, out or Path("solution"), form, replace=force)
    value = {
        "run": folder.name,
        "trial": done.trial,
        "path": str(done.path.absolute()),
        "form": str(form),
        "files": list(done.files),
        "unpinned": list(done.unpinned),
    }
    lines = [f"wrote #{done.trial} of {folder.name} to {done.path}: {format_count(len(done.files), 'file')}"]
    if done.unpinned:
        lines.append(
            f" no version is known of {one_line(', '.join(done.unpinned), 200)}: requirements.txt names them only"
        )
    if form is Form.WHOLE:
        lines.append(f" next     assay verify {done.path} --data {chosen.task.folder}")
    if form is Form.KAGGLE:
        lines.append(" next     put your user name and the competition's name into kernel-metadata.json")
    shell.output.answer("solution", value, "\n".join(lines))
    return 0


def _meant(root: Path, words: Sequence[str], run_name: str | None) -> tuple[str | None, str | None]:
    """Return run and trial, None where they were not said: `best` and numbers are trials unless a run is named so."""
    if len(words) > 2:
        raise UsageError(CONTRADICTION, f"{len(words)} words were given", fix="assay export RUN TRIAL")
    if len(words) == 2 and run_name is None:
        return words[0], words[1]
    if len(words) == 1 and run_name is None:
        names = {folder.name for folder in run_folders(root)}
        is_trial = words[0] == BEST or words[0].removeprefix("#").isdecimal()
        return (None, words[0]) if is_trial and words[0] not in names else (words[0], None)
    if len(words) == 2:
        raise UsageError(CONTRADICTION, f"the run is named twice: {words[0]!r} and {run_name!r}", fix="name it once")
    return run_name, words[0] if words else None
