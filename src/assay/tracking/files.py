"""Files as evidence: found without following anything, taken as private copies, and new."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path

from assay.sandbox import collect
from assay.tracking.evidence import EMPTY, NO_ARTIFACT, OLD, REFUSED, FileEvidence, Finding

MOST_FILES = 200
MOST_FILE_BYTES = 256 * 2**20
MOST_BYTES = 2**30
_SLACK_S = 0.1
"""Time stamps of files lag behind the clock by a tick of the kernel."""
_NAME = re.compile(r"[\w][\w .()+=@,-]*")
_DEEPEST = 8


@dataclass(frozen=True, kw_only=True)
class FilesFound:
    """What counts, and what does not."""

    good: dict[str, FileEvidence] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)


def check_files(
    root: Path,
    wanted: Sequence[str],
    into: Path,
    *,
    least: int,
    started_ms: int,
    given: Mapping[str, str],
    what: str,
    own: Sequence[str] = (),
) -> FilesFound:
    """Take the files below `root` that are wanted, and say which of them are no evidence.

    Args:
        root: A folder that generated code wrote to.
        wanted: Paths below it, or patterns; every one must fit a file. Empty with `least` above 0 takes all files.
        into: Private folder for the copies, each named by its digest.
        least: The fewest files.
        started_ms: What is older is not new.
        given: Digest to name of the files that the code was given: a copy of one is not new either.
        what: `artefact` or `file`, for people.
        own: Files below `root` that are the engine's, and folders of such with a slash at the end: nobody's work.
    """
    result = FilesFound()
    seen = [name for name in sorted(_walk(root)) if not _is_own(name, own)][: 10 * MOST_FILES]
    if wanted:
        chosen = [name for name in seen if any(fnmatchcase(name, pattern) for pattern in wanted)]
    else:
        chosen = seen if least > 0 else []
    for pattern in wanted:
        if not any(fnmatchcase(name, pattern) for name in seen):
            result.findings.append(_finding(NO_ARTIFACT, f"the {what} {pattern!r} is not there", pattern))
    if len(chosen) > MOST_FILES:
        result.findings.append(_finding(REFUSED, f"there are more than {MOST_FILES} files", ""))
    total = 0
    for name in chosen[:MOST_FILES]:
        total += _check(root, name, into, result, started_ms=started_ms, given=given, what=what)
        if total > MOST_BYTES:
            result.findings.append(_finding(REFUSED, f"the files have more than {MOST_BYTES:,} bytes together", name))
            break
    if not result.findings and len(result.good) < least:
        said = f"{least} {what}{'s' if least > 1 else ''} required, {len(result.good)} found"
        result.findings.append(_finding(NO_ARTIFACT, said, ""))
    return result


def _check(
    root: Path, name: str, into: Path, result: FilesFound, *, started_ms: int, given: Mapping[str, str], what: str
) -> int:
    """Judge one file and return its bytes."""
    if not all(_NAME.fullmatch(part) for part in name.split("/")):
        result.findings.append(_finding(REFUSED, f"the name {name!r} has characters that are not taken", name))
        return 0
    info = (root / name).lstat()
    found = collect(root, [name], into, max_bytes=MOST_FILE_BYTES)
    if name in found.refused:
        result.findings.append(_finding(REFUSED, f"the {what} {name!r} is not taken: {found.refused[name]}", name))
        return 0
    taken, newest = found.taken[name], started_ms / 1000 - _SLACK_S
    if taken.size == 0:
        result.findings.append(_finding(EMPTY, f"the {what} {name!r} is empty", name))
    elif min(info.st_mtime, info.st_ctime) < newest:
        result.findings.append(_finding(OLD, f"the {what} {name!r} is older than the attempt", name))
    elif taken.digest in given:
        said = f"the {what} {name!r} is a copy of {given[taken.digest]!r}, which the code was given"
        result.findings.append(_finding(OLD, said, name))
    else:
        result.good[name] = FileEvidence(digest=taken.digest, size=taken.size)
    return taken.size


def _walk(root: Path, below: str = "", depth: int = 0) -> Iterator[str]:
    """Yield every path below `root` that is no folder; no link is followed."""
    try:
        if depth == 0 and not stat.S_ISDIR(root.lstat().st_mode):
            return
        with os.scandir(root / below) as entries:
            found = sorted(entries, key=lambda entry: entry.name)[: 10 * MOST_FILES]
    except OSError:
        return
    for entry in found:
        name = f"{below}/{entry.name}" if below else entry.name
        if not entry.is_dir(follow_symlinks=False):
            yield name
        elif depth < _DEEPEST:
            yield from _walk(root, name, depth + 1)


def _is_own(name: str, own: Sequence[str]) -> bool:
    return any(name.startswith(one) if one.endswith("/") else name == one for one in own)


def _finding(code: str, sentence: str, subject: str) -> Finding:
    return Finding(code=code, sentence=sentence, subject=subject)
