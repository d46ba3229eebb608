"""Output: where text and JSON go, and what the terminal at hand can show."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TextIO

from assay.core.clock import Clock, SystemClock, iso_utc

_ASCII = str.maketrans(
    {
        "\N{MINUS SIGN}": "-",
        "\N{EN DASH}": "-",
        "\N{EM DASH}": "-",
        "\N{NO-BREAK SPACE}": " ",
        "─": "-",
        "·": "|",
        "±": "+/-",
        "\N{MULTIPLICATION SIGN}": "x",
        "…": "...",
        "●": "*",
        "○": "o",
        "▸": ">",
        "→": "->",
        "↓": "(lower is better)",
        "↑": "(higher is better)",
        "✓": "ok",
        "✗": "no",
        **dict(zip("▁▂▃▄▅▆▇█", "_.,-~=+#", strict=True)),
    }
)

_STEERING = re.compile(r"(\x1b\[[0-9;]{1,8}m)|[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
"""Colours; control characters but for line ends and tabs; marks that turn the direction of what follows."""
_STYLES = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "cyan": "36"}


@dataclass(frozen=True, kw_only=True)
class Abilities:
    """What a stream can show."""

    terminal: bool
    """Whether a person looks at it: only then is anything redrawn."""
    colour: bool
    ascii: bool
    """Whether only ASCII can be shown."""

    @classmethod
    def of(cls, stream: TextIO, env: Mapping[str, str]) -> Abilities:
        """Return what `stream` can show under the environment `env`.

        `NO_COLOR` turns colour off, `ASSAY_ASCII` asks for ASCII; `TERM=dumb` and `CI` are not redrawn.
        """
        terminal = stream.isatty() and env.get("TERM", "") not in ("", "dumb") and not env.get("CI")
        try:
            "±▇─·".encode(stream.encoding or "ascii")
            plain = bool(env.get("ASSAY_ASCII"))
        except (UnicodeEncodeError, LookupError):
            plain = True
        return cls(terminal=terminal, colour=terminal and not env.get("NO_COLOR"), ascii=plain)


class Output:
    """Text for people and JSON for programs. Under `--json`, standard output is JSON and nothing else.

    Args:
        json: Whether `--json` was given.
        out: Standard output.
        err: Standard error.
        env: Environment variables.
        clock: Where the time in JSON objects comes from.
    """

    def __init__(
        self,
        *,
        json: bool = False,
        out: TextIO | None = None,
        err: TextIO | None = None,
        env: Mapping[str, str] | None = None,
        clock: Clock | None = None,
    ) -> None:
        self.json = json
        self.clock = clock or SystemClock()
        self.env = os.environ if env is None else env
        self._out = out or sys.stdout
        self._err = err or sys.stderr
        self.people = self._err if json else self._out
        """The stream that people read."""
        self.abilities = Abilities.of(self.people, self.env)

    def say(self, text: str = "") -> None:
        """Write a line for people: to standard output, or to standard error under `--json`."""
        self._write(self.people, text)

    def complain(self, text: str) -> None:
        """Write a line to standard error."""
        self._write(self._err, text)

    def emit(self, schema: str, value: Mapping[str, Any]) -> None:
        """Write one JSON object to standard output, on one line, with its schema and the time.

        Args:
            schema: For example `status`; becomes `assay.status.v1`.
            value: JSON values.
        """
        body = {"schema": f"assay.{schema}.v1", "time": iso_utc(self.clock.now()), **value}
        self._out.write(json.dumps(body, ensure_ascii=False, allow_nan=False) + "\n")
        self._out.flush()

    def answer(self, schema: str, value: Mapping[str, Any], text: str) -> None:
        """Give a command's result: JSON under `--json`, else `text`."""
        if self.json:
            self.emit(schema, value)
        else:
            self.say(text)

    def paint(self, text: str, *styles: str) -> str:
        """Return `text` in colour where the terminal shows it. Colour repeats what the words say, never more."""
        if not self.abilities.colour or not styles:
            return text
        return f"\x1b[{';'.join(_STYLES[s] for s in styles)}m{text}\x1b[0m"

    def fit(self, text: str) -> str:
        """Return `text` with signs that the terminal lacks put into ASCII."""
        if not self.abilities.ascii:
            return text
        return text.translate(_ASCII).encode("ascii", "replace").decode()

    def shown(self, text: str) -> str:
        """Return `text` as it can be shown: without what steers a terminal, but for our own colours."""
        return self.fit(self._harmless(text))

    def _write(self, stream: TextIO, text: str) -> None:
        stream.write(self.shown(text) + "\n")
        stream.flush()

    def _harmless(self, text: str) -> str:
        """Return `text` without what steers a terminal, but for our own colours: any name in it may be another's."""
        return _STEERING.sub(lambda found: (found[1] or "�") if self.abilities.colour else "�", text)


def clean(text: str) -> str:
    """Return text of a candidate or a model without what could steer a terminal; line ends and tabs stay."""
    return "".join(c if c in "\n\t" or (c.isprintable() or c == " ") else "�" for c in text)


def one_line(text: str, width: int) -> str:
    """Return untrusted `text` as one line of at most `width` characters."""
    line = " ".join(clean(text).split())
    return line if len(line) <= width else line[: max(0, width - 1)] + "…"
