from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import psutil
import pytest

from assay.core.candidate import Candidate
from assay.core.errors import IntegrityError, MachineError, UsageError
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
    gone = "0" * 64
    for ask, name, words in (
        (store.get, digest, "is not what was written"),
        (ObjectStore(tmp_path).path, digest, "is not what was written"),
        (store.get, gone, "is missing"),
        (store.path, gone, "is missing"),
    ):
        with pytest.raises(IntegrityError, match=f"the object '{name}' {words}") as caught:
            ask(name)
        assert caught.value.code == "E403"


def test_a_store_makes_the_folders_that_it_lies_in(tmp_path: Path) -> None:
    store = ObjectStore(tmp_path / "runs" / "calm-otter" / "objects")
    digests = {store.put(str(number).encode()) for number in range(40)}
    assert all(store.path(digest).parent.name == digest[:2] for digest in digests)
    assert len(digests) == 40


@pytest.mark.parametrize("torn", [b"", b"con"])
def test_an_object_that_a_crash_tore_is_not_given_out_and_is_written_again(tmp_path: Path, torn: bytes) -> None:
    digest = ObjectStore(tmp_path).put(b"content")
    (tmp_path / digest[:2] / digest).write_bytes(torn)
    with pytest.raises(IntegrityError, match="not what was written") as caught:
        ObjectStore(tmp_path).path(digest)
    assert caught.value.code == "E403"
    assert ObjectStore(tmp_path).put(b"content") == digest
    assert ObjectStore(tmp_path).path(digest).read_bytes() == b"content"
    (tmp_path / digest[:2] / digest).write_bytes(torn)
    (tmp_path / "taken").write_bytes(b"content")
    assert ObjectStore(tmp_path).adopt(tmp_path / "taken", digest) == digest
    assert ObjectStore(tmp_path).get(digest) == b"content"
    assert not (tmp_path / "taken").exists()


def test_the_place_of_a_missing_object_is_an_integrity_error(tmp_path: Path) -> None:
    with pytest.raises(IntegrityError, match="missing"):
        ObjectStore(tmp_path).path("0" * 64)


def test_what_cannot_be_kept_is_the_machines_fault(tmp_path: Path) -> None:
    (tmp_path / "objects").write_text("in the way")
    (tmp_path / "taken").write_bytes(b"content")
    store = ObjectStore(tmp_path / "objects")
    for keep in (lambda: store.put(b"content"), lambda: store.adopt(tmp_path / "taken", "0" * 64)):
        with pytest.raises(
            MachineError, match=r"cannot keep (a file of 7 bytes|what a candidate left): .*objects"
        ) as caught:
            keep()
        assert caught.value.code == "E501"
        assert (caught.value.kept, caught.value.fix) == ("every finished trial", "free some space, then assay resume")


def test_adopted_files_and_their_names_are_flushed_before_the_event_that_names_them(tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    code = """
import sys
from pathlib import Path
from assay.core.digest import digest_file
from assay.journal.objects import ObjectStore
source = Path(sys.argv[1])
source.write_bytes(b"content")
print("#", flush=True)
ObjectStore(source.parent / "objects").adopt(source, digest_file(source))
"""
    if shutil.which("strace") is None:
        pytest.skip("no strace")
    command = ["strace", "-f", "-y", "-e", "trace=fsync,rename,renameat,renameat2", "-o", str(trace)]
    subprocess.run([*command, sys.executable, "-c", code, str(tmp_path / "taken")], check=True)
    calls = [line.split(maxsplit=1)[1] for line in trace.read_text().splitlines() if str(tmp_path) in line]
    kinds = [call.partition("(")[0].removesuffix("at2").removesuffix("at") for call in calls]
    assert kinds == [*["fsync"] * 3, "rename", "fsync"], "the two new folders, the file, and the file's new name"


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


def test_a_holder_that_has_not_said_who_it_is_still_holds(tmp_path: Path) -> None:
    path = tmp_path / "runs" / "calm-otter" / "lease"
    lease = Lease(path)
    path.write_text("", encoding="utf-8")
    with pytest.raises(UsageError, match="the run 'calm-otter' is being worked on by another process") as caught:
        Lease(path)
    assert caught.value.fix == "assay status"
    lease.release()
    Lease(path).release()
    assert path.read_text(encoding="utf-8") == ""


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "{}", '{"pid": "x", "started": 1}', '{"pid": 1}', '{"pid": -5, "started": 0}']
)
def test_what_names_no_process_names_no_holder(tmp_path: Path, text: str) -> None:
    (tmp_path / "lease").write_text(text, encoding="utf-8")
    assert read_holder(tmp_path / "lease") is None
    assert read_holder(tmp_path / "none") is None


def test_a_recycled_pid_is_not_taken_for_the_holder(tmp_path: Path) -> None:
    path = tmp_path / "lease"
    lease = Lease(path)
    assert read_holder(path) == (os.getpid(), psutil.Process().create_time())
    text = path.read_text()
    lease.release()
    path.write_text(text.replace('"started": ', '"started": 1'))
    assert read_holder(path) is None
