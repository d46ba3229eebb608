"""Noting: how a score that was measured elsewhere gets into the journal of a run, whether it goes on or has ended."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from assay.core.clock import SystemClock
from assay.engine.control import Message, Verb, send
from assay.engine.log import EventLog
from assay.journal.checkpoint import HistoryFile
from assay.journal.events import ScoredElsewhere
from assay.journal.file import FileJournal
from assay.journal.folders import is_live
from assay.journal.lease import LEASE_FILE, Lease
from assay.journal.summary import SummaryFile
from assay.models.scrub import scrub


def note_score(run_folder: Path, scored: ScoredElsewhere) -> bool:
    """Leave a score for the engine that holds the run, or append it to the journal of one that nobody works on.

    The chain of digests goes on after the run's last event: what was written before stays as it was.

    Returns:
        Whether it is in the journal already; an engine takes it up with its next heartbeat.

    Raises:
        UsageError: An engine took the run over at this moment (E021).
        IntegrityError: The chain of digests is broken (E401).
        MachineError: The journal cannot be written (E501).
    """
    if is_live(run_folder):
        send(run_folder, Message(verb=Verb.NOTE, scored=scored))
        return False
    lease = Lease(run_folder / LEASE_FILE)
    try:
        journal = FileJournal(run_folder / "events.jsonl")
        log = EventLog(journal, SystemClock(), history=HistoryFile(run_folder).read())
        log.add(replace(scored, where=scrub(scored.where), apart=True))
        SummaryFile(run_folder).refresh()
    finally:
        lease.release()
    return True
