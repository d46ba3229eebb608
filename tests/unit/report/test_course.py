"""What the report says of a strategy that works in phases and on paths."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from assay.core.errors import ReplyInvalid
from assay.journal import events as ev
from assay.journal.history import History, Trial
from assay.models.base import Request
from assay.models.catalogue import DATED
from assay.models.scripted import Scripted
from assay.report import write_reports
from assay.report.course import Course, course_of
from assay.report.document import Code, Items, Paragraph, Section, Table, plain
from assay.report.facts import Facts
from assay.report.formatting import MISSING
from assay.report.numbers import build_ledger
from assay.report.phase_words import KNOWN
from assay.report.searched import search_section
from assay.report.telling import Teller
from assay.strategies.star.options import StarOptions
from support.histories import good_run
from support.star import answer
from support.star_run import events_of, objects_of, write_star_run

CUT = (
    ev.Noted(key="mle_star/sizes", value={"paths": 1, "models": 2}),
    ev.Noted(key="phase/step-0004/ensemble/begun", value=1.0),
    ev.Noted(
        key="phase/step-0004/ensemble/cut", value={"skipped": "the time for the search was used up", "begun": True}
    ),
    ev.Noted(
        key="phase/step-0006/validate/cut", value={"skipped": "the time for the search was used up", "begun": False}
    ),
)
"""What a search with two paths notes that ends during its first ensemble."""

SMALL = StarOptions(models=2, outer=1, inner=2, paths=1, rounds=1)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run folder of a whole search, its reports written."""
    folder = tmp_path_factory.mktemp("star") / "run"
    history = write_star_run(folder)
    write_reports(folder, history, objects_of(folder), final=True)
    return folder


def facts_of(folder: Path, history: History | None = None, *, final: bool = True) -> Facts:
    return Facts(history or History(events_of(folder)), objects_of(folder), final=final)


def course(facts: Facts) -> Course:
    found = course_of(facts)
    assert found is not None
    return found


def section(facts: Facts) -> Section:
    found = search_section(Teller(facts, build_ledger(facts)))
    assert found is not None
    return found


def test_every_phase_has_its_trials_and_the_best_after_it(folder: Path) -> None:
    facts = facts_of(folder)
    found = course(facts)
    told = {(phase.place, phase.name): phase for phase in found.phases}
    for path in ("path 1", "path 2"):
        assert {t.operator for t in told[path, "init"].trials} == {"init"}
        assert {t.operator for t in told[path, "merge"].trials} == {"merge"}
        assert {t.operator for t in told[path, "refine"].trials} == {"refine"}
        assert {t.operator for t in told[path, "refine"].variants} == {"ablate"}
        scores = [_score(told[path, name].best) for name in ("init", "merge", "data-usage", "refine")]
        assert scores == sorted(scores, reverse=True), "a path never loses what it has"
    shown = [n for phase in found.phases for t in (*phase.trials, *phase.variants) for n in [t.number]]
    made = [t.number for t in facts.trials if t.operator not in ("baseline", "blend") and t.step is not None]
    assert sorted(shown) == made
    assert _score(told["ensemble 2", "ensemble"].best) <= _score(told["path 1", "refine"].best)


def _score(trial: Trial | None) -> float:
    assert trial is not None
    assert trial.score is not None
    return trial.score


def test_blocks_stand_in_the_script_that_they_are_of(folder: Path) -> None:
    facts = facts_of(folder)
    blocks = course(facts).blocks
    assert [(block.place, block.number) for block in blocks] == [
        ("path 1", 1), ("path 1", 2), ("path 2", 1), ("path 2", 2),
    ]  # fmt: skip
    for block in blocks:
        candidate = facts.candidate(block.parent)
        assert candidate is not None
        assert block.text in candidate.source
        assert len(block.plans) == 2
        assert all(t.parents == (block.parent.number,) for t in block.ablation)


def test_the_report_tells_it_in_all_three_forms(folder: Path) -> None:
    text = (folder / "report.md").read_text(encoding="utf-8")
    told = text.partition("## How the search went")[2].partition("\n## ")[0]
    assert "| path 1 " in told
    assert "| ensembles | round 1" in re.sub(" +", " ", told)
    assert "```python\nwish" in told
    assert re.search(r"\| model 0-2 +\| +\[#", told)
    assert "would not sign for its score" in told
    assert "nothing measured backs 0.777" in told
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert '<section id="search">' in page
    assert "<summary>Block 2 of path 1, as it stood in #" in page
    value: dict[str, Any] = json.loads((folder / "report.json").read_text(encoding="utf-8"))["search"]
    assert len(value["phases"]) == 4 * 2 + 2 + 2
    assert value["last_look"]["sound"] is False
    assert value["leaks"]["looked_at"] > 0
    assert "step-0" not in told
    assert "data_usage" not in told


