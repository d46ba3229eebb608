"""What the pages Compare, Data, Cost, Agents, Files and Report show, by the functions of report and command line."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from assay.core.errors import UsageError
from assay.core.score import Provenance, Score
from assay.core.trial import Verdict
from assay.journal import events as ev
from assay.report.bill import by_role
from assay.report.compare import gains_words
from assay.report.formatting import format_duration, format_money
from assay.web.pages.agents import agents
from assay.web.pages.compare import compare
from assay.web.pages.cost import cost
from assay.web.pages.data import data
from assay.web.pages.files import files
from assay.web.pages.report import report
from assay.web.slow_answers import look
from assay.web.view import RunReader, RunView
from support.dashboard import append, write_run
from support.histories import good_run, interrupted, paid_run


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("runs")
    for story in (good_run, paid_run, interrupted):
        write_run(root, story.__name__, story)
    return root


@pytest.fixture
def run(root: Path) -> Iterator[RunView]:
    with RunReader(root / "good_run").view() as view:
        yield view


def test_the_usual_comparison_is_the_winner_with_the_baseline_as_the_report_pairs_them(run: RunView) -> None:
    found, facts = compare(run, {}), run.facts
    assert facts.winner is not None
    assert facts.baseline is not None
    assert [side["number"] for side in found["trials"]] == [facts.baseline.number, facts.winner.number]
    paired = facts.paired(facts.winner, facts.baseline)
    assert paired is not None
    told = found["paired"][0]
    assert (told["mean"]["value"], told["low"]["value"], told["high"]["value"]) == (
        paired.mean,
        paired.low,
        paired.high,
    )
    assert [gain["value"] for gain in told["gains"]] == list(paired.gains)
    assert f"better in {paired.better} of 5 folds" in told["words"]
    assert "+" in found["diffs"][0]["text"]
    assert found["overlap"]["state"] == "none"  # the winner is a blend: nothing of its own is stored


def test_chosen_trials_keep_their_order_and_what_is_none_is_said(run: RunView) -> None:
    found = compare(run, {"trials": "3,#2,5"})
    assert [side["number"] for side in found["trials"]] == [3, 2, 5]
    assert [(one["trial"], one["against"]) for one in found["paired"]] == [(2, 3), (5, 3)]
    assert len(found["folds"]) == 5
    assert all(len(row["scores"]) == 3 for row in found["folds"])
    with pytest.raises(UsageError) as raised:
        compare(run, {"trials": "3,99"})
    assert raised.value.code == "E027"
    with pytest.raises(UsageError):
        compare(run, {"trials": "1,2,3,4,5,6"})


def test_runs_stand_beside_each_other_as_the_command_line_tells_them(run: RunView, root: Path) -> None:
    from assay.report.compare import gains_between, read_side

    found = compare(run, {"runs": "paid_run"})["runs"]
    gains = gains_between(read_side(root / "good_run"), read_side(root / "paid_run"))
    assert gains is not None
    assert found["paired"][0]["words"] == gains_words(gains)
    assert found["names"] == ["good_run", "paid_run"]
    for wrong in ("../good_run", "nothing", "/"):
        refused = compare(run, {"runs": wrong})["runs"]
        assert refused["names"] == ["good_run"]
        assert "there is no run" in refused["refused"][0]["why"]


def test_costs_are_those_of_the_bill_and_the_frontier_ends_at_the_total(root: Path) -> None:
    with RunReader(root / "paid_run").view() as view:
        found, history = cost(view, {}), view.history
        assert found["total"]["money"]["text"] == format_money(history.usage.cost_usd, history.usage.unpriced)
        assert {role["name"]: role["questions"]["value"] for role in found["roles"]} == {
            item.name: item.questions for item in by_role(history)
        }
        steps = found["frontier"]["steps"]
        assert [step["trial"] for step in steps][-1] == view.facts.winner.number  # type: ignore[union-attr]
        spent = [step["money"]["value"] for step in steps if step["money"]["value"] is not None]
        assert spent == sorted(spent)
        assert spent[-1] <= found["frontier"]["end"]["money"]["value"]
        assert sum(phase["time"]["value"] for phase in found["phases"]) == pytest.approx(history.wall_s)
        assert found["total"]["running"]["text"] == format_duration(history.wall_s)
        assert found["retries"]["repairs"][0]["by"] == "heuristic"


def test_a_pause_is_no_time_of_any_phase(root: Path) -> None:
    with RunReader(root / "interrupted").view() as view:
        found = cost(view, {})
        assert sum(phase["time"]["value"] for phase in found["phases"]) < 600
        assert found["timeline"]["to"] - found["timeline"]["from"] > 3_000
        assert [bar["outcome"] for bar in found["timeline"]["bars"] if bar["lane"] == "executions"][-1] == "cut off"


def test_data_tell_the_seal_the_split_and_what_was_rejected(run: RunView) -> None:
    found = data(run, {})
    assert [opening["trial"] for opening in found["holdout"]["openings"]] == [run.facts.winner.number]  # type: ignore[union-attr]
    assert found["holdout"]["after_count"] == 0
    assert [fold["test"]["value"] for fold in found["split"]["folds"]] == [400] * 5
    assert "L02" in " ".join(one["text"] for one in found["rejected"])
    assert {row["name"] for row in found["digests"]} >= {"task", "data"}
    assert found["findings"]["state"] == "none"  # the story's data are nowhere
    assert [claim["claimed"]["text"] for claim in found["claims"]][:1] == ["0.931"]


def test_a_trial_judged_after_the_opening_is_named(tmp_path: Path) -> None:
    folder = write_run(tmp_path, "good_run", good_run)
    append(folder, [ev.Judged(trial=3, verdict=Verdict.REAL)])
    score = Score(value=0.5, provenance=Provenance.GRADED, view="sealed", rows=9)
    append(folder, [ev.SealedOpened(trial=3, score=score)])
    with RunReader(folder).view() as view:
        held = data(view, {})["holdout"]
    assert (held["after"], held["after_count"], len(held["openings"])) == ([3], 1, 2)


def test_agents_of_a_search_are_its_roles_and_its_people(run: RunView) -> None:
    found = agents(run, {})
    assert found["lab"] is found["reviews"] is found["rounds"] is None
    assert [one["text"] for one in found["people"]] == ["prefer simpler models"]
    assert found["asked"] == len(run.history.questions)
    assert {role["name"] for role in found["roles"]} == {item.name for item in by_role(run.history)}


def test_files_are_shown_as_text_whatever_they_claim_to_be(tmp_path: Path) -> None:
    folder = write_run(tmp_path, "good_run", good_run)
    (folder / "evil.html").write_text("<script>alert(1)</script>\x1b[31m\u202eabc")
    (folder / "big.log").write_text("a" * 400_000 + "THE END")
    (folder / "raw.bin").write_bytes(b"ab\0cd")
    with RunReader(folder).view() as view:
        assert files(view, {"rest": "evil.html"})["text"] == "<script>alert(1)</script>abc"
        assert files(view, {"rest": "evil.html"})["kind"] == "text"
        assert files(view, {"rest": "raw.bin"})["kind"] == "binary"
        cut, end = files(view, {"rest": "big.log"}), files(view, {"rest": "big.log", "end": "1"})
        assert cut["cut"]
        assert end["text"].endswith("THE END")
        names = [entry["name"] for entry in files(view, {})["entries"]]
        assert names[0] == "objects"
        assert "events.jsonl" in names


def test_the_report_is_the_one_that_would_be_written(run: RunView) -> None:
    from assay.report.write import report_page

    found = report(run, {"wait": "1", "inline": "1"})
    assert found["state"] == "done"
    assert found["html"] == report_page(run.history, run.objects, final=True)


def test_a_look_is_made_once_and_a_failure_is_told() -> None:
    cache: dict[str, Any] = {}
    goes_on, made = threading.Event(), []

    def slow() -> str:
        goes_on.wait()
        made.append(1)
        return "seen"

    assert look(cache, "a", slow) == {"state": "working"}
    assert look(cache, "a", slow) == {"state": "working"}
    goes_on.set()
    assert look(cache, "a", slow, wait=True) == {"state": "done", "value": "seen"}
    assert made == [1]

    def broken() -> str:
        raise ValueError("no such column")

    assert look(cache, "b", broken, wait=True) == {"state": "failed", "why": "ValueError: no such column"}
