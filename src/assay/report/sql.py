"""SQL: a run's tables in memory, to be asked with `select` and with nothing else."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from assay.core.clock import iso_utc
from assay.core.errors import UsageError
from assay.journal.history import History, Trial

WRONG = "E045"
LIMIT_S = 20.0
"""Most seconds of one query."""
_LOOK = 10_000
"""Steps of SQLite between two looks at the clock."""
_NOT_ALLOWED = "only select is allowed, over the tables of the run"
_LONGEST = 10_000_000
"""Bytes of one value or of a query."""
_ALLOWED = frozenset({sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE})

TABLES: dict[str, tuple[str, ...]] = {
    "trials": (
        "trial", "title", "operator", "step", "parents", "counts", "state", "verdict", "score", "std_error", "folds",
        "against", "gain", "adjusted_p", "wall_s", "attempts", "repairs", "created", "finished", "reason",
    ),
    "executions": (
        "trial", "attempt", "view", "seed", "outcome", "wall_s", "peak_memory_bytes", "score", "started", "ended",
    ),
    "questions": (
        "key", "role", "model", "asked", "latency_s", "input_tokens", "output_tokens", "cost_usd", "error",
    ),
    "claims": ("trial", "attempt", "view", "seed", "claimed"),
    "noted": ("trial", "score", "place", "at"),
}  # fmt: skip
"""Columns by table. Scores of `trials` and `executions` were graded; what scripts claim, and what was measured
elsewhere, are tables of their own, so that neither is ranked by mistake."""


@dataclass(frozen=True, kw_only=True)
class Found:
    """What a query gave."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    truncated: bool
    """Whether there are more rows."""


def ask(history: History, query: str, *, most: int, limit_s: float = LIMIT_S) -> Found:
    """Return the rows of one `select` over the tables of a run.

    Args:
        history: The journal so far.
        query: SQL as SQLite reads it. Whatever would change or open something is refused.
        most: Rows at which reading stops.
        limit_s: Seconds after which the query is broken off.

    Raises:
        UsageError: It is no query that can be answered, or takes too long (E045).
    """
    connection = sqlite3.connect(":memory:")
    try:
        _fill(connection, history)
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _LONGEST)
        until = time.monotonic() + limit_s
        connection.set_progress_handler(lambda: time.monotonic() > until, _LOOK)
        connection.set_authorizer(lambda action, *_: sqlite3.SQLITE_OK if action in _ALLOWED else sqlite3.SQLITE_DENY)
        cursor = connection.execute(query)
        rows = cursor.fetchmany(most + 1)
        if cursor.description is None:
            raise UsageError(WRONG, "nothing was asked", fix="assay query")
        columns = tuple(str(column[0]) for column in cursor.description)
        return Found(columns=columns, rows=tuple(rows[:most]), truncated=len(rows) > most)
    except (sqlite3.Error, sqlite3.Warning, ValueError) as error:
        told = {"interrupted": f"it took longer than {limit_s:g} s", "not authorized": _NOT_ALLOWED}.get(str(error))
        told = told or str(error)
        raise UsageError(WRONG, f"{query!r} cannot be answered: {told}", fix="assay query") from error
    finally:
        connection.close()


def _fill(connection: sqlite3.Connection, history: History) -> None:
    filled: dict[str, Iterable[tuple[Any, ...]]] = {
        "trials": (_trial(trial) for trial in history.trials.values()),
        "executions": _executions(history),
        "questions": _questions(history),
        "claims": _claims(history),
        "noted": ((said.trial, said.score, said.where, iso_utc(at)) for at, said in history.elsewhere),
    }
    for name, columns in TABLES.items():
        connection.execute(f"create table {name} ({', '.join(columns)})")
        places = ", ".join("?" * len(columns))
        connection.executemany(f"insert into {name} values ({places})", filled[name])


def _trial(trial: Trial) -> tuple[Any, ...]:
    judged = trial.judgement
    return (
        trial.number,
        trial.title,
        trial.operator,
        trial.step,
        " ".join(str(number) for number in trial.parents),
        int(trial.counts),
        trial.state.value,
        trial.verdict.value if trial.verdict else None,
        trial.score,
        trial.std_error,
        trial.folds,
        judged.against if judged else None,
        judged.effect if judged else None,
        judged.adjusted_p if judged else None,
        trial.wall_s,
        trial.attempts,
        len(trial.repairs),
        iso_utc(trial.created),
        iso_utc(trial.finished) if trial.finished else None,
        trial.reason,
    )


def _executions(history: History) -> Iterator[tuple[Any, ...]]:
    for m in history.all_measurements():
        execution, score = m.execution, m.score
        yield (
            m.trial,
            m.attempt,
            m.view,
            m.seed,
            execution.outcome.value if execution else None,
            execution.wall_s if execution else None,
            execution.peak_memory_bytes if execution else None,
            score.value if score else None,
            iso_utc(m.started),
            iso_utc(m.ended) if m.ended else None,
        )


def _claims(history: History) -> Iterator[tuple[Any, ...]]:
    for m in history.all_measurements():
        if m.reported is not None:
            yield m.trial, m.attempt, m.view, m.seed, m.reported


def _questions(history: History) -> Iterator[tuple[Any, ...]]:
    for question in history.questions.values():
        answer = question.answer
        usage = answer.usage if answer else None
        yield (
            question.key,
            question.role,
            answer.model if answer else None,
            iso_utc(question.asked),
            answer.latency_s if answer else None,
            usage.input_tokens if usage else None,
            usage.output_tokens if usage else None,
            float(usage.cost_usd) if usage and usage.cost_usd is not None else None,
            answer.error if answer else None,
        )
