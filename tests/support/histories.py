"""Runs as stories: each function returns the history and the events of one kind of night.

Pass an object store to have candidates, logs and predictions kept in it too, as reports need them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path

from assay.core.budget import Limits
from assay.core.codec import encode
from assay.core.execution import Outcome
from assay.core.task import Holdout, Problem, Split, SplitKind
from assay.core.trial import TrialState, Verdict
from assay.core.validation import Check, Standing
from assay.engine.blending import BLEND_KEY
from assay.engine.gate_findings import Finding, Shuffle, judge_repeat, judge_shuffles
from assay.grading import Blend
from assay.journal import events as ev
from assay.journal.events import Event
from assay.journal.history import History
from assay.journal.objects import ObjectStore
from support.run_writer import RMSE, ROC_AUC, SMAPE, Idea, RunWriter, tabular_task

Story = tuple[History, list[Event]]

LEAKING = Idea(
    title="Target mean per neighbourhood",
    plan="Encode the neighbourhood by the mean target. Scores 0.999 in my own validation.",
    middle="codes = pd.concat([train, answers]).groupby('area').target.mean()\nmodel = make_pipeline()",
)


@dataclass
class _Search:
    """A search under way: the writer, and the trial to beat."""

    writer: RunWriter
    best: int
    cost: Decimal | None = None

    def step(
        self, idea: Idea, mean: float, verdict: Verdict, *, confirmed: bool | None = None, **options: object
    ) -> int:
        writer = self.writer
        role = idea.operator if idea.operator in ("draft", "improve") else ""
        number = writer.scored(idea, mean, role=role, cost=self.cost, **options)  # type: ignore[arg-type]
        writer.judge(number, verdict, against=self.best, confirmed=confirmed)
        if verdict is Verdict.REAL:
            self.best = number
            writer.submission(number)
        return number


def good_run(objects: ObjectStore | None = None, *, cost: Decimal | None = None, model: str = "playbook") -> Story:
    """A night that ends well: 25 trials, two real gains, an ablation, a blend, one leak, one failure, one repair."""
    writer = RunWriter("brisk-otter", tabular_task(ROC_AUC, name="adult-income"), objects=objects, model=model)
    search = _baselines(writer, 0.5, 0.8741, cost=cost)
    writer.add(ev.NoiseMeasured(floor=0.0009, reseeds=3))
    linear = Idea(title="Logistic regression on one-hot columns", middle="features = list(test)\nmodel = linear()")
    search.step(linear, 0.8653, Verdict.NOISE, wall_s=2.1)
    deep = Idea(
        title="LightGBM with ordinal qualities", middle="features = ordinal(train)\nmodel = boosting(rounds=600)"
    )
    first = search.step(deep, 0.8832, Verdict.REAL, confirmed=True, wall_s=6.2, claims=0.8841)
    writer.rejected(LEAKING, reason="L02 the encoder is fitted on rows that it must not see (line 11)")
    forest = Idea(title="Extra trees", middle="features = list(test)\nmodel = trees(500)")
    second = search.step(forest, 0.8775, Verdict.NOISE, wall_s=9.0)
    writer.failed(Idea(title="Nearest neighbours"), outcome=Outcome.MEMORY, reason="killed at 4.0 GB of memory")
    _repaired_trial(search)
    boast = Idea(title="Boosting, early stopping on its own test rows", middle="model = boosting(early=True)")
    search.step(boast, 0.8791, Verdict.NOISE, claims=0.9312, flags=("C01 it claims 0.9312 and was graded 0.8791",))
    _ablations(writer, deep, first, [("ordinal encoding", 0.8779), ("600 rounds", 0.8828), ("class weights", 0.8836)])
    for index, (title, mean) in enumerate(_TUNINGS):
        parent = Idea(title=title, operator="improve", parents=(first,), middle=f"model = boosting(variant={index})")
        search.step(parent, mean, Verdict.MAYBE if mean > 0.8835 else Verdict.NOISE, wall_s=6.5)
    blend = Idea(
        title="Blend of boosting and extra trees",
        operator="blend",
        parents=(first, second),
        plan="Average the two voices that err on different rows, weights from out-of-fold predictions.",
        middle="features = ordinal(train)\nmodel = blend(boosting(rounds=600), trees(500), weights=(0.7, 0.3))",
        key=BLEND_KEY,
        recipe={"blend": encode(Blend(weights={first: 0.72, second: 0.28}, left_out=_LEFT_OUT))},
    )
    winner = search.step(blend, 0.8859, Verdict.REAL, confirmed=True, wall_s=14.5)
    writer.add(ev.Told(text="prefer simpler models"))
    _finish(writer, winner, blend, sealed=0.8811, half=0.0112, stopped_by="trials", shrunk=0.8851)
    return writer.history, writer.events


_LEFT_OUT = {12: "too much like #3: their predictions correlate by 0.994", 7: "no predictions on fold-3"}

_TUNINGS = (
    ("Deeper trees", 0.8836),
    ("Monotone constraints on age", 0.8829),
    ("Target encoding inside folds", 0.8833),
    ("More leaves, slower learning", 0.8834),
    ("Drop rare categories", 0.8821),
    ("Interactions of hours and age", 0.8830),
    ("Log of capital gains", 0.8831),
    ("Bagging of five seeds", 0.8838),
    ("DART boosting", 0.8827),
)


def paid_run(objects: ObjectStore | None = None) -> Story:
    """The same night with a language model that costs money, one price unknown."""
    history, events = good_run(objects, cost=Decimal("0.0213"), model="anthropic:some-model")
    return history, events


def unpriced_run(objects: ObjectStore | None = None) -> Story:
    """A short run whose model has no known price."""
    writer = RunWriter("quiet-heron", tabular_task(RMSE), objects=objects, model="local:own")
    writer.ask("draft", cost=Decimal("0.05"))
    writer.ask("improve", priced=False)
    search = _baselines(writer, 1.154, 0.482)
    _finish(
        writer,
        search.best,
        Idea(title="Plain LightGBM", operator="baseline"),
        sealed=0.49,
        half=0.03,
        stopped_by="time",
    )
    return writer.history, writer.events


def nothing_found(objects: ObjectStore | None = None) -> Story:
    """A night without gain: nothing beats plain boosting, and the sealed score is the baseline's."""
    writer = RunWriter("calm-badger", tabular_task(RMSE), objects=objects)
    search = _baselines(writer, 1.154, 0.482)
    writer.add(ev.NoiseMeasured(floor=0.004, reseeds=3))
    for index in range(8):
        idea = Idea(title=f"Variation {index + 1}", middle=f"model = boosting(seed={index})")
        search.step(idea, 0.4825 + 0.0007 * (index % 3), Verdict.NOISE)
    plain = Idea(title="Plain LightGBM", operator="baseline")
    _finish(writer, search.best, plain, sealed=0.4871, half=0.021, stopped_by="time", shrunk=0.4829)
    return writer.history, writer.events


