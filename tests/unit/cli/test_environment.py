"""Options and variables that say the same thing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from assay.cli.options.flags import read_choices
from assay.cli.options.problems import Problems
from assay.cli.options.records import RunFlags
from assay.engine.control import Message, Verb, send, take


def test_a_typed_folder_goes_before_the_variable_even_if_it_is_the_default(
    assay: Any, story: Callable[[str], Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    history = story("good_run")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.setenv("ASSAY_RUNS", str(tmp_path / "elsewhere"))
    assert assay("ls", "--json").json["runs"] == []
    assert [run["run"] for run in assay("ls", "--runs", "runs", "--json").json["runs"]] == [history.started.run]


def test_a_secret_in_what_a_person_says_goes_into_no_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    secret = "correct-horse-battery-staple"
    monkeypatch.setenv("DB_PASSWORD", secret)
    (tmp_path / "prompt.md").write_text(f"The password is {secret}.", encoding="utf-8")
    choices = read_choices(RunFlags(prompt_file=tmp_path / "prompt.md"), Problems())
    assert choices.remarks == ("The password is [secret].",)
    path = send(tmp_path, Message(verb=Verb.TELL, text=f"try {secret}"))
    assert secret not in path.read_text(encoding="utf-8")
    assert take(tmp_path) == [Message(verb=Verb.TELL, text="try [secret]")]
