"""Events: the facts that a run appends to its journal, one frozen record a kind.

An event says what happened, never what should be shown: tables, reports and resumption are derived.
Records only ever gain fields with defaults, so that old journals stay readable.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Any, ClassVar

from assay.core.budget import Limits
from assay.core.codec import decode, encode
from assay.core.digest import canonical_json, digest_text
from assay.core.execution import Execution
from assay.core.finish_plan import FinishPlan
from assay.core.prices import Prices
from assay.core.score import Score
from assay.core.task import Task
from assay.core.trial import TrialState, Verdict
from assay.core.usage import Usage
from assay.core.validation import Check, Standing

COMMON = {
    "attempt": "Which execution of the trial: 1 for the candidate as created; each repair adds one.",
    "key": "Names it within the run, so that a resumed run finds it again.",
    "pid": "Process of the engine; 0 where it was not kept.",
    "request": "Digest of the request.",
    "role": "Which kind of question; see the page of roles.",
    "seed": "Seed of the random choices; 0 for the first execution of a fold.",
    "step": "Number of the step of the strategy.",
    "trial": "Number of the trial.",
    "usage": "Tokens, requests and money that it took.",
    "view": "Name of the view: which rows the candidate saw, and which it had to predict.",
}
"""What a field means wherever it says nothing else."""


class Payload:
    """Base of all event records."""

    kind: ClassVar[str]


@dataclass(frozen=True, kw_only=True)
class RunStarted(Payload):
    """The first event: everything that is fixed for the run."""

    kind: ClassVar[str] = "run-started"
    run: str
    """Name of the run."""
    task: Task
    """What is to be done, complete."""
    task_digest: str
    """Digest of the task; a run is taken up only with the same one."""
    strategy: str
    """Name of the search."""
    model: str
    """Who answers, as `--model` names it."""
    seed: int
    limits: Limits
    """What ends the run."""
    sandbox: str
    """Tier."""
    sandbox_description: str = ""
    """What the tier keeps from candidates, in words."""
    versions: Mapping[str, str] = field(default_factory=dict)
    """`assay`, `python` and the distributions that candidates can import."""
    arguments: Mapping[str, str] = field(default_factory=dict)
    """Options of the strategy."""
    prices: Prices | None = None
    """What the model's tokens cost, for the whole run; None where nobody is paid, and in old journals."""
    pid: int = 0
    given: str = ""
    """Digest of what was known of data and machine, as an object: a search can be walked again where neither is there.
    Empty in old journals."""


@dataclass(frozen=True, kw_only=True)
class RunResumed(Payload):
    """An engine process took the run over; time between the last event and this one does not count."""

    kind: ClassVar[str] = "run-resumed"
    limits: Limits | None = None
    """New limits, if they were changed."""
    prices: Prices | None = None
    """Prices from here on, where those before were unknown."""
    sandbox: str = ""
    """Tier from here on; empty in old journals."""
    pid: int = 0


@dataclass(frozen=True, kw_only=True)
class Asked(Payload):
    """A role's question is about to be put. Intent: an answer that was paid for must not be lost."""

    kind: ClassVar[str] = "asked"
    key: str
    role: str
    request: str
    """Digest of the request."""


@dataclass(frozen=True, kw_only=True)
class Answered(Payload):
    """The answer to a question; the reply itself is an object."""

    kind: ClassVar[str] = "answered"
    key: str
    role: str
    request: str
    reply: str = ""
    """Digest of the reply's JSON; empty when the question failed."""
    model: str = ""
    """Who answered, as the provider names it."""
    usage: Usage = field(default_factory=Usage)
    latency_s: float = 0.0
    """Seconds from the question to the answer, repeats included."""
    error: str = ""
    """Code and sentence, when no valid reply could be had."""
    searched: bool = False
    """Whether the web was searched for it."""
    sources: tuple[str, ...] = ()
    """Addresses that the provider says were looked at."""
    kept: str = ""
    """ISO date of the search, by an earlier run, that this is the answer of; empty where it was asked for."""


@dataclass(frozen=True, kw_only=True)
class Charged(Payload):
    """What a question took without being settled: the money and the tokens count, and it is put again on resume."""

    kind: ClassVar[str] = "charged"
    key: str
    role: str
    request: str
    usage: Usage
    error: str = ""
    """Code and sentence of what kept it from being settled."""


@dataclass(frozen=True, kw_only=True)
class Noted(Payload):
    """A decision of the strategy, so that a resumed run takes the same one."""

    kind: ClassVar[str] = "noted"
    key: str
    value: Any
    """JSON values."""


