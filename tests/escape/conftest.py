"""The range: a product with secrets, and the sandboxes from which candidates try to reach them.

Everything is run as root and as an ordinary user where the tests themselves run as root, else as the one user there is.
"""

import importlib.util
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

import pytest

import assay
from assay.core.errors import MachineError
from assay.sandbox.bwrap import find_bwrap
from assay.sandbox.choose import inspect_machine, open_sandbox
from assay.sandbox.tree import remove_tree

HERE = Path(__file__).parent
CANARY = "canary-7f3a9"
PLAIN_UID = 65_533
SYSTEM_PYTHON = Path("/usr/bin/python3")
WARM_LIMITS = re.compile(
    r"test_(18.*pipe-held-parent-exits|19|20|21_a_fork_bomb.*True|22_memory.*anonymous|22_one_huge|23_disk.*many"
    r"|24_closing|31_the_standard)"
)
"""What of limits, leftovers and what must work is run for sandboxes that were started ahead; of reach, everything."""


@dataclass(frozen=True, kw_only=True)
class Setting:
    """Who runs the product, which tier, and with which interpreter candidates run."""

    mode: str
    uid: int
    cgroups: bool
    interpreter: Path | None = None
    warm: bool = False
    """Whether every sandbox is started ahead and the candidate handed over to it."""
    nodes: bool = False
    """Whether candidates run on the node of a cluster."""

    @property
    def tier(self) -> str:
        return {"strict": "T1", "landlock": "T2"}[self.mode]


