"""A real run killed at twenty random moments and resumed each time ends like one that nobody disturbed."""

import itertools
import random
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from assay.core.clock import SystemClock
from assay.core.trial import TrialState
from assay.engine.log import EventLog
from assay.journal import events as ev
from assay.journal.events import Event
from assay.journal.file import FileJournal
from assay.journal.history import History
from support.engine import table
from support.recorded_run import TRIALS, begin, kill, prepare, read_events

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1_200)]

MOMENTS = 20
LONGEST_S = 600.0


@dataclass
class Ended:
    """A run that came to its end, after some kills."""

    run: Path
    kills: list[int] = field(default_factory=list)
    """Events in the journal at each kill."""
    seen_finished: list[set[str]] = field(default_factory=list)
    """Keys of the trials that were finished at each kill."""

    @property
    def events(self) -> Sequence[Event]:
        return read_events(self.run)

    @property
    def history(self) -> History:
        return History(self.events)

    @property
    def table(self) -> dict[str, tuple[Any, ...]]:
        return table(EventLog(FileJournal(self.run / "events.jsonl"), SystemClock()))

    @property
    def winner(self) -> str:
        finished = self.history.finished
        assert finished is not None
        assert finished.winner is not None
        return self.history.trials[finished.winner].key


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Ended:
    base = tmp_path_factory.mktemp("undisturbed")
    run = prepare(base)
    _finish(begin(base, "start"), base)
    return Ended(run)


@pytest.fixture(scope="module")
def worn(tmp_path_factory: pytest.TempPathFactory) -> list[Ended]:
    """As many runs as twenty kills take; the first kill of the first comes right after three finished trials."""
    rng = random.Random(9)
    runs: list[Ended] = []
    while sum(len(ended.kills) for ended in runs) < MOMENTS:
        base = tmp_path_factory.mktemp("worn")
        first = _finished_trials(3) if not runs else _more_events(rng)
        runs.append(_wear(base, rng, first, MOMENTS - sum(len(ended.kills) for ended in runs)))
    return runs


Moment = Callable[[Path], bool]
"""Tells whether the time to kill has come."""


def _finished_trials(count: int) -> Moment:
    return lambda run: sum(isinstance(e.payload, ev.TrialFinished) for e in read_events(run)) >= count


def _more_events(rng: random.Random) -> Moment:
    start: list[int] = []
    more, pause_s = rng.randint(1, 12), rng.uniform(0.0, 0.3)

    def come(run: Path) -> bool:
        count = len(read_events(run))
        start.append(count)
        if count < start[0] + more:
            return False
        time.sleep(pause_s)
        return True

    return come


def _some_time(rng: random.Random) -> Moment:
    """A moment while the engine is opening its parts, or just after."""
    clock, pause_s = SystemClock(), rng.uniform(0.0, 4.0)
    end = clock.monotonic() + pause_s
    return lambda run: clock.monotonic() >= end


def _wear(base: Path, rng: random.Random, first: Moment, most: int) -> Ended:
    ended = Ended(prepare(base))
    engine, moment = begin(base, "start"), first
    while len(ended.kills) < most and _reached(engine, moment, ended.run):
        left = kill(engine)
        assert list(left) == [], f"these outlived the engine: {left}"
        history = ended.history
        ended.kills.append(len(ended.events))
        ended.seen_finished.append({t.key for t in history.trials.values() if t.state.is_final})
        engine = begin(base, "resume")
        moment = _some_time(rng) if rng.random() < 0.2 else _more_events(rng)
    _finish(engine, base)
    return ended


def _reached(engine: subprocess.Popen[bytes], moment: Moment, run: Path) -> bool:
    """Wait for the moment; return False if the engine ends before it."""
    clock = SystemClock()
    end = clock.monotonic() + LONGEST_S
    while engine.poll() is None:
        if moment(run):
            return engine.poll() is None
        assert clock.monotonic() < end, f"nothing happened in {LONGEST_S:.0f} s"
        time.sleep(0.01)
    return False


def _finish(engine: subprocess.Popen[bytes], base: Path) -> None:
    assert engine.wait(LONGEST_S) == 0, (base / "engine.log").read_text(encoding="utf-8")[-3_000:]


# --- what must hold --------------------------------------------------------------------------------------------------


def test_the_undisturbed_run_walks_every_path(undisturbed: Ended) -> None:
    history = undisturbed.history
    assert {t.operator for t in history.trials.values()} == {"baseline", "draft", "improve", "ablate", "blend"}
    assert any(t.repairs for t in history.trials.values())
    assert all(t.state is TrialState.COMPLETE for t in history.trials.values())
    assert history.noise is not None
    assert history.sealed is not None
    assert len(history.steps) == TRIALS
    assert (undisturbed.run / "submission.csv").is_file()


def test_twenty_kills_and_resumptions_change_nothing(undisturbed: Ended, worn: list[Ended]) -> None:
    assert sum(len(ended.kills) for ended in worn) == MOMENTS
    for ended in worn:
        assert ended.table == undisturbed.table
        assert ended.winner == undisturbed.winner
        submission = ended.run / "submission.csv"
        assert submission.read_bytes() == (undisturbed.run / "submission.csv").read_bytes()


def test_no_finished_trial_is_lost(worn: list[Ended]) -> None:
    for ended in worn:
        keys = [*ended.seen_finished, {t.key for t in ended.history.trials.values()}]
        assert all(before <= after for before, after in itertools.pairwise(keys))


def test_nothing_is_done_twice(worn: list[Ended]) -> None:
    for ended in worn:
        payloads = [event.payload for event in ended.events]
        _assert_once(p.key for p in payloads if isinstance(p, ev.TrialCreated))
        _assert_once(p.trial for p in payloads if isinstance(p, ev.TrialFinished))
        _assert_once(p.key for p in payloads if isinstance(p, ev.Answered))
        _assert_once(p.step for p in payloads if isinstance(p, ev.StepFinished))
        _assert_once((p.code, p.view, p.seed) for p in payloads if isinstance(p, ev.Executed))
        _assert_once((p.code, p.view, p.seed) for p in payloads if isinstance(p, ev.Graded))
        _assert_once(True for p in payloads if isinstance(p, ev.SealedOpened))
        started = sum(isinstance(p, ev.AttemptStarted) for p in payloads)
        executed = sum(isinstance(p, ev.Executed) for p in payloads)
        assert started - executed <= len(ended.kills), "a kill repeats at most the one script that was running"


def _assert_once(things: Iterable[Hashable]) -> None:
    twice = [thing for thing, count in Counter(things).items() if count > 1]
    assert twice == []


def test_peer_fault_15_a_run_killed_after_three_trials_is_resumed_without_any_option(
    undisturbed: Ended, worn: list[Ended]
) -> None:
    # `resume` was given the folder and nothing else: no model, no limits, no strategy.
    assert len(worn[0].seen_finished[0]) >= 3
    assert 1 <= worn[0].history.resumes <= len(worn[0].kills)
    assert worn[0].table == undisturbed.table


def test_no_workspace_of_a_killed_engine_is_left(worn: list[Ended]) -> None:
    for ended in worn:
        private = ended.run / "private"
        assert list((ended.run / "work").glob("*")) == []
        assert [*(private / "taken").glob("*"), *private.glob("grader-*"), *private.glob("tmp*")] == []
