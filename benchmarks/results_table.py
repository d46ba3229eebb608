"""The table of finished runs, for `docs/results.md`: what each strategy reached on each data set.

    python benchmarks/results_table.py FOLDER

FOLDER holds `STRATEGY/DATASET/` with `runs/` (one finished run), and `test.json` with what the labels of the test rows
say of its submission: an object with `metric`, `better` and `score`. Nothing of a run is written by hand.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

HEAD = (
    "| data set | strategy | search | sealed (95 % interval) | test | trials | time | seed | ended (UTC) |\n"
    "|---|---|---|---|---|---|---|---|---|"
)


def main(folder: Path) -> None:
    rows = [
        row(found) for found in sorted(folder.glob("*/*"), key=lambda f: (f.name, f.parent.name)) if complete(found)
    ]
    print(HEAD)
    print("\n".join(rows))


def complete(found: Path) -> bool:
    return (found / "test.json").is_file() and any(found.glob("runs/*/report.json"))


def row(found: Path) -> str:
    run = next(found.glob("runs/*/report.json")).parent
    report = json.loads((run / "report.json").read_text(encoding="utf-8"))
    settings = json.loads((run / "run.json").read_text(encoding="utf-8"))
    test = json.loads((found / "test.json").read_text(encoding="utf-8"))
    sealed = (report["sealed"] or {}).get("score")
    interval = (
        f"{plain(sealed['value'])} ({plain(sealed['low'])} to {plain(sealed['high'])})" if sealed else "not graded"
    )
    winner = next(t for t in report["trials"] if t["trial"] == report["winner"])
    numbers = report["numbers"]
    cells = [
        f"{found.name}, {test['metric']} ({test['better']})",
        f"`{found.parent.name}`",
        f"{plain(winner['score'])} {winner['operator']}",
        interval,
        plain(test["score"]),
        str(numbers["run.trials"]["value"]),
        f"{numbers['run.wall_s']['value'] / 60:.1f} min",
        str(settings["options"].get("seed", 0)),
        report["as_of"][:16].replace("T", " "),
    ]
    return f"| {' | '.join(cells)} |"


def plain(value: Any) -> str:
    """Write a number with as many digits as tell two runs apart."""
    return "absent" if value is None else f"{value:,.0f}" if abs(value) >= 1_000 else f"{value:.4g}"


if __name__ == "__main__":
    main(Path(sys.argv[1]))
