from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.types import Scope

from assay.web.app import Dashboard
from assay.web.library import Library
from assay.web.peer import OwnUser, user_of
from support.dashboard import ADDRESS, let_in, stranger, write_run
from support.histories import good_run

NOBODY = 65_534
CONNECT = """
import os, socket, sys
os.setuid({uid})
line = socket.socket()
line.connect(("127.0.0.1", {port}))
sys.stdin.read()
"""

pytestmark = pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="only Linux tells it")


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as made:
        made.settimeout(60)
        yield made


def scope_of(listener: socket.socket, client: int) -> Scope:
    """Return what a server says of a request over a connection of that client."""
    return {"client": ("127.0.0.1", client), "server": listener.getsockname()}


def test_a_connection_of_our_own_is_ours(listener: socket.socket) -> None:
    port = listener.getsockname()[1]
    with socket.create_connection(("127.0.0.1", port)):
        kept, (_, client) = listener.accept()
        with kept:
            assert user_of(client, port) == os.getuid()
            assert OwnUser()(scope_of(listener, client))


@pytest.mark.skipif(os.getuid() != 0, reason="only root can be somebody else")
def test_a_connection_of_another_user_is_theirs(listener: socket.socket) -> None:
    port = listener.getsockname()[1]
    code = CONNECT.format(uid=NOBODY, port=port)
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE) as process:
        line, (_, client) = listener.accept()
        with line:
            assert user_of(client, port) == NOBODY
            assert not OwnUser(NOBODY + 1)(scope_of(listener, client))
            assert OwnUser(NOBODY)(scope_of(listener, client))
            assert OwnUser(0)(scope_of(listener, client))
        process.communicate(timeout=60)


def test_an_end_that_nobody_holds_any_more_is_nobodys(listener: socket.socket) -> None:
    port = listener.getsockname()[1]
    line = socket.create_connection(("127.0.0.1", port))
    client = line.getsockname()[1]
    kept, _ = listener.accept()
    with kept:
        line.close()
        assert user_of(client, port) == -1
        assert not OwnUser(NOBODY)(scope_of(listener, client))


def test_what_cannot_be_told_is_let_through() -> None:
    assert user_of(1, 2) is None
    assert OwnUser(NOBODY)({"client": ("testclient", 1), "server": ("testserver", 2)})
    assert OwnUser(NOBODY)({})


def test_another_user_is_not_let_in_by_the_owners_link_and_does_not_use_it_up(tmp_path: Path) -> None:
    write_run(tmp_path, "otter", good_run)
    own = True
    dashboard = Dashboard(library=Library(tmp_path), cookie="assay-7788", own=lambda scope: own)
    own = False
    thief = stranger(dashboard)
    assert thief.get("/open", params={"token": dashboard.keys.owner}).status_code == 403
    assert not thief.cookies
    assert let_in(dashboard, write=False).get("/api/runs").json()["write"] is False
    own = True
    owner = let_in(dashboard)
    assert owner.get("/api/runs").json()["write"] is True
    own = False  # somebody else has the cookie
    assert owner.get("/api/runs").status_code == 403
    sent = owner.post("/api/run/otter/steer", json={"verb": "finish"}, headers={"Origin": ADDRESS})
    assert sent.status_code == 403
