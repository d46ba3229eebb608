"""The page for users of the daemon scripts names every script, every key, and only verbs and options that there are."""

from __future__ import annotations

import re
from pathlib import Path

import typer

from assay.cli.app import build_app
from assay.strategies.daemon.reading import KEYS

PAGE = (Path(__file__).parents[2] / "docs" / "from-scripts.md").read_text(encoding="utf-8")
SCRIPTS = (
    "bootstrap_venvs clean_fresh generate_finishup_report.py install_tools link_data llm_cycle.py login_loop_codex "
    "request_finishup start_llm_daemon startup status stop_llm_daemon watch_status"
)
FLAGS = "ActivateAtUtc ActivateInMinutes Cancel FinalTrainingRounds ForceReportNow MinutesLeft Note RunHours Show TopK"


def test_every_script_and_flag_of_theirs_is_named() -> None:
    assert [name for name in SCRIPTS.split() if f"| `{name}` |" not in PAGE] == []
    assert [flag for flag in FLAGS.split() if f"-{flag}" not in PAGE] == []


def test_every_key_stands_in_the_table_as_it_is_read() -> None:
    rows = dict(re.findall(r"^\| `(\w+)` \| ([^|]*) \|", PAGE.partition("daemon_config.json`\n")[2], re.MULTILINE))
    assert rows == {key.name: key.ours or "nothing" for key in KEYS}


def test_every_verb_and_option_of_ours_exists() -> None:
    command = typer.main.get_command(build_app())
    options = {
        name: {option for parameter in verb.params for option in parameter.opts}
        for name, verb in command.commands.items()  # type: ignore[attr-defined]
    }
    lines = re.findall(r"`assay (\w[^`]*)`", PAGE.replace("`assay.", ""))
    assert lines
    for line in lines:
        verb, *words = line.split()
        assert verb in options, line
        assert {word for word in words if word.startswith("--")} <= options[verb], line
