from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from assay.core.candidate import Candidate
from assay.core.errors import IntegrityError, NothingFound, ReplyInvalid
from assay.core.trial import Verdict
from assay.engine.parts import Mended
from assay.journal.file import FileJournal
from assay.journal.history import History
from assay.kinds.base import Failure
from assay.kinds.notebook import locks_of, notebook_of
from assay.models.scripted import Scripted
from assay.operators.notebook.review import cell_texts
from assay.strategies.notebook.analysis import AS_IT_CAME, LOCKED, analyse
from assay.strategies.notebook.options import NotebookOptions, ReviewOptions
from assay.strategies.notebook.record import (
    STOPPED,
    RoundRecord,
    RoundVerdict,
    base_of,
    rounds_of,
    source_of,
)
from assay.strategies.notebook.review import NotebookReview
from assay.strategies.notebook.strategy import NotebookSearch
from assay.strategies.notebook.task_graph import TaskGraph
from support.engine import Bench
from support.notebook_bench import FakeNotebookKind, answers, base_notebook, bench, cells, critique, wish

Review = Callable[[Any], Scripted]


def opened(folder: Path, review: Review, **options: Any) -> Bench:
    folder.mkdir(parents=True, exist_ok=True)
    source = options.pop("source", None) or str(base_notebook(folder.parent / f"{folder.name}.ipynb"))
    fields = {
        name: options.pop(name) for name in ("backend", "k", "metric", "max_repairs", "repairer") if name in options
    }
    strategy = NotebookReview(ReviewOptions(source=source, **{"max_iterations": 3, **options}))
    return bench(folder, strategy, answers(lambda _: cells(1.9), lambda r: review(r.inputs)), **fields)


def work(made: Bench) -> tuple[History, tuple[RoundRecord, ...]]:
    made.open().work()
    history = made.log.read(lambda known: known)
    return history, rounds_of(history)


def asked(made: Bench) -> list[Any]:
    return [request.inputs for request in made.model.requests if request.role == "notebook_critique"]


def scripted(*scores: float | None) -> Review:
    """Return a reviewer whose round n makes the notebook score `scores[n - 1]`; None makes it fail."""

    def review(inputs: Any) -> Scripted:
        score = scores[inputs.round - 1]
        return critique({"novel": wish("novel", fail=1) if score is None else wish("novel", score=score)}, focus="T2")

    return review


def test_what_is_better_is_the_next_base_and_what_is_not_goes_back(tmp_path: Path) -> None:
    made = opened(tmp_path / "run", scripted(1.8, 2.5, None, 1.5), max_iterations=4)
    history, rounds = work(made)
    base = base_of(history)
    assert base is not None
    assert history.trials[base.trial].verdict is Verdict.BASELINE
    assert [r.verdict for r in rounds] == ["IMPROVED", "FAILED", "CRASH", "IMPROVED"]
    assert [r.base for r in rounds] == [base.trial, rounds[0].trial, rounds[0].trial, rounds[0].trial]
    assert rounds[3].next == rounds[3].trial
    kept = made.parts.objects.candidate(history.trials[rounds[0].trial or 0].candidate)
    for inputs in asked(made)[1:4]:
        assert inputs.cells == cell_texts(kept), "the next base is the kept notebook, to the last byte"
    assert [inputs.stuck for inputs in asked(made)] == [0, 0, 1, 2]
    assert history.notes[STOPPED] == {"reason": "max_iterations", "iterations": 4}


def test_delta_is_always_against_the_stored_baseline(tmp_path: Path) -> None:
    made = opened(tmp_path / "run", scripted(1.8, 1.6), max_iterations=2)
    history, rounds = work(made)
    base = base_of(history)
    assert base is not None
    assert [r.delta for r in rounds] == pytest.approx([0.2, 0.4], abs=0.03)
    assert all(inputs.baseline == base.score for inputs in asked(made))
    assert all(r.delta == pytest.approx(base.score - (r.score or 0.0)) for r in rounds)


