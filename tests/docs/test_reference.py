"""The pages of the reference say what the code says today, and all that it says."""

from __future__ import annotations

import ast
import importlib
import re
import runpy
import subprocess
import sys
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from assay.cli.app import build_app
from assay.cli.help import by_title
from assay.cli.options.records import IdeaFlags, LimitFlags, RunFlags, TaskFlags, TasksFlags
from assay.cli.variables import VARIABLES
from assay.core.exits import Exit
from assay.data.task_keys import KEYS
from assay.journal.events import PAYLOADS
from assay.models.program.formats import KNOWN
from assay.models.roles import ROLES
from assay.strategies.known import STRATEGIES

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "scripts" / "reference"
PAGES: tuple[str, ...] = runpy.run_path(str(SCRIPT))["PAGES"]


KEPT_BY_PROGRAMS = {name for known in KNOWN.values() for name in known.keeps}
"""Variables that belong to programs of `cli:` and are only handed on."""


def module(name: str) -> Any:
    return importlib.import_module(name)


def verbs(command: Any, before: str = "assay") -> dict[str, Any]:
    """Return every verb that does something, by what is typed."""
    below = getattr(command, "commands", {})
    return {
        name: verb
        for c in below.values()
        for name, verb in (verbs(c, f"{before} {c.name}") or {f"{before} {c.name}": c}).items()
    }


@pytest.mark.parametrize("name", PAGES)
def test_a_page_of_the_reference_is_up_to_date(name: str) -> None:
    script = module(name)
    written = script.PAGE.read_text(encoding="utf-8")
    assert written == script.page(), f"docs/{script.PAGE.name} is out of date; renew it with: uv run scripts/reference"


def test_every_script_that_writes_a_page_is_started_by_the_one_command() -> None:
    assert sorted(PAGES) == sorted(path.stem for path in SCRIPT.parent.glob("*_page.py"))


def test_a_page_that_is_out_of_date_is_named_and_then_written(tmp_path: Path) -> None:
    scripts = tmp_path / "scripts"
    scripts.mkdir()
    (tmp_path / "docs").mkdir()
    text = SCRIPT.read_text(encoding="utf-8")
    (scripts / "reference").write_text(re.sub(r"PAGES = \(.*?\)", 'PAGES = ("old_page",)', text, flags=re.DOTALL))
    (scripts / "old_page.py").write_text(
        "from pathlib import Path\n"
        "PAGE = Path(__file__).parents[1] / 'docs' / 'old.md'\n"
        "def page(): return '# New\\n'\n"
    )

    def start(*more: str) -> tuple[int, str]:
        done = subprocess.run(
            [sys.executable, scripts / "reference", *more], capture_output=True, text=True, check=False
        )
        return done.returncode, done.stdout.strip()

    assert start("--check") == (1, "docs/old.md is out of date")
    assert start() == (0, "docs/old.md is written")
    assert (tmp_path / "docs" / "old.md").read_text() == "# New\n"
    assert start("--check") == (0, "")


def test_every_verb_is_on_the_page_with_every_option_and_its_default() -> None:
    page = module("commands_page").page()
    root: Any = get_command(build_app())
    parts = dict(re.findall(r"^### (assay [\w ]+)\n(.*?)(?=^##|\Z)", page, re.MULTILINE | re.DOTALL))
    assert verbs(root).keys() <= parts.keys()
    for name, verb in verbs(root).items():
        for parameter in verb.params:
            for option in (*parameter.opts, *parameter.secondary_opts):
                if option.startswith("-") and parameter.name not in ("json", "runs", "help"):
                    assert re.search(rf"`{re.escape(option)}[ `]", parts[name]), (name, option)
    assert "| `--count N` | `4` | Most notebooks. |" in parts["assay ideas"]
    assert "| `--time TIME` | 10m if no limit is given |" in parts["assay run"]


def test_every_verb_and_option_says_what_it_is_for() -> None:
    for name, verb in verbs(get_command(build_app())).items():
        assert verb.help, name
        assert [p.name for p in verb.params if not p.help] == [], name