def test_numbers_are_cited_and_verdicts_are_those_of_the_journal(folder: Path) -> None:
    facts = facts_of(folder)
    tables = [block for block in section(facts).blocks if isinstance(block, Table)]
    plans = [row for table in tables if table.columns[1].title.startswith("Plan") for row in table.rows]
    for row in plans:
        trial = facts.history.trials[int(plain(row[0]).removeprefix("#"))]
        assert str(trial.verdict) in plain(row[4])
        refs = [part.ref for cell in (row[2], row[3]) for part in cell if hasattr(part, "ref")]
        assert f"trial.{trial.number}.score" in refs
        assert any(ref.startswith(f"pair.{trial.number}.") for ref in refs)


def test_a_phase_that_was_skipped_says_why(tmp_path: Path) -> None:
    options = StarOptions(models=1, outer=0, paths=1, rounds=1, data_usage=0, validate=0)
    write_star_run(tmp_path / "run", options)
    facts = facts_of(tmp_path / "run")
    notes = {phase.name: phase.state for phase in course(facts).phases}
    assert notes["data-usage"] == "skipped: switched off"
    assert notes["validate"] == "skipped: switched off"
    assert notes["ensemble"].startswith("skipped: there are no two solutions")
    assert "skipped: switched off" in plain(section_rows(facts)[2][-1])
    assert course(facts).last_look is None


def test_phases_that_the_end_of_the_search_cut_off_or_that_never_began_say_why(folder: Path, tmp_path: Path) -> None:
    events = [e for e in events_of(folder) if not str(getattr(e.payload, "key", "")).endswith("validate/ended")]
    end = next(n for n, e in enumerate(events) if str(getattr(e.payload, "key", "")).endswith("ensemble/begun"))
    after = [replace(events[end], payload=note, number=n, time=events[end].time + 1) for n, note in enumerate(CUT, end)]
    history = History([*events[:end], *after])
    facts = facts_of(folder, history)
    states = {(phase.place, phase.name): phase.state for phase in course(facts).phases}
    assert states["path 2", "refine"] == "" or states["path 2", "refine"].startswith("cut short")
    assert states["ensemble 1", "ensemble"] == "cut off: the time for the search was used up"
    assert states["", "validate"] == "not begun: the time for the search was used up"
    write_reports(tmp_path, history, objects_of(folder), final=True)
    for name in ("story.md", "report.md"):
        told = (tmp_path / name).read_text(encoding="utf-8")
        assert "cut off: the time for the search was used up" in told, name
        assert "not begun: the time for the search was used up" in told, name
    assert "sizes fitted to the time: paths 1" in (tmp_path / "story.md").read_text(encoding="utf-8")


def section_rows(facts: Facts) -> tuple[tuple[Any, ...], ...]:
    return next(block for block in section(facts).blocks if isinstance(block, Table)).rows


