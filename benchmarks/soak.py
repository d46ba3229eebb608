"""A lab that works for hours, looked at from outside: does memory grow, does anything stay behind?

    python benchmarks/soak.py [--minutes 120] [--every 30] [--folder FOLDER]

Starts `assay run --strategy lab --detach` on a small repository whose experiments take a few seconds, fail, hang, print
a lot, leave children behind or do not heed SIGTERM; a loopback server plays worker and mentor. `samples.jsonl` gets a
line every so many seconds, `verdict.json` and a table come at the end; exit code 1 where something grew or was left.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
from scripted_lab import LEFT_BEHIND, Script, answering, write_repository

NAME = "soak"
CGROUPS = Path("/sys/fs/cgroup")
WARM_UP = 0.2
"""Share of the samples, at the start, in which caches and pools fill."""
MOST_MB_H = 8.0
"""Growth of the engine's memory under which it is called flat."""
SETTLE_S = 20.0
"""After the end, before what is left is counted."""


def begin(folder: Path, url: str, minutes: float) -> int:
    """Start the lab in `folder/runs`; return the engine's process number."""
    write_repository(folder / "repo")
    (folder / "tmp").mkdir()
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("ASSAY_", "OPENAI_"))}
    env = {**kept, "OPENAI_API_KEY": "none-needed", "NO_PROXY": "127.0.0.1", "TMPDIR": str(folder / "tmp")}
    model = ("--model", "openai:scripted", "--base-url", url)
    argv = ("run", "repo", "--strategy", "lab", "--name", NAME, "--time", f"{minutes * 60:.0f}s", *model)
    command = [sys.executable, "-m", "assay", *argv, "--detach", "--json"]
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"the lab did not start: {done.stdout}{done.stderr}")
    return int(json.loads(done.stdout)["pid"])


def sample(folder: Path, engine: psutil.Process, begun: float, script: Script) -> dict[str, Any]:
    """Return what is seen of the lab now."""
    run = folder / "runs" / NAME
    memory = engine.memory_full_info()
    files, size = _weight(run)
    events = run / "events.jsonl"
    return {
        "at_s": round(time.monotonic() - begun, 1),
        "runs": script.runs,
        "reviews": script.reviews,
        "rss_mb": round(memory.rss / 2**20, 2),
        "own_mb": round(memory.uss / 2**20, 2),
        "cpu_s": round(sum(engine.cpu_times()[:2]), 1),
        "threads": engine.num_threads(),
        "descriptors": engine.num_fds(),
        "children": len(engine.children(recursive=True)),
        "processes": len(processes_in(folder)),
        "files": sum(files.values()),
        "files_in": dict(files),
        "mb": round(sum(size.values()) / 2**20, 2),
        "journal_mb": round(events.stat().st_size / 2**20, 2),
        "tmp": len(list((folder / "tmp").iterdir())),
        "groups": len(groups_of(run)),
    }


def processes_in(folder: Path) -> list[psutil.Process]:
    """Return the processes that are the lab's: by their words, by where they work, or by descent; this one aside."""
    found, place = dict[int, psutil.Process](), f"{folder}/"
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            words = process.cmdline()
            ours = LEFT_BEHIND in words or any(place in word for word in words)
            if ours or f"{process.cwd()}/".startswith(place):
                found |= {one.pid: one for one in (process, *process.children(recursive=True))}
    found.pop(os.getpid(), None)
    return list(found.values())


def groups_of(run: Path) -> list[Path]:
    """Return control groups that supervisors of this run have made and are there still, those of the dead only."""
    pids = set()
    for record in run.glob("long/*/record/record.json"):
        with suppress(OSError, ValueError, KeyError):
            pids.add(json.loads(record.read_text(encoding="utf-8"))["supervisor"]["pid"])
    dead = {pid for pid in pids if not psutil.pid_exists(pid)}
    named = {f"assay-{pid}-" for pid in dead}
    return [path for path in CGROUPS.glob("**/assay-*-*") if f"{path.name.rpartition('-')[0]}-" in named]


def _weight(folder: Path) -> tuple[Counter[str], Counter[str]]:
    """Return numbers of files and of bytes by the part of the folder that they lie in."""
    files, size = Counter[str](), Counter[str]()
    for where, _, names in os.walk(folder):
        part = Path(where).relative_to(folder).parts[:1] or (".",)
        files[part[0]] += len(names)
        for name in names:
            with suppress(OSError):
                size[part[0]] += (Path(where) / name).lstat().st_size
    return files, size


