"""Audit: what a run did, from its journal, and whether journal and files are what was written."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from assay.core.errors import NothingFound
from assay.journal.history import History
from assay.journal.objects import ObjectStore
from assay.models.scrub import Scrubber
from assay.ship.kept import Chain, Kept, kept_objects, read_chain
from assay.ship.timeline import Moment, timeline
from assay.ship.used import Package, columns_named, hosts_of, packages_of

_TEXTS = (".json", ".jsonl", ".md", ".py", ".ipynb", ".txt", ".csv", ".tsv", ".toml", ".html", ".log", ".patch", "")
_MOST_TEXT = 8 * 2**20
"""Larger files are not looked through for secrets, and are counted."""
_NOT_OURS = ("views", "private", "work")
"""Folders that hold the user's data and nothing that a run wrote of its own."""


@dataclass(kw_only=True)
class Audit:
    """What was found."""

    run: str
    history: History
    chain: Chain
    kept: Kept
    timeline: list[Moment] = field(default_factory=list)
    hosts: dict[str, str] = field(default_factory=dict)
    """Host to who contacted it, and what for."""
    packages: list[Package] = field(default_factory=list)
    secrets: list[str] = field(default_factory=list)
    """Files of the run that hold what looks like a key."""
    not_scanned: int = 0
    columns: tuple[str, ...] = ()
    """Columns that the winner's code names."""
    all_columns: int = 0
    people: list[Moment] = field(default_factory=list)
    opened: int = 0
    """How often the sealed rows were graded."""
    chosen_after: int = 0
    """Trials made or judged after they were first looked at, which could rest on them."""

    @property
    def sound(self) -> bool:
        """Whether journal and objects are what was written and no secret is in the run's files."""
        return not (self.chain.broken or self.kept.changed or self.secrets)


def audit(folder: Path) -> Audit:
    """Return what the journal and the files of a run tell. Nothing is changed and nothing is run.

    Raises:
        NothingFound: There is no journal, or it never began (E201).
    """
    events, chain = read_chain(folder / "events.jsonl")
    history = History(events)
    if history.started is None:
        raise NothingFound("E201", f"the run {folder.name!r} never started", fix="assay ls")
    objects = ObjectStore(folder / "objects")
    secrets, unread = _secrets(folder)
    found = Audit(
        run=history.started.run,
        history=history,
        chain=chain,
        kept=kept_objects(events, folder / "objects"),
        timeline=list(timeline(events, history)),
        hosts=hosts_of(folder, history),
        packages=packages_of(history.started),
        secrets=secrets,
        not_scanned=unread,
    )
    found.people = [moment for moment in found.timeline if moment.what == "person"]
    found.columns, found.all_columns = columns_named(folder, history, objects)
    found.opened = sum(opened.score is not None for _, opened in history.openings)
    found.chosen_after = len(history.after_opening)
    return found


def _secrets(folder: Path) -> tuple[list[str], int]:
    scrubber = Scrubber()
    found, unread = [], 0
    for path in sorted(folder.rglob("*")):
        parts = path.relative_to(folder).parts
        if parts[0] in _NOT_OURS or path.is_symlink() or not path.is_file() or path.suffix.lower() not in _TEXTS:
            continue
        if path.stat().st_size > _MOST_TEXT:
            unread += 1
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        if scrubber.scrub(text) != text:
            found.append("/".join(parts))
    return found, unread


def counts(found: Audit) -> Counter[str]:
    """Return how often each kind of moment occurs."""
    return Counter(moment.what for moment in found.timeline)
