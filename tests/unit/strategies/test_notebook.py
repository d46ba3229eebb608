from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from assay.core.errors import NothingFound, ReplyInvalid, TaskError
from assay.core.metric import Direction, Metric, Needs
from assay.core.trial import TrialState
from assay.journal.file import FileJournal
from assay.journal.history import History
from assay.kinds.notebook import describe, notebook_of
from assay.models.base import Request
from assay.models.scripted import Scripted
from assay.operators.notebook.write import FREE_STYLE
from assay.report.notebook.experiment import metrics_json
from assay.strategies.notebook.analysis import analyse
from assay.strategies.notebook.end import loop_summary
from assay.strategies.notebook.options import NotebookOptions
from assay.strategies.notebook.record import STOPPED, Status, iterations_of, source_of
from assay.strategies.notebook.source import comparable
from assay.strategies.notebook.strategy import NotebookSearch
from support.engine import Bench
from support.notebook_bench import answers, bench, cells
from support.notebook_questions import IDEA

HIGHER = Metric(name="pearson", direction=Direction.HIGHER, needs=Needs.VALUES)
FAST = {"max_iterations": 3, "baselines": False}


def falling(request: Request[Any]) -> Scripted:
    """Scores 1.9, 1.8, ...: better every time where lower is better."""
    return cells(round(2.0 - 0.1 * request.inputs.iteration, 2))  # type: ignore[attr-defined]


def opened(folder: Path, write: Any = falling, **options: Any) -> Bench:
    fields = {name: options.pop(name) for name in ("metric", "backend", "k") if name in options}
    return bench(folder, NotebookSearch(NotebookOptions(**{**FAST, **options})), answers(write), **fields)


def history_of(made: Bench) -> History:
    return made.log.read(lambda history: history)


def asked(made: Bench, role: str) -> list[Any]:
    return [request.inputs for request in made.model.requests if request.role == role]


def test_notebooks_are_written_run_and_analysed_each_in_view_of_those_before(tmp_path: Path) -> None:
    def write(request: Request[Any]) -> Scripted:
        return cells(1.8, fail=1) if request.inputs.iteration == 2 else falling(request)  # type: ignore[attr-defined]

    made = opened(tmp_path, write, baselines=True)
    assert made.open().work().exit_code == 0
    history = history_of(made)
    records = iterations_of(history)
    assert [record.status for record in records] == [Status.VALID, Status.CRASH, Status.VALID]
    assert [t.operator for t in history.trials.values() if t.step is not None] == ["baseline"] * 2 + ["generate"] * 3
    assert history.notes[STOPPED] == {"reason": "max_iterations", "iterations": 3}
    last = asked(made, "notebook_strategy")[-1]
    assert [one.title for one in last.earlier] == ["method 1", "method 2"]
    assert "Approach of method 1." in last.earlier[0].strategy
    assert last.earlier[0].trial.score == history.trials[records[0].trial or 0].score
    assert last.earlier[0].baseline == pytest.approx(2.0, abs=0.02)
    assert "ValueError: a cell failed" in last.earlier[1].problem
    assert asked(made, "notebook_write")[-1].earlier == last.earlier
    (report,) = asked(made, "notebook_report")
    assert any("iteration 2 ended as CRASH" in fact for fact in report.facts)


def test_the_notebook_has_its_frame_and_every_code_cell_says_what_it_is_for(tmp_path: Path) -> None:
    made = opened(tmp_path, max_iterations=1)
    made.open().work()
    (record,) = iterations_of(history_of(made))
    candidate = made.parts.objects.candidate(record.candidate)
    notebook = notebook_of(candidate)
    assert notebook.ids == ("digest", "setup", "load", "plain", "novel", "fit", "saving")
    assert all(info.name and info.purpose and info.section for info in describe(notebook) if info.type == "code")
    assert notebook.cell("digest").source == record.strategy
    assert FREE_STYLE in record.strategy
    assert record.free_style
    assert notebook.metadata["execution"]["hypergraph"]["hyperedges"][0] == {"tail": ["load"], "head": "plain"}


def test_the_baseline_is_graded_by_the_engine_on_the_same_folds(tmp_path: Path) -> None:
    made = opened(tmp_path, max_iterations=1)
    made.open().work()
    (record,) = iterations_of(history_of(made))
    trial = history_of(made).trials[record.trial or 0]
    assert record.baseline.keys() == trial.scores.keys() != set()
    assert all(trial.scores[view] < record.baseline[view] for view in trial.scores)


def test_a_notebook_without_a_baseline_is_refused_before_anything_is_run(tmp_path: Path) -> None:
    def write(request: Request[Any]) -> Scripted:
        reply = dict(falling(request))  # type: ignore[call-overload]
        reply["cells"] = [cell for cell in reply["cells"] if cell["section"] != "baseline"]
        # What a language model's reply goes through, which a scripted one does not.
        with pytest.raises(ValidationError) as caught:
            request.reply_type.model_validate(reply)
        return ReplyInvalid(str(caught.value))

    made = opened(tmp_path, write, max_iterations=1)
    assert made.open().work().exit_code == 3
    (record,) = iterations_of(history_of(made))
    assert record.status is Status.NO_NOTEBOOK
    assert "no cell of the section baseline" in record.problem
    assert history_of(made).trials == {}


