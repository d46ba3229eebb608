"""The winner against published solutions: one that is the same decides, and without any nothing is claimed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from assay.core.codec import encode
from assay.core.reference import Reference
from assay.core.validation import FAILED, Check, Standing
from assay.engine.gate_likeness import judge_likeness
from assay.grading import Blend, Grader
from support.gate_bench import RMSE, Data, GateBench, linear
from unit.grading.test_likeness import SOLUTION, recorded, renamed

DATA = Data(metric=RMSE)
PUBLISHED = Reference(name="first-place.ipynb", code=SOLUTION)
OTHER = Reference(name="second.py", code=recorded("ensemble")[0])


@pytest.fixture(scope="module")
def grader() -> Iterator[Grader]:
    with Grader() as opened:
        yield opened


def bench(folder: Path, grader: Grader, code: str, *references: Reference) -> GateBench:
    return GateBench(folder, grader, DATA, linear(DATA.metric.needs), code=code, references=references)


def test_a_copy_is_marked_and_one_that_is_the_same_decides(tmp_path: Path, grader: Grader) -> None:
    made = bench(tmp_path, grader, renamed(SOLUTION), OTHER, PUBLISHED)
    found = made.check()
    assert found[Check.PUBLISHED].verdict is Standing.FAILED
    assert "first-place.ipynb" in found[Check.PUBLISHED].detail
    assert found[Check.PUBLISHED].numbers["of_script"] > 0.9
    assert found[Check.SHUFFLED].verdict is Standing.PASSED, "it takes nothing from the other checks"
    remarks = made.log.read(lambda history: [remark for _, remark in history.remarks])
    assert [remark.code for remark in remarks if "first-place.ipynb" in remark.text] == [FAILED]


def test_own_work_passes_and_without_references_nothing_is_said(tmp_path: Path, grader: Grader) -> None:
    own = recorded("init")[0]
    assert bench(tmp_path / "own", grader, own, PUBLISHED).check()[Check.PUBLISHED].verdict is Standing.PASSED
    assert Check.PUBLISHED not in bench(tmp_path / "none", grader, own).check()


def test_a_member_of_a_blend_is_enough_however_light(tmp_path: Path, grader: Grader) -> None:
    made = bench(tmp_path, grader, SOLUTION, PUBLISHED)
    heavy = made.evaluate("heavy", linear(DATA.metric.needs))
    weights = Blend(weights={heavy.number: 0.9, made.trial.number: 0.1})
    made.gate().work(replace(made.trial, number=7, operator="blend", recipe={"blend": encode(weights)}))
    found = {one.check: one for one in made.log.read(lambda history: history.validated(7))}
    assert found[Check.PUBLISHED].verdict is Standing.FAILED
    assert found[Check.SHUFFLED].trial == heavy.number


def test_a_solution_within_a_longer_script_is_found() -> None:
    longer = SOLUTION + recorded("ensemble")[0]
    found = judge_likeness({4: longer}, [PUBLISHED], common=[])
    assert found.verdict is Standing.FAILED
    assert "nearly all of" in found.detail


def test_what_retrieval_showed_is_told_and_judged_by_nobody() -> None:
    own = recorded("init")[0]
    found = judge_likeness({4: own}, [PUBLISHED], common=[], examples=["\n".join(own.split("\n")[3:])])
    assert found.verdict is Standing.PASSED
    assert found.numbers["of_examples"] > 0.5


def test_what_cannot_be_read_is_skipped_and_never_passed() -> None:
    found = judge_likeness({4: "x = 1"}, [PUBLISHED], common=[])
    assert found.verdict is Standing.SKIPPED
