"""What the start-up probe runs inside a sandbox: tries to get out, and prints what worked as one JSON line."""

from __future__ import annotations

import json
import os
import socket
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


def _reads(path: str) -> None:
    with open(path, "rb") as stream:  # noqa: PTH123
        stream.read(1)


def _writes(path: str) -> None:
    os.close(os.open(path, os.O_WRONLY))


def _connects(port: int) -> None:
    socket.create_connection(("127.0.0.1", port), timeout=1).close()


def main(order: dict[str, Any]) -> None:
    """Try each attack of `order` and print the names of those that worked."""
    attacks: dict[str, Callable[[], None]] = {
        "read": lambda: _reads(order["secret"]),
        "write": lambda: _writes(order["secret"]),
        "environ": lambda: _reads(f"/proc/{order['engine']}/environ"),
        "signal": lambda: os.kill(order["engine"], 0),
        "network": lambda: _connects(order["port"]),
        "kernel": lambda: _writes("/proc/sys/kernel/core_pattern"),
        "root": lambda: _writes("/etc/passwd"),
    }
    worked = []
    for name, attack in attacks.items():
        try:
            attack()
        except OSError:
            continue
        worked.append(name)
    print(json.dumps({"worked": worked}))  # noqa: T201 - its output is its answer


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
