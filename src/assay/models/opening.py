"""Open the model that a person named, with the cap and the log that a run keeps around it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from assay.core.budget import Limits, Spent
from assay.core.clock import SystemClock
from assay.core.errors import UsageError

if TYPE_CHECKING:
    from assay.core.prices import Prices
    from assay.models.base import Model
    from assay.models.completion import Layer

CALLS = "llm"
"""Folder of a run in which every call to a provider, or of a program, is kept."""


def open_model(
    spec: str,
    *,
    base_url: str | None = None,
    limits: Limits | None = None,
    spent: Spent | None = None,
    folder: Path | None = None,
    prices: Prices | None = None,
) -> Model:
    """Return the model that answers a run's questions; nothing is sent yet.

    Args:
        spec: `playbook`, `openai:NAME`, `anthropic:NAME`, `google:NAME`, `ollama:NAME`, `cli:COMMAND`, or
            `recorded:FOLDER`.
        base_url: Address of an OpenAI-compatible server; from ASSAY_BASE_URL or OPENAI_BASE_URL if None.
        limits: Its caps on tokens and money hold for every single call; None for no cap.
        spent: What an earlier process of the same run has used.
        folder: The run's folder, where calls are kept under `llm/`; None keeps none.
        prices: Those of the run, by which every request is charged; None looks them up now.

    Raises:
        UsageError: There is no such model, or ASSAY_PRICE holds no price.
    """
    if spec == "playbook":
        from assay.models.playbook import Playbook

        return Playbook()
    if spec.startswith("recorded:"):
        return _recorded(Path(spec.removeprefix("recorded:")))
    from assay.models.call_log import CallLog
    from assay.models.cap import Cap
    from assay.models.llm import open_model as open_language_model
    from assay.models.prices import prices_of
    from assay.models.program.choice import is_program
    from assay.models.program.completer import open_program

    layers: list[Layer] = []
    if limits is not None and (limits.tokens is not None or limits.cost_usd is not None):
        layers.append(Cap(tokens=limits.tokens, cost_usd=limits.cost_usd, spent=spent))
    if folder is not None:
        layers.append(CallLog(folder / CALLS, run=folder.name))
    if prices is None:
        prices = prices_of(spec, base_url=base_url, at=SystemClock().now())
    if is_program(spec):
        return open_program(spec, prices=prices, layers=layers)
    return open_language_model(spec, base_url=base_url, prices=prices, layers=layers)


def address_for(spec: str, main: str, base_url: str | None) -> str | None:
    """Return the address at which the model of a single role is asked: the run's own if its provider is the run's."""
    return base_url if spec.partition(":")[0] == main.partition(":")[0] else None


def can_search(spec: str, *, base_url: str | None = None, environ: Mapping[str, str] | None = None) -> bool:
    """Return whether the model that `spec` names is offered a web search of its own, where a role asks for it.

    Args:
        spec: As for `open_model`.
        base_url: As for `open_model`.
        environ: Variables to read addresses and ASSAY_WEB_SEARCH from; the process's own if None.

    Raises:
        UsageError: There is no such provider or program, or ASSAY_WEB_SEARCH is neither on nor off (E066).
    """
    if spec == "playbook" or spec.startswith("recorded:"):
        return False
    from assay.models.endpoint import resolve
    from assay.models.program.choice import is_program, resolve_program

    variables = os.environ if environ is None else environ
    if is_program(spec):
        return resolve_program(spec, environ=variables).may_search(variables)
    return resolve(spec, base_url=base_url, environ=variables).search


def _recorded(folder: Path) -> Model:
    from assay.models.recorded import RecordedModel

    if not folder.is_dir():
        raise UsageError("E062", f"there is no folder of recordings at {str(folder)!r}")
    return RecordedModel(folder, any_digest=True)
