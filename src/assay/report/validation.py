"""The checks of the winner: what was looked at after the submission was written, and what it showed."""

from __future__ import annotations

from assay.core.validation import Check, Standing
from assay.journal import events as ev
from assay.report.document import Block, Cell, Column, Items, Paragraph, Section, Table, Tag
from assay.report.formatting import MISSING
from assay.report.prose import clean_line
from assay.report.telling import Teller
from assay.report.validation_numbers import made

_MEANS = {
    Check.LINT: "The static checks of every candidate, on the winner's final code.",
    Check.PUBLISHED: (
        "The winner's code, and that of every member of a blend, against the published solutions that were handed "
        "in. It fails where four fifths of either stand in the other, whatever its variables are called, and warns "
        "from two fifths on; what the baselines share is left out. It sees nothing of solutions that nobody handed in."
    ),
    Check.SHUFFLED: (
        "The training labels are permuted: the score must fall to chance, the better one of a constant and of the same "
        "predictions in random order (after Ojala and Garriga 2010). What clears chance by three standard errors is "
        "tried again with labels turned round, and fails if it clears it each time. It finds answers that were not "
        "learned: written in the code, looked up, or copied; also what needs no learning by right, such as an input "
        "that is close to the answer as it stands. A leak that has to be learned does not show."
    ),
    Check.REPEAT: "The same files and the same seed must give the same predictions, up to rounding.",
    Check.SEEDS: (
        "It fails when the standard deviation over seeds reaches the gain over a constant, and warns when one more "
        "seed could lose it (95 % prediction bound, Hahn and Meeker 1991)."
    ),
    Check.GAP: (
        "The score on training rows less that on others, over what the latter gains over a constant. A wide gap is "
        "usual for forests and boosting; it never fails."
    ),
}


def checks_section(teller: Teller) -> Section | None:
    """Return what each check showed; None where none was made, which the threats then say."""
    checks = made(teller.facts)
    if not checks:
        return None
    lead: Cell = (
        *teller.count("checks.passed"),
        " of ",
        *teller.count("checks.made"),
        " checks passed. They were made on search folds, after the submission was written: no sealed row has a part in "
        "them, and a failure marks the result without taking it away.",
    )
    member = _member(teller, checks)
    table = Table(
        columns=(Column("Check"), Column("Verdict"), Column("What was found")),
        rows=tuple(((one.check.words,), (Tag(str(one.verdict)),), _found(teller, one)) for one in checks),
    )
    meant = Items(tuple((f"{one.check.words.capitalize()}: ", _MEANS[one.check]) for one in checks))
    failed = any(one.verdict is Standing.FAILED for one in checks)
    blocks: tuple[Block, ...] = (Paragraph((*lead, *member), warning=failed), table, meant)
    return Section(name="checks", title="Checks of the winner", blocks=blocks)


def check_threats(teller: Teller) -> list[Cell]:
    """Return what the checks say against trusting the result."""
    facts = teller.facts
    if facts.winner is None or facts.history.finished is None:
        return []
    checks = made(facts)
    if not checks:
        return [("The winner was not checked with shuffled labels, other seeds or on its training rows.",)]
    items: list[Cell] = []
    for one in checks:
        if one.verdict in (Standing.FAILED, Standing.WARNING):
            items.append((Tag(str(one.verdict)), f" {one.check.words}: ", *_found(teller, one), "."))
    skipped = [one for one in checks if one.verdict is Standing.SKIPPED]
    if skipped:
        told = "; ".join(f"{one.check.words} ({clean_line(one.detail, 200)})" for one in skipped)
        items.append((f"Checks of the winner that were skipped, which is not passed: {told}.",))
    return items


def _member(teller: Teller, checks: list[ev.Validated]) -> Cell:
    others = {one.trial for one in checks if one.trial != one.winner}
    trial = teller.facts.history.trials.get(next(iter(others), -1))
    if trial is None:
        return ()
    return (" The winner is a blend: its heaviest member ", teller.ref(trial), " was checked, the others were not.")


def _found(teller: Teller, one: ev.Validated) -> Cell:
    """Return the numbers of a check in a sentence, each with its evidence; or why there are none."""
    name = f"check.{one.check}"
    if one.verdict is Standing.SKIPPED:
        return (f"nothing was told: {clean_line(one.detail, 300)}",)
    if one.check is Check.PUBLISHED:
        return _published(teller, one, name)
    if one.check is Check.SHUFFLED:
        return _shuffled(teller, name)
    if one.check is Check.SEEDS and f"{name}.gain" in teller.ledger:
        return (
            *_cited(teller, f"{name}.spread"),
            " of spread over ",
            *teller.count(f"{name}.runs", "run"),
            ", for a gain of ",
            *teller.score(f"{name}.gain"),
            " over a constant",
        )
    if one.check is Check.GAP:
        told: Cell = (*teller.score(f"{name}.trained"), " on training rows, ", *teller.score(f"{name}.graded"))
        told = (*told, " on others")
        if f"{name}.ratio" in teller.ledger:
            told = (*told, ": a gap of ", *_cited(teller, f"{name}.ratio"), " times the gain over a constant")
        return told
    if one.check is Check.REPEAT and one.numbers.get("difference"):
        same = "the same up to " if one.verdict is Standing.PASSED else "differences up to "
        return (same, *_cited(teller, f"{name}.difference"), " of the range of the predictions")
    return (clean_line(one.detail, 300),)


def _published(teller: Teller, one: ev.Validated, name: str) -> Cell:
    told: Cell = (
        f"{clean_line(one.detail, 300)}: ",
        *_percent(teller, f"{name}.of_script"),
        " of it stands there, and ",
    )
    told = (*told, *_percent(teller, f"{name}.of_reference"), " of that in it")
    if f"{name}.of_examples" in teller.ledger:
        told = (*told, "; ", *_percent(teller, f"{name}.of_examples"), " in an example that retrieval showed")
    return (*told, "; compared with ", *teller.count(f"{name}.references", "solution"))


def _percent(teller: Teller, name: str) -> Cell:
    return (teller.ledger.cite(name, f"{100 * float(teller.ledger[name].value):.0f} %"),)


def _shuffled(teller: Teller, name: str) -> Cell:
    told: Cell = (*teller.score(f"{name}.score"), " where chance scores ", *teller.score(f"{name}.chance"))
    if f"{name}.errors" in teller.ledger:
        told = (*told, ", ", *_cited(teller, f"{name}.errors"), " standard errors better")
    if f"{name}.turned" in teller.ledger:
        told = (
            *told,
            "; with labels turned round clear of chance ",
            *teller.count(f"{name}.turned_clear"),
            " of ",
            *teller.count(f"{name}.turned", "time"),
        )
    return told


def _cited(teller: Teller, name: str) -> Cell:
    if name not in teller.ledger:
        return (MISSING,)
    return (teller.ledger.cite(name, f"{float(teller.ledger[name].value):.2g}".replace("-", "\N{MINUS SIGN}")),)
