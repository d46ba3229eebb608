"""When sandboxes are started ahead, for what, and who gets them."""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from assay.engine.warm_pool import FIRST, Target, WarmPool, Wish, suits, targets
from assay.sandbox import Command, SandboxLimits, SandboxProcess, Workspace
from assay.sandbox.warm import Warm, WarmOrder

LIMITS = SandboxLimits(wall_s=10, memory_bytes=2**30)
MB = 2**20


def wish(*imports: str, seed: int = 0, **limits: int) -> Wish:
    command = Command(argv=("python", "solution.py"), env={"ASSAY_SEED": str(seed), "ASSAY_THREADS": "1"})
    return Wish(command=command, limits=replace(LIMITS, **limits), imports=imports)


@dataclass
class FakeWarm:
    order: WarmOrder
    ready: bool = True
    memory_bytes: int = 100 * MB
    closed: bool = False

    @property
    def root(self) -> Path:
        return self.order.root

    @property
    def modules(self) -> tuple[str, ...]:
        return self.order.modules

    @property
    def alive(self) -> bool:
        return not self.closed

    def get_ready(self, timeout_s: float) -> bool:
        return self.ready and not self.closed

    def hand_over(self, command: Command, workspace: Workspace, limits: SandboxLimits) -> SandboxProcess | None:
        raise NotImplementedError("the pool itself hands nothing over")

    def close(self) -> None:
        self.closed = True


@dataclass
class FakeWarmable:
    waits_beside: bool = True
    ready: bool = True
    made: list[FakeWarm] = field(default_factory=list)

    def warm(self, order: WarmOrder) -> Warm:
        assert order.root.is_dir()
        made = FakeWarm(order, ready=self.ready)
        self.made.append(made)
        return made


Build = Callable[..., WarmPool]


@pytest.fixture
def build(tmp_path: Path) -> Iterator[Build]:
    pools = []

    def make(sandbox: FakeWarmable, **options: object) -> WarmPool:
        given = {"size": 2, "cores": 4, "available": lambda: 8 * 2**30, "idle": lambda: 4.0, **options}
        pools.append(WarmPool(sandbox, tmp_path / "work", **given))  # type: ignore[arg-type]
        return pools[-1]

    yield make
    for pool in pools:
        pool.close()


def until(condition: Callable[[], bool]) -> bool:
    end = time.monotonic() + 20
    while not condition() and time.monotonic() < end:
        time.sleep(0.01)
    return condition()


def use(pool: WarmPool, times: int, *imports: str) -> None:
    for _ in range(times):
        warm = pool.take(wish(*imports))
        if warm is not None:
            warm.close()
        pool.done()


def test_the_first_executions_start_nothing_ahead(build: Build) -> None:
    sandbox = FakeWarmable()
    pool = build(sandbox)
    use(pool, FIRST, "numpy")
    assert "assay-warmer" not in [thread.name for thread in threading.enumerate()]
    use(pool, 1, "numpy")
    assert until(lambda: pool.waiting == 2)
    assert [made.modules for made in sandbox.made] == [("numpy",), ("numpy",)]


def test_each_is_given_away_once_and_replaced(build: Build) -> None:
    sandbox = FakeWarmable()
    pool = build(sandbox)
    use(pool, FIRST + 1, "numpy", "pandas")
    assert until(lambda: pool.waiting == 2)
    given = [pool.take(wish("numpy", "pandas", seed=seed)) for seed in (1, 2)]
    assert given[0] is not None
    assert given[1] is not None
    assert given[0] is not given[1]
    assert pool.take(wish("numpy", "pandas")) not in given
    assert until(lambda: pool.waiting == 2)  # one of four cores is idle still
    assert not any(warm in [entry for entry in sandbox.made[2:]] for warm in given)


def test_what_differs_starts_the_usual_way(build: Build) -> None:
    pool = build(FakeWarmable())
    use(pool, FIRST + 1, "numpy", "pandas")
    assert until(lambda: pool.waiting == 2)
    assert pool.take(wish("numpy", "pandas", memory_bytes=2**20)) is None
    assert pool.take(wish("pandas", "numpy")) is None  # in another order
    assert pool.take(wish("numpy")) is None  # would have more than it asks for
    assert pool.take(None) is None
    assert pool.take(wish("numpy", "pandas", "sklearn")) is not None


def test_no_memory_no_core_no_sandbox(build: Build) -> None:
    for options in ({"available": lambda: 800 * MB}, {"idle": lambda: 0.1}):
        sandbox = FakeWarmable()
        pool = build(sandbox, **options)
        pool.take(wish("numpy"))  # runs on
        use(pool, FIRST + 1, "numpy")
        time.sleep(0.1)
        assert pool.waiting == 0
    busy = FakeWarmable()
    pool = build(busy, cores=2)
    for _ in range(FIRST + 1):
        pool.take(wish("numpy"))
    time.sleep(0.1)
    assert busy.made == []


def test_they_are_given_up_when_memory_runs_short(build: Build) -> None:
    free = [8 * 2**30]
    sandbox = FakeWarmable()
    pool = build(sandbox, available=lambda: free[0])
    use(pool, FIRST + 1, "numpy")
    assert until(lambda: pool.waiting == 2)
    free[0] = 10 * MB
    assert until(lambda: all(made.closed and not made.root.exists() for made in sandbox.made))
    assert pool.waiting == 0


def test_below_t1_none_waits_beside_a_candidate(build: Build) -> None:
    sandbox = FakeWarmable(waits_beside=False)
    pool = build(sandbox)
    use(pool, FIRST + 1, "numpy")
    assert until(lambda: pool.waiting == 1)
    taken = pool.take(wish("torch"))
    assert taken is None
    assert pool.waiting == 0
    assert sandbox.made[0].closed
    time.sleep(0.1)
    assert pool.waiting == 0
    pool.done()
    use(pool, 1, "numpy")
    assert until(lambda: pool.waiting == 1)


def test_what_never_gets_ready_is_tried_three_times(build: Build) -> None:
    sandbox = FakeWarmable(ready=False)
    pool = build(sandbox, size=1)
    use(pool, FIRST + 1, "numpy")
    assert until(lambda: len(sandbox.made) == 3)
    use(pool, 3, "numpy")
    time.sleep(0.1)
    assert until(lambda: all(made.closed for made in sandbox.made))
    assert len(sandbox.made) == 3


def test_closing_ends_all_and_leaves_no_folder(build: Build, tmp_path: Path) -> None:
    sandbox = FakeWarmable()
    pool = build(sandbox)
    use(pool, FIRST + 1, "numpy")
    assert until(lambda: pool.waiting == 2)
    pool.close()
    assert all(made.closed for made in sandbox.made)
    assert list((tmp_path / "work").iterdir()) == []
    assert pool.take(wish("numpy")) is None


def test_classes_and_what_their_scripts_have_in_common() -> None:
    trees, linear = wish("numpy", "sklearn.ensemble", "sklearn.svm"), wish("numpy", "sklearn.ensemble", "sklearn.tree")
    boosted = wish("lightgbm", "numpy", "sklearn.ensemble")
    found = targets([boosted, trees, linear], 3)
    assert [target.modules for target in found] == [
        ("numpy", "sklearn.ensemble"),
        ("lightgbm", "numpy", "sklearn.ensemble"),
        ("numpy", "sklearn.ensemble"),
    ]
    assert targets([wish()], 2) == []
    assert suits(Target(trees, ("numpy",)), boosted) is False
    assert suits(Target(trees, ("numpy",)), linear) is True
