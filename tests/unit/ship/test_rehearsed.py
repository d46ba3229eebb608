"""A real run whose candidates are rehearsed: what was mended before a whole fold, and how it is told.

That its replay comes to the same decisions, with the data and without them, is tested with those of every run.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from assay.cli.boundary import run
from assay.core.trial import TrialState
from assay.core.view import is_rehearsal
from assay.journal.checkpoint import HistoryFile
from assay.journal.history import History, Trial
from assay.journal.rehearsals import rehearsal_of
from assay.report import write_reports

pytestmark = pytest.mark.timeout(300)


def drafts(folder: Path) -> tuple[History, dict[str, Trial]]:
    history = HistoryFile(folder).read()
    return history, {t.title: t for t in history.trials.values() if t.operator == "draft"}


def test_a_script_that_fails_is_mended_before_its_first_whole_fold(searched: Path) -> None:
    history, found = drafts(searched)
    trial = found["draft 2"]
    assert (trial.state, trial.folds, len(trial.repairs)) == (TrialState.COMPLETE, 1, 1)
    ran = [(m.attempt, m.view) for m in history.measurements(trial.number)]
    assert ran[:3] == [(1, "rehearsal-0"), (2, "rehearsal-0"), (2, "fold-0")]
    assert {m.score for m in history.all_measurements() if is_rehearsal(m.view)} == {None}
    shown = (searched / "views" / "rehearsal-0-rows-200" / "test.csv").read_text(encoding="utf-8").splitlines()
    assert len(shown) == 1 + 200
    assert not list((searched / "private").glob("rehearsal*")), "no label was kept for it"


def test_what_cannot_do_with_few_rows_is_scored_all_the_same(searched: Path) -> None:
    history, found = drafts(searched)
    trial = found["draft 0"]
    plan = rehearsal_of(history, trial)
    assert (trial.state, trial.folds, len(trial.repairs)) == (TrialState.COMPLETE, 1, 1)
    assert plan is not None
    assert plan.given_up == 2


def test_it_is_shown_and_counted(searched: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, found = drafts(searched)
    at = ("--runs", str(searched.parent), "-r", searched.name)
    assert run(["show", str(found["draft 2"].number), *at, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)["rehearsal"]
    assert (told["rows"], told["given_up_at_attempt"]) == (200, None)
    assert [one["outcome"] for one in told["executions"]] == ["error", "ok"]
    assert run(["show", str(found["draft 0"].number), *at]) == 0
    assert "rehearsed on 200 of about 1,088 training rows first" in capsys.readouterr().out
    copied = tmp_path / searched.name
    shutil.copytree(searched, copied)
    write_reports(copied, final=True)
    assert "rehearsals on few rows" in (copied / "report.md").read_text(encoding="utf-8")