@dataclass(frozen=True, kw_only=True)
class TrialCreated(Payload):
    """A candidate exists; its files are an object."""

    kind: ClassVar[str] = "trial-created"
    trial: int
    key: str
    candidate: str
    """Digest of the candidate record in the object store."""
    title: str
    """What it is, in a line."""
    operator: str
    """Which step made it: `baseline`, `draft`, `improve`, `ablate`, `blend` and others."""
    plan: str = ""
    """What it tries and why, in the words of whoever wrote it."""
    parents: tuple[int, ...] = ()
    """Trials that it was made from."""
    recipe: Mapping[str, Any] = field(default_factory=dict)
    """The playbook's own record of its choices; empty from a model."""
    step: int | None = None
    """Step of the strategy that made it; None outside of steps."""
    counts: bool = True
    """Whether it takes part in the ranking; ablation variants and reseeds do not."""


@dataclass(frozen=True, kw_only=True)
class AttemptStarted(Payload):
    """A process is about to be started. Written before it exists."""

    kind: ClassVar[str] = "attempt-started"
    trial: int
    attempt: int
    """1 for the candidate as created; each repair adds one."""
    code: str
    """Content digest of the candidate: equal code on equal data is never run twice."""
    view: str
    """Name of the view."""
    seed: int = 0


@dataclass(frozen=True, kw_only=True)
class Executed(Payload):
    """The process ended and its outputs were taken."""

    kind: ClassVar[str] = "executed"
    trial: int
    attempt: int
    code: str
    """Content digest of the candidate: equal code on equal data is never run twice."""
    view: str
    execution: Execution
    """How it ended, how long it took, and the digests of its outputs."""
    seed: int = 0


@dataclass(frozen=True, kw_only=True)
class Graded(Payload):
    """Predictions were compared with private answers: a score, or what is wrong with the file."""

    kind: ClassVar[str] = "graded"
    trial: int
    attempt: int
    code: str
    """Content digest of the candidate: equal code on equal data is never run twice."""
    view: str
    score: Score | None = None
    """None where the predictions could not be graded."""
    problems: tuple[str, ...] = ()
    """What is wrong with the file of predictions."""
    reported: float | None = None
    """What the candidate itself printed; never ranked."""
    seed: int = 0


@dataclass(frozen=True, kw_only=True)
class Repaired(Payload):
    """A failing candidate was replaced by a mended one within its trial."""

    kind: ClassVar[str] = "repaired"
    trial: int
    attempt: int
    """The attempt that will run the mended candidate."""
    candidate: str
    """Digest of the mended candidate in the object store."""
    cause: str
    """What was wrong, in a sentence."""
    by: str
    """Who mended it: `heuristic`, `playbook`, or a model."""
    signature: str = ""
    """Digest of the failure that was mended."""
    point: str = ""
    """Where it was mended, for jobs: `approval`, `execution` or `verification`; empty elsewhere."""
    patch: str = ""
    """Id of the patch, for jobs: the digest of what was there before and what is there now."""
    previous: str = ""
    """Content digest of the candidate before, for jobs; that of the one after is in `code`."""
    code: str = ""
    """Content digest of the mended candidate, for jobs."""
    confidence: float | None = None
    """Of whoever mended it, in [0, 1]."""


@dataclass(frozen=True, kw_only=True)
class Judged(Payload):
    """What a trial's scores show against the trial that it had to beat."""

    kind: ClassVar[str] = "judged"
    trial: int
    verdict: Verdict
    """`real`, `maybe`, `noise`, `rejected` or `baseline`."""
    against: int | None = None
    """The trial that it had to beat; None where there was none."""
    effect: float | None = None
    """Mean paired gain over folds, positive is better."""
    low: float | None = None
    """Lower end of the 95 % interval of the effect."""
    high: float | None = None
    """Its upper end."""
    p_value: float | None = None
    """Of the test that corrects for dependent folds."""
    adjusted_p: float | None = None
    """The same, corrected for the number of ideas tried."""
    same_sign: int | None = None
    """Folds in which it was better."""
    folds: int | None = None
    """Folds that both were run on."""
    confirmed: bool | None = None
    """Whether the fresh partitions confirmed it; None when there were none."""
    reasons: tuple[str, ...] = ()
    """The verdict in words, a reason each."""


@dataclass(frozen=True, kw_only=True)
class EvidenceOpened(Payload):
    """A tracking run was opened for one attempt of a job. Written before its process starts."""

    kind: ClassVar[str] = "evidence-opened"
    trial: int
    attempt: int
    run: str
    """Id issued by the engine; no other counts for this attempt."""
    token: str = ""
    """Stands in the run's tags: another store with the same id is not this one."""
    started_ms: int = 0
    """Milliseconds since the epoch; what is older is no evidence of this attempt."""


