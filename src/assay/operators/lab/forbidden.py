"""Forbidden approaches: what a mission rules out, found in a command however it is wrapped, and in the files it calls.

What a command calls is followed: shells with `-c`, scripts, `python -m`, `python -c`, launchers, variables set before,
command substitution, modules of the repository that a script imports. What is assembled at run time, from pieces or by
decoding, is not seen; the sandbox and the record of what ran are there for that.
"""

from __future__ import annotations

import ast
import re
import shlex
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath

DEPTH = 6
MOST_FILES = 200
_SHELLS = frozenset({"bash", "sh", "dash", "zsh", "ksh"})
_PYTHON = re.compile(r"(?:python|pypy)[0-9.]*$")
_WRAPPERS = frozenset(
    [
        "env",
        "nohup",
        "time",
        "nice",
        "ionice",
        "timeout",
        "stdbuf",
        "setsid",
        "sudo",
        "exec",
        "command",
        "xargs",
        "chrt",
        "taskset",
        "unbuffer",
        "uv",
        "uvx",
        "poetry",
        "pdm",
        "pipenv",
        "conda",
        "mamba",
        "hatch",
        "run",
        "accelerate",
        "torchrun",
        "launch",
        "deepspeed",
        "mpirun",
        "srun",
        "caffeinate",
    ]
)
_ASSIGNMENT = re.compile(r"([A-Za-z_]\w*)=(.*)$", re.DOTALL)
_VARIABLE = re.compile(r"\$(?:\{(\w+)\}|(\w+))")
_SUBSTITUTION = re.compile(r"\$\(([^()]*)\)|`([^`]*)`")
_OPERATORS = frozenset({";", "&", "&&", "|", "||", "(", ")", "{", "}", "\n", "|&", ";;"})
_WORDS = re.compile(r"[A-Za-z0-9]+")

ReadFile = Callable[[str], str | None]
"""Returns the text of a file of the candidate by its path with `/`, or None where there is none or it is no text."""


@dataclass(frozen=True, kw_only=True)
class Approach:
    """Something that may not be used."""

    name: str
    """For people."""
    words: tuple[str, ...]
    """How programs, modules and names of it begin, compared without case, `_` and `-`; at least 3 characters each."""

    def matches(self, word: str) -> bool:
        """Return whether `word`, or a part of it at a boundary, begins so."""
        parts = _WORDS.findall(word.lower())
        joined = ["".join(parts[start:]) for start in range(len(parts))]
        wanted = ["".join(_WORDS.findall(one.lower())) for one in self.words]
        return any(text.startswith(one) for one in wanted if len(one) >= 3 for text in joined)


@dataclass(frozen=True, kw_only=True)
class Use:
    """One use of a forbidden approach."""

    approach: str
    word: str
    """What gave it away."""
    where: str
    """`the command`, or the file it was found in."""


@dataclass
class _Search:
    approaches: Sequence[Approach]
    read: ReadFile
    seen: set[str] = field(default_factory=set)
    found: list[Use] = field(default_factory=list)

    def note(self, word: str, where: str) -> None:
        for approach in self.approaches:
            if approach.matches(word) and all((u.approach, u.where) != (approach.name, where) for u in self.found):
                self.found.append(Use(approach=approach.name, word=word[:80], where=where))


def find_uses(command: str | Sequence[str], approaches: Sequence[Approach], read: ReadFile) -> tuple[Use, ...]:
    """Return every use of a forbidden approach in a command and in what it calls, one a place.

    Args:
        command: A shell line, or an argument vector.
        approaches: What is forbidden.
        read: Looks files up, those of the candidate before those of the repository.
    """
    search = _Search(approaches, read)
    line = command if isinstance(command, str) else shlex.join(command)
    _shell(search, line, "the command", DEPTH)
    return tuple(search.found)


def _shell(search: _Search, text: str, where: str, depth: int) -> None:
    """Look through shell text: every simple command, and what is substituted into it."""
    if depth == 0:
        return
    for match in _SUBSTITUTION.finditer(text):
        _shell(search, match[1] or match[2] or "", where, depth - 1)
    known: dict[str, str] = {}
    for words in _commands(text):
        _simple(search, [_expanded(word, known) for word in words], known, where, depth)


def _commands(text: str) -> Iterator[list[str]]:
    """Yield the simple commands of shell text; a line that cannot be split is taken by its blanks."""
    for line in text.replace("\\\n", " ").splitlines():
        lexer = shlex.shlex(line, posix=True, punctuation_chars=";&|(){}\n")
        lexer.whitespace_split = True
        lexer.commenters = "#"
        try:
            words = list(lexer)
        except ValueError:
            words = line.split()
        current: list[str] = []
        for word in words:
            if word in _OPERATORS or (word and set(word) <= set(";&|(){}")):
                if current:
                    yield current
                current = []
            else:
                current.append(word)
        if current:
            yield current


