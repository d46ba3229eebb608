"""Trying a channel before a night depends on it: `assay doctor --notify`."""

from __future__ import annotations

from assay.cli.notify.channels import open_channel, reason_of
from assay.cli.shell import Shell
from assay.core.errors import MachineError


def try_channel(shell: Shell, wish: str) -> int:
    """Send one notice and say that it went through.

    Raises:
        UsageError: E077, it is of no known form.
        MachineError: E078, it was not taken.
    """
    channel = open_channel(wish)
    try:
        channel.send("assay", "a notice to try: runs will tell you here of their few great moments")
    except (OSError, ValueError) as error:
        told = f"the {channel.name} did not take it: {reason_of(error)}"
        raise MachineError("E078", told, fix="check the address, and try again") from None
    shell.output.answer("notified", {"channel": channel.name}, f"sent by {channel.name}")
    return 0
