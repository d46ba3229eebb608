"""How the search went: its phases by path, the blocks that were worked on, the ensembles and the last look."""

from __future__ import annotations

from assay.journal.history import Trial
from assay.report.course import Block, Course, LastLook, Phase, Plan, Start, course_of
from assay.report.course_numbers import phase_name
from assay.report.document import Block as Content
from assay.report.document import Cell, Code, Column, Items, Mono, Paragraph, Said, Section, Table
from assay.report.formatting import MISSING
from assay.report.prose import clean, clean_line
from assay.report.telling import Teller

_PLAN = Column("Plan, in its author's words")
_MOST_NAMED = 24
"""Trials named in one cell."""

_IDLE = {
    "merge": "no merged script",
    "data-usage": "nothing is left unused",
    "finalize": "nothing had to change",
}
"""What phases came to that ended well without a trial."""


def search_section(teller: Teller) -> Section | None:
    """Return how the search went, phase by phase; None for a strategy that has no phases."""
    course = course_of(teller.facts)
    if course is None:
        return None
    lead: Cell = (
        "Each path searched on its own, unseen by the others; what they found was then combined. A phase that was cut "
        "short keeps what it had found.",
    )
    blocks: list[Content] = [Paragraph(lead), _phases(teller, course.phases)]
    if course.starts:
        blocks += [Paragraph(_offered(teller, course)), *_starts(teller, course)]
    for block in course.blocks:
        blocks += _block(teller, block)
    if any(block.plans for block in course.blocks):
        blocks.append(Paragraph(("A verdict is against the best that was known when a plan was carried out.",)))
    if course.rounds:
        blocks += [Paragraph(("Ensembles of what the paths found:",)), _rounds(teller, course.rounds)]
    blocks += _leaks(teller, course)
    if course.last_look is not None:
        blocks += _last_look(teller, course.last_look)
    return Section(name="search", title="How the search went", blocks=tuple(blocks))


def _phases(teller: Teller, phases: tuple[Phase, ...]) -> Table:
    heads = (
        Column("Where"),
        Column("Phase"),
        Column("Trials"),
        Column("Best after it", right=True),
        Column("Took", right=True),
    )
    rows, last = [], None
    for phase in phases:
        place, title = _named(phase)
        rows.append(
            (
                (place if place != last else "",),
                (title,),
                _trials(teller, phase),
                (*_ref(teller, phase.best), " ", *teller.measured(phase.best))
                if phase.best is not None
                else (MISSING,),
                teller.duration(phase_name(phase)),
                (clean_line(phase.state, 200) or (_IDLE.get(phase.name, "") if not phase.trials else ""),),
            )
        )
        last = place
    return Table(
        columns=(*heads, Column("Note")),
        rows=tuple(rows),
        caption=("Best after it: of the path up to there; for an ensemble, of all paths and ensembles.",),
    )


def _named(phase: Phase) -> tuple[str, str]:
    """Return where a phase belongs and what it is called there."""
    if phase.name == "ensemble":
        return "ensembles", phase.place.replace("ensemble", "round")
    return phase.place or "end", phase.title


def _trials(teller: Teller, phase: Phase) -> Cell:
    told = _refs(teller, phase.trials)
    if phase.variants:
        told = (*told, "; " if told else "", "ablation ", *_refs(teller, phase.variants))
    return told or (MISSING,)


def _refs(teller: Teller, trials: tuple[Trial, ...]) -> Cell:
    cell: Cell = ()
    for index, trial in enumerate(trials[:_MOST_NAMED]):
        cell = (*cell, " " if index else "", teller.ref(trial))
    return (*cell, " …") if len(trials) > _MOST_NAMED else cell


def _ref(teller: Teller, trial: Trial | None) -> Cell:
    return (MISSING,) if trial is None else (teller.ref(trial),)


def _offered(teller: Teller, course: Course) -> Cell:
    lead = "The models that the paths started from"
    if not course.offered:
        return (f"{lead}:",)
    of = f" of {course.dated}" if course.dated else ""
    return (f"{lead}. The catalogue{of} offered ", *teller.count("catalogue.offered", "entry", "entries"), ":")


def _starts(teller: Teller, course: Course) -> list[Content]:
    rows = [row for start in course.starts for row in _start(teller, start, catalogue=bool(course.offered))]
    columns = (
        Column("Where"),
        Column("How they were found"),
        Column("Model, as it was named"),
        Column("#", right=True),
        Column(f"{teller.facts.metric.name} ± SE", right=True),
    )
    found: list[Content] = [Table(columns=columns, rows=tuple(rows))]
    sources = [(start.place, start.answer.sources) for start in course.starts if start.answer is not None]
    looked = tuple(_sources(place, urls) for place, urls in sources if urls)
    return [*found, Items(looked)] if looked else found