def test_what_locks_a_cell_wins_and_edits_of_it_are_refused_and_logged(tmp_path: Path) -> None:
    def review(inputs: Any) -> Scripted:
        if inputs.round == 1 or not inputs.problem:
            return critique({"final": "saved = 2", "novel": wish("novel", score=1.0)}, decision="EXPLORE", focus="T0")
        return critique({"novel": wish("novel", score=1.8)}, focus="T2")

    made = opened(tmp_path / "run", review, max_iterations=2, open=("final",))
    history, rounds = work(made)
    assert (rounds[0].verdict, rounds[0].trial) == (RoundVerdict.REFUSED, None)
    assert rounds[0].refused == ("the cell 'final' is locked",) * 2
    assert rounds[1].verdict is RoundVerdict.IMPROVED
    assert rounds[1].refused == ("the cell 'final' is locked",)
    assert asked(made)[3].problem == "the cell 'final' is locked"
    source = source_of(history)
    assert source is not None
    before = notebook_of(made.parts.objects.candidate(source.candidate))
    for trial in history.trials.values():
        candidate = made.parts.objects.candidate(trial.candidate)
        if candidate.kind == "notebook":
            assert locks_of(candidate).ids == {"load", "final"}
            assert notebook_of(candidate).cell("final") == before.cell("final")


@pytest.mark.parametrize(
    ("edits", "fields", "problem"),
    [
        ({"extra": "x = 1", "novel": "y = 1"}, {"focus": "T2"}, "REFINE of T2 may not change the cell 'extra'"),
        ({"fit": "x = 1"}, {"focus": "T1"}, "REFINE of T1 may not change the cell 'fit'"),
        ({"novel": "x = 1"}, {"focus": "T77"}, "there is no subtask 'T77' to focus on"),
        ({"novel": "x = 1"}, {"focus": "T77", "decision": "EXPLORE"}, "there is no subtask 'T77'"),
        ({"ghost": "x = 1"}, {"focus": "T0"}, "there is no cell 'ghost'"),
        ({"novel": wish("novel", score=2.0)}, {"focus": "T2"}, "the edits change nothing"),
    ],
)
def test_a_decision_is_enforced(tmp_path: Path, edits: dict[str, str], fields: dict[str, str], problem: str) -> None:
    made = opened(tmp_path / "run", lambda _: critique(edits, **fields), max_iterations=1)
    _, (only,) = work(made)
    assert only.verdict is RoundVerdict.REFUSED
    assert problem in only.refused[0]
    assert len(asked(made)) == 2


def test_refine_of_a_section_may_change_its_cells_and_explore_all_open_ones(tmp_path: Path) -> None:
    both = {"novel": wish("novel", score=1.7), "extra": wish("extra", score=0.1)}
    made = opened(tmp_path / "refine", lambda _: critique(both, focus="T1"), max_iterations=1)
    assert work(made)[1][0].verdict is RoundVerdict.IMPROVED
    every = {**both, "fit": "done = 2"}
    made = opened(tmp_path / "explore", lambda _: critique(every, decision="EXPLORE", focus="T1"), max_iterations=1)
    _, (only,) = work(made)
    assert (only.verdict, only.decision) == (RoundVerdict.IMPROVED, "EXPLORE")
    assert "cell novel: edited" in only.diff
    assert "+done = 2" in only.diff


class Elsewhere:
    """A repairer that first looks for the failure in the other cell, as nothing but a lock would keep it from."""

    def __init__(self) -> None:
        self.refused: list[str] = []

    def repair(self, key: str, candidate: Candidate, failure: Failure, *, round: int, same: bool) -> Mended:
        kind = FakeNotebookKind()
        units = {unit.name: unit for unit in kind.units(candidate)}
        try:
            candidate = kind.replace(candidate, units["extra"], wish("extra", score=-1.0))
        except IntegrityError as error:
            self.refused.append(error.message)
        return Mended(candidate=kind.replace(candidate, units["novel"], wish("novel", score=1.8)), cause="-", by="it")


