"""A paused search starts nothing new, whatever it was about to do; its clock goes on, and it always delivers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from assay.core.budget import Limits
from assay.core.clock import FakeClock, SystemClock
from assay.engine.control import Message, Verb, send
from assay.journal import events as ev
from assay.journal.base import JournalBackend
from assay.journal.events import Event
from assay.journal.memory import MemoryJournal
from assay.sandbox.base import Command, SandboxLimits, Workspace
from assay.sandbox.fake import FakeResult
from support.engine import Bench, behave

STARTS = (ev.AttemptStarted, ev.Asked)


class Clock(FakeClock):
    """A clock that does something at its n-th wait; nothing but a pause waits in these runs."""

    def __init__(self, at: int, do: Callable[[], None]) -> None:
        super().__init__()
        self._left, self._do = at, do

    def sleep(self, seconds: float) -> None:
        super().sleep(seconds)
        self._left -= 1
        if self._left == 0:
            self._do()


def between(events: list[Event], begin: type[ev.Payload], end: type[ev.Payload]) -> list[Event]:
    """Return what came after the first event of one kind and before the next of another."""
    first = next(n for n, event in enumerate(events) if isinstance(event.payload, begin))
    last = next(n for n, event in enumerate(events) if n > first and isinstance(event.payload, end))
    return events[first + 1 : last]


def paused_bench(
    folder: Path, clock: FakeClock, limits: Limits, *, at_run: int, backend: JournalBackend | None = None
) -> Bench:
    """Return an engine that is paused while its n-th execution runs."""
    seen = 0

    def behaviour(command: Command, workspace: Workspace, sandbox_limits: SandboxLimits) -> FakeResult:
        nonlocal seen
        seen += 1
        if seen == at_run:
            bench.log.add(ev.Paused())
        clock.advance(1.0)
        return behave(command, workspace, sandbox_limits)

    bench = Bench(folder, limits=limits, clock=clock, behaviour=behaviour, backend=backend or MemoryJournal())
    return bench


def _go_on(bench: Bench) -> None:
    bench.log.add(ev.Paused(on=False))


@pytest.mark.parametrize("at_run", [2, 3, 8])  # between two folds, between two trials, before a draft is asked for
def test_nothing_is_started_until_it_goes_on_and_then_the_search_ends_as_ever(tmp_path: Path, at_run: int) -> None:
    clock = Clock(5, lambda: _go_on(bench))
    bench = paused_bench(tmp_path / "paused", clock, Limits(trials=5, workers=1), at_run=at_run)
    end = bench.open().work()
    held = between(list(bench.backend.read()), ev.Paused, ev.Paused)
    assert [event for event in held if isinstance(event.payload, STARTS)] == []
    # What ran was let end.
    assert any(isinstance(event.payload, ev.Graded) for event in held)
    assert (end.stopped_by, end.exit_code) == ("trials", 0)
    plain = Bench(tmp_path / "plain", limits=Limits(trials=5, workers=1))
    assert plain.open().work().winner == end.winner


def test_the_deadline_stays_and_a_paused_run_delivers(tmp_path: Path) -> None:
    clock = FakeClock()
    bench = paused_bench(tmp_path, clock, Limits(wall_s=600.0, workers=1), at_run=5)
    end = bench.open().work()
    assert (end.stopped_by, end.exit_code) == ("time", 0)
    assert end.winner is not None
    events = list(bench.backend.read())
    finish = next(n for n, e in enumerate(events) if isinstance(e.payload, ev.PhaseEntered) and n > 3)
    pause = next(n for n, e in enumerate(events) if isinstance(e.payload, ev.Paused))
    assert [e for e in events[pause:finish] if isinstance(e.payload, STARTS)] == []
    history = bench.log.read(lambda h: h)
    assert history.phase == "finish"
    assert history.paused_since is None
    assert history.wall_s >= 300.0


def test_a_pause_outlives_the_process(tmp_path: Path) -> None:
    backend = MemoryJournal()

    def cut() -> None:
        raise KeyboardInterrupt

    first = paused_bench(tmp_path, Clock(3, cut), Limits(trials=5, workers=1), at_run=4, backend=backend)
    with pytest.raises(KeyboardInterrupt):
        first.open().work()
    before = len(backend.read())
    clock = Clock(3, lambda: _go_on(again))
    again = Bench(tmp_path, limits=Limits(trials=5, workers=1), clock=clock, backend=backend)
    end = again.open().work()
    after = list(backend.read())[before:]
    held = between(after, ev.RunResumed, ev.Paused)
    assert [event for event in held if isinstance(event.payload, STARTS)] == []
    assert end.stopped_by == "trials"


def test_messages_pause_and_continue_and_neither_is_written_twice(tmp_path: Path) -> None:
    waited = 0

    class Beating(FakeClock):
        """Waits for the heartbeat's thread, which is the one that reads messages."""

        def sleep(self, seconds: float) -> None:
            nonlocal waited
            waited += 1
            if waited <= 2:  # one after the other: messages are taken by the millisecond at which they were left
                send(tmp_path, Message(verb=Verb.PAUSE if waited == 1 else Verb.CONTINUE))
            SystemClock().sleep(0.05)

    bench = paused_bench(tmp_path, Beating(), Limits(trials=4, workers=1), at_run=3)
    end = bench.open().work()
    said = [event.payload for event in bench.backend.read() if isinstance(event.payload, ev.Paused)]
    assert said == [ev.Paused(), ev.Paused(on=False)]
    assert end.stopped_by == "trials"
