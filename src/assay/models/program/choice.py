"""A program as the model: which one `cli:COMMAND` names, and the command line that it is started with."""

from __future__ import annotations

import os
import shlex
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from assay.core.errors import ProgramUnusable, UsageError
from assay.models.program.environment import EXTRA_VARIABLE
from assay.models.program.formats import KNOWN, PLAIN, SEARCHING, ProgramFormat
from assay.models.scrub import Scrubber
from assay.models.searching import SEARCH_VARIABLE

PREFIX = "cli:"
MISSING: Final = "E309"


@dataclass(frozen=True, kw_only=True)
class ModelProgram:
    """What a person named."""

    command: str
    """The first word: a name that is looked for on PATH, or an absolute path."""
    words: tuple[str, ...]
    """The person's own arguments."""
    format: ProgramFormat
    path: str
    """Where to look for it: the PATH of the person."""

    @property
    def name(self) -> str:
        """Short name for tables, for example `cli:claude`."""
        return PREFIX + Path(self.command).name

    @property
    def spec(self) -> str:
        """The same program for a process that runs in another folder."""
        return PREFIX + shlex.join((self.command, *self.words))

    def locate(self) -> str:
        """Return the absolute path of the executable.

        Raises:
            ProgramUnusable: There is none.
        """
        found = shutil.which(self.command, path=self.path)
        if found is None:
            where = "" if os.sep in self.command else " on PATH"
            fix = self.format.install or "--model 'cli:/path/to/program'"
            raise ProgramUnusable(MISSING, f"there is no program {self.command!r}{where} that can be run", fix=fix)
        return os.path.abspath(found)  # noqa: PTH100 - resolve() would lose a name that says how it is to behave

    def may_search(self, environ: Mapping[str, str]) -> bool:
        """Return whether it has a web search of its own and a person allows it: ASSAY_WEB_SEARCH is `on`."""
        return self.format.name in SEARCHING and environ.get(SEARCH_VARIABLE, "").strip().lower() == "on"

    def format_for(self, *, search: bool) -> ProgramFormat:
        """Return how it is called: with its own web search, where it has one and that is asked for, or without."""
        return SEARCHING.get(self.format.name, self.format) if search else self.format

    def argv(self, located: str, folder: Path, *, search: bool = False) -> tuple[str, ...]:
        """Return the command line.

        Args:
            located: What `locate` found.
            folder: Where the files of its format are.
            search: Whether it may search the web.
        """
        form = self.format_for(search=search)
        own = {word.split("=", 1)[0] for word in self.words if word.startswith("-")}
        ours = [word for flags in form.flags if not own & set(flags.names) for word in flags.words]
        ours = [word.replace("{folder}", str(folder)) for word in ours]
        return (located, *form.head, *ours, *self.words, *form.tail)


def is_program(spec: str) -> bool:
    """Return whether `spec` names a program."""
    return spec.startswith(PREFIX)


def resolve_program(spec: str, *, environ: Mapping[str, str]) -> ModelProgram:
    """Return the program that `spec` names; it need not be there yet.

    Args:
        spec: `cli:` and a command line: `cli:claude`, `cli:codex -m NAME`, `cli:./my-model --flag`. A program whose
            file is called claude, codex or gemini is spoken to in its own format; any other is given the question on
            standard input and prints the answer.
        environ: The variables to read PATH, HOME and secrets from.

    Raises:
        UsageError: E064, no command is named, a quote is not closed, or a secret stands in it.
    """
    line = spec.removeprefix(PREFIX)
    try:
        words = shlex.split(line)
    except ValueError as error:
        raise UsageError("E064", f"{spec!r} is not a command line: {error}", fix="--model cli:claude") from error
    if not words or not words[0]:
        raise UsageError("E064", f"{spec!r} names no program", fix="--model cli:claude")
    if Scrubber(environ).scrub(line) != line:
        raise UsageError(
            "E064",
            "the command after cli: holds a secret and would be written down with the run",
            fix=f"export NAME=..., and {EXTRA_VARIABLE}=NAME, so that the program is given the variable",
        )
    command = words[0]
    if command.startswith("~/") and environ.get("HOME"):
        command = environ["HOME"] + command[1:]
    if os.sep in command:
        command = os.path.abspath(command)  # noqa: PTH100 - a link's own name says how the program is to behave
    known = KNOWN.get(Path(command).stem, PLAIN)
    return ModelProgram(command=command, words=tuple(words[1:]), format=known, path=environ.get("PATH", os.defpath))
