"""Tell: how a person's words reach a running engine, from wherever they were said."""

from __future__ import annotations

from pathlib import Path

from assay.core.errors import UsageError
from assay.engine.control import Message, Verb, send
from assay.journal.events import Wish

MOST_CHARACTERS = 4_000
"""Of one message; every later question shows it."""


def too_long(words: str) -> str:
    """Return what is wrong with words that are too long; empty where nothing is."""
    if len(words) <= MOST_CHARACTERS:
        return ""
    return f"the message has {len(words):,} characters; at most {MOST_CHARACTERS:,} are shown to a model"


def tell(run_folder: Path, text: str, what: Wish = Wish.REMARK) -> str:
    """Leave words for the engine that holds the run; return them as they were left.

    Args:
        run_folder: Of a run that is alive.
        text: The words; code and hints stay to the letter, and whoever read them has bounded them.
        what: What they are.

    Raises:
        UsageError: They say nothing, or too much (E002).
    """
    words = text.strip() if what is Wish.REMARK else text
    if not words.strip():
        raise UsageError("E002", f"the message {text!r} says nothing", fix='assay tell "prefer simpler models"')
    if what is Wish.REMARK and (problem := too_long(words)):
        raise UsageError("E002", problem, fix='assay tell "prefer simpler models"')
    send(run_folder, Message(verb=Verb.TELL, text=words, what=what))
    return words
