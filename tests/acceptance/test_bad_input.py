"""Whatever is wrong: a coded error with the next step, no traceback, nothing half-written."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

ROWS = "".join(f"{i},{i % 7},{i % 3},{i * 0.5}\n" for i in range(60))
TRAIN = "id,x,y,price\n" + ROWS
TEST = "id,x,y\n" + "".join(f"{i},{i % 7},{i % 3}\n" for i in range(60, 90))
LABELS = "id,x,label\n" + "".join(f"{i},{i % 7},{'ab'[i % 2]}\n" for i in range(60))


@dataclass(frozen=True)
class Case:
    """Files of the data folder, what is asked for, and what must be said."""

    code: str
    says: str
    files: dict[str, str | bytes] = field(default_factory=lambda: {"train.csv": TRAIN, "test.csv": TEST})
    options: tuple[str, ...] = ()
    path: str = "data"
    exit: int = 2


CASES = {
    "no such folder": Case("E101", "nowhere", path="nowhere"),
    "empty folder": Case("E111", "is empty", {}),
    "empty file": Case("E111", "'train.csv' is empty", {"train.csv": ""}),
    "header without rows": Case("E111", "'train.csv' has no rows", {"train.csv": "a,b\n"}),
    "no table": Case("E115", "no training table", {"photo.png": b"\x89PNG"}),
    "file that is no table": Case("E115", "is not a table", {"photo.png": b"\x89PNG"}, path="data/photo.png"),
    "damaged table": Case("E114", "not valid", {"train.json": '[{"a": 1}, {"a": '}),
    "damaged archive": Case("E113", "cannot be unpacked", {"train.csv.zip": b"PK\x03\x04 torn"}),
    "unreadable encoding": Case("E112", "encoding", {"train.csv": b"a,b\n" + b"\x81\x8d\x8f,\x00\xff\xfe\n" * 40}),
    "no target": Case("E103", "no target", {"train.csv": "x,y\n1,2\n3,4\n" * 30, "test.csv": "x,y\n1,2\n"}),
    "misspelt target": Case("E102", "did you mean 'price'?", options=("--target", "prise")),
    "target all missing": Case(
        "E104", "missing in all 60", {"train.csv": re.sub(r",[\d.]+\n", ",\n", TRAIN)}, ("--target", "price")
    ),
    "one class": Case("E105", "in every row", {"train.csv": LABELS.replace(",b\n", ",a\n")}),
    "unknown metric": Case("E106", "'sharpness'", options=("--metric", "sharpness")),
    "direction against the metric": Case("E107", "lower is better", options=("--metric", "rmse:max")),
    "metric of another problem": Case("E107", "scores classes", options=("--metric", "accuracy")),
    "duplicate ids": Case("E108", "repeat an id", {"train.csv": TRAIN, "test.csv": TEST + "60,1,2\n"}, ("--id", "id")),
    "test without the columns": Case("E109", "none of the columns", {"train.csv": TRAIN, "test.csv": "other\n1\n"}),
    "too few rows": Case("E116", "at least", {"train.csv": "x,price\n1,2\n2,3\n"}, ("--target", "price")),
    "unknown split": Case("E120", "no split is called 'diagonal'", options=("--split", "diagonal")),
    "task file that is no TOML": Case("E120", "not valid TOML", {"train.csv": TRAIN, "task.toml": "target = \n"}),
    "task file with unknown keys and bad counts": Case(
        "E120", "rounds: no such key", {"train.csv": TRAIN, "task.toml": 'target = "price"\nrounds = 3\nrow_cap = 0\n'}
    ),
    "task file with an unknown variable": Case(
        "E120", "'NO_SUCH_VARIABLE'", {"train.csv": TRAIN, "task.toml": 'target = "${NO_SUCH_VARIABLE}"\n'}
    ),
    "task file with a limit that there is not": Case(
        "E002", "limits.rounds", {"train.csv": TRAIN, "task.toml": 'target = "price"\nlimits = { rounds = 3 }\n'}
    ),
    "several flags at once": Case(
        "E002",
        "5 options",
        options=("--time", "0s", "--trials", "0", "--cost", "-1", "--workers", "x", "--goal", "nan"),
    ),
    "missing interpreter": Case("E002", "no interpreter", options=("--python", "/no/such/python")),
    "name that is no folder name": Case("E002", "'../up'", options=("--name", "../up")),
    "no such sandbox": Case("E002", "'docker'", options=("--sandbox", "docker")),
    "no such strategy": Case("E002", "'luck'", options=("--strategy", "luck")),
    "no such provider": Case("E002", "'gpt'", options=("--model", "gpt")),
    "no key": Case("E303", "OPENAI_API_KEY is not set", options=("--model", "openai:x"), exit=6),
    "remote model while offline": Case("E002", "not on this machine", options=("--model", "openai:x", "--offline")),
    "unreadable prompt file": Case("E002", "--prompt-file", options=("--prompt-file", "/no/such/file")),
    "unknown option": Case("E001", "--epochs", options=("--epochs", "3")),
    "place for runs that cannot be made": Case("E503", "cannot be made", options=("--runs", "/proc/none"), exit=7),
}


def assay(*argv: str, cwd: Path, before: str = "") -> subprocess.CompletedProcess[str]:
    keys = {"OPENAI_API_KEY", "ANTHROPIC_API_KEY", "GOOGLE_API_KEY", "OPENAI_BASE_URL", "ASSAY_BASE_URL", "ASSAY_RUNS"}
    env = {name: value for name, value in os.environ.items() if name not in keys}
    command = [sys.executable, "-m", "assay", *argv]
    if before:
        command = ["unshare", "--mount", "sh", "-c", f'{before} && exec "$@"', "sh", *command]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=env, cwd=cwd, timeout=110)


def write(folder: Path, files: dict[str, str | bytes]) -> None:
    folder.mkdir()
    for name, content in files.items():
        (folder / name).write_bytes(content.encode() if isinstance(content, str) else content)


def everything_below(folder: Path) -> dict[str, bytes | None]:
    return {str(p.relative_to(folder)): p.read_bytes() if p.is_file() else None for p in sorted(folder.rglob("*"))}


def must_say(done: subprocess.CompletedProcess[str], code: str, says: str, exit_code: int) -> None:
    assert "Traceback" not in done.stdout + done.stderr
    assert re.search(rf"^error\[{code}\]: ", done.stderr, re.MULTILINE), done.stderr
    assert says in done.stderr
    assert re.search(r"^fix: \S", done.stderr, re.MULTILINE), done.stderr
    assert f"more: assay explain {code}" in done.stderr
    assert done.returncode == exit_code


@pytest.mark.parametrize("name", sorted(CASES))
def test_bad_input(name: str, tmp_path: Path) -> None:
    case = CASES[name]
    write(tmp_path / "data", case.files)
    before = everything_below(tmp_path)
    done = assay("run", case.path, "--time", "30s", *case.options, cwd=tmp_path)
    must_say(done, case.code, case.says, case.exit)
    (tmp_path / "runs").is_dir() and (tmp_path / "runs").rmdir()
    assert everything_below(tmp_path) == before


def test_init_does_not_write_over_corrections(tmp_path: Path) -> None:
    write(tmp_path / "data", {"train.csv": TRAIN, "test.csv": TEST})
    assert assay("init", "data", cwd=tmp_path).returncode == 0
    corrected = tmp_path / "data" / "task.toml"
    corrected.write_text(corrected.read_text(encoding="utf-8") + "# mine\n", encoding="utf-8")
    before = everything_below(tmp_path)
    must_say(assay("init", "data", cwd=tmp_path), "E028", "task.toml", 2)
    assert everything_below(tmp_path) == before
    assert assay("init", "data", "--force", cwd=tmp_path).returncode == 0
    assert "# mine" not in corrected.read_text(encoding="utf-8")


def test_init_and_check_take_the_same_flags_as_run(tmp_path: Path) -> None:
    write(tmp_path / "data", {"train.csv": TRAIN})
    for verb in ("init", "check", "run"):
        done = assay(verb, "data", "--target", "prise", cwd=tmp_path)
        must_say(done, "E102", "did you mean 'price'?", 2)


def test_a_name_that_is_taken(tmp_path: Path) -> None:
    write(tmp_path / "data", {"train.csv": TRAIN})
    (tmp_path / "runs" / "mine").mkdir(parents=True)
    before = everything_below(tmp_path)
    must_say(assay("run", "data", "--name", "mine", "--time", "20s", cwd=tmp_path), "E023", "'mine'", 2)
    assert everything_below(tmp_path) == before


def needs_mounts(test: Callable[[Path], None]) -> Callable[[Path], None]:
    allowed = subprocess.run(["unshare", "--mount", "true"], capture_output=True, check=False).returncode == 0
    return pytest.mark.root(pytest.mark.skipif(not allowed, reason="needs a mount namespace of its own")(test))


@needs_mounts
def test_no_sandbox_available(tmp_path: Path) -> None:
    write(tmp_path / "data", {"train.csv": TRAIN})
    hide = "for p in /usr/bin/bwrap /usr/local/bin/bwrap; do [ ! -e $p ] || mount --bind /dev/null $p; done"
    beside = Path(sys.prefix) / "bin" / "bwrap"
    if beside.exists():
        hide += f"; mount --bind /dev/null {beside}"
    done = assay("run", "data", "--sandbox", "strict", "--time", "20s", cwd=tmp_path, before=hide)
    must_say(done, "E510", "no isolation is available here", 7)
    assert not list(tmp_path.glob("runs/*"))


@needs_mounts
def test_read_only_folder(tmp_path: Path) -> None:
    write(tmp_path / "data", {"train.csv": TRAIN})
    before = f"mount --bind -o ro {tmp_path} {tmp_path} && mount -o remount,ro,bind {tmp_path} && cd {tmp_path}"
    must_say(assay("run", "data", "--time", "20s", cwd=tmp_path, before=before), "E503", "Read-only", 7)
    must_say(assay("init", "data", cwd=tmp_path, before=before), "E531", "Read-only", 7)
    assert sorted(p.name for p in tmp_path.rglob("*")) == ["data", "train.csv"]


@pytest.mark.slow
@needs_mounts
def test_full_disk(tmp_path: Path) -> None:
    write(tmp_path / "data", {"train.csv": TRAIN})
    (tmp_path / "small").mkdir()
    before = f"mount -t tmpfs -o size=200k tmpfs {tmp_path}/small"
    done = assay("run", "data", "--runs", "small/runs", "--time", "60s", cwd=tmp_path, before=before)
    must_say(done, "E501", "No space left", 7)
