from __future__ import annotations

import io
import json
import logging
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from assay.cli.boundary import run, tell_error
from assay.cli.logfile import RunLog
from assay.cli.output import Abilities, Output, clean, one_line
from assay.cli.shell import Shell
from assay.core.clock import FakeClock
from assay.core.errors import AssayError, MachineError, NothingFound
from support.histories import write_run

HEAVY = {
    "pandas",
    "numpy",
    "sklearn",
    "pydantic",
    "scipy",
    "matplotlib",
    "lightgbm",
    "pyarrow",
    "rich",
    "jinja2",
    "yaml",
}


def assay(*argv: str, env: dict[str, str] | None = None, **options: Any) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-X", "importtime", "-m", "assay", *argv]
    return subprocess.run(
        command, capture_output=True, text=True, check=False, env={**os.environ, **(env or {})}, **options
    )


@pytest.mark.parametrize(
    ("argv", "allowed"),
    [
        (["--help"], set()),
        # Typer may convert the options of a verb by pydantic, which Assay does not import itself for these.
        (["--version"], {"pydantic"}),
        (["run", "--help"], {"pydantic"}),
        (["ls"], {"pydantic"}),
        (["status", "--help"], {"pydantic"}),
    ],
)
def test_nothing_heavy_is_imported_to_help_or_list(argv: list[str], allowed: set[str], tmp_path: Path) -> None:
    done = assay(*argv, cwd=tmp_path)
    assert done.returncode == 0
    imported = {line.rpartition("|")[2].strip().split(".")[0] for line in done.stderr.splitlines()}
    assert "assay" in imported
    assert not (imported & HEAVY) - allowed


def test_looking_at_a_run_loads_none_of_what_would_work_on_it(tmp_path: Path) -> None:
    write_run(tmp_path / "runs" / "brisk-otter", "good_run")
    for verb in ("status", "ls"):
        done = assay(verb, cwd=tmp_path)
        assert "brisk-otter" in done.stdout
        imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
        assert "assay.journal.summary" in imported
        working = ("assay.sandbox", "assay.models", "assay.data", "assay.kinds", "assay.grading")
        assert not [name for name in imported if name.startswith((*working, "pydantic", "numpy"))]


def test_installed_entry_point_is_the_boundary() -> None:
    from importlib.metadata import entry_points

    (entry,) = entry_points(group="console_scripts", name="assay")
    assert entry.value == "assay.cli:main"


def test_an_error_without_a_step_of_its_own_gives_that_of_its_code(capsys: pytest.CaptureFixture[str]) -> None:
    clock = FakeClock(1_700_000_000.0)
    for json_wanted in (False, True):
        tell_error(Output(json=json_wanted, clock=clock), AssayError("E136", "an answer is not a number"))
    said = capsys.readouterr()
    fix = "Correct the target column, or name another --metric."
    assert said.err.splitlines().count(f"fix: {fix}") == 2
    assert json.loads(said.out)["error"]["fix"] == fix


def test_error_has_four_parts_and_the_exit_code_of_its_kind(capsys: pytest.CaptureFixture[str]) -> None:
    error = MachineError("E501", "the disk is full", kept="all 31 trials", fix="free 2 GB, then assay resume")
    assert tell_error(Output(), error) == 7
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.splitlines() == [
        "error[E501]: the disk is full",
        "kept: all 31 trials",
        "fix: free 2 GB, then assay resume",
        "more: assay explain E501",
    ]


