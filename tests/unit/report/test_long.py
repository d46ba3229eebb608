"""A run of very many trials: its report stays small, and links to nothing that is not there."""

from __future__ import annotations

import json
import re
from pathlib import Path

from assay.core.budget import Limits
from assay.core.trial import TrialState, Verdict
from assay.journal import events as ev
from assay.journal.events import Event, Payload
from assay.journal.history import History
from assay.journal.objects import ObjectStore
from assay.report import write_reports
from assay.report.facts import MOST_FOLDERS
from support.tasks import regression_task

TRIALS = MOST_FOLDERS + 150


def _history(folder: Path) -> History:
    task = regression_task(folder)
    start = ev.RunStarted(
        run="long", task=task, task_digest="d", strategy="tree", model="playbook", seed=0, limits=Limits(), sandbox="T1"
    )
    payloads: list[Payload] = [start]
    for n in range(TRIALS):
        digest = f"{n:064d}"
        payloads.append(ev.TrialCreated(trial=n, key=f"k{n}", candidate=digest, title=f"Idea {n}", operator="draft"))
        score = 2.0 - n / 10_000
        payloads.append(
            ev.TrialFinished(
                trial=n, state=TrialState.COMPLETE, candidate=digest, score=score, folds=1, scores={"fold-0": score}
            )
        )
        against = n - 1 if n else None
        payloads.append(ev.Judged(trial=n, verdict=Verdict.NOISE if n else Verdict.BASELINE, against=against))
    history, last = History(), None
    for n, payload in enumerate(payloads):
        last = Event.after(last, time=1000.0 + n, payload=payload)
        history.apply(last)
    return history


def test_the_report_of_very_many_trials_stays_small_and_whole(tmp_path: Path) -> None:
    run = tmp_path / "run"
    run.mkdir()
    write_reports(run, _history(tmp_path), ObjectStore(run / "objects"), final=True)
    folders = {path.name for path in (run / "trials").iterdir()}
    assert len(folders) == MOST_FOLDERS
    assert any(name.startswith("0000-") for name in folders)  # the baseline, at the end of the way to the winner
    assert any(name.startswith(f"{TRIALS - 1:04d}-") for name in folders)
    for page in ("report.html", "report.md", "history.md", "leaderboard.md", "story.md"):
        text = (run / page).read_text(encoding="utf-8")
        assert set(re.findall(r"trials/([0-9][^/\"')]*)", text)) <= folders
    assert (run / "report.html").stat().st_size < 5_000_000
    report = json.loads((run / "report.json").read_text(encoding="utf-8"))
    assert len(report["trials"]) == TRIALS
    assert {Path(one["folder"]).name for one in report["trials"] if one["folder"]} == folders
    files = {number.get("file", "events.jsonl") for number in report["numbers"].values()}
    assert {file.split("/")[1] for file in files if file.startswith("trials/")} <= folders
