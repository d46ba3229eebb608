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
from assay.models.program.completer import OUTPUT_TOKENS, TIMEOUT_S
from assay.models.program.environment import EXTRA_VARIABLE, reduced
from assay.models.program.formats import KNOWN

PAGE = (Path(__file__).parents[2] / "docs" / "models.md").read_text(encoding="utf-8")
ROWS = {
    match[1]: [cell.strip() for cell in match[0].strip("| ").split("|")]
    for match in re.finditer(r"^\| `(\w+)[:`].*$", PAGE, re.MULTILINE)
}
ELSEWHERE = "http://192.0.2.1/v1"


PROGRAMS = {name: ROWS.pop(name) for name in KNOWN}


def variables(cell: str) -> list[str]:
    return re.findall(r"`([A-Z_]+)`", cell)


def test_every_kind_of_model_has_a_row() -> None:
    assert list(ROWS) == ["playbook", "openai", "anthropic", "google", "ollama", "cli", "recorded"]


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


@pytest.mark.parametrize("name", KNOWN)
def test_programs_are_installed_and_logged_in_as_the_errors_say(name: str) -> None:
    _, install, login, _ = PROGRAMS[name]
    assert install == f"`{KNOWN[name].install}`"
    for variable in variables(login):
        assert variable in KNOWN[name].login
        assert reduced({variable: "x"}, KNOWN[name].keeps) == {variable: "x"}


def test_the_flags_that_are_said_to_take_the_tools_away_are_given() -> None:
    told = re.search(r"^\*\*It only answers\.\*\*.*?denies every tool", PAGE, re.MULTILINE | re.DOTALL)
    assert told is not None
    given = {word for known in KNOWN.values() for flags in known.flags for word in flags.words}
    named = set(re.findall(r"--[a-z][a-z-]+", told[0]))
    assert len(named) == 6
    assert named <= given


def test_every_option_and_figure_is_a_real_one() -> None:
    commands = get_command(build_app()).commands  # type: ignore[attr-defined]
    verbs = (commands["run"], *commands["model"].commands.values())
    known = {flag for verb in verbs for parameter in verb.params for flag in parameter.opts}
    known |= {word for program in KNOWN.values() for flags in program.flags for word in flags.words}
    page = re.sub(r"`cli:[^`]*`|'cli:[^']*'|`uv sync [^`]*`", "", PAGE)
    used = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", page)) - {"--llm"}
    assert used <= known
    assert f"{DEFAULT_OUTPUT_TOKENS:,}" in PAGE
    assert f"({MONEY}, {TOKENS})" in PAGE
    assert f"{OUTPUT_TOKENS:,}" in PAGE
    assert f"{TIMEOUT_S / 60:g} minutes" in PAGE
    assert f"`{EXTRA_VARIABLE}=" in PAGE
