"""TaskOptions: what a person chooses for a run of code tasks; kept as the arguments of its strategy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from assay.core.errors import UsageError

MOST_RETRIES = 2
DEFAULT_TIMEOUT_S = 600.0


@dataclass(frozen=True, kw_only=True)
class TaskOptions:
    """What a person chooses for a run of code tasks."""

    file: Path
    """The queue."""
    responses: Path | None = None
    """What agents wrote; None asks the model."""
    checkpoint: bool = True
    """Whether a person approves the results before the next cycle is triggered."""
    retries: int = MOST_RETRIES
    """Most changes of code at each of the three points, 0 to 2."""
    timeout_s: float = DEFAULT_TIMEOUT_S
    """Most seconds of one attempt of a task that names none."""
    mlflow: str = ""
    """Experiment store: empty for the one in the folder of runs, `local` for the one that `MLFLOW_TRACKING_URI` names
    where it does, an address, or `off`."""

    only: tuple[str, ...] = ()
    """Ids of the tasks that are done again; empty for all. Results of the others are taken from `source`."""
    source: str = ""
    """Name of the run, in the same folder of runs, that results are taken from."""
    allow: tuple[str, ...] = ()
    """Packages that are installed where a reply asks for them: names, perhaps with extras and versions."""
    workers: int = 1
    """Most tasks at a time."""

    def arguments(self) -> Mapping[str, str]:
        """Return them as arguments of the strategy."""
        return {
            "file": str(self.file.absolute()),
            "responses": str(self.responses.absolute()) if self.responses else "",
            "checkpoint": "yes" if self.checkpoint else "no",
            "retries": str(self.retries),
            "timeout": str(self.timeout_s),
            "mlflow": self.mlflow,
            **({"only": " ".join(self.only), "source": self.source} if self.only else {}),
            **({"allow": " ".join(self.allow)} if self.allow else {}),
            **({"workers": str(self.workers)} if self.workers > 1 else {}),
        }

    @classmethod
    def from_arguments(cls, arguments: Mapping[str, str]) -> TaskOptions:
        """Return what `arguments` made.

        Raises:
            UsageError: They are not those of this strategy (E025).
        """
        try:
            return cls(
                file=Path(arguments["file"]),
                responses=Path(arguments["responses"]) if arguments.get("responses") else None,
                checkpoint=arguments.get("checkpoint", "yes") == "yes",
                retries=min(MOST_RETRIES, max(0, int(arguments.get("retries", MOST_RETRIES)))),
                timeout_s=float(arguments.get("timeout", DEFAULT_TIMEOUT_S)),
                mlflow=arguments.get("mlflow", ""),
                only=tuple(arguments.get("only", "").split()),
                source=arguments.get("source", ""),
                allow=tuple(arguments.get("allow", "").split()),
                workers=max(1, int(arguments.get("workers", 1))),
            )
        except (KeyError, ValueError) as error:
            raise UsageError(
                "E025", f"code tasks cannot be run with these options: {error}", fix="assay tasks run"
            ) from None
