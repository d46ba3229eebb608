"""The files of trials and of the winner."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from assay.core.candidate import Candidate
from assay.core.errors import MachineError
from assay.core.execution import Outcome
from assay.core.trial import TrialState
from assay.journal import events as ev
from assay.journal.events import Event
from assay.journal.history import History
from assay.journal.objects import ObjectStore
from assay.report import write_reports, write_trial
from assay.report.files import replace_file, replace_folder, safe_name
from support.histories import good_run, interrupted, just_started, write_run
from support.run_writer import RMSE, Idea, RunWriter, tabular_task

Write = Callable[[str], tuple[Path, History]]


def test_a_trials_folder_holds_its_whole_life(written: Write) -> None:
    folder, _ = written("good_run")
    trial = folder / "trials/0007-catboost-with-text-columns"
    assert {p.name for p in trial.iterdir()} == {
        "plan.md",
        "solution.py",
        "stdout.log",
        "verdict.json",
        "metrics.json",
        "attempts",
    }
    log = (trial / "stdout.log").read_text(encoding="utf-8")
    assert "=== attempt 1, fold-0, seed 0: error, 900ms, 387 MB ===\nKeyError: 'text'" in log
    assert "=== attempt 2, fold-4" in log
    assert "catboost(text=False)" in (trial / "solution.py").read_text(encoding="utf-8")
    verdict = json.loads((trial / "verdict.json").read_text(encoding="utf-8"))
    assert (verdict["state"], verdict["verdict"], verdict["judged"]["against"]) == ("complete", "noise", 3)


def test_what_was_mended_is_kept_with_its_failure_and_who_mended_it(written: Write) -> None:
    folder, _ = written("good_run")
    trial = folder / "trials/0007-catboost-with-text-columns"
    assert [p.name for p in (trial / "attempts").iterdir()] == ["1"]
    first = trial / "attempts/1"
    assert {p.name for p in first.iterdir()} == {"solution.py", "stdout.log", "failure.md", "repair.patch"}
    assert "catboost(text=True)" in (first / "solution.py").read_text(encoding="utf-8")
    assert "KeyError: 'text'" in (first / "stdout.log").read_text(encoding="utf-8")
    patch = (first / "repair.patch").read_text(encoding="utf-8")
    assert patch.startswith("--- attempt-1/solution.py\n+++ attempt-2/solution.py\n")
    assert "\n-model = catboost(text=True)\n+model = catboost(text=False)\n" in patch
    told = (first / "failure.md").read_text(encoding="utf-8")
    assert "Failure on fold-0 (error): KeyError: 'text'" in told
    assert "Mended for attempt 2 by heuristic" in told
    assert "the column 'text' does not exist" in told
    assert f"`{'ab' * 32}`" in told
    assert [p.parent.parent.name for p in folder.glob("trials/*/attempts")] == [trial.parent.name]


def test_each_of_several_attempts_has_its_own_failure(tmp_path: Path) -> None:
    objects = ObjectStore(tmp_path / "objects")
    writer = RunWriter("twice", tabular_task(RMSE), objects=objects)
    ideas = [Idea(title="Stubborn", middle=f"model = attempt({n})") for n in (1, 2, 3)]
    number = writer.create(ideas[0])
    writer.run_fold(number, ideas[0], "fold-0", None, outcome=Outcome.ERROR, log="ValueError: first\n")
    writer.repaired(number, ideas[1], cause="a guess", by="model")
    writer.run_fold(number, ideas[1], "fold-0", None, attempt=2, problems=("2 ids are missing",))
    writer.repaired(number, ideas[2], cause="rows were dropped")
    writer.run_fold(number, ideas[2], "fold-0", None, attempt=3, outcome=Outcome.ERROR, log="ValueError: last\n")
    writer.finish_trial(number, TrialState.FAILED, reason="ValueError: last")
    folder = write_trial(tmp_path, writer.history, objects, number)
    told = {p.parent.name: p.read_text(encoding="utf-8") for p in (folder / "attempts").glob("*/failure.md")}
    assert sorted(told) == ["1", "2"]
    assert "ValueError: first" in told["1"]
    assert "by model" in told["1"]
    assert "2 ids are missing" in told["2"]
    for attempt in (1, 2):
        assert f"attempt({attempt})" in (folder / f"attempts/{attempt}/solution.py").read_text(encoding="utf-8")
    assert "attempt(3)" in (folder / "solution.py").read_text(encoding="utf-8")


def test_lost_code_of_an_attempt_leaves_its_failure(tmp_path: Path) -> None:
    objects = ObjectStore(tmp_path / "objects")
    history, _ = good_run(objects)
    objects.path(history.trials[7].created_as).unlink()
    folder = write_trial(tmp_path, history, objects, 7)
    assert {p.name for p in (folder / "attempts/1").iterdir()} == {"stdout.log", "failure.md"}
    told = (folder / "attempts/1/failure.md").read_text(encoding="utf-8")
    assert "KeyError: 'text'" in told
    assert "The code of this attempt is missing from the run folder." in told


def test_a_child_is_shown_as_a_patch_of_its_parent(written: Write) -> None:
    folder, _ = written("good_run")
    patch = (folder / "trials/0012-deeper-trees/diff.patch").read_text(encoding="utf-8")
    assert patch.startswith("--- trial-3/solution.py\n+++ trial-12/solution.py\n")
    assert "\n-model = boosting(rounds=600)\n" in patch
    assert "\n+model = boosting(variant=0)\n" in patch


def test_only_changed_trials_are_written_again(tmp_path: Path) -> None:
    objects = ObjectStore(tmp_path / "objects")
    _, events = interrupted(objects)
    before = History(events)
    done, open_trial = 1, max(before.trials)
    paths = {n: write_trial(tmp_path, before, objects, n) / "metrics.json" for n in (done, open_trial)}
    inodes = {n: path.stat().st_ino for n, path in paths.items()}
    payload = ev.TrialFinished(
        trial=open_trial, state=before.trials[0].state, candidate=before.trials[open_trial].candidate, reason="late"
    )
    after = History([*events, Event.after(events[-1], time=events[-1].time, payload=payload)])
    for number in paths:
        write_trial(tmp_path, after, objects, number)
    assert paths[done].stat().st_ino == inodes[done]
    assert json.loads(paths[open_trial].read_text(encoding="utf-8"))["reason"] == "late"


def test_a_deleted_file_comes_back_with_its_trial(tmp_path: Path) -> None:
    objects = ObjectStore(tmp_path / "objects")
    history, _ = interrupted(objects)
    folder = write_trial(tmp_path, history, objects, 0)
    (folder / "metrics.json").unlink()
    (folder / "solution.py").unlink()
    write_trial(tmp_path, history, objects, 0)
    assert (folder / "solution.py").is_file()


def test_best_is_a_copy_that_runs_alone(written: Write) -> None:
    folder, history = written("good_run")
    best = folder / "best"
    assert {p.name for p in best.iterdir()} == {"solution.py", "submission.csv", "README.md", "best.json"}
    assert history.submission is not None
    assert best.joinpath("submission.csv").read_bytes() == ObjectStore(folder / "objects").get(
        history.submission.digest
    )
    assert "python solution.py" in (best / "README.md").read_text(encoding="utf-8")
    assert not [p for p in folder.iterdir() if p.name.startswith(".")]


def test_best_follows_the_winner(tmp_path: Path) -> None:
    objects = ObjectStore(tmp_path / "objects")
    _, events = good_run(objects)
    first_real = next(i for i, e in enumerate(events) if isinstance(e.payload, ev.Judged) and e.payload.trial == 3)
    write_reports(tmp_path, History(events[: first_real + 1]), objects, final=False)
    assert json.loads((tmp_path / "best/best.json").read_text(encoding="utf-8"))["trial"] == 3
    write_reports(tmp_path, History(events), objects, final=True)
    assert json.loads((tmp_path / "best/best.json").read_text(encoding="utf-8"))["trial"] == 21


def test_lost_objects_are_named_and_stop_nothing(tmp_path: Path) -> None:
    history, _ = good_run(None)
    write_reports(tmp_path, history, ObjectStore(tmp_path / "objects"), final=True)
    text = (tmp_path / "report.md").read_text(encoding="utf-8")
    assert "The winner's files are missing from this run folder." in text
    missing = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))["missing_objects"]
    assert history.trials[21].candidate in missing
    assert f"Objects missing from the run folder, or changed: {missing[0][:12]}" in text


def test_a_folder_is_enough_to_write_its_reports(tmp_path: Path) -> None:
    write_run(tmp_path, "just_started")
    write_reports(tmp_path)
    assert "interrupted" in (tmp_path / "README.md").read_text(encoding="utf-8")


def test_a_journal_without_events_has_a_readme(tmp_path: Path) -> None:
    write_reports(tmp_path, History(), ObjectStore(tmp_path / "objects"), final=True)
    assert [p.name for p in tmp_path.iterdir()] == ["README.md"]


def test_a_candidates_file_names_cannot_leave_its_folder(tmp_path: Path) -> None:
    objects = ObjectStore(tmp_path / "objects")
    writer = RunWriter("odd", tabular_task(RMSE), objects=objects)
    files = {
        "main.py": "x = 1\n",
        "../../evil.py": "",
        "/abs.py": "",
        "lib/a.py": "y = 2\n",
        "plan.md": "forged",
        "attempts/1": "forged",
    }
    record = objects.put_candidate(Candidate(kind="script", files=files, entry="main.py", title="odd"))
    writer.add(ev.TrialCreated(trial=0, key="k", candidate=record, title="odd", operator="draft"))
    folder = write_trial(tmp_path, writer.history, objects, 0)
    made = {str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file()}
    assert made == {"solution.py", "lib/a.py", "plan.md", "stdout.log", "verdict.json", "metrics.json"}
    assert "forged" not in (folder / "plan.md").read_text(encoding="utf-8")
    assert not list(tmp_path.rglob("evil.py"))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a/b.py", "a/b.py"),
        ("./a//b.py", "a/b.py"),
        ("a\\b.py", "a/b.py"),
        ("../a", None),
        ("a/../../b", None),
        ("/etc/passwd", None),
        ("C:\\x", None),
        ("", None),
        ("a\x00b", None),
    ],
)
def test_names_are_made_safe_or_refused(name: str, expected: str | None) -> None:
    assert safe_name(name) == expected


def test_files_and_folders_are_replaced_whole(tmp_path: Path) -> None:
    replace_folder(tmp_path / "best", {"a": "1", "b/c": b"2"})
    replace_folder(tmp_path / "best", {"d": "3"})
    assert [str(p.relative_to(tmp_path)) for p in sorted(tmp_path.rglob("*"))] == ["best", "best/d"]
    (tmp_path / "file").write_text("old", encoding="utf-8")
    with pytest.raises(MachineError) as caught:
        replace_file(tmp_path / "file" / "below", "x")
    assert caught.value.code == "E501"
    assert (tmp_path / "file").read_text(encoding="utf-8") == "old"


def test_unknown_trials_are_an_error(tmp_path: Path) -> None:
    history, _ = just_started()
    with pytest.raises(KeyError):
        write_trial(tmp_path, history, ObjectStore(tmp_path), 5)
