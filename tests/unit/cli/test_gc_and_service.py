from __future__ import annotations

import configparser
import os
import shlex
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from assay.cli.commands.service import unit_text
from assay.journal.history import History
from support.histories import good_run
from unit.cli.conftest import Assay
from unit.cli.test_lookup import held

Story = Callable[[str], History]


@pytest.fixture
def run(story: Story, tmp_path: Path) -> Path:
    started = story(good_run.__name__).started
    assert started is not None
    folder = tmp_path / "runs" / started.run
    for name in ("work/fold-1", "views/fold-1", "private/tmp1", "private/answers"):
        (folder / name).mkdir(parents=True)
        (folder / name / "data.bin").write_bytes(bytes(8192))
    return folder


def files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()} - {"lease"}


def test_gc_shows_first_and_removes_only_what_can_be_made_again(run: Path, assay: Assay) -> None:
    before = files(run)
    shown = assay("gc", "--json").json
    assert files(run) == before
    assert {Path(piece["path"]).name for piece in shown["pieces"]} == {"work", "views", "tmp1"}
    assert shown["bytes"] >= 3 * 8192
    assert assay("gc", run.name).out.splitlines()[-1] == f" next   assay gc --yes {run.name}"
    assert assay("gc", "--yes").code == 0
    gone = {"work/fold-1/data.bin", "views/fold-1/data.bin", "private/tmp1/data.bin"}
    assert files(run) == before - gone
    assert assay("gc", "--yes").out == "there is nothing that can go\n"


def test_a_run_that_is_worked_on_is_left_alone(run: Path, assay: Assay) -> None:
    before = files(run)
    with held(run):
        assert assay("gc", "--yes").out == "there is nothing that can go\n"
        refused = assay("gc", run.name, "--whole", "--yes")
    assert refused.code == 2
    assert "error[E080]" in refused.err
    assert files(run) == before


def test_a_whole_run_goes_only_by_its_name_and_when_told_to(run: Path, assay: Assay) -> None:
    assert assay("gc", "--whole", "--yes").code == 2
    assert assay("gc", run.name, "--whole").code == 0
    assert run.is_dir()
    assert assay("gc", run.name, "--whole", "--yes").code == 0
    assert not run.exists()


def test_the_unit_takes_the_run_up_and_quotes_what_a_path_may_hold() -> None:
    text = unit_text(Path('/data/50% off/my "runs"/calm-otter'), Path("/opt/my env/bin/python"))
    unit = configparser.ConfigParser(interpolation=None, strict=True)
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read_string(text)
    words = shlex.split(unit["Service"]["ExecStart"].replace("%%", "%"))
    assert words[:5] == ["/opt/my env/bin/python", "-P", "-m", "assay", "resume"]
    assert words[5] == '/data/50% off/my "runs"/calm-otter'
    assert unit["Service"]["WorkingDirectory"] == '/data/50%% off/my "runs"'
    assert unit["Service"]["Restart"] == "on-failure"
    assert unit["Install"]["WantedBy"] == "default.target"


def test_install_writes_the_unit_and_remove_takes_it_away(
    run: Path, assay: Assay, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    path = tmp_path / "config" / "systemd" / "user" / f"assay-{run.name}.service"
    assert assay("service", "remove", run.name).code == 5
    said = assay("service", "install", run.name, "--json").json
    assert said["unit"] == str(path)
    assert str(run) in path.read_text(encoding="utf-8")
    if shutil.which("systemd-analyze"):
        checked = subprocess.run(
            ["systemd-analyze", "verify", "--user", str(path)],
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "XDG_RUNTIME_DIR": str(tmp_path)},
        )
        assert "Unknown" not in checked.stderr
    assert assay("service", "remove", run.name).code == 0
    assert not path.exists()
