from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from assay.core.errors import ReplyInvalid
from assay.core.metric import Direction, Metric, Needs
from assay.engine.arms import Arm, results
from assay.journal.file import FileJournal
from assay.journal.history import History
from assay.kinds.notebook import Notebook, new_cell, parse
from assay.models.base import Request
from assay.models.scripted import Scripted
from assay.report import write_reports
from assay.report.notebook.complexity import complexity
from assay.report.notebook.experiment import backed, experiment_report, metrics_json
from assay.report.notebook.hypergraph import as_mermaid, hypergraph_of
from assay.strategies.notebook.analysis import Analysis
from assay.strategies.notebook.options import NotebookOptions, ReviewOptions
from assay.strategies.notebook.record import base_of, iterations_of, rounds_of
from assay.strategies.notebook.review import NotebookReview
from assay.strategies.notebook.strategy import NotebookSearch
from support.engine import Bench
from support.notebook_bench import answers, base_notebook, bench, cells, critique, wish

RMSE = Metric(name="rmse", direction=Direction.LOWER, needs=Needs.VALUES)
SCORES = (1.8, 2.5, 1.6)


@dataclass
class Made:
    """A finished run with its files."""

    folder: Path
    history: History

    def text(self, name: str) -> str:
        return (self.folder / name).read_text(encoding="utf-8")

    def json(self, name: str) -> Any:
        return json.loads(self.text(name))


def finish(made: Bench, strategy: str) -> Made:
    run = made.open()
    # The bench starts every run as one of `tree`; reports go by the strategy's name.
    started = made.log.read(lambda history: history.started)
    assert started is not None
    assert started.strategy == strategy
    run.work()
    write_reports(made.folder)
    return Made(made.folder, History(FileJournal(made.folder / "events.jsonl").read()))


@pytest.fixture(scope="module")
def reviewed(tmp_path_factory: pytest.TempPathFactory) -> Made:
    folder = tmp_path_factory.mktemp("review")
    source = base_notebook(folder / "own.ipynb")

    def review(request: Request[Any]) -> Scripted:
        number = request.inputs.round  # type: ignore[attr-defined]
        if number == 2:
            return critique({"final": "saved = 9"}, decision="EXPLORE", focus="T0")
        return critique({"novel": wish("novel", score=SCORES[number - 1])}, focus="T2")

    made = bench(
        folder / "run",
        NotebookReview(ReviewOptions(max_iterations=3, source=str(source))),
        answers(lambda _: cells(1.0), review),
        backend=FileJournal(folder / "run" / "events.jsonl"),
        strategy_name="notebook_review",
    )
    return finish(made, "notebook_review")


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Made:
    folder = tmp_path_factory.mktemp("generate") / "run"
    made = bench(
        folder,
        NotebookSearch(NotebookOptions(max_iterations=2, baselines=False)),
        answers(lambda request: cells((1.7, 1.9)[request.inputs.iteration - 1])),
        backend=FileJournal(folder / "events.jsonl"),
        strategy_name="notebook",
    )
    return finish(made, "notebook")


def test_a_run_of_notebook_leaves_its_files(generated: Made) -> None:
    best, _ = iterations_of(generated.history)
    notebook = parse(generated.text("notebook_prompt.ipynb"), "notebook_prompt.ipynb")
    assert notebook.cell("novel").source == wish("novel", score=1.7), "of the best iteration, not of the last"
    assert generated.text("research_strategy.md") == best.strategy
    metrics = generated.json("metrics.json")
    trial = generated.history.trials[best.trial or 0]
    model = metrics["models"]["iteration 1: method 1"]
    assert model["folds"] == dict(trial.scores)
    assert model["mean"] == pytest.approx(trial.score)
    assert metrics["models"]["baseline of iteration 1"]["folds"] == dict(best.baseline)
    assert metrics["winner"] == "iteration 1: method 1"
    assert model["gain"] == pytest.approx(0.3, abs=0.03)
    assert generated.json("hypergraph.json")["hyperedges"][1] == {"tail": ["plain", "novel"], "head": "fit"}
    assert "c3 --> c5" in generated.text("hypergraph.md")
    assert generated.json("loop_summary.json")["status"] == "finished"
    report = generated.text("experiment_report.md")
    assert "a gain is real there once it was found again on fresh partitions" in report
    assert "It was tried." in report
    assert "Words of scripted" in report
    assert "| **iteration 1: method 1** |" in report
    compile(generated.text("notebook_best.py"), "notebook_best.py", "exec")
    board = generated.json("loop_summary.json")["scoreboard"]
    assert (board["attempted"], board["succeeded"], board["clean"], board["repaired"]) == (2, 2, 2, 0)
    assert board["best"] == pytest.approx(trial.score)
    page = generated.text("report.md")
    assert "## Notebooks" in page
    assert "method 2" in page
    assert generated.json("complexity.json")["cyclomatic"] >= 1


