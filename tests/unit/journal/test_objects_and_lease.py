from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from assay.core.candidate import Candidate
from assay.core.errors import IntegrityError, UsageError
from assay.journal.lease import Lease, read_holder
from assay.journal.objects import ObjectStore

HOLD = """
import sys, time
from pathlib import Path
from assay.journal.lease import Lease
lease = Lease(Path(sys.argv[1]))
print("held", flush=True)
time.sleep(60)
"""


def test_equal_content_is_kept_once_and_comes_back(tmp_path: Path) -> None:
    store = ObjectStore(tmp_path)
    digests = {store.put(b"same"), store.put(b"same")}
    assert len(digests) == 1
    assert store.get(digests.pop()) == b"same"
    assert sum(1 for path in tmp_path.rglob("*") if path.is_file()) == 1


def test_a_changed_or_missing_object_is_an_integrity_error(tmp_path: Path) -> None:
    store = ObjectStore(tmp_path)
    digest = store.put(b"content")
    store.path(digest).write_bytes(b"changed")
    with pytest.raises(IntegrityError, match="not what was written"):
        store.get(digest)
    with pytest.raises(IntegrityError, match="missing"):
        store.get("0" * 64)


def test_a_candidate_record_comes_back_whole(tmp_path: Path) -> None:
    store = ObjectStore(tmp_path)
    candidate = Candidate(
        kind="script", files={"solution.py": "print('ü')\n"}, entry="solution.py", title="t", recipe={"a": [1, None]}
    )
    assert store.candidate(store.put_candidate(candidate)) == candidate


def test_many_threads_may_put_the_same_content(tmp_path: Path) -> None:
    store = ObjectStore(tmp_path)
    threads = [threading.Thread(target=store.put, args=(b"x" * 100_000,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [p for p in tmp_path.rglob("*.tmp")] == []


def test_a_second_writer_is_refused_and_a_dead_ones_lease_is_free(tmp_path: Path) -> None:
    path = tmp_path / "lease"
    with subprocess.Popen([sys.executable, "-c", HOLD, str(path)], stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(UsageError, match=str(holder.pid)) as caught:
            Lease(path)
        assert caught.value.code == "E021"
        held = read_holder(path)
        assert held is not None
        assert held[0] == holder.pid
        holder.kill()
        holder.wait()
    assert read_holder(path) is None
    Lease(path).release()


def test_a_recycled_pid_is_not_taken_for_the_holder(tmp_path: Path) -> None:
    path = tmp_path / "lease"
    lease = Lease(path)
    text = path.read_text()
    lease.release()
    path.write_text(text.replace('"started": ', '"started": 1'))
    assert read_holder(path) is None
