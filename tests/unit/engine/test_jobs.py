"""Jobs: executed once for their evidence, in the sandbox, journaled, and never twice."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from assay.core.execution import Outcome
from assay.core.trial import TrialState
from assay.engine.job_runner import JobPlan
from assay.journal import events as ev
from assay.kinds.blocks import blocks_candidate
from support.job_bench import JobBench
from support.real_engine import limited


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> JobBench:
    return JobBench(tmp_path_factory.mktemp("jobs"))


def test_blocks_share_state_and_everything_of_each_is_kept(bench: JobBench) -> None:
    first = "import sys\nx = 20\nprint('one')\nprint('oops', file=sys.stderr)"
    second = "from pathlib import Path\nPath('results').mkdir()\nPath('results/x.txt').write_text(str(x + 1))"
    _, execution = bench.run("shared", (first, second), JobPlan(outputs=("results/x.txt", "results/none.txt")))
    blocks = bench.blocks(execution, 2)
    assert execution.outcome is Outcome.OK
    assert [block.state for block in blocks] == ["ok", "ok"]
    assert (blocks[0].stdout, blocks[0].stderr) == ("one\n", "oops\n")
    assert bench.text(execution, "results/x.txt") == "21"
    assert execution.refused["results/none.txt"] == "missing"


def test_a_failing_block_ends_the_task_and_its_traceback_names_block_and_line(bench: JobBench) -> None:
    _, execution = bench.run("failing", ("a = 1", "b = a\nraise ValueError('no')", "c = 1"))
    blocks = bench.blocks(execution, 3)
    failure = bench.parts.kinds["blocks"].diagnose(execution, ())
    assert [block.state for block in blocks] == ["ok", "failed", "not run"]
    assert 'File "blocks/002.py", line 2' in blocks[1].traceback
    assert "raise ValueError('no')" in blocks[1].traceback
    assert failure is not None
    assert failure.summary == "ValueError: no"


@pytest.mark.parametrize(
    ("source", "word"),
    [
        ("import sys; sys.exit(0)", "SystemExit"),
        ("raise SystemExit('done')", "SystemExit"),
        ("import os; os._exit(0)", "ended by itself"),
        ("def f(:\n  pass", "SyntaxError"),
    ],
)
def test_no_way_out_of_a_block_counts_as_its_end(bench: JobBench, source: str, word: str) -> None:
    _, execution = bench.run(f"exit {word} {source}", (source, "y = 1"))
    blocks = bench.blocks(execution, 2)
    assert word in blocks[0].error
    assert blocks[0].state != "ok"
    assert blocks[1].state == "not run"


def test_a_child_of_a_block_does_not_run_the_rest(bench: JobBench) -> None:
    second = "with open('count.txt', 'a') as file: file.write('x')"
    _, execution = bench.run("fork", ("import os\nos.fork()", second), JobPlan(outputs=("count.txt",)))
    assert bench.text(execution, "count.txt") == "x"


def test_a_hang_ends_at_the_limit_and_names_the_block(bench: JobBench) -> None:
    plan = JobPlan(limits=limited(wall_s=1.5))
    _, execution = bench.run("hang", ("print('start')", "while True: pass"), plan)
    blocks = bench.blocks(execution, 2)
    assert execution.outcome is Outcome.TIMEOUT
    assert [block.state for block in blocks] == ["ok", "unfinished"]


def test_a_file_that_is_older_than_the_attempt_is_not_taken(bench: JobBench) -> None:
    def leave(root: Path) -> dict[str, str]:
        (root / "old.json").write_text("{}", encoding="utf-8")
        os.utime(root / "old.json", (1, 1))
        return {}

    _, execution = bench.run("old", ("x = 1",), JobPlan(outputs=("old.json",), prepare=leave))
    assert execution.refused["old.json"] == "older than the start of the attempt"
    assert "old.json" not in execution.outputs


def test_a_resumed_run_finds_its_executions_and_ends_each_job_once(tmp_path: Path) -> None:
    first = JobBench(tmp_path)
    number, execution = first.run("once", ("print('hello')",))
    second = JobBench(tmp_path)
    assert second.run("once", ("print('hello')",)) == (number, execution)
    second.jobs.finish(number, TrialState.COMPLETE)
    second.jobs.finish(number, TrialState.FAILED, reason="too late")
    last = second.parts.log.read(lambda history: history.last)
    assert last is not None
    assert isinstance(last.payload, ev.TrialFinished)
    assert second.jobs.trial(number).state is TrialState.COMPLETE
    assert not second.jobs.trial(number).ranks


def test_what_an_attempt_opened_and_gathered_is_journaled_before_its_execution(bench: JobBench) -> None:
    seen: list[str] = []

    def prepare(root: Path) -> dict[str, str]:
        seen.append("prepare")
        (root / "given.txt").write_text("41", encoding="utf-8")
        return {"TOLD": "1"}

    source = "import os\nopen('out.txt', 'w').write(str(int(open('given.txt').read()) + int(os.environ['TOLD'])))"
    plan = JobPlan(
        prepare=prepare, gather=lambda root, execution: seen.append((root / "out.txt").read_text(encoding="utf-8"))
    )
    bench.run("gathered", (source,), plan)
    bench.run("gathered", (source,), plan)
    assert seen == ["prepare", "42"]


def test_a_patch_leaves_a_chain_of_digests(bench: JobBench) -> None:
    number, _ = bench.run("patched", ("x = 1",))
    before, attempt = bench.jobs.current(number)
    after = blocks_candidate(("x = 2",), title="patched")
    told = ev.Repaired(trial=0, attempt=attempt + 1, candidate="", cause="why", by="scripted", point="execution")
    bench.jobs.mend(number, before, after, told)
    repaired = bench.jobs.trial(number).repairs[-1]
    assert (repaired.previous, repaired.code) == (before.digest, after.digest)
    assert bench.jobs.current(number) == (after, 2)


def test_a_run_without_grading_evaluates_nothing(bench: JobBench) -> None:
    with pytest.raises(LookupError, match="not graded"):
        bench.session.evaluate("never", blocks_candidate(("x = 1",), title="never"))


def test_an_attempt_that_a_crash_cut_off_is_repeated_under_a_new_id(bench: JobBench) -> None:
    candidate = blocks_candidate(("x = 1",), title="cut")
    number, ids = bench.jobs.create("cut", candidate).number, iter(("first", "second"))

    def prepare(root: Path) -> dict[str, str]:
        bench.log.add(ev.EvidenceOpened(trial=number, attempt=1, run=next(ids)))
        return {}

    def dies(root: Path, execution: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        bench.jobs.run(number, 1, candidate, JobPlan(prepare=prepare, gather=dies))
    assert bench.jobs.execution(number, 1) is None
    bench.jobs.run(number, 1, candidate, JobPlan(prepare=prepare))
    opened = bench.jobs.trial(number).opened
    assert opened is not None
    assert opened.run == "second"
