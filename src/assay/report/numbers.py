"""Enters every number of a run into the ledger, with what it rests on."""

from __future__ import annotations

from assay.core.trial import TrialState, Verdict
from assay.journal.history import Measurement, Trial
from assay.report.bill import by_model, by_role
from assay.report.course_numbers import enter_course, step_pairs
from assay.report.elsewhere_numbers import enter_elsewhere
from assay.report.facts import Facts
from assay.report.ledger import JOURNAL, Ledger, Source
from assay.report.paired import Paired
from assay.report.times import activities
from assay.report.validation_numbers import enter_checks

SELECTED = "greedy selection with replacement on stored predictions of the search folds (Caruana et al. 2004)"
EFFECT = "Cohen's d of the paired fold gains, folds taken as independent (Cumming and Finch 2001)"
PAIRED = "corrected resampled t-test on paired folds (Nadeau and Bengio 2003)"


def build_ledger(facts: Facts) -> Ledger:
    """Return the ledger of a run."""
    ledger = Ledger()
    _run(ledger, facts)
    _times(ledger, facts)
    _bill(ledger, facts)
    for trial in facts.trials:
        _trial(ledger, facts, trial)
    _end(ledger, facts)
    enter_checks(ledger, facts)
    enter_elsewhere(ledger, facts)
    enter_course(ledger, facts)
    for trial, against in step_pairs(facts):
        paired = facts.paired(trial, against)
        if paired is not None and f"{pair_name(trial, against)}.mean" not in ledger:
            enter_pair(ledger, facts, pair_name(trial, against), paired)
    if facts.blend is not None and facts.blend_trial is not None:
        for number, weight in facts.blend.weights.items():
            ledger.add(f"blend.{number}.weight", weight, Source.DERIVED, trial=number, basis=SELECTED)
    for trial in facts.ablated:
        for variant, paired in facts.ablations(trial):
            if paired is not None:
                enter_pair(ledger, facts, f"ablation.{variant.number}", paired)
    return ledger


def pair_name(trial: Trial, against: Trial) -> str:
    """Return the id under which the paired gain of one trial over another is entered."""
    return f"pair.{trial.number}.{against.number}"


def enter_pair(ledger: Ledger, facts: Facts, name: str, paired: Paired) -> None:
    """Enter the figures of a paired comparison under `name`."""
    measured = [m for n in (paired.trial, paired.against) for m in facts.scored(facts.history.trials[n])]
    digests = _predictions([m for m in measured if m.view in paired.views])
    common = {"trial": paired.trial, "views": paired.views, "digests": digests}
    unit = facts.metric.name
    basis = f"trial.{paired.trial} against trial.{paired.against}, {PAIRED}"
    for key, value in (
        ("mean", paired.mean),
        ("std_error", paired.std_error),
        ("low", paired.low),
        ("high", paired.high),
    ):
        ledger.add(f"{name}.{key}", value, Source.DERIVED, unit=unit, basis=basis, **common)
    ledger.add(f"{name}.better", paired.better, Source.COUNTED, unit="folds", basis=basis, **common)
    ledger.add(f"{name}.folds", len(paired.gains), Source.COUNTED, unit="folds", basis=basis, **common)
    for view, gain in zip(paired.views, paired.gains, strict=True):
        ledger.add(f"{name}.{view}", gain, Source.DERIVED, unit=unit, basis=basis, **{**common, "views": (view,)})


def _effect(ledger: Ledger, facts: Facts) -> None:
    """Enter Cohen's d of the winner's gains over the baseline with its interval, where they have a spread."""
    from assay.grading.stats import Effect, cohens_d

    winner, baseline = facts.winner, facts.baseline
    paired = facts.paired(winner, baseline) if winner is not None and baseline is not None else None
    effect = cohens_d(paired.gains) if paired is not None else None
    if paired is None or not isinstance(effect, Effect):
        return
    evidence = {"unit": "deviations", "trial": paired.trial, "views": paired.views, "basis": EFFECT}
    for key, value in (("d", effect.d), ("d_low", effect.low), ("d_high", effect.high)):
        ledger.add(f"pair.{paired.trial}.{paired.against}.{key}", value, Source.DERIVED, **evidence)