@dataclass(frozen=True, kw_only=True)
class EvidenceFinding:
    """One thing that was looked for in a job's evidence, and whether it was there."""

    name: str
    """A few words with hyphens, for example `metric-missing`."""
    passed: bool
    """Whether it was as it has to be."""
    sentence: str
    """What was found."""


@dataclass(frozen=True, kw_only=True)
class EvidenceVerified(Payload):
    """What an attempt of a job left was compared with what had been declared."""

    kind: ClassVar[str] = "evidence-verified"
    trial: int
    attempt: int
    passed: bool
    """Whether every finding passed."""
    findings: tuple[EvidenceFinding, ...] = ()
    """Everything that was looked for."""
    files: Mapping[str, str] = field(default_factory=dict)
    """Path in the workspace to digest, of the declared files that were taken."""
    run: str = ""
    """Id of the tracking run that was looked at; empty where none was asked for."""
    numbers: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    """Metric to the values logged, in order of step: `reported` by the job's code, never graded."""
    record: str = ""
    """Digest of all that was found, as an object; empty where there is none."""


@dataclass(frozen=True, kw_only=True)
class Reviewed(Payload):
    """A reviewer's verdict on a job."""

    kind: ClassVar[str] = "reviewed"
    trial: int
    attempt: int
    point: str
    """`before` the code runs, or `after`, with its results."""
    reviewer: str
    """Name of the reviewer, such as `quality`."""
    verdict: str
    """`approve`, `reject`, `conditional`, or `missing` where no valid one was given."""
    critical: tuple[str, ...] = ()
    """Flags that each forbid an approval."""
    warnings: tuple[str, ...] = ()
    """Flags that forbid nothing."""
    confidence: float | None = None
    """In [0, 1]."""
    reason: str = ""
    """In the words of the reviewer."""


@dataclass(frozen=True, kw_only=True)
class TrialFinished(Payload):
    """The trial reached its final state."""

    kind: ClassVar[str] = "trial-finished"
    trial: int
    state: TrialState
    """`complete`, `failed`, `rejected` or `stopped`."""
    candidate: str
    """Digest of the candidate that the scores belong to: the last mended one."""
    score: float | None = None
    """Mean graded score over the search folds it was run on; None if it has none."""
    std_error: float | None = None
    """Of the score over its folds."""
    folds: int = 0
    """Search folds that it was scored on."""
    scores: Mapping[str, float] = field(default_factory=dict)
    """View name to graded score, search folds only."""
    wall_s: float = 0.0
    """Mean seconds of one fold."""
    reason: str = ""
    """Why it is not complete, in a sentence."""
    flags: tuple[str, ...] = ()
    """Remarks of checks that did not reject it, each opening with a code."""


@dataclass(frozen=True, kw_only=True)
class StepFinished(Payload):
    """A step of the strategy is done and will not be walked again on resume."""

    kind: ClassVar[str] = "step-finished"
    step: int
    summary: str = ""
    """What came of it, in a line."""


@dataclass(frozen=True, kw_only=True)
class NoiseMeasured(Payload):
    """What equal candidates differ by, from reseeds of the baseline."""

    kind: ClassVar[str] = "noise-measured"
    floor: float | None
    """Gains under this are noise, in units of the metric; None when it could not be afforded."""
    reseeds: int
    """Runs of the baseline with other seeds that it comes from."""
    values: Mapping[str, Any] = field(default_factory=dict)
    """The record of the verdict module, to be judged with again after a resume."""
    step: int | None = None
    """Step that measured it."""


@dataclass(frozen=True, kw_only=True)
class SealedOpened(Payload):
    """The sealed holdout was graded. Happens once in a run."""

    kind: ClassVar[str] = "sealed-opened"
    trial: int
    score: Score | None
    """With its interval; None where the predictions could not be graded."""
    problems: tuple[str, ...] = ()
    """What is wrong with the file of predictions."""


@dataclass(frozen=True, kw_only=True)
class Validated(Payload):
    """One check of the winner came to an end, after the submission was written; a failure takes nothing away."""

    kind: ClassVar[str] = "validated"
    winner: int
    """Number of the trial that won."""
    trial: int
    """Whose script was run: the winner, or the heaviest member of the blend that won."""
    check: Check
    """Which of the checks."""
    verdict: Standing
    """`passed`, `warning`, `failed` or `skipped`."""
    detail: str = ""
    """What was found, in a sentence, or why nothing was."""
    numbers: Mapping[str, float] = field(default_factory=dict)
    """What the verdict rests on, by name."""
    views: tuple[str, ...] = ()
    """Views whose executions the numbers come from; the trial's measurements have their predictions and logs."""


