from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

import assay
from assay.cli.app import build_app
from assay.cli.commands.explain import explanations
from assay.core.trial import Verdict
from assay.engine.confirmation import NEW_ROWS_ALPHA
from assay.engine.spending import ALPHA

SOURCE = Path(assay.__file__).parent
CODE = re.compile(r"[EWLPRV]\d{2,3}\b")


def codes_in(path: Path) -> Iterator[str]:
    """Codes that open a string of the code: those of errors, remarks, findings and reasons."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            match = CODE.match(node.value)
            if match and not _is_docstring_table(node.value):
                yield match[0]


def _is_docstring_table(text: str) -> bool:
    return "\n" in text


def all_codes() -> dict[str, Path]:
    return {code: path for path in sorted(SOURCE.rglob("*.py")) for code in codes_in(path)}


def test_codes_are_found_at_all() -> None:
    found = all_codes()
    assert {"E001", "E101", "E401", "E510", "L02"} <= set(found)


def test_every_code_in_use_is_explained() -> None:
    missing = {code: str(path) for code, path in all_codes().items() if code not in explanations()}
    assert missing == {}


def test_every_code_that_is_explained_is_in_use() -> None:
    used = set(all_codes())
    stale = [name for name in explanations() if CODE.fullmatch(name) and name not in used]
    assert stale == []


@pytest.mark.parametrize("name", sorted(explanations()))
def test_every_entry_says_something(name: str) -> None:
    entry = explanations()[name]
    assert entry.title
    assert not entry.title.endswith(".")
    assert entry.text.rstrip().endswith(".") or name in ("status", "exit-codes"), "only tables end without a stop"
    if name.startswith("E"):
        assert entry.fix


def test_explain_prints_and_finds_by_any_case(assay: Any) -> None:
    assert assay("explain", "e101").out.startswith("E101: Nothing at this path\n")
    assert "paired fold differences" in assay("explain", "verdict").out
    assert assay("explain", "E101", "--json").json["name"] == "E101"
    assert "verdict" in assay("explain").out


def test_the_verdict_is_explained_with_the_levels_that_are_used() -> None:
    text = " ".join(explanations()["verdict"].text.split())
    assert f"of its {ALPHA:.0%}".replace("%", " %") in text
    assert f"for new rows at {NEW_ROWS_ALPHA:.0%}".replace("%", " %") in text
    assert f"at most 1 in {1 / ALPHA:.0f} searches" in text
    for verdict in Verdict:
        assert f" {verdict} " in text


def test_unknown_topic_suggests(assay: Any) -> None:
    said = assay("explain", "verdit")
    assert said.code == 5
    assert "did you mean verdict" in said.err


def test_no_entry_stands_twice() -> None:
    names = [
        line.partition(":")[0]
        for file in sorted((SOURCE / "cli" / "explanations").glob("*.yaml"))
        for line in file.read_text(encoding="utf-8").splitlines()
        if line and line[0] not in " #"
    ]
    assert sorted(names) == sorted(set(names))


def commands_in(path: Path) -> Iterator[str]:
    """Commands that errors of this file give as the next step; what is filled in stands as NAME."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.keyword) and node.arg == "fix":
            parts = node.value.values if isinstance(node.value, ast.JoinedStr) else [node.value]
            text = "".join(str(part.value) if isinstance(part, ast.Constant) else "NAME" for part in parts)
            yield from re.findall(r"(?:^|: |then |or )(assay [^,;·()]+)", text)


def test_every_command_that_is_advised_exists() -> None:
    verbs: dict[str, Any] = typer.main.get_command(build_app()).commands  # type: ignore[attr-defined]
    told = [command for path in SOURCE.rglob("*.py") for command in commands_in(path)]
    told += [c for e in explanations().values() for c in re.findall(r"`(assay [^`]+)`", f"{e.text} {e.fix}")]
    assert len(told) > 60
    for command in told:
        _, verb, *words = command.split()
        if verb in ("VERB", "again", "NAME") or verb.startswith("--"):
            continue
        found: Any = verbs[verb]
        while words and words[0] in getattr(found, "commands", {}):
            found = found.commands[words.pop(0)]
        known = {option for parameter in found.params for option in parameter.opts} | {"--help"}
        assert {word for word in words if word.startswith("-")} <= known, command