@pytest.mark.parametrize(
    ("metric", "threshold", "scores", "stops_at"),
    [(None, 1.85, (1.9, 1.8, 1.7), 2), (HIGHER, 1.85, (1.8, 1.9, 2.0), 2), (HIGHER, 9.0, (1.8, 1.9, 2.0), 3)],
)
def test_the_loop_stops_at_the_threshold_in_the_metrics_own_direction(
    tmp_path: Path, metric: Metric | None, threshold: float, scores: tuple[float, ...], stops_at: int
) -> None:
    fields = {"metric": metric} if metric else {}
    made = opened(
        tmp_path,
        lambda request: cells(scores[request.inputs.iteration - 1]),
        success_threshold=threshold,
        **fields,
    )
    made.open().work()
    records = iterations_of(history_of(made))
    assert len(records) == stops_at
    reached = records[-1].status is Status.SUCCESS
    assert reached == (threshold < 9)
    stopped = {"reason": "success_threshold" if reached else "max_iterations", "iterations": stops_at}
    assert history_of(made).notes[STOPPED] == stopped
    best = history_of(made).ranking(lambda trial: trial.operator != "blend")[0]
    assert best.number == records[-1].trial


def test_all_fields_of_the_ideas_are_told_and_the_choice_is_recorded(tmp_path: Path) -> None:
    path = tmp_path / "idea.json"
    path.write_text(json.dumps({"ideas": [IDEA.model_dump()]}), encoding="utf-8")
    made = opened(tmp_path / "run", ideas=str(path), max_iterations=1)
    made.open().work()
    (inputs,) = asked(made, "notebook_strategy")
    assert inputs.ideas == (IDEA,)
    (record,) = iterations_of(history_of(made))
    assert (record.ideas, record.free_style) == ((IDEA.title,), False)


@pytest.mark.parametrize("content", ["{}", '{"ideas": []}', '{"ideas": [{"title": "x"}]}', "no json"])
def test_a_file_that_holds_no_whole_ideas_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "idea.json"
    path.write_text(content, encoding="utf-8")
    made = opened(tmp_path / "run", ideas=str(path))
    with pytest.raises(TaskError, match=r"idea\.json"):
        made.open().work()
    assert made.model.requests == []


# --- stages ------------------------------------------------------------------------------------------------------


def test_a_stage_alone_works_on_what_the_stage_before_it_left(tmp_path: Path) -> None:
    def run(name: str, **options: Any) -> Bench:
        folder = tmp_path / name
        made = opened(folder, backend=FileJournal(folder / "events.jsonl"), **options)
        assert made.open().work().exit_code == 0
        return made

    wrote = run("zebra", only="generate")
    assert [r.role for r in wrote.model.requests] == ["notebook_strategy", "notebook_write"]
    assert wrote.sandbox.started == []
    before = (tmp_path / "zebra" / "events.jsonl").read_bytes()

    ran = run("mole", only="execute")
    assert [r.role for r in ran.model.requests] == ["notebook_report"]
    (record,) = iterations_of(history_of(ran))
    assert (record.status, record.title) == (Status.VALID, "method 1")
    source = source_of(history_of(ran))
    assert source is not None
    assert source.run == "zebra"

    told = run("ant", only="analyze")
    assert [r.role for r in told.model.requests] == ["notebook_report"]
    assert told.sandbox.started == []
    assert history_of(told).notes["notebook/analysis"]["run"] == "mole"
    assert (tmp_path / "zebra" / "events.jsonl").read_bytes() == before


def test_the_best_run_by_recorded_score_is_analysed_whatever_its_name_unless_one_is_named(tmp_path: Path) -> None:
    for name, score in (("a-last", 1.7), ("m-best", 1.5), ("z-first", 1.9)):
        folder = tmp_path / name
        made = opened(
            folder, lambda _, s=score: cells(s), max_iterations=1, backend=FileJournal(folder / "events.jsonl")
        )
        made.open().work()

    def analysed(folder: str, **options: Any) -> str:
        made = opened(tmp_path / folder, only="analyze", **options)
        made.open().work()
        return str(history_of(made).notes["notebook/analysis"]["run"])

    assert analysed("x1") == "m-best"
    assert analysed("x2", source="z-first") == "z-first"
    assert analysed("x3", source=str(tmp_path / "a-last")) == "a-last"


def test_runs_on_another_metric_or_other_data_are_left_aside(tmp_path: Path) -> None:
    one = opened(tmp_path, max_iterations=1)
    one.open()
    task = one.parts.task
    assert comparable(task, replace(task, row_cap=7, name="other", statement="told anew"))
    assert not comparable(task, replace(task, metric=HIGHER))
    assert not comparable(task, replace(task, data_digest="other"))


