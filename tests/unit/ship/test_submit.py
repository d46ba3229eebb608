from __future__ import annotations

import csv
import json
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

from assay.core.digest import digest_file
from assay.core.errors import MachineError
from assay.journal.events import Event, SubmissionWritten
from assay.journal.file import FileJournal
from assay.ship.kaggle import competition_name, hand_in

KEY = "0123456789abcdef-kaggle"
STAND_IN = """\
#!{python}
import hashlib, json, os, pathlib, sys, time
here = pathlib.Path(__file__).parent
file = sys.argv[sys.argv.index("-f") + 1]
run = pathlib.Path("runs/calm-otter")
if run.exists():
    (run / "submission.csv").write_text("the running search has found a better trial")
known = run / "submissions.tsv"
(here / "given.json").write_text(json.dumps({{
    "argv": sys.argv[1:],
    "file": file,
    "sha256": hashlib.sha256(pathlib.Path(file).read_bytes()).hexdigest(),
    "names": sorted(os.environ),
    "record": known.read_text() if known.exists() else "",
}}))
{first}
print("  0%|     | 0.00/100k\\r100%|#####| " + str(pathlib.Path(file).stat().st_size))
print({says!r} + " " + os.environ.get("KAGGLE_KEY", ""))
sys.exit({code})
"""


