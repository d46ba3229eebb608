"""Graphics processors: which there are, and slots so that each serves one execution at a time."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_QUERY = "index,uuid,pci.bus_id,name"
_SHARED = ("nvidiactl", "nvidia-uvm", "nvidia-uvm-tools", "nvidia-modeset")
"""Device nodes that belong to the driver and not to one processor."""
VISIBLE = "CUDA_VISIBLE_DEVICES"


@dataclass(frozen=True, kw_only=True)
class Gpu:
    """One graphics processor that executions may be given."""

    name: str
    """What its maker calls it."""
    visible: str = ""
    """What it is called in `CUDA_VISIBLE_DEVICES`; empty for one of another machine, which names it there."""
    index: int = 0
    """Its number among those of its machine."""
    devices: tuple[Path, ...] = ()
    """Device nodes that a process needs to use it."""


def find_gpus(
    environ: Mapping[str, str] | None = None, *, dev: Path = Path("/dev"), proc: Path = Path("/proc")
) -> tuple[Gpu, ...]:
    """Return the graphics processors that `nvidia-smi` lists and `CUDA_VISIBLE_DEVICES` leaves to us.

    A driver that is not there or fails means none.

    Args:
        environ: Variables; None means those of this process.
        dev: Where device nodes lie.
        proc: Where the kernel tells of itself.
    """
    known = os.environ if environ is None else environ
    found = []
    for line in _listed(known):
        fields = [field.strip() for field in line.split(",", 3)]
        if len(fields) < 4 or not fields[0].isdigit():
            continue
        index, uuid, bus, name = int(fields[0]), *fields[1:]
        nodes = (f"nvidia{_minor(proc, bus, index)}", *_SHARED)
        devices = tuple(dev / node for node in nodes if (dev / node).exists())
        found.append(Gpu(name=name, visible=uuid, index=index, devices=devices))
    return _left_to_us(found, known.get(VISIBLE))


def _listed(environ: Mapping[str, str]) -> list[str]:
    program = shutil.which("nvidia-smi", path=environ.get("PATH"))
    if program is None:
        return []
    try:
        done = subprocess.run(
            [program, f"--query-gpu={_QUERY}", "--format=csv,noheader"],
            capture_output=True,
            text=True,
            timeout=20,
            check=True,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.SubprocessError):
        return []
    return done.stdout.splitlines()


def _minor(proc: Path, bus: str, index: int) -> int:
    """Return the number in the name of the device node, which is not always that of `nvidia-smi`."""
    domain, _, rest = bus.lower().partition(":")
    try:
        told = (proc / "driver/nvidia/gpus" / f"{domain[-4:]}:{rest}" / "information").read_text(encoding="utf-8")
    except OSError:
        return index
    match = re.search(r"Device Minor:\s*(\d+)", told)
    return int(match[1]) if match else index


def _left_to_us(found: Sequence[Gpu], visible: str | None) -> tuple[Gpu, ...]:
    """Return those that the variable names, in its order; as for CUDA a name that means nothing ends the list."""
    if visible is None:
        return tuple(found)
    left: list[Gpu] = []
    for name in (part.strip() for part in visible.split(",")):
        named = [gpu for gpu in found if name and (str(gpu.index) == name or gpu.visible.startswith(name))]
        if len(named) != 1 or named[0] in left:
            break
        left.append(named[0])
    return tuple(left)


class GpuSlots:
    """Lends each graphics processor to one execution at a time; who finds none free waits. Thread-safe.

    Args:
        gpus: Those that there are.
    """

    def __init__(self, gpus: Sequence[Gpu] = ()) -> None:
        self.gpus = tuple(gpus)
        self._free = list(gpus)
        self._changed = threading.Condition()

    def take(self) -> Gpu | None:
        """Return a processor that nobody else has, waiting for one; None where the machine has none at all."""
        if not self.gpus:
            return None
        with self._changed:
            while not self._free:
                self._changed.wait()
            return self._free.pop(0)

    def give_back(self, gpu: Gpu | None) -> None:
        """Free what `take` returned; every process that used it must be dead."""
        if gpu is None:
            return
        with self._changed:
            self._free.append(gpu)
            self._free.sort(key=self.gpus.index)
            self._changed.notify()

    def variables(self, gpu: Gpu | None) -> dict[str, str]:
        """Return what an execution is told: its own processor, or that it has none; nothing where nobody has one."""
        return {VISIBLE: gpu.visible if gpu else ""} if self.gpus else {}
