"""What honest candidates do must work: row 31 of the threat table in docs/sandbox.md."""

from typing import Any

import pytest

STANDARD = """
import asyncio, multiprocessing as mp, shutil, socket, subprocess, sys, tempfile, threading
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import shared_memory

def square(x):
    return x * x

if __name__ == "__main__":
    for method in ("fork", "spawn", "forkserver"):
        with mp.get_context(method).Pool(2) as pool:
            assert pool.map(square, range(4)) == [0, 1, 4, 9]
    with ProcessPoolExecutor(2) as pool:
        assert list(pool.map(square, range(4))) == [0, 1, 4, 9]
    with mp.Manager() as manager:
        shared = manager.dict(a=1)
        assert shared["a"] == 1
    block = shared_memory.SharedMemory(create=True, size=1_000_000)
    block.buf[:3] = b"abc"
    block.close()
    block.unlink()
    queue = mp.Queue()
    queue.put(1)
    assert queue.get() == 1
    assert subprocess.run(["sh", "-c", "echo hi"], capture_output=True, text=True).stdout == "hi\\n"
    with tempfile.TemporaryDirectory() as folder:
        open(folder + "/x", "w").close()
    a, b = socket.socketpair()
    a.send(b"x")
    assert b.recv(1) == b"x"
    asyncio.run(asyncio.sleep(0.01))
    thread = threading.Thread(target=square, args=(2,))
    thread.start()
    thread.join()
    import getpass, os, pathlib
    assert getpass.getuser() == "assay"
    pathlib.Path.home()
    pathlib.Path("marker").touch()
    pathlib.Path("marker").touch()
    assert pathlib.Path("marker").exists()
    os.utime("marker", (0, 0))
    shutil.copy2("marker", "copy")
    subprocess.run(["touch", "marker", "of-the-shell"], check=True)
    assert pathlib.Path("of-the-shell").exists()
    print("all good")
"""

LOOPBACK = """
import socket
server = socket.create_server(("127.0.0.1", 0))
client = socket.create_connection(server.getsockname())
client.send(b"x")
assert server.accept()[0].recv(1) == b"x"
print("all good")
"""

LEARNING = """
import warnings
warnings.simplefilter("ignore")
import numpy as np
from joblib import Parallel, delayed
from lightgbm import LGBMClassifier
from sklearn.model_selection import cross_val_score

if __name__ == "__main__":
    rng = np.random.default_rng(0)
    x = rng.normal(size=(400, 5))
    y = (x[:, 0] > 0).astype(int)
    big = np.ones(2_000_000)
    assert Parallel(n_jobs=2)(delayed(np.sum)(big) for _ in range(2)) == [2e6, 2e6]
    assert cross_val_score(LGBMClassifier(n_estimators=10, verbose=-1), x, y, cv=2).mean() > 0.7
    print("all good")
"""


def test_31_the_standard_librarys_ways_to_run_things(arena: Any) -> None:
    source = STANDARD
    if "managers are disabled" in arena.hello["description"]:  # as its own line of the report says
        source = STANDARD.replace(', "forkserver")', ")").replace("with mp.Manager() as manager:", "if False:")
    if "/dev/shm is denied" in arena.hello["description"]:  # and with it all semaphores that have a name
        source = source[: source.index("    for method in")] + source[source.index("    assert subprocess") :]
    result = arena.run(source, limits={"threads": 2, "wall_s": 60.0})
    assert result["log"].endswith("all good\n"), result


def test_31_own_loopback(arena: Any) -> None:
    if arena.tier != "T1":
        pytest.skip("documented: tier T2 has no network of its own")
    assert arena.run(LOOPBACK)["log"] == "all good\n"


@pytest.mark.slow
def test_31_parallel_learning(arena: Any) -> None:
    if arena.setting.interpreter is not None:
        pytest.skip("the system's interpreter has no scientific packages")
    result = arena.run(LEARNING, limits={"threads": 2, "wall_s": 90.0, "memory_bytes": 2**31})
    assert result["log"].endswith("all good\n"), result
