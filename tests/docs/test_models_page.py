"""The page on models names the variables, addresses and options that there are."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from typer.main import get_command

from assay.cli.app import build_app
from assay.engine.caps import MONEY, TOKENS
from assay.models.endpoint import resolve
from assay.models.language import DEFAULT_OUTPUT_TOKENS

PAGE = (Path(__file__).parents[2] / "docs" / "models.md").read_text(encoding="utf-8")
ROWS = {
    match[1]: [cell.strip() for cell in match[0].strip("| ").split("|")]
    for match in re.finditer(r"^\| `(\w+)[:`].*$", PAGE, re.MULTILINE)
}
ELSEWHERE = "http://192.0.2.1/v1"


def variables(cell: str) -> list[str]:
    return re.findall(r"`([A-Z_]+)`", cell)


def test_every_kind_of_model_has_a_row() -> None:
    assert list(ROWS) == ["playbook", "openai", "anthropic", "google", "ollama", "recorded"]


@pytest.mark.parametrize("provider", ["openai", "anthropic", "google", "ollama"])
def test_keys_and_addresses_come_from_the_variables_that_are_named(provider: str) -> None:
    _, keys, addresses, _ = ROWS[provider]
    endpoint = resolve(f"{provider}:x", environ={})
    assert tuple(variables(keys)) == endpoint.keys
    assert ("none needed" in keys) == (not endpoint.key_needed)
    assert endpoint.base_url is None or f"`{endpoint.base_url}`" in addresses
    for name in variables(addresses):
        assert resolve(f"{provider}:x", environ={name: ELSEWHERE}).base_url == ELSEWHERE


def test_an_address_of_ones_own_takes_the_key_that_is_named_for_it() -> None:
    endpoint = resolve("openai:x", base_url=ELSEWHERE, environ={})
    assert endpoint.keys[0] == "ASSAY_API_KEY"
    assert "`ASSAY_API_KEY`" in PAGE
    assert not endpoint.key_needed


def test_every_option_and_figure_is_a_real_one() -> None:
    known = {flag for parameter in get_command(build_app()).commands["run"].params for flag in parameter.opts}  # type: ignore[attr-defined]
    used = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", PAGE)) - {"--llm"}
    assert used <= known
    assert f"{DEFAULT_OUTPUT_TOKENS:,}" in PAGE
    assert f"({MONEY}, {TOKENS})" in PAGE
