"""Rows: a trial as screens show it in a line: its verdict in a word or two, and how many digits of its score."""

from __future__ import annotations

import math

from assay.core.trial import TrialState, Verdict
from assay.journal.history import Trial
from assay.journal.summary import Row
from assay.report.formatting import MISSING, score_decimals

_MOST_DECIMALS = 6
SCORE_WIDTH = 8
"""Columns that a score has in a table of a terminal."""


def verdict_words(row: Row) -> str:
    """Return `real 5/5`, `baseline`, `failed` ...: what is known of a trial in a word or two."""
    if row.state is not TrialState.COMPLETE:
        return row.state.value
    if row.verdict is None:
        return MISSING
    if row.verdict is Verdict.BASELINE or row.same_sign is None or row.judged_folds is None:
        return row.verdict.value
    return f"{row.verdict.value} {row.same_sign}/{row.judged_folds}"


def row_decimals(row: Row, rival: float | None = None) -> int:
    """Return with how many decimals a trial's score is written."""
    return digits(row.score, row.std_error, rival)


def digits(score: float | None, std_error: float | None, rival: float | None = None) -> int:
    """Return a number of decimals: two digits of the standard error where there is one, else enough to tell apart."""
    if score is not None and std_error is not None and math.isfinite(std_error) and std_error > 0:
        room = SCORE_WIDTH - 2 - len(f"{abs(score):,.0f}")
        return max(0, min(_MOST_DECIMALS, room, 1 - math.floor(math.log10(std_error))))
    return score_decimals([score, rival])


def row_of(trial: Trial) -> Row:
    """Return a trial of the history as the row that tables are made of."""
    judged = trial.judgement
    return Row(
        number=trial.number,
        title=trial.title,
        operator=trial.operator,
        key=trial.key,
        parents=trial.parents,
        counts=trial.counts,
        state=trial.state,
        attempts=trial.attempts,
        score=trial.score,
        std_error=trial.std_error,
        folds=trial.folds,
        wall_s=trial.wall_s,
        reason=trial.reason,
        verdict=trial.verdict,
        against=judged.against if judged else None,
        effect=judged.effect if judged else None,
        same_sign=judged.same_sign if judged else None,
        judged_folds=judged.folds if judged else None,
        created=trial.created,
        finished=trial.finished,
    )
