"""Serve: the dashboard on a port of this machine, until Ctrl-C."""

from __future__ import annotations

import contextlib
import errno
import socket
from collections.abc import Iterator
from types import FrameType

import uvicorn

from assay.core.errors import MachineError
from assay.web.app import Dashboard, make_app

HOST = "127.0.0.1"
PORT = 7788
_TRIED = 20


def bind(port: int, *, tries: int = _TRIED) -> socket.socket:
    """Return a socket that listens on this machine only: at `port`, or at the next one that is free; 0 takes any.

    Args:
        port: The wished one.
        tries: Ports that are tried, one after the other.

    Raises:
        MachineError: None of the next ports is free, or this one may not be used (E504).
    """
    for wished in range(port, min(port + tries, 65_536)) if port else (0,):
        found = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            found.bind((HOST, wished))
        except OSError as error:
            found.close()
            if error.errno == errno.EADDRINUSE:
                continue
            refused = f"port {wished} cannot be used: {error.strerror}"
            raise MachineError("E504", refused, fix="assay ui --port 0") from None
        found.set_inheritable(False)
        return found
    raise MachineError("E504", f"ports {port} to {port + tries - 1} are all taken", fix="assay ui --port 0")


def serve(dashboard: Dashboard, listener: socket.socket) -> None:
    """Answer until Ctrl-C or SIGTERM; open streams are ended, not cut off."""
    config = uvicorn.Config(
        make_app(dashboard),
        log_config=None,
        access_log=False,
        lifespan="off",
        ws="none",
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=2,
    )
    with contextlib.suppress(KeyboardInterrupt):
        _Server(config, dashboard).run(sockets=[listener])


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, dashboard: Dashboard) -> None:
        super().__init__(config)
        self._dashboard = dashboard

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self._dashboard.ended.set()
        super().handle_exit(sig, frame)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        with super().capture_signals():
            try:
                yield
            finally:
                self._dashboard.ended.set()