def _run(ledger: Ledger, facts: Facts) -> None:
    history = facts.history
    counts = {
        "trials": len(facts.counted),
        "scored": len(facts.ranking),
        "variants": len(facts.trials) - len(facts.counted),
        "failed": len(facts.in_state(TrialState.FAILED)),
        "rejected": len(facts.in_state(TrialState.REJECTED)),
        "stopped": len(facts.in_state(TrialState.STOPPED)),
        "open": sum(1 for trial in facts.counted if not trial.state.is_final),
        "repairs": sum(len(trial.repairs) for trial in facts.trials),
        "resumes": history.resumes,
        "executions": len(history.all_measurements()),
    }
    for name, count in counts.items():
        ledger.add(f"run.{name}", count, Source.COUNTED, basis="events of the journal")
    ledger.add("run.wall_s", round(history.wall_s, 3), Source.MEASURED, unit="s", basis="times of the events")
    usage = history.usage
    ledger.add("run.tokens", usage.tokens, Source.MEASURED, unit="tokens")
    ledger.add("run.tokens_in", usage.input_tokens, Source.MEASURED, unit="tokens")
    ledger.add("run.tokens_out", usage.output_tokens, Source.MEASURED, unit="tokens")
    ledger.add("run.requests", usage.requests, Source.COUNTED, unit="requests")
    ledger.add("run.unpriced_requests", usage.unpriced, Source.COUNTED, unit="requests")
    ledger.add("run.cost_usd", usage.cost_usd, Source.MEASURED, unit="USD")
    if history.noise is not None:
        basis = f"{history.noise.reseeds} reseeds of the baseline"
        ledger.add("noise.floor", history.noise.floor, Source.DERIVED, unit=facts.metric.name, basis=basis)
        ledger.add("noise.reseeds", history.noise.reseeds, Source.COUNTED)


def _times(ledger: Ledger, facts: Facts) -> None:
    for activity in activities(facts):
        ledger.add(f"time.{activity.name}", round(activity.seconds, 3), Source.MEASURED, unit="s")
        ledger.add(f"time.{activity.name}.count", activity.count, Source.COUNTED)


def _bill(ledger: Ledger, facts: Facts) -> None:
    history = facts.history
    for kind, items in (("role", by_role(history)), ("model", by_model(history))):
        for item in items:
            name, usage = f"{kind}.{item.name}", item.usage
            ledger.add(f"{name}.questions", item.questions, Source.COUNTED)
            ledger.add(f"{name}.seconds", round(item.seconds, 3), Source.MEASURED, unit="s")
            ledger.add(f"{name}.requests", usage.requests, Source.COUNTED, unit="requests")
            ledger.add(f"{name}.tokens", usage.tokens, Source.MEASURED, unit="tokens")
            ledger.add(f"{name}.tokens_in", usage.input_tokens, Source.MEASURED, unit="tokens")
            ledger.add(f"{name}.tokens_out", usage.output_tokens, Source.MEASURED, unit="tokens")
            ledger.add(f"{name}.cost_usd", usage.cost_usd, Source.MEASURED, unit="USD")
    prices = history.started.prices if history.started is not None else None
    if prices is not None:
        for name in ("input", "cached", "cache_write", "output"):
            rate = getattr(prices, name)
            usd = None if rate is None else rate.usd
            basis = f"{prices.table}, read on {prices.read}"
            ledger.add(f"price.{name}", usd, Source.MEASURED, unit="USD per million tokens", basis=basis)


