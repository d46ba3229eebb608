"""TaskGraph: the parts of a notebook that can be worked on, and what rounds of review showed about working on them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from assay.core.codec import decode, encode
from assay.models.roles import CellText, NewSubtask, Subtask, SubtaskDependency, SubtaskUpdate
from assay.models.roles.notebook import must_be_graph

ROOT = "T0"
"""The whole notebook: every open cell belongs to it."""
SHOWN = 12
"""Subtasks that a question shows, the most urgent first."""
STABLE_BELOW = 0.15
"""Uncertainty under which a subtask with enough evidence counts as stabilized."""
STABLE_EVIDENCE = 2
WON = (-0.05, -0.02)
"""What a round that improved adds to uncertainty and priority."""
LOST = (0.07, 0.01)
"""What a round that did not improve adds to them."""
FIRST_PRIORITY = 0.7
PRIORITY_STEP = 0.05
"""Each later part of the notebook starts so much less urgent."""
START = 0.5
"""Uncertainty and expected gain of a part that nobody has worked on."""


@dataclass(frozen=True, kw_only=True)
class Node:
    """A part that can be worked on."""

    id: str
    name: str
    parent: str
    cells: tuple[str, ...]
    status: str = "open"
    priority: float = FIRST_PRIORITY
    expected_gain: float = START
    uncertainty: float = START
    depends_on: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()
    rationale: str = ""
    note: str = ""
    """What a reviewer last said of it."""


@dataclass(frozen=True)
class TaskGraph:
    """An immutable state of the graph; each change returns another one."""

    nodes: Mapping[str, Node] = field(default_factory=dict)
    ignored: tuple[str, ...] = ()
    """What was asked for and could not be, a sentence each."""

    @classmethod
    def of(cls, cells: Sequence[CellText]) -> TaskGraph:
        """Return the first state: the root, a part for each section with open cells, and one for each cell beneath.

        Args:
            cells: Those of the notebook; cells without a section are parts of their own.
        """
        free = [cell for cell in cells if not cell.locked]
        nodes = {ROOT: Node(id=ROOT, name="the whole notebook", parent="", cells=tuple(c.id for c in free))}
        sections: dict[str, list[CellText]] = {}
        for cell in free:
            sections.setdefault(cell.section or f"\0{cell.id}", []).append(cell)
        for rank, (section, group) in enumerate(sections.items()):
            name = group[0].name or group[0].id if len(group) == 1 else section.strip("\0")
            priority = max(0.0, FIRST_PRIORITY - PRIORITY_STEP * rank)
            node = _next(nodes, name, ROOT, tuple(cell.id for cell in group), priority)
            nodes[node.id] = node
            for cell in group if len(group) > 1 else ():
                child = _next(nodes, cell.name or cell.id, node.id, (cell.id,), priority)
                nodes[child.id] = child
        return cls(nodes)

    def shown(self) -> tuple[Subtask, ...]:
        """Return what a question tells of the graph: the most urgent parts, dropped ones last."""
        ranked = sorted(self.nodes.values(), key=lambda n: (n.status == "dropped", -n.priority, n.id))
        return tuple(
            Subtask(
                id=node.id,
                name=node.name,
                parent=node.parent,
                cells=node.cells,
                status=node.status,
                priority=round(node.priority, 4),
                expected_gain=node.expected_gain,
                uncertainty=round(node.uncertainty, 4),
                depends_on=node.depends_on,
                evidence=node.evidence,
                note=node.note or node.rationale,
            )
            for node in ranked[:SHOWN]
        )

    def cells_of(self, focus: str) -> tuple[str, ...] | None:
        """Return the ids of the cells that work on `focus` may change; None where there is no such part."""
        node = self.nodes.get(focus)
        return None if node is None else node.cells

    def told(
        self,
        updates: Iterable[SubtaskUpdate],
        new: Iterable[NewSubtask],
        dependencies: Iterable[SubtaskDependency],
    ) -> TaskGraph:
        """Return the graph with what a critique adds to it; what names a part that is not there is ignored, and said.

        Args:
            updates: Changes of status or expected gain.
            new: Parts of parts; they inherit the cells of their parent.
            dependencies: What needs what; one that would close a circle is ignored.
        """
        nodes, ignored = dict(self.nodes), []
        for update in updates:
            if update.id not in nodes:
                ignored.append(f"no subtask {update.id!r} to update")
                continue
            node = nodes[update.id]
            gain = node.expected_gain if update.expected_gain is None else update.expected_gain
            status = node.status if node.status == "stabilized" and update.status == "open" else update.status
            nodes[node.id] = replace(node, status=status, expected_gain=gain, note=update.note or node.note)
        for wish in new:
            parent = nodes.get(wish.parent)
            if parent is None:
                ignored.append(f"no subtask {wish.parent!r} that {wish.name!r} could be part of")
                continue
            child = _next(nodes, wish.name, parent.id, parent.cells, parent.priority)
            nodes[child.id] = replace(child, rationale=wish.rationale)
        for edge in dependencies:
            problem = _linked(nodes, edge)
            if problem:
                ignored.append(problem)
        return TaskGraph(nodes, tuple(ignored))

    def after(self, focus: str, *, improved: bool, evidence: str) -> TaskGraph:
        """Return the graph after a round of work on `focus`.

        Args:
            focus: Which part; one that is not there changes nothing.
            improved: Whether the round's notebook is the new base.
            evidence: What it showed, in a sentence.
        """
        node = self.nodes.get(focus)
        if node is None:
            return self
        uncertainty, priority = WON if improved else LOST
        proof = (*node.evidence, evidence)
        left = _within(node.uncertainty + uncertainty)
        stable = left < STABLE_BELOW and len(proof) >= STABLE_EVIDENCE
        changed = replace(
            node,
            uncertainty=left,
            priority=_within(node.priority + priority),
            evidence=proof,
            status="stabilized" if stable else ("active" if node.status in ("open", "stabilized") else node.status),
        )
        return TaskGraph({**self.nodes, focus: changed}, self.ignored)

    def as_json(self) -> dict[str, Any]:
        """Return the graph as JSON values."""
        return {"nodes": [encode(node) for node in self.nodes.values()], "ignored": list(self.ignored)}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> TaskGraph:
        """Return the graph that `as_json` made `value` from."""
        nodes = [decode(Node, node) for node in value["nodes"]]
        return cls({node.id: node for node in nodes}, tuple(value["ignored"]))


def _next(nodes: Mapping[str, Node], name: str, parent: str, cells: tuple[str, ...], priority: float) -> Node:
    number = max(int(known.removeprefix("T")) for known in nodes) + 1
    return Node(id=f"T{number}", name=name, parent=parent, cells=cells, priority=round(priority, 4))


def _linked(nodes: dict[str, Node], edge: SubtaskDependency) -> str:
    """Store a dependency in `nodes`; return why not if it cannot be."""
    unknown = [name for name in (edge.source, edge.target) if name not in nodes]
    if unknown:
        return f"no subtask {unknown[0]!r} to depend on or from"
    target = nodes[edge.target]
    if edge.source in target.depends_on:
        return ""
    linked = replace(target, depends_on=(*target.depends_on, edge.source))
    before = {node.id: set(node.depends_on) for node in nodes.values()} | {linked.id: set(linked.depends_on)}
    try:
        must_be_graph(set(nodes), before)
    except ValueError as circle:
        return f"{edge.source} before {edge.target} is ignored: {circle}"
    nodes[linked.id] = linked
    return ""


def _within(value: float) -> float:
    return round(min(1.0, max(0.0, value)), 10)
