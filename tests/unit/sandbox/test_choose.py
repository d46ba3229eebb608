"""Which tier is taken where something is missing, and the words in which that is told."""

from pathlib import Path

import pytest

from assay.core.errors import MachineError, UsageError
from assay.sandbox import messages
from assay.sandbox.bwrap import find_bwrap
from assay.sandbox.choose import Mode, diagnose_machine, inspect_machine, open_sandbox, tiers_of
from assay.sandbox.lockdown import landlock_abi
from assay.sandbox.slots import has_slots

needs_landlock = pytest.mark.skipif(landlock_abi() == 0, reason="this kernel has no Landlock")
needs_bwrap = pytest.mark.skipif(find_bwrap() is None, reason="bubblewrap is not installed")


def broken_bwrap(folder: Path, said: str, version: str = "0.8.0") -> Path:
    path = folder / "bwrap"
    path.write_text(
        f'#!/bin/sh\nif [ "$1" = --version ]; then echo bubblewrap {version}; exit 0; fi\necho "{said}" >&2\nexit 1\n'
    )
    path.chmod(0o755)
    return path


@needs_landlock
def test_without_bubblewrap_the_reduced_tier_says_so() -> None:
    machine = inspect_machine(bwrap=Path("/no/bwrap"), cgroups=False)
    sandbox = open_sandbox(machine=machine)
    try:
        assert sandbox.tier == "T2"
        shown = " /dev/shm," if has_slots() else ""
        assert sandbox.description.startswith(
            f"sandbox: REDUCED to Landlock ABI {landlock_abi()} + seccomp, because bubblewrap cannot start: "
            '"not installed". Still enforced: no reads or writes outside the workspace and inputs, no network, '
            f"no signals or tracing. Not hidden: process names in /proc,{shown} and UNIX sockets your user can open ("
        )
        assert (
            "To get full isolation: apt install bubblewrap / dnf install bubblewrap / uv sync --extra bwrap."
            in sandbox.description
        )
        assert sandbox.description.endswith(messages.WATCHDOG)
    finally:
        sandbox.close()


@needs_landlock
def test_a_bubblewrap_that_cannot_start_is_quoted(tmp_path: Path) -> None:
    said = "bwrap: No permissions to create new namespace, likely because the kernel does not allow it"
    machine = inspect_machine(bwrap=broken_bwrap(tmp_path, said))
    diagnosis = diagnose_machine(machine)
    assert diagnosis.tier == "T2"
    assert f'because bubblewrap cannot start: "{said}"' in diagnosis.description
    assert diagnosis.bwrap == said
    assert diagnosis.fixes[0] == (
        "start the container with a seccomp profile that allows user namespaces, or keep this mode"
    )


def test_an_old_bubblewrap_counts_as_missing(tmp_path: Path) -> None:
    assert find_bwrap(broken_bwrap(tmp_path, "", version="0.6.2")) is None
    assert find_bwrap(broken_bwrap(tmp_path, "", version="0.11.1")) is not None


def test_strict_takes_nothing_less(tmp_path: Path) -> None:
    with pytest.raises(MachineError) as caught:
        open_sandbox("strict", machine=inspect_machine(bwrap=broken_bwrap(tmp_path, "bwrap: broken")))
    assert caught.value.code == "E510"
    assert "bubblewrap: bwrap: broken" in caught.value.message


def test_nothing_available_is_a_refusal_in_plain_words() -> None:
    with pytest.raises(MachineError) as caught:
        open_sandbox(machine=inspect_machine(bwrap=Path("/no/bwrap"), landlock=0))
    assert caught.value.message == (
        "sandbox: no isolation is available here (Landlock: not in this kernel; bubblewrap: not installed). Generated "
        "code could read your files, keys and the held-out labels. Refusing to run. Fix one of the above, run inside a "
        "container you trust with --sandbox external, or accept the risk with --sandbox off."
    )
    assert caught.value.exit_code == 7
    diagnosis = diagnose_machine(inspect_machine(bwrap=Path("/no/bwrap"), landlock=0))
    assert (diagnosis.tier, diagnosis.description) == ("none", caught.value.message)