@dataclass
class Range:
    """A running product and what it guards."""

    setting: Setting
    base: Path
    process: subprocess.Popen[str]
    hello: dict[str, Any]
    tcp: socket.socket
    tcp6: socket.socket | None
    udp: socket.socket
    abstract: socket.socket
    pathname: socket.socket
    count: int = field(default=0)

    @property
    def tier(self) -> str:
        return str(self.hello["tier"])

    @property
    def shares_memory(self) -> bool:
        """Whether candidates use the host's /dev/shm."""
        return self.tier == "T2" and self.setting.uid == 0

    @property
    def labels(self) -> Path:
        return self.base / "private" / "labels.csv"

    @property
    def data(self) -> Path:
        return self.base / "view" / "train.csv"

    def workspace(self) -> Path:
        self.count += 1
        root = self.base / "work" / f"{self.count}"
        root.mkdir()
        shutil.copyfile(HERE / "attacks.py", root / "attacks.py")
        own(root, self.setting.uid)
        return root

    def run(self, source: str, *, workspace: Path | None = None, **job: Any) -> dict[str, Any]:
        root = workspace or self.workspace()
        (root / "main.py").write_text(source)
        own(root, self.setting.uid)
        return self.job(["python", "main.py"], workspace=root, **job)

    def begin(self, source: str) -> Path:
        """Start it, to be received later; return its workspace."""
        root = self.workspace()
        (root / "main.py").write_text(source)
        own(root, self.setting.uid)
        self.send({"argv": ["python", "main.py"], "workspace": str(root)})
        return root

    def attack(self, group: str, **order: Any) -> dict[str, Any]:
        result = self.job(["python", "attacks.py", group, json.dumps(order)], workspace=self.workspace())
        assert result["outcome"] == "ok", result
        answer: dict[str, Any] = json.loads(result["log"].splitlines()[-1])
        return answer

    def job(self, argv: list[str], *, workspace: Path, **job: Any) -> dict[str, Any]:
        self.send({"argv": argv, "workspace": str(workspace), **job})
        return self.receive()

    def send(self, job: dict[str, Any]) -> None:
        mounts = [[str(self.base / "view"), "input"]]
        interpreter = str(self.setting.interpreter) if self.setting.interpreter else None
        assert self.process.stdin is not None
        self.process.stdin.write(
            json.dumps(
                {
                    "mounts": mounts,
                    "secrets": [str(self.base / "private")],
                    "interpreter": interpreter,
                    "warm": self.setting.warm,
                    **job,
                }
            )
            + "\n"
        )
        self.process.stdin.flush()

    def receive(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, "the product died"
        answer: dict[str, Any] = json.loads(line)
        return answer

    def __enter__(self) -> "Range":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.close()
        self.process.wait(30)
        self.process.stdout.close()
        for one in (self.tcp, self.tcp6, self.udp, self.abstract, self.pathname):
            if one is not None:
                one.close()
        (Path("/dev/shm") / self.base.name).unlink(missing_ok=True)
        remove_tree(self.base)


def own(path: Path, uid: int) -> None:
    if os.geteuid() == 0:
        for one in (path, *path.rglob("*")):
            os.chown(one, uid, uid)


def settings() -> list[Any]:
    me = os.geteuid()
    found = []
    for mode in ("strict", "landlock"):
        if me != 0:
            found.append(Setting(mode=mode, uid=me, cgroups=False))
            found.append(Setting(mode=mode, uid=me, cgroups=False, warm=True))
            continue
        found.append(Setting(mode=mode, uid=0, cgroups=True))
        found.append(Setting(mode=mode, uid=0, cgroups=False, interpreter=SYSTEM_PYTHON))
        found.append(Setting(mode=mode, uid=PLAIN_UID, cgroups=False, interpreter=SYSTEM_PYTHON))
        # One of each kind is enough: what a waiting sandbox is made of does not depend on it.
        warm = {"strict": (0, True), "landlock": (PLAIN_UID, False)}[mode]
        found.append(
            Setting(mode=mode, uid=warm[0], cgroups=warm[1], interpreter=None if warm[1] else SYSTEM_PYTHON, warm=True)
        )
    nodes = Setting(mode="strict", uid=me, cgroups=me == 0, nodes=True)
    return [
        *(pytest.param(one, id=_name(one)) for one in found),
        pytest.param(nodes, id=_name(nodes), marks=pytest.mark.cluster),
    ]


def _name(setting: Setting) -> str:
    who = "user" if setting.uid else "root"
    kind = "-warm" if setting.warm else "-nodes" if setting.nodes else ""
    return f"{setting.tier}-{who}-{'cgroup' if setting.cgroups else 'watchdog'}{kind}"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out, for sandboxes that were started ahead or on a node, what can make no difference for them."""
    spared = [item for item in items if not _matters(item)]
    if spared:
        config.hook.pytest_deselected(items=spared)
        items[:] = [item for item in items if item not in spared]


def _matters(item: pytest.Item) -> bool:
    params = item.callspec.params if isinstance(item, pytest.Function) and hasattr(item, "callspec") else {}
    setting = params.get("arena", params.get("fresh_arena"))
    if isinstance(setting, Setting) and setting.nodes and item.name.startswith("test_14_what_it_leaves"):
        return False  # it talks with a candidate through its workspace, which is on the node
    if not isinstance(setting, Setting) or item.path.name == "test_reach.py":
        return True
    # What kills the product would have to find the cluster's processes; tests/cluster kills nodes and engines.
    return not setting.nodes and (not setting.warm or WARM_LIMITS.match(item.name) is not None)


def open_range(setting: Setting) -> Range:
    _skip_where_impossible(setting)
    base = Path(tempfile.mkdtemp(prefix="assay-range-"))
    base.chmod(0o755)
    for name in ("private", "work", "view", "sibling", "home/.ssh"):
        (base / name).mkdir(parents=True)
    for name in ("private/labels.csv", "view/train.csv", "sibling/solution.py", "home/.ssh/id_rsa", "runs.db"):
        (base / name).write_text(f"{CANARY} {name}")
    (base / "private").chmod(0o700)
    (base / "private" / "labels.csv").chmod(0o600)
    (Path("/dev/shm") / base.name).write_text(CANARY)
    shutil.copytree(Path(assay.__file__).parent, base / "lib" / "assay", ignore=shutil.ignore_patterns("__pycache__"))
    own(base, setting.uid)
    tcp = socket.create_server(("0.0.0.0", 0))
    port = tcp.getsockname()[1]
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp.bind(("127.0.0.1", 0))
    abstract = socket.socket(socket.AF_UNIX)
    abstract.bind(f"\0{base.name}")
    pathname = socket.socket(socket.AF_UNIX)
    pathname.bind(str(base / "socket"))
    for one in (abstract, pathname):
        one.listen()
    for one in (tcp, udp, abstract, pathname):
        one.setblocking(False)
    own(base / "socket", setting.uid)
    process = _start_product(setting, base)
    opened = Range(
        setting=setting,
        base=base,
        process=process,
        hello={},
        tcp=tcp,
        tcp6=_server6(port),
        udp=udp,
        abstract=abstract,
        pathname=pathname,
    )
    assert process.stdin is not None
    order = {
        "mode": setting.mode,
        "cgroups": setting.cgroups,
        "database": str(base / "runs.db"),
        "nodes": setting.nodes,
    }
    process.stdin.write(json.dumps(order) + "\n")
    process.stdin.flush()
    opened.hello = opened.receive()
    return opened


def _server6(port: int) -> socket.socket | None:
    try:
        server = socket.create_server(("::1", port), family=socket.AF_INET6)
    except OSError:
        return None
    server.setblocking(False)
    return server


def _start_product(setting: Setting, base: Path) -> subprocess.Popen[str]:
    other = os.geteuid() == 0 and setting.uid != 0
    return subprocess.Popen(
        [str(SYSTEM_PYTHON) if other else sys.executable, "-P", str(HERE / "product.py")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={"PYTHONPATH": str(base / "lib"), "PATH": "/usr/bin:/bin", "API_KEY": CANARY, "HOME": str(base / "home")},
        cwd=base,
        **({"user": setting.uid, "group": setting.uid, "extra_groups": []} if other else {}),  # type: ignore[arg-type]
    )


def _skip_where_impossible(setting: Setting) -> None:
    if setting.nodes and importlib.util.find_spec("ray") is None:
        pytest.skip("Ray is not installed")
    if not sys.platform.startswith("linux"):
        pytest.skip("these tiers are Linux's")
    if setting.mode == "strict" and find_bwrap() is None:
        pytest.skip("bubblewrap is not installed")
    machine = inspect_machine(cgroups=setting.cgroups)
    if setting.cgroups and machine.groups is None:
        pytest.skip("no control group can be made here")
    if setting.interpreter is not None and not SYSTEM_PYTHON.exists():
        pytest.skip(f"there is no {SYSTEM_PYTHON}, and another interpreter cannot be read by an ordinary user")
    if os.geteuid() == setting.uid:
        try:
            open_sandbox(setting.mode, machine=machine).close()  # type: ignore[arg-type]
        except MachineError as error:
            # Anything else that keeps a tier from working is a failure of ours.
            if not any(words in error.message for words in ("ot permitted", "o permissions", "uid map", "No space")):
                raise
            pytest.skip(error.message)


@pytest.fixture(scope="session", params=settings())
def arena(request: pytest.FixtureRequest) -> Iterator[Range]:
    with open_range(request.param) as opened:
        yield opened


@pytest.fixture(params=settings())
def fresh_arena(request: pytest.FixtureRequest) -> Iterator[Range]:
    """A product of its own, for tests that kill it."""
    with open_range(request.param) as opened:
        yield opened
