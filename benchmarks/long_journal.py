"""A long journal, as a search of thousands of trials leaves it: real events, written by the journal's own writer."""

from __future__ import annotations

import random
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

from assay.core.candidate import Candidate
from assay.core.codec import encode
from assay.core.digest import canonical_json, digest_text
from assay.core.execution import Execution, Outcome
from assay.core.score import Provenance, Score
from assay.core.trial import TrialState, Verdict
from assay.core.usage import Usage
from assay.journal import events as ev
from assay.journal.events import Event, Payload
from assay.journal.file import FileJournal

FOLDS = ("fold-0", "fold-1")
AT_ONCE = 2000
"""Events of one write."""


def write_long_journal(folder: Path, start: ev.RunStarted, trials: int) -> int:
    """Write the journal of a search that was cut off after so many trials; return its number of events.

    A trial is ten events or eleven: its question and answer, two folds, its verdict and its end; of ten trials one
    failed. The candidates are kept as objects, without waiting for the disk as a run does.

    Args:
        folder: The run's folder; exists.
        start: The first event.
        trials: At least 1.
    """
    journal, last, pending, count = FileJournal(folder / "events.jsonl"), None, [], 0
    time = 1_790_000_000.0
    for payload in _payloads(folder / "objects", start, trials):
        time += 0.4
        last = Event.after(last, time=time, payload=payload)
        pending.append(last)
        if len(pending) == AT_ONCE:
            journal.append(pending)
            count, pending = count + len(pending), []
    journal.append(pending)
    return count + len(pending)


def _payloads(objects: Path, start: ev.RunStarted, trials: int) -> Iterator[Payload]:
    chance = random.Random(1)
    yield start
    yield ev.PhaseEntered(phase="search")
    for number in range(trials):
        yield from _trial(objects, number, chance)


def _trial(objects: Path, number: int, chance: random.Random) -> Iterator[Payload]:
    key, request = f"step-{number:04d}/draft", digest_text(f"request {number}")
    usage = Usage(requests=1, input_tokens=5200, output_tokens=900, cost_usd=Decimal("0.0213"))
    yield ev.Asked(key=key, role="draft", request=request)
    yield ev.Answered(
        key=key, role="draft", request=request, reply=digest_text(f"reply {number}"), model="scripted", usage=usage
    )
    parents = (chance.randrange(number),) if number else ()
    candidate = _candidate(number, parents)
    digest = _keep(objects, canonical_json(encode(candidate)))
    yield ev.TrialCreated(
        trial=number,
        key=key,
        candidate=digest,
        title=candidate.title,
        operator=candidate.operator,
        plan=candidate.plan,
        parents=parents,
        step=number,
    )
    failed = number > 0 and number % 10 == 0
    scores: dict[str, float] = {}
    for fold in FOLDS:
        score = None if failed else 2.0 - number**0.25 / 12 + chance.random() / 10
        yield from _fold(number, candidate.digest, fold, score)
        if score is not None:
            scores[fold] = score
        if failed:
            break
    if failed:
        reason = "ValueError: could not convert string to float: 'unknown'"
        yield ev.TrialFinished(trial=number, state=TrialState.FAILED, candidate=digest, reason=reason)
    else:
        yield ev.TrialFinished(
            trial=number,
            state=TrialState.COMPLETE,
            candidate=digest,
            score=sum(scores.values()) / len(scores),
            std_error=0.02,
            folds=len(scores),
            scores=scores,
            wall_s=3.2,
        )
        yield _judged(number, parents, chance)
    yield ev.StepFinished(step=number)


def _judged(number: int, parents: tuple[int, ...], chance: random.Random) -> Payload:
    if not number:
        return ev.Judged(trial=number, verdict=Verdict.BASELINE)
    verdict = chance.choices((Verdict.NOISE, Verdict.MAYBE, Verdict.REAL), (80, 19, 1))[0]
    effect = chance.random() / 50 - 0.01
    return ev.Judged(trial=number, verdict=verdict, against=parents[0], effect=effect, same_sign=1, folds=2)


def _fold(number: int, code: str, fold: str, score: float | None) -> Iterator[Payload]:
    execution = Execution(
        outcome=Outcome.ERROR if score is None else Outcome.OK,
        exit_code=1 if score is None else 0,
        wall_s=3.2,
        cpu_s=3.0,
        peak_memory_bytes=200_000_000 + number,
        log_tail="Traceback (most recent call last):\n" * 8 if score is None else "rows 400, columns 2\nfitted\n",
        tier="T2",
    )
    yield ev.AttemptStarted(trial=number, attempt=1, code=code, view=fold)
    yield ev.Executed(trial=number, attempt=1, code=code, view=fold, execution=execution)
    if score is not None:
        graded = Score(value=score, provenance=Provenance.GRADED, view=fold, rows=200)
        yield ev.Graded(trial=number, attempt=1, code=code, view=fold, score=graded, reported=score)


def _candidate(number: int, parents: tuple[int, ...]) -> Candidate:
    body = "\n".join(f"column_{line} = train['x'] * {line + number % 7}" for line in range(20))
    source = f"import pandas as pd\n\n# {number}\ntrain = pd.read_csv('input/train.csv')\n{body}\n"
    return Candidate(
        kind="script",
        files={"main.py": source},
        entry="main.py",
        title=f"Boosting, variation {number}",
        plan="Fit boosted trees on the columns as they are, then on their ratios; keep what helps on both folds.",
        operator="improve" if parents else "draft",
        parents=parents,
    )


def _keep(objects: Path, text: str) -> str:
    digest = digest_text(text)
    path = objects / digest[:2] / digest
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return digest
