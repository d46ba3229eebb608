"""The way to the store never makes a run wait, whatever the store does."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace

from assay.tracking import Point, RunRecord, RunState, StoreLost
from assay.tracking.feed import Feed


class Kept:
    """A store at the seam: keeps what it is told, or is slow, or fails."""

    def __init__(self, *, fails: int = 0, refuses: str = "") -> None:
        self.records: dict[str, RunRecord] = {}
        self.order: list[str] = []
        self.open = threading.Event()
        self.open.set()
        self.asked = threading.Event()
        self.rested = threading.Event()
        self.closed = False
        self._fails = fails
        self._refuses = refuses

    def write(self, records: Sequence[RunRecord]) -> Mapping[str, str]:
        self.asked.set()
        self.open.wait(20)
        if self.closed:
            raise StoreLost("closed")
        if self._fails > 0:
            self._fails -= 1
            raise StoreLost("the experiment store did not answer in time")
        taken = [record for record in records if record.key != self._refuses]
        self.records |= {record.key: record for record in taken}
        self.order += [record.key for record in taken]
        return {record.key: record.key for record in taken}

    def rest(self) -> None:
        self.rested.set()

    def close(self) -> None:
        self.closed = True
        self.open.set()


def record(key: str, state: RunState = RunState.RUNNING) -> RunRecord:
    return RunRecord(key=key, name=key, state=state, metrics={"score": (Point(value=0.5),)})


def test_everything_is_written_in_the_order_in_which_runs_came() -> None:
    told: list[str] = []
    store = Kept()
    feed = Feed(store, told.append)
    for number in range(40):
        feed.put(record(str(number)))
    end = feed.close(20)
    assert (end.written, end.dropped, end.reason) == (40, 0, "")
    assert store.order == [str(number) for number in range(40)]
    assert told == []


def test_a_newer_record_replaces_the_one_that_waits_and_keeps_its_place() -> None:
    store = Kept()
    store.open.clear()
    feed = Feed(store, lambda _: None)
    feed.put(record("first"))
    assert store.asked.wait(20)
    for key in ("run", "trial"):
        feed.put(record(key))
    feed.put(record("run", RunState.FINISHED))
    store.open.set()
    assert feed.close(20).written == 3
    assert store.order == ["first", "run", "trial"]
    assert store.records["run"].state is RunState.FINISHED


def test_a_slow_store_makes_nobody_wait_and_what_is_too_much_is_counted_and_told_once() -> None:
    told: list[str] = []
    telling = threading.Event()
    store = Kept()
    store.open.clear()

    def remark(text: str) -> None:
        told.append(text)
        telling.set()

    feed = Feed(store, remark, most=5)
    feed.put(record("first"))
    assert store.asked.wait(20)
    for number in range(50):
        feed.put(record(str(number)))
    assert telling.wait(20)
    end = feed.close(0)
    assert end.written == 0
    assert end.dropped == 51
    assert not end.late, "too much came, which is more than a want of time"
    assert "more than 5 runs waited" in end.reason
    assert len(told) == 1
    assert store.closed


def test_a_store_that_fails_twice_is_tried_again_and_loses_nothing() -> None:
    told: list[str] = []
    store = Kept(fails=2)
    feed = Feed(store, told.append, waits_s=(0.0, 0.0))
    feed.put(record("run"))
    feed.put(record("trial"))
    end = feed.close(20)
    assert (end.written, end.dropped) == (2, 0)
    assert store.order == ["run", "trial"]
    assert told == []


def test_a_dead_store_is_given_up_and_what_comes_later_is_only_counted() -> None:
    told: list[str] = []
    telling = threading.Event()

    def remark(text: str) -> None:
        told.append(text)
        telling.set()

    feed = Feed(Kept(fails=1000), remark, waits_s=(0.0, 0.0))
    feed.put(record("run"))
    assert telling.wait(20)
    feed.put(record("trial"))
    end = feed.close(20)
    assert (end.written, end.dropped, end.late) == (0, 2, False)
    assert told == [end.reason] == ["the experiment store did not answer in time"]


def test_a_run_that_the_store_refuses_is_counted_and_the_others_are_written() -> None:
    feed = Feed(Kept(refuses="bad"), lambda _: None)
    for key in ("run", "bad", "good"):
        feed.put(record(key))
    end = feed.close(20)
    assert (end.written, end.dropped) == (2, 1)
    assert "did not take" in end.reason


def test_files_are_read_in_the_threads_own_time() -> None:
    store = Kept()
    feed = Feed(store, lambda _: None)
    readers: list[str] = []

    def files() -> tuple[()]:
        readers.append(threading.current_thread().name)
        return ()

    feed.put(replace(record("run"), state=RunState.FINISHED), files)
    feed.close(20)
    assert readers == ["tracking"]


def test_a_store_that_had_no_time_is_told_from_one_that_failed() -> None:
    store = Kept()
    store.open.clear()
    feed = Feed(store, lambda _: None)
    feed.put(record("first"))
    assert store.asked.wait(20)
    feed.put(record("second"))
    end = feed.close(0)
    assert (end.written, end.dropped, end.late) == (0, 2, True)


def test_what_is_held_is_not_written_and_not_waited_for_until_it_is_released() -> None:
    held, freed = Kept(), Kept()
    feeds = [Feed(store, lambda _: None, held=True) for store in (held, freed)]
    for feed in feeds:
        feed.put(record("run"))
    feeds[1].release()
    ends = [feed.close(1e6) for feed in feeds]
    assert [(end.written, end.dropped, end.late) for end in ends] == [(0, 1, True), (1, 0, False)]
    assert not held.asked.is_set()


def test_a_store_that_has_nothing_to_do_rests_and_is_asked_again() -> None:
    store = Kept()
    feed = Feed(store, lambda _: None, rest_s=0.01)
    assert not store.rested.is_set(), "it was never awake"
    for key in ("first", "second"):
        store.rested.clear()
        feed.put(record(key))
        assert store.rested.wait(20)
    end = feed.close(20)
    assert (end.written, store.order) == (2, ["first", "second"])
