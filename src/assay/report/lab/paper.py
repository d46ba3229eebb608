"""The paper of a lab: its work told as a study, with tables and figures, every number from the journal.

No model writes a word of it. What worker, mentor and user wrote stands in quotation marks, and a number in such words
that nothing backs is marked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from assay.report.document import (
    Block,
    Cell,
    Column,
    Document,
    Mono,
    Paragraph,
    Plot,
    Said,
    Section,
    Strong,
    Table,
    Tag,
    Terms,
)
from assay.report.formatting import format_count, format_duration
from assay.report.lab.plots import COURSE
from assay.report.lab.singles import singles
from assay.report.ledger import Source
from assay.report.prose import clean_line

if TYPE_CHECKING:
    from assay.report.lab.story import LabReport


class Paper:
    """What the sections of a lab's paper are made with.

    Args:
        lab: The lab; numbers that the paper adds are entered into its ledger.
    """

    def __init__(self, lab: LabReport) -> None:
        self.lab = lab
        self.default: int | None = (lab.outcome["default"] or {}).get("trial")
        self.best: int | None = (lab.outcome["best"] or {}).get("trial")
        self.from_default = singles(lab.rows, lab.config, self.default)
        self.from_best = singles(lab.rows, lab.config, self.best) if self.best != self.default else ()
        self._tables = 0
        self._enter()

    def _enter(self) -> None:
        lab, ledger = self.lab, self.lab.ledger
        for name, found in (("over_default", self.from_default), ("over_best", self.from_best)):
            for one in found:
                basis = f"lab.{one.number}.score against that of the {name.removeprefix('over_')}"
                ledger.add(f"lab.{one.number}.{name}", one.effect, Source.DERIVED, unit=lab.metric.name, basis=basis)
        states = [one.state for one in lab.experiments]
        counts = {
            "failed": states.count("failed"),
            "stopped": states.count("stopped"),
            "reviews": sum(one.cycle.reviewed for one in lab.cycles),
            "refused": sum(bool(one.cycle.refused) for one in lab.cycles),
            "waits": sum(one.cycle.action == "wait" for one in lab.cycles),
            "best_runs": (lab.outcome["best"] or {}).get("runs"),
            "pairs": lab.outcome.get("pairs"),
        }
        for name, value in counts.items():
            ledger.add(f"lab.{name}", value, Source.COUNTED)

    def count(self, name: str, noun: str, plural: str = "") -> Cell:
        """Return a count of the lab's with its noun."""
        number = self.lab.ledger[f"lab.{name}"]
        return (self.lab.ledger.cite(f"lab.{name}", format_count(int(number.value), noun, plural)),)

    def number(self, name: str) -> Cell:
        """Return a number of the ledger, or that there is none."""
        ledger = self.lab.ledger
        return (ledger.cite(name, f"{float(ledger[name].value):.4g}"),) if name in ledger else ("none",)

    def score(self, number: int | None) -> Cell:
        """Return what an experiment reported, the mean of its runs."""
        return self.number(f"lab.{number}.score")

    def table(
        self, caption: str, heads: tuple[str, ...], right: tuple[str, ...], rows: tuple[tuple[Cell, ...], ...]
    ) -> Table:
        """Return a table with its number in the caption."""
        self._tables += 1
        columns = tuple(Column(head, right=head in right) for head in heads)
        return Table(columns=columns, rows=rows, caption=(Strong(f"Table {self._tables}."), f" {caption}"))

    @property
    def next_table(self) -> str:
        """Name of the table that comes next."""
        return f"table {self._tables + 1}"


def paper_of(lab: LabReport) -> Document:
    """Return the paper of a lab."""
    from assay.report.lab import paper_end as end

    paper = Paper(lab)
    sections = [
        _question(paper),
        _setup(paper),
        _method(paper),
        _results(paper),
        end.ablations(paper),
        end.failures(paper),
    ]
    sections += [end.course(paper), end.limitations(paper), end.reproduction(paper), end.references()]
    made = [section for section in sections if section is not None]
    return Document(
        title=f"A lab on {clean_line(lab.history.task.name, 60)}: {lab.words.rstrip('.').lower()}",
        run=lab.run,
        draft="" if lab.final else "The lab is still at work: this is what its journal holds so far.",
        answer=_abstract(paper),
        headline=None,
        box=Terms(()),
        sections=tuple(
            Section(name=one.name, title=f"{place}. {one.title}", blocks=one.blocks)
            for place, one in enumerate(made, 1)
        ),
    )


def _abstract(paper: Paper) -> Cell:
    lab = paper.lab
    cell: Cell = (
        Strong("Abstract."),
        " A worker and a mentor made ",
        *paper.count("experiments", "experiment"),
        " in ",
    )
    took = lab.ledger.cite("lab.wall_s", format_duration(lab.history.wall_s))
    cell = (*cell, *paper.count("runs", "run"), " on a training repository within ", took, ". What counts is ")
    cell = (*cell, Mono(lab.metric.name), f" as its own code reports it; {lab.metric.direction} is better. ")
    if paper.default is not None:
        cell = (*cell, "The default reached ", *paper.score(paper.default), ". ")
    if paper.best is not None and paper.best != paper.default:
        label = Said(clean_line((lab.outcome["best"] or {}).get("label", ""), 80))
        cell = (*cell, "The best experiment, ", label, ", reached ", *paper.score(paper.best), *_gain(paper), ". ")
    return (*cell, lab.words, " Nothing was graded by Assay; the section on limitations says what that means.")


