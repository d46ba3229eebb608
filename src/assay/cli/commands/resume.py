"""The command `resume`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from assay.cli.detach import detach as in_background
from assay.cli.display.foreseen import forecast_words
from assay.cli.lookup import find_run
from assay.cli.options.flags import DISPLAYS, read_limits
from assay.cli.options.parsers import one_of
from assay.cli.options.problems import Problems
from assay.cli.options.records import LimitFlags
from assay.cli.plan import limit_words
from assay.cli.seeing import Work, channel_of, choose_view, see_through
from assay.cli.shell import Shell
from assay.cli.tracked import NO, choose_store, mlflow_wish
from assay.core.budget import Limits
from assay.core.cores import usable_cores
from assay.core.errors import AssayError, NothingFound
from assay.journal.folders import is_live, run_folders
from assay.journal.summary import Summary, SummaryFile
from assay.strategies.description import read_description
from assay.strategies.launch import resume as take_up


def resume(
    shell: Shell,
    root: Path,
    name: str | None,
    flags: LimitFlags,
    *,
    display: str | None,
    require_gain: bool,
    detach: bool = False,
    mlflow: str | None = None,
    no_mlflow: bool = False,
    notify: str | None = None,
) -> int:
    """Take a run up where it was left; with `detach` in the background."""
    shell.channel = channel_of(notify)
    problems, now, cores = Problems(), shell.output.clock.now(), usable_cores()
    read_limits(flags, problems, now=now, cores=cores)
    shown = problems.read("--display", display, one_of(DISPLAYS), "auto")
    problems.raise_any("resume")
    folder = find_run(root, name) if name is not None else _latest_unfinished(root)
    summary = SummaryFile(folder).read()
    shell.run_name, shell.run_folder = folder.name, folder
    limits = read_limits(flags, problems, now=now, cores=cores, elapsed_s=summary.wall_s)
    changed = changed_limits(summary.limits, limits, flags)
    if changed is not None:
        shell.output.say(f" limits {limit_words(changed)}")
    if summary.paused_since is not None:
        shell.output.say(f" paused it starts nothing new until: assay continue {folder.name}")
    if summary.model not in ("", "playbook"):
        for line in _rest_lines(folder, summary, changed or summary.limits):
            shell.output.say(line)
    # A run that was started without goes on without.
    kept = read_description(folder)[1].mlflow or NO
    store = choose_store(mlflow_wish(mlflow, off=no_mlflow, file=kept), folder.parent)
    if store.remark:
        shell.output.say(f" mlflow {store.remark}")
    if detach:
        return in_background(shell, folder.parent, folder.name, [] if name is not None else [folder.name])

    view = choose_view(shell, shown, folder.parent, summary)
    work: Work = lambda seen: take_up(folder, limits=changed, observers=seen)  # noqa: E731 - a name would say no more
    return see_through(shell, folder.parent, view, work, require_gain=require_gain, mlflow=store.uri)


def _rest_lines(folder: Path, summary: Summary, limits: Limits) -> list[str]:
    """Return what the rest of a run will likely cost; nothing where it cannot be taken up, which is told elsewhere."""
    from assay.strategies.forecast import foresee_rest

    try:
        foreseen = foresee_rest(folder, limits)
    except AssayError:
        return []
    return [f" cost   from here on {forecast_words(foreseen, limits, summary.spent)}"]


def changed_limits(old: Limits, new: Limits, flags: LimitFlags) -> Limits | None:
    """Return the old limits with those replaced that were typed; None when none was."""
    given = {
        "wall_s": flags.time is not None or flags.until is not None,
        "cost_usd": flags.cost is not None,
        "tokens": flags.tokens is not None,
        "trials": flags.trials is not None,
        "trial_timeout_s": flags.trial_timeout is not None,
        "workers": flags.workers is not None,
        "goal": flags.goal is not None,
    }
    changes = {name: getattr(new, name) for name, typed in given.items() if typed}
    return replace(old, **changes) if changes else None


def _latest_unfinished(root: Path) -> Path:
    for folder in run_folders(root):
        if not is_live(folder) and SummaryFile(folder).read().finished is None:
            return folder
    raise NothingFound("E203", f"no run in {str(root)!r} waits to be taken up", fix="assay ls")
