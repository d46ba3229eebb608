"""The cyclic garbage collector, put to rest while very many lasting records are made."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def collector_at_rest() -> Iterator[None]:
    """Keep the collector from walking over all records again and again while they are made.

    Records hold no cycles and are kept, so it would find nothing; what is dropped meanwhile goes by its count of
    references. Afterwards the collector is as it was.
    """
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def pass_over_what_is_there() -> None:
    """Have the collector walk over nothing that exists now, ever again: for a process that has read what it keeps.

    A long history is a million objects, and each full pass over them takes a fifth of a second. What is no longer used
    still goes by its count of references; a cycle that is garbage by now would stay, and records hold none.
    """
    gc.freeze()
