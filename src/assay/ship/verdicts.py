"""Verdicts: a verification as JSON, as text, and as what continuous integration reads."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree as ET

from assay.report.markdown import escape
from assay.report.prose import clean_line
from assay.ship.findings import Finding, Result, Verification

_MOST_SUMMARY = 900_000
"""GitHub drops a step summary of more than a mebibyte."""


def headline(done: Verification) -> str:
    """Return the result in one line."""
    count = {result: sum(f.result is result for f in done.findings) for result in Result}
    told = f"{count[Result.PASS]} passed, {count[Result.FAIL]} failed, {count[Result.SKIP]} skipped"
    label = f" · {done.label}" if done.label else ""
    return f"{'VERIFIED' if done.holds and not done.label else 'NOT VERIFIED'}: {told}{label}"


def as_json(done: Verification) -> dict[str, Any]:
    """Return the whole result as JSON values."""
    return {
        "holds": done.holds,
        "label": done.label or None,
        "run": done.record.run,
        "trial": done.record.trial,
        "metric": done.metric.name,
        "direction": str(done.metric.direction),
        "tolerance": {"value": done.record.tolerance.value, "source": done.record.tolerance.source},
        "sandbox": done.sandbox,
        "checks": [
            {"name": f.name, "title": f.title, "result": str(f.result), "reason": f.reason, "wall_s": f.wall_s}
            for f in done.findings
        ],
        "scores": [
            {
                "program": s.measured.program,
                "view": s.measured.view,
                "then": s.measured.score,
                "now": s.now,
                "problem": s.problem or None,
            }
            for s in done.scores
        ],
    }


def as_markdown(done: Verification) -> str:
    """Return the whole result as Markdown: the result first, then the checks, then the scores, folded."""
    record = done.record
    lines = [
        f"# {headline(done)}",
        "",
        f"Trial {record.trial} of the run `{clean_line(record.run, 80)}`; metric"
        f" {escape(clean_line(done.metric.name, 40))}, {done.metric.direction} is better.",
        "",
        "| | check | why |",
        "|---|---|---|",
        *(f"| {f.result} | {f.title} | {escape(clean_line(f.reason, 400))} |" for f in done.findings),
        "",
        f"Tolerance: {record.tolerance.value:.4g}, from {record.tolerance.source}.",
        "",
        "<details><summary>All scores, then and now</summary>",
        "",
        "| program | view | then | now |",
        "|---|---|---:|---:|",
    ]
    for score in done.scores:
        now = escape(clean_line(score.problem, 200)) if score.now is None else f"{score.now:.9g}"
        lines.append(f"| {score.measured.program} | {score.measured.view} | {score.measured.score:.9g} | {now} |")
    return "\n".join([*lines, "", "</details>"])[:_MOST_SUMMARY] + "\n"


def as_junit(done: Verification) -> str:
    """Return the checks as JUnit XML."""
    counts = {result: str(sum(f.result is result for f in done.findings)) for result in Result}
    suite = ET.Element(
        "testsuite",
        name="assay verify",
        tests=str(len(done.findings)),
        failures=counts[Result.FAIL],
        skipped=counts[Result.SKIP],
    )
    for finding in done.findings:
        case = ET.SubElement(
            suite, "testcase", classname="assay.verify", name=finding.title, time=f"{finding.wall_s:.3f}"
        )
        if finding.result is not Result.PASS:
            kind = "failure" if finding.result is Result.FAIL else "skipped"
            ET.SubElement(case, kind, message=clean_line(finding.reason, 400))
    return ET.tostring(suite, encoding="unicode", xml_declaration=True) + "\n"


def complaints(done: Verification) -> list[str]:
    """Return GitHub's workflow commands for what failed; `assay` text never opens one of its own."""
    return [f"::error title=assay verify, {f.name}::{_data(f)}" for f in done.findings if f.result is Result.FAIL]


def _data(finding: Finding) -> str:
    text = clean_line(f"{finding.title}: {finding.reason}", 400)
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
