"""Executor: where candidates run, as a person writes it."""

from __future__ import annotations

import importlib.util
import re
import socket
from dataclasses import dataclass

from assay.core.errors import MachineError, UsageError

LOCAL = "local"
NOT_INSTALLED = "E519"
UNREACHABLE = "E523"
_REACH_S = 5.0
_MOST_NODES = 16


@dataclass(frozen=True, kw_only=True)
class Executor:
    """Where candidates run."""

    ray: bool = False
    """Whether on a Ray cluster; else this machine's own sandbox runs them."""
    address: str = ""
    """`HOST:PORT` or `auto` of a cluster that is there; empty starts one on this machine, for this run."""
    nodes: int = 1
    """Nodes of a cluster that is started here."""


def parse_executor(text: str) -> Executor:
    """Return what `local`, `ray`, `ray:local`, `ray:local:3`, `ray:auto` or `ray:HOST:PORT` means.

    Raises:
        ValueError: It is none of these.
    """
    name, _, rest = text.partition(":")
    if text == LOCAL:
        return Executor()
    if name == "ray" and rest in ("", "local"):
        return Executor(ray=True)
    if name == "ray" and rest == "auto":
        return Executor(ray=True, address=rest)
    if name == "ray" and (nodes := re.fullmatch(r"local:(\d+)", rest)) and 1 <= int(nodes[1]) <= _MOST_NODES:
        return Executor(ray=True, nodes=int(nodes[1]))
    if name == "ray" and re.fullmatch(r"[\w.\-]+:\d{1,5}|\[[0-9a-fA-F:]+\]:\d{1,5}", rest) and rest[:6] != "local:":
        return Executor(ray=True, address=rest)
    raise ValueError("is neither local, ray, ray:auto, ray:HOST:PORT nor ray:local:NODES")


def require_executor(text: str) -> Executor:
    """Return the executor, known to be within reach as far as that can be told without joining it.

    Raises:
        UsageError: The text means nothing (E010).
        MachineError: Ray is not installed (E519), or nobody listens at the address (E523).
    """
    try:
        executor = parse_executor(text)
    except ValueError as error:
        raise UsageError("E010", f"--executor {text!r} {error}", fix="--executor local") from None
    if executor.ray and importlib.util.find_spec("ray") is None:
        raise MachineError(
            NOT_INSTALLED,
            "--executor ray needs the package ray, which is not installed",
            kept="nothing was run",
            fix="uv sync --extra ray",
        )
    if executor.address not in ("", "auto"):
        _reach(executor.address)
    return executor


def unreachable(address: str, why: object) -> MachineError:
    """Return the error for a cluster that cannot be used."""
    return MachineError(
        UNREACHABLE,
        f"the Ray cluster at {address!r} cannot be used: {why}",
        kept="nothing was run",
        fix="ray start --address=HOST:PORT on this machine, or --executor local",
    )


def _reach(address: str) -> None:
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=_REACH_S).close()
    except (OSError, OverflowError) as error:
        raise unreachable(address, error) from None