@needs_landlock
@pytest.mark.parametrize("abi", [1, 2, 5])
def test_older_kernels_are_told_what_they_cannot_do(abi: int) -> None:
    machine = inspect_machine(bwrap=Path("/no/bwrap"), landlock=abi)
    if machine.abi != abi:
        pytest.skip("this kernel's Landlock is older still")
    sandbox = open_sandbox(machine=machine)
    sandbox.close()
    assert f"Landlock ABI {abi} " in sandbox.description
    signals = "This kernel cannot stop generated code from signalling your other processes (needs 6.12)."
    assert (signals in sandbox.description) == (not machine.own_user)
    assert ("truncation is blocked by seccomp only." in sandbox.description) == (abi < 3)


def test_off_and_external_are_recorded_as_what_they_are() -> None:
    for mode, words in (
        ("off", "not protected against label leakage"),
        ("external", "isolation is that of the container"),
    ):
        sandbox = open_sandbox(mode)  # type: ignore[arg-type]
        sandbox.close()
        assert sandbox.tier == mode
        assert words in sandbox.description


def test_an_unknown_mode_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(UsageError) as caught:
        open_sandbox("docker")  # type: ignore[arg-type]
    assert "'docker'" in caught.value.message


@needs_bwrap
def test_a_working_machine_gets_namespaces() -> None:
    machine = inspect_machine()
    diagnosis = diagnose_machine(machine)
    if diagnosis.tier != "T1":
        pytest.skip(f"bubblewrap does not work here: {diagnosis.bwrap}")
    limits = "rlimits and watchdog" if machine.groups is None else f"cgroup v{machine.groups.version}"
    assert machine.bwrap is not None
    assert diagnosis.description.splitlines()[0] == (
        f"sandbox: namespaces (bubblewrap {machine.bwrap.version_text}) + seccomp; limits: {limits}"
    )
    assert diagnosis.limits == limits
    assert "seccomp" in diagnosis.helper
    assert (f"Landlock ABI {machine.abi}" in diagnosis.helper) == bool(machine.abi)


def test_a_reachable_socket_is_named() -> None:
    text = messages.reduced(7, "x", ["/run/docker.sock"], "y", own_user=False, shared_memory=True)
    assert "UNIX sockets your user can open (/run/docker.sock)" in text
    assert "multiprocessing managers are disabled because /run/docker.sock is reachable." in text
    newer = messages.reduced(9, "x", ["/run/docker.sock"], "y", own_user=False, shared_memory=True)
    assert "disabled" not in newer


def test_shared_memory_that_nobody_could_clean_is_denied_and_named() -> None:
    kept = messages.reduced(9, "x", [], "y", own_user=False, shared_memory=True)
    assert "process names in /proc, /dev/shm, and UNIX sockets" in kept
    assert "denied" not in kept
    denied = messages.reduced(9, "x", [], "y", own_user=False, shared_memory=False)
    assert "process names in /proc, and UNIX sockets" in denied
    assert "/dev/shm is denied: pools, locks and queues of multiprocessing fail" in denied


@pytest.mark.parametrize(
    ("said", "fix"),
    [
        ("bwrap: Creating new namespace failed: No space left on device", "`user.max_user_namespaces` is 0"),
        ("bwrap: Creating new namespace failed: Operation not permitted", "start the container with a seccomp profile"),
        ("bwrap: something else", "assay doctor"),
    ],
)
def test_fixes_go_by_the_cause(said: str, fix: str) -> None:
    assert messages.bwrap_fix(said).startswith(fix)


@pytest.mark.parametrize(("mode", "tiers"), [("auto", ("T1", "T2")), ("uid", ("T1", "T2", "T3")), ("strict", ("T1",))])
def test_the_weakest_tier_is_taken_only_where_it_is_asked_for(mode: Mode, tiers: tuple[str, ...]) -> None:
    assert tiers_of(mode, "landlock") == tiers