def test_error_is_json_too(capsys: pytest.CaptureFixture[str]) -> None:
    clock = FakeClock(1_800_000_000.0)
    code = tell_error(Output(json=True, clock=clock), NothingFound("E201", "no run 'x'", fix="assay ls"))
    said = capsys.readouterr()
    assert code == 5
    assert json.loads(said.out) == {
        "schema": "assay.error.v1",
        "time": "2027-01-15T08:00:00Z",
        "error": {"code": "E201", "message": "no run 'x'", "kept": "", "fix": "assay ls"},
        "exit": 5,
    }
    assert said.err.startswith("error[E201]: no run 'x'\n")


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (["nope"], "No such command 'nope'"),
        (["run", "--nope"], "No such option"),
        (["show"], "Missing argument"),
        (["top", "-k", "many"], "valid int"),
        (["status", "--watch", "0"], "0"),
        (["--json"], "No such option"),
    ],
)
def test_usage_errors_are_coded(argv: list[str], words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(argv) == 2
    said = capsys.readouterr()
    assert said.err.startswith("error[E001]: ")
    assert words in said.err
    assert "--help" in said.err


def test_no_verb_shows_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert run([]) == 0
    assert "\nSteer:\n" in capsys.readouterr().out


def test_unexpected_exception_leaves_a_file_and_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # A run folder whose journal is a folder is nothing that any code foresees.
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    (tmp_path / "runs" / "odd" / "events.jsonl").mkdir(parents=True)
    assert run(["status"]) == 70
    said = capsys.readouterr()
    assert said.err.startswith("error[E900]: unexpected IsADirectoryError")
    assert "Traceback" not in said.err
    (crash,) = tmp_path.glob("assay-crash-*.txt")
    assert "Traceback" in crash.read_text(encoding="utf-8")
    assert crash.name in said.err


def test_no_key_gets_into_a_crash_file_or_the_log(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    monkeypatch.setenv("GATEWAY_API_KEY", "canary-of-the-mine")
    (tmp_path / "runs" / "canary-of-the-mine" / "events.jsonl").mkdir(parents=True)
    assert run(["status"]) == 70
    (crash,) = tmp_path.glob("assay-crash-*.txt")
    assert "canary" not in capsys.readouterr().err
    assert "canary" not in crash.read_text(encoding="utf-8")

    log = RunLog(Shell(output=Output(), run_folder=tmp_path))
    log.emit(logging.LogRecord("assay", logging.WARNING, "", 0, "asked with %s", ("canary-of-the-mine",), None))
    assert (tmp_path / "assay.log").read_text(encoding="utf-8").endswith("asked with [secret]\n")


def test_reader_that_goes_away_is_no_error(tmp_path: Path) -> None:
    command = f"{sys.executable} -m assay --help | head -1; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert done.stdout.splitlines()[-1] == "0"
    assert done.stderr == ""


class Screen(io.StringIO):
    encoding = "utf-8"

    def __init__(self, *, tty: bool = True) -> None:
        super().__init__()
        self._tty = tty

    def isatty(self) -> bool:
        return self._tty


class Latin(Screen):
    encoding = "latin-1"


@pytest.mark.parametrize(
    ("stream", "env", "abilities"),
    [
        (Screen(), {"TERM": "xterm"}, (True, True, False)),
        (Screen(), {"TERM": "xterm", "NO_COLOR": "1"}, (True, False, False)),
        (Screen(), {"TERM": "dumb"}, (False, False, False)),
        (Screen(), {}, (False, False, False)),
        (Screen(), {"TERM": "xterm", "CI": "true"}, (False, False, False)),
        (Screen(tty=False), {"TERM": "xterm"}, (False, False, False)),
        (Latin(), {"TERM": "xterm"}, (True, True, True)),
        (Screen(), {"TERM": "xterm", "ASSAY_ASCII": "1"}, (True, True, True)),
    ],
)
def test_what_a_stream_can_show(stream: Screen, env: dict[str, str], abilities: tuple[bool, bool, bool]) -> None:
    found = Abilities.of(stream, env)
    assert (found.terminal, found.colour, found.ascii) == abilities


def test_ascii_terminal_gets_ascii() -> None:
    out = Screen()
    Output(out=out, env={"ASSAY_ASCII": "1"}).say("#4 ±.0037 · \N{MINUS SIGN}7.3 ▁█ → … \N{EN DASH}")
    assert out.getvalue() == "#4 +/-.0037 | -7.3 _# -> ... -\n"


def test_people_read_standard_error_under_json() -> None:
    out, err = Screen(), Screen()
    output = Output(json=True, out=out, err=err, env={})
    output.say("words")
    output.emit("x", {"a": 1})
    assert err.getvalue() == "words\n"
    assert json.loads(out.getvalue())["a"] == 1


def test_json_never_says_nan() -> None:
    with pytest.raises(ValueError, match="JSON"):
        Output(json=True, out=Screen(), env={}).emit("x", {"score": float("nan")})


def test_untrusted_text_is_cleaned() -> None:
    assert clean("a\x1b[31m\u202eb\tc\nd") == "a�[31m�b\tc\nd"
    assert one_line("  a\n b " + "x" * 50, 10) == "a b xxxxx…"


def test_every_error_class_has_an_exit_code_of_the_table() -> None:
    def leaves(cls: type[AssayError]) -> list[type[AssayError]]:
        return [cls, *(leaf for sub in cls.__subclasses__() for leaf in leaves(sub))]

    assert {cls.exit_code for cls in leaves(AssayError)} <= {2, 4, 5, 6, 7}


@pytest.mark.parametrize("terminal", [True, False])
def test_no_name_in_a_sentence_steers_the_terminal(terminal: bool) -> None:
    # A column, a file or a run may be called anything, and not each sentence that says so cleans it.
    out = io.StringIO()
    out.isatty = lambda: terminal  # type: ignore[method-assign]
    output = Output(out=out, env={"TERM": "xterm"})
    output.say(f"{output.paint('target', 'bold')} a\x1b]0;owned\x07b\x1b[2Jc\x9bd\u202ee\tf\r\ng")
    bold = ("\x1b[1m", "\x1b[0m") if terminal else ("", "")
    assert out.getvalue() == f"{bold[0]}target{bold[1]} a?]0;owned?b?[2Jc?d?e\tf?\ng\n"
