"""What holds for all tests: no experiment store unless asked for, and the files that take longest begin first."""

import os
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import settings

_SLOW_S = 30.0
"""What a test marked as slow is taken to last, if it has no time limit of its own."""


def pytest_configure(config: pytest.Config) -> None:
    """Switch off what hundreds of small runs would pay seconds of a processor for; tests of it switch it on."""
    os.environ["ASSAY_MLFLOW"] = "off"
    # No test is about time: on a busy machine an example of a property may take a second.
    settings.register_profile("assay", deadline=None)
    settings.load_profile("assay")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Sort by file, the slowest first, so that no worker is left with one at the end; the order within a file stays."""
    expected: Counter[Path] = Counter()
    for item in items:
        expected[item.path] += _expected_s(item)
    items.sort(key=lambda item: -expected[item.path])


def _expected_s(item: pytest.Item) -> float:
    limit = item.get_closest_marker("timeout")
    if limit is not None:
        return float(limit.args[0])
    return _SLOW_S if item.get_closest_marker("slow") else 0.0
