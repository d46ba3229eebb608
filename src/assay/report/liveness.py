"""Liveness: whether a run works, is quiet for a reason, hangs, or is gone."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import psutil

from assay.engine.pulse import Activity, Pulse
from assay.journal.summary import Summary
from assay.report.formatting import format_duration

BEAT_S = 30.0
"""A heartbeat older than this is a missing one: it is written every few seconds by a thread of its own."""
QUIET_S = 30.0
"""Output or events younger than this are signs of work."""
OVERDUE_S = 60.0
"""By so much may a process pass its own time limit before somebody must have ended it."""
IDLE_S = 120.0
"""So long may an engine do nothing at all between two activities."""


class Life(StrEnum):
    """How a run is doing."""

    FINISHED = "finished"
    WORKING = "working"
    QUIET = "quiet"
    """Nothing was heard for a while, and there is a reason for it."""
    PAUSED = "paused"
    """A person had it start nothing new, and what was under way has ended."""
    STALLED = "stalled"
    """The process exists and does not get on."""
    DEAD = "dead"
    """The process is gone and did not say good-bye."""


@dataclass(frozen=True, kw_only=True)
class Liveness:
    """How a run is doing, and what shows it."""

    life: Life
    reason: str
    fix: str = ""


def judge(summary: Summary, pulse: Pulse | None, holder: tuple[int, float] | None, now: float) -> Liveness:
    """Return how a run is doing.

    Args:
        summary: The journal at a glance.
        pulse: The last heartbeat.
        holder: Pid and start time of the live process that holds the run's lease.
        now: Seconds since the epoch.
    """
    if holder is None:
        if summary.finished is not None:
            return Liveness(life=Life.FINISHED, reason=f"stopped by: {summary.finished.stopped_by}")
        silent = format_duration(max(0.0, now - summary.time))
        return Liveness(
            life=Life.DEAD, reason=f"its process is gone; last event {silent} ago", fix=f"assay resume {summary.run}"
        )
    beat = pulse if pulse is not None and _same_process(pulse, holder) else None
    if beat is None:
        return _starting(summary, holder, now)
    if now - beat.time > BEAT_S:
        return Liveness(
            life=Life.STALLED,
            reason=f"process {holder[0]} exists but gave no heartbeat for {format_duration(now - beat.time)}",
            fix="see whether it is paused (kill -CONT) or its disk hangs",
        )
    return _active(summary, beat, now)


def _same_process(pulse: Pulse, holder: tuple[int, float]) -> bool:
    return pulse.pid == holder[0] and abs(pulse.process_started - holder[1]) < 1.0


def _starting(summary: Summary, holder: tuple[int, float], now: float) -> Liveness:
    age = now - max(holder[1], summary.time)
    if age < BEAT_S:
        return Liveness(life=Life.WORKING, reason="starting")
    return Liveness(life=Life.STALLED, reason=f"process {holder[0]} holds the run but never gave a heartbeat")


def _active(summary: Summary, pulse: Pulse, now: float) -> Liveness:
    quiet = now - summary.time
    if not pulse.activities and summary.paused_since is not None:
        since = format_duration(max(0.0, now - summary.paused_since))
        return Liveness(life=Life.PAUSED, reason=f"by a person, for {since}", fix=f"assay continue {summary.run}")
    if not pulse.activities:
        if quiet > IDLE_S:
            return Liveness(life=Life.STALLED, reason=f"nothing is under way since {format_duration(quiet)}")
        return Liveness(life=Life.WORKING, reason="between two steps")
    stuck = [reason for a in pulse.activities if (reason := _stuck(a, now))]
    if len(stuck) == len(pulse.activities):
        return Liveness(
            life=Life.STALLED,
            reason="; ".join(stuck),
            fix=f"assay stop {summary.run} --now, then assay resume {summary.run}",
        )
    if quiet < QUIET_S or any(_heard(a, pulse, now) for a in pulse.activities):
        return Liveness(life=Life.WORKING, reason=describe(pulse.activities[0], pulse, now))
    longest = max(pulse.activities, key=lambda a: now - a.since)
    return Liveness(life=Life.QUIET, reason=f"for {format_duration(quiet)}: {describe(longest, pulse, now)}")


def _stuck(activity: Activity, now: float) -> str:
    """Return why an activity cannot be going on, or nothing when it can."""
    age = now - activity.since
    if activity.limit_s is not None and age > activity.limit_s + OVERDUE_S:
        return f"{activity.label} is {format_duration(age - activity.limit_s)} past its limit"
    if activity.pid is not None and age > QUIET_S and not psutil.pid_exists(activity.pid):
        return f"{activity.label}: its process {activity.pid} is gone"
    return ""


def _heard(activity: Activity, pulse: Pulse, now: float) -> bool:
    if now - activity.since < QUIET_S:
        return True
    age = activity.last_output_age_s
    return age is not None and age + (now - pulse.time) < QUIET_S


def describe(activity: Activity, pulse: Pulse, now: float) -> str:
    """Return what an activity is and since when, for people."""
    age = format_duration(max(0.0, now - activity.since))
    if activity.kind == "model":
        return f"model call {activity.label} {age}"
    if activity.kind == "data":
        return f"preparing data {activity.label} {age}"
    if activity.kind == "grade":
        return f"grading {activity.label} {age}"
    limit = f" of {format_duration(activity.limit_s)}" if activity.limit_s is not None else ""
    silence = activity.last_output_age_s
    heard = f" · idle {format_duration(silence + max(0.0, now - pulse.time))}" if silence is not None else ""
    return f"{activity.label} {age}{limit}{heard}"
