"""The sentences about isolation that people read."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

WATCHDOG = (
    "sandbox: memory and process limits are enforced by rlimits and a 0.25 s watchdog (no delegated cgroup). "
    "Short overshoots are possible. For exact limits start with: systemd-run --user --scope -p Delegate=yes <command>"
)
WEAK = "sandbox: WEAK (separate user id only). Generated code can use the network and read world-readable files."
OFF = (
    "sandbox: OFF. Generated code can read your files, keys and the held-out labels: "
    "results are not protected against label leakage."
)
EXTERNAL = (
    "sandbox: external. Assay adds a clean environment and limits; "
    "isolation is that of the container or machine that you run it in."
)
ROOT_KEPT = (
    "Generated code keeps user id 0 without any capability, because the interpreter or the data lies "
    "in a folder that other users cannot enter."
)


def namespaces(version: str, group_version: int | None) -> str:
    """Return the line for tier T1."""
    if group_version is None:
        return f"sandbox: namespaces (bubblewrap {version}) + seccomp; limits: rlimits and watchdog\n{WATCHDOG}"
    return f"sandbox: namespaces (bubblewrap {version}) + seccomp; limits: cgroup v{group_version}"


def reduced(
    abi: int, said: str, sockets: list[str], fix: str, *, own_user: bool, shared_memory: bool, full_abi: int = 9
) -> str:
    """Return the line for tier T2.

    Args:
        abi: Version of Landlock in use.
        said: Bubblewrap's own words, or why it is not used.
        sockets: UNIX sockets within reach.
        fix: What gives full isolation.
        own_user: Whether generated code runs as a user of its own.
        shared_memory: Whether it may use /dev/shm.
        full_abi: Version from which Landlock covers UNIX sockets that have a path.
    """
    listed = ", ".join(sockets[:5]) if sockets else "none found"
    shown = " /dev/shm," if shared_memory else ""
    text = (
        f"sandbox: REDUCED to Landlock ABI {abi} + seccomp, because bubblewrap cannot start: "
        f'"{said}". Still enforced: no reads or writes outside the workspace and inputs, no network, '
        f"no signals or tracing. Not hidden: process names in /proc,{shown} and UNIX sockets your user can open "
        f"({listed}); so solutions run one at a time. To get full isolation: {fix}."
    )
    if not shared_memory:
        text += (
            " /dev/shm is denied: pools, locks and queues of multiprocessing fail, and joblib runs one job at a time."
        )
    if abi < 6 and not own_user:
        text += " This kernel cannot stop generated code from signalling your other processes (needs 6.12)."
    if abi < 3:
        text += " On this kernel truncation is blocked by seccomp only."
    if sockets and abi < full_abi:
        text += (
            f" torch DataLoader workers and multiprocessing managers are disabled because {sockets[0]} is reachable."
        )
    return text


def refusal(landlock: str, bubblewrap: str) -> str:
    """Return why nothing is run."""
    return (
        f"sandbox: no isolation is available here (Landlock: {landlock}; bubblewrap: {bubblewrap}). "
        "Generated code could read your files, keys and the held-out labels. Refusing to run. Fix one of the above, "
        "run inside a container you trust with --sandbox external, or accept the risk with --sandbox off."
    )


def bwrap_fix(said: str | None) -> str:
    """Return what makes bubblewrap work, by what it said; None means that it is not installed."""
    if said is None:
        return "apt install bubblewrap / dnf install bubblewrap / uv sync --extra bwrap"
    restricted = _kernel_setting("/proc/sys/kernel/apparmor_restrict_unprivileged_userns") == "1"
    if restricted and ("RTM_NEWADDR" in said or "uid map" in said):
        return "allow bwrap in AppArmor (distro profile `bwrap-userns-restrict`), or ask the administrator"
    if "No space left" in said or _kernel_setting("/proc/sys/user/max_user_namespaces") == "0":
        return "`user.max_user_namespaces` is 0: sysctl -w user.max_user_namespaces=15000"
    if "No permissions to create" in said or "Operation not permitted" in said:
        return "start the container with a seccomp profile that allows user namespaces, or keep this mode"
    return "assay doctor"


def _kernel_setting(path: str) -> str:
    with suppress(OSError):
        return Path(path).read_text(encoding="ascii").strip()
    return ""