def _simple(search: _Search, words: list[str], known: dict[str, str], where: str, depth: int) -> None:
    """Look at one simple command: its words, and the program that is left when wrappers are taken off."""
    for word in words:
        assigned = _ASSIGNMENT.match(word)
        search.note(assigned[2] if assigned else word, where)
        if assigned:
            known[assigned[1]] = assigned[2]
    for start, word in enumerate(words):
        program = PurePosixPath(word).name
        rest = words[start + 1 :]
        if program in _SHELLS:
            _called_shell(search, rest, where, depth)
        elif _PYTHON.match(program):
            _called_python(search, rest, depth)
        elif program in ("source", "."):
            _file(search, rest[0] if rest else "", depth)
        elif start == 0 or _is_wrapped(words[:start]):
            _file(search, word, depth)


def _is_wrapped(before: Sequence[str]) -> bool:
    """Return whether everything before a word is wrappers, their options and values, or variables."""
    first = next((word for word in before if not _ASSIGNMENT.match(word)), "")
    return not first or PurePosixPath(first).name in _WRAPPERS


def _called_shell(search: _Search, rest: Sequence[str], where: str, depth: int) -> None:
    for index, word in enumerate(rest):
        if word.startswith("-") and word.endswith("c") and not word.startswith("--"):
            if index + 1 < len(rest):
                _shell(search, rest[index + 1], where, depth - 1)
            return
        if not word.startswith(("-", "+")):
            _file(search, word, depth)
            return


def _called_python(search: _Search, rest: Sequence[str], depth: int) -> None:
    for index, word in enumerate(rest):
        following = rest[index + 1] if index + 1 < len(rest) else ""
        if word == "-m" or (word.startswith("-m") and len(word) > 2):
            module = following if word == "-m" else word[2:]
            search.note(module, "the command")
            _module(search, module, depth)
            return
        if word == "-c":
            _python(search, following, "the command", depth - 1)
            return
        if not word.startswith("-"):
            _file(search, word, depth)
            return


def _module(search: _Search, module: str, depth: int) -> None:
    base = module.replace(".", "/")
    for path in (
        f"{base}.py",
        f"{base}/__main__.py",
        f"{base}/__init__.py",
        f"src/{base}.py",
        f"src/{base}/__init__.py",
    ):
        _file(search, path, depth)


def _file(search: _Search, path: str, depth: int) -> None:
    """Look into a file of the candidate, once; whatever is no file of it is none of ours."""
    name = path.removeprefix("./")
    if not name or depth <= 1 or name in search.seen or len(search.seen) >= MOST_FILES:
        return
    text = search.read(name)
    if text is None:
        return
    search.seen.add(name)
    first = text.splitlines()[0] if text else ""
    if name.endswith(".py") or (first.startswith("#!") and "python" in first):
        _python(search, text, name, depth - 1)
    else:
        _shell(search, text, name, depth - 1)


def _python(search: _Search, text: str, where: str, depth: int) -> None:
    """Look at names, imports and texts of Python code; comments and docstrings say what is not done, too."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        for word in re.findall(r"[\w.-]+", text):
            search.note(word, where)
        return
    documents = {id(node) for node in _docstrings(tree)}
    for node in ast.walk(tree):
        for word in _words_of(node, documents):
            search.note(word, where)
        for module in _imports(node, where):
            _module(search, module, depth)


def _words_of(node: ast.AST, documents: set[int]) -> Iterator[str]:
    if isinstance(node, ast.Name):
        yield node.id
    elif isinstance(node, ast.Attribute):
        yield node.attr
    elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documents:
        yield from node.value.split()
    elif isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        yield node.module or ""
        yield from (alias.name for alias in node.names)


def _imports(node: ast.AST, where: str) -> Iterator[str]:
    folder = PurePosixPath(where).parent.as_posix()
    beside = "" if folder == "." else folder.replace("/", ".") + "."
    if isinstance(node, ast.Import):
        for alias in node.names:
            yield from {alias.name, beside + alias.name}
    elif isinstance(node, ast.ImportFrom):
        module = node.module or ""
        for base in {module, beside + module} if not node.level else {beside + module}:
            if base.strip("."):
                yield base.strip(".")
            yield from (f"{base}.{alias.name}".strip(".") for alias in node.names)


def _docstrings(tree: ast.AST) -> Iterator[ast.Constant]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and node.body:
            first = node.body[0]
            if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
                yield first.value


def _expanded(word: str, known: dict[str, str]) -> str:
    return _VARIABLE.sub(lambda match: known.get(match[1] or match[2], match[0]), word)
