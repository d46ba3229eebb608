"""Forecasts: finding series, time and horizon, and the windows that are rolled back from the end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

from assay.data.dates import as_times
from assay.data.facts import Facts
from assay.data.layout import words

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

_TIME_WORDS = {"t", "time", "date", "datetime", "timestamp", "ds", "day", "week", "month", "quarter", "year"} | {
    "step", "hour", "minute", "period"
}  # fmt: skip
_MOST_SERIES_COLUMNS = 3
_REGULAR = 0.9
"""Share of the steps of a series that must have the same length."""


@dataclass(frozen=True, kw_only=True)
class Forecast:
    """What makes a task a forecast."""

    series_columns: tuple[str, ...]
    """Empty for a single series."""
    time_column: str
    horizon: int
    """Most test rows of one series."""
    shortest: int
    """Rows of a short series: one in ten has fewer."""


def find_forecast(
    facts: Facts, targets: tuple[str, ...], *, series: tuple[str, ...] = (), time_column: str | None = None
) -> Forecast | None:
    """Return the forecast that train and test make together, or None.

    It is one when some columns name series, some column orders their rows in equal steps, and the test rows of each
    series continue its training rows.

    Args:
        facts: The tables.
        targets: What is predicted; a forecast predicts numbers.
        series: Columns that name a series, if the user said so.
        time_column: Column that orders them, if the user said so.
    """
    test = facts.test_typed
    if test is None or any(facts.train_typed[name].dtype.kind not in "iuf" for name in targets):
        return None
    common = [name for name in facts.shared if name not in targets]
    times = [time_column] if time_column else [name for name in common if set(words(name)) & _TIME_WORDS]
    for time in times:
        ordered = as_times(facts.train_typed[time]), as_times(test[time])
        if ordered[0] is None or ordered[1] is None or ordered[0].isna().any() or ordered[1].isna().any():
            continue
        for columns in [series] if series else _series_candidates(facts, common, time):
            found = _continued(facts, columns, time, *ordered)
            if found is not None:
                return found
    return None


def _series_candidates(facts: Facts, common: list[str], time: str) -> list[tuple[str, ...]]:
    """Return sets of columns that may name series, small ones first."""
    train = facts.train_typed
    repeated = [n for n in common if n != time and train[n].dtype.kind != "f" and train[n].nunique() * 2 <= len(train)]
    sizes = range(_MOST_SERIES_COLUMNS + 1)
    return [columns for size in sizes for columns in combinations(repeated[:6], size)]


def _continued(
    facts: Facts, columns: tuple[str, ...], time: str, train_times: pd.Series, test_times: pd.Series
) -> Forecast | None:
    test = facts.test_typed
    if test is None:
        return None
    known, asked = series_codes(facts.train_typed, columns), series_codes(test, columns)
    train, future = _frame(known, train_times), _frame(asked, test_times)
    if train.duplicated().any() or future.duplicated().any():
        return None
    spans = train.groupby("series")["time"].agg(["max", "size"])
    starts = future.groupby("series")["time"].agg(["min", "size"]).rename(columns={"size": "asked"})
    both = starts.join(spans, how="left")
    if both["max"].isna().any() or not (both["min"] > both["max"]).all() or both["size"].min() < 2:
        return None
    if not _is_regular(train, both):
        return None
    return Forecast(
        series_columns=columns,
        time_column=time,
        horizon=int(starts["asked"].max()),
        shortest=int(spans["size"].quantile(0.1)),
    )


def _frame(series: pd.Series, times: pd.Series) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame({"series": series.to_numpy(), "time": times.to_numpy()})


def _is_regular(train: pd.DataFrame, both: pd.DataFrame) -> bool:
    """Return whether the rows of a series are equally far apart and the test goes on at most a few steps later."""
    steps = train.sort_values(["series", "time"]).groupby("series")["time"].diff().dropna()
    if not len(steps):
        return False
    usual = steps.median()
    near = steps.between(usual * 0.85, usual * 1.15)  # months and leap years are not of equal length
    gaps = both["min"] - both["max"]
    return bool(near.mean() >= _REGULAR and (gaps <= 3 * usual).mean() >= _REGULAR)


def series_codes(frame: pd.DataFrame, columns: Sequence[str]) -> pd.Series:
    """Return the name of each row's series: the values of `columns`, one space apart; empty for a single series."""
    import pandas as pd

    if not columns:
        return pd.Series("", index=frame.index, dtype=object)
    parts = [frame[name].astype(str) for name in columns]
    joined = parts[0].astype(object)
    for part in parts[1:]:
        joined = joined + " " + part
    return joined


def folds_that_fit(shortest: int, horizon: int, *, wanted: int, sealed: bool) -> int:
    """Return how many windows of `horizon` steps can be rolled back and leave twice that many to learn from."""
    return max(1, min(wanted, shortest // horizon - 2 - sealed))


def steps_from_end(series: pd.Series, times: pd.Series, *, aligned: bool) -> np.ndarray:
    """Return how far each row is from the last one, in steps: 0 is the last.

    Args:
        series: Name of each row's series.
        times: Its moment.
        aligned: Whether all series share a calendar; then steps are counted over the moments of all of them, so that
            no series is learned from the future of another. Otherwise each is counted by itself.
    """
    import numpy as np

    if aligned:
        moments = np.unique(times.to_numpy())
        ranks: np.ndarray = len(moments) - 1 - np.searchsorted(moments, times.to_numpy())
        return ranks
    own: np.ndarray = _frame(series, times).groupby("series")["time"].rank(ascending=False).to_numpy().astype(int) - 1
    return own


def share_calendar(series: pd.Series, times: pd.Series) -> bool:
    """Return whether the test rows of all series start at the same moment."""
    starts = _frame(series, times).groupby("series")["time"].min()
    return bool(starts.nunique() == 1)
