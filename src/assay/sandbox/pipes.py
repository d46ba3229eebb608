"""The three pipes between the engine and a guard process."""

from __future__ import annotations

import os
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Pipes:
    """Output and status come to us, `go` goes to the guard."""

    output: int
    output_end: int
    status: int
    status_end: int
    go: int
    go_end: int

    @classmethod
    def open(cls) -> Pipes:
        """Open all three.

        Raises:
            OSError: Too many files are open.
        """
        output, output_end = os.pipe()
        status, status_end = os.pipe()
        go_end, go = os.pipe()
        return cls(output=output, output_end=output_end, status=status, status_end=status_end, go=go, go_end=go_end)

    def close_guards_ends(self) -> None:
        """Close what only the guard uses, once it is started."""
        for descriptor in (self.output_end, self.status_end, self.go_end):
            os.close(descriptor)

    def close_ours(self) -> None:
        """Close our ends: nothing was started."""
        for descriptor in (self.output, self.status, self.go):
            os.close(descriptor)


def filled(content: bytes) -> int:
    """Return a descriptor from which `content` can be read once; the caller closes it."""
    if hasattr(os, "memfd_create"):
        descriptor = os.memfd_create("assay", os.MFD_CLOEXEC)
        os.write(descriptor, content)
        os.lseek(descriptor, 0, os.SEEK_SET)
        return descriptor
    import tempfile

    with tempfile.TemporaryFile() as stream:
        stream.write(content)
        stream.seek(0)
        return os.dup(stream.fileno())
