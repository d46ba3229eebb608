"""The later sections of a lab's paper: what single changes are worth, what failed, how it went, what limits it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from assay.core.trial import Verdict
from assay.report.document import (
    Block,
    Cell,
    Items,
    Mono,
    Paragraph,
    Plot,
    Quotation,
    Said,
    Section,
    Strong,
    Tag,
    Terms,
)
from assay.report.lab.plots import CHANGES
from assay.report.lab.singles import Single
from assay.report.prose import clean, clean_line, unbacked_numbers

if TYPE_CHECKING:
    from assay.report.lab.paper import Paper

MOST_ROWS = 20
"""Of a table; the rest is in `report.md`."""
MOST_QUOTES = 3
"""Challenges of the mentor that are quoted, the latest."""


def ablations(paper: Paper) -> Section | None:
    """Return what single changes are worth; None where no experiment differs in one thing."""
    lab, blocks = paper.lab, list[Block]()
    chance = (" Differences up to ", *paper.number("lab.noise"), " are chance.") if "lab.noise" in lab.ledger else ()
    if paper.from_default:
        text = f"{paper.next_table.capitalize()} holds the experiments that differ from the default in one thing."
        blocks.append(Paragraph((text, *chance)))
        blocks.append(_changes(paper, "The default with one change.", paper.from_default, "over_default", "default"))
    if CHANGES in lab.plots:
        figure = "Figure 2." if len(lab.plots) > 1 else "Figure 1."
        blocks.append(Plot(name=CHANGES, alt="What single changes of the default are worth"))
        blocks.append(Paragraph((Strong(figure), " What single changes of the default are worth.")))
    if paper.from_best:
        text = (
            f"{paper.next_table.capitalize()} holds those that differ from the best in one thing: what it owes to it."
        )
        blocks.append(Paragraph((text,)))
        blocks.append(_changes(paper, "The best with one change.", paper.from_best, "over_best", "best"))
    return Section(name="ablations", title="What single changes are worth", blocks=tuple(blocks)) if blocks else None


def _changes(paper: Paper, caption: str, found: Sequence[Single], name: str, other: str) -> Block:
    metric = paper.lab.metric.name
    heads = ("experiment", "changed", "to", f"in the {other}", metric, f"gain over the {other}")
    rows = tuple(
        (
            (f"#{one.number}",),
            (clean_line(one.what, 40),),
            (Said(clean_line(one.value, 40)),),
            (Said(clean_line(one.instead_of, 40)),),
            paper.score(one.number),
            paper.number(f"lab.{one.number}.{name}"),
        )
        for one in found[:MOST_ROWS]
    )
    return paper.table(caption, heads, (metric, f"gain over the {other}"), rows)


def failures(paper: Paper) -> Section | None:
    """Return the experiments that have no score, with the reason; None where all have one."""
    without = [one for one in paper.lab.experiments if one.score is None and one.state != "running"]
    if not without:
        return None
    words = Paragraph(
        (*paper.count("failed", "experiment"), " failed and ", *paper.count("stopped", "was", "were"), " stopped.")
    )
    rows = tuple(
        (
            (f"#{one.number}",),
            (Said(clean_line(one.label, 60)),),
            (Tag(one.state),),
            (Said(clean_line(one.problem, 160)),),
        )
        for one in without[-MOST_ROWS:]
    )
    told = paper.table("Experiments without a score.", ("experiment", "name", "state", "why"), (), rows)
    return Section(name="failures", title="What failed", blocks=(words, told))


def course(paper: Paper) -> Section:
    """Return how the work went, with the mentor's last challenges in its own words."""
    lab = paper.lab
    cell: Cell = ("The work took ", *paper.count("cycles", "cycle"), ": ", *paper.count("waits", "of them", "of them"))
    cell = (*cell, " waited, and the gate refused ", *paper.count("refused", "decision"), ". The mentor wrote ")
    cell = (*cell, *paper.count("reviews", "review"), " and ", *paper.count("challenges", "challenge"), ".")
    blocks: list[Block] = [Paragraph((*cell, " Each cycle is a line in ", Mono("story.md"), "."))]
    known = [float(number["value"]) for number in lab.ledger.as_dict().values()]
    for one in [cycle for cycle in lab.cycles if cycle.recommendation == "challenge"][-MOST_QUOTES:]:
        text = clean(one.critique, 1_000).strip()
        author = f"the mentor in cycle {one.cycle.number}"
        blocks.append(Quotation(text=text, author=author, unbacked=unbacked_numbers(text, known)))
    return Section(name="course", title="How the work went", blocks=tuple(blocks))


def limitations(paper: Paper) -> Section:
    """Return what the results do not show."""
    lab = paper.lab
    items: list[Cell] = [
        ("Every score is what the experiments say of themselves. Assay ran them, and graded nothing.",),
        (
            "The same validation data chose the best and told its score, over ",
            *paper.count("runs", "run"),
            "; nobody looked at data that no experiment had seen.",
        ),
    ]
    if lab.outcome["verdict"] != str(Verdict.REAL):
        items.append((f"The gain is not established. {lab.words}",))
    if lab.outcome["undefined"]:
        items.append((f"No test could be made: {lab.outcome['undefined']}.",))
    if "lab.noise" not in lab.ledger:
        items.append(("No command was run twice, so what chance explains is not known.",))
    if "lab.best_runs" in lab.ledger and int(lab.ledger["lab.best_runs"].value) < 2:
        items.append(("The best was run once: its score is that of the luckiest of many.",))
    if lab.config.files:
        items.append(("Experiments may edit files of the training; that the metric kept its meaning was not checked.",))
    if paper.from_default or paper.from_best:
        items.append(("Single changes are compared by means over few runs, not by a test of each.",))
    return Section(name="limitations", title="Limitations", blocks=(Items(tuple(items)),))


def reproduction(paper: Paper) -> Section:
    """Return what is needed to do it again."""
    lab, started = paper.lab, paper.lab.history.started
    checkout = lab.history.notes.get("lab/checkout") or {}
    versions = ", ".join(f"{name} {version}" for name, version in sorted((started.versions if started else {}).items()))
    rows: list[tuple[str, Cell]] = [
        ("commit", (Mono(checkout.get("commit") or "no git"),)),
        ("state of the files", (Mono(str(checkout.get("digest", "unknown"))),)),
        ("default", (Mono(lab.config.command),)),
        ("best", (Mono((lab.outcome["best"] or {}).get("command", "none")),)),
        ("seed of the run", (str(started.seed if started else 0),)),
        ("versions", (Mono(clean_line(versions, 1_000) or "unknown"),)),
        (
            "journal",
            (Mono("events.jsonl"), " up to ", Mono(lab.history.last.digest if lab.history.last else "nothing")),
        ),
        ("numbers", ("each with where it comes from in ", Mono("report.json"))),
    ]
    text = "The journal holds every decision, command, edited file, log and score; all reports are made from it alone."
    return Section(name="reproduction", title="How to do it again", blocks=(Paragraph((text,)), Terms(tuple(rows))))


def references() -> Section:
    """Return the works that the method rests on."""
    works = (
        "[1] C. Nadeau and Y. Bengio, Inference for the generalization error, Machine Learning 52 (2003) 239-281.",
    )
    return Section(name="references", title="References", blocks=tuple(Paragraph((work,)) for work in works))
