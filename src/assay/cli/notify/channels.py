"""Channels: where a notice goes. Only the notice's own words leave the machine."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol
from urllib.parse import quote, urlsplit

from assay.core.errors import UsageError

TIMEOUT_S = 10.0
FORMS = "ntfy:TOPIC, an https address of a webhook, env:NAME of a variable that holds one, or cmd:PROGRAM"
_NTFY = "https://ntfy.sh"
_LOCAL = ("localhost", "127.0.0.1", "::1")


class Channel(Protocol):
    """Takes one notice."""

    name: str
    """What it is called in logs: without whatever in its address is secret."""

    def send(self, title: str, text: str) -> None:
        """Send it.

        Raises:
            OSError: It did not go through.
        """
        ...


class Ntfy:
    """A topic of ntfy, whose name is as good as its password.

    Args:
        address: Of the topic.

    References:
        https://docs.ntfy.sh/publish/
    """

    def __init__(self, address: str) -> None:
        self._address = address
        self.name = f"ntfy at {urlsplit(address).hostname}"

    def send(self, title: str, text: str) -> None:
        """Post the text to the topic."""
        _post(self._address, text.encode(), {"Title": title.encode("ascii", "replace").decode()})


class Webhook:
    """An address that takes JSON: `text` for Slack and its like, `content` for Discord.

    Args:
        address: Of the hook, the secret of which is mostly in its path.
    """

    def __init__(self, address: str) -> None:
        self._address = address
        self.name = f"webhook at {urlsplit(address).hostname}"

    def send(self, title: str, text: str) -> None:
        """Post both as one line."""
        line = f"{title}: {text}"
        _post(self._address, json.dumps({"text": line, "content": line}).encode(), {"Content-Type": "application/json"})


class Program:
    """A program of the person's own, started for each notice with the text on its standard input.

    Args:
        command: Its words; the title comes after them.
    """

    def __init__(self, command: list[str]) -> None:
        self._command = command
        self.name = f"program {Path(command[0]).name}"

    def send(self, title: str, text: str) -> None:
        """Start it and wait for its end."""
        try:
            ended = subprocess.run(
                [*self._command, title],
                input=f"{text}\n",
                encoding="utf-8",
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                timeout=TIMEOUT_S,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise OSError(f"it did not end within {TIMEOUT_S:g} s") from error
        if ended.returncode != 0:
            raise OSError(f"exit code {ended.returncode}")


def open_channel(wish: str, environ: Mapping[str, str] | None = None) -> Channel:
    """Return the channel that a person names.

    Args:
        wish: `ntfy:TOPIC` or `ntfy:https://server/topic`; `https://…` of a webhook; `env:NAME`, whose value is any of
            the others and is never shown; `cmd:PROGRAM ARGUMENTS`.
        environ: The process's own if None.

    Raises:
        UsageError: E077, it is none of these, or there is no such variable.
    """
    environ = os.environ if environ is None else environ
    if wish.startswith("env:"):
        name = wish.removeprefix("env:")
        if not environ.get(name):
            raise _unknown(f"--notify {wish}: the variable {name} is not set")
        return open_channel(environ[name], {})
    if wish.startswith("cmd:"):
        words = shlex.split(wish.removeprefix("cmd:"))
        if not words:
            raise _unknown("--notify cmd: names no program")
        return Program(words)
    if wish.startswith("ntfy:"):
        topic = wish.removeprefix("ntfy:")
        address = topic if "://" in topic else f"{_NTFY}/{quote(topic, safe='')}"
        if not topic or not _may_be_asked(address):
            raise _unknown("--notify ntfy: needs a topic, or the https address of one")
        return Ntfy(address)
    if not _may_be_asked(wish):
        raise _unknown("--notify is of none of the known forms")  # what was typed may hold a secret
    return Webhook(wish)


def reason_of(error: OSError | ValueError) -> str:
    """Return why a notice did not go through, as it may be shown.

    Messages of libraries may hold the address, and that a secret: of theirs only the kind is told.
    """
    return str(error) if type(error) is OSError else type(error).__name__


def _may_be_asked(address: str) -> bool:
    parts = urlsplit(address)
    return bool(parts.hostname) and (parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOCAL))


def _unknown(message: str) -> UsageError:
    return UsageError("E077", message, fix=f"--notify takes {FORMS}")


def _post(address: str, data: bytes, headers: Mapping[str, str]) -> None:
    request = urllib.request.Request(address, data=data, headers={"User-Agent": "assay", **headers}, method="POST")
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_S) as reply:
            reply.read(1)
    except urllib.error.HTTPError as error:
        raise OSError(f"it answered {error.code}") from error
