"""Where requests go: what is typed goes before what the environment says, whatever its value."""

from __future__ import annotations

from pathlib import Path

import pytest

from assay.core.errors import UsageError
from assay.models.endpoint import resolve
from assay.strategies.launch import launch
from assay.strategies.options import RunOptions
from support.gradings import a_task

ENVIRON = {"OPENAI_BASE_URL": "http://gateway.example/v1", "OPENAI_API_KEY": "sk-0123456789abcdef0123"}


@pytest.mark.parametrize("typed", ["https://api.openai.com/v1", "http://localhost:8000/v1"])
def test_a_typed_address_goes_before_the_environment_even_if_it_is_the_usual_one(typed: str) -> None:
    assert resolve("openai:x", base_url=typed, environ=ENVIRON).base_url == typed


def test_without_one_the_environment_says_it_and_assays_own_variable_first() -> None:
    assert resolve("openai:x", environ=ENVIRON).base_url == "http://gateway.example/v1"
    both = {**ENVIRON, "ASSAY_BASE_URL": "http://mine.example/v1"}
    assert resolve("openai:x", environ=both).base_url == "http://mine.example/v1"


def test_the_address_that_people_see_holds_no_password() -> None:
    environ = {"ASSAY_BASE_URL": "http://me:secret@host.example:1/v1?k=1"}
    endpoint = resolve("openai:x", environ=environ)
    assert endpoint.address == "http://host.example:1/v1"
    assert "sk-" not in repr(resolve("openai:x", environ=ENVIRON))


@pytest.mark.parametrize(
    "typed",
    [
        "https://me:canary@host.example/v1",
        "https://canary@host.example/v1",
        "https://host.example/v1?api_key=canary",
        "https://host.example/v1?version=2&X-Amz-Signature=canary",
        "https://host.example/v1?u=sk-canary0123456789abcdef",
    ],
)
def test_a_typed_address_with_a_secret_is_refused_for_it_would_be_written_down(typed: str) -> None:
    with pytest.raises(UsageError, match=r"host\.example.*ASSAY_BASE_URL") as caught:
        resolve("openai:x", base_url=typed, environ={})
    assert caught.value.code == "E061"
    assert "canary" not in str(caught.value)
    assert resolve("openai:x", base_url="https://host.example/v1?api-version=2024-10-21", environ={}).base_url


def test_no_run_is_made_with_such_an_address_whoever_answers(tmp_path: Path) -> None:
    options = RunOptions(model="recorded:there", base_url="https://me:canary@host.example/v1", runs=tmp_path / "runs")
    with pytest.raises(UsageError, match="ASSAY_BASE_URL"):
        launch(a_task(tmp_path), options)
    assert not (tmp_path / "runs").exists()
