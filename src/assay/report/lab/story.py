"""The report of a lab: what was tried on the repository, what gained, and how the work went, cycle by cycle."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from assay.core.clock import iso_utc
from assay.core.trial import Verdict
from assay.journal.history import History
from assay.models.roles import Experiment
from assay.operators.lab import leaderboard
from assay.operators.lab.record import as_experiments, best_of
from assay.report.document import (
    Cell,
    Code,
    Column,
    Document,
    Headline,
    Mono,
    Paragraph,
    Said,
    Section,
    Table,
    Tag,
    Terms,
)
from assay.report.formatting import format_duration
from assay.report.html import render_html
from assay.report.lab.paper import paper_of
from assay.report.lab.plots import CHANGES, COURSE, draw_changes, draw_course
from assay.report.lab.singles import singles
from assay.report.ledger import Ledger, Source
from assay.report.markdown import render_markdown
from assay.report.prose import clean_line
from assay.strategies.lab.config import LabConfig
from assay.strategies.lab.experiments import results_of, rows_of
from assay.strategies.lab.memory import Noted, noted_cycles
from assay.strategies.lab.outcome import OUTCOME, outcome_of

_WHERE = "`report.html` is the report, `paper.html` tells the work as a study, `story.md` tells each cycle.\n"
MOST_CYCLES = 200
"""Cycles told one by one; the journal has them all."""


def is_lab(history: History) -> bool:
    """Return whether the run is a lab's."""
    return history.started is not None and history.started.strategy == "lab"


def lab_files(history: History, *, final: bool, top: int = 10) -> Mapping[str, str]:
    """Return the reports of a lab by file name: the report in three forms, the paper, leaderboard, story.

    Args:
        history: The journal so far.
        final: Whether nobody is working on it any more.
        top: Experiments on the leaderboard, brought into 3 .. 20.
    """
    told = history.notes.get("lab/config")
    if told is None:
        return {"README.md": "# A lab that never began\n\nIts journal holds no cycle.\n"}
    config = LabConfig.model_validate(told)
    lab = LabReport(history, config, final=final, top=top)
    document, paper = lab.document(), paper_of(lab)
    made = f"as of {iso_utc(history.last.time)}" if history.last else ""
    return {
        "report.html": render_html(document, lab.ledger, {}, made=made),
        "report.md": render_markdown(document, (), made=made),
        "report.json": _json({"run": lab.run, "outcome": lab.outcome, "numbers": lab.ledger.as_dict()}),
        "paper.html": render_html(paper, lab.ledger, lab.plots, made=made),
        "paper.md": render_markdown(paper, tuple(lab.plots), made=made),
        **{f"plots/{name}.svg": svg for name, svg in lab.plots.items()},
        "leaderboard.json": leaderboard.as_json(lab.top, lab.metric),
        "leaderboard.md": leaderboard.as_markdown(lab.top, lab.metric),
        "story.md": lab.story_md(),
        "README.md": f"# {lab.run}\n\n{lab.words}\n\n{_WHERE}",
    }


