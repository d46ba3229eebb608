"""Records of options stand in a verb's signature as single options, and come back as records."""

from __future__ import annotations

import inspect
from typing import Annotated

import pytest
import typer

from assay.cli.options.records import LimitFlags, RunFlags
from assay.cli.options.spread import Picked, spread


def test_a_record_becomes_its_picked_fields_in_its_own_order() -> None:
    def verb(
        context: str,
        name: str = "x",
        *,
        limits: Annotated[LimitFlags, Picked("workers", "time")],
        flags: Annotated[RunFlags, Picked("hints", "seed")],
        json: bool = False,
    ) -> int:
        return 0

    signature = inspect.signature(spread(verb))

    assert list(signature.parameters) == ["context", "name", "time", "workers", "hints", "seed", "json"]
    assert signature.parameters["name"].default == "x"


def test_what_is_typed_arrives_as_records() -> None:
    app = typer.Typer(add_completion=False)
    called: list[tuple[LimitFlags, RunFlags]] = []

    @app.command()
    @spread
    def run(*, limits: LimitFlags, flags: Annotated[RunFlags, Picked("hints", "no_gate")]) -> int:
        called.append((limits, flags))
        return 0

    app(["--time", "5m", "--model-hint", "a", "--model-hint", "b"], standalone_mode=False)
    app(["--no-gate"], standalone_mode=False)

    assert called == [
        (LimitFlags(time="5m"), RunFlags(hints=("a", "b"))),
        (LimitFlags(), RunFlags(no_gate=True)),
    ]


def test_a_field_that_is_not_there_is_told_at_once() -> None:
    def wrong(*, limits: Annotated[LimitFlags, Picked("tiem")]) -> int:
        return 0

    with pytest.raises(LookupError, match="LimitFlags has no tiem"):
        spread(wrong)
