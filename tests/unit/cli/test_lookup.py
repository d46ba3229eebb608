from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from assay.cli.commands.ui import place_of
from assay.cli.lookup import find_live_run, find_run, find_trial
from assay.core.errors import NothingFound, UsageError
from assay.journal.folders import run_folders
from assay.journal.history import History
from support.histories import all_failed, good_run

HOLD = """
import sys
from pathlib import Path
from assay.journal.lease import Lease
lease = Lease(Path(sys.argv[1]) / "lease")
print("held", flush=True)
sys.stdin.read()
"""


@contextmanager
def held(folder: Path) -> Iterator[int]:
    """A process of its own holds the run."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process.pid
        process.kill()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    runs = tmp_path / "runs"
    for age, name in enumerate(("calm-badger", "calm-otter", "brisk-otter")):
        (runs / name).mkdir(parents=True)
        (runs / name / "events.jsonl").touch()
        os.utime(runs / name / "events.jsonl", (1000 - age, 1000 - age))
    (runs / "not-a-run").mkdir()
    return runs


def test_latest_first(root: Path) -> None:
    assert [f.name for f in run_folders(root)] == ["calm-badger", "calm-otter", "brisk-otter"]


@pytest.mark.parametrize(
    ("name", "found"), [(None, "calm-badger"), ("b", "brisk-otter"), ("calm-o", "calm-otter"), ("calm-badger",) * 2]
)
def test_names_and_unique_prefixes(root: Path, name: str | None, found: str) -> None:
    assert find_run(root, name).name == found


def test_a_folder_is_a_run_wherever_it_lies(root: Path, tmp_path: Path) -> None:
    moved = (root / "brisk-otter").rename(tmp_path / "elsewhere")
    assert find_run(root, str(moved)) == moved


def test_whole_name_beats_longer_names(root: Path) -> None:
    (root / "calm-otter-2").mkdir()
    (root / "calm-otter-2" / "events.jsonl").touch()
    assert find_run(root, "calm-otter").name == "calm-otter"


def test_ambiguous_prefix_lists_them(root: Path) -> None:
    with pytest.raises(UsageError, match="calm-badger, calm-otter"):
        find_run(root, "calm")


def test_unknown_name_suggests(root: Path) -> None:
    with pytest.raises(NothingFound, match="did you mean 'brisk-otter'") as caught:
        find_run(root, "birsk-otter")
    assert caught.value.exit_code == 5


def test_no_runs_at_all(tmp_path: Path) -> None:
    with pytest.raises(NothingFound) as caught:
        find_run(tmp_path / "none", None)
    assert caught.value.code == "E203"


def test_changing_verbs_want_a_live_run(root: Path) -> None:
    for name in (None, "brisk-otter"):
        with pytest.raises(NothingFound) as caught:
            find_live_run(root, name, "stop")
        assert caught.value.code == "E204"


def test_changing_verbs_take_the_only_live_run_and_refuse_between_two(root: Path) -> None:
    with held(root / "brisk-otter"):
        assert find_live_run(root, None, "stop").name == "brisk-otter"
        with held(root / "calm-otter"), pytest.raises(UsageError, match="calm-otter, brisk-otter") as caught:
            find_live_run(root, None, "stop")
        assert caught.value.code == "E020"


@pytest.mark.parametrize(("text", "number"), [("0", 0), ("#3", 3), ("best", None)])
def test_trials(text: str, number: int | None) -> None:
    history = good_run()[0]
    assert history.best is not None
    assert find_trial(history, text).number == (history.best.number if number is None else number)


@pytest.mark.parametrize(
    ("make", "text", "code"), [(good_run, "999", "E202"), (good_run, "first", "E027"), (all_failed, "best", "E202")]
)
def test_no_such_trial(make: Callable[[], tuple[History, object]], text: str, code: str) -> None:
    with pytest.raises((NothingFound, UsageError)) as caught:
        find_trial(make()[0], text)
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("typed", "folder", "run"),
    [
        (None, "runs", ""),
        ("brisk", "runs", "brisk-otter"),
        ("other", "other", ""),
        ("other/calm-crane", "other", "calm-crane"),
    ],
)
def test_the_dashboard_takes_a_run_or_a_folder_of_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, typed: str | None, folder: str, run: str
) -> None:
    monkeypatch.chdir(tmp_path)
    for place in ("runs/brisk-otter", "other/calm-crane"):
        Path(place).mkdir(parents=True)
        (Path(place) / "events.jsonl").touch()
    found, shown = place_of(Path("runs"), typed)
    assert (found.name, shown) == (folder, run)


def test_the_dashboard_of_a_folder_without_runs_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NothingFound) as raised:
        place_of(tmp_path / "runs", str(tmp_path))
    assert raised.value.code == "E203"
