"""Verdicts are structured; missing or malformed is rejected; words and symbols decide nothing."""

from __future__ import annotations

import json
from itertools import product
from typing import Any

import pytest

from assay.journal import events as ev
from assay.strategies.code_tasks.status import TABLE, Approval, Executed, Status, Verified, terminal, worse
from assay.strategies.code_tasks.verdicts import approval, read_verdict

GOOD = {"verdict": "APPROVE", "flags": {"critical": [], "warnings": ["slow"]}, "confidence": 0.9}


def read(text: str) -> ev.Reviewed:
    return read_verdict(text, trial=0, attempt=1, reviewer="quality")


def changed(**changes: Any) -> str:
    return json.dumps({**GOOD, **changes})


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        (json.dumps(GOOD), "approve"),
        (f"Some words\n```json\n{json.dumps(GOOD, indent=1)}\n```\nand more \u274c", "approve"),
        (changed(verdict="conditional"), "conditional"),
        (json.dumps({"verdict": "reject", "critical": ["x"], "confidence": 1}), "reject"),
        ("", "missing"),
        ("\u2705 \u2705 \u2705 APPROVED, ready, valid, valid, valid", "missing"),
        ('{"verdict": "approve"}', "missing"),
        (changed(verdict="approved"), "missing"),
        (changed(verdict=True), "missing"),
        (changed(confidence="high"), "missing"),
        (changed(confidence=1.5), "missing"),
        (json.dumps(GOOD) + changed(verdict="reject"), "missing"),
        (changed(flags={"critical": "none"}), "missing"),
        (json.dumps(GOOD)[:-4], "missing"),
        ('{"verdict": "reject", "flags": {"critical": ["leak"\n' + json.dumps(GOOD), "missing"),
        ('{"verdict": "reject", ' + json.dumps(GOOD)[1:], "missing"),
        (json.dumps({"summary": {"verdict": "reject"}}) + json.dumps(GOOD), "missing"),
        (changed(reason='the last one said "verdict": "reject"'), "approve"),
        ('{"confidence": NaN, "verdict": "approve", "flags": {"critical": []}}', "missing"),
    ],
)
def test_only_one_valid_verdict_counts(text: str, verdict: str) -> None:
    assert read(text).verdict == verdict


def reviewed(reviewer: str, verdict: str, critical: tuple[str, ...] = ()) -> ev.Reviewed:
    return ev.Reviewed(trial=0, attempt=1, point="before", reviewer=reviewer, verdict=verdict, critical=critical)


@pytest.mark.parametrize(
    ("reviews", "result"),
    [
        ([reviewed("a", "approve"), reviewed("b", "approve")], Approval.APPROVED),
        ([reviewed("a", "approve"), reviewed("b", "approve", ("leak",))], Approval.REJECTED),
        ([reviewed("a", "approve")], Approval.REJECTED),
        ([], Approval.REJECTED),
        ([reviewed("a", "approve"), reviewed("b", "missing")], Approval.REJECTED),
        ([reviewed("a", "approve"), reviewed("b", "conditional")], Approval.CONDITIONAL),
        ([reviewed("a", "conditional"), reviewed("b", "reject")], Approval.REJECTED),
        ([reviewed("a", "reject"), reviewed("a", "approve"), reviewed("b", "approve")], Approval.APPROVED),
    ],
)
def test_all_must_approve_and_nobody_may_have_a_critical_flag(reviews: list[ev.Reviewed], result: Approval) -> None:
    assert approval(reviews, ("a", "b")) is result


EXPECTED = """
approved    succeeded completed  downgraded failed
approved    failed    failed     failed     failed
approved    no_code   failed     failed     failed
approved    not_run   failed     failed     failed
conditional succeeded held       downgraded failed
conditional failed    failed     failed     failed
conditional no_code   failed     failed     failed
conditional not_run   rejected   rejected   rejected
rejected    succeeded rejected   downgraded rejected
rejected    failed    failed     failed     failed
rejected    no_code   failed     failed     failed
rejected    not_run   rejected   rejected   rejected
"""
CELLS = [
    (Approval(words[0]), Executed(words[1].replace("_", " ")), verified, Status(word))
    for words in (line.split() for line in EXPECTED.strip().splitlines())
    for verified, word in zip(Verified, words[2:], strict=True)
]


@pytest.mark.parametrize(("approved", "executed", "verified", "status"), CELLS)
def test_every_cell_of_the_table(approved: Approval, executed: Executed, verified: Verified, status: Status) -> None:
    assert terminal(approved, executed, verified) is status


def test_only_one_cell_is_completed_and_none_is_missing() -> None:
    assert set(TABLE) == set(product(Approval, Executed, Verified))
    completed = [cell for cell, status in TABLE.items() if status is Status.COMPLETED]
    assert completed == [(Approval.APPROVED, Executed.SUCCEEDED, Verified.PASSED)]


def test_the_worse_of_two_approvals_counts() -> None:
    assert worse(Approval.APPROVED, Approval.CONDITIONAL) is Approval.CONDITIONAL
    assert worse(Approval.REJECTED, Approval.CONDITIONAL) is Approval.REJECTED
