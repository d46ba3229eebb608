"""Published solutions, `--compare`: read before anything is spent, and kept with the run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from assay.core.reference import Reference, code_of

if TYPE_CHECKING:
    from assay.cli.options.problems import Problems

ENDINGS = (".py", ".ipynb", ".md", ".txt")
MOST = 50
LARGEST_BYTES = 20_000_000
"""A notebook holds its pictures, too."""
LONGEST = 1_000_000
"""Characters of code in all: they are written down with the run."""


def read_references(paths: Sequence[Path], problems: Problems) -> tuple[Reference, ...]:
    """Return the code of scripts, notebooks and texts, without keys; what is wrong goes to `problems`.

    Args:
        paths: Files, or folders with such files anywhere in them.
        problems: Takes what is wrong.
    """
    files = [file for path in paths for file in _files(path, problems)]
    if len(files) > MOST:
        problems.add(f"--compare: there are {len(files)} files, and {MOST} are the most")
        return ()
    found = [reference for file in dict.fromkeys(files) if (reference := _read(file, problems)) is not None]
    characters = sum(len(reference.code) for reference in found)
    if characters > LONGEST:
        problems.add(f"--compare: has {characters:,} characters of code, and {LONGEST:,} are the most")
    return tuple(found)


def _files(path: Path, problems: Problems) -> Iterator[Path]:
    if path.is_file():
        yield path
    elif path.is_dir():
        inside = sorted(file for file in path.rglob("*") if file.suffix.lower() in ENDINGS and file.is_file())
        if not inside:
            problems.add(f"--compare {str(path)!r}: holds no file ending in {', '.join(ENDINGS)}")
        yield from inside
    else:
        problems.add(f"--compare {str(path)!r}: there is no such file or folder")


def _read(file: Path, problems: Problems) -> Reference | None:
    try:
        if file.stat().st_size > LARGEST_BYTES:
            problems.add(f"--compare {str(file)!r}: is larger than {LARGEST_BYTES // 1_000_000} MB")
            return None
        code = code_of(file.name, file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        problems.add(f"--compare {str(file)!r}: cannot be read as text: {error}")
        return None
    if not code.strip():
        problems.add(f"--compare {str(file)!r}: holds no Python code")
        return None
    from assay.models.scrub import scrub

    return Reference(name=file.name, code=scrub(code))  # it is written down with the run
