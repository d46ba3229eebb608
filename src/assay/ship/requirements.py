"""Requirements: what a program imports, pinned to the versions that its scores were measured with."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterable, Mapping
from importlib import metadata

_DISTRIBUTIONS = {
    "sklearn": "scikit-learn",
    "PIL": "pillow",
    "skimage": "scikit-image",
    "imblearn": "imbalanced-learn",
    "cv2": "opencv-python",
    "yaml": "pyyaml",
    "xgboost": "xgboost",
    "chronos": "chronos-forecasting",
    "sentence_transformers": "sentence-transformers",
}
"""Modules whose distribution has another name; `xgboost` may also be `xgboost-cpu`."""
_ALIASES: dict[str, tuple[str, ...]] = {"xgboost": ("xgboost-cpu",), "interpret": ("interpret-core",)}
_NAME = re.compile(r"^[A-Za-z0-9._-]+")


def imported(sources: Iterable[str]) -> tuple[str, ...]:
    """Return the top-level modules that Python sources import from outside the standard library, sorted."""
    found: set[str] = set()
    for source in sources:
        try:
            tree = ast.parse(source)
        except (SyntaxError, ValueError, RecursionError):
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                found |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                found.add(node.module.partition(".")[0])
    return tuple(sorted(found - set(sys.stdlib_module_names)))


def pinned(modules: Iterable[str], versions: Mapping[str, str], *, own: Iterable[str] = ()) -> dict[str, str]:
    """Return distributions to versions, empty where no version is known.

    Named are those that the modules belong to, and what these in turn need of the recorded ones: a library's numbers
    may change with the array library below it.

    Args:
        modules: Top-level modules that are imported.
        versions: Distribution to version, as the run recorded them.
        own: Modules that are files of the program itself.
    """
    local = set(own)
    direct = {_distribution(name, versions) for name in modules if name not in local}
    return dict(sorted({name: versions.get(name, "") for name in direct | _below(direct, versions)}.items()))


def requirement_lines(packages: Mapping[str, str]) -> list[str]:
    """Return the lines of `requirements.txt`."""
    return [f"{name}=={version}" if version else name for name, version in packages.items()]


def script_head(packages: Mapping[str, str], python: str) -> str:
    """Return the block of inline script metadata (PEP 723) that `uv run` reads."""
    minor = python.split(".")[1] if python.count(".") else ""
    wanted = f">={python.split('.')[0]}.{minor},<3.{int(minor) + 1}" if minor.isdigit() else ">=3.11"
    lines = ["# /// script", f'# requires-python = "{wanted}"', "# dependencies = ["]
    lines += [f'#   "{line}",' for line in requirement_lines(packages)]
    return "\n".join([*lines, "# ]", "# ///", ""])


def _distribution(module: str, versions: Mapping[str, str]) -> str:
    name: str = _DISTRIBUTIONS.get(module, module)
    for known in (name, *_ALIASES.get(name, ()), name.replace("_", "-")):
        if known in versions:
            return known
    return name


def _below(names: Iterable[str], versions: Mapping[str, str]) -> set[str]:
    """Return the recorded distributions that `names` need, however far down."""
    found: set[str] = set()
    left = list(names)
    while left:
        try:
            needs = metadata.requires(left.pop()) or []
        except metadata.PackageNotFoundError:
            continue
        for need in needs:
            match = _NAME.match(need)
            name = match.group().lower() if match and "extra ==" not in need else ""
            if name in versions and name not in found:
                found.add(name)
                left.append(name)
    return found
