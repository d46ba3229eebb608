"""Graphs of ids that one thing comes before another in."""

from __future__ import annotations

from collections.abc import Mapping
from graphlib import CycleError, TopologicalSorter


def must_be_graph(nodes: set[str], before: Mapping[str, set[str]]) -> None:
    """Refuse edges that name a node that is not there, or that go round in a circle.

    Args:
        nodes: Ids of the nodes.
        before: For a node, those that come before it.

    Raises:
        ValueError: An edge dangles, or there is a cycle; the text names it.
    """
    named = {*before, *(node for tails in before.values() for node in tails)}
    unknown = sorted(named - nodes)
    if unknown:
        raise ValueError(f"an edge names {', '.join(map(repr, unknown))}, and no cell has that id")
    try:
        TopologicalSorter({node: before.get(node, set()) for node in nodes}).prepare()
    except CycleError as error:
        raise ValueError(f"the edges go round in a circle: {' -> '.join(error.args[1])}") from error
