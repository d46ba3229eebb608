"""Rules: failures seen three times become rules in later prompts."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from assay.core.files import write_whole

SEEN = 3
"""Times that a failure must be seen before it becomes a rule."""
MOST_RULES = 12
FILE = "failures.json"
_MOST_RUNS = 40
_NUMBER = re.compile(r"0x[0-9a-fA-F]+|\d+(?:\.\d+)?(?:e[-+]?\d+)?")
_ADVICE = {
    "ModuleNotFoundError": "use only what is installed; nothing can be downloaded",
    "SyntaxError": "read the code once more before you hand it in",
    "SystemExit": "let the code run to its end; never call exit",
    "timeout": "make the work fit into the time that is given",
    "memory": "make the work fit into the memory that is given",
    "V02": "log into the run that is opened for you: mlflow.start_run() without a name, an id or an experiment",
    "V04": "end the run: use `with mlflow.start_run():` around all that is logged",
    "V06": "log every metric that the task names, under exactly that name",
    "V07": "write every file that the task names, at exactly that path",
    "V08": "log finite numbers only; where a statistic is undefined, say so in a file and do not log it",
    "V09": "log what was measured at each step; a metric that never changes shows nothing",
    "V10": "arms that are identical to the last digit were not run apart: check that the treatment does anything",
}


@dataclass(frozen=True, kw_only=True)
class Failure:
    """One failure of one task, by its pattern."""

    pattern: str
    """Equal for failures of the same kind: its name and its words without numbers."""
    example: str
    """The sentence as it came."""
    point: str
    """`approval`, `execution` or `verification`."""


def failure(point: str, name: str, sentence: str) -> Failure:
    """Return a failure with its pattern.

    Args:
        point: Where it was met.
        name: Code or type, for example `V09` or `ModuleNotFoundError`.
        sentence: What was said.
    """
    words = _NUMBER.sub("#", " ".join(sentence.split()))
    # A finding of the verifier names the metric or file, which differs from task to task; its code is the pattern.
    return Failure(
        pattern=name if re.fullmatch(r"V\d\d", name) else f"{name}: {words[:160]}", example=sentence[:300], point=point
    )


def rules(failures: Iterable[Failure]) -> tuple[str, ...]:
    """Return a rule for each pattern seen at least three times, the most frequent first."""
    seen = list(failures)
    counts = Counter(one.pattern for one in seen)
    examples = {one.pattern: one for one in seen}
    often = [(pattern, count) for pattern, count in counts.most_common(MOST_RULES) if count >= SEEN]
    return tuple(_rule(examples[pattern], count) for pattern, count in often)


def _rule(one: Failure, count: int) -> str:
    name = one.pattern.partition(":")[0]
    advice = _ADVICE.get(name, "find out why before you write code that could meet it again")
    return f"Seen {count} times at {one.point}: {one.example} So {advice}."


def earlier_failures(runs: Path, own: Path) -> tuple[Failure, ...]:
    """Return the failures that earlier runs in the folder `runs` wrote down, those of the latest runs only.

    Args:
        runs: The folder of runs.
        own: The folder of this run, which is left out.
    """
    try:
        places = [place for place in runs.glob(f"*/{FILE}") if place.parent != own]
        latest = sorted(places, key=lambda place: place.stat().st_mtime)[-_MOST_RUNS:]
    except OSError:
        return ()
    found: list[Failure] = []
    for place in latest:
        try:
            entries = json.loads(place.read_text(encoding="utf-8"))
            found += [Failure(pattern=e["pattern"], example=e["example"], point=e["point"]) for e in entries]
        except (OSError, ValueError, KeyError, TypeError):
            continue  # the memory of another run is a help, not a need
    return tuple(found)


def keep_failures(folder: Path, failures: Sequence[Failure]) -> None:
    """Write this run's failures where later runs look for them."""
    entries = [{"pattern": one.pattern, "example": one.example, "point": one.point} for one in failures]
    write_whole(folder / FILE, json.dumps(entries, indent=1, ensure_ascii=False) + "\n")
