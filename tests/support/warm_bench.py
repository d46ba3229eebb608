"""The engine on fakes, with real processes in a real sandbox: each script can be handed to one that waited."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from assay.core.budget import Limits
from assay.engine.warm_pool import FIRST, WarmPool, Wish
from assay.journal.base import JournalBackend
from assay.models.base import Request
from assay.sandbox.base import Sandbox
from assay.sandbox.warm import Warm, Warmable
from support.engine import Bench, propose

_HEAD = "import numpy\nimport hashlib\nimport os\n"
_TAIL = """
view = open("input/view.txt", encoding="utf-8").read()


def noise(*parts):
    return int(hashlib.sha256("/".join(map(str, parts)).encode()).hexdigest()[:8], 16) / 2**32 * 0.02 - 0.01


if "fail" in wish:
    raise ValueError(wish["fail"])
value = wish["score"] + noise(view) + 0.3 * noise(view, wish["score"]) + 0.1 * noise(view, os.environ["ASSAY_SEED"])
with open("output/submission.csv", "w", encoding="utf-8") as stream:
    stream.write(f"{numpy.float64(value):.6f}\\n")
"""
"""What `behave` of the fake sandbox does, and a little that depends on the seed."""


def scripts(request: Request[Any]) -> Any:
    """Answer as `propose` does, with scripts that can be run."""
    answer: Any = propose(request)
    if "variants" in answer:
        return {**answer, "variants": [_real(variant) for variant in answer["variants"]]}
    return _real(answer)


def _real(answer: Mapping[str, Any]) -> Mapping[str, Any]:
    return {**answer, "code": f"{_HEAD}{answer['code']}\n{_TAIL}"}


class PatientPool(WarmPool):
    """Waits for a sandbox before it lends one, so that every script but the first few is handed over."""

    asked = 0
    given = 0
    patience_s = 300.0
    """Of all waits together: where none gets ready, nothing is handed over, and the run ends all the same."""

    def take(self, wish: Wish | None) -> Warm | None:
        """Do as the pool does, in its own time."""
        began = time.monotonic()
        while self.asked > FIRST and not self.waiting and time.monotonic() - began < self.patience_s:
            time.sleep(0.01)
        self.patience_s -= time.monotonic() - began
        self.asked += 1
        chosen = super().take(wish)
        self.given += chosen is not None
        return chosen


def real_bench(folder: Path, sandbox: Sandbox, limits: Limits, backend: JournalBackend, *, warm: bool) -> Bench:
    """Return an engine in `folder` whose candidates are real processes; who asked for a pool closes it."""
    pool = None
    if warm:
        assert isinstance(sandbox, Warmable)
        pool = PatientPool(sandbox, folder / "work", size=1, cores=os.cpu_count() or 1, idle=lambda: 1.0)
    return Bench(folder, limits=limits, k=2, backend=backend, answers=scripts, processes=sandbox, warm=pool)
