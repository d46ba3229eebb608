"""Floor 1: the journal is the truth; every table, screen and resumption is derived from it."""

from assay.journal.base import JournalBackend
from assay.journal.events import Event
from assay.journal.file import FileJournal
from assay.journal.history import History, Measurement, Question, Trial
from assay.journal.lease import Lease, read_holder
from assay.journal.memory import MemoryJournal
from assay.journal.objects import ObjectStore

__all__ = [
    "Event",
    "FileJournal",
    "History",
    "JournalBackend",
    "Lease",
    "Measurement",
    "MemoryJournal",
    "ObjectStore",
    "Question",
    "Trial",
    "read_holder",
]
