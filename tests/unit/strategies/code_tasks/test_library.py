"""`from assay import execute_code, verify_evidence`: the guarantees of a queue, for agents of one's own."""

from __future__ import annotations

from pathlib import Path

import pytest

from assay import execute_code, verify_evidence
from assay.core.errors import TaskError, UsageError
from assay.core.execution import Outcome
from support.fakes_of_evidence import CLAIM, HONEST, PRELUDE
from support.task_bench import fenced

EXPECTED = {"metrics": ["accuracy"], "files": ["results/*.json"]}


@pytest.fixture(autouse=True)
def cache(template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The empty store is made once for all tests."""
    (tmp_path / "assay").mkdir()
    (tmp_path / "assay" / template.name).write_bytes(template.read_bytes())
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))


def test_honest_work_is_verified_and_its_files_are_handed_over(tmp_path: Path) -> None:
    given = tmp_path / "numbers.csv"
    given.write_text("1,2,3", encoding="utf-8")
    reply = fenced(PRELUDE, f"assert Path('input/n.csv').read_text() == '1,2,3'\n{HONEST}\nprint('end')")
    result = execute_code(reply, expected=EXPECTED, given={"n.csv": given}, timeout_s=60)
    assert result.ok, result.log
    assert result.blocks[1].stdout == "end\n"
    evidence = verify_evidence(result, tmp_path / "kept")
    assert evidence.verified, evidence.findings
    assert evidence.run_id == result.run_id
    assert (tmp_path / "kept" / "results" / "x.json").stat().st_size > 0


def test_a_claim_is_no_evidence() -> None:
    result = execute_code(fenced(f"x = 1\n{CLAIM}"), expected=EXPECTED, timeout_s=60)
    assert result.ok
    assert not verify_evidence(result).verified


@pytest.mark.parametrize(
    ("reply", "word"),
    [("I did it. \u2705", "no code"), (fenced("x = 1", "raise ValueError('no')"), "ValueError: no")],
)
def test_what_did_not_come_to_its_end_leaves_no_evidence(reply: str, word: str) -> None:
    result = execute_code(reply, expected=EXPECTED, timeout_s=60)
    assert not result.ok
    with pytest.raises(TaskError, match=word) as caught:
        verify_evidence(result)
    assert caught.value.code == "E165"


def test_a_hang_ends_at_the_limit() -> None:
    result = execute_code("```py\nwhile True: pass\n```", kind="documentation", timeout_s=2)
    assert result.outcome is Outcome.TIMEOUT


def test_a_document_that_was_not_written_is_no_document(tmp_path: Path) -> None:
    claimed = execute_code(fenced(CLAIM), kind="documentation", timeout_s=60)
    assert verify_evidence(claimed).codes == ("V07",)
    written = execute_code(fenced("open('output/a.md', 'w').write('words')"), kind="documentation", timeout_s=60)
    assert verify_evidence(written, str(tmp_path / "kept")).verified
    assert (tmp_path / "kept" / "output" / "a.md").read_text(encoding="utf-8") == "words"


def test_what_the_engine_put_into_the_workspace_is_no_evidence(tmp_path: Path) -> None:
    given = tmp_path / "old.py"
    given.write_text("x = 1", encoding="utf-8")
    wanted = {"files": "*.py"}
    claimed = execute_code(fenced(CLAIM), kind="other", expected=wanted, given={"old.py": given}, timeout_s=60)
    assert verify_evidence(claimed).codes == ("V07",)
    own = fenced("open('loader.py', 'w').write('x = 2')")
    written = execute_code(own, kind="other", expected=wanted, given={"old.py": given}, timeout_s=60)
    assert list(verify_evidence(written).files) == ["loader.py"]


@pytest.mark.parametrize(
    "options", [{"kind": "odd"}, {"kind": "other"}, {"expected": {"metric": ["x"]}}, {"sandbox": "none"}]
)
def test_options_that_cannot_be_meant_are_refused(options: dict[str, object]) -> None:
    with pytest.raises(UsageError):
        execute_code("```py\nx = 1\n```", **options)


def test_its_folder_goes_with_the_result() -> None:
    result = execute_code("```py\nx = 1\n```", kind="documentation", timeout_s=30)
    root = result._place.root
    assert root.exists()
    del result
    assert not root.exists()