def test_a_review_leaves_its_history_and_every_notebook(reviewed: Made) -> None:
    base, rounds = base_of(reviewed.history), rounds_of(reviewed.history)
    assert base is not None
    text = reviewed.text("optimization_history.md")
    for record in rounds:
        assert f"## Round {record.number}: {record.verdict}" in text
    first = rounds[0]
    assert f"locked baseline {base.score:.5g}, notebook before {base.score:.5g}, candidate {first.score:.5g}" in text
    assert f"gain over the baseline {first.delta:+.5g}" in text
    assert "The last change showed that depth is not what is missing." in text
    assert "+novel = " in text
    assert "- Refused: the cell 'final' is locked" in text
    assert notebook_of_file(reviewed, "notebook_base.ipynb").cell("novel").source == wish("novel", score=2.0)
    assert notebook_of_file(reviewed, "notebook_iter_3.ipynb").cell("novel").source == wish("novel", score=1.6)
    assert not (reviewed.folder / "notebook_iter_2.ipynb").exists(), "its edits were refused"
    assert notebook_of_file(reviewed, "notebook_best.ipynb").cell("novel").source == wish("novel", score=1.6)
    metrics = reviewed.json("metrics_iter_1.json")
    assert metrics["models"]["locked baseline"]["folds"] == dict(base.scores)
    assert {node["id"] for node in reviewed.json("task_graph_state.json")["nodes"]} >= {"T0", "T1"}
    assert reviewed.json("metrics_best.json")["winner"] == "round 3: Neighbours"
    patches = [path.read_text(encoding="utf-8") for path in reviewed.folder.glob("trials/*/diff.patch")]
    assert any(text.startswith("cell novel: edited") for text in patches)
    assert {row["verdict"] for row in reviewed.json("loop_summary.json")["rounds"]} == {"IMPROVED", "REFUSED"}


def notebook_of_file(made: Made, name: str) -> Notebook:
    return parse(made.text(name), name)


def test_all_of_it_can_be_made_again_from_the_journal(reviewed: Made) -> None:
    names = [path.name for path in reviewed.folder.iterdir() if path.suffix in (".md", ".json", ".ipynb", ".py")]
    before = {name: reviewed.text(name) for name in names if name != "heartbeat.json"}
    for name in before:
        (reviewed.folder / name).unlink()
    write_reports(reviewed.folder)
    again = {name: reviewed.text(name) for name in before if (reviewed.folder / name).exists()}
    assert {n: t for n, t in before.items() if n in again} == again
    assert {"optimization_history.md", "notebook_best.ipynb", "metrics.json", "experiment_report.md"} <= again.keys()


# --- the experiment report -------------------------------------------------------------------------------------------

BASE = {"fold-0": 2.0, "fold-1": 2.1, "fold-2": 1.9}
ARMS = (
    Arm(name="baseline", scores=BASE, against={}, baseline=True),
    Arm(name="method", scores={"fold-0": 1.8, "fold-1": 1.8, "fold-2": 1.7}, against=BASE, trial=3),
    Arm(name="copy", scores={view: score - 0.5 for view, score in BASE.items()}, against=BASE, trial=4),
)
ANALYSIS = Analysis(
    title="method", strategy="Ratios.", metric="rmse", higher_is_better=False, results=results(ARMS, RMSE),
    winner="method", facts=("method: 1.7667 ± 0.033 over 3 folds", "gain +0.23333"),
)  # fmt: skip


