from __future__ import annotations

from pathlib import Path

import pytest

from assay.core.errors import IntegrityError
from assay.core.execution import Execution, Outcome
from assay.kinds.base import Kind
from assay.kinds.command import CommandKind, CommandSpec, MetricSource, candidate_of, lay_out, read_metrics, spec_of
from assay.sandbox import SandboxLimits, Workspace, open_sandbox

SPEC = CommandSpec(
    argv=("python", "train.py", "--lr", "0.1"),
    env={"DEPTH": "3"},
    base="d" * 64,
    metrics=(MetricSource(name="acc", file="m.json", path="acc"),),
)


def test_it_travels_as_a_candidate_and_its_digest_covers_everything() -> None:
    candidate = candidate_of(SPEC, {"a.py": "x = 1\n"}, title="short", plan="why", operator="improve")
    assert (candidate.kind, candidate.title, candidate.plan, candidate.operator) == (
        "command",
        "short",
        "why",
        "improve",
    )
    assert spec_of(candidate) == SPEC
    assert spec_of(candidate).line == "python train.py --lr 0.1"
    others = [
        candidate_of(
            CommandSpec(argv=SPEC.argv, env=SPEC.env, base="e" * 64, metrics=SPEC.metrics), {"a.py": "x = 1\n"}
        ),
        candidate_of(SPEC, {"a.py": "x = 2\n"}),
        candidate_of(CommandSpec(shell="python train.py --lr 0.1", base=SPEC.base), {"a.py": "x = 1\n"}),
    ]
    assert len({candidate.digest, *(other.digest for other in others)}) == 4
    orders = ({"A": "1", "B": "2"}, {"B": "2", "A": "1"})
    assert len({candidate_of(CommandSpec(argv=("make",), env=env), {}).digest for env in orders}) == 1
    for bad in (CommandSpec(), CommandSpec(argv=("a",), shell="b"), CommandSpec(shell="  ")):
        with pytest.raises(ValueError, match="either"):
            candidate_of(bad, {})


def test_two_hundred_files_are_the_most_that_are_laid_over_a_repository() -> None:
    files = {f"{n}.py": "" for n in range(201)}
    with pytest.raises(ValueError, match=r"201 files .* at most 200"):
        candidate_of(SPEC, files)
    del files["0.py"]
    assert len(candidate_of(SPEC, files).files) == 201


def test_it_is_started_with_its_seed_and_its_own_variables_win() -> None:
    kind = CommandKind()
    command = kind.command(candidate_of(SPEC, {}), python=Path("/py"), seed=7, threads=2)
    assert (command.argv, command.interpreter) == (SPEC.argv, Path("/py"))
    given = {"ASSAY_SEED": "7", "ASSAY_THREADS": "2", "PYTHONHASHSEED": "0", "PYTHONUNBUFFERED": "1"}
    assert command.env == {**given, "DEPTH": "3"}
    line = CommandSpec(shell="make all | tee log", env={"PYTHONHASHSEED": "5"})
    command = kind.command(candidate_of(line, {}), python=None, seed=1, threads=1)
    assert command.argv == ("bash", "-c", "make all | tee log")
    assert command.env["PYTHONHASHSEED"] == "5"


def test_files_are_edited_whole_and_the_command_is_not() -> None:
    kind: Kind = CommandKind()
    candidate = candidate_of(SPEC, {"a.py": "x = 1\n", "b.yaml": "lr: 1\n"})
    units = {unit.name: unit for unit in kind.units(candidate)}
    changed = kind.replace(candidate, units["b.yaml"], "lr: 2\n")
    assert changed.files["b.yaml"] == "lr: 2\n"
    assert kind.replace(candidate, units["a.py"], "x = 2\n").files["a.py"] == "x = 2\n"
    with pytest.raises(ValueError, match="does not parse"):
        kind.replace(candidate, units["a.py"], "x = (\n")
    with pytest.raises(IntegrityError, match=r"error\[E404\].*protected"):
        kind.replace(candidate, units[candidate.entry], "{}")
    with pytest.raises(IntegrityError, match=r"error\[E404\].*no longer"):
        kind.replace(changed, units["b.yaml"], "lr: 3\n")


def test_it_runs_for_real_and_its_word_is_read(tmp_path: Path) -> None:
    checkout, root = tmp_path / "checkout", tmp_path / "work"
    checkout.mkdir()
    root.mkdir()
    (checkout / "train.py").write_text(
        "import os; from conf import LR; open('m.json', 'w').write('{\"acc\": %g}' % LR)"
    )
    (checkout / "conf.py").write_text("LR = 1\n")
    candidate = candidate_of(SPEC, {"conf.py": "import os\nLR = 0.25 * int(os.environ['DEPTH'])\n"})
    lay_out(checkout, SPEC.base, candidate, root)
    kind = CommandKind()
    sandbox = open_sandbox("off")
    try:
        command = kind.command(candidate, python=None, seed=1, threads=1)
        done = sandbox.start(command, Workspace(root=root), SandboxLimits(wall_s=60, memory_bytes=2**30)).wait()
    finally:
        sandbox.close()
    assert done is not None
    assert done.exit_code == 0, done.log
    found = read_metrics(SPEC.metrics, files={"m.json": (root / "m.json").read_bytes()})
    assert found.values == {"acc": 0.75}
    assert kind.diagnose(Execution(outcome=done.outcome), ()) is None


def test_a_failure_is_told_with_its_error_and_a_missing_number_too() -> None:
    kind = CommandKind()
    log = "epoch 1\nTraceback (most recent call last):\n  File x\nModuleNotFoundError: No module named 'timm'\n"
    failure = kind.diagnose(Execution(outcome=Outcome.ERROR, exit_code=1, log_tail=log), ())
    assert failure is not None
    assert failure.summary == "ModuleNotFoundError: No module named 'timm'"
    left = kind.diagnose(Execution(outcome=Outcome.ERROR, exit_code=1, outputs={"submission.csv": "d"}), ())
    assert left is not None
    assert left.summary == "exit code 1"
    problems = ("acc: the file 'm.json' was not left", "loss: nothing was found")
    quiet = kind.diagnose(Execution(outcome=Outcome.OK, log_tail="epoch 1\ndone"), problems)
    assert quiet is not None
    assert (quiet.outcome, quiet.summary) == ("invalid output", problems[0])
    assert quiet.detail.startswith("\n".join(problems))
    assert quiet.detail.endswith("\nepoch 1\ndone")
