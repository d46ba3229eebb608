"""What a lab does by itself: one retry with an allowed value, the default where nobody starts it, nothing installed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from assay.core.trial import TrialState
from assay.kinds.command.spec import overlay_of
from assay.models.roles import Decision
from assay.models.scripted import Scripted
from support.lab_bench import LabBench, act, in_order, repository, run

pytestmark = pytest.mark.timeout(120)
CONFIG = "# the user's own\nscore: turbo\n"
ALLOWED = '[repair]\nfallbacks = { turbo = "0.7", other = "none" }\npackages = { inhouse = "our-inhouse" }\n'


def lab(folder: Path, *worker: Scripted, more: str, files: dict[str, str] | None = None) -> LabBench:
    repo = repository(folder / "repo", more, files)
    return LabBench(folder / "run", repo, in_order(*worker))


def test_an_unsupported_value_is_replaced_in_a_copy_of_the_config_and_tried_once(tmp_path: Path) -> None:
    first = run(0, "a config of mine", command="sh train.sh config my.yaml")
    bench = lab(tmp_path, first, act("finish"), more=ALLOWED, files={"my.yaml": CONFIG})
    bench.work()
    failed, retry = bench.history.trials.values()
    assert (failed.state, retry.state) == (TrialState.FAILED, TrialState.COMPLETE)
    assert retry.recipe["mends"] == failed.number
    assert retry.recipe["command"] == "sh train.sh config my.repaired.yaml"
    assert bench.history.notes["lab/result/1"]["score"] == 0.7
    overlay = overlay_of(bench.parts.objects.candidate(retry.candidate))
    assert overlay == {"my.repaired.yaml": CONFIG.replace("turbo", "0.7")}
    assert (bench.repo / "my.yaml").read_text(encoding="utf-8") == CONFIG
    assert [c.cycle.source for c in bench.cycles] == ["worker", "repair", "worker"]
    evidence = bench.history.notes["lab/repair/0"]
    assert (evidence["option"], evidence["value"], evidence["instead"]) == ("score", "turbo", "0.7")
    assert [r.inputs.view.cycle for r in bench.model.requests if r.role == "lab_worker"] == [1, 3]  # type: ignore[attr-defined]


@pytest.mark.parametrize("more", ["", "[repair]\nretry = false\nfallbacks = { turbo = '0.7' }\n"])
def test_what_nobody_allowed_is_not_replaced(tmp_path: Path, more: str) -> None:
    bench = lab(tmp_path, run("turbo"), more=more)
    bench.work()
    (trial,) = bench.history.trials.values()
    assert trial.state is TrialState.FAILED
    assert [c.cycle.source for c in bench.cycles] == ["worker", "worker"]


def test_a_retry_that_fails_is_not_repaired_again(tmp_path: Path) -> None:
    chain = '[repair]\nfallbacks = { turbo = "warp", warp = "0.7" }\n'
    bench = lab(tmp_path, run("turbo"), more=chain)
    bench.work()
    assert [t.recipe["command"] for t in bench.history.trials.values()] == ["sh train.sh turbo", "sh train.sh warp"]
    assert [c.cycle.source for c in bench.cycles] == ["worker", "repair", "worker"]


def test_a_missing_module_is_told_with_its_distribution_and_nothing_is_installed(tmp_path: Path) -> None:
    def missing(module: str) -> str:
        return f"echo \"ModuleNotFoundError: No module named '{module}.x'\"; exit 1\n"

    one, two = (run(0, f"with {name}", command=f"sh {name}.sh") for name in ("cv2", "inhouse"))
    files = {f"{name}.sh": missing(name) for name in ("cv2", "inhouse")}
    bench = lab(tmp_path, one, two, more=ALLOWED, files=files)
    bench.work()
    told = [row.problem for row in bench.told(3).view.experiments]
    assert "module 'cv2' is missing (opencv-python-headless has it" in told[0]
    assert "module 'inhouse' is missing (our-inhouse has it" in told[1]
    assert len(bench.history.trials) == 2


def test_the_default_is_run_for_a_worker_that_only_waits_until_it_succeeds(tmp_path: Path) -> None:
    files = {"default.sh": 'echo no >&2; exit "$((3))"\n'}
    bench = lab(tmp_path, *[act("wait")] * 5, more="[forced]\nfirst = true\n", files=files)
    config = (bench.repo / "lab.toml").read_text(encoding="utf-8")
    (bench.repo / "lab.toml").write_text(config.replace("sh train.sh 0.5", "sh default.sh"), encoding="utf-8")
    bench.work()
    assert [c.cycle.source for c in bench.cycles] == ["forced"] * 3 + ["worker"] * 3
    assert [t.title for t in bench.history.trials.values()] == ["bootstrap"] * 3


def test_waiting_is_left_alone_unless_a_person_wants_it_answered(tmp_path: Path) -> None:
    plain = lab(tmp_path / "plain", *[act("wait")] * 3, more="")
    plain.work()
    assert plain.history.trials == {}
    asked = lab(tmp_path / "asked", *[act("wait")] * 4, more="[forced]\nrecover = true\nafter = 2\n")
    asked.work()
    assert [c.cycle.source for c in asked.cycles] == ["worker", "worker", "forced", "worker", "worker"]
    assert [t.title for t in asked.history.trials.values()] == ["recovery"]


@pytest.mark.parametrize(("asked", "taken"), [(5, 15), (99_999, 7_200), (float("inf"), 7_200), (14.6, 15), (60, 60)])
def test_seconds_to_watch_are_brought_into_their_bounds(asked: float, taken: int) -> None:
    told: dict[str, Any] = {**act("wait"), "monitor_s": asked}
    assert Decision.model_validate(told).monitor_s == taken
