import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from assay.core.execution import Outcome
from assay.sandbox.base import Command, Sandbox, SandboxLimits, Workspace
from assay.sandbox.bwrap import find_bwrap
from assay.sandbox.cgroup import find_groups
from assay.sandbox.choose import Machine, inspect_machine, open_sandbox
from assay.sandbox.environment import find_interpreter
from assay.sandbox.fake import FakeResult, FakeSandbox
from assay.sandbox.testing import ProcessSandboxContract, SandboxContract
from assay.sandbox.tree import link_mount
from support.nodes import NearNode, near_cluster


def run_for_real(command: Command, workspace: Workspace, limits: SandboxLimits) -> FakeResult:
    for mount in workspace.mounts:
        link_mount(workspace.root, mount.target, mount.source)
    source = (workspace.root / "main.py").read_text()
    if "sleep" in source:
        source = "import time\ntime.sleep(0.3)\n"
    done = subprocess.run(
        [sys.executable, "-c", source], cwd=workspace.root, env=dict(command.env), stdout=subprocess.PIPE, check=False
    )
    outcome = Outcome.ERROR if done.returncode else Outcome.OK
    return FakeResult(outcome=outcome, exit_code=done.returncode, log=done.stdout.decode())


class TestFake(SandboxContract):
    @pytest.fixture
    def sandbox(self) -> Iterator[Sandbox]:
        sandbox = FakeSandbox(run_for_real)
        yield sandbox
        sandbox.close()


@pytest.fixture(scope="module", params=[True, False], ids=["cgroups", "watchdog"])
def machine(request: pytest.FixtureRequest) -> Machine:
    if request.param and find_groups() is None:
        pytest.skip("no control group can be made here")
    return inspect_machine(cgroups=request.param)


class TestOff(ProcessSandboxContract):
    @pytest.fixture
    def sandbox(self, machine: Machine) -> Iterator[Sandbox]:
        sandbox = open_sandbox("off", machine=machine)
        yield sandbox
        sandbox.close()


class TestNamespaces(ProcessSandboxContract):
    @pytest.fixture
    def sandbox(self, machine: Machine) -> Iterator[Sandbox]:
        if find_bwrap() is None:
            pytest.skip("bubblewrap is not installed")
        sandbox = open_sandbox("strict", machine=machine)
        assert sandbox.tier == "T1"
        yield sandbox
        sandbox.close()


class TestLandlock(ProcessSandboxContract):
    @pytest.fixture
    def sandbox(self, machine: Machine) -> Iterator[Sandbox]:
        if machine.abi == 0:
            pytest.skip("this kernel has no Landlock")
        sandbox = open_sandbox("landlock", machine=machine)
        assert sandbox.tier == "T2"
        yield sandbox
        sandbox.close()


class TestCluster(ProcessSandboxContract):
    @pytest.fixture
    def sandbox(self) -> Iterator[Sandbox]:
        sandbox = near_cluster(NearNode("one", "auto"))
        yield sandbox
        sandbox.close()


def test_an_interpreter_in_a_home_is_no_hurdle(tmp_path: Path) -> None:
    # What most people have: a virtual environment whose base lies in a folder that only its owner can enter.
    base = find_interpreter(None).path.resolve()
    assert os.access(base, os.X_OK)
    assert all(folder.is_absolute() for folder in find_interpreter(None).folders)