@pytest.mark.parametrize(("decision", "score"), [("REFINE", 1.8), ("EXPLORE", 0.8)])
def test_a_refine_is_held_while_it_is_mended(tmp_path: Path, decision: str, score: float) -> None:
    failing = critique({"novel": wish("novel", fail=1)}, focus="T2", decision=decision)
    repairer = Elsewhere()
    made = opened(tmp_path / "run", lambda _: failing, max_iterations=1, max_repairs=1, repairer=repairer)
    history, (only,) = work(made)
    assert (only.verdict, only.score) == (RoundVerdict.IMPROVED, pytest.approx(score, abs=0.05))
    assert repairer.refused == (["the cell 'extra' is locked"] if decision == "REFINE" else [])
    ran = made.parts.objects.candidate(history.trials[only.trial or 0].candidate)
    assert locks_of(ran).ids == {"load", "final"}, "for the repair alone"


def test_the_graph_follows_its_rules_over_the_rounds(tmp_path: Path) -> None:
    def review(inputs: Any) -> Scripted:
        new = [{"name": "Depth", "parent": "T2"}] if inputs.round == 1 else []
        links = [{"source": "T3", "target": "T2"}] if inputs.round == 1 else []
        score = 1.8 if inputs.round == 1 else 2.5
        return critique({"novel": wish("novel", score=score)}, focus="T2", new_subtasks=new, dependencies=links)

    made = opened(tmp_path / "run", review, max_iterations=2)
    history, rounds = work(made)
    base = base_of(history)
    assert base is not None
    first, won, lost = (TaskGraph.from_json(g).nodes["T2"] for g in (base.graph, rounds[0].graph, rounds[1].graph))
    assert (won.uncertainty, won.priority) == pytest.approx((first.uncertainty - 0.05, first.priority - 0.02))
    assert (lost.uncertainty, lost.priority) == pytest.approx((won.uncertainty + 0.07, won.priority + 0.01))
    assert (won.depends_on, len(lost.evidence)) == (("T3",), 2)
    second = asked(made)[1]
    assert {"Depth"} <= {task.name for task in second.subtasks}
    assert [task.priority for task in second.subtasks] == sorted((t.priority for t in second.subtasks), reverse=True)


def test_the_diagnosis_is_made_by_code_from_graded_scores(tmp_path: Path) -> None:
    made = opened(tmp_path / "run", scripted(1.8, 1.7), max_iterations=2)
    work(made)
    first, second = asked(made)
    assert "nothing has changed yet" in first.diagnosis
    assert second.diagnosis.startswith("Round 1 against the locked baseline: pearson 1.99")
    assert ", rmse 1.99" in second.diagnosis
    assert second.rounds[0].verdict == "IMPROVED"
    assert "cell novel: edited" in second.rounds[0].diff


def generated(folder: Path, **fields: Any) -> None:
    """Leave a run whose only notebook scores and has a baseline as `fields` say."""
    options = NotebookOptions(max_iterations=1, baselines=False)
    write = answers(lambda _: cells(**fields))
    bench(folder, NotebookSearch(options), write, backend=FileJournal(folder / "events.jsonl")).open().work()


@pytest.mark.parametrize(("own", "delta", "reason"), [(3.0, -0.5, "max_iterations"), (1.8, 0.5, "pass_threshold")])
def test_the_baseline_inside_is_what_is_locked_be_it_better_or_worse(
    tmp_path: Path, own: float, delta: float, reason: str
) -> None:
    generated(tmp_path / "first", score=own, plain=2.0)
    edit = {"novel": wish("novel", score=2.0 - delta)}
    reviewer = answers(lambda _: cells(1.0), lambda _: critique(edit, focus="T1"))
    strategy = NotebookReview(ReviewOptions(max_iterations=1, pass_threshold=2.8))
    made = bench(tmp_path / "run", strategy, reviewer)
    history, (only,) = work(made)
    base = base_of(history)
    assert base is not None
    assert (base.inner, base.score) == (True, pytest.approx(2.0, abs=0.03))
    assert (only.verdict, only.delta) == (RoundVerdict.IMPROVED, pytest.approx(delta, abs=0.05))
    assert history.notes[STOPPED]["reason"] == reason, "past the threshold is not enough under the baseline"
    assert "The notebook as it came against the baseline inside it" in asked(made)[0].diagnosis
    told = analyse(history)
    assert [result.name for result in told.results] == [LOCKED, AS_IT_CAME, "round 1: Neighbours"]
    assert told.results[1].gain == pytest.approx(2.0 - own, abs=0.05), "what it came with is told beside it"
    judged, over = told.verdict.split(f"Against {AS_IT_CAME}: ")
    assert judged.startswith("round 1: Neighbours against the locked baseline: ")
    assert ("not better" in judged) is (delta < 0)
    assert over.startswith("better beyond chance (gain +")


