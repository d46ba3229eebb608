"""The quality gate, and approaches that a mission forbids however they are wrapped."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.models.roles import Decision, FileEdit, Housekeeping
from assay.operators.lab.forbidden import Approach, find_uses
from assay.operators.lab.gate import WAIT_LABEL, gate

APPROACH = Approach(name="nnU-Net", words=("nnunet",))
FILES = {
    "run.sh": "#!/bin/bash\n# nnunet is not used here\nset -e\nexec ./inner.sh --fast\n",
    "inner.sh": "python -u tools/go.py\n",
    "tools/go.py": "import helper\nhelper.main()\n",
    "tools/helper.py": "import subprocess\ndef main():\n    subprocess.run(['nnUNetv2_train', '1'])\n",
    "clean.py": '"""We never use nnunet here."""\n# nnunet\nimport torch\nprint("unet")\n',
    "pkg/__main__.py": "from nnunetv2.run import main\nmain()\n",
    "broken.py": "import nnunet (\n",
    "loop_a.sh": "bash loop_b.sh\n",
    "loop_b.sh": "bash loop_a.sh\n",
}


def uses(command: str | list[str], files: dict[str, str] = FILES) -> list[str]:
    return [use.where for use in find_uses(command, [APPROACH], files.get)]


@pytest.mark.parametrize(
    "command",
    [
        "nnUNetv2_train 1 2d 0",
        "/opt/bin/nnUNet_train",
        "CUDA_VISIBLE_DEVICES=0 nnUNet_train",
        "env A=1 nice -n 5 nohup nnUNet_train > log 2>&1 &",
        "bash -c 'nnUNetv2_train 1'",
        'sh -lc "cd x && bash -c \\"nnUNetv2_train 1\\""',
        "python -m nnunetv2.run",
        "python3.11 -u -m nnunetv2.run",
        "python -c 'import nnunetv2; nnunetv2.go()'",
        "uv run python -m nnunetv2.run",
        "torchrun --nproc 2 -m nnunetv2.run",
        "true && (false || nnUNet_train)",
        "X=nnUNet; ${X}_train",
        "echo $(nnUNet_train)",
        "echo `nnUNet_train`",
        "time timeout 10 nn-unet",
        "bash run.sh",
        "./run.sh --seed 1",
        "source inner.sh",
        "python tools/go.py",
        "nohup python -u tools/go.py &",
        "python -m pkg",
        "python broken.py",
        ["bash", "-c", "nnUNet_train"],
        "unset X\nnnUNet_train",
        "python 'unterminated nnUNet",
    ],
)
def test_a_forbidden_approach_is_found_however_it_is_wrapped(command: str | list[str]) -> None:
    assert uses(command)


@pytest.mark.parametrize(
    "command",
    ["python clean.py", "python train.py --model unet", "bash loop_a.sh", "echo annunetta", "bash -c", "python", ""],
)
def test_what_does_not_use_it_is_let_through(command: str) -> None:
    assert uses(command) == []


def test_the_place_is_told_once() -> None:
    assert uses("bash run.sh") == ["tools/helper.py"]
    assert uses("nnUNet_plan && nnUNet_train") == ["the command"]


@given(st.text(max_size=80))
def test_no_command_makes_the_search_fail(command: str) -> None:
    uses(command)


def decision(**changes: object) -> Decision:
    usual: dict[str, object] = {
        "action": "run",
        "rationale": "The last three runs overfit; augmentation is untried.",
        "command": "python train.py --aug 1",
        "label": "light shifts",
        "category": "augmentation",
        "housekeeping": Housekeeping(notes="try shifts"),
    }
    return Decision.model_validate(usual | changes)


def codes(given_decision: Decision, *, running: bool = False) -> list[str]:
    return [f.code for f in gate(given_decision, running=running, approaches=[APPROACH], read=FILES.get).findings]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"rationale": "because"}, "Q01"),
        ({"command": "  "}, "Q02"),
        ({"label": "Run"}, "Q03"),
        ({"label": ""}, "Q03"),
        ({"command": "cd /home/me/other && python train.py"}, "Q04"),
        ({"command": "cd ../other; python train.py"}, "Q04"),
        ({"command": 'cd "C:\\\\Users" && python train.py'}, "Q04"),
        ({"command": "bash run.sh"}, "Q05"),
    ],
)
def test_each_rule_turns_a_decision_into_waiting_with_its_reason(changes: dict[str, object], code: str) -> None:
    gated = gate(decision(**changes), running=False, approaches=[APPROACH], read=FILES.get)
    assert [finding.code for finding in gated.findings] == [code]
    assert gated.blocked
    assert (gated.decision.action, gated.decision.label, gated.decision.command) == ("wait", WAIT_LABEL, "")
    assert gated.decision.housekeeping.notes == "try shifts"


def test_what_is_well_said_goes_through_unchanged_and_needs_no_cd() -> None:
    good = decision(command="cd src && python train.py")
    assert gate(good, running=False).decision == good
    assert codes(decision(action="wait", command="", label="")) == []


def test_empty_housekeeping_is_remarked_on_and_blocks_nothing() -> None:
    gated = gate(decision(housekeeping=Housekeeping()), running=False)
    assert not gated.blocked
    assert len(gated.remarks) == 1


def test_one_experiment_at_a_time_and_nothing_to_stop_where_none_runs() -> None:
    assert codes(decision(), running=True) == ["Q06"]
    assert codes(decision(action="stop", command="", label=""), running=False) == ["Q07"]
    assert codes(decision(action="stop", command="", label=""), running=True) == []


def test_an_edit_of_the_decision_goes_before_the_file_of_the_repository() -> None:
    hidden = decision(command="python clean.py", edits=(FileEdit(path="clean.py", text="import nnunetv2\n"),))
    assert codes(hidden) == ["Q05"]
    mended = decision(command="python -m pkg", edits=(FileEdit(path="pkg/__main__.py", text="print(1)\n"),))
    assert codes(mended) == []
