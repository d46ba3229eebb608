"""What candidates are told about the machine."""

from __future__ import annotations

from pathlib import Path

import pytest

from assay.core.errors import MachineError
from assay.models.roles import DraftInputs
from assay.operators.rendering import render
from assay.strategies.machine import describe_machine
from support.briefs import brief_of


def program(folder: Path, text: str) -> None:
    path = folder / "nvidia-smi"
    path.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
    path.chmod(0o755)


@pytest.mark.parametrize(
    ("says", "told"),
    [
        (None, "no GPU"),
        ("exit 9", "no GPU"),
        (
            "echo '0, GPU-a, 00000000:3B:00.0, Brand X 200'; echo '1, GPU-b, 00000000:5E:00.0, Brand X 200'",
            "Brand X 200",
        ),
    ],
    ids=["none", "a driver that fails", "two"],
)
def test_a_gpu_is_told_by_name_and_none_as_none(
    says: str | None, told: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    if says is not None:
        program(tmp_path, f"export PATH=/usr/bin:/bin\n{says}")
    machine = describe_machine(None, workers=1, trial_timeout_s=60.0)
    system = render("draft", DraftInputs(brief=brief_of().model_copy(update={"machine": machine}), index=0))[0].content
    assert f"GB memory, {told}. One run may take" in system
    assert "None" not in system.split("# Machine")[1]
    assert "cuda" not in system


def test_an_interpreter_without_what_every_solution_needs_is_refused_before_anything_runs(tmp_path: Path) -> None:
    bare = tmp_path / "python"
    bare.write_text("""#!/bin/sh\necho '{"python": "3.12.1", "packages": {"numpy": "2.1"}}'\n""", encoding="utf-8")
    bare.chmod(0o755)
    with pytest.raises(MachineError, match="lacks pandas") as caught:
        describe_machine(bare, workers=1, trial_timeout_s=60.0)
    assert caught.value.code == "E502"
    assert "pip install pandas" in caught.value.fix
