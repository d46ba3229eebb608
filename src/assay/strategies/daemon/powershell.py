"""PowerShell: a command line as people wrote it there, as one for `bash` that runs in the repository."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass

_PART = re.compile(r"""(?:[^;'"]|'(?:[^']|'')*'|"[^"]*")+""")
_WORD = re.compile(r"""'(?:[^']|'')*'|"[^"]*"|[^\s'"]+""")
_PLACE = re.compile(r"(?:Set-Location|cd|chdir|sl)\s+(?:-(?:Literal)?Path\s+)?(?P<word>.+)", re.IGNORECASE)
_VARIABLE = re.compile(r"\$env:(?P<name>\w+)\s*=\s*(?P<word>.+)", re.IGNORECASE)
_PYTHON = re.compile(r"(?:.*[\\/])?(?:python|py)(?:\d[\d.]*)?(?:\.exe)?$", re.IGNORECASE)
_DRIVE = re.compile(r"[A-Za-z]:[\\/]")
_UNKNOWN = re.compile(r"\$(?!env:)\w|\||`|@\(|\{|\b(?:ForEach|Where|Get|New|Remove|Invoke|Start)-\w+", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Translated:
    """A line for `bash`."""

    line: str
    """Empty where it could not be made."""
    place: str = ""
    """Folder that the line changed to before anything else."""
    remarks: tuple[str, ...] = ()


def to_bash(text: str) -> Translated:
    """Return a PowerShell line as one for `bash`: variables before it, the interpreter as `python`, paths with `/`.

    Plain `bash` comes back as it is. What is more than calls of programs is not translated, and that is said.
    """
    place, variables, calls, remarks = "", [], [], []
    for part in (match[0].strip() for match in _PART.finditer(text)):
        if not part:
            continue
        if found := _PLACE.fullmatch(part):
            place = place or _plain(found["word"].strip())
        elif found := _VARIABLE.fullmatch(part):
            value = _plain(found["word"].strip())
            if _DRIVE.match(value):
                remarks.append(f"${found['name']} was {value!r}, which is a place of another machine, and is left out")
            else:
                variables.append(f"{found['name']}={shlex.quote(value)}")
        elif _UNKNOWN.search(re.sub(r"'(?:[^']|'')*'", "''", part)):
            return Translated(line="", place=place, remarks=(f"{part[:80]!r} is more than a call of a program",))
        else:
            calls.append(_call(part, remarks))
    line = " && ".join(" ".join([*variables, call]) for call in calls)
    return Translated(line=line, place=place, remarks=tuple(remarks))


def _call(part: str, remarks: list[str]) -> str:
    words = [_plain(word) for word in _WORD.findall(part.removeprefix("&").strip())]
    result = []
    for index, word in enumerate(words):
        if index == 0 and _PYTHON.fullmatch(word):
            result.append("python")
            continue
        if _DRIVE.match(word):
            remarks.append(f"{word!r} is a place of another machine")
        result.append(shlex.quote(word.replace("\\", "/")))
    return " ".join(result)


def _plain(word: str) -> str:
    if len(word) >= 2 and word[0] == word[-1] == "'":
        return word[1:-1].replace("''", "'")
    return word[1:-1] if len(word) >= 2 and word[0] == word[-1] == '"' else word
