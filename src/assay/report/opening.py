"""The opening of a report: title, answer, box and what to do next."""

from __future__ import annotations

from assay.core.trial import TrialState, Verdict
from assay.core.validation import Standing
from assay.journal.history import Trial
from assay.report.document import Cell, Headline, Items, Mono, Section, Strong, Tag, Terms
from assay.report.facts import Finding, State
from assay.report.lineage import way_to
from assay.report.numbers import pair_name
from assay.report.prose import clean_line
from assay.report.telling import VERDICTS, Teller

_TITLES = {
    Finding.NO_SCORE: "nothing could be scored",
    Finding.NO_GAIN: "no gain over the baseline",
    Finding.POSSIBLE: "a possible gain, not established",
    Finding.GAIN: "a gain over the baseline",
}

MISLEADS = ("W201", "W202", "W203", "W204", "W205", "W207", "W214", "W220", "W221")
"""Findings about the data by which a true score may say nothing about other rows."""
_MOST_MISLEADING = 3


def title(teller: Teller) -> str:
    """Return the report's title, which gives the outcome away."""
    facts = teller.facts
    name = clean_line(facts.history.task.name, 80)
    if facts.finding is Finding.NO_SCORE and facts.state is not State.FINISHED:
        return f"{name}: nothing scored yet"
    if facts.finding is Finding.NO_GAIN and facts.baseline is None:
        return f"{name}: a solution, with no baseline to compare it with"
    so_far = "" if facts.state is State.FINISHED else ", so far"
    return f"{name}: {_TITLES[facts.finding]}{so_far}"


def draft(teller: Teller) -> str:
    """Return what is not final about the report; empty for a run that ended by itself."""
    if teller.facts.state is State.RUNNING:
        return "The run is still going on: everything here may change."
    if teller.facts.state is State.INTERRUPTED:
        return (
            "This run was interrupted: its journal ends without a last event. What is shown is what was finished by "
            "then; no winner was chosen and the sealed check may be missing."
        )
    return ""


def answer(teller: Teller) -> Cell:
    """Return the answer in one or two sentences."""
    facts = teller.facts
    winner = facts.winner
    if winner is None or winner.score is None:
        return _nothing(teller)
    lead: Cell = () if facts.state is State.FINISHED else ("So far: ",)
    name = teller.named(winner)
    if facts.sealed is not None:
        result: Cell = (*teller.score("sealed.score"), f" {facts.metric.name} on ", *_sealed_rows(teller))
    else:
        result = (*teller.measured(winner), f" {facts.metric.name} on the search folds. ")
    return (*lead, *name, " scores ", *result, *_against_baseline(teller))


def headline(teller: Teller) -> Headline | None:
    """Return the one number of the box; None when there is no score."""
    facts = teller.facts
    if facts.winner is None or facts.winner.score is None:
        return None
    metric = facts.metric.name
    if facts.sealed is not None:
        rows = int(teller.ledger["sealed.rows"].value)
        note = f"{rows:,} rows"
        aside: Cell = ()
        if "sealed.low" in teller.ledger:
            aside = ("95 % interval ", *teller.interval("sealed"))
        label = f"{metric} on the sealed holdout, {teller.direction}"
        return Headline(value=teller.score("sealed.score"), label=label, note=note, aside=aside)
    unopened = "the sealed holdout was not opened" if facts.history.task.holdout.fraction else "nothing was sealed"
    note = f"the sealed holdout was {facts.sealed_for_another}" if facts.sealed_for_another else unopened
    label = f"{metric}, mean of the search folds, {teller.direction}"
    name = f"trial.{facts.winner.number}"
    return Headline(
        value=teller.score(f"{name}.score"), label=label, note=note, aside=teller.spread(f"{name}.std_error")
    )


def box(teller: Teller) -> Terms:
    """Return the facts of the box."""
    facts, history = teller.facts, teller.facts.history
    rows: list[tuple[str, Cell]] = []
    if facts.winner is not None and facts.winner.score is not None:
        rows.append(("Winner" if facts.state is State.FINISHED else "Best so far", teller.named(facts.winner)))
        rows.append(("Search score", (*teller.measured(facts.winner), *_folds(teller))))
    for index, baseline in enumerate(facts.baselines):
        rows.append(("Baseline" if not index else "", (*teller.measured(baseline), " ", *teller.named(baseline))))
    if facts.winner is not None and facts.winner.verdict is not None:
        rows.append(("Verdict", _verdict(teller, facts.winner)))
    if "checks.made" in teller.ledger:
        rows.append(("Checks", _checks(teller)))
    rows += [("Data" if not index else "", cell) for index, cell in enumerate(_misleading(teller))]
    rows.append(("Trials", _trials(teller)))
    rows.append(("Time", teller.duration("run.wall_s")))
    rows.append(("Money", _money(teller)))
    rows.append(("Stopped by", (teller.stopped_by(),)))
    described = clean_line(history.started.sandbox_description, 160) if history.started else ""
    tiers = ", then ".join(history.sandboxes) or "unknown"
    rows.append(("Isolation", (f"{tiers}, {described}" if described else tiers,)))
    return Terms(tuple(rows))


