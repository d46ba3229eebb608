from __future__ import annotations

from pathlib import Path

import pytest

from assay.core.errors import TaskError
from assay.kinds.notebook import Notebook, locks_of, new_cell
from assay.strategies.notebook.beside import helpers_beside
from assay.strategies.notebook.options import ReviewOptions
from assay.strategies.notebook.record import source_of
from assay.strategies.notebook.review import NotebookReview
from support.notebook_bench import answers, base_notebook, bench, cells, critique, wish


def imports(*codes: str) -> Notebook:
    return Notebook(cells=tuple(new_cell(f"c{number}", code) for number, code in enumerate(codes)))


def test_what_is_imported_goes_along_and_nothing_else_does(tmp_path: Path) -> None:
    texts = {
        "screen.py": "from wells import all_of\n",
        "wells.py": "import os\n",
        "other.py": "",
        "own.py": "import own",
    }
    for name, text in texts.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    (tmp_path / "linked.py").symlink_to(tmp_path / "other.py")
    (tmp_path / "folder").mkdir()
    notebook = imports(
        "!ls\nimport screen.parts as s, linked, folder", "def f():\n    from .other import x", "import own"
    )
    found = helpers_beside(notebook, tmp_path / "own.py")
    assert found == {name: texts[name] for name in ("screen.py", "wells.py")}


def test_a_module_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "screen.py").write_bytes(b"\xff\xfe")
    with pytest.raises(TaskError, match=r"'own\.ipynb' imports 'screen\.py', which cannot be read") as caught:
        helpers_beside(imports("import screen"), tmp_path / "own.ipynb")
    assert caught.value.code == "E138"


def test_a_review_carries_them_beside_its_locks(tmp_path: Path) -> None:
    source = base_notebook(tmp_path / "own.ipynb")
    text = source.read_text(encoding="utf-8").replace("rows = 1", "import screen")
    source.write_text(text, encoding="utf-8")
    (tmp_path / "screen.py").write_text("rows = 1\n", encoding="utf-8")
    strategy = NotebookReview(ReviewOptions(source=str(source), max_iterations=1))
    edit = {"novel": wish("novel", score=1.5)}
    made = bench(tmp_path / "run", strategy, answers(lambda _: cells(1.0), lambda _: critique(edit, focus="T2")))
    made.open().work()
    history = made.log.read(lambda known: known)
    found = source_of(history)
    assert found is not None
    for trial in history.trials.values():
        candidate = made.parts.objects.candidate(trial.candidate)
        if candidate.kind == "notebook":
            assert candidate.files["screen.py"] == "rows = 1\n"
            assert locks_of(candidate).ids == {"load", "final"}
