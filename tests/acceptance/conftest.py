"""What the acceptance tests share: one real engine."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from assay.sandbox._guard import landlock_abi
from support.real_engine import CANARY, RealEngine


@pytest.fixture(scope="session")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealEngine]:
    """An engine whose honest baseline is scored; its environment holds a secret."""
    with ExitStack() as stack, pytest.MonkeyPatch.context() as patch:
        patch.setenv("OPENAI_API_KEY", CANARY)
        yield RealEngine(tmp_path_factory.mktemp("engine"), stack)


@pytest.fixture(scope="session")
def landlock_engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealEngine]:
    """The same in the second tier, which has no namespaces."""
    if not landlock_abi():
        pytest.skip("no Landlock in this kernel")
    with ExitStack() as stack:
        yield RealEngine(tmp_path_factory.mktemp("landlock"), stack, mode="landlock")


@pytest.fixture
def outside(engine: RealEngine) -> Path:
    """A file of the user's that no candidate may touch."""
    path = engine.folder / "thesis.txt"
    path.write_text("ten years of work", encoding="utf-8")
    path.chmod(0o666)
    return path
