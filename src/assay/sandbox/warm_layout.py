"""What a waiting sandbox is started with: its pipes, and our part in its workspace."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path

from assay.core.errors import MachineError
from assay.sandbox.base import Command, Mount, Workspace
from assay.sandbox.warm import WarmOrder

SHOWN = "input"
"""Where a waiting sandbox can be shown a folder."""
HOOK = ".warm"
"""Folder of the workspace that holds our part while it gets ready; gone before the workspace is handed over."""
_WAITING = Path(__file__).with_name("_waiting.py")


@dataclass(frozen=True, kw_only=True)
class Wires:
    """The two pipes between the engine and a waiting child."""

    order: int
    ready: int
    ends: tuple[int, int]
    """The child's: what it reads the order from, and what it says to be ready."""

    @classmethod
    def open(cls) -> Wires:
        """Open both.

        Raises:
            MachineError: E511, too many files are open.
        """
        try:
            order_end, order = os.pipe()
            ready, ready_end = os.pipe()
        except OSError as error:
            raise MachineError("E511", f"no pipe could be opened: {error}") from error
        return cls(order=order, ready=ready, ends=(order_end, ready_end))

    def close_ends(self) -> None:
        """Close the child's, once it is started."""
        for end in self.ends:
            os.close(end)

    def close(self) -> None:
        """Close ours."""
        for end in (self.order, self.ready):
            os.close(end)


def shown_at(root: Path) -> Path:
    """Return the folder beside a workspace that its waiting child sees as `./input`."""
    return root.with_name(f"{root.name}-{SHOWN}")


def lay_out(order: WarmOrder, place: str, wires: Wires) -> tuple[Command, Workspace]:
    """Put our part into the workspace and return how the waiting child is started, and in what.

    Args:
        order: What it is for.
        place: Where the child sees the workspace.
        wires: Its pipes.

    Raises:
        MachineError: E514, the workspace could not be written to.
    """
    head = {"ORDER": wires.ends[0], "READY": wires.ends[1], "MODULES": order.modules, "PLACE": f"{place}/{HOOK}"}
    first, _, rest = _WAITING.read_text(encoding="utf-8").partition("from __future__ import annotations\n")
    lines = "".join(f"{name} = {value!r}\n" for name, value in head.items())
    hook, shown = order.root / HOOK, shown_at(order.root)
    try:
        shown.mkdir()
        shown.chmod(0o755)
        hook.mkdir()
        text = f"{first}from __future__ import annotations\n{lines}{rest}"
        (hook / "sitecustomize.py").write_text(text, encoding="utf-8")
    except OSError as error:
        raise MachineError("E514", f"the workspace could not be prepared: {error}") from error
    env = {**order.command.env, "PYTHONPATH": f"{place}/{HOOK}"}
    shows = (Mount(source=shown, target=SHOWN),)
    return replace(order.command, env=env), Workspace(root=order.root, mounts=shows)
