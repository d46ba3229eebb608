"""What a replay compares: the tables of the record with those of the walk, and the report with what it gives now."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from assay.core.trial import TrialState
from assay.journal.history import History, Trial
from assay.journal.objects import ObjectStore
from assay.report.write import TOP, write_reports
from assay.ship.replay_found import Difference, Replay

_EQUAL = 1e-9
"""Share of a score by which the recorded one and the one computed again may differ in their last digits."""


def compare(record: History, now: History, done: Replay) -> None:
    """Add to `done` what came out, and what of it came out otherwise.

    Args:
        record: The run's journal as tables.
        now: What the walk came to.
        done: Filled here.
    """
    tolerance = (record.noise.floor or 0.0) if done.executed and record.noise is not None else 0.0
    missed = []
    for trial in record.trials.values():
        mine = now.trial_by_key(trial.key)
        if trial.state is TrialState.STOPPED or not trial.state.is_final:
            done.cut_off += 1
        elif mine is None or not mine.state.is_final:
            missed.append(trial.number)
        else:
            done.trials += 1
            done.differences += _of_trial(trial, mine, done, tolerance)
    done.not_reached = tuple(missed)
    done.differences += _of_run(record, now, done, tolerance)


def _of_trial(then: Trial, now: Trial, done: Replay, tolerance: float) -> Iterator[Difference]:
    where = f"#{then.number}"
    if then.state is not now.state:
        yield Difference(what="state", where=where, then=str(then.state), now=str(now.state))
        return
    for view in then.scores:
        done.scores += 1
        if view not in now.scores or not _near(then.scores[view], now.scores[view], tolerance):
            yield Difference(
                what="score", where=f"{where} {view}", then=f"{then.scores[view]:.9g}", now=f"{now.scores.get(view)!r}"
            )
    if then.verdict is not None:
        done.verdicts += 1
        if then.verdict is not now.verdict:
            yield Difference(what="verdict", where=where, then=str(then.verdict), now=str(now.verdict))


def _of_run(then: History, now: History, done: Replay, tolerance: float) -> Iterator[Difference]:
    if then.noise is not None:
        floor = now.noise.floor if now.noise is not None else None
        if not _near(then.noise.floor, floor, tolerance):
            yield Difference(what="noise", where="run", then=f"{then.noise.floor!r}", now=f"{floor!r}")
    if then.finished is None:
        return
    winner = now.finished.winner if now.finished is not None else None
    keys = [
        h.trials[n].key if n is not None and n in h.trials else "none"
        for h, n in ((then, then.finished.winner), (now, winner))
    ]
    if keys[0] != keys[1]:
        yield Difference(what="winner", where="run", then=f"#{then.finished.winner}", now=f"#{winner}")
    if then.sealed is not None and then.sealed.score is not None:
        done.scores += 1
        again = now.sealed.score.value if now.sealed is not None and now.sealed.score is not None else None
        if not _near(then.sealed.score.value, again, tolerance):
            yield Difference(what="sealed", where="run", then=f"{then.sealed.score.value:.9g}", now=f"{again!r}")


def _near(then: float | None, now: float | None, tolerance: float) -> bool:
    if then is None or now is None:
        return then is now
    return math.isclose(then, now, rel_tol=_EQUAL, abs_tol=max(tolerance, 1e-15))


def compare_report(folder: Path, scratch: Path, record: History, done: Replay) -> list[Difference]:
    """Return which numbers of the run's `report.json` the journal does not give again; count the others in `done`.

    Args:
        folder: The run's. Without a report in it there is nothing to compare.
        scratch: The report is made again here; made by this.
        record: The run's journal as tables.
        done: Gets the count.
    """
    try:
        told: dict[str, Any] = json.loads((folder / "report.json").read_text(encoding="utf-8"))
        then, top = dict(told["numbers"]), max(TOP, len(told["leaderboard"]))
    except (OSError, ValueError, KeyError, TypeError):
        return []
    scratch.mkdir()
    write_reports(scratch, record, ObjectStore(folder / "objects"), final=True, top=top)
    now: dict[str, Any] = json.loads((scratch / "report.json").read_text(encoding="utf-8"))["numbers"]
    found = []
    for name, number in then.items():
        if name in now and now[name] == number:
            done.numbers += 1
        else:
            found.append(Difference(what="report", where=name, then=_value(number), now=_value(now.get(name))))
    return found


def _value(number: Any) -> str:
    return str(number.get("value", number)) if isinstance(number, dict) else str(number)
