from __future__ import annotations

import json

import pytest

from assay.models.roles import CellText, NewSubtask, SubtaskDependency, SubtaskUpdate
from assay.strategies.notebook.task_graph import ROOT, SHOWN, TaskGraph


def cell(name: str, section: str, *, locked: bool = False) -> CellText:
    return CellText(id=name, name=name.title(), purpose="", section=section, code="x = 1\n", locked=locked)


CELLS = [
    cell("load", "data", locked=True),
    cell("encode", "method"),
    cell("net", "method"),
    cell("fit", "training"),
    cell("loose", ""),
]
GRAPH = TaskGraph.of(CELLS)


def test_open_cells_alone_can_be_worked_on_by_section_and_by_cell() -> None:
    assert {node.id: (node.parent, node.cells) for node in GRAPH.nodes.values()} == {
        "T0": ("", ("encode", "net", "fit", "loose")),
        "T1": ("T0", ("encode", "net")),
        "T2": ("T1", ("encode",)),
        "T3": ("T1", ("net",)),
        "T4": ("T0", ("fit",)),
        "T5": ("T0", ("loose",)),
    }
    assert GRAPH.nodes["T5"].name == "Loose"
    assert GRAPH.cells_of("T1") == ("encode", "net")
    assert GRAPH.cells_of("T9") is None


def test_a_gain_lowers_uncertainty_and_priority_a_loss_raises_them() -> None:
    before = GRAPH.nodes["T1"]
    won = GRAPH.after("T1", improved=True, evidence="round 1: +0.01").nodes["T1"]
    assert (won.uncertainty, won.priority) == pytest.approx((before.uncertainty - 0.05, before.priority - 0.02))
    lost = GRAPH.after("T1", improved=False, evidence="round 1: -0.01").nodes["T1"]
    assert (lost.uncertainty, lost.priority) == pytest.approx((before.uncertainty + 0.07, before.priority + 0.01))
    assert (won.status, lost.status, lost.evidence) == ("active", "active", ("round 1: -0.01",))
    assert GRAPH.after("T9", improved=True, evidence="none") == GRAPH


def test_a_part_is_stabilized_below_the_bound_once_there_is_evidence_enough() -> None:
    graph, wins = GRAPH, 0
    while graph.nodes["T4"].status != "stabilized":
        graph, wins = graph.after("T4", improved=True, evidence=f"win {wins + 1}"), wins + 1
    assert wins == 8, "0.5 - 8 * 0.05 = 0.10 is the first below 0.15"
    assert graph.nodes["T4"].uncertainty == pytest.approx(0.10)
    lost = graph.after("T4", improved=False, evidence="loss").nodes["T4"]
    assert (lost.status, lost.uncertainty) == ("active", pytest.approx(0.17))


def test_values_stay_within_their_range() -> None:
    graph = GRAPH
    for number in range(40):
        graph = graph.after("T4", improved=False, evidence=str(number))
    assert (graph.nodes["T4"].uncertainty, graph.nodes["T4"].priority) == (1.0, 1.0)
    for number in range(60):
        graph = graph.after("T4", improved=True, evidence=str(number))
    assert (graph.nodes["T4"].uncertainty, graph.nodes["T4"].priority) == (0.0, 0.0)


def test_new_parts_and_dependencies_are_stored_and_what_cannot_be_is_said() -> None:
    graph = GRAPH.told(
        [SubtaskUpdate(id="T4", status="dropped", expected_gain=0.1, note="no gain"), SubtaskUpdate(id="T77")],
        [NewSubtask(name="Attention", parent="T3", rationale="long range"), NewSubtask(name="Nothing", parent="T88")],
        [
            SubtaskDependency(source="T2", target="T6"),
            SubtaskDependency(source="T6", target="T2"),
            SubtaskDependency(source="T2", target="T99"),
        ],
    )
    new = graph.nodes["T6"]
    assert (new.name, new.parent, new.cells, new.depends_on) == ("Attention", "T3", ("net",), ("T2",))
    assert (graph.nodes["T4"].status, graph.nodes["T4"].expected_gain) == ("dropped", 0.1)
    assert {task.id: task.note for task in graph.shown() if task.note} == {"T4": "no gain", "T6": "long range"}
    assert graph.nodes["T2"].depends_on == ()
    assert len(graph.ignored) == 4
    assert "round in a circle" in graph.ignored[2]


def test_a_question_shows_the_most_urgent_parts_and_dropped_ones_last() -> None:
    graph = GRAPH.told(
        [SubtaskUpdate(id=ROOT, status="dropped")], [NewSubtask(name=f"n{i}", parent="T4") for i in range(4)], []
    )
    graph = graph.told([], [NewSubtask(name=f"m{i}", parent="T5") for i in range(4)], [])
    shown = graph.after("T5", improved=False, evidence="x").shown()
    assert len(shown) == SHOWN < len(graph.nodes)
    priorities = [task.priority for task in shown]
    assert priorities == sorted(priorities, reverse=True)
    assert ROOT not in {task.id for task in shown}


def test_a_graph_comes_back_from_json_as_it_was() -> None:
    graph = GRAPH.told([], [NewSubtask(name="a", parent="T9")], []).after("T1", improved=True, evidence="y")
    assert TaskGraph.from_json(json.loads(json.dumps(graph.as_json()))) == graph
