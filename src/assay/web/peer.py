"""Peer: which user of this machine is at the other end of a connection, as Linux tells it.

The owner's link is handed to the browser on its command line, which every user of a machine can read; and a browser
sends a cookie of 127.0.0.1 to every port of it, also to those of other users. Neither is of use to them where the
connection itself has to be one of our own user's.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from starlette.types import Scope

_TABLES = (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))
_LOOPBACK = ("0100007F", "0000000000000000FFFF00000100007F")
"""127.0.0.1 as the two tables write it, on a machine that keeps the lowest byte first."""
_ESTABLISHED = "01"


class OwnUser:
    """Tells whether a request comes from a process of the same user, or of root, who can do everything anyway.

    What cannot be told is let through: on other systems there is no such table, and in some containers it is empty.

    Args:
        uid: Of the user that is meant. Root asks nothing: a browser of another user is usual then.
    """

    def __init__(self, uid: int | None = None) -> None:
        self._uid = os.getuid() if uid is None else uid

    def __call__(self, scope: Scope) -> bool:
        """Return whether the request of `scope` may be one of the user's own."""
        client, server = scope.get("client"), scope.get("server")
        if not self._uid or not client or not server or sys.byteorder != "little":
            return True
        uid = user_of(client[1], server[1])
        return uid is None or uid in (0, self._uid)


def user_of(client: int, server: int) -> int | None:
    """Return the user whose process holds the client's end of a connection of 127.0.0.1; None where nobody can tell.

    An end that nobody holds any more is nobody's: -1. Linux would tell it as root's.

    Args:
        client: Port of the client's end.
        server: Port of the server's end, which this process holds.
    """
    ours = False
    for local, remote, state, uid in _connections():
        if (local, remote) == (client, server) and state == _ESTABLISHED:
            return uid
        ours = ours or (local, remote) == (server, client)
    return -1 if ours else None


def _connections() -> Iterator[tuple[int, int, str, int]]:
    """Yield the ports of both ends, the state and the user of every connection of 127.0.0.1."""
    for table in _TABLES:
        try:
            lines = table.read_text(encoding="ascii").splitlines()[1:]
        except (OSError, UnicodeDecodeError):
            continue
        for line in lines:
            found = _connection(line.split())
            if found is not None:
                yield found


def _connection(fields: Sequence[str]) -> tuple[int, int, str, int] | None:
    if len(fields) < 8:
        return None
    (local, _, local_port), (remote, _, remote_port) = fields[1].partition(":"), fields[2].partition(":")
    if local not in _LOOPBACK or remote not in _LOOPBACK:
        return None
    return int(local_port, 16), int(remote_port, 16), fields[3], int(fields[7])