@pytest.fixture
def run_folder(runs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A finished run of one's own; it wrote a submission."""
    folder = tmp_path / "runs" / "calm-otter"
    shutil.copytree(runs / "calm-otter", folder)
    monkeypatch.setenv("ASSAY_RUNS", "runs")
    return folder


@pytest.fixture
def kaggle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Puts a program that stands in for Kaggle's own on the PATH, and nothing else."""
    bin_folder = tmp_path / "bin"
    bin_folder.mkdir()
    monkeypatch.setenv("PATH", str(bin_folder))
    monkeypatch.setenv("KAGGLE_KEY", KEY)
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-somebody-else-000000")

    def install(says: str, code: int = 0, first: str = "") -> Path:
        program = bin_folder / "kaggle"
        text = STAND_IN.format(python=sys.executable, says=says, code=code, first=first)
        program.write_text(text, encoding="utf-8")
        program.chmod(0o755)
        return bin_folder / "given.json"

    return install


def lines_of(folder: Path) -> list[dict[str, str]]:
    return lines_in((folder / "submissions.tsv").read_text(encoding="utf-8"))


def lines_in(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(text.splitlines(), delimiter="\t"))


def outcomes(folder: Path) -> list[str]:
    return [line["outcome"] for line in lines_of(folder)]


def test_a_dry_run_says_what_was_checked_and_the_command_and_writes_nothing(assay: Any, run_folder: Path) -> None:
    before = sorted(path.name for path in run_folder.iterdir())
    code, out, err = assay("submit", "--dry-run", "-c", "titanic")
    assert (code, err) == (0, "")
    rows = len((run_folder / "submission.csv").read_text(encoding="utf-8").split()) - 1
    assert f" rows     {rows}, one for each id that is asked for\n" in out
    assert "kaggle competitions submit -c titanic -f runs/calm-otter/submission.csv -m 'assay toy #" in out
    assert "nothing was sent" in out
    assert sorted(path.name for path in run_folder.iterdir()) == before


def test_the_users_own_program_sends_it_and_the_run_remembers(assay: Any, run_folder: Path, kaggle: Any) -> None:
    given = kaggle("Successfully submitted to Titanic")
    code, out, err = assay("submit", "-c", "https://www.kaggle.com/competitions/titanic/data", "--yes")
    assert (code, err) == (0, "")
    assert "kaggle says: Successfully submitted to Titanic" in out
    assert KEY not in out
    assert KEY not in (run_folder / "submissions.tsv").read_text(encoding="utf-8")
    told = given.read_text(encoding="utf-8")
    assert "KAGGLE_KEY" in told
    assert "OPENAI_API_KEY" not in told
    assert [(line["competition"], line["outcome"]) for line in lines_of(run_folder)] == [
        ("titanic", "started"),
        ("titanic", "submitted"),
    ]


def test_the_next_time_nobody_need_say_where(assay: Any, run_folder: Path, kaggle: Any) -> None:
    given = kaggle("Successfully submitted to Titanic")
    predictions = (run_folder / "submission.csv").read_bytes()
    assay("submit", "-c", "titanic", "--yes")
    (run_folder / "submission.csv").write_bytes(predictions)
    out = assay("submit", "--yes", "-m", f"a second\tone, not {KEY}")[1]
    assert "submit -c titanic" in out
    assert "may have been used" not in out
    assert [line["message"] for line in lines_of(run_folder)[2:]] == ["a second one, not [secret]"] * 2
    assert json.loads(given.read_text(encoding="utf-8"))["argv"][-1] == "a second one, not [secret]"


def test_what_was_checked_is_handed_in_though_the_run_replaces_its_file(
    assay: Any, run_folder: Path, kaggle: Any
) -> None:
    checked = digest_file(run_folder / "submission.csv")
    given = kaggle("Successfully submitted to Titanic")
    assert assay("submit", "-c", "titanic", "--yes")[0] == 0
    told = json.loads(given.read_text(encoding="utf-8"))
    assert digest_file(run_folder / "submission.csv") != checked
    assert told["sha256"] == lines_of(run_folder)[0]["sha256"] == checked
    file = Path(told["file"])
    assert file.name == "submission.csv"
    assert not file.parent.exists()


def test_a_try_is_written_down_before_the_program_is_started(assay: Any, run_folder: Path, kaggle: Any) -> None:
    given = kaggle("Successfully submitted to Titanic")
    assay("submit", "-c", "titanic", "--yes")
    (then,) = lines_in(json.loads(given.read_text(encoding="utf-8"))["record"])
    assert (then["competition"], then["outcome"]) == ("titanic", "started")


def test_after_an_end_that_nobody_knows_the_next_one_says_how_to_look_it_up(
    assay: Any, run_folder: Path, kaggle: Any
) -> None:
    predictions = (run_folder / "submission.csv").read_bytes()
    kaggle("", first="os.kill(os.getpid(), 9)")
    code, _, err = assay("submit", "-c", "titanic", "--yes")
    assert code == 7
    assert "error[E506]" in err
    assert "fix: kaggle competitions submissions -c titanic\n" in err
    assert outcomes(run_folder) == ["started", "unknown"]
    (run_folder / "submission.csv").write_bytes(predictions)
    doubt = "an attempt may have been used: kaggle competitions submissions -c titanic"
    assert doubt in assay("submit", "--dry-run")[1]
    # A computer that lost its power leaves the first line alone.
    record = run_folder / "submissions.tsv"
    record.write_text("".join(record.read_text(encoding="utf-8").splitlines(keepends=True)[:-1]), encoding="utf-8")
    assert doubt in assay("submit", "--dry-run")[1]


@pytest.mark.parametrize(("says", "code"), [("Successfully submitted", 1), ("", 143)])
def test_a_bad_end_after_which_it_may_have_arrived_leaves_it_open(
    tmp_path: Path, kaggle: Any, says: str, code: int
) -> None:
    kaggle(says, code)
    file = tmp_path / "submission.csv"
    file.write_text("id,y\n1,0\n", encoding="utf-8")
    noted: list[str] = []
    with pytest.raises(MachineError, match="may have been used"):
        hand_in(file, "titanic", "a try", shown=("kaggle",), note=noted.append)
    assert noted == ["started", "unknown"]


def test_a_program_that_does_not_end_leaves_it_open(tmp_path: Path, kaggle: Any) -> None:
    kaggle("", first="time.sleep(600)")
    file = tmp_path / "submission.csv"
    file.write_text("id,y\n1,0\n", encoding="utf-8")
    noted: list[str] = []
    with pytest.raises(MachineError) as caught:
        hand_in(file, "titanic", "a try", shown=("kaggle",), note=noted.append, limit_s=0.1)
    assert (caught.value.code, caught.value.fix) == ("E506", "kaggle competitions submissions -c titanic")
    assert noted == ["started", "unknown"]


def test_an_end_that_confirms_nothing_is_told_as_such(assay: Any, run_folder: Path, kaggle: Any) -> None:
    kaggle("Your submission will be looked at")
    code, out, _ = assay("submit", "-c", "titanic", "--yes")
    assert code == 0
    assert "kaggle competitions submissions -c titanic" in out
    assert outcomes(run_folder) == ["started", "not confirmed"]


@pytest.mark.parametrize(("says", "code"), [("Could not submit to competition", 0), ("403 - Forbidden", 1)])
def test_a_refusal_is_an_error_even_where_the_program_ends_well(
    assay: Any, run_folder: Path, kaggle: Any, says: str, code: int
) -> None:
    kaggle(says, code)
    ended, _, err = assay("submit", "-c", "titanic", "--yes")
    assert ended == 7
    assert "error[E506]" in err
    assert says in err
    assert "fix: kaggle competitions submit -c titanic" in err
    assert outcomes(run_folder) == ["started", "failed"]


def test_without_the_program_the_command_is_there_to_copy(
    assay: Any, run_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    code, _, err = assay("submit", "-c", "titanic", "--yes")
    assert code == 7
    assert "error[E505]" in err
    assert "then: kaggle competitions submit -c titanic -f runs/calm-otter/submission.csv" in err
    assert not (run_folder / "submissions.tsv").exists()


def test_nobody_is_asked_and_nothing_sent_where_there_is_no_terminal(assay: Any, run_folder: Path, kaggle: Any) -> None:
    given = kaggle("Successfully submitted to Titanic")
    assert assay("submit", "-c", "titanic")[0] == 0
    assert not given.exists()


@pytest.mark.parametrize("words", [["--yes"], ["--yes", "-c", "not a name"], ["--yes", "--dry-run"]])
def test_what_cannot_be_meant_sends_nothing(assay: Any, run_folder: Path, kaggle: Any, words: list[str]) -> None:
    given = kaggle("Successfully submitted to Titanic")
    code, _, err = assay("submit", *words)
    assert code == 2
    assert "fix:" in err
    assert not given.exists()


def test_a_file_that_somebody_changed_is_not_handed_in(assay: Any, run_folder: Path, kaggle: Any) -> None:
    given = kaggle("Successfully submitted to Titanic")
    path = run_folder / "submission.csv"
    path.write_text(path.read_text(encoding="utf-8") + "9999,0.5\n", encoding="utf-8")
    code, _, err = assay("submit", "-c", "titanic", "--yes")
    assert code == 4
    assert "error[E421]" in err
    assert not given.exists()


def test_a_file_that_does_not_fit_is_not_handed_in(assay: Any, run_folder: Path, kaggle: Any) -> None:
    given = kaggle("Successfully submitted to Titanic")
    path, journal = run_folder / "submission.csv", FileJournal(run_folder / "events.jsonl")
    lines = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join([lines[0], *lines[2:]]) + "\n", encoding="utf-8")
    last = journal.read()[-1]
    written = SubmissionWritten(trial=0, digest=digest_file(path), rows=len(lines) - 2)
    journal.append([Event.after(last, time=last.time, payload=written)])
    code, _, err = assay("submit", "-c", "titanic", "--yes")
    assert code == 4
    assert "error[E422]" in err
    assert "1 of" in err
    assert "ids of 'id' are missing" in err
    assert not given.exists()


def test_a_run_without_a_submission_says_so(assay: Any, run_folder: Path) -> None:
    journal = run_folder / "events.jsonl"
    lines = journal.read_text(encoding="utf-8").splitlines(keepends=True)
    journal.write_text("".join(lines[:3]), encoding="utf-8")
    code, _, err = assay("submit", "--dry-run")
    assert code == 5
    assert "error[E212]" in err


@pytest.mark.parametrize(
    "text", ["titanic", "https://kaggle.com/c/titanic", "https://www.kaggle.com/competitions/titanic/leaderboard?a=1"]
)
def test_a_competition_is_named_as_such_or_by_its_page(text: str) -> None:
    assert competition_name(text) == "titanic"
