"""A finished run of `mle_star` in a folder of its own, as reports and screens read it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from assay.core.budget import Limits
from assay.journal.events import Event
from assay.journal.file import FileJournal
from assay.journal.history import History
from assay.journal.objects import ObjectStore
from assay.models.base import Request
from assay.models.scripted import Scripted
from assay.strategies.star.options import StarOptions
from assay.strategies.star.strategy import MleStar
from support.engine import Bench
from support.star import answer

OPTIONS = StarOptions(models=3, outer=2, inner=2, paths=2, rounds=2)


def unsigned(request: Request[Any]) -> Scripted:
    """Answer as `support.star`, but have the last look refuse."""
    if request.role == "validate":
        return {"sound": False, "reasons": ["The folds are few.", "It gains 0.777 for no reason."]}
    return answer(request)


def write_star_run(
    folder: Path, options: StarOptions = OPTIONS, answers: Callable[[Request[Any]], Scripted] = unsigned
) -> History:
    """Write `events.jsonl` and `objects/` of a run of `mle_star` with scripted answers; return its history."""
    bench = Bench(folder, strategy=MleStar(options), answers=answers, limits=Limits(workers=2))
    bench.open().work()
    events = list(bench.backend.read())
    FileJournal(folder / "events.jsonl").append(events)
    return History(events)


def events_of(folder: Path) -> Iterator[Event]:
    """Yield the events of a run folder."""
    return iter(FileJournal(folder / "events.jsonl").read())


def objects_of(folder: Path) -> ObjectStore:
    """Return what a run folder keeps."""
    return ObjectStore(folder / "objects")
