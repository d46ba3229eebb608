"""User ids for candidates, one for each that runs at a time, when the engine runs as root."""

from __future__ import annotations

import grp
import os
import pwd
import socket
import threading
from contextlib import suppress
from pathlib import Path

from assay.core.errors import MachineError

_FIRST, _COUNT = 59_000, 900
_IDS = range(_FIRST, _FIRST + _COUNT)
# Debian reserves 30,000 to 59,999 and gives them to nobody, and containers map at least the first 65,536.


def is_slot(uid: int) -> bool:
    """Return whether `uid` is one that this module hands out."""
    return uid in _IDS


def has_slots() -> bool:
    """Return whether there are ids to hand out: for root, where the container has them."""
    return os.geteuid() == 0 and bool(_usable(_IDS))


class UserSlots:
    """Hands out user ids that no account and no other engine on this machine uses, each also as a group id.

    An id is held by a socket name, which the kernel frees when the engine dies, however it dies.

    Args:
        ids: Those to hand out, out of the reserved range.
    """

    def __init__(self, ids: range = _IDS) -> None:
        self._ids = ids
        self._held: dict[int, socket.socket] = {}
        self._lock = threading.Lock()

    def take(self) -> int | None:
        """Return a user id, or None where there is none to hand out: not root, or a container that has none.

        Raises:
            MachineError: E511, all are taken. Anybody on the machine can take the names of their sockets, and generated
                code must not come by root's identity for that.
        """
        if os.geteuid() != 0:
            return None
        with self._lock:
            usable = _usable(self._ids)
            for uid in (uid for uid in usable if uid not in self._held):
                holder = _hold(uid)
                if holder is not None:
                    self._held[uid] = holder
                    return uid
        if usable:
            raise MachineError("E511", f"none of {len(usable)} user ids for generated code is free", fix="assay doctor")
        return None

    def give_back(self, uid: int) -> None:
        """Free `uid`; every process of it must be dead."""
        with self._lock:
            self._held.pop(uid).close()


def _usable(ids: range) -> list[int]:
    users, groups = _mapped_range("uid"), _mapped_range("gid")
    return [one for one in ids if one in users and one in groups]


def _mapped_range(kind: str) -> range:
    with suppress(OSError, ValueError, IndexError):
        inside, _, length = Path(f"/proc/self/{kind}_map").read_text(encoding="ascii").splitlines()[0].split()
        return range(int(inside), int(inside) + int(length))
    return range(0)


def _hold(uid: int) -> socket.socket | None:
    for known in (pwd.getpwuid, grp.getgrgid):
        with suppress(KeyError):
            known(uid)
            return None
    holder = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    try:
        holder.bind(f"\0assay-user-{uid}")
    except OSError:
        holder.close()
        return None
    return holder