def _start(teller: Teller, start: Start, *, catalogue: bool) -> list[tuple[Cell, ...]]:
    head: tuple[Cell, ...] = ((start.place,), (_retrieved(start, catalogue=catalogue),))
    rows: list[tuple[Cell, ...]] = []
    for name, trial in start.models:
        result: Cell = ("no script",)
        if trial is not None:
            result = teller.measured(trial) if trial.ranks else teller.verdict(trial)
        rows.append((*(head if not rows else ((), ())), (Said(clean_line(name, 120)),), _ref(teller, trial), result))
    return rows or [(*head, ("none",), (MISSING,), (MISSING,))]


def _sources(place: str, urls: tuple[str, ...]) -> Cell:
    cell: Cell = (f"Looked at for {place}: ",)
    for index, url in enumerate(urls[:_MOST_NAMED]):
        cell = (*cell, ", " if index else "", Mono(clean_line(url, 200)))
    return cell


def _retrieved(start: Start, *, catalogue: bool) -> str:
    if start.answer is None or start.answer.error:
        return "nobody named any"
    if start.answer.searched:
        if start.answer.kept:
            return f"found by a search of the web that an earlier run made on {clean_line(start.answer.kept, 10)}"
        return "found by a search of the web"
    if start.answer.model == "playbook":
        return "offline, from the catalogue"
    if catalogue:
        return "offline, with the catalogue to choose from"
    return "offline, without a search of the web"


def _block(teller: Teller, block: Block) -> list[Content]:
    place, studied = block.place[:1].upper() + block.place[1:], _refs(teller, block.ablation)
    if not block.text and not block.plans:
        none = (f"{place}: no block of ", *teller.named(block.parent), " was worked on after the ablation ", *studied)
        return [Paragraph((*none, "."))]
    lead: Cell = (f"{place}, block {block.number}, of ", *teller.named(block.parent))
    if studied:
        lead = (*lead, ", chosen after the ablation ", *studied)
    found: list[Content] = [Paragraph((*lead, ":"))]
    if block.text:
        summary = f"Block {block.number} of {block.place}, as it stood in #{block.parent.number}"
        found.append(Code(summary=summary, text=clean(block.text), language="python"))
    if block.plans:
        found.append(_plans(teller, block.plans, f"Gain over #{block.parent.number}"))
    return found


def _rounds(teller: Teller, rounds: tuple[Plan, ...]) -> Table:
    return _plans(teller, rounds, "Gain over the best of its members", members=True)


def _plans(teller: Teller, plans: tuple[Plan, ...], gain: str, *, members: bool = False) -> Table:
    heads = (Column("#", right=True), _PLAN, Column(f"{teller.facts.metric.name} ± SE", right=True))
    return Table(
        columns=(*heads, Column(gain, right=True), Column("Verdict"), *((Column("Members"),) if members else ())),
        rows=tuple(_plan(teller, plan, members=members) for plan in plans),
    )


def _plan(teller: Teller, plan: Plan, *, members: bool) -> tuple[Cell, ...]:
    text: Cell = (Said(clean_line(plan.text, 240)),)
    trial = plan.trial
    if trial is None:
        why: Cell = (": ", Said(clean_line(plan.reason, 160))) if plan.reason else ()
        row: tuple[Cell, ...] = ((MISSING,), text, (MISSING,), (MISSING,), ("no script came of it", *why))
        return (*row, (MISSING,)) if members else row
    gain = teller.gain_over(trial, plan.against)
    over: Cell = (*gain, " (", teller.ref(plan.against), ")") if members and plan.against is not None else gain
    row = ((teller.ref(trial),), text, teller.measured(trial), over, teller.verdict(trial))
    known = teller.facts.history.trials
    return (*row, _refs(teller, tuple(known[n] for n in trial.parents if n in known))) if members else row


def _leaks(teller: Teller, course: Course) -> list[Content]:
    if not course.looked:
        return []
    looked = teller.count("leaks.looked", "script was", "scripts were")
    rewritten = teller.count("leaks.rewritten", "block was", "blocks were")
    return [Paragraph((*looked, " looked at for leaks before they ran, and ", *rewritten, " rewritten for it."))]


def _last_look(teller: Teller, look: LastLook) -> list[Content]:
    trial = teller.facts.history.trials.get(look.trial)
    name: Cell = teller.named(trial) if trial is not None else (f"#{look.trial}",)
    signs = "would sign for its score" if look.sound else "would not sign for its score"
    told: list[Content] = [
        Paragraph(
            (
                "Who looked at ",
                *name,
                f" last {signs}.",
            ),
            warning=not look.sound,
        )
    ]
    reasons = "\n".join(f"{reason}" for reason in look.reasons)
    return [*told, teller.placed(reasons, teller.author, look.trial)] if reasons.strip() else told
