"""Solutions: what is written, that it runs by itself, and that verifying it finds what is wrong with it."""

from __future__ import annotations

import csv
import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from assay.kinds.notebook import new_notebook_candidate
from assay.ship.chosen import choose
from assay.ship.findings import Result
from assay.ship.record import read_record
from assay.ship.requirements import imported, pinned, script_head
from assay.ship.solution import open_bundle
from assay.ship.twin import notebook_twin
from assay.ship.verdicts import as_junit, as_markdown
from assay.ship.verify import verify
from support.notebooks import honest_cells


def alone(program: str, *arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run a program of a solution where `assay` cannot be imported: isolated, with nothing but the standard library."""
    environment = {"PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-I", "-S", program, *arguments]
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)


def test_a_solution_says_what_it_is_and_holds_no_path_of_this_machine(solution: Path, runs: Path) -> None:
    names = {path.relative_to(solution).as_posix() for path in solution.rglob("*") if path.is_file()}
    wanted = {"README.md", "train.py", "predict.py", "notebook.ipynb", "requirements.txt", "MODEL_CARD.md"}
    assert wanted | {"DATASHEET.md", "CITATION.cff", "verify.toml", "evidence/folds.csv"} <= names
    card = (solution / "MODEL_CARD.md").read_text(encoding="utf-8")
    sealed = choose(runs / "calm-otter", "best").sealed_score()
    assert sealed is not None
    assert f"{sealed.score:.3f}" in card
    assert "95 % interval" in card
    for name in names:
        assert str(runs) not in (solution / name).read_text(encoding="utf-8"), name


def test_it_predicts_without_assay_and_as_the_run_did(solution: Path, data: Path, tmp_path: Path) -> None:
    done = alone(str(solution / "train.py"), "--data", str(data), "-o", "all.csv", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "all.csv").read_bytes() == (data.parent / "submission.csv").read_bytes()
    with (data / "test.csv").open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    with (tmp_path / "new.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, [*rows[0], "more"])
        writer.writeheader()
        writer.writerows({**row, "more": "x"} for row in rows[:5])
    done = alone(str(solution / "predict.py"), "new.csv", "-o", "p.csv", "--data", str(data), "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {"out": "p.csv", "rows": 5, "left_out": ["more"]}
    whole = (tmp_path / "all.csv").read_text(encoding="utf-8").splitlines()
    assert (tmp_path / "p.csv").read_text(encoding="utf-8").splitlines() == whole[:6]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("id,x2\n1,2\n", "lacks the columns 'größe'"),
        ("id,größe,x2,ort,geleakt\n", "has no rows"),
        ("id,größe,x2,ort,geleakt\n1,2\n", "row 2"),
        ("id,größe,x2,ort,geleakt\n1,2,x,Köln,nein\n", "ended with exit code 1"),
    ],
)
def test_rows_that_do_not_fit_are_refused_in_a_sentence(
    solution: Path, data: Path, tmp_path: Path, text: str, words: str
) -> None:
    (tmp_path / "new.csv").write_text(text, encoding="utf-8")
    done = alone(str(solution / "predict.py"), "new.csv", "-o", "p.csv", "--data", str(data), cwd=tmp_path)
    assert done.returncode == 2
    assert words in done.stderr.splitlines()[-1]
    assert not (tmp_path / "p.csv").exists()


def test_a_sound_solution_verifies_by_nine_checks_from_its_archive(assay: Any, data: Path, tmp_path: Path) -> None:
    code, _, err = assay("export", "best", "-o", "s.zip")
    assert code == 0, err
    code, out, err = assay("verify", "s.zip", "--data", str(data), "--json", "--ci", "github")
    told = json.loads(out.splitlines()[-1])
    assert code == 0, err
    results = {check["name"]: check["result"] for check in told["checks"]}
    assert len(results) == 9
    assert results.pop("environment") == "SKIP"  # this run kept no versions
    assert set(results.values()) == {"PASS"}
    assert [score["then"] for score in told["scores"]] == [score["now"] for score in told["scores"]]
    assert {score["view"] for score in told["scores"]} == {"fold-0", "fold-1", "sealed"}
    assert json.loads((tmp_path / "verify.json").read_text(encoding="utf-8"))["holds"] is True
    assert 'failures="0"' in (tmp_path / "verify.xml").read_text(encoding="utf-8")


def test_what_was_tampered_with_fails_and_the_exit_code_says_so(
    assay: Any, solution: Path, data: Path, tmp_path: Path
) -> None:
    changed = tmp_path / "changed"
    shutil.copytree(solution, changed)
    code_file = changed / "code" / "solution.py"
    text = code_file.read_text(encoding="utf-8")
    code_file.write_text(f"import assay\n{text.replace('1.0', '-1.0')}", encoding="utf-8")
    (changed / "code" / "notes.txt").write_text("sk-" + "a1" * 12, encoding="utf-8")
    (changed / "mine.csv").write_text("a\n1\n", encoding="utf-8")
    code, _, err = assay("verify", "changed", "--data", str(data))
    assert code == 4, err
    checks = {c["name"]: c for c in json.loads((changed / "verify.json").read_text(encoding="utf-8"))["checks"]}
    failed = {name for name, check in checks.items() if check["result"] == "FAIL"}
    assert {"files", "code", "alone", "secrets", "folds", "sealed"} <= failed
    assert checks["files"]["reason"] == "code/solution.py changed; code/notes.txt new"


def test_other_data_are_an_error_unless_they_are_accepted_and_then_labelled(
    assay: Any, solution: Path, data: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    shutil.copytree(data, other)
    lines = (other / "train.csv").read_text(encoding="utf-8").splitlines()
    (other / "train.csv").write_text("\n".join(lines[:-20]) + "\n", encoding="utf-8")
    code, _, err = assay("verify", str(solution), "--data", str(other))
    assert code == 4
    assert "E416" in err
    assert "(400 rows then, 380 now)" in err
    with open_bundle(solution) as bundle:
        done = verify(bundle, other, accept_new_data=True)
    assert done.label == "different data"
    results = {finding.name: finding.result for finding in done.findings}
    assert {results[name] for name in ("data", "split", "folds", "sealed")} == {Result.SKIP}
    assert as_markdown(done).startswith("# NOT VERIFIED: ")
    assert as_junit(done).count("<skipped") == 5


def test_several_files_go_along_and_what_is_there_is_not_replaced(assay: Any, tmp_path: Path, data: Path) -> None:
    code, out, err = assay("export", "calm-otter", "1", "-o", "two", "--json")
    assert code == 0, err
    assert {"code/helper.py", "code/solution.py"} <= set(json.loads(out)["files"])
    record = read_record(tmp_path / "two")
    assert (record.trial, record.sealed) == (1, None)
    assert len(record.folds) == 2
    assert assay("export", "1", "-o", "two")[0] == 2
    assert assay("export", "1", "-o", "two", "--force")[0] == 0
    code, _, err = assay("verify", "two", "--data", str(data))
    assert code == 0, err


def test_parts_alone_and_what_cannot_be_meant(assay: Any, tmp_path: Path) -> None:
    assert assay("export", "1", "--script", "-o", "script")[0] == 0
    head = (tmp_path / "script" / "solution.py").read_text(encoding="utf-8")
    assert head.startswith("# /// script\n")
    assert assay("export", "1", "--kaggle", "-o", "k.zip")[0] == 0
    with zipfile.ZipFile(tmp_path / "k.zip") as archive:
        assert {Path(name).name for name in archive.namelist()} == {"notebook.ipynb", "kernel-metadata.json"}
        assert json.loads(archive.read("k/kernel-metadata.json"))["enable_internet"] is False
    told = [assay("export", *words) for words in (["1", "--script", "--kaggle"], ["a", "b", "c"], ["1", "--mlflow"])]
    assert [(code, "E073" in err) for code, _, err in told] == [(2, True)] * 3
    assert [assay(*words)[0] for words in (["export", "99"], ["verify", "nowhere"])] == [5, 5]
    assert assay("verify", "script", "--ci", "jenkins")[0] == 2


def test_no_data_is_said_before_anything_runs(assay: Any, solution: Path) -> None:
    code, _, err = assay("verify", str(solution))
    assert code == 2
    assert "E168" in err


def test_the_notebook_twin_gives_the_same_predictions(runs: Path, data: Path, tmp_path: Path) -> None:
    chosen = choose(runs / "calm-otter", "1")
    text = notebook_twin(chosen.candidate, title="# t", data=str(data), seed=0, output="submission.csv")
    cells = [cell for cell in json.loads(text)["cells"] if cell["cell_type"] == "code"]
    (tmp_path / "twin.py").write_text("\n".join("".join(cell["source"]) for cell in cells), encoding="utf-8")
    done = subprocess.run([sys.executable, "twin.py"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert len((tmp_path / "output" / "submission.csv").read_text(encoding="utf-8").splitlines()) == 61
    assert len({cell["id"] for cell in json.loads(text)["cells"]}) == len(json.loads(text)["cells"])


def test_requirements_are_what_is_imported_with_the_recorded_versions() -> None:
    source = "import os, sklearn.svm\nfrom PIL import Image\nimport helper\nfrom . import x\nimport odd_thing\n"
    modules = imported([source, "def broken("])
    assert modules == ("PIL", "helper", "odd_thing", "sklearn")
    found = pinned(modules, {"scikit-learn": "1.9.1", "numpy": "2.4.6", "torch": "2.0"}, own=("helper",))
    assert found == {"numpy": "2.4.6", "odd_thing": "", "pillow": "", "scikit-learn": "1.9.1"}
    head = script_head(found, "3.11.7")
    assert '# requires-python = ">=3.11,<3.12"' in head
    assert '#   "odd_thing",' in head


def test_an_archive_that_reaches_out_of_its_folder_is_no_solution(assay: Any, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "bad.zip", "w") as archive:
        archive.writestr("../outside.txt", "x")
    code, _, err = assay("verify", "bad.zip", "--data", ".")
    assert code == 5
    assert "E207" in err
    assert not (tmp_path.parent / "outside.txt").exists()


def test_a_notebook_goes_out_with_its_own_cells_between_those_that_show_data_and_result() -> None:
    candidate = new_notebook_candidate(honest_cells(), None, title="notebook")
    text = notebook_twin(candidate, title="# t", data="data", seed=0, output="submission.csv")
    cells = json.loads(text)["cells"]
    own = ["".join(cell["source"]) for cell in cells][2:-1]
    assert own == [cell.source.rstrip("\n") for cell in honest_cells().cells]
    assert [cell["cell_type"] for cell in cells[:2]] == ["markdown", "code"]
    assert all(cell["outputs"] == [] for cell in cells if cell["cell_type"] == "code")
