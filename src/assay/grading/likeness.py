"""Likeness: how much of a script stands in another one, whatever its variables are called.

Scripts are cut into overlapping runs of tokens, as in winnowing (Schleimer, Wilkerson and Aiken 2003, "Winnowing: local
algorithms for document fingerprinting", SIGMOD), of which all are kept, since scripts are short. Names that a script
gives itself, comments, docstrings and layout do not count; names of libraries, settings and columns do.

Not covered: code in another language, a solution told in words, and a solution rebuilt in another order of its parts.
"""

from __future__ import annotations

import ast
import io
import keyword
import tokenize
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

RUN = 12
"""Tokens of one run: about a line and a half."""
FEWEST = 20
"""Runs below which a script is too short to be told from another."""
_OWN = "\N{BULLET}"
_LAYOUT = frozenset(
    {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENCODING}
)

Print = frozenset[tuple[str, ...]]


@dataclass(frozen=True, kw_only=True)
class Likeness:
    """How two scripts overlap; both shares are of what is not common to all scripts of the task."""

    of_script: float
    """Share of the script's runs that stand in the reference, 0 to 1."""
    of_reference: float
    """Share of the reference's runs that stand in the script, 0 to 1."""
    runs: int
    """Runs of the script that were compared."""


def fingerprint(code: str) -> Print:
    """Return the runs of tokens of some Python; empty where it cannot be read as such."""
    tokens = tuple(_tokens(code))
    return frozenset(tokens[at : at + RUN] for at in range(len(tokens) - RUN + 1))


def likeness(script: str, reference: str, common: Iterable[str] = ()) -> Likeness | None:
    """Return how much of `script` stands in `reference`, and the other way round.

    Args:
        script: Python.
        reference: Python.
        common: Scripts whose runs say nothing, since every script of the task has them: the baselines.

    Returns:
        None where either is too short to tell, or cannot be read.
    """
    plain: frozenset[tuple[str, ...]] = frozenset().union(*(fingerprint(code) for code in common))
    own, other = fingerprint(script) - plain, fingerprint(reference) - plain
    if len(own) < FEWEST or len(other) < FEWEST:
        return None
    shared = len(own & other)
    return Likeness(of_script=shared / len(own), of_reference=shared / len(other), runs=len(own))


def _tokens(code: str) -> Iterator[str]:
    try:
        tree = ast.parse(code)
        found = list(tokenize.generate_tokens(io.StringIO(code).readline))
    except (SyntaxError, ValueError, RecursionError, tokenize.TokenError):
        return
    own, docs, last = _own_names(tree), _docstring_lines(tree), ""
    for token in found:
        if token.type in _LAYOUT or (token.type == tokenize.STRING and token.start[0] in docs):
            continue
        is_own = token.type == tokenize.NAME and token.string in own and last != "."
        last = _written_alike(token)
        if last:
            yield _OWN if is_own and not keyword.iskeyword(last) else last


def _written_alike(token: tokenize.TokenInfo) -> str:
    """Return a token as all write it: strings in one kind of quotes."""
    if token.type != tokenize.STRING:
        return token.string
    try:
        return repr(ast.literal_eval(token.string))
    except (ValueError, SyntaxError):  # formatted ones
        return token.string


def _own_names(tree: ast.AST) -> frozenset[str]:
    """Return the names that a script gives: variables, functions, classes and arguments."""
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.arg):
            names.add(node.arg)
    return frozenset(names)


def _docstring_lines(tree: ast.AST) -> frozenset[int]:
    """Return the first lines of strings that stand as statements."""
    return frozenset(
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
    )