class LabReport:
    """What the reports of one lab are made from."""

    def __init__(self, history: History, config: LabConfig, *, final: bool, top: int) -> None:
        self.history = history
        self.config = config
        self.final = final
        self.metric = config.as_metric
        self.run = clean_line(history.started.run if history.started else "", 80)
        self.rows = rows = rows_of(history)
        self._results = results_of(rows, config.command)
        self.experiments = as_experiments(self._results, self.metric, {one.number for one in self._results})
        best = best_of(self._results, self.metric)
        self._best = best.number if best is not None else None
        ends = [key for key in history.notes if key.startswith(f"{OUTCOME}/")]
        self.outcome: dict[str, Any] = history.notes[ends[-1]] if ends else outcome_of(rows, config)
        self.cycles = noted_cycles(history.notes, upto=len(history.steps) + 2, last=None)
        self.top = leaderboard.leaderboard(self._results, self.metric, top_k=top)
        self.ledger = self._entered()
        self.plots = self._drawn()

    def _drawn(self) -> dict[str, str]:
        default = (self.outcome["default"] or {}).get("trial")
        drawn = {
            COURSE: draw_course(self.experiments, self.metric, default),
            CHANGES: draw_changes(singles(self.rows, self.config, default), self.metric),
        }
        return {name: svg for name, svg in drawn.items() if svg is not None}

    def _entered(self) -> Ledger:
        ledger = Ledger()
        for one in self.experiments:
            told = {"trial": one.number, "basis": f"mean of {one.repeats} run(s), each the experiment's own word"}
            ledger.add(f"lab.{one.number}.score", one.score, Source.REPORTED, unit=self.metric.name, **told)
            ledger.add(f"lab.{one.number}.delta", one.delta, Source.DERIVED, unit=self.metric.name, trial=one.number)
            ledger.add(f"lab.{one.number}.wall_s", one.wall_s, Source.MEASURED, unit="s", trial=one.number)
            ledger.add(f"lab.{one.number}.runs", one.repeats, Source.COUNTED, trial=one.number)
        pairs = "best against default, parts of runs with the same seed, corrected t-test (Nadeau and Bengio 2003)"
        for name in ("gain", "low", "high", "p", "adjusted_p", "noise"):
            ledger.add(f"lab.{name}", self.outcome[name], Source.DERIVED, unit=self.metric.name, basis=pairs)
        for name in ("experiments", "runs"):
            ledger.add(f"lab.{name}", self.outcome[name], Source.COUNTED)
        ledger.add("lab.cycles", len(self.cycles), Source.COUNTED)
        challenges = sum(one.recommendation == "challenge" for one in self.cycles)
        ledger.add("lab.challenges", challenges, Source.COUNTED)
        ledger.add("lab.wall_s", self.history.wall_s, Source.MEASURED, unit="s")
        return ledger

    # --- words ----------------------------------------------------------------------------------------------------

    @property
    def words(self) -> str:
        """The outcome in a sentence, without numbers."""
        if self._best is None:
            return "No experiment reported a score."
        if self.outcome["gain"] is None:
            return "Nothing was better than the default."
        return {
            str(Verdict.REAL): "The best experiment beats the default by more than chance.",
            str(Verdict.MAYBE): "The best experiment may beat the default; it is not established.",
        }.get(self.outcome["verdict"], "What looks better than the default is within chance.")

    def document(self) -> Document:
        """Return the report."""
        sections = (self._tried(), self._course(), self._reviews(), self._way())
        return Document(
            title=f"{self.history.task.name}: {self.words.rstrip('.').lower()}",
            run=self.run,
            draft="" if self.final else "The lab is still at work.",
            answer=self._answer(),
            headline=self._headline(),
            box=self._box(),
            sections=tuple(section for section in sections if section is not None),
        )

    def _answer(self) -> Cell:
        reported = " Scores are what the experiments report of themselves; Assay ran them and graded nothing."
        return (self.words, *self._gain(), reported)

    def _gain(self) -> Cell:
        if self.outcome["gain"] is None:
            return ()
        cell: Cell = (" It gains ", self._num("lab.gain", self.outcome["gain"]))
        if self.outcome["low"] is not None:
            low, high = self._num("lab.low", self.outcome["low"]), self._num("lab.high", self.outcome["high"])
            cell = (*cell, " (95 % interval ", low, " to ", high, ")")
        return (*cell, ".")

    def _headline(self) -> Headline | None:
        best = next((one for one in self.experiments if one.number == self._best), None)
        if best is None:
            return None
        return Headline(value=self._score(best), label=f"{self.metric.name}, reported", note=clean_line(best.label, 80))

    def _box(self) -> Terms:
        undefined = self.outcome["undefined"]
        p = (
            self._num("lab.adjusted_p", self.outcome["adjusted_p"])
            if self.outcome["adjusted_p"] is not None
            else undefined
        )
        rows: list[tuple[str, Cell]] = [
            ("verdict", (Tag(self.outcome["verdict"]),)),
            ("adjusted p", (p or "none",)),
            ("experiments", (self.ledger.cite("lab.experiments", str(self.outcome["experiments"])),)),
            ("runs", (self.ledger.cite("lab.runs", str(self.outcome["runs"])),)),
            ("cycles", (self.ledger.cite("lab.cycles", str(len(self.cycles))),)),
            ("time", (self.ledger.cite("lab.wall_s", format_duration(self.history.wall_s)),)),
        ]
        if self.outcome["noise"] is not None:
            rows.insert(2, ("chance", (self._num("lab.noise", self.outcome["noise"]), " between runs of one command")))
        return Terms(tuple(rows))

    # --- sections -------------------------------------------------------------------------------------------------

    def _tried(self) -> Section:
        heads = (
            "#",
            "experiment",
            "differs in",
            "kind",
            self.metric.name,
            "gain over the best before",
            "runs",
            "time",
            "state",
        )
        columns = tuple(Column(head, right=head in ("#", self.metric.name, "runs", "time")) for head in heads)
        rows = tuple(self._row(one) for one in self.experiments)
        better = "higher" if self.metric.higher_is_better else "lower"
        note = Paragraph(
            (f"{self.metric.name}: {better} is better. Runs of one command with several seeds are one row.",)
        )
        return Section(name="experiments", title="What was tried", blocks=(note, Table(columns=columns, rows=rows)))

    def _row(self, one: Experiment) -> tuple[Cell, ...]:
        name = f"lab.{one.number}"
        delta: Cell = (self._num(f"{name}.delta", one.delta),) if one.delta is not None else ("",)
        state: Cell = (Tag(one.state), Said(f" {clean_line(one.problem, 160)}")) if one.problem else (Tag(one.state),)
        return (
            (str(one.number),),
            (Said(clean_line(one.label, 80)),),
            (Said(clean_line(one.changed, 160)),),
            (one.category,),
            self._score(one),
            delta,
            (self.ledger.cite(f"{name}.runs", str(one.repeats)),),
            (self.ledger.cite(f"{name}.wall_s", format_duration(one.wall_s)),),
            state,
        )

    def _course(self) -> Section:
        told = self.cycles[-MOST_CYCLES:]
        columns = (Column("cycle", right=True), Column("what was done"), Column("why"))
        rows = tuple(
            ((str(one.cycle.number),), (Said(clean_line(_what(one), 200)),), (Said(clean_line(one.rationale, 300)),))
            for one in told
        )
        return Section(name="course", title="How the work went", blocks=(Table(columns=columns, rows=rows),))

    def _reviews(self) -> Section | None:
        told = [one for one in self.cycles[-MOST_CYCLES:] if one.cycle.reviewed]
        if not told:
            return None
        columns = (Column("cycle", right=True), Column("because of"), Column("word"), Column("critique"))
        rows = tuple(
            (
                (str(one.cycle.number),),
                (clean_line("; ".join(one.reasons), 120),),
                (f"{one.trajectory.replace('_', ' ')}, {one.recommendation}",),
                (Said(clean_line(one.critique, 600)),),
            )
            for one in told
        )
        return Section(name="mentor", title="What the mentor said", blocks=(Table(columns=columns, rows=rows),))

    def _way(self) -> Section:
        started = self.history.started
        checkout = self.history.notes.get("lab/checkout") or {}
        changed = checkout.get("changed") or ()
        state: Cell = (
            Mono(checkout.get("commit") or "no git"),
            f", {len(changed)} files with changes taken along" if changed else "",
        )
        rows: tuple[tuple[str, Cell], ...] = (
            ("default", (Mono(self.config.command),)),
            ("best", (Mono((self.outcome["best"] or {}).get("command", "none")),)),
            ("repository", state),
            ("model", (started.model if started else "",)),
            ("sandbox", (", ".join(self.history.sandboxes),)),
        )
        return Section(
            name="way",
            title="How to run it again",
            blocks=(Terms(rows), Code(summary="Mission", text=self.config.mission)),
        )

    # --- other files ----------------------------------------------------------------------------------------------

    def story_md(self) -> str:
        """Return one line a cycle, and longer texts where something turned."""
        lines = [f"# The story of {self.run}", "", self.words, ""]
        for one in self.cycles:
            lines.append(f"- {clean_line(one.line, 300)}")
            if one.recommendation == "challenge":
                lines.append(f"  - the mentor: {clean_line(one.critique, 500)}")
        return "\n".join(lines) + "\n"

    def _score(self, one: Experiment) -> Cell:
        return (self._num(f"lab.{one.number}.score", one.score),) if one.score is not None else ("none",)

    def _num(self, name: str, value: float) -> Any:
        return self.ledger.cite(name, f"{value:.4g}")


def _what(one: Noted) -> str:
    return one.line.partition(" | ")[2]


def _json(value: Any) -> str:
    return json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
