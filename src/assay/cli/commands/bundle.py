"""The command `bundle`: the dashboard of a run as a file or a folder that opens without a server."""

from __future__ import annotations

from pathlib import Path

from assay.cli.lookup import find_run
from assay.cli.output import one_line
from assay.cli.shell import Shell
from assay.report.formatting import format_bytes


def bundle(shell: Shell, root: Path, name: str | None, *, out: Path | None, force: bool, quick: bool) -> int:
    """Write every page of a run with its data, say what was left out; return 0.

    Raises:
        NothingFound: There is no such run (E201, E203).
        UsageError: Something stands in the way (E072).
        MachineError: It cannot be written (E501).
    """
    from assay.web.bundle import bundle_run, write_bundle

    folder = find_run(root, name)
    shell.run_name, shell.run_folder = folder.name, folder
    target = Path(f"{folder.resolve().name}.html") if out is None else out
    made = bundle_run(folder, look=not quick)
    page = write_bundle(made, target, replace=force)
    size = page.stat().st_size
    trials = sum(key.split("/")[1:2] == ["trial"] for key in made.answers)
    lines = [f"wrote {page.absolute()}, {format_bytes(size)}; it opens from the disk, with no server and no network"]
    lines += [f" note    {one_line(text, 300)}" for text in made.said]
    value = {
        "run": folder.name,
        "page": str(page.absolute()),
        "bytes": size,
        "trials": trials,
        "left_out": made.said,
    }
    shell.output.answer("bundle", value, "\n".join(lines))
    return 0
