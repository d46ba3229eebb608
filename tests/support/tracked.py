"""One attempt's workspace with an issued run in it, and what code writes there: for tests of evidence."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from assay.core.clock import SystemClock
from assay.tracking import Attempt, Evidence, Required, issue, verify
from assay.tracking.issue import ARTIFACTS, DATABASE


@dataclass
class Workplace:
    """Writes as MLflow would, without importing it."""

    root: Path
    template: Path
    attempt: Attempt = field(default_factory=lambda: Attempt(run="calm-otter", task="step-1/depth", attempt=1))

    def __post_init__(self) -> None:
        self.workspace = self.root / "work"
        self.workspace.mkdir(parents=True)
        self.issued = issue(self.workspace, self.attempt, template=self.template, clock=SystemClock())

    @property
    def database(self) -> Path:
        return self.workspace / DATABASE

    @property
    def artifacts(self) -> Path:
        return self.workspace / ARTIFACTS / self.issued.run_id / "artifacts"

    def sql(self, query: str, *values: Any) -> None:
        with closing(sqlite3.connect(self.database)) as connection, connection:
            connection.execute(query, values)

    def metric(self, name: str, value: Any, step: int = 0, *, at_ms: int | None = None, nan: bool = False) -> None:
        at = int(time.time() * 1000) if at_ms is None else at_ms  # noqa: TID251 - what the code itself would write
        run = self.issued.run_id
        self.sql("INSERT INTO metrics VALUES (?, ?, ?, ?, ?, ?)", name, value, at, run, step, nan)

    def param(self, name: str, value: str) -> None:
        self.sql("INSERT INTO params (key, value, run_uuid) VALUES (?, ?, ?)", name, value, self.issued.run_id)

    def artifact(self, name: str, content: str = "numbers") -> Path:
        path = self.artifacts / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
        return path

    def finish(self, state: str = "FINISHED") -> None:
        now = int(time.time() * 1000)  # noqa: TID251
        self.sql("UPDATE runs SET status = ?, end_time = ? WHERE run_uuid = ?", state, now, self.issued.run_id)

    def honest(self) -> None:
        """What an honest experiment leaves."""
        self.param("depth", "4")
        for step, value in enumerate((0.9, 0.6, 0.5)):
            self.metric("loss", value, step)
        for seed, (plain, deep) in enumerate(((0.70, 0.75), (0.72, 0.79), (0.69, 0.71))):
            self.metric("accuracy_plain", plain, seed)
            self.metric("accuracy_deep", deep, seed)
        self.artifact("plots/curve.svg")
        self.finish()

    def verify(self, required: Required | None = None, **more: Any) -> Evidence:
        now = int(time.time() * 1000)  # noqa: TID251
        wanted = REQUIRED if required is None else required
        return verify(self.issued, wanted, self.workspace, self.root / "private", ended_ms=now, **more)


REQUIRED = Required(
    params=("depth",),
    metrics=("loss",),
    artifacts=("plots/*.svg",),
    arms={"plain": "accuracy_plain", "deep": "accuracy_deep"},
)
