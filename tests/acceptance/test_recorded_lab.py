"""An hour of the lab, answered by somebody who thought, is replayed: the same decisions on the same results.

The hour was `assay run repo --strategy lab --time 1h --finish-up 10m` on `examples/digits_cnn`. Here its experiments
report at once what they reported then, so that the replay takes no hour; two that were cut off by their time fail.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from assay.core.digest import digest_text
from assay.journal.file import FileJournal
from assay.journal.history import History

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]
ROOT = Path(__file__).parents[2]
RECORDING = ROOT / "tests" / "recordings" / "lab-digits"
ENV = {name: value for name, value in os.environ.items() if not name.startswith(("ASSAY_", "OPENAI_", "CI"))}
ENV |= {"ASSAY_MLFLOW": "off", "HTTP_PROXY": "http://127.0.0.1:9", "HTTPS_PROXY": "http://127.0.0.1:9"}
TRAIN = """\
import hashlib, json, os, sys
from pathlib import Path

own = hashlib.sha256(Path("network.py").read_bytes()).hexdigest()[:12]
key = [" ".join(["python", "train.py", *sys.argv[1:]]), os.environ["ASSAY_SEED"]]
told = json.loads(Path("told.json").read_text())
folds, whole = next(t[3:] for t in told if t[:2] == key and t[2] in (own, ""))
Path("out").mkdir()
Path("out/metrics.json").write_text(json.dumps({"val_accuracy": sum(folds) / len(folds), "folds": folds}))
sys.exit(0 if whole else 3)
"""
"""Reports what the experiment of this command, network and seed reported in that hour."""


def experiments() -> list[dict[str, Any]]:
    told: list[dict[str, Any]] = json.loads((RECORDING / "experiments.json").read_text(encoding="utf-8"))
    return told


@pytest.fixture(scope="module")
def replay(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder of the replayed run."""
    folder = tmp_path_factory.mktemp("lab")
    shutil.copytree(ROOT / "examples" / "digits_cnn", folder / "repo")
    (folder / "repo" / "train.py").write_text(TRAIN, encoding="utf-8")
    told = [
        # The run's seed is 0, and the n-th run of every command has the same.
        [
            e["command"],
            str(int(digest_text(f"0/lab/run-{e['run']}")[:8], 16)),
            e["network"],
            e["folds"],
            e["state"] == "complete",
        ]
        for e in sorted(experiments(), key=lambda e: e["network"], reverse=True)
    ]
    (folder / "repo" / "told.json").write_text(json.dumps(told), encoding="utf-8")
    options = ("--strategy", "lab", "--name", "again", "--display", "plain")
    done = subprocess.run(
        [sys.executable, "-m", "assay", "run", "repo", "--model", f"recorded:{RECORDING}", *options],
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
        env=ENV,
        timeout=280,
    )
    assert done.returncode == 6, "the recording ends before the worker wants to finish: " + done.stderr
    return folder / "runs" / "again"


def test_the_same_experiments_end_with_the_same_reports(replay: Path) -> None:
    history = History(FileJournal(replay / "events.jsonl").read())
    found = [
        [t.key, str(t.state), t.title, history.notes[f"lab/result/{t.number}"]["parts"]]
        for t in history.trials.values()
    ]
    assert found == [[e["key"], e["state"], e["label"], e["folds"]] for e in experiments()]


def test_the_mentors_challenge_was_carried_out(replay: Path) -> None:
    history = History(FileJournal(replay / "events.jsonl").read())
    cycles = [noted["cycle"] for key, noted in history.notes.items() if key.startswith("lab/cycle/")]
    assert [cycle["number"] for cycle in cycles if cycle.get("challenged")] == [9]
    assert next(cycle for cycle in cycles if cycle["number"] == 9)["source"] == "mentor"


def test_what_was_cut_off_is_not_the_best_and_the_gain_is_real(replay: Path) -> None:
    board = json.loads((replay / "leaderboard.json").read_text(encoding="utf-8"))
    cut = {e["label"] for e in experiments() if e["state"] == "failed"}
    places = board["places"]
    assert places[0]["label"].startswith("layer of 128 with label smoothing")
    assert places[0]["provenance"] == "reported"
    assert "second dense layer of 128, width 16" in cut
    assert "second dense layer of 128, width 16" not in {place["label"] for place in places}
    report = json.loads((replay / "report.json").read_text(encoding="utf-8"))
    assert report["outcome"]["verdict"] == "real"
    assert report["outcome"]["best"]["runs"] == 2
