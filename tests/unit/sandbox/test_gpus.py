"""Graphics processors: found, named, lent to one at a time, and shown to whoever has one."""

from __future__ import annotations

import os
import stat
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from assay.core.errors import MachineError
from assay.sandbox.base import Command, Sandbox, SandboxLimits, Workspace
from assay.sandbox.choose import Mode, open_sandbox
from assay.sandbox.gpus import Gpu, GpuSlots, find_gpus

LIMITS = SandboxLimits(wall_s=60, memory_bytes=2**30)
TWO = "0, GPU-aa11, 00000000:3B:00.0, Brand X 200, big\n1, GPU-bb22, 00000000:5E:00.0, Brand X 200\n"


@pytest.fixture
def host(tmp_path: Path) -> Path:
    """A machine with two processors, whose device nodes are numbered the other way round."""
    for name in ("nvidia0", "nvidia1", "nvidiactl", "nvidia-uvm"):
        (tmp_path / "dev").mkdir(exist_ok=True)
        (tmp_path / "dev" / name).touch()
    for bus, minor in (("0000:3b:00.0", 1), ("0000:5e:00.0", 0)):
        folder = tmp_path / "proc/driver/nvidia/gpus" / bus
        folder.mkdir(parents=True)
        (folder / "information").write_text(f"Model: \t\t X\nDevice Minor: \t {minor}\n", encoding="utf-8")
    program = tmp_path / "nvidia-smi"
    program.write_text(f"#!/bin/sh\ncat <<'END'\n{TWO}END\n", encoding="utf-8")
    program.chmod(0o755)
    return tmp_path


def found(host: Path, visible: str | None = None) -> tuple[Gpu, ...]:
    environ = {"PATH": f"{host}:/usr/bin:/bin"}
    if visible is not None:
        environ["CUDA_VISIBLE_DEVICES"] = visible
    return find_gpus(environ, dev=host / "dev", proc=host / "proc")


def test_each_is_found_with_its_name_and_its_device_nodes(host: Path) -> None:
    first, second = found(host)
    assert (first.name, first.visible, second.name) == ("Brand X 200, big", "GPU-aa11", "Brand X 200")
    assert [path.name for path in first.devices] == ["nvidia1", "nvidiactl", "nvidia-uvm"]
    assert [path.name for path in second.devices] == ["nvidia0", "nvidiactl", "nvidia-uvm"]


@pytest.mark.parametrize(
    ("visible", "left"),
    [
        ("1", [1]),
        ("1,0", [1, 0]),
        ("GPU-bb22", [1]),
        ("GPU-a,1", [0, 1]),
        ("0,9,1", [0]),
        ("GPU-", []),
        ("", []),
        ("-1", []),
    ],
)
def test_only_those_that_the_variable_leaves_to_us_are_lent(host: Path, visible: str, left: list[int]) -> None:
    assert [gpu.index for gpu in found(host, visible)] == left


def test_no_driver_or_one_that_fails_means_none(host: Path) -> None:
    (host / "nvidia-smi").write_text("#!/bin/sh\necho 'No devices were found'\nexit 6\n", encoding="utf-8")
    assert found(host) == ()
    (host / "nvidia-smi").unlink()
    assert find_gpus({"PATH": str(host)}) == ()


def test_nobody_waits_or_is_told_anything_where_there_are_none() -> None:
    slots = GpuSlots()
    assert slots.take() is None
    slots.give_back(None)
    assert slots.variables(None) == {}


def test_who_finds_none_free_waits_until_one_is_given_back() -> None:
    slots = GpuSlots([Gpu(name="X", visible="GPU-a")])
    mine = slots.take()
    got: list[Gpu | None] = []
    waiting = threading.Thread(target=lambda: got.append(slots.take()))
    waiting.start()
    waiting.join(0.05)
    assert got == []
    slots.give_back(mine)
    waiting.join(30)
    assert got == [mine]
    assert slots.variables(mine) == {"CUDA_VISIBLE_DEVICES": "GPU-a"}
    assert slots.variables(None) == {"CUDA_VISIBLE_DEVICES": ""}


def printed(sandbox: Sandbox, root: Path, source: str, devices: tuple[Path, ...]) -> str:
    workspace = Workspace(root=root, devices=devices)
    finished = sandbox.start(Command(argv=("python", "-c", source)), workspace, replace(LIMITS, gpus=1)).wait(60)
    assert finished is not None
    return finished.log.decode().strip()


def sandbox_of(mode: Mode) -> Sandbox:
    try:
        return open_sandbox(mode)
    except MachineError as refusal:
        pytest.skip(f"{mode}: {refusal.code}")


def test_a_private_world_has_the_device_nodes_of_its_own_processor_alone(tmp_path: Path) -> None:
    # A stand-in that most machines have and that no private /dev holds of itself.
    nodes = [Path(f"/dev/{name}") for name in ("kvm", "fuse", "loop-control", "rtc0", "ttyS0", "kmsg", "hwrng")]
    node = next((path for path in nodes if path.exists() and stat.S_ISCHR(path.stat().st_mode)), None)
    if node is None:
        pytest.skip("no device node to stand in for a processor's")
    sandbox = sandbox_of("strict")
    source = f"import os, stat\np = {str(node)!r}\nprint(os.path.exists(p) and stat.S_ISCHR(os.stat(p).st_mode))"
    try:
        assert printed(sandbox, tmp_path, source, (node,)) == "True"
        assert printed(sandbox, tmp_path, source, ()) == "False"
    finally:
        sandbox.close()


def test_in_landlock_only_the_own_device_node_can_be_opened(tmp_path: Path) -> None:
    sandbox = sandbox_of("landlock")
    node, work = tmp_path / "nvidia0", tmp_path / "work"
    work.mkdir()
    tmp_path.chmod(0o755)
    try:
        os.mknod(node, stat.S_IFCHR | 0o666, os.makedev(1, 5))
        node.chmod(0o666)
        node.open("rb").close()
    except OSError:
        pytest.skip("device nodes cannot be made here")
    source = f"try:\n    print(open({str(node)!r}, 'r+b', 0).read(2))\nexcept OSError as e:\n    print(e.errno)"
    try:
        assert printed(sandbox, work, source, (node,)) == repr(b"\0\0")
        assert printed(sandbox, work, source, ()) == "13"
    finally:
        sandbox.close()
