"""Run slots: how many executions run side by side, and which of them has a graphics processor for itself."""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass

from assay.core.candidate import Candidate
from assay.sandbox.gpus import Gpu, GpuSlots

_LIBRARIES = "torch|torchvision|tensorflow|keras|jax|cupy|cudf|cuml|transformers|sentence_transformers|pytabkit|tabpfn"
_IMPORT = re.compile(rf"\b(?:import|from)\s+(?:{_LIBRARIES})\b")
_SETTING = re.compile(r"""["'](?:cuda(?::\d+)?|gpu(?:_hist)?)\\?["']""", re.IGNORECASE)
"""As a notebook keeps its cells, quotes have a backslash before them."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """Leave to run one execution, until it is given back."""

    gpu: Gpu | None = None
    """The graphics processor that it alone may use."""


def asks_for_gpu(candidate: Candidate) -> bool:
    """Return whether a candidate's code would use a graphics processor if it had one.

    It asks by importing a library that trains on one, or by naming one as a device, as in `device="cuda"`.
    """
    return any(_IMPORT.search(text) or _SETTING.search(text) for text in candidate.files.values())


class Places:
    """Hands out places to executions, whoever asks for them: steps, reseeds and the finish share them.

    Args:
        at_once: Most executions at a time.
        gpus: Graphics processors to lend.
    """

    def __init__(self, at_once: int, gpus: GpuSlots) -> None:
        self._slots = threading.BoundedSemaphore(at_once)
        self._gpus = gpus

    def take(self, candidate: Candidate) -> Place:
        """Wait for a place for `candidate`, with a graphics processor if it asks for one and the machine has any.

        The processor comes first: whoever waits for one keeps nobody else from running.
        """
        gpu = self._gpus.take() if asks_for_gpu(candidate) else None
        self._slots.acquire()
        return Place(gpu=gpu)

    def give_back(self, place: Place) -> None:
        """Free a place; what ran there must be dead."""
        self._slots.release()
        self._gpus.give_back(place.gpu)
