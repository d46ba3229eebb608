"""The verbs below `model`. Each function only gathers what was typed and calls its command."""

# Typer reads annotations at run time, so they are not postponed here.
from typing import Annotated

import typer

from assay.cli.help import Verb
from assay.cli.options.typed import BaseUrl, Json, shell_of


def build_model() -> typer.Typer:
    """Return the verbs below `model`."""
    model = typer.Typer(help="Say who answers runs, try it, and choose.", rich_markup_mode=None)
    model.command(name="list", cls=Verb)(list_)
    model.command(name="test", cls=Verb)(try_)
    model.command(name="setup", cls=Verb)(setup)
    return model


def list_(context: typer.Context, json: Json = False) -> int:
    """Show keys by name, servers of this machine, and what is chosen."""
    from assay.cli.commands.models import list_models as command

    return command(shell_of(context))


def try_(
    context: typer.Context,
    model: Annotated[
        str | None, typer.Argument(metavar="[MODEL]", help="PROVIDER:NAME or cli:PROGRAM; the chosen one without it.")
    ] = None,
    base_url: BaseUrl = None,
    json: Json = False,
) -> int:
    """Put one small question to a model. Time, tokens, price."""
    from assay.cli.commands.models import try_model as command

    return command(shell_of(context), model, base_url)


def setup(
    context: typer.Context,
    model: Annotated[
        str | None, typer.Argument(metavar="[MODEL]", help="PROVIDER:NAME, cli:PROGRAM or playbook; asked without it.")
    ] = None,
    base_url: BaseUrl = None,
    role_models: Annotated[
        list[str] | None,
        typer.Option("--role-model", metavar="ROLE=MODEL", help="A model of its own for a role; again for more."),
    ] = None,
    forget: Annotated[bool, typer.Option("--forget", help="Take the choice back: runs take the playbook.")] = False,
    json: Json = False,
) -> int:
    """Choose who answers runs that name no model. No key is written."""
    from assay.cli.commands.models import set_up as command

    return command(shell_of(context), model, base_url, tuple(role_models or ()), forget=forget)
