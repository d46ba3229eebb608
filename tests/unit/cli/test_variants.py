"""`--variant`: which prompt a role gets is chosen by name, and a wrong name is told before anything is spent."""

from __future__ import annotations

import json
from pathlib import Path

from assay.core.codec import decode, encode
from assay.strategies.assemble import prompts_of
from assay.strategies.options import RunOptions
from support.slopes import write_data
from support.tasks import regression_task
from unit.cli.conftest import Assay
from unit.operators.test_rendering import QUESTIONS


def test_what_was_chosen_is_what_the_engine_renders_and_what_is_written_down(tmp_path: Path) -> None:
    options = RunOptions(variants={"draft": "bold"})
    assert decode(RunOptions, json.loads(json.dumps(encode(options)))) == options
    task = regression_task(tmp_path)
    bold = prompts_of(task, options).render("draft", QUESTIONS["draft"])
    assert "nobody on the team would try first" in bold[1].content
    assert bold != prompts_of(task, RunOptions()).render("draft", QUESTIONS["draft"])


def test_a_variant_of_the_projects_own_can_be_chosen(tmp_path: Path) -> None:
    (tmp_path / "prompts").mkdir()
    own = "variants:\n  calm:\n    user: |\n      Be calm, {{ brief.task.name }}.\n"
    (tmp_path / "prompts" / "draft.yaml").write_text(own, encoding="utf-8")
    prompts = prompts_of(regression_task(tmp_path), RunOptions(variants={"draft": "calm"}))
    assert prompts.render("draft", QUESTIONS["draft"])[1].content.startswith("Be calm, ")


def test_a_wrong_name_is_told_before_anything_is_spent(tmp_path: Path, assay: Assay) -> None:
    write_data(tmp_path / "data")
    said = assay("run", "data", "--metric", "rmse", "--variant", "draft=shy")
    assert said.err.startswith("error[E150]")
    assert "it has bold" in said.err
    assert assay("run", "data", "--variant", "bold").err.startswith("error[E002]")
    assert not list((tmp_path / "runs").glob("*"))