def test_a_journal_that_ends_anywhere_can_be_told(folder: Path) -> None:
    events = list(events_of(folder))
    for cut in range(1, len(events), 11):
        facts = facts_of(folder, History(events[:cut]))
        found = search_section(Teller(facts, build_ledger(facts)))
        assert (found is None) == (course_of(facts) is None)
    half = facts_of(folder, History(events[: len(events) // 3]))
    assert "cut off by the end of the run" in {phase.state for phase in course(half).phases}
    running = facts_of(folder, half.history, final=False)
    assert "under way" in {phase.state for phase in course(running).phases}


def test_retrieval_says_whether_it_searched_and_where(tmp_path: Path) -> None:
    history = write_star_run(tmp_path / "run", SMALL)
    del history.notes[KNOWN]
    assert "offline, without a search of the web" in starts(facts_of(tmp_path / "run", history))
    key = "step-0002/retrieve/retrieve"
    question = history.questions[key]
    assert question.answer is not None
    for change, words in (
        ({"model": "playbook"}, "path 1 | offline, from the catalogue | "),
        ({"searched": True, "sources": ("https://example.org/paper",)}, "found by a search of the web |"),
        (
            {"searched": True, "kept": "2026-11-12"},
            "found by a search of the web that an earlier run made on 2026-11-12 |",
        ),
    ):
        answered = type(question.answer)(**{**vars(question.answer), **change})
        history.questions[key] = type(question)(**{**vars(question), "answer": answered})
        told = starts(facts_of(tmp_path / "run", history))
        assert words in told
        assert ("https://example.org/paper" in told) == ("sources" in change)


def test_the_catalogue_is_named_with_its_date_and_what_it_offered(folder: Path) -> None:
    facts = facts_of(folder)
    offered = facts.history.notes[KNOWN]
    told = "\n".join(plain(block.parts) for block in section(facts).blocks if isinstance(block, Paragraph))
    assert f"The catalogue of {DATED:%B %Y} offered {len(offered)} entr" in told
    assert "offline, with the catalogue to choose from" in starts(facts)


def starts(facts: Facts) -> str:
    blocks = section(facts).blocks
    table = next(b for b in blocks if isinstance(b, Table) and b.columns[1].title.startswith("How"))
    told = [" | ".join(plain(cell) for cell in row) for row in table.rows]
    return "\n".join([*told, *(plain(item) for b in blocks if isinstance(b, Items) for item in b.items)])


def test_a_plan_without_a_script_and_a_model_without_one_are_named(tmp_path: Path) -> None:
    def silent(request: Request[Any]) -> Scripted:
        if request.role == "init" and request.inputs.model.name.endswith("-1"):
            return ReplyInvalid("it is not in the asked form")
        if request.role == "code" and request.key.endswith("plan-1/code"):
            return {"code": request.inputs.block}
        if request.role == "code" and request.key.endswith("plan-2/code"):
            return ReplyInvalid("it says no")
        return answer(request)

    write_star_run(tmp_path / "run", replace(SMALL, inner=3), silent)
    facts = facts_of(tmp_path / "run")
    plans = course(facts).blocks[0].plans
    assert [plan.trial is None for plan in plans] == [False, True, True]
    assert [bool(plan.reason) for plan in plans] == [False, False, True]
    cells = [plain(row[4]) for table in section(facts).blocks if isinstance(table, Table) for row in table.rows]
    assert sum(cell.startswith("no script came of it") for cell in cells) == 2
    assert any(cell.startswith("no script came of it: ") and "it says no" in cell for cell in cells)
    assert plans[1].text == "Wish for 1 more."
    assert f"model 0-1 | {MISSING} | no script" in starts(facts)


def test_files_that_are_lost_cost_the_blocks_and_nothing_else(tmp_path: Path) -> None:
    history = write_star_run(tmp_path / "run", SMALL)
    empty = tmp_path / "empty"
    empty.mkdir()
    facts = Facts(history, objects_of(empty), final=True)
    told = section(facts)
    assert not any(isinstance(block, Code) for block in told.blocks)
    assert any(isinstance(block, Table) for block in told.blocks)


def test_a_last_look_that_signs_is_no_warning(tmp_path: Path) -> None:
    write_star_run(tmp_path / "run", SMALL, answer)
    last = [b for b in section(facts_of(tmp_path / "run")).blocks if isinstance(b, Paragraph)][-1]
    assert "would sign for its score" in plain(last.parts)
    assert not last.warning


def test_a_strategy_without_phases_has_no_such_section() -> None:
    history, _ = good_run()
    facts = Facts(history, objects_of(Path("/nonexistent")), final=True)
    assert course_of(facts) is None


def test_the_story_tells_the_phases_of_each_path_and_why_one_was_skipped(folder: Path, tmp_path: Path) -> None:
    story = (folder / "story.md").read_text(encoding="utf-8")
    for phase in ("path 1: initial solutions", "path 2: merging", "ensemble 2: combining the paths", "a last look"):
        assert f"Z {phase}" in story, phase
    assert "skipped" not in story
    short = replace(SMALL, data_usage=0)
    history = write_star_run(tmp_path / "run", short)
    write_reports(tmp_path / "run", history, objects_of(tmp_path / "run"), final=True)
    told = (tmp_path / "run" / "story.md").read_text(encoding="utf-8")
    assert "path 1: looking for unused data skipped: \N{LEFT DOUBLE QUOTATION MARK}switched off" in told
