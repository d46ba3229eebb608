from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from assay.cli.options.parsers import seconds_until
from assay.core.clock import SystemClock
from assay.core.durations import duration
from assay.journal.history import History

Assay = Any
Write = Callable[[str], History]
STORIES = [
    "good_run",
    "paid_run",
    "unpriced_run",
    "nothing_found",
    "all_failed",
    "interrupted",
    "just_started",
    "rejected_leak",
    "forecast",
    "hostile_texts",
]


@pytest.mark.parametrize("name", STORIES)
@pytest.mark.parametrize("verb", ["status", "ls", "top", "logs"])
def test_every_story_can_be_read(assay: Assay, story: Write, name: str, verb: str) -> None:
    story(name)
    said = assay(verb)
    assert said.code == 0
    assert said.err == ""
    assert said.out.strip()
    assert "None" not in said.out
    assert "nan" not in said.out.lower().split()


@pytest.mark.parametrize("verb", ["status", "ls", "top"])
@pytest.mark.parametrize("name", STORIES)
def test_json_is_one_object_with_schema_and_time(assay: Assay, story: Write, name: str, verb: str) -> None:
    story(name)
    value = assay(verb, "--json").json
    assert value["schema"] == f"assay.{verb}.v1"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", value["time"])


@pytest.mark.parametrize("verb", [["status"], ["top"], ["logs"], ["show", "2", "--content"], ["diff", "2"], ["ls"]])
def test_nothing_that_a_candidate_wrote_reaches_the_terminal_raw(assay: Assay, story: Write, verb: list[str]) -> None:
    story("hostile_texts")
    out = assay(*verb).out
    assert "\x1b" not in out
    assert "\u202e" not in out
    assert "\x07" not in out


def test_status_of_an_interrupted_run_says_dead_and_how_to_go_on(assay: Assay, story: Write) -> None:
    story("interrupted")
    said = assay("status")
    assert "late-falcon  dead its process is gone" in said.out
    assert "assay resume late-falcon" in said.out
    value = assay("status", "--json").json
    assert (value["state"], value["pid"]) == ("dead", None)
    assert value["trials"]["running"] == 1


def test_a_time_of_day_leaves_a_resumed_run_the_time_until_then(assay: Assay, story: Write) -> None:
    worked_s = story("interrupted").wall_s
    assert worked_s > 30
    now = SystemClock().now()
    clock = datetime.fromtimestamp(now + 240, UTC).astimezone().strftime("%H:%M")
    # Nothing stands behind this journal, so the run itself cannot go on; its limits are said before.
    limits = re.search(r"limits (\S+)", assay("resume", "late-falcon", "--until", clock).out)
    assert limits is not None
    assert duration(limits[1]) - seconds_until(clock, now) == pytest.approx(worked_s, abs=10)


def test_status_of_a_finished_run(assay: Assay, story: Write) -> None:
    history = story("good_run")
    assert history.best is not None
    value = assay("status", "--json").json
    assert value["state"] == "finished"
    assert value["best"]["trial"] == history.best.number
    assert value["best"]["score"] == history.best.score
    assert value["best"]["provenance"] == "graded"
    assert value["baseline"]["operator"] == "baseline"
    assert value["sealed"]["low"] < value["sealed"]["score"] < value["sealed"]["high"]


def test_oneline_is_one_line_with_the_direction(assay: Assay, story: Write) -> None:
    story("nothing_found")
    assert re.fullmatch(r"calm-badger 0\.48\d*↓ \d+t finished ○\n", assay("status", "--oneline").out)


def test_status_reads_a_stored_summary_and_what_came_after(assay: Assay, story: Write, tmp_path: Path) -> None:
    from assay.journal.summary import SummaryFile

    story("good_run")
    SummaryFile(tmp_path / "runs" / "brisk-otter").refresh()
    before = assay("status", "--json").json
    (tmp_path / "runs" / "brisk-otter" / "summary.json").unlink()
    after = assay("status", "--json").json
    assert {k: v for k, v in before.items() if k != "time"} == {k: v for k, v in after.items() if k != "time"}


def test_ls_lists_each_run_and_marks_a_broken_one(assay: Assay, story: Write, tmp_path: Path) -> None:
    story("good_run")
    story("all_failed")
    events = tmp_path / "runs" / "sour-crane" / "events.jsonl"
    events.write_text(events.read_text(encoding="utf-8").replace("torch", "scratch"), encoding="utf-8")
    said = assay("ls")
    assert said.code == 0
    assert "brisk-otter               finished" in said.out
    assert "sour-crane                unreadable" in said.out