def _gain(paper: Paper) -> Cell:
    outcome = paper.lab.outcome
    if outcome["gain"] is None:
        return ()
    cell: Cell = (", a gain of ", *paper.number("lab.gain"))
    if outcome["low"] is None:
        return cell
    return (*cell, " (95 % interval ", *paper.number("lab.low"), " to ", *paper.number("lab.high"), ")")


def _question(paper: Paper) -> Section:
    mission = Said(clean_line(paper.lab.config.mission, 800))
    asked = Paragraph(("What was asked, in the user's words: ", mission, "."))
    return Section(name="question", title="Question", blocks=(asked,))


def _setup(paper: Paper) -> Section:
    lab, config, started = paper.lab, paper.lab.config, paper.lab.history.started
    checkout = lab.history.notes.get("lab/checkout") or {}
    where = config.metric.file or f"a printed line like {config.metric.line}"
    changed = checkout.get("changed") or ()
    taken = f", with changes that were not committed to {', '.join(map(str, changed))}" if changed else ""
    rows: list[tuple[str, Cell]] = [
        ("repository", (Mono(checkout.get("commit") or "no git"), clean_line(taken, 300))),
        ("default", (Mono(config.command),)),
        ("metric", (Mono(lab.metric.name), f", {lab.metric.direction} is better, read from {clean_line(where, 120)}")),
        ("parts", (Mono(config.metric.parts),) if config.metric.parts else ("none: two scores cannot be paired",)),
        ("one experiment", (f"at most {format_duration(config.time)}",)),
        ("may be set", (clean_line(", ".join(option.name for option in config.options), 400) or "no declared option",)),
        ("may be edited", (clean_line(", ".join(config.files), 400) or "no file",)),
        ("forbidden", (clean_line(", ".join(config.forbidden), 300) or "nothing by name",)),
        ("worker and mentor", (clean_line(started.model if started else "", 80),)),
        ("sandbox", (", ".join(lab.history.sandboxes),)),
    ]
    rows += [("rule", (Said(clean_line(rule, 200)),)) for rule in config.rules]
    return Section(name="setup", title="Setup", blocks=(Terms(tuple(rows)),))


def _method(paper: Paper) -> Section:
    rules = paper.lab.config.mentor_rules
    review = f"every {rules.every} cycles, and earlier when the course was stuck" if rules.enabled else "never"
    words = (
        "In each cycle the worker took one action: start an experiment, wait, stop it, or finish. A gate refused what "
        "lacked a reason or a name, edited files that are not to be edited, or used what is forbidden. "
        f"A mentor reviewed the course {review}. Every experiment ran in a fresh copy of the repository, in a sandbox "
        "without a network, with a seed of its own; the n-th run of every command has the same seed.",
        "The best experiment is compared with the default by the differences of the parts that both report in runs of "
        "the same seed, with the resampled t-test of Nadeau and Bengio [1], which allows for the dependence of folds. "
        "The p-value is multiplied by the number of experiments that were tried (Bonferroni), for the best of many was "
        "chosen. A gain is called real below an adjusted p of 0.05, and only after a second run with a new seed. What "
        "chance explains is two standard deviations of repeated runs of one command.",
    )
    return Section(name="method", title="Method", blocks=tuple(Paragraph((text,)) for text in words))


def _results(paper: Paper) -> Section:
    lab = paper.lab
    blocks: list[Block] = []
    if lab.top:
        also = ", figure 1 all of them in their order" if COURSE in lab.plots else ""
        blocks.append(Paragraph((f"{paper.next_table.capitalize()} holds the best experiments{also}.",)))
    rows = tuple(
        (
            (str(one.place),),
            (f"#{one.number}",),
            (Said(clean_line(one.label, 60)),),
            (one.category,),
            paper.score(one.number),
            paper.number(f"lab.{one.number}.runs"),
        )
        for one in lab.top
    )
    heads = ("place", "experiment", "name", "kind", lab.metric.name, "runs")
    caption = f"The best experiments by {lab.metric.name}, the mean over their runs."
    blocks.append(paper.table(caption, heads, ("place", lab.metric.name, "runs"), rows))
    if COURSE in lab.plots:
        blocks.append(Plot(name=COURSE, alt="Scores in the order of the experiments, and the best so far"))
        blocks.append(Paragraph((Strong("Figure 1."), " Scores in the order of the experiments, and the best so far.")))
    if paper.best is not None and paper.best != paper.default:
        blocks += _comparison(paper)
    return Section(name="results", title="Results", blocks=tuple(blocks))


def _comparison(paper: Paper) -> list[Block]:
    outcome = paper.lab.outcome
    name = paper.next_table.capitalize()
    told: list[tuple[str, Cell]] = [
        ("default", paper.score(paper.default)),
        ("best", paper.score(paper.best)),
        ("gain", paper.number("lab.gain")),
        ("95 % interval, lower end", paper.number("lab.low")),
        ("95 % interval, upper end", paper.number("lab.high")),
        ("p", paper.number("lab.p")),
        ("p, adjusted for all experiments", paper.number("lab.adjusted_p")),
        ("pairs of parts", paper.number("lab.pairs")),
        ("runs of the best", paper.number("lab.best_runs")),
        ("gain that chance explains", paper.number("lab.noise")),
        ("verdict", (Tag(outcome["verdict"]),)),
    ]
    rows = tuple(((name,), cell) for name, cell in told)
    caption = "The best experiment against the default; the gain is over parts of runs with the same seed."
    why = f" There is no test: {outcome['undefined']}." if outcome["undefined"] else ""
    return [
        Paragraph((f"{name} compares the best with the default. {paper.lab.words}{why}",)),
        paper.table(caption, ("figure", "value"), ("value",), rows),
    ]
