"""A full disk and a clock that jumps, as a run sees them."""

from __future__ import annotations

from pathlib import Path

import pytest

from assay.core.clock import FakeClock
from assay.engine.clock_watch import ClockWatch
from assay.engine.disk_room import Room
from assay.engine.log import EventLog
from assay.journal.memory import MemoryJournal

GB = 2**30


class Disk:
    """A disk that something else empties after a while."""

    def __init__(self, clock: FakeClock, *, empty_at: float | None, total: int = 500 * GB) -> None:
        self.clock, self.empty_at, self.total = clock, empty_at, total

    def measure(self, folder: Path) -> tuple[int, int]:
        full = self.empty_at is None or self.clock.monotonic() < self.empty_at
        return (self.total // 1000, self.total) if full else (self.total // 2, self.total)


def remarks(log: EventLog) -> list[str]:
    return log.read(lambda history: [f"{r.code} {r.text}" for _, r in history.remarks])


def test_a_full_disk_pauses_with_a_remark_and_goes_on(tmp_path: Path) -> None:
    clock = FakeClock()
    disk = Disk(clock, empty_at=clock.monotonic() + 90)
    log = EventLog(MemoryJournal(), clock)
    room = Room(log, clock, tmp_path, is_over=lambda: False, measure=disk.measure)
    assert room.wait() == pytest.approx(90, abs=1.5)
    assert remarks(log) == [
        "W440 only 512 MB are free on the disk; nothing new is started until there is more (assay gc)",
        "W440 there is room on the disk again; the run goes on",
    ]
    assert room.wait() == 0.0
    assert len(remarks(log)) == 2


def test_a_stop_and_the_end_of_the_time_end_the_pause_too(tmp_path: Path) -> None:
    clock = FakeClock()
    log = EventLog(MemoryJournal(), clock)
    disk = Disk(clock, empty_at=None)
    start = clock.monotonic()
    stopped = Room(log, clock, tmp_path, is_over=lambda: clock.monotonic() > start + 20, measure=disk.measure)
    assert 20 <= stopped.wait() <= 22
    bounded = Room(log, clock, tmp_path, is_over=lambda: False, measure=disk.measure)
    assert 30 <= bounded.wait(30) <= 31
    assert [text for text in remarks(log) if "again" in text] == []


def test_of_a_small_disk_a_share_is_kept_and_a_real_one_can_be_measured(tmp_path: Path) -> None:
    clock = FakeClock()
    log = EventLog(MemoryJournal(), clock)
    small = Room(log, clock, tmp_path, is_over=lambda: True, measure=lambda _: (GB // 10, 2 * GB))
    small.wait()
    Room(log, clock, tmp_path, is_over=lambda: True).wait()
    gone = Room(log, clock, tmp_path / "gone", is_over=lambda: False)
    assert gone.wait() == 0.0
    assert [text for text in remarks(log) if "102 MB" in text] == []


class Watch(FakeClock):
    """A clock whose two readings can go apart."""

    slept = 0.0

    def monotonic(self) -> float:
        return super().monotonic() - self.slept


def test_sleep_and_a_clock_that_was_set_are_seen_and_small_corrections_are_not() -> None:
    clock = Watch()
    watch = ClockWatch(clock)
    clock.advance(2)
    assert watch.look() is None
    clock.slept = 3 * 3600 + 4 * 60
    clock.advance(clock.slept + 2)
    seen = watch.look()
    assert seen is not None
    assert seen[0] == "W441"
    assert "jumped 3h04m ahead" in seen[1]
    clock.slept -= 600
    clock.advance(-600 + 2)
    assert "jumped 10m00s back" in str(watch.look())
    clock.slept += 30
    clock.advance(32)
    assert watch.look() is None
    clock.advance(150)
    seen = watch.look()
    assert seen is not None
    assert seen == ("W442", "this process was held up for 2m30s; its limits went on counting")
    assert watch.look() is None
