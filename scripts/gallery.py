"""Puts a finished run into the gallery: its journal, what a replay of that needs, and its reports.

Start it as: uv run python scripts/gallery.py RUN_FOLDER NAME

Predictions, logs, plots and data stay behind. What would tell of the machine, or looks like a key, is refused.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

from assay.models.scrub import Scrubber
from assay.report.write import write_reports

ROOT = Path(__file__).parents[1]
GALLERY = ROOT / "gallery"
COPIED = ("events.jsonl", "run.json", "report.html", "report.md", "report.json")
OF_TRIALS = ("plan.md", "diff.patch", "verdict.json", "solution.py", "solution.ipynb")
MOST_BYTES = 100_000
"""Of one file of a trial; and twice that of an object: larger ones are executed notebooks, which no decision reads."""
DIGEST = re.compile(r"\b[0-9a-f]{64}\b")
MACHINE = re.compile(r"(?:/(?:tmp|root|home|Users|private/var|mnt)/|[A-Za-z]:\\\\?Users)[^\s\"']*")


def main() -> None:
    """Copy the run that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path)
    parser.add_argument("name")
    asked = parser.parse_args()
    put(asked.run, GALLERY / asked.name)


def put(run: Path, target: Path) -> None:
    """Copy what a reader and a replay need of the run into `target`, whose README.md stays.

    Raises:
        SystemExit: A file would tell of the machine, or holds what looks like a key.
    """
    write_reports(run, final=True)
    for name in ("objects", "trials"):
        shutil.rmtree(target / name, ignore_errors=True)
    target.mkdir(parents=True, exist_ok=True)
    files = [run / name for name in COPIED]
    files += [run / "objects" / digest[:2] / digest for digest in needed(run / "events.jsonl")]
    trials = sorted((run / "trials").iterdir())
    files += [trial / name for trial in trials for name in OF_TRIALS if _small(trial / name)]
    for file in files:
        if file.is_file() and file.stat().st_size <= _most(file):
            content = file.read_bytes()
            refuse(content.decode("utf-8", "replace"), file)
            place = target / file.relative_to(run)
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content)


def _small(file: Path) -> bool:
    return file.is_file() and file.stat().st_size <= MOST_BYTES


def _most(file: Path) -> float:
    return 2 * MOST_BYTES if "objects" in file.parts else float("inf")


def needed(journal: Path) -> list[str]:
    """Return the objects that a journal names, but for what executions left."""
    return sorted(set(_named(journal)))


def _named(journal: Path) -> Iterator[str]:
    for line in journal.read_text(encoding="utf-8").splitlines():
        event = json.loads(line)
        if event["kind"] != "executed":
            yield from DIGEST.findall(json.dumps(event["data"]))


def refuse(text: str, file: Path) -> None:
    """Raise if a text that is to be published tells of the machine or holds a secret."""
    place = MACHINE.search(text)
    if place is not None:
        raise SystemExit(f"{file}: it names {place[0]!r}")
    if Scrubber({}).scrub(text) != text:
        raise SystemExit(f"{file}: it holds what looks like a key")


if __name__ == "__main__":
    main()