def all_failed(objects: ObjectStore | None = None) -> Story:
    """No trial ever had a score."""
    writer = RunWriter("sour-crane", tabular_task(RMSE), objects=objects)
    writer.add(ev.PhaseEntered(phase="search"))
    for index in range(4):
        writer.ask("draft")
        writer.failed(
            Idea(title=f"Attempt {index + 1}", middle=f"x = {index}"),
            reason="ModuleNotFoundError: No module named 'torch' (line 3)",
        )
    writer.add(ev.PhaseEntered(phase="finish"))
    writer.end("exhausted", winner=None, exit_code=3)
    return writer.history, writer.events


def interrupted(objects: ObjectStore | None = None) -> Story:
    """Killed in the middle of a trial, after one resumption."""
    writer = RunWriter("late-falcon", tabular_task(RMSE), objects=objects)
    search = _baselines(writer, 1.154, 0.482)
    writer.submission(search.best)
    writer.wait(3_000)
    writer.add(ev.RunResumed(pid=5000, sandbox="T1"))
    writer.add(ev.Remarked(code="W12", text="the sandbox has no memory limit of its own on this machine"))
    search.step(Idea(title="Boosting on log target", middle="model = boosting(log=True)"), 0.461, Verdict.MAYBE)
    idea = Idea(title="Stack with a ridge", middle="model = stack()")
    number = writer.create(idea)
    writer.add(ev.AttemptStarted(trial=number, attempt=1, code=idea.candidate().digest, view="fold-0"))
    return writer.history, writer.events


def just_started(objects: ObjectStore | None = None) -> Story:
    """A run of one event."""
    writer = RunWriter("new-wren", tabular_task(RMSE), objects=objects)
    return writer.history, writer.events


def rejected_leak(objects: ObjectStore | None = None) -> Story:
    """The recipe that cheats is rejected; an honest one wins."""
    writer = RunWriter("plain-finch", tabular_task(ROC_AUC), objects=objects)
    search = _baselines(writer, 0.5, 0.874)
    writer.rejected(LEAKING, reason="L02 the encoder is fitted on rows that it must not see (line 11)")
    honest = Idea(title="Boosting with dates", middle="model = boosting(dates=True)")
    winner = search.step(honest, 0.889, Verdict.REAL, confirmed=True)
    _finish(writer, winner, honest, sealed=0.887, half=0.012, stopped_by="goal", shrunk=0.8889)
    return writer.history, writer.events


