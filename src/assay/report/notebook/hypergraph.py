"""Hypergraph: which cells use what others leave, from the notebook's own metadata; as JSON and as a Mermaid chart."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from assay.kinds.notebook import CellInfo, Notebook, describe
from assay.models.roles.notebook import must_be_graph
from assay.report.prose import clean_line

MOST_LABEL = 60
"""Characters of a node's label."""


@dataclass(frozen=True, kw_only=True)
class Edge:
    """Cells that come first, and the cell that uses what they leave."""

    tail: tuple[str, ...]
    head: str


@dataclass(frozen=True, kw_only=True)
class Hypergraph:
    """Nodes and edges that fit together: every edge ends at nodes that are there, and none goes round."""

    nodes: tuple[CellInfo, ...]
    edges: tuple[Edge, ...]


def hypergraph_of(notebook: Notebook) -> Hypergraph:
    """Return the graph that a notebook declares; without edges in its metadata, its cells alone.

    Raises:
        ValueError: An edge names a cell that is not there, the edges go round in a circle, or they are no edges.
    """
    nodes = tuple(info for info in describe(notebook) if info.type == "code" or info.subtask)
    edges = _edges(notebook.metadata)
    before: dict[str, set[str]] = {}
    for edge in edges:
        before.setdefault(edge.head, set()).update(edge.tail)
    must_be_graph({info.id for info in nodes}, before)
    return Hypergraph(nodes=nodes, edges=edges)


def as_json(graph: Hypergraph) -> str:
    """Return the graph as JSON: nodes with name, purpose and section, edges with tail and head."""
    value = {
        "nodes": [{"id": n.id, "name": n.name, "purpose": n.purpose, "section": n.section} for n in graph.nodes],
        "hyperedges": [{"tail": list(edge.tail), "head": edge.head} for edge in graph.edges],
    }
    return json.dumps(value, indent=1, ensure_ascii=False) + "\n"


def as_mermaid(graph: Hypergraph) -> str:
    """Return the graph as a page with a Mermaid flowchart."""
    places = {info.id: f"c{index}" for index, info in enumerate(graph.nodes)}
    lines = ["flowchart TD", *(f'    {places[info.id]}["{_label(info)}"]' for info in graph.nodes)]
    lines += [f"    {places[tail]} --> {places[edge.head]}" for edge in graph.edges for tail in edge.tail]
    chart = "\n".join(lines)
    return f"# Cells\n\n```mermaid\n{chart}\n```\n"


def _label(info: CellInfo) -> str:
    words = clean_line(f"{info.id}: {info.name}" + (f", {info.purpose}" if info.purpose else ""), MOST_LABEL)
    return words.replace('"', "'").replace("`", "'").replace("<", "(").replace(">", ")")


def _edges(metadata: Mapping[str, object]) -> tuple[Edge, ...]:
    execution = metadata.get("execution")
    graph = execution.get("hypergraph") if isinstance(execution, Mapping) else None
    listed = graph.get("hyperedges") if isinstance(graph, Mapping) else None
    if listed is None:
        return ()
    found = []
    for edge in listed if isinstance(listed, list) else [None]:
        tail, head = (edge.get("tail"), edge.get("head")) if isinstance(edge, Mapping) else (None, None)
        if not isinstance(tail, list) or not isinstance(head, str) or not all(isinstance(t, str) for t in tail):
            raise ValueError("an edge needs a `tail`, which is a list of ids, and a `head`, which is one")
        found.append(Edge(tail=tuple(tail), head=head))
    return tuple(found)
