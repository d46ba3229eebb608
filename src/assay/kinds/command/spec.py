"""Spec: what a command candidate is made of, and how it travels as a candidate's files."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from assay.core.candidate import Candidate
from assay.core.codec import decode, encode
from assay.kinds.command.metrics import MetricSource

SPEC = ".assay-command.json"
"""Name of the candidate's entry file: it says what is run."""
_RESERVED = frozenset({SPEC, ".git"})
MOST_OVERLAY = 200


@dataclass(frozen=True, kw_only=True)
class CommandSpec:
    """What is run in the checkout, and where its numbers are found. Exactly one of `argv` and `shell`."""

    argv: tuple[str, ...] = ()
    """Program and arguments; `python` stands for the interpreter of the run."""
    shell: str = ""
    """A line for `bash`, where an argument vector does not do."""
    env: Mapping[str, str] = field(default_factory=dict)
    """Variables added to the clean environment; no secrets, for the candidate is stored."""
    base: str = ""
    """Digest of the checkout that the files are laid over: the same command on another commit is another candidate."""
    metrics: tuple[MetricSource, ...] = ()

    @property
    def line(self) -> str:
        """The command as one line, for people and for rules about it."""
        import shlex

        return self.shell or shlex.join(self.argv)


def candidate_of(
    spec: CommandSpec, overlay: Mapping[str, str], *, title: str = "", plan: str = "", operator: str = "command"
) -> Candidate:
    """Return the candidate that runs `spec` with the files of `overlay` laid over its checkout.

    Args:
        spec: What is run.
        overlay: Path in the repository with `/` to its whole new text; at most 200.
        title: A few words that name the idea.
        plan: Why it should work.
        operator: Which operator made it.

    Raises:
        ValueError: The spec has no command or two, or a path leaves the checkout or is ours.
    """
    if bool(spec.argv) == bool(spec.shell.strip()):
        raise ValueError("a command is either an argument vector or a shell line")
    if len(overlay) > MOST_OVERLAY:
        raise ValueError(f"{len(overlay)} files are laid over the repository; at most {MOST_OVERLAY} may be")
    for path in overlay:
        check_path(path)
    text = json.dumps(encode(spec), indent=1, sort_keys=True) + "\n"
    files = {SPEC: text, **overlay}
    return Candidate(kind="command", files=files, entry=SPEC, title=title, plan=plan, operator=operator)


def spec_of(candidate: Candidate) -> CommandSpec:
    """Return what a command candidate runs.

    Raises:
        ValueError: It is no command candidate.
    """
    try:
        return decode(CommandSpec, json.loads(candidate.source))
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"{candidate.entry!r} is no command: {error}") from error


def overlay_of(candidate: Candidate) -> Mapping[str, str]:
    """Return the files that a command candidate lays over its checkout."""
    return {path: text for path, text in candidate.files.items() if path != candidate.entry}


def check_path(path: str) -> None:
    """Return if `path` may be laid over a checkout.

    Raises:
        ValueError: It is absolute, leaves the checkout, or names version control or our own file.
    """
    pure = PurePosixPath(path)
    bad = pure.is_absolute() or ".." in pure.parts or not pure.parts or "\\" in path or "\0" in path
    if bad or pure.as_posix() != path:
        raise ValueError(f"{path!r} is no plain relative path within the repository")
    if pure.parts[0] in _RESERVED:
        raise ValueError(f"{path!r} may not be laid over a repository")
