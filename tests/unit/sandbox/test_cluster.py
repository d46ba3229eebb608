"""Executions on nodes: files by digest, lost nodes, and nothing that a node says is followed blindly."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from assay.core.errors import IntegrityError, MachineError, UsageError
from assay.core.execution import Outcome
from assay.sandbox.base import Command, Finished, Mount, Sandbox, SandboxLimits, Workspace
from assay.sandbox.choose import open_sandbox
from assay.sandbox.cluster.executor import Executor, parse_executor, require_executor
from assay.sandbox.cluster.files import Folder, Sent
from assay.sandbox.cluster.outputs import Left, put_back
from assay.sandbox.cluster.sandbox import ClusterSandbox, NodeFacts
from assay.sandbox.cluster.store import Store
from assay.sandbox.collect import collect
from support.nodes import NearNode, near_cluster

LIMITS = SandboxLimits(wall_s=60, memory_bytes=2**30)


@pytest.fixture(scope="module")
def nodes() -> Iterator[list[NearNode]]:
    """Two nodes with the best sandbox of this machine."""
    made = [NearNode("one", "auto"), NearNode("two", "auto")]
    if "error" in made[0].hello:
        pytest.skip(made[0].hello["error"]["message"])
    yield made
    for node in made:
        node.runner.clear()
        node.runner._sandbox.close()


@pytest.fixture
def cluster(nodes: list[NearNode]) -> ClusterSandbox:
    """Both nodes, as good as new."""
    for node in nodes:
        node.lost, node.lose_at = False, lambda method: False
        node.calls.clear()
    return near_cluster(*nodes)


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """A workspace with a view of two files, one of them larger than a piece."""
    view, root = tmp_path / "view", tmp_path / "work"
    (view / "deep").mkdir(parents=True)
    (view / "train.csv").write_text("id,y\n1,2\n", encoding="utf-8")
    (view / "deep" / "big.bin").write_bytes(os.urandom(5 * 2**20))
    root.mkdir()
    return Workspace(root=root, mounts=(Mount(source=view, target="input"),), secrets=(tmp_path / "private",))


def run(sandbox: Sandbox, workspace: Workspace, source: str, limits: SandboxLimits = LIMITS) -> Finished:
    (workspace.root / "main.py").write_text(source, encoding="utf-8")
    finished = sandbox.start(Command(argv=("python", "main.py")), workspace, limits).wait(90)
    assert finished is not None
    return finished


def test_a_view_travels_once_to_each_node(cluster: ClusterSandbox, nodes: list[NearNode], workspace: Workspace) -> None:
    source = "print(len(open('input/deep/big.bin', 'rb').read()))"
    for _ in range(4):
        assert run(cluster, workspace, source).log == f"{5 * 2**20}\n".encode()
    # Both nodes of this test are of one machine and one process above, and so share what is kept.
    assert 2 <= sum(node.calls.count("chunk") for node in nodes) <= 4  # two pieces, the table, the script
    assert all("poll" in node.calls for node in nodes)


def test_the_workspace_becomes_what_the_nodes_was(cluster: ClusterSandbox, workspace: Workspace) -> None:
    (workspace.root / "given.txt").write_text("given", encoding="utf-8")
    (workspace.root / "gone.txt").write_text("gone", encoding="utf-8")
    source = (
        "import os\nos.makedirs('output/a')\nopen('output/a/big', 'wb').write(b'x' * 3_000_000)\n"
        "os.remove('gone.txt')\nopen('given.txt', 'a').write(' more')\n"
    )
    finished = run(cluster, workspace, source)
    assert (finished.outcome, finished.node) in ((Outcome.OK, "one"), (Outcome.OK, "two"))
    assert finished.tier == cluster.tier
    left = sorted(str(path.relative_to(workspace.root)) for path in workspace.root.rglob("*"))
    assert left == ["given.txt", "main.py", "output", "output/a", "output/a/big"]
    assert (workspace.root / "output/a/big").read_bytes() == b"x" * 3_000_000
    assert (workspace.root / "given.txt").read_text(encoding="utf-8") == "given more"


def test_what_is_no_plain_file_is_refused_as_it_is_here(
    cluster: ClusterSandbox, workspace: Workspace, tmp_path: Path
) -> None:
    source = (
        "import os\nos.symlink('/etc/passwd', 'link')\nos.mkfifo('fifo')\n"
        "open('file', 'w').write('x')\nos.link('file', 'twin')\nos.symlink('/etc', 'folder')\n"
    )
    run(cluster, workspace, source)
    names = ["link", "fifo", "file", "twin", "folder/passwd"]
    found = collect(workspace.root, names, tmp_path / "into", max_bytes=100)
    reasons = ["symbolic link", "FIFO", "hard link", "hard link", "symbolic link"]
    assert dict(found.refused) == dict(zip(names, reasons, strict=True))


@pytest.mark.parametrize("when", ["start", "poll", "read"])
def test_an_execution_whose_node_is_lost_runs_elsewhere(
    when: str, cluster: ClusterSandbox, nodes: list[NearNode], workspace: Workspace
) -> None:
    nodes[0].lose_at = lambda method: method == when
    finished = run(cluster, workspace, "open('big', 'wb').write(b'y' * 2_000_000)\nprint('once')")
    assert (finished.outcome, finished.node, finished.log) == (Outcome.OK, "two", b"once\n")
    assert "one was lost" in finished.detail
    assert (workspace.root / "big").stat().st_size == 2_000_000


def test_what_loses_every_node_is_given_up_and_is_not_the_candidates_fault(workspace: Workspace) -> None:
    nodes = [NearNode(str(number), "off") for number in range(4)]
    for node in nodes:
        node.lose_at = lambda method: method == "poll"
    sandbox = near_cluster(*nodes)
    finished = run(sandbox, workspace, "print(1)")
    assert finished.outcome is Outcome.INFRA
    assert "3 nodes were lost" in finished.detail
    assert not nodes[3].calls
    sandbox.close()


def test_files_that_are_added_to_a_live_mount_appear_there(
    cluster: ClusterSandbox, workspace: Workspace, tmp_path: Path
) -> None:
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    shown = replace(workspace, mounts=(*workspace.mounts, Mount(source=inbox, target="inbox", live=True)))
    source = (
        "import os, time\nprint('begun', flush=True)\n"
        "while not os.path.exists('inbox/answer'):\n    time.sleep(0.02)\nprint(open('inbox/answer').read())\n"
    )
    (workspace.root / "main.py").write_text(source, encoding="utf-8")
    process = cluster.start(Command(argv=("python", "main.py")), shown, LIMITS)
    deadline = time.monotonic() + 60
    while "begun" not in process.tail() and time.monotonic() < deadline:
        time.sleep(0.05)
    (inbox / "answer").write_text("42", encoding="utf-8")
    finished = process.wait(60)
    assert finished is not None
    assert finished.log == b"begun\n42\n"


def test_the_store_of_a_node_and_other_workspaces_are_out_of_reach(
    cluster: ClusterSandbox, nodes: list[NearNode], workspace: Workspace
) -> None:
    if cluster.tier not in ("T1", "T2"):
        pytest.skip("no tier here that keeps files apart")
    store = nodes[0].runner._store.folder
    source = (
        f"import os\nfor path in ({str(store)!r}, '/proc/1/environ'):\n"
        "    try:\n        print(len(os.listdir(path)) if os.path.isdir(path) else open(path).read())\n"
        "    except OSError as error:\n        print('refused')\n"
        "try:\n    open('input/train.csv', 'a').write('x')\nexcept OSError:\n    print('refused')\n"
    )
    finished = run(cluster, workspace, source)
    assert finished.log.splitlines()[0] == b"refused"
    assert finished.log.splitlines()[-1] == b"refused"


def test_secrets_are_refused_before_anything_is_sent(
    cluster: ClusterSandbox, nodes: list[NearNode], workspace: Workspace
) -> None:
    private = workspace.secrets[0]
    private.mkdir()
    (private / "answers.csv").write_text("1\n", encoding="utf-8")
    shown = replace(workspace, mounts=(Mount(source=private, target="data"),))
    with pytest.raises(IntegrityError, match="would show") as caught:
        run(cluster, shown, "")
    assert caught.value.code == "E410"
    assert not any(node.calls for node in nodes)


def test_below_t1_two_runners_on_a_machine_take_turns(workspace: Workspace, tmp_path: Path) -> None:
    try:
        open_sandbox("landlock").close()
    except MachineError:
        pytest.skip("this kernel has no Landlock")
    nodes = [NearNode("one", "landlock"), NearNode("two", "landlock")]
    sandbox = near_cluster(*nodes)
    assert sandbox.at_once(8) == 2  # as far as the names of their machines tell
    source = "import time\nprint(time.time())\ntime.sleep(0.3)\nprint(time.time())\n"
    second = replace(workspace, root=tmp_path / "other")
    second.root.mkdir()
    ended: list[Finished] = []
    threads = [
        threading.Thread(target=lambda place=place: ended.append(run(sandbox, place, source)))  # type: ignore[misc]
        for place in (workspace, second)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(90)
    assert [one.outcome for one in ended] == [Outcome.OK] * 2, ended
    spans = sorted(tuple(map(float, one.log.split())) for one in ended)
    assert spans[0][1] <= spans[1][0]
    sandbox.close()


@pytest.mark.parametrize("name", ["../out", "/etc/x", "a/../../b", "", "a//b"])
def test_a_node_that_names_a_file_outside_is_not_believed(name: str, tmp_path: Path) -> None:
    root = tmp_path / "work"
    root.mkdir()
    (root / "kept").touch()
    sent = Sent(digest="0" * 64, size=1, mode=0o644, age_s=0.0)
    with pytest.raises(MachineError) as caught:
        put_back(root, Left(folder=Folder(files={name: sent})), lambda *_: None, 0.0)
    assert caught.value.code == "E524"
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["kept", "work"]


def test_a_node_that_sends_something_else_is_not_believed(tmp_path: Path) -> None:
    root = tmp_path / "work"
    root.mkdir()
    left = Left(folder=Folder(files={"a": Sent(digest="0" * 64, size=1, mode=0o644, age_s=0.0)}))
    with pytest.raises(MachineError, match="another digest"):
        put_back(root, left, lambda name, sent, place: place.write_bytes(b"x") and None, 0.0)


def test_a_store_keeps_only_what_is_what_it_is_called(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    digest = "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"  # of one x
    store.write(digest, 0, b"y")
    with pytest.raises(MachineError) as caught:
        store.finish(digest)
    assert caught.value.code == "E524"
    store.write(digest, 0, b"x")
    store.finish(digest)
    assert store.missing([digest, digest]) == []
    (tmp_path / "store" / digest).chmod(0o644)
    (tmp_path / "store" / digest).write_bytes(b"changed")
    assert store.missing([digest]) == [digest]
    assert not (tmp_path / "store" / digest).exists()


def test_a_store_that_is_too_large_drops_what_was_not_used_for_longest(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    for number, name in enumerate(("a", "b", "c")):
        path = store.folder / (name * 64)
        path.write_bytes(b"x" * 10)
        os.utime(path, (1_000 + (5 - number) * 10, 1_000))
    Store(store.folder, most_bytes=20)
    assert sorted(path.name[0] for path in store.folder.iterdir()) == ["a", "b"]


@pytest.mark.parametrize(
    ("text", "executor"),
    [
        ("local", Executor()),
        ("ray", Executor(ray=True)),
        ("ray:local", Executor(ray=True)),
        ("ray:local:3", Executor(ray=True, nodes=3)),
        ("ray:auto", Executor(ray=True, address="auto")),
        ("ray:10.0.0.5:6379", Executor(ray=True, address="10.0.0.5:6379")),
        ("ray:head.example:6379", Executor(ray=True, address="head.example:6379")),
    ],
)
def test_executors_are_read(text: str, executor: Executor) -> None:
    assert parse_executor(text) == executor


@pytest.mark.parametrize("text", ["", "slurm", "ray:local:0", "ray:local:99", "ray:head", "ray://h:1", "ray:h:x"])
def test_other_executors_are_refused(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        require_executor(text)
    assert caught.value.code == "E010"


def test_an_address_that_nobody_listens_at_is_told_before_anything_runs() -> None:
    with pytest.raises(MachineError) as caught:
        require_executor("ray:127.0.0.1:9")
    assert caught.value.code == "E523"
    assert caught.value.kept == "nothing was run"


def test_where_ray_is_not_installed_the_error_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(MachineError) as caught:
        require_executor("ray")
    assert caught.value.code == "E519"
    assert caught.value.fix == "uv sync --extra ray"


def test_shares_fit_on_the_nodes_together() -> None:
    facts = NodeFacts(name="a", host="a", tier="T1", description="sandbox: x", cores=8, memory_bytes=16 * 2**30, gpus=1)
    small = replace(facts, name="b", host="b", cores=2, memory_bytes=4 * 2**30, gpus=0)
    sandbox = ClusterSandbox(None, [facts, small], close=lambda: None)  # type: ignore[arg-type]
    assert (sandbox.share(1).cores, sandbox.share(1).memory_gb) == (8, 16.0)
    assert (sandbox.share(5).cores, sandbox.share(5).memory_gb) == (2, 4.0)
    assert (sandbox.share(100).cores, sandbox.share(100).memory_gb) == (1, 2.0)
    assert [gpu.devices for gpu in sandbox.gpus] == [()]
    assert sandbox.at_once(5) == 5
    weak = ClusterSandbox(None, [facts, replace(small, tier="T2")], close=lambda: None)  # type: ignore[arg-type]
    assert (weak.tier, weak.at_once(5)) == ("T2", 2)
