"""Commands in the pages: each is one that the parser takes, and those in blocks marked `run` are carried out."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from assay.cli.app import build_app
from assay.cli.commands.explain import explanations

ROOT = Path(__file__).parents[2]
PAGES = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", *ROOT.glob("docs/*.md"), *ROOT.glob("examples/*/*.md")])
FENCE = re.compile(r"^(?P<marks>`{3,})[^\n`]*\n(?P<code>.*?)^(?P=marks)$", re.MULTILINE | re.DOTALL)
MARKED = re.compile(
    r"^<!-- (?P<mark>run|file): ?(?P<value>\S*) -->\n(?P<marks>`{3,})[^\n`]*\n(?P<code>.*?)^(?P=marks)$",
    re.MULTILINE | re.DOTALL,
)
"""A block after `<!-- run: CODE -->` is carried out, line by line, and its last line ends with exit code CODE.

One after `<!-- file: PATH -->` is what PATH holds before that.
"""
INDENTED = re.compile(r"^ {4}(assay .*)$", re.MULTILINE)
INLINE = re.compile(r"`([^`]+)`")
COMMAND = re.compile(r"(?:^|[\s(&;|$])(assay(?: .*)?$)")
ALTERNATIVES = frozenset({"...", "…", "|"})


@cache
def app() -> Any:
    return get_command(build_app())


def commands_of(text: str) -> Iterator[str]:
    """Return every command line of a page that calls `assay`, without what stands before the name."""
    blocks = [match["code"] for match in FENCE.finditer(text)]
    rest = FENCE.sub("", text)
    spans = [" ".join(span.split()) for span in INLINE.findall(rest)]
    lines = [line for block in blocks for line in block.replace("\\\n", " ").splitlines()]
    for line in [*lines, *INDENTED.findall(rest), *spans]:
        if line.lstrip().startswith(("assay ", "uv run assay ", "$ assay ")) or "&& assay " in line:
            found = COMMAND.search(line.lstrip())
            if found:
                yield found[1]


def words_of(line: str) -> list[str]:
    """Return the words after `assay` up to the first comment, pipe, redirection or second column."""
    line = re.split(r"\s{2,}(?!-)|\s#|\s*(?:&&|;|\||>)\s", line)[0]
    line = re.sub(r"\[([^\]]*)\]", r"\1", line).replace("|", " ")
    try:
        return shlex.split(line)[1:]
    except ValueError:
        return line.split()[1:]


def flaw(line: str) -> str:
    """Return what the parser would not take in `line`: the verb or an option; or an empty text."""
    command, words = app(), words_of(line)
    while words and hasattr(command, "commands") and not words[0].startswith("-"):
        if words[0] in ALTERNATIVES or words[0].isupper():
            return ""
        if words[0] not in command.commands:
            return f"no verb {words[0]}"
        command = command.commands[words.pop(0)]
    known = {name for parameter in command.params for name in (*parameter.opts, *parameter.secondary_opts)}
    known |= {"-h", "--help"}
    strange = [word.partition("=")[0].rstrip(",") for word in words if re.match(r"--?[a-z]", word)]
    return ", ".join(f"no option {word}" for word in strange if word not in known)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_in_a_page_has_a_verb_and_options_that_there_are(page: Path) -> None:
    lines = commands_of(page.read_text(encoding="utf-8"))
    assert [f"{line}: {flaw(line)}" for line in lines if flaw(line)] == []


def test_pages_show_hundreds_of_commands_and_a_wrong_one_would_be_seen() -> None:
    assert sum(len(list(commands_of(page.read_text(encoding="utf-8")))) for page in PAGES) > 150
    assert flaw("assay rnu data") == "no verb rnu"
    assert flaw("assay run data --tiem 5m") == "no option --tiem"
    assert flaw("assay tasks run q.json --retires 2") == "no option --retires"
    assert not flaw("assay finish [RUN] --in 30m | --cancel")


def test_what_the_pages_have_explained_is_explained() -> None:
    asked = {
        word
        for page in PAGES
        for word in re.findall(r"`assay explain ([\w-]+)`", page.read_text(encoding="utf-8"))
        if word not in ("CODE", "E")
    }
    assert asked
    assert asked <= explanations().keys()


FOLLOWED = [page for page in PAGES if "<!-- run:" in page.read_text(encoding="utf-8")]


@pytest.mark.timeout(300)
@pytest.mark.parametrize("page", FOLLOWED, ids=lambda page: page.name)
def test_a_page_can_be_followed_as_it_stands(page: Path, tmp_path: Path) -> None:
    beside = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ASSAY_")} | {
        "PATH": beside,
        "COLUMNS": "150",
    }
    shown = ""
    for block in MARKED.finditer(page.read_text(encoding="utf-8")):
        if block["mark"] == "file":
            path = tmp_path / block["value"]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block["code"], encoding="utf-8")
            continue
        lines = block["code"].splitlines()
        for line, expected in zip(lines, [0] * (len(lines) - 1) + [int(block["value"])], strict=True):
            done = subprocess.run(
                shlex.split(line), cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
            )
            assert done.returncode == expected, f"{line}\n{done.stdout}{done.stderr}"
            shown += done.stdout + done.stderr
    assert [line for line in PROMISED[page.name] if line not in " ".join(shown.split())] == []


PROMISED = {
    "tutorial-csv.md": (
        "problem binary (guessed: left has two values)",
        "600 rows: differences below ±0.052 ROC AUC cannot be told from luck",
        "large differences alone 1 finding",
        "dry run: nothing was started",
    ),
    "metric.md": ("regression · grade.py, lower is better · target sold",),
    "splits.md": (
        "rows of the same shop (20 of them) fall into several folds; the score is likely optimistic",
        "warning[W221]: rows are dated by day; if later ones are to be predicted, a random split looks into the future",
    ),
    "tutorial-code-tasks.md": (
        "2 tasks: 1 completed, 1 downgraded.",
        "the file 'results/chart.svg' is not there",
    ),
}
"""What a page shows of its commands' output and every machine prints alike."""


def test_the_pages_that_are_followed_show_what_is_promised() -> None:
    assert {page.name for page in FOLLOWED} == PROMISED.keys()
    for page in FOLLOWED:
        text = " ".join(page.read_text(encoding="utf-8").split())
        assert [line for line in PROMISED[page.name][:2] if line not in text] == []
