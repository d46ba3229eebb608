"""Solution: a solution on disk, opened from its folder or its archive."""

from __future__ import annotations

import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from assay.core.candidate import Candidate
from assay.core.errors import NothingFound
from assay.report.files import safe_name
from assay.ship.record import NAME, NO_SOLUTION, Program, Record, read_record

MADE_LATER = ("verify.json", "verify.md", "verify.xml", "data", "output", "submission.csv", "predictions.csv")
"""What may lie in a solution's folder besides what was exported: results, and the user's data."""
_MOST_BYTES = 2**30
_MOST_FILES = 10_000


class Bundle:
    """A solution that was exported.

    Args:
        folder: Where its files lie.
        home: The folder beside or in which results are written.
    """

    def __init__(self, folder: Path, home: Path) -> None:
        self.folder = folder
        self.home = home
        self.record: Record = read_record(folder)

    def files(self) -> tuple[str, ...]:
        """Return the paths of all files of the solution but its record, without what was made later."""
        found = []
        for path in sorted(self.folder.rglob("*")):
            name = path.relative_to(self.folder).as_posix()
            later = name.split("/")[0] in MADE_LATER or "__pycache__" in name.split("/") or name == NAME
            if (path.is_file() or path.is_symlink()) and not later:
                found.append(name)
        return tuple(found)

    def text(self, name: str) -> str:
        """Return the text of one file; what is no UTF-8 is replaced."""
        return (self.folder / name).read_text(encoding="utf-8", errors="replace")

    def candidate(self, program: Program) -> Candidate:
        """Return a program as a candidate, from the files as they are now.

        Raises:
            OSError: One of them is not there.
        """
        root = self.folder / program.folder
        files = {name: (root / name).read_bytes().decode("utf-8") for name in program.files}
        return Candidate(kind=program.kind, files=files, entry=program.entry, title=program.name)


@contextmanager
def open_bundle(path: Path) -> Iterator[Bundle]:
    """Open the solution at `path`: a folder, or an archive, which is unpacked for as long as the block runs.

    Raises:
        NothingFound: There is none (E207).
    """
    if path.is_dir():
        yield Bundle(path, path)
        return
    if not path.is_file():
        raise NothingFound(NO_SOLUTION, f"there is no solution at {str(path)!r}", fix="assay export")
    with tempfile.TemporaryDirectory(prefix="assay-solution-") as scratch:
        folder = Path(scratch)
        try:
            _unpack(path, folder)
        except (zipfile.BadZipFile, OSError, ValueError) as error:
            raise NothingFound(
                NO_SOLUTION, f"{str(path)!r} is no archive of a solution: {error}", fix="assay export"
            ) from error
        inner = [one for one in folder.iterdir() if one.is_dir()]
        root = folder if (folder / NAME).is_file() or len(inner) != 1 else inner[0]
        yield Bundle(root, path.absolute().parent)


def _unpack(path: Path, folder: Path) -> None:
    """Unpack plain files that stay in the folder; anything else is refused."""
    with zipfile.ZipFile(path) as archive:
        items = [item for item in archive.infolist() if not item.is_dir()]
        if len(items) > _MOST_FILES or sum(item.file_size for item in items) > _MOST_BYTES:
            raise ValueError("it is too large")
        for item in items:
            name = safe_name(item.filename)
            if name is None or (item.external_attr >> 16) & 0o170000 not in (0, 0o100000):
                raise ValueError(f"{item.filename!r} is no plain file within it")
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            with archive.open(item) as source, target.open("wb") as into:
                shutil.copyfileobj(source, into)
