"""Side sift: which side files may be shown, because they do not give the answers away."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from assay.core.digest import digest_file
from assay.data.findings import DataFinding, note, warn
from assay.data.glance import Glance, Wanted, glance
from assay.data.side_files import side_files

_NAMED = 4
"""Most files that a finding names."""


@dataclass(frozen=True, kw_only=True)
class Sifted:
    """What is shown beside the tables."""

    side: tuple[str, ...]
    hidden: tuple[str, ...]
    """Files in the folders of `side` that are not shown, relative to the user's folder."""
    findings: tuple[DataFinding, ...]


@dataclass(kw_only=True)
class _Left:
    """What is left out, by the reason."""

    targets: list[str] = field(default_factory=list)
    closed: list[str] = field(default_factory=list)
    folders: list[str] = field(default_factory=list)


def sift(folder: Path, names: Sequence[str], train: str, wanted: Wanted, *, said: bool) -> Sifted:
    """Look into every side file, at any depth, for the target.

    Args:
        folder: The user's folder.
        names: Side files and folders by name.
        train: The training file, by name: no copy of it is shown.
        wanted: The target columns and the others.
        said: Whether a person gave the names: a file that is named by itself is then shown unread.
    """
    original = _Original(folder / train)
    left, shown, hidden = _Left(), [], []
    for name in names:
        top = folder / name
        if said and top.is_file():
            shown.append(name)
            continue
        barred: list[str] = []
        free = 0
        for path in side_files(folder, (name,), skipped=lambda path, why: _skip(left, folder, path, why)):
            relative = path.relative_to(folder).as_posix()
            seen = Glance.HOLDS if original.is_copied_by(path) else glance(path, wanted)
            if seen is Glance.FREE or (said and relative in names):
                free += 1
                continue
            (left.targets if seen is Glance.HOLDS else left.closed).append(relative)
            barred.append(relative)
        if free:
            shown.append(name)
            hidden += barred
    findings = tuple(_findings(left, tuple(shown), tuple(sorted(wanted.targets))))
    return Sifted(side=tuple(shown), hidden=tuple(hidden), findings=findings)


class _Original:
    """The training file, to know its copies by."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._size = path.stat().st_size
        self._digest = ""

    def is_copied_by(self, path: Path) -> bool:
        """Return whether the file at `path` is the same to the byte."""
        if path.stat().st_size != self._size:
            return False
        self._digest = self._digest or digest_file(self._path)
        return digest_file(path) == self._digest


def _skip(left: _Left, folder: Path, path: Path, why: str) -> None:
    left.folders.append(f"{path.relative_to(folder).as_posix()} ({why})")


def _findings(left: _Left, shown: tuple[str, ...], targets: tuple[str, ...]) -> Iterator[DataFinding]:
    if left.targets:
        text = "has the target column and is" if len(left.targets) == 1 else "have the target column and are"
        yield warn(
            "W214",
            f"{_some(left.targets)} {text} not shown to candidates",
            columns=targets,
            fix=_fix("harmless", shown, left.targets),
        )
    if left.closed:
        text = "cannot be looked into and is" if len(left.closed) == 1 else "cannot be looked into and are"
        yield warn(
            "W218",
            f"{_some(left.closed)} {text} not shown to candidates: the target could be inside",
            fix=_fix("without the target", shown, left.closed),
        )
    if left.folders:
        yield note("W219", f"not shown to candidates: {_some(left.folders)}")


def _some(names: list[str]) -> str:
    rest = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {rest:,} more" if rest > 0 else "")


def _fix(what: str, shown: tuple[str, ...], names: list[str]) -> str:
    listed = ", ".join(f'"{name}"' for name in dict.fromkeys((*shown, *names[:_NAMED])))
    return f"if {'it is' if len(names) == 1 else 'they are'} {what}: side = [{listed}]"