def test_a_stage_with_nothing_to_work_on_says_so(tmp_path: Path) -> None:
    for only in ("execute", "analyze"):
        with pytest.raises(NothingFound, match="among the earlier runs"):
            opened(tmp_path / only, only=only).open().work()
    with pytest.raises(NothingFound, match="no run and no notebook 'ghost'"):
        opened(tmp_path / "named", only="execute", source="ghost").open().work()


def test_a_notebook_whose_baseline_cannot_be_graded_is_named_and_wins_only_where_no_other_was_compared(
    tmp_path: Path,
) -> None:
    def write(request: Request[Any]) -> Scripted:
        return cells(0.5, plain=None) if request.inputs.iteration == 1 else cells(1.5)  # type: ignore[attr-defined]

    made = opened(tmp_path / "run", write, max_iterations=2, success_threshold=0.6)
    made.open().work()
    history = history_of(made)
    records = iterations_of(history)
    assert [record.status for record in records] == [Status.NO_BASELINE, Status.VALID], "no success on its own word"
    (remark,) = [remark for _, remark in history.remarks if remark.code == "W451"]
    assert f"#{records[0].trial} has a score, and its baseline left no baseline.csv" in remark.text
    assert analyse(history).winner == "iteration 2: method 2"
    assert json.loads(loop_summary(history, running=False))["scoreboard"]["without_baseline"] == 1

    alone = opened(tmp_path / "alone", lambda _: cells(0.5, plain=None), max_iterations=1)
    alone.open().work()
    assert analyse(history_of(alone)).winner == "iteration 1: method 1"


@pytest.mark.parametrize("how", ["silent", "fail"])
def test_what_a_notebook_without_predictions_says_of_itself_is_shown_as_reported_and_ranks_nowhere(
    tmp_path: Path, how: str
) -> None:
    def write(request: Request[Any]) -> Scripted:
        boasts = request.inputs.iteration == 1  # type: ignore[attr-defined]
        return cells(1.5, own={"rmse": 0.001}, **{how: 1}) if boasts else cells(1.5)

    made = opened(tmp_path / "run", write, max_iterations=2, success_threshold=0.1)
    made.open().work()
    history = history_of(made)
    first, second = iterations_of(history)
    assert (first.status, dict(first.reported)) == (Status.CRASH, {"rmse": 0.001})
    assert (second.status, dict(second.reported)) == (Status.VALID, {})
    assert history.trials[first.trial or 0].score is None
    told = analyse(history)
    assert "iteration 1" not in " ".join(result.name for result in told.results)
    assert any("graded by nobody and ranked nowhere: rmse 0.001" in fact for fact in told.facts)
    shown = json.loads(metrics_json(told))
    assert shown["reported"] == {"iteration 1": {"rmse": 0.001}}
    assert shown["winner"] == "iteration 2: method 2"


# --- the loop summary ----------------------------------------------------------------------------------------------


def test_the_summary_is_written_after_every_iteration_and_an_interrupted_run_is_told_as_one(tmp_path: Path) -> None:
    seen = []

    def write(request: Request[Any]) -> Scripted:
        path = tmp_path / "loop_summary.json"
        seen.append(len(json.loads(path.read_text(encoding="utf-8"))["iterations"]) if path.exists() else 0)
        return falling(request)

    made = opened(tmp_path, write)
    made.open().work()
    assert seen == [0, 1, 2]
    value = json.loads(loop_summary(history_of(made), running=False))
    assert (value["status"], len(value["iterations"])) == ("finished", 3)
    assert value["iterations"][0]["status"] == "VALID"
    events = [event for event in made.backend.read() if event.payload.kind != "run-finished"]
    assert json.loads(loop_summary(History(events), running=False))["status"] == "interrupted"


def test_a_trial_that_a_check_rejects_is_no_result(tmp_path: Path) -> None:
    made = opened(tmp_path, max_iterations=1)

    class Finding:
        code, severity, sentence = "L06", "reject", "a metric is replaced"

    made.check = lambda candidate: [Finding()]  # type: ignore[list-item, return-value]
    made.open().work()
    (record,) = iterations_of(history_of(made))
    assert (record.status, record.problem) == (Status.REJECTED, "L06 a metric is replaced")
    assert history_of(made).trials[record.trial or 0].state is TrialState.REJECTED


@pytest.mark.parametrize("only", ["", "generate", "execute", "analyze"])
def test_as_many_questions_are_put_as_were_foreseen(tmp_path: Path, only: str) -> None:
    if only in ("execute", "analyze"):
        folder = tmp_path / "before"
        stage = "generate" if only == "execute" else ""
        opened(folder, only=stage, backend=FileJournal(folder / "events.jsonl")).open().work()
    made = opened(tmp_path / "run", only=only)
    foreseen = NotebookSearch(NotebookOptions(**FAST, only=only)).forecast(made.limits)  # type: ignore[arg-type]
    made.open().work()
    put = [request.role for request in made.model.requests]
    assert foreseen is not None
    assert all(low <= put.count(role) <= high for role, (low, high) in foreseen.items())
    assert set(put) <= set(foreseen)
