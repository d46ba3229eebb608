"""`daemon_config.json` as people have it, and the PowerShell in it."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from assay.core.errors import UsageError
from assay.operators.lab.repair import Clone
from assay.strategies.daemon.powershell import to_bash
from assay.strategies.daemon.reading import KEYS, read_daemon_config
from assay.strategies.daemon.settings import LabSettings

FILE = Path(__file__).with_name("daemon_config.json")


def test_a_file_of_theirs_is_read_as_it_is() -> None:
    config = read_daemon_config(FILE)
    settings = config.settings
    assert config.name == "overnight_day01"
    assert config.unknown == ("colour_of_the_bikeshed",)
    assert {"workspace_root", "reasoning_effort", "data_source_root"} <= set(config.idle)
    assert (settings.model, settings.mentor_model) == ("openai:gpt-5", "anthropic:claude")
    assert (settings.poll_s, settings.look_s, settings.window_s, settings.most_window_s) == (5.0, 5.0, 300, 1800)
    assert (settings.mentor.every, settings.mentor.least_idle, settings.mentor.require_search) == (4, 2, True)
    assert settings.missions == {"all": "AGENTS.md", "worker": "WORKER_MISSION.md"}
    assert settings.names == {"worker": "AI-Builder", "mentor": "AI-Mentor"}
    assert settings.forced.bootstrap == "SEED=7 python scripts/train.py --config 'configs/fast dev.yaml' --lr 0.1"
    assert not settings.forced.recover
    assert settings.repository == "C:\\Users\\me\\bench"
    assert settings.repair.packages["smp"] == ("segmentation-models-pytorch", "timm")
    assert settings.repair.aliases == {"cv2": ("opencv-python",)}
    assert settings.repair.clones["some_module"] == Clone(
        repository="https://example.org/repo.git", ref="main", editable=True
    )
    assert settings.repair.clones["other"].repository == "https://example.org/other.git"
    assert (settings.repair.guess, settings.repair.python) == (True, "")
    assert (settings.finish_up_s, settings.top_k) == (3600.0, 20)
    assert [remark.partition(":")[0] for remark in config.remarks] == ["bootstrap_command", "auto_repair_python_exe"]


def test_what_is_left_out_has_the_defaults(tmp_path: Path) -> None:
    (tmp_path / "c.json").write_text("{}")
    config = read_daemon_config(tmp_path / "c.json")
    assert config.settings == LabSettings()
    assert (config.unknown, config.idle, config.remarks, config.name) == ((), (), (), "")


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
