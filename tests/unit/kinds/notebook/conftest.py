from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from support.real_engine import RealEngine


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealEngine]:
    with ExitStack() as stack:
        yield RealEngine(tmp_path_factory.mktemp("notebooks"), stack)
