"""Caps: says in the journal when most of a cap on money or tokens is used."""

from __future__ import annotations

import threading

from assay.core.budget import Limits, Spent
from assay.engine.budget import spent
from assay.engine.log import EventLog
from assay.journal import events as ev

WARN_AT = 0.8
"""Share of a cap that may be used before somebody is told."""
MONEY, TOKENS = "W403", "W404"


class CapWatch:
    """Remarks once for each cap that four fifths of it are used. Safe for several threads.

    The caps themselves are held where requests are sent; this only tells. A run that is resumed with a higher cap is
    told again when four fifths of that one are used.

    Args:
        log: What was spent, and where the remark goes.
        limits: The caps; without any there is nothing to tell.
    """

    def __init__(self, log: EventLog, limits: Limits) -> None:
        self._log = log
        self._limits = limits
        self._lock = threading.Lock()
        before = log.read(spent)
        said = log.read(lambda history: {remark.code for _, remark in history.remarks})
        self._told = said & set(self._near(before))

    def look(self) -> None:
        """Add the remarks that are due; called after every answer.

        Raises:
            MachineError: The journal cannot be written (E501).
        """
        with self._lock:
            near = self._near(self._log.read(spent))
            due = {code: text for code, text in near.items() if code not in self._told}
            self._told |= set(due)
        for code, text in due.items():
            self._log.add(ev.Remarked(code=code, text=text))

    def _near(self, used: Spent) -> dict[str, str]:
        """Return the remarks on every cap of which four fifths are used, by code."""
        limits, near = self._limits, {}
        if limits.cost_usd is not None and float(used.cost_usd) >= WARN_AT * float(limits.cost_usd):
            decimals = 2 if limits.cost_usd >= 1 else 4
            near[MONEY] = f"${used.cost_usd:.{decimals}f} of ${limits.cost_usd} are used; {_WHAT_FOLLOWS}"
        if limits.tokens is not None and used.tokens >= WARN_AT * limits.tokens:
            near[TOKENS] = f"{used.tokens:,} of {limits.tokens:,} tokens are used; {_WHAT_FOLLOWS}"
        return near


_WHAT_FOLLOWS = "a request that could pass the cap is not sent, and ends the search with its finish"
