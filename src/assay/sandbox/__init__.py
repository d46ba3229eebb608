"""Floor 1: how code that nobody trusts is run, watched, ended, and how its files are taken."""

from assay.sandbox.base import Command, Finished, Mount, Sandbox, SandboxLimits, SandboxProcess, Workspace
from assay.sandbox.choose import Diagnosis, Machine, diagnose_machine, inspect_machine, open_sandbox
from assay.sandbox.collect import Collected, Taken, collect
from assay.sandbox.fake import FakeResult, FakeSandbox
from assay.sandbox.lockdown import lock_down
from assay.sandbox.protect import protect_engine
from assay.sandbox.tree import remove_tree

__all__ = [
    "Collected",
    "Command",
    "Diagnosis",
    "FakeResult",
    "FakeSandbox",
    "Finished",
    "Machine",
    "Mount",
    "Sandbox",
    "SandboxLimits",
    "SandboxProcess",
    "Taken",
    "Workspace",
    "collect",
    "diagnose_machine",
    "inspect_machine",
    "lock_down",
    "open_sandbox",
    "protect_engine",
    "remove_tree",
]