def test_a_notebook_without_a_baseline_that_can_be_graded_is_the_locked_baseline_itself(tmp_path: Path) -> None:
    history, _ = work(opened(tmp_path / "run", scripted(1.8), max_iterations=1))
    base = base_of(history)
    assert base is not None
    assert (base.inner, base.scores) == (False, history.trials[base.trial].scores)
    assert AS_IT_CAME not in analyse(history).verdict


def test_it_stops_at_the_threshold_only_above_the_baseline(tmp_path: Path) -> None:
    made = opened(tmp_path / "run", scripted(2.4, 1.8, 1.5, 1.2), max_iterations=4, pass_threshold=2.2)
    history, rounds = work(made)
    # The base itself is past the threshold, and is not what was asked for.
    assert [r.verdict for r in rounds] == ["FAILED", "IMPROVED"]
    assert history.notes[STOPPED] == {"reason": "pass_threshold", "iterations": 2}


def test_a_base_without_a_score_is_said_and_nobody_is_asked(tmp_path: Path) -> None:
    source = base_notebook(tmp_path / "own.ipynb")
    text = source.read_text(encoding="utf-8").replace('{\\"score\\": 2.0}', '{\\"fail\\": 1}')
    source.write_text(text, encoding="utf-8")
    made = opened(tmp_path / "run", scripted(1.0), source=str(source))
    history, rounds = work(made)
    assert (rounds, asked(made)) == ((), [])
    assert "the notebook own.ipynb has no score" in history.notes[STOPPED]["reason"]
    assert history.finished is not None
    assert history.finished.exit_code == 3


def test_a_critique_that_nobody_gives_ends_its_round_and_not_the_review(tmp_path: Path) -> None:
    def review(inputs: Any) -> Scripted:
        return ReplyInvalid("no reflection") if inputs.round == 1 else scripted(1.0, 1.8)(inputs)

    made = opened(tmp_path / "run", review, max_iterations=2)
    _, rounds = work(made)
    assert [r.verdict for r in rounds] == ["REFUSED", "IMPROVED"]
    assert "no reflection" in rounds[0].problem


def test_the_best_earlier_run_is_reviewed_unless_a_source_is_named(tmp_path: Path) -> None:
    for name, score in (("a", 1.9), ("m", 1.5), ("z", 1.7)):
        folder = tmp_path / name
        options = NotebookOptions(max_iterations=1, baselines=False)
        made = bench(
            folder,
            NotebookSearch(options),
            answers(lambda _, s=score: cells(s)),
            backend=FileJournal(folder / "events.jsonl"),
        )  # type: ignore[misc]
        made.open().work()

    def reviewed(folder: str, source: str = "") -> str:
        strategy = NotebookReview(ReviewOptions(max_iterations=1, source=source))
        edit = {"novel": wish("novel", score=1.2)}
        made = bench(tmp_path / folder, strategy, answers(lambda _: cells(1.0), lambda _: critique(edit, focus="T1")))
        history, (only,) = work(made)
        assert only.verdict is RoundVerdict.IMPROVED, only.refused
        found = source_of(history)
        assert found is not None
        assert locks_of(made.parts.objects.candidate(found.candidate)).ids == {"setup", "load", "plain", "saving"}
        return found.run

    assert reviewed("x1") == "m"
    assert reviewed("x2", source="z") == "z"


def test_a_source_that_is_not_there_or_a_lock_without_a_cell_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NothingFound, match=r"no notebook 'ghost\.ipynb'"):
        work(opened(tmp_path / "a", scripted(1.0), source="ghost.ipynb"))
    with pytest.raises(NothingFound, match="graded score"):
        work(bench(tmp_path / "b", NotebookReview(), answers(lambda _: cells(1.0))))
    with pytest.raises(IntegrityError, match="nowhere"):
        work(opened(tmp_path / "c", scripted(1.0), locked=("nowhere",)))
