"""Candidate: an immutable, content-addressed proposal that can be run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from assay.core.digest import digest_json


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A file tree with an entry point, and where it came from.

    Two candidates with the same kind, entry and files are the same candidate, whoever proposed them.
    """

    kind: str
    """`script`, `notebook` or `command`."""
    files: Mapping[str, str]
    """Relative path with `/` to text content."""
    entry: str
    """The file that is run; a key of `files`."""
    title: str = ""
    """A few words that name the idea, for tables."""
    plan: str = ""
    """Why it should work, in a sentence or a few."""
    operator: str = ""
    """Which operator made it: draft, improve, debug, ablate, blend ..."""
    parents: tuple[int, ...] = ()
    """Numbers of the trials that it was made from."""
    recipe: Mapping[str, Any] = field(default_factory=dict)
    """What its author wants handed back with it; JSON values only. The playbook keeps its settings here."""

    @cached_property
    def digest(self) -> str:
        """The SHA-256 over kind, entry and files."""
        return digest_json({"kind": self.kind, "entry": self.entry, "files": dict(self.files)})

    @property
    def source(self) -> str:
        """The text of the entry file."""
        return self.files[self.entry]