def _verdict(teller: Teller, winner: Trial) -> Cell:
    """Return what is established on the way from the baseline to the winner, or else the winner's own verdict."""
    facts = teller.facts
    if facts.way is None:
        verdict = f" {VERDICTS[winner.verdict]}" if winner.verdict is not None else ""
        return (*teller.verdict(winner), verdict)
    told: Cell = (Tag(str(facts.way.word)), ": ", *teller.parts(facts.way.tell()), ".")
    other = facts.last_real
    beside = way_to(facts.history, other) if other is not None and facts.way.real is None else None
    return told if beside is None else (*told, " Real besides: ", *teller.parts(beside.tell()), ".")


def _checks(teller: Teller) -> Cell:
    """Return how the checks of the winner ended; one that was skipped says nothing against it."""
    cell: Cell = (*teller.count("checks.passed"), " of ", *teller.count("checks.made"), " passed")
    for standing, words in (
        (Standing.WARNING, "with a warning"),
        (Standing.FAILED, "failed"),
        (Standing.SKIPPED, "skipped"),
    ):
        if teller.ledger[f"checks.{standing}"].value:
            cell = (*cell, ", ", *teller.count(f"checks.{standing}"), f" {words}")
    return cell


def _misleading(teller: Teller) -> list[Cell]:
    """Return what was found about the data that makes the score say less than it seems to."""
    found = [remark for _, remark in teller.facts.history.remarks if remark.code in MISLEADS]
    return [(Tag(one.code), f" {clean_line(one.text, 300)}") for one in found[:_MOST_MISLEADING]]


def next_steps(teller: Teller) -> Section:
    """Return what to do next, three lines at most."""
    facts = teller.facts
    run = facts.run
    items: list[Cell] = []
    if facts.state is State.INTERRUPTED:
        items.append(("Go on where it stopped: ", Mono(f"assay resume {run}"), "."))
    if facts.finding is Finding.NO_SCORE:
        items += _unscored_steps(teller)
    else:
        items += _scored_steps(teller)
    return Section(name="next", title="What to do next", blocks=(Items(tuple(items[:3]), ordered=True),))


def _nothing(teller: Teller) -> Cell:
    if not teller.facts.counted:
        return ("No candidate was tried.",)
    common = _common_reason(teller)
    return (
        "No candidate produced a score: of ",
        *teller.count("run.trials", "trial"),
        ", ",
        *teller.count("run.failed"),
        " failed and ",
        *teller.count("run.rejected"),
        " were rejected. ",
        *common,
    )


def _common_reason(teller: Teller) -> Cell:
    reasons = [clean_line(t.reason, 160) for t in teller.facts.unranked if t.reason]
    if not reasons:
        return ()
    most = max(dict.fromkeys(reasons), key=reasons.count)
    return ("The most frequent reason: ", *teller.said(most, 160))


def _sealed_rows(teller: Teller) -> Cell:
    interval: Cell = ()
    if "sealed.low" in teller.ledger:
        interval = (" (95 % interval ", *teller.interval("sealed"), ")")
    return (*teller.count("sealed.rows", "sealed row"), " that no candidate ever saw", *interval, ". ")


def _against_baseline(teller: Teller) -> Cell:
    facts = teller.facts
    winner, baseline = facts.winner, facts.baseline
    if winner is None or baseline is None:
        return ("There is no baseline to compare it with.",)
    if winner.number == baseline.number:
        return ("It is the best baseline itself: nothing that was tried is better beyond doubt.",)
    name = pair_name(winner, baseline)
    gain: Cell = (*teller.gain(name), " (better on ", *teller.folds_better(name), ")")
    other = teller.named(baseline)
    if facts.finding is Finding.GAIN:
        return ("On the search folds its gain over the best baseline, ", *other, ", is ", *gain, ".", *_last(teller))
    if facts.finding is Finding.POSSIBLE:
        return ("It may be better than the best baseline, ", *other, ", by ", *gain, ": that is not established.")
    return ("Its gain over the best baseline, ", *other, ", is ", *gain, ", which is not established.")