def test_broken_journal_is_an_integrity_error_elsewhere(assay: Assay, story: Write, tmp_path: Path) -> None:
    story("all_failed")
    events = tmp_path / "runs" / "sour-crane" / "events.jsonl"
    events.write_text(events.read_text(encoding="utf-8").replace("torch", "scratch"), encoding="utf-8")
    for verb in ("status", "top", "logs"):
        said = assay(verb)
        assert said.code == 4
        assert said.err.startswith("error[E401]: ")
        assert "Traceback" not in said.err


def test_top_is_the_ranking(assay: Assay, story: Write) -> None:
    history = story("nothing_found")
    value = assay("top", "-k", "3", "--json").json
    assert [t["trial"] for t in value["trials"]] == [t.number for t in history.ranking()[:3]]
    assert value["direction"] == "lower"
    assert value["truncated"] is True
    said = assay("top", "-k", "3")
    assert "lower is better" in said.out
    assert "graded" in said.out


def test_top_refuses_no_places(assay: Assay, story: Write) -> None:
    story("good_run")
    said = assay("top", "-k", "0")
    assert (said.code, said.err.splitlines()[0]) == (2, "error[E002]: -k 0: must be at least 1")


def test_show_holds_verdict_folds_and_repairs_but_no_content(assay: Assay, story: Write) -> None:
    history = story("good_run")
    repaired = next(t for t in history.trials.values() if t.repairs)
    value = assay("show", str(repaired.number), "--json").json
    assert value["repairs"][0]["cause"] == repaired.repairs[0].cause
    assert set(value["scores"]) == set(repaired.scores)
    assert value["judgement"]["verdict"] == repaired.verdict
    assert "plan" not in value
    assert "content" not in value
    text = assay("show", f"#{repaired.number}").out
    assert f"mended  for attempt 2 by {repaired.repairs[0].by}" in text
    assert history.started is not None
    assert f"assay diff {repaired.number} -r {history.started.run}" in text


def test_show_marks_what_a_candidate_claimed_as_reported(assay: Assay, story: Write) -> None:
    story("good_run")
    claims = assay("show", "8").out
    assert "it claims 0.931 (reported, never ranked)" in claims


def test_show_content(assay: Assay, story: Write) -> None:
    history = story("good_run")
    assert history.best is not None
    value = assay("show", "best", "--content", "--json").json
    assert value["plan"] == history.best.plan
    assert "blend(" in value["content"]["solution.py"]


def test_show_rejected_gives_the_reason(assay: Assay, story: Write) -> None:
    story("rejected_leak")
    assert "reason  L02 the encoder is fitted on rows that it must not see (line 11)" in assay("show", "2").out


def test_diff_is_against_the_parent_by_default(assay: Assay, story: Write) -> None:
    history = story("good_run")
    assert history.best is not None
    value = assay("diff", "best", "--json").json
    assert (value["new"], value["old"]) == (history.best.number, history.best.parents[0])
    assert "+model = blend(" in value["diff"]


def test_diff_without_a_parent_is_against_the_best_baseline(assay: Assay, story: Write) -> None:
    story("good_run")
    assert assay("diff", "3", "--json").json["old"] == 1
    assert assay("diff", "1", "--json").json["old"] is None


def test_diff_of_two_and_of_the_same(assay: Assay, story: Write) -> None:
    story("good_run")
    assert assay("diff", "3", "2", "--json").json["old"] == 2
    assert "the code is the same" in assay("diff", "3", "3").out


def test_logs_name_each_event(assay: Assay, story: Write) -> None:
    story("good_run")
    out = assay("logs").out
    for words in (
        "run brisk-otter started",
        "#3 judged real",
        "sealed holdout opened",
        "run finished: stopped by trials",
    ):
        assert words in out
    lines = [json.loads(line) for line in assay("logs", "--json").out.splitlines()]
    assert [line["number"] for line in lines] == list(range(len(lines)))


def test_logs_of_a_trial_are_what_it_printed(assay: Assay, story: Write) -> None:
    story("good_run")
    out = assay("logs", "--trial", "6").out
    assert "--- trial 6 · attempt 1 · fold-0 · memory ---" in out


@pytest.mark.parametrize(
    "argv", [["show", "999"], ["diff", "999"], ["logs", "--trial", "999"], ["show", "1", "-r", "zzz"]]
)
def test_what_is_not_there_exits_5(assay: Assay, story: Write, argv: list[str]) -> None:
    story("good_run")
    said = assay(*argv)
    assert said.code == 5
    assert said.err.startswith("error[E20")
    assert "\nfix: assay " in said.err


def test_stop_and_tell_refuse_a_run_that_is_not_running(assay: Assay, story: Write) -> None:
    story("interrupted")
    for argv in (["stop"], ["tell", "simpler"], ["stop", "late-falcon", "--now"]):
        said = assay(*argv)
        assert said.code == 5
        assert said.err.startswith("error[E204]")
