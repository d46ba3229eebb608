"""Metrics of a command: read from files that it declared, from its printed lines, or from its tracked run.

Whatever is read here is `reported`: the program's own word, never ranked with graded scores.
"""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import PurePosixPath
from typing import Any

from assay.core.score import Provenance
from assay.kinds.command.lines import LinePattern
from assay.kinds.command.paths import follow, parse_path

MOST_VALUES = 100_000


class Pick(StrEnum):
    """Which of several values of a metric counts."""

    LAST = "last"
    MIN = "min"
    MAX = "max"
    MEAN = "mean"


@dataclass(frozen=True, kw_only=True)
class MetricSource:
    """Where one metric is found. Exactly one of `file`, `line` and `tracked`."""

    name: str
    file: str = ""
    """Path in the workspace with `/`: .json, .jsonl, .csv, .yaml or .yml."""
    path: str = ""
    """Where in the file: a path expression; for .jsonl within each line, for .csv the column."""
    line: str = ""
    """A line pattern that names this metric; see `lines`."""
    tracked: str = ""
    """Name of the metric in the tracked run."""
    pick: Pick = Pick.LAST

    def check(self) -> None:
        """Return if the source can be read at all.

        Raises:
            ValueError: It cannot, and why.
        """
        if sum(map(bool, (self.file, self.line, self.tracked))) != 1:
            raise ValueError(f"the metric {self.name!r} needs exactly one of file, line and tracked")
        if self.line and self.name not in LinePattern(self.line).names:
            raise ValueError(f"the pattern {self.line!r} of {self.name!r} does not name {{{self.name}}}")
        if self.file:
            if PurePosixPath(self.file).suffix.lower() not in _READERS:
                raise ValueError(f"the file {self.file!r} is none of {', '.join(_READERS)}")
            parse_path(self.path)


@dataclass(frozen=True, kw_only=True)
class ReportedMetrics:
    """What a command said of itself."""

    values: Mapping[str, float] = field(default_factory=dict)
    """Finite numbers by metric."""
    counts: Mapping[str, int] = field(default_factory=dict)
    """How many finite values of each there were: of a training, how many epochs."""
    problems: tuple[str, ...] = ()
    """A sentence for each metric that could not be read, in the order of the sources."""
    provenance: Provenance = Provenance.REPORTED


def read_metrics(
    sources: Sequence[MetricSource],
    *,
    files: Mapping[str, bytes],
    log: str = "",
    tracked: Mapping[str, Sequence[float]] | None = None,
) -> ReportedMetrics:
    """Return the metrics that a command left.

    Args:
        sources: Where each is found.
        files: Path to content of the declared files that could be taken safely; one that is missing was not taken.
        log: What it printed.
        tracked: Values of the tracked run in order, by metric; None where there is no run.
    """
    values: dict[str, float] = {}
    counts: dict[str, int] = {}
    problems: list[str] = []
    for source in sources:
        try:
            source.check()
            found = [float(v) for v in _values(source, files, log, tracked)][:MOST_VALUES]
        except ValueError as error:
            problems.append(f"{source.name}: {error}")
            continue
        finite = [value for value in found if math.isfinite(value)]
        if not finite or not math.isfinite(found[-1] if source.pick is Pick.LAST else finite[-1]):
            problems.append(f"{source.name}: {'no finite number' if found else 'nothing'} was found {_where(source)}")
            continue
        values[source.name], counts[source.name] = _PICKS[source.pick](finite), len(finite)
    return ReportedMetrics(values=values, counts=counts, problems=tuple(problems))


def _values(
    source: MetricSource, files: Mapping[str, bytes], log: str, tracked: Mapping[str, Sequence[float]] | None
) -> Iterator[float]:
    if source.line:
        pattern = LinePattern(source.line)
        yield from (row[source.name] for row in map(pattern.read, log.splitlines()) if row is not None)
    elif source.tracked:
        if tracked is None:
            raise ValueError("there is no tracked run")
        yield from tracked.get(source.tracked, ())
    else:
        if source.file not in files:
            raise ValueError(f"the file {source.file!r} was not left")
        reader = _READERS[PurePosixPath(source.file).suffix.lower()]
        yield from (value for value in map(_number, reader(files[source.file], source.path)) if value is not None)


def _where(source: MetricSource) -> str:
    if source.line:
        return f"by the pattern {source.line!r}"
    return f"as {source.tracked!r} in the tracked run" if source.tracked else f"at {source.path!r} in {source.file!r}"


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        return float(value)
    except ValueError:
        return None
    except OverflowError:  # a whole number of hundreds of digits
        return math.inf


def _json(data: bytes, path: str) -> Iterator[Any]:
    yield from follow(_loaded(data.decode("utf-8-sig")), parse_path(path))


def _jsonl(data: bytes, path: str) -> Iterator[Any]:
    """Yield from whole lines; a last line that was cut off while it was written is left out."""
    steps, lines = parse_path(path), data.decode("utf-8-sig").splitlines()
    for number, line in enumerate(lines):
        if line.strip():
            try:
                value = _loaded(line)
            except ValueError:
                if number == len(lines) - 1:
                    return
                raise
            yield from follow(value, steps)


def _csv(data: bytes, path: str) -> Iterator[Any]:
    rows = csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline=""))
    try:
        if path not in (rows.fieldnames or ()):
            raise ValueError(f"there is no column {path!r}; there are {', '.join(rows.fieldnames or ()) or 'none'}")
        yield from (row[path] for row in rows)
    except csv.Error as error:
        raise ValueError(f"it is no table: {error}") from error


def _yaml(data: bytes, path: str) -> Iterator[Any]:
    import yaml

    try:
        value = yaml.safe_load(data)
    except (yaml.YAMLError, RecursionError) as error:
        raise ValueError(f"it is no YAML: {str(error)[:200]}") from error
    yield from follow(value, parse_path(path))


def _loaded(text: str) -> Any:
    try:
        return json.loads(text)
    except (json.JSONDecodeError, RecursionError) as error:
        raise ValueError(f"it is no JSON: {error}") from error


def _mean(values: Sequence[float]) -> float:
    """Return the mean; of the largest numbers there are, the sum would be none."""
    import statistics

    return statistics.mean(values)


_READERS: dict[str, Callable[[bytes, str], Iterator[Any]]] = {
    ".json": _json,
    ".jsonl": _jsonl,
    ".csv": _csv,
    ".yaml": _yaml,
    ".yml": _yaml,
}
_PICKS: dict[Pick, Callable[[Sequence[float]], float]] = {
    Pick.LAST: lambda values: values[-1],
    Pick.MIN: min,
    Pick.MAX: max,
    Pick.MEAN: _mean,
}