@dataclass(frozen=True, kw_only=True)
class SubmissionWritten(Payload):
    """`submission.csv` was replaced by a valid one."""

    kind: ClassVar[str] = "submission-written"
    trial: int
    digest: str
    """The file's own."""
    rows: int
    """Rows of predictions in it."""


@dataclass(frozen=True, kw_only=True)
class PhaseEntered(Payload):
    """The run went on to another phase: baseline, search, finish."""

    kind: ClassVar[str] = "phase-entered"
    phase: str
    """Its name."""


class Wish(StrEnum):
    """What a person's words are."""

    REMARK = "remark"
    """Words for every later question."""
    HINT = "hint"
    """A model or an idea to try: words for every later question, and for those that retrieve models by itself."""
    BLOCK = "block"
    """Code to refine first, where a strategy works on passages."""


@dataclass(frozen=True, kw_only=True)
class Told(Payload):
    """A person said something to the run."""

    kind: ClassVar[str] = "told"
    text: str
    """The words."""
    what: Wish = Wish.REMARK
    """How they are meant."""


@dataclass(frozen=True, kw_only=True)
class FinishPlanned(Payload):
    """A person planned when the run shall finish up, or took that back."""

    kind: ClassVar[str] = "finish-planned"
    plan: FinishPlan | None = None
    """None where it was taken back."""


@dataclass(frozen=True, kw_only=True)
class Remarked(Payload):
    """Something a person should know: a warning, a degraded mode, a provider waiting."""

    kind: ClassVar[str] = "remarked"
    code: str
    """`W` and three digits; `assay explain CODE` says more."""
    text: str
    """What happened, in a sentence."""
    jump_s: float = 0.0
    """Seconds by which the clock went ahead while nothing ran: no time of running."""


@dataclass(frozen=True, kw_only=True)
class RunFinished(Payload):
    """The last event of a run that ended by itself."""

    kind: ClassVar[str] = "run-finished"
    stopped_by: str
    """`trials`, `time`, `cost`, `tokens`, `goal`, `user`, `exhausted`, or an error's code."""
    exit_code: int
    """Of the engine, before `--require-gain` is looked at."""
    winner: int | None = None
    """Number of the trial that is handed in; None if there is none."""
    shrunk_score: float | None = None
    """The winner's search score after the correction for the best of many."""
    wall_s: float = 0.0
    """Seconds of running, pauses not counted."""
    cost_usd: Decimal | None = None
    """Money for model calls, in US dollars; None where it is not known."""


PAYLOADS: dict[str, type[Payload]] = {cls.kind: cls for cls in Payload.__subclasses__()}


@dataclass(frozen=True)
class Event:
    """One line of the journal: a payload, its place and the chain of digests."""

    number: int
    """0 for the first event of a run."""
    time: float
    """Seconds since the epoch, for people; order is by `number`."""
    payload: Payload
    """What happened."""
    previous: str
    """Digest of the event before; empty for the first."""
    digest: str
    """Digest of the other fields."""

    @classmethod
    def after(cls, previous: Event | None, *, time: float, payload: Payload) -> Event:
        """Return the event that follows `previous`."""
        number = 0 if previous is None else previous.number + 1
        chain = "" if previous is None else previous.digest
        body = _body(number, round(time, 3), payload, chain)
        return cls(number, round(time, 3), payload, chain, digest_text(canonical_json(body)))

    def as_dict(self) -> dict[str, Any]:
        """Return the event as JSON values, digest included."""
        return {**_body(self.number, self.time, self.payload, self.previous), "digest": self.digest}

    @classmethod
    def from_dict(cls, value: Mapping[str, Any]) -> Event:
        """Return the event that `as_dict` made `value` from, its digest unchecked.

        Raises:
            KeyError, TypeError, ValueError: `value` is no event of this version.
        """
        payload = decode(PAYLOADS[value["kind"]], value["data"])
        return cls(value["number"], value["time"], payload, value["previous"], value["digest"])


def body_digest(value: Mapping[str, Any]) -> str:
    """Return the digest that a line's own fields give, whatever its `digest` field claims."""
    return digest_text(canonical_json({key: item for key, item in value.items() if key != "digest"}))


def _body(number: int, time: float, payload: Payload, previous: str) -> dict[str, Any]:
    return {"number": number, "time": time, "kind": payload.kind, "previous": previous, "data": encode(payload)}