def checked_run(objects: ObjectStore | None = None) -> Story:
    """A winner with the labels written in it, which its checks find; two of them are skipped."""
    writer = RunWriter("stern-magpie", tabular_task(ROC_AUC), objects=objects)
    search = _baselines(writer, 0.5, 0.874)
    known = Idea(title="Nearest known person", middle="model = lookup(PEOPLE)")
    winner = search.step(known, 0.961, Verdict.REAL, confirmed=True)
    writer.run_fold(winner, known, "final", None, wall_s=7.5)
    writer.submission(winner)
    for view in ("shuffled-0", "turned-1"):
        writer.run_fold(winner, known, view, 0.9604)
    shuffles = [
        Shuffle(view=view, score=0.9604, chance=0.5, unit=0.02, excess=0.4604, constant=0.5)
        for view in ("shuffled-0", "turned-1")
    ]
    no_time = Finding(verdict=Standing.SKIPPED, detail="no time left")
    findings = {
        Check.LINT: Finding(verdict=Standing.PASSED, detail="the static checks find nothing", numbers={"findings": 0}),
        Check.SHUFFLED: judge_shuffles(shuffles[0], shuffles[1:], wanted=1, floor=0.002),
        Check.REPEAT: judge_repeat(difference=3e-9, rows=0.0, scores=None, noise=None, views=("fold-0", "again-0")),
        Check.SEEDS: no_time,
        Check.GAP: no_time,
        Check.PUBLISHED: Finding(
            verdict=Standing.WARNING,
            detail="much the same as 'first-place.ipynb'",
            numbers={"of_script": 0.52, "of_reference": 0.31, "references": 3},
        ),
    }
    for check, found in findings.items():
        writer.add(
            ev.Validated(
                winner=winner,
                trial=winner,
                check=check,
                verdict=found.verdict,
                detail=found.detail,
                numbers=found.numbers,
                views=found.views,
            )
        )
    writer.add(ev.Remarked(code="W409", text=f"the winner #{winner} fails a check (shuffled labels)"))
    writer.end("time", winner=winner, shrunk=0.96)
    return writer.history, writer.events


def forecast(objects: ObjectStore | None = None) -> Story:
    """A forecast, lower is better, without a sealed holdout."""
    task = replace(
        tabular_task(SMAPE, name="m4-hourly", folds=3),
        problem=Problem.FORECAST,
        split=Split(kind=SplitKind.FORECAST, k=3, horizon=48),
        holdout=Holdout(fraction=0.0),
        series_columns=("series",),
        time_column="time",
    )
    writer = RunWriter("tidal-gull", task, objects=objects, limits=Limits(wall_s=600.0))
    search = _baselines(writer, 21.4, 14.92, spread=0.7, jitter=0.1)
    lags = Idea(title="Lags of a day and a week", middle="model = boosting(lags=(24, 168))")
    winner = search.step(lags, 12.61, Verdict.REAL, confirmed=True, spread=0.7, jitter=0.1)
    search.step(Idea(title="Seasonal naive", middle="model = naive(24)"), 13.9, Verdict.NOISE, spread=0.7, jitter=0.1)
    _finish(writer, winner, lags, sealed=None, half=0.0, stopped_by="time", shrunk=12.7)
    return writer.history, writer.events


def hostile_texts(objects: ObjectStore | None = None) -> Story:
    """Every text that a candidate or a model writes tries to break out of where it is shown."""
    writer = RunWriter("odd-shrike", tabular_task(RMSE), objects=objects)
    search = _baselines(writer, 1.154, 0.482)
    evil = Idea(
        title="=cmd() | <script>alert(1)</script>\n| `x` \x1b[31mred\u202e",
        plan="</pre><img src=x onerror=alert(2)> **Improves to 0.0001!** [link](javascript:alert(3))",
        middle='text = "</code></pre><script>alert(4)</script>"\nmodel = make_pipeline()',
    )
    search.step(evil, 0.46, Verdict.REAL, confirmed=True)
    bad = Idea(title="<b>bold</b>", middle="raise SystemExit")
    writer.failed(bad, reason="<script>alert(5)</script>", log="\x1b]0;title\x07</pre><script>alert(6)</script>")
    writer.add(ev.Told(text="<script>alert(7)</script>"))
    writer.add(ev.Remarked(code="W01", text="<script>alert(8)</script>"))
    _finish(writer, search.best, evil, sealed=0.47, half=0.02, stopped_by="user")
    return writer.history, writer.events


