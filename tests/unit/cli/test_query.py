"""`assay query`: a run's tables answer one select, and nothing else is let through."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from assay.core.errors import UsageError
from assay.journal.history import History
from assay.report.sql import TABLES, ask
from support.histories import STORIES
from unit.cli.conftest import Assay


@pytest.mark.parametrize("name", sorted(STORIES))
def test_the_tables_hold_what_the_journal_tells(name: str) -> None:
    history, _ = STORIES[name]()
    for table, columns in TABLES.items():
        assert ask(history, f"select * from {table}", most=10_000).columns == columns
    ranked = "select trial, score from trials where counts and state = 'complete' and score is not null"
    assert set(ask(history, ranked, most=10_000).rows) == {(t.number, t.score) for t in history.ranking()}
    (counts,) = ask(history, "select count(*), count(score) from executions", most=1).rows
    measured = history.all_measurements()
    assert counts == (len(measured), sum(m.score is not None for m in measured))


def test_what_scripts_claim_is_in_no_table_of_scores() -> None:
    history, _ = STORIES["good_run"]()
    claimed = {m.reported for m in history.all_measurements() if m.reported is not None}
    assert claimed
    assert {row[0] for row in ask(history, "select claimed from claims", most=10_000).rows} == claimed
    for table in ("trials", "executions"):
        shown = {cell for row in ask(history, f"select * from {table}", most=10_000).rows for cell in row}
        assert not claimed & {cell for cell in shown if isinstance(cell, float)}


@pytest.mark.parametrize(
    "text",
    [
        "drop table trials",
        "update trials set score = 1",
        "insert into noted values (1, 1, 'x', 'y')",
        "attach database 'other.db' as other",
        "pragma writable_schema = 1",
        "vacuum into 'copy.db'",
        "select 1; select 2",
        "select load_extension('x')",
        "select nothing from trials",
        "/* nothing */",
    ],
)
def test_only_a_select_over_them_is_answered(assay: Assay, story: Callable[[str], History], text: str) -> None:
    story("good_run")
    said = assay("query", text)
    assert said.code == 2
    assert "error[E045]" in said.err
    assert not Path("copy.db").exists()
    assert not Path("other.db").exists()


def test_a_query_without_end_is_broken_off() -> None:
    history, _ = STORIES["just_started"]()
    endless = "with recursive c(x) as (select 1 union all select x + 1 from c) select count(*) from c"
    with pytest.raises(UsageError, match="it took longer"):
        ask(history, endless, most=1, limit_s=0.05)


def test_rows_are_shown_under_their_heads_and_cut_off_where_asked(
    assay: Assay, story: Callable[[str], History]
) -> None:
    story("good_run")
    out = assay("query", "select trial, verdict, score from trials where verdict = 'real' order by trial").out
    head, *rows, last = out.splitlines()
    assert head.split() == ["trial", "verdict", "score"]
    assert all(row.split()[1] == "real" for row in rows)
    assert last == f"({len(rows)} rows)"
    value = assay("query", "select trial from trials order by trial", "--most", "2", "--json").json
    assert (value["rows"], value["truncated"]) == ([[0], [1]], True)
    assert "executions" in assay("query").out


def test_no_text_of_a_candidate_steers_the_terminal(assay: Assay, story: Callable[[str], History]) -> None:
    story("hostile_texts")
    out = assay("query", "select title, reason from trials").out
    assert "\x1b" not in out
    assert "\u202e" not in out
