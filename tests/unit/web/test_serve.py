from __future__ import annotations

from pathlib import Path

import pytest

from assay.core.errors import MachineError
from assay.web.serve import HOST, bind
from support.dashboard import dashboard_of, let_in


def test_a_taken_port_gives_the_next_free_one_of_this_machine_only() -> None:
    with bind(0) as first:
        first.listen()
        taken = first.getsockname()[1]
        with bind(taken) as second:
            host, port = second.getsockname()
            assert host == HOST
            assert port > taken


def test_any_port_is_free() -> None:
    with bind(0) as one, bind(0) as other:
        assert one.getsockname() != other.getsockname()


def test_a_port_that_may_not_be_used_is_a_coded_error() -> None:
    with bind(0) as last:
        last.listen()
        port = last.getsockname()[1]
        with pytest.raises(MachineError, match="all taken") as raised:
            bind(port, tries=1)
    assert raised.value.code == "E504"


def test_an_empty_folder_has_an_empty_list(tmp_path: Path) -> None:
    data = let_in(dashboard_of(tmp_path / "nothing")).get("/api/runs").json()["data"]
    assert data["runs"] == []
    assert data["folder"].endswith("nothing")
