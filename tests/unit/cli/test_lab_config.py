"""A `daemon_config.json` on the command line of a lab: what it sets, what wins over it, what is said of the rest."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from assay.cli.commands.lab_intake import with_daemon_config
from assay.cli.options.records import LimitFlags, RunFlags
from assay.cli.output import Output
from assay.cli.shell import Shell
from assay.core.errors import UsageError
from assay.strategies.lab import Lab, LabConfig
from support.lab_bench import LabBench, act, calm, repository, run

THEIRS: dict[str, Any] = {
    "run_id": "overnight_day01",
    "model": "gpt-5",
    "mentor_model": "gpt-5-mini",
    "mentor_every_n_cycles": 2,
    "mentor_apply_suggestions": False,
    "max_monitor_seconds": 60,
    "force_bootstrap_if_idle": True,
    "bootstrap_command": "Set-Location 'C:\\bench'; python train.py",
    "mission_file": "AGENTS.md",
    "auto_repair_allow_direct_module_install": True,
    "auto_repair_module_package_map": {"inhouse": ["our-inhouse", "more"]},
    "auto_repair_model_fallback_map": {"turbo": "0.7"},
    "finishup_default_minutes_left": 30,
    "colour": "red",
}


def file_of(folder: Path, **changes: Any) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "AGENTS.md").write_text("Raise it for the night.", encoding="utf-8")
    path = folder / "daemon_config.json"
    path.write_text(json.dumps({**THEIRS, **changes}), encoding="utf-8")
    return path


def flags_of(folder: Path, file: Path, limits: LimitFlags, typed: RunFlags) -> tuple[RunFlags, str]:
    out = StringIO()
    shell = Shell(output=Output(json=False, out=out, err=StringIO(), env={}))
    repo = repository(folder / "repo")
    return with_daemon_config(shell, repo, file, limits, typed), out.getvalue()


def test_the_file_goes_below_what_was_typed_and_the_rest_is_said(tmp_path: Path) -> None:
    file = file_of(tmp_path / "config")
    flags, said = flags_of(tmp_path, file, LimitFlags(time="8h"), RunFlags())
    assert (flags.model, flags.name, flags.finish_up) == ("openai:gpt-5", "overnight_day01", "1800s")
    assert flags.settings == (f"daemon_config={file.absolute()}",)
    assert flags.role_models == ("lab_mentor=openai:gpt-5-mini",)
    for words in ("bootstrap_command", "only with --set installs=on", "W230 colour"):
        assert words in said
    typed = RunFlags(model="openai:mine", name="calm-otter", finish_up="5m")
    flags, _ = flags_of(tmp_path, file, LimitFlags(time="20m"), typed)
    assert (flags.model, flags.name, flags.finish_up) == ("openai:mine", "calm-otter", "5m")
    assert flags.role_models == ()
    flags, _ = flags_of(tmp_path, file, LimitFlags(time="20m"), RunFlags(offline=True))
    assert (flags.model, flags.finish_up) == (None, None)


def test_a_wrong_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        flags_of(tmp_path, file_of(tmp_path, mentor_every_n_cycles="two"), LimitFlags(), RunFlags())
    assert caught.value.code == "E093"


def test_a_lab_works_by_the_file_and_keeps_the_metric_of_the_repository(tmp_path: Path) -> None:
    def answer(request: Any) -> Any:
        if request.role == "lab_mentor":
            challenge = {"recommendation": "challenge", "trajectory": "off_track", "suggestion": run(0.9)}
            return {**calm(), **challenge}
        return act("wait") if request.inputs.view.cycle < 3 else act("finish")

    strategy = Lab.from_arguments({"daemon_config": str(file_of(tmp_path / "config"))}, sandbox="off")
    bench = LabBench(tmp_path / "run", repository(tmp_path / "repo"), answer, strategy=strategy)
    bench.work()
    assert [c.cycle.source for c in bench.cycles] == ["forced", "worker", "worker"]
    assert [c.cycle.reviewed for c in bench.cycles] == [False, True, False]
    assert bench.cycles[1].ignored == "suggestions are not applied in this mode"
    assert bench.told(1).view.mission == "Raise it for the night."
    kept = LabConfig.model_validate(bench.history.notes["lab/config"])
    assert (kept.metric.name, kept.command, kept.most_watch) == ("acc", "sh train.sh 0.5", 60.0)
    assert (kept.repair.packages, kept.repair.fallbacks) == ({"inhouse": ("our-inhouse", "more")}, {"turbo": "0.7"})
    assert bench.history.notes["lab/result/0"]["score"] == 0.5
