"""Keys: who may look at the dashboard, and who may steer: tell a run something, skip what runs, have it finish up."""

from __future__ import annotations

import secrets
import threading
from dataclasses import dataclass

MOST_SESSIONS = 200


@dataclass(frozen=True)
class Session:
    """A browser that was let in."""

    write: bool
    """Whether it may steer a run."""


class Keys:
    """The links that let a browser in, and the browsers that were.

    There are two links. The owner's works once and lets its browser steer; the viewers' works as often as it is
    opened and lets nobody steer. Both end with the process, and so do the sessions.
    """

    def __init__(self) -> None:
        self.owner = secrets.token_urlsafe(24)
        self.viewer = secrets.token_urlsafe(24)
        self._used = False
        self._sessions: dict[str, Session] = {}
        self._lock = threading.Lock()

    def exchange(self, token: str) -> str | None:
        """Return the secret of a new session for the token of a link, or None if it opens nothing (any more)."""
        offered = token.encode()
        with self._lock:
            owner = self.is_owner(token)
            if owner and self._used:
                return None
            if not owner and not secrets.compare_digest(offered, self.viewer.encode()):
                return None
            self._used = self._used or owner
            secret = secrets.token_urlsafe(32)
            self._sessions[secret] = Session(write=owner)
            viewers = [known for known, session in self._sessions.items() if not session.write]
            for oldest in viewers[:-MOST_SESSIONS]:
                del self._sessions[oldest]
            return secret

    def is_owner(self, token: str) -> bool:
        """Return whether a token is the owner's, used or not."""
        return secrets.compare_digest(token.encode(), self.owner.encode())

    def session(self, secret: str) -> Session | None:
        """Return the session of a cookie's secret."""
        return self._sessions.get(secret)
