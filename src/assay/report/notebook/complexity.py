"""Complexity: how much code a notebook holds and how branched it is, from its syntax tree."""

from __future__ import annotations

import ast
from typing import Any

_BRANCHES = (
    ast.If,
    ast.IfExp,
    ast.For,
    ast.AsyncFor,
    ast.While,
    ast.ExceptHandler,
    ast.With,
    ast.Assert,
    ast.comprehension,
)


def complexity(code: str) -> dict[str, Any]:
    """Return numbers on Python code; of code that does not parse, that it does not.

    Cyclomatic complexity is one plus the places where the flow may take another way (T. J. McCabe, "A complexity
    measure", IEEE Transactions on Software Engineering 2 (1976) 308-320): branches, loops, handlers, comprehensions,
    and each further operand of `and` and `or`.
    """
    lines = [line for line in code.splitlines() if line.strip() and not line.strip().startswith("#")]
    try:
        tree = ast.parse(code)
    except (SyntaxError, ValueError, RecursionError) as error:
        return {"source_lines": len(lines), "problem": f"it does not parse: {error}"}
    nodes = list(ast.walk(tree))
    ways = sum(isinstance(node, _BRANCHES) for node in nodes)
    ways += sum(len(node.values) - 1 for node in nodes if isinstance(node, ast.BoolOp))
    names = {node.id for node in nodes if isinstance(node, ast.Name)}
    return {
        "source_lines": len(lines),
        "cyclomatic": 1 + ways,
        "density": round((1 + ways) / len(lines), 4) if lines else None,
        "functions": sum(isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) for node in nodes),
        "classes": sum(isinstance(node, ast.ClassDef) for node in nodes),
        "names": len(names),
    }
