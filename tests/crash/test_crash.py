"""The crash test: the writer is killed at every event, with three torn tails, and the run is taken up again."""

from __future__ import annotations

import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from assay.core.budget import Limits
from assay.core.digest import canonical_json
from assay.journal.events import Event
from assay.journal.file import FileJournal
from support.engine import Bench, table


class Killed(BaseException):
    """The process is gone."""


class DyingJournal:
    """A file journal whose process dies while it writes event number `at`.

    Args:
        path: The file.
        at: Number of the event at which it dies.
        tear: Bytes of that event's line that reach the disk; 0 for none.
    """

    def __init__(self, path: Path, at: int, tear: int) -> None:
        self._path = path
        self._journal = FileJournal(path)
        self._at = at
        self._tear = tear

    def read(self, since: int = 0) -> Sequence[Event]:
        return self._journal.read(since)

    def append(self, events: Sequence[Event]) -> None:
        for event in events:
            if event.number >= self._at:
                if event.number == self._at:
                    with self._path.open("ab") as stream:
                        stream.write((canonical_json(event.as_dict()) + "\n").encode()[: self._tear])
                raise Killed
            self._journal.append([event])


def effects(bench: Bench) -> Counter[tuple[str, ...]]:
    """Count what cost something: starts of a script on a view, and questions."""
    counts: Counter[tuple[str, ...]] = Counter()
    for command, workspace, _ in bench.sandbox.started:
        assert command.argv[-1] == "solution.py"
        counts[("run", workspace.root.name.rsplit("-", 1)[0], str(workspace.mounts[0].source))] += 1
    for request in bench.model.requests:
        counts[("ask", request.key)] += 1
    return counts


LIMITS = Limits(trials=7)
"""Enough for both baselines, a draft that needs a repair, improvements and an ablation."""


@pytest.fixture(scope="module")
def memory_folder() -> Iterator[Path]:
    """A folder in memory: hundreds of runs flush thousands of small files."""
    shared = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=shared if shared.is_dir() else None) as folder:
        yield Path(folder)


@pytest.fixture(scope="module")
def undisturbed(memory_folder: Path) -> Bench:
    folder = memory_folder / "undisturbed"
    bench = Bench(folder, limits=LIMITS, k=2, backend=FileJournal(folder / "events.jsonl"))
    bench.open().work()
    return bench


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("tear", [0, 1, 60])
def test_a_run_killed_at_any_event_resumes_to_the_same_table(
    undisturbed: Bench, memory_folder: Path, tear: int
) -> None:
    whole = undisturbed.log.read(lambda history: history.last)
    assert whole is not None
    expected = table(undisturbed.log)
    starts = sum(effects(undisturbed).values())
    for at in range(1, whole.number + 1):
        folder = memory_folder / f"{tear}-{at}"
        path = folder / "events.jsonl"
        first = Bench(folder, limits=LIMITS, k=2, backend=DyingJournal(path, at, tear))
        with pytest.raises(Killed):
            first.open().work()
        second = Bench(folder, limits=LIMITS, k=2, backend=FileJournal(path))
        end = second.open().work()
        assert table(second.log) == expected, f"killed at event {at}"
        assert end.winner == undisturbed.log.read(lambda history: history.finished).winner  # type: ignore[union-attr]
        repeated = sum(effects(first).values()) + sum(effects(second).values()) - starts
        assert repeated <= 1, f"killed at event {at}: {repeated} effects were repeated"
        shutil.rmtree(folder)


def test_the_undisturbed_run_walks_every_path(undisturbed: Bench) -> None:
    history = undisturbed.log.read(lambda h: h)
    assert {t.operator for t in history.trials.values()} == {"baseline", "draft", "improve", "ablate", "blend"}
    assert any(t.repairs for t in history.trials.values())
    assert history.sealed is not None
    assert history.submission is not None
