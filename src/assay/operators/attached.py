"""Attached: who asks in a session that is there only later, since a session needs a repairer before it is one."""

from __future__ import annotations

from assay.engine.session import Session


class Attached:
    """Knows the session that questions go to; None until it is there."""

    def __init__(self) -> None:
        self.session: Session | None = None

    def attach(self, session: Session) -> None:
        """Use `session` from now on."""
        self.session = session
