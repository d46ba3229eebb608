"""One Ray cluster of three nodes on this machine, for all tests here that do not end it."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator

import pytest

from assay.sandbox.cluster.executor import require_executor
from assay.sandbox.cluster.sandbox import ClusterSandbox


@pytest.fixture(scope="module")
def cluster() -> Iterator[ClusterSandbox]:
    """Three nodes with the best sandbox of this machine."""
    if importlib.util.find_spec("ray") is None:
        pytest.skip("Ray is not installed")
    from assay.sandbox.cluster.ray_pool import open_cluster

    sandbox = open_cluster(require_executor("ray:local:3"), "auto")
    yield sandbox
    sandbox.close()
