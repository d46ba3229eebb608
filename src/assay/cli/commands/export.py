"""The command `export`: a run from its journal into another system's store."""

from __future__ import annotations

from pathlib import Path

from assay.cli.lookup import find_run
from assay.cli.shell import Shell
from assay.cli.tracked import AUTO, LOCAL, mlflow_wish, store_address
from assay.core.errors import MachineError, UsageError
from assay.journal.folders import is_live


def export(shell: Shell, root: Path, name: str | None, *, mlflow: str | None) -> int:
    """Write a run to an MLflow store; again and again it changes nothing but what is new.

    Raises:
        UsageError: E071, no store was named; E061, E070.
        NothingFound: There is no such run.
        MachineError: E540; E543, the store did not take it.
    """
    from assay.tracking import Place, Store, StoreLost
    from assay.tracking.export import export_run

    wish = mlflow_wish(mlflow, off=False, default="")
    wish = LOCAL if wish == AUTO else wish
    if not wish:
        raise UsageError("E071", "nothing says what to export to", fix="assay export --mlflow")
    folder = find_run(root, name)
    shell.run_name, shell.run_folder = folder.name, folder
    uri = store_address(wish, root)
    shell.output.complain(f"writing {folder.name} to {uri} …")
    try:
        with Store(Place(uri=uri)) as store:
            done = export_run(folder, store, paused=not is_live(folder))
    except StoreLost as lost:
        raise MachineError(
            "E543",
            f"the experiment store at {uri} did not take the run: {lost.reason}",
            kept="the run, and what is written already; the same command goes on with it",
            fix=f"assay export --mlflow {uri} {folder.name}",
        ) from lost
    missing = f", {done.refused} that the store refused" if done.refused else ""
    text = f"{done.trials} trials{missing} · experiment {done.experiment!r} · run {done.run_id} · {uri}"
    value = {
        "run": folder.name,
        "uri": uri,
        "experiment": done.experiment,
        "run_id": done.run_id,
        "trials": done.trials,
        "refused": done.refused,
    }
    shell.output.answer("export", value, text)
    return 0
