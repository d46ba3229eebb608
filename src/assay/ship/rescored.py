"""Rescoring a solution: its code trained and scored again, beside what the run recorded."""

from __future__ import annotations

import json
from collections.abc import Iterator

from assay.core.candidate import Candidate
from assay.ship.findings import Finding, Rescored, Result, Verification, finding
from assay.ship.record import Measured, Program
from assay.ship.rescore import Again
from assay.ship.solution import Bundle

_ROUNDING = 1e-9
"""Share of a score by which equal ones may differ in their last digits."""
_PREDICT = '''\
"""Runs predict.py on the rows of this view, as a user would."""

import runpy
import sys

sys.argv = ["predict.py", "input/{test}", "--data", "input", "-o", "output/{file}", "--seed", "{seed}"]
sys.argv += ["--threads", __import__("os").environ["ASSAY_THREADS"]]
runpy.run_path("predict.py", run_name="__main__")
'''


def rescored(bundle: Bundle, again: Again, done: Verification, *, same: bool) -> Iterator[Finding]:
    """Yield how the folds and the sealed rows score again; the scores go to `done`.

    Args:
        bundle: The solution.
        again: Runs it.
        done: Gets the scores.
        same: Whether the data are those of the run.
    """
    record = bundle.record
    programs = {program.name: program for program in record.programs}
    folds = [_again(bundle, again, programs[measured.program], measured) for measured in record.folds]
    done.scores += folds
    what = "members of the blend on the folds" if len(programs) > 1 else "the folds"
    yield _compared("folds", f"{what} score as recorded", folds, done, same=same)
    title = (
        "predict.py scores as recorded on the sealed rows" if record.predicts else "the sealed rows score as recorded"
    )
    if record.sealed is None:
        yield finding("sealed", title, Result.SKIP, "the sealed rows were not opened for this trial")
        return
    sealed = [_sealed(bundle, again, programs["solution"], record.sealed)]
    done.scores += sealed
    yield _compared("sealed", title, sealed, done, same=same)


def _again(bundle: Bundle, again: Again, program: Program, measured: Measured) -> Rescored:
    try:
        candidate = bundle.candidate(program)
    except (OSError, UnicodeDecodeError) as error:
        return Rescored(measured=measured, now=None, problem=f"its files cannot be read: {error}")
    return _run(again, candidate, measured)


def _sealed(bundle: Bundle, again: Again, program: Program, measured: Measured) -> Rescored:
    """Measure by `predict.py`, so that what users run is what is checked; else by the code itself."""
    if not bundle.record.predicts:
        return _again(bundle, again, program, measured)
    try:
        shown = _shown_test(bundle)
        file = str(bundle.record.task.get("output", {}).get("file", "submission.csv"))
        names = [name for name in bundle.files() if name.startswith("code/")]
        files = {name: bundle.text(name) for name in ("train.py", "predict.py", "solution.json", *names)}
    except (OSError, ValueError, KeyError) as error:
        return Rescored(measured=measured, now=None, problem=f"predict.py cannot be tried: {error}")
    entry = "verify_predict.py"
    files[entry] = _PREDICT.format(test=shown, file=file, seed=measured.seed)
    candidate = Candidate(kind="script", files=files, entry=entry, title="predict.py")
    return _run(again, candidate, measured)


def _shown_test(bundle: Bundle) -> str:
    name = json.loads(bundle.text("solution.json"))["shown"]["test"]
    if not isinstance(name, str) or '"' in name or "\\" in name:
        raise ValueError("solution.json names no test file")
    return name


def _run(again: Again, candidate: Candidate, measured: Measured) -> Rescored:
    key = again.key(measured.view)
    if key is None:
        return Rescored(measured=measured, now=None, problem=f"these data have no {measured.view}")
    outcome = again.run(candidate, key, measured.seed)
    value = outcome.score.value if outcome.score is not None else None
    return Rescored(measured=measured, now=value, problem=outcome.problem, wall_s=outcome.wall_s)


def _compared(name: str, title: str, scores: list[Rescored], done: Verification, *, same: bool) -> Finding:
    tolerance = done.record.tolerance.value
    wall_s = sum(one.wall_s for one in scores)
    lost = [one for one in scores if one.now is None]
    if not scores:
        return finding(name, title, Result.SKIP, "the run recorded none")
    if lost:
        told = f"{lost[0].measured.program} on {lost[0].measured.view} left no score: {lost[0].problem}"
        return finding(name, title, Result.FAIL, told, wall_s)
    worst = max(scores, key=_distance)
    told = f"{len(scores)} of {len(scores)}, {_words(worst, tolerance)}"
    if not same:
        return finding(name, title, Result.SKIP, f"different data: {_words(worst, tolerance)}", wall_s)
    far = [one for one in scores if _distance(one) > tolerance]
    if far:
        told = f"{_words(worst, tolerance)}: treat the reported number as not reproduced"
        return finding(name, title, Result.FAIL, told, wall_s)
    if all(_distance(one) <= _ROUNDING * max(1.0, abs(one.measured.score)) for one in scores):
        told = f"{len(scores)} of {len(scores)}, the same to nine digits"
    return finding(name, title, Result.PASS, told, wall_s)


def _distance(one: Rescored) -> float:
    return abs((one.now if one.now is not None else float("inf")) - one.measured.score)


def _words(one: Rescored, tolerance: float) -> str:
    now = "nothing" if one.now is None else f"{one.now:.6g}"
    return f"{one.measured.view} {now} now, {one.measured.score:.6g} then (tolerance {tolerance:.2g})"
