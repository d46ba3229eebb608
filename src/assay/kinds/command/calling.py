"""Calling: a program of the machine's own, such as pip or git, run to its end unless whoever asked has gone."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass

_LOOK_S = 0.2
_SAID = 300
_ENV = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE")
_ENV_STARTS = ("PIP_", "XDG_", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY", "GIT_SSL_")
_GIT = {"GIT_TERMINAL_PROMPT": "0", "GIT_ALLOW_PROTOCOL": "https:http:ssh:git:file", "GIT_LFS_SKIP_SMUDGE": "1"}


@dataclass(frozen=True, kw_only=True)
class Said:
    """What came of a call."""

    done: bool
    words: str
    """What was done, or why it was not; a line."""
    printed: str = ""
    """All that the program printed."""


def call(argv: Sequence[str], *, is_over: Callable[[], bool], most_s: float) -> Said:
    """Return what came of a program, with everything that it started ended.

    It is told of the machine's own settings for indexes, proxies and certificates, and of no key.

    Args:
        argv: Program and arguments.
        is_over: Whether whoever asked has gone; the program is then ended.
        most_s: Most seconds.
    """
    env = {n: v for n, v in os.environ.items() if n in _ENV or n.upper().startswith(_ENV_STARTS)} | _GIT
    with tempfile.TemporaryFile() as printed:
        try:
            process = subprocess.Popen(
                argv,
                stdin=subprocess.DEVNULL,
                stdout=printed,
                stderr=subprocess.STDOUT,
                env=env,
                cwd="/",
                start_new_session=True,
            )
        except OSError as error:
            return Said(done=False, words=f"{argv[0]!r} cannot be run: {error}")
        why = _wait(process, is_over, most_s)
        printed.seek(0)
        text = printed.read().decode("utf-8", "replace")
    if why:
        return Said(done=False, words=why, printed=text)
    return Said(done=process.returncode == 0, words=_last(text), printed=text)


def _wait(process: subprocess.Popen[bytes], is_over: Callable[[], bool], most_s: float) -> str:
    """Wait for a program's end; return why it was ended by us, or nothing."""
    left = most_s
    while True:
        why = ""
        if is_over():
            why = "the run was stopped"
        elif left <= 0:
            why = f"it took more than {most_s:g} s"
        if why:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            return why
        try:
            process.wait(_LOOK_S)
            return ""
        except subprocess.TimeoutExpired:
            left -= _LOOK_S


def _last(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    errors = [line for line in lines if line.lower().startswith(("error", "fatal"))]
    return (errors or lines or ["it ended without a word"])[-1][:_SAID]
