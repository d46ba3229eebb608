"""A model of its own for the mentor: who is asked, from what was typed to what the journal says."""

from __future__ import annotations

from pathlib import Path

import pytest

from assay.cli.options.flags import read_choices
from assay.cli.options.problems import Problems
from assay.cli.options.records import RunFlags
from assay.core.budget import Limits
from assay.core.codec import encode
from assay.core.usage import Usage
from assay.journal.file import FileJournal
from assay.journal.history import History
from assay.models.recorded import write_recording
from assay.strategies.description import read_description
from assay.strategies.lab import lab_task
from assay.strategies.launch import launch
from assay.strategies.options import RunOptions
from support.lab_bench import calm, repository

pytestmark = pytest.mark.timeout(120)


def choose(*role_models: str, **fields: object) -> tuple[dict[str, str], str]:
    problems, told = Problems(), ""
    choices = read_choices(RunFlags(role_models=role_models, **fields), problems)  # type: ignore[arg-type]
    try:
        problems.raise_any("run")
    except Exception as error:
        told = str(error)
    return dict(choices.role_models), told


def test_a_role_and_its_model_are_checked_before_anything_is_spent(tmp_path: Path) -> None:
    assert choose("lab_mentor=openai:gpt-5", "lab_worker = playbook") == (
        {"lab_mentor": "openai:gpt-5", "lab_worker": "playbook"},
        "",
    )
    for wrong, words in (
        ("lab_mentor", "is no choice such as"),
        ("butler=openai:gpt-5", "there is no role 'butler'"),
        ("lab_mentor=nobody:gpt-5", "a model is named as one of"),
        ("lab_mentor=recorded:gone", "no such folder of recordings"),
    ):
        assert words in choose(wrong)[1]
    assert "it is not on this machine" in choose("lab_mentor=openai:gpt-5", offline=True)[1]


def test_an_address_is_that_of_the_models_of_one_provider() -> None:
    options = RunOptions(
        model="openai:big",
        base_url="http://localhost:1/v1",
        role_models={"lab_mentor": "openai:small", "draft": "anthropic:other"},
    )
    assert options.model_of("lab_worker") == ("openai:big", "http://localhost:1/v1")
    assert options.model_of("lab_mentor") == ("openai:small", "http://localhost:1/v1")
    assert options.model_of("draft") == ("anthropic:other", None)


def test_the_mentor_is_answered_by_its_own_model_and_the_worker_by_the_runs(tmp_path: Path) -> None:
    recording = {
        "role": "lab_mentor",
        "key": "step-0000/mentor",
        "digest": "0" * 64,
        "model": "another-mind",
        "reply": {**calm(), "critique": "The other model looked at it and found nothing to say."},
        "usage": encode(Usage()),
    }
    write_recording(tmp_path / "answers", recording)
    task = lab_task(repository(tmp_path / "repo", "[mentor]\nevery = 1\n"))
    options = RunOptions(
        strategy="lab",
        runs=tmp_path / "runs",
        name="two-minds",
        sandbox="off",
        limits=Limits(wall_s=60.0, trials=1),
        role_models={"lab_mentor": f"recorded:{tmp_path / 'answers'}"},
    )
    end = launch(task, options)
    history = History()
    for event in FileJournal(end.folder / "events.jsonl").read():
        history.apply(event)
    asked = {key: question.answer for key, question in history.questions.items()}
    worker, mentor = asked["step-0000/worker"], asked["step-0000/mentor"]
    assert worker is not None
    assert mentor is not None
    assert (worker.model, mentor.model) == ("playbook", "another-mind")
    assert read_description(end.folder)[1].role_models == options.role_models, "a resumed run asks the same"
