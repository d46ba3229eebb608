"""Checkout: a copy of the user's repository that may be run and changed; their own files are only ever read."""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from assay.core.digest import digest_json
from assay.core.errors import MachineError, TaskError

_GIT_S = 600.0
_GIT = ("git", "-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false", "-c", "advice.detachedHead=false")
"""A hook of the user's would run with all their rights, at a time they do not expect."""
_NEVER = frozenset({".git", ".hg", ".svn", "__pycache__", ".venv", "venv", "node_modules", ".tox", ".mypy_cache"})
_ENV = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "XDG_CONFIG_HOME")


@dataclass(frozen=True, kw_only=True)
class CopyLimits:
    """Most that is copied of a folder without git; what is larger is refused, never cut short."""

    files: int = 20_000
    bytes: int = 2 * 2**30


@dataclass(frozen=True, kw_only=True)
class Checkout:
    """A copy of a repository at one state."""

    folder: Path
    commit: str
    """Of a repository with git; empty for a copy."""
    digest: str
    """Of the state: commit and changes that were taken along, or of all paths, sizes and times for a copy."""
    changed: tuple[str, ...] = ()
    """Paths with changes that are not committed, relative with `/`."""
    with_changes: bool = False
    """Whether those were taken along."""


def check_out(
    repository: Path, into: Path, *, ref: str = "HEAD", with_changes: bool = False, limits: CopyLimits | None = None
) -> Checkout:
    """Make a copy of `repository` in the new folder `into`; nothing of the user's is changed, nor left registered.

    With git it is a work tree of `ref` that is then cut loose from the repository: links that leave it stay as they
    are in git, submodules are not fetched. Without git it is a copy without links, environments and caches.

    Args:
        repository: The user's folder; with git its top folder or one below it.
        into: Must not exist; its parent must, outside of `repository` or in a place that git ignores.
        ref: Commit, branch or tag.
        with_changes: Whether changes that are not committed, and new files that are not ignored, are taken along.
        limits: Of the copy, where there is no git.

    Raises:
        TaskError: There is no such folder or ref, or the copy would be too large (E184).
        MachineError: git or the disk failed (E591).
    """
    if not repository.is_dir():
        raise TaskError("E184", f"there is no folder {str(repository)!r}")
    try:
        if _is_git(repository):
            return _work_tree(repository, into, ref, with_changes=with_changes)
        return _copy(repository, into, limits or CopyLimits())
    except OSError as error:
        shutil.rmtree(into, ignore_errors=True)
        raise MachineError("E591", f"no checkout of {str(repository)!r} could be made: {error}") from error


def _is_git(repository: Path) -> bool:
    if shutil.which("git") is None:
        return False
    return _git(repository, "rev-parse", "--is-inside-work-tree").stdout.strip() == "true"


def _git(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    env = {name: os.environ[name] for name in _ENV if name in os.environ} | {"GIT_TERMINAL_PROMPT": "0"}
    try:
        return subprocess.run(
            [*_GIT, "-C", str(folder), *arguments],
            capture_output=True,
            encoding="utf-8",
            errors="surrogateescape",
            stdin=subprocess.DEVNULL,
            env=env,
            timeout=_GIT_S,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise MachineError("E591", f"git {arguments[0]} did not end within {_GIT_S:g} s") from error


def _must(folder: Path, *arguments: str) -> str:
    done = _git(folder, *arguments)
    if done.returncode != 0:
        raise MachineError("E591", f"git {arguments[0]} failed: {done.stderr.strip()[-400:]}")
    return done.stdout


def _work_tree(repository: Path, into: Path, ref: str, *, with_changes: bool) -> Checkout:
    found = _git(repository, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}")
    if found.returncode != 0:
        raise TaskError("E184", f"{str(repository)!r} has no commit {ref!r}", fix="commit what shall be run")
    commit, top = found.stdout.strip(), Path(_must(repository, "rev-parse", "--show-toplevel").rstrip("\n"))
    changed = _changes(top)
    _must(top, "worktree", "add", "--detach", "--force", str(into.absolute()), commit)
    _cut_loose(top, into.absolute())
    if with_changes:
        _take_along(top, into, changed)
    kept = [_state(top, path) for path in changed] if with_changes else []
    return Checkout(
        folder=into,
        commit=commit,
        digest=digest_json({"commit": commit, "changes": kept}),
        changed=changed,
        with_changes=with_changes,
    )


def _cut_loose(top: Path, into: Path) -> None:
    """Forget the work tree on both sides: what runs in it finds no way to the repository, which lists it no more."""
    admin = Path(_must(into, "rev-parse", "--absolute-git-dir").rstrip("\n"))
    common = Path(_must(into, "rev-parse", "--path-format=absolute", "--git-common-dir").rstrip("\n"))
    if admin.parent != common / "worktrees":
        raise MachineError("E591", f"git keeps the work tree of {str(top)!r} in an unexpected place: {str(admin)!r}")
    (into / ".git").unlink()
    shutil.rmtree(admin)


def _changes(top: Path) -> tuple[str, ...]:
    """Return paths that differ from the last commit, new ones included; ignored ones are not."""
    entries = _must(top, "status", "--porcelain=v1", "-z", "--untracked-files=all", "--no-renames").split("\0")
    return tuple(sorted(entry[3:] for entry in entries if len(entry) > 3))


def _take_along(top: Path, into: Path, changed: tuple[str, ...]) -> None:
    for path in changed:
        source, target = top / path, into / path
        if not source.is_symlink() and source.is_file():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target)
        elif not source.exists():
            target.unlink(missing_ok=True)


def _state(top: Path, path: str) -> list[object]:
    source = top / path
    if source.is_symlink() or not source.is_file():
        return [path, None]
    with source.open("rb") as stream:
        return [path, hashlib.file_digest(stream, "sha256").hexdigest()]


def _copy(repository: Path, into: Path, limits: CopyLimits) -> Checkout:
    found: list[tuple[str, int, int]] = []
    total = 0
    for path, info in _plain_files(repository, into):
        found.append((path, info.st_size, info.st_mtime_ns))
        total += info.st_size
        if len(found) > limits.files or total > limits.bytes:
            raise TaskError(
                "E184",
                f"{str(repository)!r} is no git repository and too large to be copied: more than "
                f"{limits.files:,} files or {limits.bytes / 2**20:,.0f} MB",
                fix="git init && git add -A && git commit, with data in .gitignore",
            )
    into.mkdir()
    for path, _, _ in found:
        target = into / path
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(repository / path, target, follow_symlinks=False)
    return Checkout(folder=into, commit="", digest=digest_json(sorted(found)))


def _plain_files(repository: Path, into: Path) -> Iterator[tuple[str, os.stat_result]]:
    """Yield plain files without those of environments, caches, version control and the checkout itself."""
    pending = [PurePosixPath()]
    while pending:
        relative = pending.pop()
        with os.scandir(repository / relative) as entries:
            for entry in entries:
                info = entry.stat(follow_symlinks=False)
                if stat.S_ISDIR(info.st_mode):
                    if entry.name not in _NEVER and Path(entry.path).absolute() != into.parent.absolute():
                        pending.append(relative / entry.name)
                elif stat.S_ISREG(info.st_mode):
                    yield (relative / entry.name).as_posix(), info