def second_wind(objects: ObjectStore | None = None) -> Story:
    """A run that ended, was given more time, and then found better: the seal was opened for the first winner."""
    writer = RunWriter("game-plover", tabular_task(ROC_AUC), objects=objects, limits=Limits(wall_s=600.0))
    search = _baselines(writer, 0.5, 0.874)
    honest = Idea(title="Boosting with dates", middle="model = boosting(dates=True)")
    first = search.step(honest, 0.889, Verdict.REAL, confirmed=True)
    _finish(writer, first, honest, sealed=0.879, half=0.004, stopped_by="time", shrunk=0.8889)
    writer.wait(9_000)
    writer.add(ev.RunResumed(pid=5000, sandbox="T1", limits=Limits(wall_s=1200.0)))
    writer.add(ev.PhaseEntered(phase="search"))
    longer = Idea(title="More rounds", operator="improve", parents=(first,), middle="model = boosting(rounds=900)")
    better = search.step(longer, 0.8905, Verdict.NOISE)
    last = Idea(title="Fewer leaves", operator="improve", parents=(first,), middle="model = boosting(leaves=15)")
    writer.judge(winner := writer.scored(last, 0.8925), Verdict.MAYBE, against=better)
    _finish(writer, winner, last, sealed=None, half=0.0, stopped_by="time", shrunk=0.8892)
    return writer.history, writer.events


STORIES = {
    story.__name__: story
    for story in (
        good_run,
        paid_run,
        unpriced_run,
        nothing_found,
        all_failed,
        interrupted,
        just_started,
        rejected_leak,
        checked_run,
        forecast,
        hostile_texts,
        second_wind,
    )
}


def write_run(folder: Path, story: str) -> History:
    """Write a story as a run folder: `events.jsonl` and `objects/`; return its history."""
    from assay.journal.file import FileJournal

    folder.mkdir(parents=True, exist_ok=True)
    history, events = STORIES[story](ObjectStore(folder / "objects"))
    FileJournal(folder / "events.jsonl").append(events)
    return history


def _baselines(
    writer: RunWriter, constant: float, boosting: float, *, cost: Decimal | None = None, **options: float
) -> _Search:
    writer.add(ev.PhaseEntered(phase="search"))
    numbers = []
    for title, mean, middle in (
        ("Constant", constant, "model = constant()"),
        ("Plain LightGBM", boosting, "features = [c for c in test if c != 'id']\nmodel = make_pipeline()"),
    ):
        writer.ask("baseline", cost=cost)
        number = writer.scored(Idea(title=title, operator="baseline", middle=middle), mean, wall_s=1.4, **options)  # type: ignore[arg-type]
        writer.judge(number, Verdict.BASELINE)
        writer.submission(number)
        numbers.append(number)
    return _Search(writer, best=numbers[-1], cost=cost)


def _repaired_trial(search: _Search) -> None:
    """A trial that fails once, is mended, and is then scored."""
    writer = search.writer
    broken = Idea(title="CatBoost with text columns", middle="model = catboost(text=True)")
    number = writer.create(broken)
    writer.run_fold(number, broken, "fold-0", None, outcome=Outcome.ERROR, log="KeyError: 'text'\n", wall_s=0.9)
    mended = replace(broken, middle="model = catboost(text=False)")
    writer.repaired(number, mended, cause="the column 'text' does not exist")
    for fold in range(writer.task.split.k):
        writer.run_fold(number, mended, f"fold-{fold}", 0.8802 + 0.001 * fold, attempt=2, wall_s=7.0)
    scores = {f"fold-{fold}": 0.8802 + 0.001 * fold for fold in range(writer.task.split.k)}
    writer.finish_trial(number, TrialState.COMPLETE, scores=scores)
    writer.judge(number, Verdict.NOISE, against=search.best)


def _ablations(writer: RunWriter, whole: Idea, parent: int, parts: list[tuple[str, float]]) -> None:
    writer.ask("ablate")
    for part, mean in parts:
        variant = Idea(
            title=part,
            operator="ablate",
            parents=(parent,),
            plan=f"{part} left out",
            middle=whole.middle + f"\n# without {part}",
            counts=False,
        )
        writer.scored(variant, mean)


def _finish(
    writer: RunWriter,
    winner: int,
    idea: Idea,
    *,
    sealed: float | None,
    half: float,
    stopped_by: str,
    shrunk: float | None = None,
) -> None:
    writer.add(ev.PhaseEntered(phase="finish"))
    if sealed is not None:
        writer.open_seal(winner, idea, sealed, half)
    writer.run_fold(winner, idea, "final", None, wall_s=7.5)
    writer.submission(winner)
    writer.end(stopped_by, winner=winner, shrunk=shrunk)
