"""Verdicts: what reviewers decided, in a fixed form. Words, ticks and crosses in free text decide nothing."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from assay.journal import events as ev
from assay.strategies.code_tasks.status import Approval

MISSING = "missing"
_KEY = re.compile(r"[\"']verdict[\"']\s*:", re.I)


class _Flags(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", strict=True)

    critical: list[str]
    warnings: list[str] = Field(default_factory=list)


class _Verdict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", strict=True, allow_inf_nan=False)

    verdict: Annotated[
        Literal["approve", "reject", "conditional"],
        BeforeValidator(lambda value: value.strip().lower() if isinstance(value, str) else value),
    ]
    flags: _Flags
    confidence: Annotated[float, Field(ge=0, le=1)]
    reason: str = ""


def read_verdict(text: str, *, trial: int, attempt: int, reviewer: str) -> ev.Reviewed:
    """Return what a reviewer's text decides before anything runs.

    It counts only if exactly one JSON object in it has a `verdict`, and that one is valid: verdict, flags with a list
    of critical ones, and a confidence. Anything else is a missing verdict, and so is a second one in whatever shape:
    within the first, within another object, or broken off.

    Args:
        text: As the reviewer wrote it.
        trial: The job.
        attempt: Its attempt.
        reviewer: Who says so.
    """
    found = list(_objects(text))
    if len(found) != 1:
        many = "no JSON object with a verdict" if not found else f"{len(found)} JSON objects with a verdict"
        return missing(trial, attempt, reviewer, f"{many} in the reply")
    if len(_KEY.findall(text)) != 1:
        return missing(trial, attempt, reviewer, "more than one verdict in the reply")
    try:
        verdict = _Verdict.model_validate(_flat(found[0]))
    except ValidationError as error:
        told = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()[:3])
        return missing(trial, attempt, reviewer, f"the verdict is not valid: {told}")
    return ev.Reviewed(
        trial=trial,
        attempt=attempt,
        point="before",
        reviewer=reviewer,
        verdict=verdict.verdict,
        critical=tuple(verdict.flags.critical),
        warnings=tuple(verdict.flags.warnings),
        confidence=verdict.confidence,
        reason=verdict.reason[:2_000],
    )


def missing(trial: int, attempt: int, reviewer: str, reason: str, *, point: str = "before") -> ev.Reviewed:
    """Return the verdict of a reviewer who gave none."""
    return ev.Reviewed(
        trial=trial, attempt=attempt, point=point, reviewer=reviewer, verdict=MISSING, reason=reason[:2_000]
    )


def approval(reviews: Iterable[ev.Reviewed], wanted: Iterable[str]) -> Approval:
    """Return what reviews come to: approved only where every wanted reviewer approves and none has a critical flag.

    Args:
        reviews: Of one attempt at one point; the last of each reviewer counts.
        wanted: Names of the reviewers without whom nothing is approved.
    """
    last: Mapping[str, ev.Reviewed] = {review.reviewer: review for review in reviews}
    needed = set(wanted)
    if not needed or not needed <= set(last):
        return Approval.REJECTED
    verdicts = {review.verdict for review in last.values()}
    if verdicts & {MISSING, "reject"} or any(review.critical for review in last.values()):
        return Approval.REJECTED
    return Approval.APPROVED if verdicts == {"approve"} else Approval.CONDITIONAL


def _flat(found: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the object with its flags in one place: they may stand beside the verdict, too."""
    if "flags" not in found and "critical" in found:
        return {**found, "flags": {"critical": found["critical"], "warnings": found.get("warnings", [])}}
    return found


def _objects(text: str) -> Iterator[Mapping[str, Any]]:
    """Yield every outermost JSON object in `text` that has a verdict."""
    decoder, place = json.JSONDecoder(), text.find("{")
    while place >= 0:
        try:
            value, end = decoder.raw_decode(text, place)
        except (ValueError, RecursionError):
            place = text.find("{", place + 1)
            continue
        if isinstance(value, dict) and "verdict" in value:
            yield value
        place = text.find("{", end)