def _last(teller: Teller) -> Cell:
    winner, real = teller.facts.winner, teller.facts.last_real
    if winner is None or real is None or winner.verdict is Verdict.REAL:
        return ()
    return (" The winner itself is not told apart from ", teller.ref(real), ", the best with a real verdict.")


def _folds(teller: Teller) -> Cell:
    winner = teller.facts.winner
    return () if winner is None else (", mean of ", *teller.count(f"trial.{winner.number}.folds", "fold"))


def _trials(teller: Teller) -> Cell:
    cell: Cell = (*teller.count("run.trials"), ": ", *teller.count("run.scored"), " scored")
    for state in ("failed", "rejected", "stopped"):
        if teller.ledger[f"run.{state}"].value:
            cell = (*cell, ", ", *teller.count(f"run.{state}"), f" {state}")
    if teller.ledger["run.open"].value:
        cell = (*cell, ", ", *teller.count("run.open"), " unfinished")
    if teller.ledger["run.variants"].value:
        cell = (*cell, "; besides ", *teller.count("run.variants", "variant"), " for ablations")
    return cell


def _money(teller: Teller) -> Cell:
    if not teller.facts.history.usage.requests:
        return ("none: no paid request was made",)
    return (*teller.money(), " for ", *teller.count("run.requests", "request"))


def _scored_steps(teller: Teller) -> list[Cell]:
    facts = teller.facts
    winner, run = facts.winner, facts.run
    items: list[Cell] = []
    if winner is None:
        return items
    if _misleading(teller):
        items.append((Strong("Do not believe the score yet:"), " settle first what the box says of the data."))
    done = facts.history.submission
    if done is not None and facts.baseline is not None and winner.number == facts.baseline.number:
        words = (" holds what the baseline predicts, for nothing better was found: hand it in if that is enough.",)
        items.append((Mono("submission.csv"), *words))
    elif done is not None and _from_a_notebook_of_theirs(teller):
        words = (", or write the best into the open cells of your notebook: ",)
        items.append(("Hand in ", Mono("submission.csv"), *words, Mono(f"assay apply best -r {run}"), "."))
    elif done is not None:
        items.append(("Hand in ", Mono("submission.csv"), ", or run ", Mono("best/"), " on new data."))
    items.append(("Read what won and why: ", Mono(f"assay show {winner.number} -r {run}"), "."))
    end = facts.history.finished
    if end is not None and end.stopped_by in ("time", "trials") and len(facts.ranking) < 6:
        items.append(("Give it more: ", *teller.count("run.scored", "trial"), " with a score are few to choose from."))
    elif facts.finding is Finding.GAIN and _still_gaining(teller):
        items.append((Strong("More time may help:"), " the best was still moving in the last third of the trials."))
    elif facts.finding is Finding.POSSIBLE:
        items.append((f"Settle it: {_settled_by(winner)}.",))
    else:
        items.append(
            ("More of the same will bring little: give it new data, or a hint with ", Mono('assay tell "..."'), ".")
        )
    return items


def _from_a_notebook_of_theirs(teller: Teller) -> bool:
    from assay.strategies.notebook.record import source_of

    source = source_of(teller.facts.history)
    return source is not None and bool(source.file)


def _settled_by(winner: Trial) -> str:
    """Return what would show whether a possible gain is one."""
    if winner.judgement is not None and winner.judgement.confirmed is None:
        return "the winner was not run again on fresh partitions; a run with more time does that"
    return "more rows or more folds would tell a gain of this size from noise"


def _still_gaining(teller: Teller) -> bool:
    curve = teller.facts.curve
    if len(curve) < 6:
        return True
    return curve[-1][1].number != curve[2 * len(curve) // 3][1].number


def _unscored_steps(teller: Teller) -> list[Cell]:
    facts = teller.facts
    items: list[Cell] = []
    broken = facts.in_state(TrialState.FAILED)
    if broken:
        items.append(("See how the last one ended: ", Mono(f"assay logs {facts.run} --trial {broken[-1].number}"), "."))
    items.append(("See what is wrong with the data, if anything: ", Mono("assay check"), "."))
    items.append(("See what this machine lacks, if anything: ", Mono("assay doctor"), "."))
    return items
