"""The command `explain`: what a code or a word means and what to do about it."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Any

from assay.cli.shell import Shell
from assay.core.errors import NothingFound
from assay.core.exits import exit_table


@dataclass(frozen=True, kw_only=True)
class Explanation:
    """One entry."""

    name: str
    """A code such as `E102`, or a word such as `verdict`."""
    title: str
    text: str
    """What it means and why it is so."""
    fix: str = ""
    """What to do, where something can be done."""


@lru_cache(maxsize=1)
def explanations() -> dict[str, Explanation]:
    """Return all entries by name."""
    import yaml

    found: dict[str, Explanation] = {}
    folder = resources.files("assay.cli") / "explanations"
    for file in sorted(folder.iterdir(), key=lambda f: f.name):
        if file.name.endswith(".yaml"):
            entries: dict[str, Any] = yaml.safe_load(file.read_text(encoding="utf-8"))
            for name, entry in entries.items():
                found[name] = Explanation(name=name, **{key: str(value).strip() for key, value in entry.items()})
    found["exit-codes"] = Explanation(name="exit-codes", title="What the exit codes mean", text=exit_table())
    return found


def explain(shell: Shell, topic: str | None) -> int:
    """Explain `topic`, or list what can be explained."""
    known = explanations()
    if topic is None:
        lines = [f"{e.name:<12} {e.title}" for e in known.values()]
        shell.output.answer("explain", {"topics": {e.name: e.title for e in known.values()}}, "\n".join(lines))
        return 0
    entry = known.get(topic) or known.get(topic.upper()) or known.get(topic.lower())
    if entry is None:
        near = difflib.get_close_matches(topic.lower(), [n.lower() for n in known], n=3, cutoff=0.5)
        hint = f"; did you mean {', '.join(near)}?" if near else ""
        raise NothingFound("E205", f"there is no explanation of {topic!r}{hint}", fix="assay explain")
    text = f"{shell.output.paint(entry.name, 'bold')}: {entry.title}\n\n{entry.text}"
    if entry.fix:
        text += f"\n\nWhat to do: {entry.fix}"
    value = {"name": entry.name, "title": entry.title, "text": entry.text, "fix": entry.fix or None}
    shell.output.answer("explain", value, text)
    return 0
