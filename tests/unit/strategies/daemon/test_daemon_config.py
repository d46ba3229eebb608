"""`daemon_config.json` as people have it, and the PowerShell in it."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from assay.core.errors import UsageError
from assay.strategies.daemon import KEYS, DaemonConfig, read_daemon_config
from assay.strategies.daemon.powershell import to_bash
from assay.strategies.lab.config_parts import CloneConfig

FILE = Path(__file__).with_name("daemon_config.json")


def test_a_file_of_theirs_is_read_as_it_is() -> None:
    config = read_daemon_config(FILE)
    assert config.name == "overnight_day01"
    assert config.unknown == ("colour_of_the_bikeshed",)
    assert {"workspace_root", "reasoning_effort", "data_source_root"} <= set(config.idle)
    assert (config.model, config.mentor_model) == ("openai:gpt-5", "anthropic:claude")
    assert config.most_watch == 1800.0
    assert (config.mentor.every, config.mentor.least_idle, config.mentor.needs_search) == (4, 2, True)
    assert config.missions == {"all": "AGENTS.md", "worker": "WORKER_MISSION.md"}
    assert config.bootstrap == "SEED=7 python scripts/train.py --config 'configs/fast dev.yaml' --lr 0.1"
    assert (config.forced.first, config.forced.recover) == (True, False)
    assert config.repair.packages["smp"] == ("segmentation-models-pytorch", "timm")
    assert config.repair.packages["cv2"] == ("opencv-python",)
    assert config.repair.clones["some_module"] == CloneConfig(repository="https://example.org/repo.git", ref="main")
    assert config.repair.clones["other"].repository == "https://example.org/other.git"
    assert (config.repair.guess, config.python) == (True, None)
    assert config.finish_up_s == 3600.0
    assert [remark.partition(":")[0] for remark in config.remarks] == ["bootstrap_command", "auto_repair_python_exe"]


def test_what_is_left_out_has_the_defaults(tmp_path: Path) -> None:
    (tmp_path / "c.json").write_text("{}")
    config = read_daemon_config(tmp_path / "c.json")
    assert config == DaemonConfig()


def test_wrong_types_are_told_at_once_and_null_says_nothing(tmp_path: Path) -> None:
    file = tmp_path / "c.json"
    wrong = {
        "daemon_poll_seconds": "20",
        "mentor_enabled": 1,
        "mentor_every_n_cycles": True,
        "auto_repair_module_package_map": {"a": 1},
        "auto_repair_module_clone_map": {"a": {"url": "x"}},
        "model": None,
    }
    file.write_text(json.dumps(wrong))
    with pytest.raises(UsageError) as caught:
        read_daemon_config(file)
    assert caught.value.code == "E093"
    assert all(name in caught.value.message for name in wrong if name != "model")
    assert "model:" not in caught.value.message
    for text in ("{", "[]", "\x00"):
        file.write_text(text)
        with pytest.raises(UsageError) as caught:
            read_daemon_config(file)
        assert caught.value.code == "E090"


def test_every_key_is_told_once() -> None:
    names = [key.name for key in KEYS]
    assert len(names) == len(set(names))
    assert all(key.ours or key.why for key in KEYS)


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("python train.py --lr 0.1", "python train.py --lr 0.1"),
        ("& 'C:\\py\\python3.11.exe' -u 'a b.py'", "python -u 'a b.py'"),
        ("cd \"x\"; python 'it''s.py'; nvidia-smi", "python 'it'\"'\"'s.py' && nvidia-smi"),
        ("$env:A='1;2'; $env:B=\"b c\"; run.exe -x", "A='1;2' B='b c' run.exe -x"),
        ("Set-Location -LiteralPath 'C:\\x'", ""),
        ("Get-ChildItem | Remove-Item", ""),
        ("foreach ($i in 1..3) { python train.py }", ""),
        ("", ""),
    ],
)
def test_powershell_is_put_into_bash_or_refused(theirs: str, ours: str) -> None:
    assert to_bash(theirs).line == ours


def test_the_line_says_in_bash_what_it_said_there() -> None:
    line = to_bash("$env:GREETING='it''s $HOME; \"x\"'; & 'sh' '-c' 'echo \"$GREETING\"'").line
    said = subprocess.run(["bash", "-c", line], capture_output=True, text=True, check=True)
    assert said.stdout == 'it\'s $HOME; "x"\n'
