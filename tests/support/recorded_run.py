"""A small real run in a process of its own, answered from recordings; for tests that kill it.

`python recorded_run.py start FOLDER` and `python recorded_run.py resume FOLDER`, with `tests` on the path.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import psutil

from assay.core.budget import Limits
from assay.journal.events import Event
from assay.journal.file import FileJournal
from assay.strategies.launch import launch, resume
from assay.strategies.options import RunOptions
from support.real_engine import PRELUDE, binary_task, write_data
from support.survivors import is_alive, wait_until_gone

NAME = "toy-run"
TRIALS = 8
RESEEDS = 2
"""As few as give a noise floor."""


def prepare(base: Path, *, rehearsed: bool = False) -> Path:
    """Write data and recordings into `base` and return the folder that the run will have.

    Args:
        base: Exists.
        rehearsed: Whether the run rehearses its candidates: there are rows enough then, and one of the drafts cannot do
            with the few rows of a rehearsal.
    """
    write_data(base / "data", leak=False, rows=1_600 if rehearsed else 400)
    recordings = base / "recordings"
    recordings.mkdir()
    for number, (role, key, reply) in enumerate(_rehearsed_replies() if rehearsed else _replies()):
        entry = {"role": role, "key": key, "digest": "any", "model": "recorded", "usage": {}, "reply": reply}
        (recordings / f"{role}-any-{number}.json").write_text(json.dumps(entry), encoding="utf-8")
    return base / "runs" / NAME


def begin(base: Path, verb: str) -> subprocess.Popen[bytes]:
    """Start the engine in a process of its own.

    Args:
        base: A prepared folder.
        verb: `start` or `resume`.
    """
    tests = Path(__file__).parents[1]
    with (base / "engine.log").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, str(Path(__file__)), verb, str(base)],
            env={**os.environ, "PYTHONPATH": str(tests)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=log,
        )


def kill(engine: subprocess.Popen[bytes]) -> Sequence[psutil.Process]:
    """Kill the engine alone, without warning; return those of its descendants that outlive it."""
    process = psutil.Process(engine.pid)
    process.suspend()  # so that nothing is started between counting and killing
    family = process.children(recursive=True)
    process.kill()
    engine.wait()
    return wait_until_gone(lambda: [child for child in family if is_alive(child)])


def read_events(run: Path) -> Sequence[Event]:
    """Return the events of a run so far."""
    return FileJournal(run / "events.jsonl").read()


def _script(größe: float, x2: float) -> str:
    return f'{PRELUDE}WEIGHTS = {{"größe": {größe}, "x2": {x2}}}\nwrite(list(zip(ids, predict(fit(train), test))))\n'


def _program(title: str, code: str) -> Mapping[str, Any]:
    return {"title": title, "plan": f"{title}, because.", "code": code, "recipe": {}}


def _replies() -> list[tuple[str, str, Mapping[str, Any]]]:
    """Return role, key and reply of every question that the run may put; one draft is broken and then mended.

    The baselines are the playbook's own, whoever answers the rest.
    """
    variants = [
        {"part": part, "description": f"without {part}", "code": _script(*weights), "recipe": {}}
        for part, weights in (("größe", (0.0, 1.0)), ("x2", (1.0, 0.0)))
    ]
    replies: list[tuple[str, str, Mapping[str, Any]]] = [
        ("draft", "step-0002/draft", _program("draft 0", _script(0.0, 1.0))),
        ("draft", "step-0003/draft", _program("draft 1", _script(1.0, 0.8))),
        ("draft", "step-0004/draft", _program("draft 2", f"{PRELUDE}raise ValueError('not yet')\n")),
        ("debug", "step-0004/trial/repair-1", {"cause": "it raised", "code": _script(1.0, 0.5), "recipe": {}}),
    ]
    for step in range(5, TRIALS):
        improved = _program(f"improve {step}", _script(1.0, 1.0 + 0.1 * (step - 5)))
        replies += [
            ("improve", f"step-{step:04d}/improve", improved),
            ("ablate", f"step-{step:04d}/ablate", {"variants": variants}),
        ]
    return replies


def _rehearsed_replies() -> list[tuple[str, str, Mapping[str, Any]]]:
    """Return the same replies for a run that rehearses; the first draft is not mended by what is offered."""
    first, asked = "step-0002/draft", "step-0002/trial/rehearsal-1"
    replies = {key: (role, reply) for role, key, reply in _replies()}
    replies["step-0004/trial/rehearsal-1"] = replies.pop("step-0004/trial/repair-1")
    role, draft = replies[first]
    code = draft["code"].replace("write(list(", "assert len(train) >= 500, 'too few'\nwrite(list(")
    replies[first] = role, {**draft, "code": code}
    replies[asked] = "debug", {"cause": "a guess", "code": f"{code}# the same\n", "recipe": {}}
    return [(role, key, reply) for key, (role, reply) in replies.items()]


def main(verb: str, base: Path) -> int:
    """Start or resume the run in `base` and work until it ends, on one core: busy ones slow OpenMP down a lot."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    if verb == "resume":
        return resume(base / "runs" / NAME).exit_code
    options = RunOptions(
        limits=Limits(trials=TRIALS, workers=1),
        model=f"recorded:{base / 'recordings'}",
        name=NAME,
        runs=base / "runs",
        arguments={"drafts": "3"},
        reseeds=RESEEDS,
    )
    return launch(binary_task(base / "data", k=1), options).exit_code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], Path(sys.argv[2])))
