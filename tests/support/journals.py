"""Journals of any shape, as the engine may write them, for tests of what is derived from one."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from hypothesis import strategies as st

from assay.core.budget import Limits
from assay.core.execution import Execution, Outcome
from assay.core.metric import Direction, Metric, Needs
from assay.core.score import Provenance, Score
from assay.core.task import DataFiles, OutputContract, Problem, Split, SplitKind, Task
from assay.core.trial import TrialState, Verdict
from assay.core.usage import Usage
from assay.journal import events as ev
from assay.journal.events import Event, Payload


def make_task(direction: Direction = Direction.LOWER) -> Task:
    return Task(
        name="houses",
        folder=Path("/data/houses"),
        statement="Predict the price.",
        problem=Problem.REGRESSION,
        data=DataFiles(train="train.csv"),
        targets=("price",),
        id_column=None,
        metric=Metric(name="m", direction=direction, needs=Needs.VALUES),
        output=OutputContract(needs=Needs.VALUES, id_column=None, columns=("price",)),
        split=Split(kind=SplitKind.KFOLD),
    )


def started(direction: Direction = Direction.LOWER) -> ev.RunStarted:
    return ev.RunStarted(
        run="brisk-otter",
        task=make_task(direction),
        task_digest="t",
        strategy="tree",
        model="playbook",
        seed=0,
        limits=Limits(trials=10),
        sandbox="T1",
    )


def chain(payloads: list[Payload], times: list[float] | None = None) -> list[Event]:
    events: list[Event] = []
    for index, payload in enumerate(payloads):
        time = times[index] if times else 1000.0 + index
        events.append(Event.after(events[-1] if events else None, time=time, payload=payload))
    return events


@st.composite
def journals(draw: st.DrawFn, more: Sequence[Payload] = ()) -> list[Event]:
    """Any interleaving of trials that each go through a life as the engine writes it, other events and `more`."""
    payloads: list[Payload] = [started(draw(st.sampled_from(list(Direction))))]
    queues = [draw(lives(number)) for number in range(draw(st.integers(0, 30)))]
    created = 0
    while any(queues):
        upper = min(created, len(queues) - 1)
        choice = draw(st.sampled_from([i for i in range(upper + 1) if queues[i]]))
        created += choice == created
        payloads.append(queues[choice].pop(0))
        if draw(st.integers(0, 9)) == 0:
            payloads.append(draw(st.sampled_from([*others(), *more])))
    gaps = draw(st.lists(st.floats(-5, 100), min_size=len(payloads), max_size=len(payloads)))
    times = [1000.0 + sum(gaps[: i + 1]) for i in range(len(gaps))]
    return chain(payloads, times)


@st.composite
def lives(draw: st.DrawFn, number: int) -> list[Payload]:
    life: list[Payload] = [
        ev.TrialCreated(
            trial=number,
            key=f"k{number}",
            candidate="c",
            title=f"idea {number}",
            operator="draft",
            counts=draw(st.booleans()) or draw(st.booleans()),
        )
    ]
    for attempt in range(1, draw(st.integers(0, 2)) + 1):
        life.append(ev.AttemptStarted(trial=number, attempt=attempt, code=f"{number}-{attempt}", view="fold-0"))
        execution = Execution(outcome=Outcome.OK)
        life.append(
            ev.Executed(trial=number, attempt=attempt, code=f"{number}-{attempt}", view="fold-0", execution=execution)
        )
    if draw(st.booleans()):
        verdict = draw(st.sampled_from(list(Verdict)))
        life.append(ev.Judged(trial=number, verdict=verdict, same_sign=3, folds=5, effect=0.5))
    state = draw(st.sampled_from([s for s in TrialState if s.is_final]))
    score = draw(st.none() | st.sampled_from([0.1, 0.2, 0.3, 0.4])) if state is TrialState.COMPLETE else None
    life.append(ev.TrialFinished(trial=number, state=state, candidate="c", score=score, folds=draw(st.integers(1, 3))))
    return life[: draw(st.integers(1, len(life)))]


def others() -> list[Payload]:
    usage = Usage(requests=1, input_tokens=10, output_tokens=3)
    return [
        ev.RunResumed(limits=Limits(trials=3), sandbox="T2"),
        ev.Answered(key="q", role="draft", request="r", usage=usage),
        ev.NoiseMeasured(floor=0.01, reseeds=5),
        ev.PhaseEntered(phase="search"),
        ev.Told(text="simpler"),
        ev.Remarked(code="W301", text="weaker"),
        ev.Remarked(code="W441", text="it slept", jump_s=60.0),
        ev.SealedOpened(trial=0, score=Score(value=0.2, provenance=Provenance.GRADED, view="sealed", rows=9)),
        ev.RunFinished(stopped_by="time", exit_code=0),
    ]
