"""Trust: what may be wrong with what a report says, and what was not checked."""

from __future__ import annotations

from assay.core.validation import Check
from assay.journal.history import Trial
from assay.report.document import (
    Cell,
    Items,
    Mono,
    Section,
    Tag,
    plain,
)
from assay.report.facts import Facts, State
from assay.report.formatting import format_count
from assay.report.prose import clean_line
from assay.report.telling import Teller
from assay.report.validation import check_threats

NOT_CHECKED = (
    "whether every feature will be known at the time of prediction",
    "drift after the data was collected",
    "errors on slices of the data, fairness and calibration",
    "near-duplicates between rows of different folds",
    "licences of the data and of the packages used",
)

NO_REFERENCES = "whether the winner is a published solution again: none was handed in (--compare)"


def threats_section(teller: Teller) -> Section:
    """Return what speaks against trusting the result."""
    facts = teller.facts
    items = [
        _holdout(teller),
        *_optimism(teller),
        *_noise(teller),
        *_disagreement(teller),
        *check_threats(teller),
        *_refit(teller),
        *_isolation(teller),
        *_partial(teller),
        *_racing(teller),
        *_flags(teller),
        *_interruptions(teller),
        *_missing(facts),
        ("Not checked: " + "; ".join(_not_checked(facts)) + ".",),
    ]
    return Section(name="threats", title="Threats to the result", blocks=(Items(tuple(items)),))


def _not_checked(facts: Facts) -> tuple[str, ...]:
    """Return what nobody looked at; a comparison with published solutions is made where some were handed in."""
    winner = facts.winner
    compared = winner is not None and any(
        one.check is Check.PUBLISHED for one in facts.history.validated(winner.number)
    )
    return NOT_CHECKED if compared else (*NOT_CHECKED, NO_REFERENCES)


def _holdout(teller: Teller) -> Cell:
    history = teller.facts.history
    if not history.task.holdout.fraction:
        return ("No rows were sealed, so the search score is the only one, and choosing by it makes it look too good.",)
    if history.sealed is None:
        return ("The sealed holdout was not opened.",)
    trial = history.trials.get(history.sealed.trial)
    name: Cell = (teller.ref(trial),) if trial is not None else (f"#{history.sealed.trial}",)
    told: Cell = ("The sealed holdout was opened once, for ", *name, ", after the choice was made.")
    if teller.facts.sealed_for_another and teller.facts.winner is not None:
        told = (
            *told,
            " The run went on afterwards: no rows are left to check ",
            teller.ref(teller.facts.winner),
            " on.",
        )
    if history.sealed.score is None:
        return (*told, f" It could not be graded: {clean_line('; '.join(history.sealed.problems), 300)}")
    return told


def _optimism(teller: Teller) -> list[Cell]:
    facts = teller.facts
    if facts.winner is None or len(facts.ranking) < 2:
        return []
    told: Cell = (
        *teller.count("run.scored", "candidate was", "candidates were"),
        " scored on the same folds, and the best of many looks better than it is.",
    )
    return [(*told, *_shrunk(teller, facts.winner))]


def _shrunk(teller: Teller, winner: Trial) -> Cell:
    if "shrunk.score" not in teller.ledger:
        return ()
    shrunk, score = teller.score("shrunk.score"), teller.score(f"trial.{winner.number}.score")
    if teller.ledger["shrunk.score"].value == winner.score and "noise.floor" not in teller.ledger:
        return (" Without a measured noise this could not be corrected for.",)
    if plain(shrunk) == plain(score):
        return (" Corrected for that, the search score of the winner is still ", *shrunk, ".")
    return (" Corrected for that, the search score of the winner is ", *shrunk, " instead of ", *score, ".")


def _noise(teller: Teller) -> list[Cell]:
    noise = teller.facts.history.noise
    if noise is None:
        return []
    if "noise.floor" not in teller.ledger:
        return [("The noise of equal candidates was not measured, so no gain could be called real.",)]
    floor, reseeds = teller.score("noise.floor"), teller.count("noise.reseeds", "reseed")
    return [("Gains under ", *floor, " count as noise, measured by ", *reseeds, " of the baseline.")]


def _disagreement(teller: Teller) -> list[Cell]:
    facts = teller.facts
    ledger, winner = teller.ledger, facts.winner
    if winner is None or winner.score is None or facts.sealed is None or "sealed.low" not in ledger:
        return []
    low, high = float(ledger["sealed.low"].value), float(ledger["sealed.high"].value)
    if low <= winner.score <= high:
        return []
    worse = facts.metric.gain(float(ledger["sealed.score"].value), winner.score) < 0
    kind = "worse" if worse else "better"
    return [(f"The sealed score is {kind} than the search score by more than its interval allows.",)]


def _refit(teller: Teller) -> list[Cell]:
    if teller.facts.winner is None or teller.facts.history.submission is None:
        return []
    return [
        (
            "The scores here are of the model before the final refit on all data. The refitted model, which wrote ",
            Mono("submission.csv"),
            ", was not measured.",
        )
    ]


def _isolation(teller: Teller) -> list[Cell]:
    history = teller.facts.history
    tiers = ", then ".join(history.sandboxes) or "unknown"
    described = clean_line(history.started.sandbox_description, 300) if history.started else ""
    items: list[Cell] = [(f"Candidates ran in isolation {tiers}{': ' if described else ''}{described}.",)]
    if "off" in history.sandboxes:
        items.append(("Isolation was off for at least a part of the run: a candidate could have read the answers.",))
    items += [(Tag(clean_line(r.code, 8)), f" {clean_line(r.text, 300)}") for _, r in history.remarks[:20]]
    return items


def _partial(teller: Teller) -> list[Cell]:
    facts = teller.facts
    cut = [t for t in facts.ranking if any(m.score and m.score.partial for m in facts.scored(t))]
    if not cut:
        return []
    names = ", ".join(f"#{trial.number}" for trial in cut[:12])
    winner = " The winner is one of them." if facts.winner in cut else ""
    return [(f"Predictions of scripts that did not end by themselves were graded as they stood: {names}.{winner}",)]


def _racing(teller: Teller) -> list[Cell]:
    facts = teller.facts
    most = max((t.folds for t in facts.ranking), default=0)
    short = [t for t in facts.ranking if t.folds < most]
    if not short:
        return []
    told = format_count(len(short), "candidate was", "candidates were")
    return [(f"{told} dropped before the last fold, and ranked below all that ran on {most}.",)]


def _flags(teller: Teller) -> list[Cell]:
    winner = teller.facts.winner
    if winner is None or not winner.flags:
        return []
    return [(f"Remarks of the checks on the winner: {'; '.join(clean_line(flag, 200) for flag in winner.flags)}.",)]


def _interruptions(teller: Teller) -> list[Cell]:
    facts = teller.facts
    items: list[Cell] = []
    if facts.state is State.INTERRUPTED:
        items.append(("The run was interrupted; nothing here was decided by its finish.",))
    if facts.history.resumes:
        items.append(
            (
                "The run was resumed ",
                *teller.count("run.resumes", "time"),
                "; pauses are not counted as time.",
            )
        )
    return items


def _missing(facts: Facts) -> list[Cell]:
    if not facts.missing_objects:
        return []
    names = ", ".join(digest[:12] for digest in sorted(facts.missing_objects))
    return [(f"Objects missing from the run folder, or changed: {names}.",)]
