"""Layout: a workspace made of a checkout and the files that a candidate lays over it."""

from __future__ import annotations

import os
import shutil
from pathlib import Path, PurePosixPath

from assay.core.candidate import Candidate
from assay.core.errors import IntegrityError
from assay.kinds.command.spec import overlay_of, spec_of


def lay_out(checkout: Path, digest: str, candidate: Candidate, root: Path) -> None:
    """Fill the empty folder `root` with a copy of `checkout` and the candidate's files over it.

    Links of the repository that stay within it are kept, others are left out; no file is written through a link.

    Args:
        checkout: Folder of the `Checkout`, which stays as it is.
        digest: Of that checkout.
        candidate: Of kind `command`.
        root: An empty folder.

    Raises:
        IntegrityError: The candidate was made for another state of the repository (E490).
        OSError: The disk is full.
    """
    base = spec_of(candidate).base
    if base and base != digest:
        raise IntegrityError(
            "E490", f"the candidate was made for the checkout {base[:12]}, and this one is {digest[:12]}"
        )
    shutil.copytree(checkout, root, symlinks=True, dirs_exist_ok=True)
    _drop_leaving_links(root)
    for path, text in overlay_of(candidate).items():
        _write(root, PurePosixPath(path), text)


def _drop_leaving_links(root: Path) -> None:
    top = root.resolve()
    for folder, folders, files in os.walk(root):
        for name in (*folders, *files):
            path = Path(folder, name)
            if path.is_symlink():
                target = path.readlink()
                if target.is_absolute() or not path.resolve().is_relative_to(top):
                    path.unlink()


def _write(root: Path, path: PurePosixPath, text: str) -> None:
    """Write a file whose parents are folders of the workspace; a link or a file in their place goes."""
    here = root
    for part in path.parts[:-1]:
        here = here / part
        if here.is_symlink() or (here.exists() and not here.is_dir()):
            here.unlink()
        here.mkdir(exist_ok=True)
    target = here / path.name
    if target.is_symlink():
        target.unlink()
    elif target.is_dir():
        shutil.rmtree(target)
    executable = target.exists() and bool(target.stat().st_mode & 0o100)
    target.write_text(text, encoding="utf-8")
    if executable or text.startswith("#!"):
        target.chmod(0o755)
