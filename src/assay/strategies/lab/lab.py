"""Lab: cycles of a worker and a mentor on a user's training repository, until time or ideas are used up."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from assay.core.budget import Limits
from assay.core.errors import UsageError
from assay.core.finish_plan import FinishPlan
from assay.engine.endings import Ending
from assay.engine.session import Session
from assay.engine.step import Step
from assay.journal.history import History
from assay.operators.lab.context import Role
from assay.operators.lab.finish_up import work_ends
from assay.strategies.lab.bench import Bench, open_bench
from assay.strategies.lab.config import LabConfig, read_lab
from assay.strategies.lab.cycle import Cycle, close_down
from assay.strategies.lab.outcome import note_outcome

REPORTED = "W450"
PATIENCE_S = 86_400.0
"""A lab goes on for days, and what it runs needs no answer: it waits for a provider that is away, for a day."""
DAEMON_CONFIG = "daemon_config"
"""Name of the option that holds the path of a daemon's config; `run --config` sets it."""

INSTALLS = "installs"
"""Name of the option that allows installing, on or off. It is none of `lab.toml`, which may be a stranger's."""


class Lab:
    """The strategy.

    Args:
        sandbox: Mode of the sandbox in which experiments run.
        daemon_config: A `daemon_config.json` whose word goes before that of `lab.toml`; None for none.
        searching: Roles whose model may search the web.
        installs: Whether packages may be installed into the run's own environment.
    """

    name = "lab"

    def __init__(
        self,
        sandbox: str = "auto",
        *,
        daemon_config: Path | None = None,
        searching: Collection[Role] = (),
        installs: bool = False,
    ) -> None:
        self._sandbox = sandbox
        self._daemon_config = daemon_config
        self._searching = frozenset(searching)
        self._installs = installs
        self._round_s = 0.0

    @classmethod
    def from_arguments(
        cls, arguments: Mapping[str, str], *, sandbox: str = "auto", searching: Collection[Role] = ()
    ) -> Lab:
        """Return the strategy; its settings stand in the repository's `lab.toml`, but for what a person must allow.

        Raises:
            UsageError: There is no such argument, or no such value of it (E025).
        """
        unknown = [name for name in arguments if name not in (DAEMON_CONFIG, INSTALLS)]
        if unknown:
            raise UsageError("E025", f"lab has no option {unknown[0]!r}", fix="write it into lab.toml")
        installs = arguments.get(INSTALLS, "off")
        if installs not in ("on", "off"):
            raise UsageError("E025", f"{INSTALLS} is on or off, not {installs!r}", fix=f"--set {INSTALLS}=on")
        file = arguments.get(DAEMON_CONFIG)
        return cls(
            sandbox,
            daemon_config=Path(file) if file else None,
            searching=searching,
            installs=installs == "on",
        )

    def run(self, session: Session) -> None:
        """Work in cycles until a limit is reached, somebody asks to stop, or the worker finishes.

        Raises:
            Ending: The usual end.
        """
        config = self._config(session)
        self._round_s = config.time
        session.be_patient(PATIENCE_S)
        bench = open_bench(session, config, self._sandbox, installs=self._installs)
        words = "scores are what the experiments report of themselves; nothing of them was graded"
        session.parts.log.remark_once(REPORTED, words)
        try:
            session.steps(lambda step: self._cycle(step, bench), lanes=1)
        except Ending as end:
            close_down(session, bench, f"stopped with the lab's work ({end.stopped_by})")
            note_outcome(session, config)
            raise
        except KeyboardInterrupt:
            close_down(session, bench, "stopped with the lab")
            raise

    def _cycle(self, step: Step, bench: Bench) -> str:
        return Cycle(step, bench, self._searching).run()

    def _config(self, session: Session) -> LabConfig:
        """Return the configuration as it was when the run began: a run does not change its rules on the way."""
        folder = session.parts.task.folder

        def read() -> Any:
            config, file = read_lab(folder), self._daemon_config
            if file is not None:
                from assay.strategies.daemon import with_daemon_config  # which knows what a lab's config is

                config = with_daemon_config(config, file)
            return config.model_dump(mode="json")

        told: Any = session.note("lab/config", read)
        return LabConfig.model_validate(told)

    def search_ends(self, plan: FinishPlan) -> float:
        """Return when the final rounds are over whatever the worker says: the report needs nobody's answer."""
        return work_ends(plan, self._round_s)

    def forecast(self, limits: Limits, history: History | None = None) -> dict[str, tuple[int, int]] | None:
        """Return None: how many cycles there will be depends on how long experiments take."""
        return None