def _trial(ledger: Ledger, facts: Facts, trial: Trial) -> None:
    name, unit = f"trial.{trial.number}", facts.metric.name
    folder = facts.folder(trial)
    file = f"{folder}/metrics.json" if folder else JOURNAL
    measured = facts.scored(trial)
    for measurement in measured:
        ledger.add(
            f"{name}.{measurement.view}",
            trial.scores[measurement.view],
            Source.GRADED,
            unit=unit,
            trial=trial.number,
            views=(measurement.view,),
            digests=_predictions([measurement]),
            file=file,
        )
    by_view = {m.view for m in measured}
    for view, value in trial.scores.items():
        if view not in by_view:  # a blend is graded on stored predictions of its members
            ledger.add(f"{name}.{view}", value, Source.GRADED, unit=unit, trial=trial.number, views=(view,), file=file)
    common = {"trial": trial.number, "views": tuple(trial.scores), "file": file}
    digests = _predictions(measured)
    ledger.add(
        f"{name}.score", trial.score, Source.GRADED, unit=unit, basis="mean over folds", digests=digests, **common
    )
    ledger.add(f"{name}.std_error", trial.std_error, Source.DERIVED, unit=unit, digests=digests, **common)
    ledger.add(f"{name}.folds", trial.folds or None, Source.COUNTED, unit="folds", **common)
    claim = facts.claim(trial)
    if claim is not None:
        logs = tuple(m.execution.log for m in measured if m.execution and m.execution.log)
        evidence = {"trial": trial.number, "views": claim.views, "digests": logs, "file": file}
        ledger.add(f"{name}.claimed", claim.value, Source.REPORTED, unit=unit, **evidence)
    ledger.add(f"{name}.wall_s", trial.wall_s or None, Source.MEASURED, unit="s", trial=trial.number, file=file)
    ledger.add(f"{name}.memory", facts.peak_memory(trial), Source.MEASURED, unit="B", trial=trial.number, file=file)


def _end(ledger: Ledger, facts: Facts) -> None:
    history, unit = facts.history, facts.metric.name
    winner = facts.winner
    shown = {t.number: t for t in [*facts.ranking[: facts.top], *facts.baselines, *([winner] if winner else [])]}
    for other in (facts.baseline, winner):
        for trial in shown.values():
            paired = facts.paired(trial, other) if other is not None else None
            if other is not None and paired is not None:
                enter_pair(ledger, facts, pair_name(trial, other), paired)
    _effect(ledger, facts)
    for trial in facts.with_verdict(Verdict.REAL):
        if trial.judgement is not None:
            name, basis = f"judged.{trial.number}.effect", "; ".join(trial.judgement.reasons)
            ledger.add(name, trial.judgement.effect, Source.DERIVED, unit=unit, trial=trial.number, basis=basis)
    sealed = history.sealed
    if sealed is not None and sealed.score is not None:
        score = sealed.score
        evidence = {"trial": sealed.trial, "views": ("sealed",), "digests": _predictions(_sealed(facts, sealed.trial))}
        ledger.add("sealed.score", score.value, Source.GRADED, unit=unit, **evidence)
        ledger.add("sealed.rows", score.rows, Source.COUNTED, unit="rows", **evidence)
        for key in ("low", "high", "std_error"):
            ledger.add(
                f"sealed.{key}", getattr(score, key), Source.DERIVED, unit=unit, basis="bootstrap over rows", **evidence
            )
    if history.finished is not None and winner is not None:
        ledger.add(
            "shrunk.score",
            history.finished.shrunk_score,
            Source.DERIVED,
            unit=unit,
            trial=winner.number,
            basis=f"trial.{winner.number}.score corrected for the best of {len(facts.ranking)}",
        )
    if history.submission is not None:
        done = history.submission
        ledger.add(
            "submission.rows",
            done.rows,
            Source.COUNTED,
            unit="rows",
            trial=done.trial,
            digests=(done.digest,),
            file="submission.csv",
        )


def _sealed(facts: Facts, trial: int) -> list[Measurement]:
    numbers = {trial, *facts.history.trials[trial].parents} if trial in facts.history.trials else {trial}
    return [m for n in sorted(numbers) for m in facts.measurements(n) if m.view == "sealed"]


def _predictions(measurements: list[Measurement]) -> tuple[str, ...]:
    found = [m.execution.outputs.get("submission.csv", "") for m in measurements if m.execution]
    return tuple(digest for digest in found if digest)