def test_the_help_shows_every_verb_under_a_title_and_no_line_is_cut() -> None:
    root: Any = get_command(build_app())
    titles = by_title(root)
    assert sum(len(commands) for commands in titles.values()) == len(root.commands)
    assert "Commands" not in titles
    cut = [c.name for commands in titles.values() for c in commands if c.get_short_help_str(65).endswith("...")]
    assert cut == [], "the first sentence of a verb is shown by `assay --help`: 65 characters at most"


def test_every_error_ends_with_the_code_that_the_page_says() -> None:
    table = dict(re.findall(r"^\| (\d+) \| [^|]+ \| ([^|]*) \|$", module("exit_codes_page").page(), re.MULTILINE))
    assert list(table) == [str(int(code)) for code in Exit]
    source = (ROOT / "src" / "assay" / "core" / "errors.py").read_text(encoding="utf-8")
    tree = dict(re.findall(r"(E\d)xx .*exit (\d)", source))
    assert len(tree) == 6
    assert {family: code for code, told in table.items() for family in re.findall(r"(E\d)xx", told)} == tree | {
        "E9": "70"
    }


def test_no_verb_ends_with_a_number_that_has_no_meaning() -> None:
    """A bare number other than 0 is returned nowhere on the command line; `Exit` has the names."""
    bare = [
        f"{path.name}:{node.lineno}"
        for path in (ROOT / "src" / "assay" / "cli").rglob("*.py")
        for function in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(function, ast.FunctionDef) and ast.unparse(function.returns or function) == "int"
        for node in ast.walk(function)
        if isinstance(node, ast.Return) and re.search(r"\b(?:[2-7]|70|130|143)\b", ast.unparse(node))
    ]
    assert bare == []


def test_every_variable_that_the_code_names_is_on_the_page() -> None:
    told = {variable.name for variable in VARIABLES}
    named = {
        node.value
        for path in (ROOT / "src" / "assay").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
        if re.fullmatch(r"ASSAY_[A-Z_]+|[A-Z_]+_(API_KEY|BASE_URL)", node.value)
    }
    given_to_candidates = {"ASSAY_SEED", "ASSAY_THREADS"}
    assert len(named) > 15
    assert named - told - given_to_candidates - KEPT_BY_PROGRAMS == set()
    page = module("variables_page").page()
    assert [name for name in told if f"| `{name}` |" not in page] == []


def test_every_event_and_role_and_key_has_its_heading_or_row() -> None:
    events, roles, keys = (module(name).page() for name in ("events_page", "roles_page", "task_toml_page"))
    assert re.findall(r"^## (\S+)$", events, re.MULTILINE) == list(PAYLOADS)
    assert re.findall(r"^## (\S+)$", roles, re.MULTILINE) == [*ROLES, "brief"]
    assert [key.name for key in KEYS if f"| `{key.name}` |" not in keys] == []


def test_who_asks_a_role_is_somebody_that_there_is() -> None:
    for role in ROLES.values():
        for strategy in re.findall(r"(?:strateg\w+ |and )`(\w+)`", role.asked):
            assert strategy in STRATEGIES, role.name
        assert role.asked.startswith(("strateg", "the engine", "every graded search", "`assay ")), role.name


def test_no_verb_takes_an_option_and_forgets_it() -> None:
    """Every parameter of a verb is handed on; `--json` is read before any verb is. So is every field of a record."""
    cli = ROOT / "src" / "assay" / "cli"
    forgotten = []
    verbs = sorted((cli / "verbs").glob("[!_]*.py"))
    assert len(verbs) >= 7
    for file in verbs:
        tree = ast.parse(file.read_text(encoding="utf-8"))
        for verb in tree.body:
            if isinstance(verb, ast.FunctionDef) and any(a.arg == "context" for a in verb.args.args):
                used = {node.id for node in ast.walk(verb) if isinstance(node, ast.Name)}
                typed = [a.arg for a in (*verb.args.args, *verb.args.kwonlyargs)]
                forgotten += [f"{verb.name} {arg}" for arg in typed if arg not in used | {"json"}]
    code = [ast.parse(file.read_text(encoding="utf-8")) for file in cli.rglob("*.py")]
    read = {node.attr for tree in code for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    for record in (TaskFlags, LimitFlags, RunFlags, IdeaFlags, TasksFlags):
        forgotten += [f"{record.__name__} {field.name}" for field in fields(record) if field.name not in read]
    assert forgotten == []
