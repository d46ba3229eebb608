"""Looking through a solution: the checks that need nothing to be run."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from assay.core.digest import digest_file
from assay.models.scrub import Scrubber
from assay.report.formatting import format_count
from assay.ship.findings import Finding, Result, finding, some
from assay.ship.solution import Bundle


def looked_through(bundle: Bundle) -> Iterator[Finding]:
    """Yield what can be said of a solution without running anything."""
    yield _files(bundle)
    yield _code(bundle)
    yield _alone(bundle)
    yield _secrets(bundle)


def _files(bundle: Bundle) -> Finding:
    known, there = bundle.record.files, bundle.files()
    gone = sorted(set(known) - set(there))
    changed = [name for name in there if name in known and _differs(bundle, name)]
    # A table beside the programs changes nothing about them; what Python could import does.
    new = [name for name in there if name not in known and (name.startswith("code/") or _can_run(name))]
    told = [f"{some(names)} {word}" for names, word in ((gone, "missing"), (changed, "changed"), (new, "new")) if names]
    result = Result.FAIL if told else Result.PASS
    return finding("files", "every file is as exported", result, "; ".join(told) or format_count(len(known), "file"))


def _can_run(name: str) -> bool:
    return name.endswith((".py", ".pyc", ".so", ".pth", ".zip", ".sh"))


def _differs(bundle: Bundle, name: str) -> bool:
    path = bundle.folder / name
    return path.is_symlink() or digest_file(path) != bundle.record.files[name]


def _code(bundle: Bundle) -> Finding:
    wrong = []
    for program in bundle.record.programs:
        try:
            found = bundle.candidate(program).digest
        except (OSError, UnicodeDecodeError):
            found = ""
        if found != program.code:
            wrong.append(program.name)
    told = f"{some(wrong)} is not what the run scored" if wrong else f"{bundle.record.programs[0].code[:12]}…"
    return finding("code", "the code is what the run scored", Result.FAIL if wrong else Result.PASS, told)


def _alone(bundle: Bundle) -> Finding:
    wrong = [name for name in bundle.files() if name.endswith(".py") and _imports_assay(bundle.text(name))]
    told = f"{some(wrong)} imports assay" if wrong else "no file imports assay"
    return finding("alone", "it runs without Assay", Result.FAIL if wrong else Result.PASS, told)


def _imports_assay(source: str) -> bool:
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError):
        return "import assay" in source or "from assay" in source
    for node in ast.walk(tree):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        names += [node.module or ""] if isinstance(node, ast.ImportFrom) and not node.level else []
        if any(name.partition(".")[0] == "assay" for name in names):
            return True
    return False


def _secrets(bundle: Bundle) -> Finding:
    scrubber = Scrubber()
    wrong = [name for name in bundle.files() if scrubber.scrub(text := bundle.text(name)) != text]
    told = f"{some(wrong)} holds what looks like a key" if wrong else "nothing is shaped like a key"
    return finding("secrets", "no secret is in it", Result.FAIL if wrong else Result.PASS, told)
