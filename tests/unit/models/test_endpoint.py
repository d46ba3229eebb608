"""Where requests go: what is typed goes before what the environment says, whatever its value."""

from __future__ import annotations

import pytest

from assay.models.endpoint import resolve

ENVIRON = {"OPENAI_BASE_URL": "http://gateway.example/v1", "OPENAI_API_KEY": "sk-0123456789abcdef0123"}


@pytest.mark.parametrize("typed", ["https://api.openai.com/v1", "http://localhost:8000/v1"])
def test_a_typed_address_goes_before_the_environment_even_if_it_is_the_usual_one(typed: str) -> None:
    assert resolve("openai:x", base_url=typed, environ=ENVIRON).base_url == typed


def test_without_one_the_environment_says_it_and_assays_own_variable_first() -> None:
    assert resolve("openai:x", environ=ENVIRON).base_url == "http://gateway.example/v1"
    both = {**ENVIRON, "ASSAY_BASE_URL": "http://mine.example/v1"}
    assert resolve("openai:x", environ=both).base_url == "http://mine.example/v1"


def test_the_address_that_people_see_holds_no_password() -> None:
    endpoint = resolve("openai:x", base_url="http://me:secret@host.example:1/v1?k=1", environ={})
    assert endpoint.address == "http://host.example:1/v1"
    assert "sk-" not in repr(resolve("openai:x", environ=ENVIRON))
