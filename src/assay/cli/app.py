"""The command line: its verbs under their titles."""

# Typer reads annotations at run time, so they are not postponed here.
from collections.abc import Callable
from typing import Annotated

import typer

from assay.cli.help import Grouped, Verb
from assay.cli.model_verbs import build_model
from assay.cli.options.typed import shell_of
from assay.cli.verbs.handing import note, submit
from assay.cli.verbs.machine import build_service, doctor, explain, gc, schema
from assay.cli.verbs.reading import apply, cost, diff, logs, ls, query, report, show, status, top, ui, watch
from assay.cli.verbs.shipping import audit, bundle, compare, export, replay, rerun, verify
from assay.cli.verbs.starting import check, demo, ideas, init, papers, resume, run
from assay.cli.verbs.steering import continue_, finish, pause, skip, stop, tell
from assay.cli.verbs.tasks import build_tasks


def build_app() -> typer.Typer:
    """Return the command line, ready to be called."""
    app = typer.Typer(
        name="assay",
        cls=Grouped,
        help="Autonomous ML engineering that counts only what it has tested itself.",
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        add_completion=False,
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    )
    app.callback(invoke_without_command=True)(_root)
    groups: dict[str, tuple[Callable[..., int], ...]] = {
        "Start": (demo, init, check, ideas, papers, run, resume),
        "Watch": (status, watch, logs, ui),
        "Steer": (tell, pause, continue_, skip, finish, stop),
        "Read": (ls, top, show, diff, compare, query, cost, report),
        "Trust": (verify, audit, replay, rerun),
        "Take out": (export, bundle, apply, submit, note),
        "Machine": (doctor, explain, schema, gc),
    }
    for title, verbs in groups.items():
        for verb in verbs:
            app.command(name=verb.__name__.rstrip("_"), cls=Verb, rich_help_panel=title)(verb)
    app.add_typer(build_tasks(), name="tasks", rich_help_panel="Start")
    app.add_typer(build_model(), name="model", rich_help_panel="Machine")
    app.add_typer(build_service(), name="service", rich_help_panel="Machine")
    return app


def _root(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Say which version this is and leave.")] = False,
) -> None:
    if version:
        from assay import __version__

        shell_of(context).output.answer("version", {"version": __version__}, f"assay {__version__}")
        raise typer.Exit
    if context.invoked_subcommand is None:
        shell_of(context).output.say(context.get_help())
        raise typer.Exit