def slope(samples: Sequence[dict[str, Any]], name: str, over: Callable[[dict[str, Any]], float]) -> float:
    """Return the median of the slopes between all pairs of samples (Theil and Sen), which single peaks do not move."""
    points = [(over(one), float(one[name])) for one in samples]
    pairs = [(b[1] - a[1]) / (b[0] - a[0]) for i, a in enumerate(points) for b in points[i + 1 :] if b[0] > a[0]]
    return statistics.median(pairs) if pairs else 0.0


def verdict_of(samples: Sequence[dict[str, Any]], left: Mapping[str, Iterable[str]]) -> dict[str, Any]:
    """Return what the samples say, and what was left after the end."""
    warm = list(samples[int(len(samples) * WARM_UP) :])
    half = len(warm) // 2
    found: dict[str, Any] = {
        "samples": len(samples),
        "hours": round(samples[-1]["at_s"] / 3_600, 3),
        "runs": samples[-1]["runs"],
        "rss_mb": [samples[0]["rss_mb"], warm[0]["rss_mb"], samples[-1]["rss_mb"]],
        "rss_mb_per_hour": round(slope(warm, "rss_mb", lambda one: one["at_s"] / 3_600), 3),
        "rss_kb_per_run": round(1_024 * slope(warm, "rss_mb", lambda one: one["runs"]), 3),
        "files_per_run": round(slope(warm, "files", lambda one: one["runs"]), 2),
        "kb_per_run": round(1_024 * slope(warm, "mb", lambda one: one["runs"]), 2),
        "cpu_share": round(samples[-1]["cpu_s"] / samples[-1]["at_s"], 4),
        "left": {name: list(what) for name, what in left.items()},
    }
    for name in ("threads", "descriptors", "processes", "tmp", "groups"):
        halves = (warm[:half] or warm, warm[half:])
        found[name] = {"most": [max(one[name] for one in part) for part in halves]}
    grew = [n for n in ("threads", "descriptors", "tmp", "groups") if found[n]["most"][1] > found[n]["most"][0] + 2]
    found["grew"] = grew + (["rss_mb"] if found["rss_mb_per_hour"] > MOST_MB_H else [])
    found["passed"] = not found["grew"] and not any(found["left"].values())
    return found


def watch(folder: Path, minutes: float, every: float) -> dict[str, Any]:
    """Let the lab work to its end; return the verdict."""
    script, samples = Script(), list[dict[str, Any]]()
    with answering(script) as url, (folder / "samples.jsonl").open("a", encoding="utf-8") as stream:
        begun = time.monotonic()
        engine = psutil.Process(begin(folder, url, minutes))
        while engine.is_running() and engine.status() != psutil.STATUS_ZOMBIE:
            with suppress(psutil.NoSuchProcess):
                samples.append(sample(folder, engine, begun, script))
                stream.write(json.dumps(samples[-1]) + "\n")
                stream.flush()
            time.sleep(every)
    time.sleep(SETTLE_S)
    left = {
        "processes": [" ".join(process.cmdline())[:200] for process in processes_in(folder)],
        "temporary files": [path.name for path in (folder / "tmp").iterdir()],
        "control groups": [str(path) for path in groups_of(folder / "runs" / NAME)],
        "workspaces": [str(path) for path in folder.glob(f"runs/{NAME}/long/*/work")],
    }
    found = verdict_of(samples, left)
    ended = subprocess.run(
        [sys.executable, "-m", "assay", "status", NAME, "--json"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    found["status"] = json.loads(ended.stdout or "null")
    (folder / "verdict.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=120.0)
    parser.add_argument("--every", type=float, default=30.0, help="seconds between two samples")
    parser.add_argument("--folder", type=Path, help="a new folder; a temporary one if left out")
    told = parser.parse_args()
    folder = told.folder or Path(tempfile.mkdtemp(prefix="soak-"))
    folder.mkdir(parents=True, exist_ok=True)
    found = watch(folder.resolve(), told.minutes, told.every)
    for name, value in found.items():
        if name != "status":
            print(f"{name:16} {json.dumps(value)}")
    sys.exit(0 if found["passed"] else 1)


if __name__ == "__main__":
    main()
