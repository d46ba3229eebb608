"""Every benchmark of speed, one after the other, as one table.

    python benchmarks/all.py [--quick] [NAME ...]

The whole takes long, since much of it is runs with real trainings; `--quick` measures less and ends sooner.
Times differ from machine to machine; what counts are the ratios, which are measured side by side. A further benchmark
is a module here with a function `figures(*, quick: bool) -> list[Figure]` and its name in `NAMES`.
"""

from __future__ import annotations

import argparse
from importlib import import_module

from figures import Figure, machine, table

NAMES = (
    "starts",
    "engine_overhead",
    "overlap",
    "busy",
    "resume",
    "rehearsal",
    "long_history",
    "dashboard",
    "cluster",
)


def main() -> None:
    """Print the table, and above it the machine and its load at the start and at the end."""
    parser = argparse.ArgumentParser()
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"some of: {', '.join(NAMES)}")
    parser.add_argument("--quick", action="store_true")
    given = parser.parse_args()
    unknown = set(given.names) - set(NAMES)
    if unknown:
        parser.error(f"no benchmark {', '.join(sorted(unknown))}; there are {', '.join(NAMES)}")
    print(machine(), flush=True)
    rows: list[Figure] = []
    for name in given.names or NAMES:
        rows += import_module(name).figures(quick=given.quick)
        print(f"{name}: done", flush=True)
    print(machine())
    print()
    print(table(rows))


if __name__ == "__main__":
    main()
