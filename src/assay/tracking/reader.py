"""Reading the database that generated code wrote to: `python -P -m assay.tracking.reader`, one process a question.

The file is hostile. The process that opens it has given up network, writing and every other file before, has a limit on
time and memory, runs no SQL of the file's own (no views, no triggers) and takes nothing but short texts and numbers.
"""

from __future__ import annotations

import contextlib
import json
import math
import resource
import sqlite3
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from assay.core.codec import encode
from assay.sandbox import lock_down
from assay.tracking.records import Point, StoredRun

CPU_S = 20
_MEMORY = 2**30
_MOST_POINTS = 200_000
_MOST_NAMES = 2_000
_MOST_RUNS = 100
_LONGEST = 8_000
_FAR = 1.79e308
"""MLflow writes an infinity as the largest number."""
_TABLES = ("runs", "params", "metrics", "tags")


class Unreadable(Exception):
    """It is no experiment store that can be read, and why."""


def main() -> None:
    """Answer the one question on standard input."""
    request = json.loads(sys.stdin.read())
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S + 1))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        resource.setrlimit(resource.RLIMIT_DATA, (_MEMORY, _MEMORY))
    lock = lock_down(read=[Path(request["database"])], write=[])
    try:
        reply = _answer(request)
    except (Unreadable, sqlite3.Error, OverflowError) as error:
        reply = {"problem": str(error)[:_LONGEST] or type(error).__name__}
    json.dump({**reply, "lock": lock}, sys.stdout)


def _answer(request: Mapping[str, Any]) -> dict[str, Any]:
    with contextlib.closing(_opened(str(request["database"]))) as connection:
        kinds = dict(connection.execute("SELECT name, type FROM sqlite_master WHERE name IN (?, ?, ?, ?)", _TABLES))
        strange = [name for name in _TABLES if kinds.get(name) != "table"]
        if strange:
            raise Unreadable(f"it has no table {', '.join(strange)}")
        ids = connection.execute("SELECT run_uuid FROM runs LIMIT ?", (_MOST_RUNS,)).fetchall()
        run = _run(connection, str(request["run_id"]))
    return {"run": encode(run), "others": [_text(row[0]) for row in ids if row[0] != request["run_id"]]}


def _opened(path: str) -> sqlite3.Connection:
    connection = sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True)
    connection.text_factory = lambda content: content.decode("utf-8", "replace")
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, 2**20)
    connection.execute("PRAGMA trusted_schema = OFF")
    connection.execute("PRAGMA cell_size_check = ON")
    return connection


def _run(connection: sqlite3.Connection, run_id: str) -> StoredRun | None:
    wanted = "SELECT name, status, start_time, end_time, lifecycle_stage, artifact_uri FROM runs WHERE run_uuid = ?"
    rows = connection.execute(wanted, (run_id,)).fetchmany(2)
    if not rows:
        return None
    if len(rows) > 1:
        raise Unreadable("it holds two runs with the id that was issued")
    name, status, start, end, lifecycle, uri = rows[0]
    return StoredRun(
        run_id=run_id,
        name=_text(name),
        state=_text(status),
        started_ms=_whole(start),
        ended_ms=None if end is None else _whole(end),
        lifecycle=_text(lifecycle),
        artifact_uri=_text(uri),
        params=_texts(connection, "SELECT key, value FROM params WHERE run_uuid = ? LIMIT ?", run_id),
        tags=_texts(connection, "SELECT key, value FROM tags WHERE run_uuid = ? LIMIT ?", run_id),
        metrics=_metrics(connection, run_id),
    )


def _texts(connection: sqlite3.Connection, query: str, run_id: str) -> dict[str, str]:
    rows = connection.execute(query, (run_id, _MOST_NAMES + 1)).fetchall()
    if len(rows) > _MOST_NAMES:
        raise Unreadable(f"it holds more than {_MOST_NAMES:,} params or tags")
    return {_text(key): _text(value) for key, value in rows}


def _metrics(connection: sqlite3.Connection, run_id: str) -> dict[str, tuple[Point, ...]]:
    query = "SELECT key, value, timestamp, step, is_nan FROM metrics WHERE run_uuid = ? LIMIT ?"
    rows = connection.execute(query, (run_id, _MOST_POINTS + 1)).fetchall()
    if len(rows) > _MOST_POINTS:
        raise Unreadable(f"it holds more than {_MOST_POINTS:,} values of metrics")
    found: dict[str, list[Point]] = {}
    for key, value, at, step, is_nan in rows:
        number = math.nan if is_nan else _number(value)
        found.setdefault(_text(key), []).append(Point(value=number, step=_whole(step), at_ms=_whole(at)))
    if len(found) > _MOST_NAMES:
        raise Unreadable(f"it holds more than {_MOST_NAMES:,} metrics")
    return {key: tuple(sorted(points, key=lambda p: (p.step, p.at_ms))) for key, points in found.items()}


def _text(value: object) -> str:
    return "" if value is None else str(value)[:_LONGEST]


def _whole(value: object) -> int:
    """SQLite keeps what it is given, whatever the column says."""
    return value if isinstance(value, int) else 0


def _number(value: object) -> float:
    number = float(value) if isinstance(value, int | float) else math.nan
    return number if abs(number) < _FAR or math.isnan(number) else math.copysign(math.inf, number)


if __name__ == "__main__":
    main()
