"""What a benchmark measured, as rows of one table; and what it was measured on."""

from __future__ import annotations

import datetime
import os
import platform
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import psutil

from assay.core.clock import SystemClock
from assay.core.cores import usable_cores


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One row."""

    what: str
    value: float
    unit: str
    beside: str = ""
    """What it is to be compared with, measured in the same run, or the figure that it should reach."""


def table(figures: Iterable[Figure]) -> str:
    """Return the rows as a table for a Markdown page."""
    lines = ["| what | figure | beside it |", "|---|---|---|"]
    lines += [f"| {one.what} | {plain(one.value)} {one.unit} | {one.beside} |" for one in figures]
    return "\n".join(lines)


def plain(value: float) -> str:
    """Write a number with three digits or so."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def machine() -> str:
    """Return in one line what this was measured on, and how busy that was with other things."""
    memory = psutil.virtual_memory().total / 2**30
    now = datetime.datetime.fromtimestamp(SystemClock().now(), tz=datetime.UTC)
    load = ", ".join(f"{one:.1f}" for one in os.getloadavg())
    return (
        f"{usable_cores()} cores ({_processor()}), {memory:.0f} GB, {platform.system()} {platform.release()}, "
        f"Python {platform.python_version()}, {now:%Y-%m-%d %H:%M} UTC, load {load}"
    )


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.machine()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())
