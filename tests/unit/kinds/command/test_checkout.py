"""A checkout of a user's repository: real git, real files, and nothing of theirs changed."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from assay.core.errors import IntegrityError, MachineError, TaskError
from assay.kinds.command import CommandSpec, CopyLimits, candidate_of, check_out, lay_out


def git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["git", "-c", "user.name=a", "-c", "user.email=a@b", "-C", str(folder), *arguments],
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "their repo"
    (folder / "conf").mkdir(parents=True)
    git(tmp_path, "init", "-q", str(folder))
    (folder / "train.py").write_text("print('v1')\n")
    (folder / "conf" / "a.yaml").write_text("lr: 1\n")
    (folder / ".gitignore").write_text("data/\n")
    (folder / "within").symlink_to("conf/a.yaml")
    (folder / "outside").symlink_to("/etc/hostname")
    hook = folder / ".git" / "hooks" / "post-checkout"
    hook.write_text(f"#!/bin/sh\ntouch {str(tmp_path / 'hooked')!r}\n")
    hook.chmod(0o755)
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "one")
    (folder / "data").mkdir()
    (folder / "data" / "big.bin").write_bytes(b"x" * 100)
    (folder / "train.py").write_text("print('v2, not committed')\n")
    (folder / "new.py").write_text("print('new')\n")
    (folder / "fresh").mkdir()
    (folder / "fresh" / "x").write_text("1\n")
    (folder / "y").write_text("2\n")
    return folder


def state(folder: Path) -> dict[str, tuple[int, int]]:
    files = (path for path in folder.rglob("*") if path.is_file() and path.name != "index")
    return {str(path): (path.stat().st_size, path.stat().st_mtime_ns) for path in files}


def test_their_files_stay_and_nothing_is_registered(repository: Path, tmp_path: Path) -> None:
    before, listed = state(repository), git(repository, "worktree", "list")
    made = check_out(repository, tmp_path / "copy")
    assert state(repository) == before
    assert git(repository, "worktree", "list") == listed
    assert (tmp_path / "copy" / "train.py").read_text() == "print('v1')\n"
    assert not (tmp_path / "copy" / ".git").exists()
    assert not (tmp_path / "copy" / "data").exists()
    assert not (tmp_path / "hooked").exists()
    assert made.commit == git(repository, "rev-parse", "HEAD").strip()
    assert made.changed == ("fresh/x", "new.py", "train.py", "y")


def test_changes_are_taken_along_when_asked_for_and_are_part_of_the_state(repository: Path, tmp_path: Path) -> None:
    plain = check_out(repository, tmp_path / "plain")
    (repository / "conf" / "a.yaml").unlink()
    with_changes = check_out(repository, tmp_path / "changed", with_changes=True)
    assert (tmp_path / "changed" / "train.py").read_text() == "print('v2, not committed')\n"
    assert (tmp_path / "changed" / "new.py").exists()
    assert (tmp_path / "changed" / "fresh" / "x").read_text() == "1\n"
    assert not (tmp_path / "changed" / "conf" / "a.yaml").exists()
    assert with_changes.commit == plain.commit
    assert with_changes.digest != plain.digest
    assert check_out(repository, tmp_path / "again").digest == plain.digest
    (repository / "new.py").write_text("print('newer')\n")
    assert check_out(repository, tmp_path / "later", with_changes=True).digest != with_changes.digest


def test_an_unknown_commit_or_folder_is_told(repository: Path, tmp_path: Path) -> None:
    for folder, ref in ((repository, "nowhere"), (repository, "--upload-pack=x"), (tmp_path / "none", "HEAD")):
        with pytest.raises(TaskError) as caught:
            check_out(folder, tmp_path / "copy", ref=ref)
        assert caught.value.code == "E184"
    assert not (tmp_path / "copy").exists()


def test_where_no_copy_can_be_made_nothing_is_left_and_gits_words_are_told(repository: Path, tmp_path: Path) -> None:
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "file").write_text("mine")
    with pytest.raises(MachineError, match=r"(?s)E591.*already exists"):
        check_out(repository, tmp_path / "taken")
    assert (tmp_path / "taken" / "file").read_text() == "mine"
    plain = tmp_path / "plain"
    plain.mkdir()
    with pytest.raises(MachineError, match=r"E591.*No such file"):
        check_out(plain, tmp_path / "none" / "copy")
    assert not (tmp_path / "none").exists()


def test_without_git_it_is_a_bounded_copy(tmp_path: Path) -> None:
    folder = tmp_path / "plain"
    (folder / "src").mkdir(parents=True)
    (folder / ".venv").mkdir()
    (folder / ".venv" / "lib.py").write_text("x" * 5000)
    (folder / "src" / "train.py").write_text("print(1)\n")
    (folder / "src" / "model.py").write_text("print(2)\n")
    (folder / "src" / "deep" / "er").mkdir(parents=True)
    (folder / "src" / "deep" / "er" / "a.py").write_text("1\n")
    (folder / "link").symlink_to("/etc/hostname")
    os.mkfifo(folder / "pipe")
    made = check_out(folder, tmp_path / "copy")
    files = {path.relative_to(made.folder).as_posix() for path in made.folder.rglob("*") if path.is_file()}
    assert files == {"src/train.py", "src/model.py", "src/deep/er/a.py"}
    assert made.commit == ""
    assert check_out(folder, tmp_path / "exact", limits=CopyLimits(files=3, bytes=20)).digest == made.digest
    (folder / "src" / "deep" / "er" / "a.py").write_text("22\n")
    assert check_out(folder, tmp_path / "changed").digest != made.digest
    for limits in (CopyLimits(files=2), CopyLimits(bytes=20)):
        with pytest.raises(TaskError) as caught:
            check_out(folder, tmp_path / "other", limits=limits)
        assert caught.value.code == "E184"
        assert "git init" in caught.value.fix
        assert not (tmp_path / "other").exists()


def test_files_are_laid_over_a_copy_and_never_written_through_a_link(repository: Path, tmp_path: Path) -> None:
    made = check_out(repository, tmp_path / "copy")
    spec = CommandSpec(argv=("python", "train.py"), base=made.digest)
    overlay = {"conf/a.yaml": "lr: 2\n", "outside": "mine\n", "within/deep.txt": "folder now\n", "new/x.py": "pass\n"}
    root = tmp_path / "work"
    root.mkdir()
    lay_out(made.folder, made.digest, candidate_of(spec, overlay), root)
    assert (root / "conf" / "a.yaml").read_text() == "lr: 2\n"
    assert (root / "outside").read_text() == "mine\n"
    assert not (root / "outside").is_symlink()
    assert (root / "within" / "deep.txt").read_text() == "folder now\n"
    assert (root / "train.py").read_text() == "print('v1')\n"
    assert (made.folder / "conf" / "a.yaml").read_text() == "lr: 1\n"
    plain = tmp_path / "plain"
    plain.mkdir()
    lay_out(made.folder, made.digest, candidate_of(spec, {}), plain)
    assert (plain / "within").is_symlink()
    assert not (plain / "outside").exists()
    assert not (plain / "outside").is_symlink()
    with pytest.raises(IntegrityError) as caught:
        lay_out(made.folder, "another", candidate_of(spec, {}), plain)
    assert caught.value.code == "E490"
    assert made.digest[:12] in caught.value.message


def test_what_could_be_run_can_be_run_when_it_is_laid_over(tmp_path: Path) -> None:
    checkout, root = tmp_path / "checkout", tmp_path / "work"
    (checkout / "deep").mkdir(parents=True)
    (checkout / "deep" / "run").write_text("old")
    (checkout / "deep" / "run").chmod(0o755)
    (checkout / "plain").write_text("old")
    (checkout / "was_folder").mkdir()
    (checkout / "was_file").write_text("old")
    root.mkdir()
    overlay = {"deep/run": "new", "plain": "new", "made": "#!/bin/sh\n", "was_folder": "file", "was_file/a": "1"}
    lay_out(checkout, "d", candidate_of(CommandSpec(argv=("true",)), overlay), root)
    assert {path: (root / path).read_text() for path in overlay} == overlay
    assert [os.access(root / path, os.X_OK) for path in ("deep/run", "made", "plain")] == [True, True, False]


@pytest.mark.parametrize(
    "path", ["/etc/passwd", "../up", "a/../../b", ".git/config", ".assay-command.json", "a//b", "", ".", "a\\b"]
)
def test_a_path_that_leaves_the_repository_or_is_ours_is_refused(path: str) -> None:
    with pytest.raises(ValueError, match=r"relative path|may not be laid"):
        candidate_of(CommandSpec(argv=("true",)), {path: "x"})