def test_the_table_is_the_metrics_even_if_the_words_lie() -> None:
    lies = {
        "summary": "It scores 0.012 everywhere. Ratios help. The gain is 0.23333.",
        "discussion": "A gain of 95 % is certain.",
        "next_steps": "More rows.",
        "by": "liar",
    }
    text = experiment_report(ANALYSIS, lies, heading="Ratios")
    assert "0.012" not in text
    assert "95 % is certain" not in text
    assert "Ratios help. The gain is 0.23333." in text
    assert "1 sentence with numbers that nothing backs left out" in text
    assert "| **method** | 1.7667 ± 0.033 | 3 | +0.23333 | +11.67 |" in text
    assert "no sentence of the model's was free of unbacked numbers" in text
    assert "copy: no test, the difference is the same on every fold" in text


def test_without_a_model_the_template_stands() -> None:
    text = experiment_report(ANALYSIS, None, heading="Ratios")
    assert "The best solution is method with 1.7667 ± 0.033, a gain of +0.23333 over its baseline." in text
    assert text.count("Written by a template.") == 3


def test_metrics_hold_what_was_computed_and_no_number_stands_for_what_is_not_there() -> None:
    value = json.loads(metrics_json(ANALYSIS))
    method, copy = value["models"]["method"], value["models"]["copy"]
    assert (value["provenance"], value["direction"]) == ("graded", "lower")
    assert method["cohens_d"] == pytest.approx(results(ARMS, RMSE)[1].effect)
    assert (copy["p_value"], copy["interval_95"]) == (None, None)
    assert "spread is unknown" in copy["undefined"]
    assert json.loads(metrics_json(ANALYSIS, ["baseline"]))["winner"] is None


def test_a_sentence_is_backed_by_the_facts_alone() -> None:
    assert backed("It gains 0.23. Version 7 fails.", ANALYSIS) == ("It gains 0.23.", 1)


def test_a_run_whose_model_is_gone_has_a_report(tmp_path: Path) -> None:
    def gone(request: Request[Any]) -> Scripted:
        return ReplyInvalid("down") if request.role == "notebook_report" else plain(request)

    plain = answers(lambda _: cells(1.7))
    made = bench(
        tmp_path, NotebookSearch(NotebookOptions(max_iterations=1, baselines=False)), gone,
        backend=FileJournal(tmp_path / "events.jsonl"), strategy_name="notebook",
    )  # fmt: skip
    done = finish(made, "notebook")
    assert "Written by a template." in done.text("experiment_report.md")
    shown = [len(r.inputs.facts) for r in made.model.requests if r.role == "notebook_report"]  # type: ignore[attr-defined]
    assert shown == sorted(shown, reverse=True)
    assert len(shown) == 3


# --- hypergraph and complexity ---------------------------------------------------------------------------------------


def graph(edges: Any) -> Notebook:
    made = (new_cell("a", "x = 1", name='First "one"', purpose="P" * 99), new_cell("b", "y = x", name="Second"))
    return Notebook(cells=made, metadata={"execution": {"hypergraph": {"hyperedges": edges}}})


def test_the_graph_is_drawn_from_the_metadata() -> None:
    text = as_mermaid(hypergraph_of(graph([{"tail": ["a"], "head": "b"}])))
    assert text.startswith("# Cells\n\n```mermaid\nflowchart TD\n")
    assert "c0 --> c1" in text
    label = next(line for line in text.splitlines() if line.strip().startswith("c0["))
    assert "First 'one'" in label
    assert len(label.strip()) <= len('c0[""]') + 60


@pytest.mark.parametrize(
    ("edges", "problem"),
    [
        ([{"tail": ["a"], "head": "z"}], "'z', and no cell has that id"),
        ([{"tail": ["a"], "head": "b"}, {"tail": ["b"], "head": "a"}], "round in a circle"),
        ([{"tail": "a", "head": "b"}], "an edge needs a `tail`"),
        ("edges", "an edge needs a `tail`"),
    ],
)
def test_edges_that_do_not_fit_are_refused(edges: Any, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        hypergraph_of(graph(edges))


def test_the_numbers_of_a_known_file() -> None:
    code = "# a comment\ndef f(x):\n    if x and x > 1 or x < -1:\n        return [y for y in x]\n    return 0\n\n"
    code += "class A:\n    pass\n"
    found = complexity(code)
    assert {key: found[key] for key in ("source_lines", "cyclomatic", "functions", "classes", "names")} == {
        "source_lines": 6, "cyclomatic": 5, "functions": 1, "classes": 1, "names": 2,
    }  # fmt: skip
    assert "does not parse" in complexity("def")["problem"]
