"""What a process printed, kept within a bound: its head and its tail."""

from __future__ import annotations

import threading
from collections import deque

_CHUNK = 1 << 16


class OutputBuffer:
    """Keeps the first quarter and the last three quarters of a fixed number of bytes. Safe for several threads.

    Args:
        keep_bytes: Most bytes kept.
    """

    def __init__(self, keep_bytes: int) -> None:
        self._head_size = keep_bytes // 4
        self._tail_size = max(1, keep_bytes - self._head_size)
        self._head = bytearray()
        self._tail: deque[bytearray] = deque()
        self._tail_held = 0
        self._total = 0
        self._lock = threading.Lock()

    @property
    def total(self) -> int:
        """Bytes printed so far, kept or not."""
        return self._total

    def add(self, data: bytes) -> None:
        """Take what was just read."""
        with self._lock:
            self._total += len(data)
            room = self._head_size - len(self._head)
            if room > 0:
                self._head += data[:room]
                data = data[room:]
            if data:
                self._add_to_tail(data)

    def _add_to_tail(self, data: bytes) -> None:
        # Joined into chunks, because a program that prints byte by byte would otherwise cost 50 times its output.
        if self._tail and len(self._tail[-1]) + len(data) <= _CHUNK:
            self._tail[-1] += data
        else:
            self._tail.append(bytearray(data))
        self._tail_held += len(data)
        while self._tail_held - len(self._tail[0]) >= self._tail_size:
            self._tail_held -= len(self._tail.popleft())

    def content(self) -> bytes:
        """Return what was kept, with one line in the place of what was cut."""
        with self._lock:
            tail = b"".join(self._tail)[-self._tail_size :]
            cut = self._total - len(self._head) - len(tail)
            marker = f"\n[... {cut} bytes of output cut ...]\n".encode() if cut else b""
            return bytes(self._head) + marker + tail

    def since(self, position: int) -> bytes:
        """Return the kept bytes from the `position`-th printed byte on."""
        with self._lock:
            wanted = self._total - position
            kept = bytes(self._head) + b"".join(self._tail)
            return kept[-wanted:] if wanted > 0 else b""

    def news(self, position: int) -> tuple[bytes, int]:
        """Return what was printed from the `position`-th byte on, less what was cut, and the position after it."""
        with self._lock:
            parts, first = [], self._total
            for chunk in reversed(self._tail):
                if first <= position:
                    break
                first -= len(chunk)
                parts.append(bytes(chunk))
            tail = b"".join(reversed(parts))[max(0, position - first) :]
            return bytes(self._head[position:]) + tail, self._total

    def tail(self, size: int) -> str:
        """Return the last `size` characters; bytes that are not UTF-8 are replaced."""
        with self._lock:
            wanted = 4 * size
            parts: list[bytes] = []
            for chunk in reversed(self._tail):
                parts.append(bytes(chunk))
                wanted -= len(chunk)
                if wanted <= 0:
                    break
            tail = b"".join(reversed(parts))
            if wanted > 0 and self._total == len(self._head) + self._tail_held:
                tail = bytes(self._head[-wanted:]) + tail
        return tail.decode(errors="replace")[-size:] if size > 0 else ""
