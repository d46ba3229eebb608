"""Pipeline: numbered steps on a bounded pool, each after the steps that it may depend on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import TYPE_CHECKING

from assay.engine.endings import INTERRUPT, Ending
from assay.engine.step import Step, step_key
from assay.journal import events as ev

if TYPE_CHECKING:
    from assay.engine.session import Session


class Pipeline:
    """Runs steps on a bounded pool, each after the steps it may depend on.

    Args:
        session: The running session.
        run_step: Does one step and returns a few words on it; runs in a thread.
        start: Number of the first step.
        stop: Number after the last step; None goes on until the budget ends.
        lanes: As of `Session.steps`.
    """

    def __init__(
        self, session: Session, run_step: Callable[[Step], str], start: int, stop: int | None, lanes: int | None
    ) -> None:
        self._session = session
        self._run_step = run_step
        self._start = start
        self._stop = stop
        self._workers = lanes or max(1, session.budget.limits.workers)
        self._lanes = lanes or session.budget.lanes

    def run(self) -> None:
        """Run until the last step is done.

        Raises:
            Ending: A limit is reached, the goal is met, or somebody asked to stop.
        """
        running: dict[Future[None], int] = {}
        with ThreadPoolExecutor(self._workers, thread_name_prefix="step") as pool:
            try:
                for number in self._numbers():
                    self._wait(running, number - self._lanes)
                    self._session.budget.check()
                    running[pool.submit(self._one, number)] = number
                self._wait(running, None)
            except BaseException as reason:
                self._session.budget.stop(reason.stopped_by if isinstance(reason, Ending) else INTERRUPT)
                self._session.parts.activities.stop()
                raise
            finally:
                wait(running)
                self._session.parts.activities.go_on()

    def _numbers(self) -> Iterator[int]:
        number = self._start
        while self._stop is None or number < self._stop:
            if not self._known(number):
                yield number
            number += 1

    def _known(self, number: int) -> bool:
        return self._session.parts.log.read(lambda history: number in history.steps)

    def _wait(self, running: dict[Future[None], int], last: int | None) -> None:
        """Wait until every step numbered up to `last` is done, or all steps if it is None."""
        while any(last is None or number <= last for number in running.values()):
            done, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                del running[future]
                future.result()

    def _one(self, number: int) -> None:
        self._session.budget.check()
        sees = self._session.note(f"{step_key(number)}/sees", lambda: self._horizon(number))
        history = self._session.parts.log.pinned(sees["steps"])
        summary = self._run_step(Step(self._session, number, history, sees["lanes"]))
        self._session.parts.log.add(ev.StepFinished(step=number, summary=summary))

    def _horizon(self, number: int) -> dict[str, int]:
        """Return what a step may see; noted, since a resumed run may have another number of workers."""
        return {"steps": max(self._start, number - self._lanes + 1), "lanes": self._lanes}
