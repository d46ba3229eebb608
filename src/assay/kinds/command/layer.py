"""Layer: a run's own environment over an interpreter: it sees all that is installed there, and adds to it alone.

Packages come as wheels, so that nothing of them runs while they are installed; a repository that is cloned is put on
the path as it is, and not built. What would run at the start of every interpreter is taken away again: code of others
runs in the sandbox or not at all.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from assay.core.digest import digest_text
from assay.core.files import write_whole
from assay.kinds.command.calling import Said, call

MOST_S = 900.0
"""Most seconds of one installation or clone."""
_SAID = 300
_SPEC = r"(?:==|~=|!=|>=|<=|>|<)[A-Za-z0-9.*+!_-]+"
_REQUIREMENT = re.compile(
    rf"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?(?:\[[A-Za-z0-9._,-]+\])?(?:{_SPEC}(?:,{_SPEC})*)?"
)
_MADE, _OVER, _CLONES = "made", "_over.pth", "_clones.pth"
"""Files of ours; the clones' is read before the other, so that a clone goes before what is installed."""
_AT_START = ("sitecustomize*", "usercustomize*", "keyring*")
"""Modules that every interpreter imports when it starts, and one that pip does."""
_BELOW = "import json, site, sys; print(json.dumps([site.getsitepackages(), sys._base_executable]))"
_OTHERS = (22, 3)
"""Version of pip from which on it installs for another interpreter."""


@dataclass(frozen=True, kw_only=True)
class Layer:
    """An environment in a folder of its own.

    Args:
        folder: Made with the first thing that is added.
        over: The interpreter whose packages it sees; None for the one that runs this process.
        is_over: Whether whoever asked has gone; what is under way is then ended.
        most_s: Most seconds of one installation or clone.
    """

    folder: Path
    over: Path | None = None
    is_over: Callable[[], bool] = field(default=lambda: False)
    most_s: float = MOST_S

    @property
    def python(self) -> Path | None:
        """Its interpreter, or None if nothing was ever added."""
        return self._python if (self.folder / _MADE).exists() else None

    @property
    def _python(self) -> Path:
        return self.folder / "bin" / "python"

    def install(self, requirement: str, *, module: str = "") -> Said:
        """Add one distribution with what it needs, as wheels from wherever the machine's pip takes them.

        Args:
            requirement: Name of a distribution, perhaps with extras and versions; no address and no option.
            module: What it must hold; empty if that is not known.
        """
        if not _REQUIREMENT.fullmatch(requirement):
            return Said(done=False, words=f"{requirement!r} is no name of a distribution")
        made = self._make()
        if made is not None:
            return made
        pip = [*json.loads((self.folder / _MADE).read_text(encoding="utf-8")), "--no-input", "install"]
        had_pip = (self._site / "pip").exists()
        done = self._call([*pip, "--only-binary", ":all:", "--no-warn-script-location", requirement])
        self._disarm()
        if not had_pip:
            shutil.rmtree(self._site / "pip", ignore_errors=True)  # it would be taken for the one that installs
        if not done.done:
            return done
        if module and not self._holds(self._site, module):
            return Said(done=False, words=f"it was installed, and holds no module {module!r}")
        return Said(done=True, words=_installed(done.words))

    def clone(self, repository: str, *, module: str = "", ref: str = "", folder: str = "") -> Said:
        """Add one git repository, as of one commit and without its history.

        Args:
            repository: Address, or path of a folder.
            module: What `folder` of it, or `src` in that, must hold; empty if that is not known.
            ref: Branch or tag; empty for the usual one.
            folder: Within the repository, with `/`; empty for its top.
        """
        if repository.startswith("-") or ref.startswith("-") or "::" in repository:
            return Said(done=False, words=f"{repository!r} is no address of a repository")
        if PurePosixPath(folder).is_absolute() or ".." in PurePosixPath(folder).parts:
            return Said(done=False, words=f"{folder!r} is no place within a repository")
        made = self._make()
        if made is not None:
            return made
        place = self.folder / "clones" / digest_text(f"{repository} {ref} {folder} {module}")[:12]
        shutil.rmtree(place, ignore_errors=True)
        place.parent.mkdir(exist_ok=True)
        local = Path(repository).expanduser()
        address = local.resolve().as_uri() if local.is_dir() else repository
        branch = ["--branch", ref] if ref else []
        git = ["git", "-c", "core.hooksPath=/dev/null", "clone", "--quiet", "--depth", "1", "--no-tags", *branch]
        done = self._call([*git, "--", address, str(place)])
        if not done.done:
            return done
        commit = self._call(["git", "-C", str(place), "rev-parse", "HEAD"]).words[:12]
        shutil.rmtree(place / ".git")
        tops = [place / folder, place / folder / "src"]
        top = next((one for one in tops if self._holds(one, module)), None) if module else tops[0]
        if top is None:
            shutil.rmtree(place)
            return Said(done=False, words=f"it was cloned at {commit}, and holds no module {module!r}")
        self._put_on_path(top)
        return Said(done=True, words=f"cloned at {commit}")

    # --- making it --------------------------------------------------------------------------------------------------

    @property
    def _site(self) -> Path:
        return next(iter(sorted(self.folder.glob("lib/python*/site-packages"))), self.folder / "lib")

    def _make(self) -> Said | None:
        """Make the environment where there is none; return why it could not be made."""
        if self.python is not None:
            return None
        shutil.rmtree(self.folder, ignore_errors=True)
        over = os.path.abspath(self.over or sys.executable)  # noqa: PTH100 - resolve() would leave the venv
        done = self._call([over, "-I", "-m", "venv", "--without-pip", str(self.folder)])
        below = self._call([over, "-I", "-c", _BELOW])
        if not (done.done and below.done):
            failed = done if below.done else below
            return Said(done=False, words=f"no environment of its own could be made: {failed.words}")
        sites, base = json.loads(below.printed)
        self._link()
        write_whole(self._site / _OVER, f"import site; list(map(site.addsitedir, {json.dumps(sites)}))\n")
        pip = self._pip(base)
        if isinstance(pip, Said):
            return pip
        write_whole(self.folder / _MADE, json.dumps(pip))
        return None

    def _pip(self, base: str) -> list[str] | Said:
        """Return how pip is called for this environment, or why it cannot be.

        Args:
            base: The interpreter at the bottom, whose pip serves where those above have none.
        """
        own = [str(self._python), "-I", "-m", "pip"]
        if self._call([*own, "--version"]).done:
            return [*own, "--disable-pip-version-check"]
        version = re.match(r"pip (\d+)\.(\d+)", self._call([base, "-I", "-m", "pip", "--version"]).words)
        if version is not None and (int(version[1]), int(version[2])) >= _OTHERS:
            return [base, "-I", "-m", "pip", "--disable-pip-version-check", "--python", str(self._python)]
        got = self._call([str(self._python), "-I", "-m", "ensurepip"])
        self._disarm()
        return [*own, "--disable-pip-version-check"] if got.done else Said(done=False, words=f"no pip: {got.words}")

    def _put_on_path(self, top: Path) -> None:
        file = self._site / _CLONES
        line = os.path.relpath(top, self._site)
        known = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
        write_whole(file, "".join(f"{one}\n" for one in dict.fromkeys((line, *known))))

    def _disarm(self) -> None:
        """Take away what an installation brought that would run outside of the sandbox, with the next call of ours."""
        for path in self._site.glob("*.pth"):
            if path.name not in (_OVER, _CLONES):
                path.unlink()
        for pattern in _AT_START:
            for path in self._site.glob(pattern):
                if path.is_dir() and not path.is_symlink():
                    shutil.rmtree(path)
                else:
                    path.unlink()
        self._link()

    def _link(self) -> None:
        """Make its interpreter the link that it must be: to the one below, not to what that is a link to."""
        over = os.path.abspath(self.over or sys.executable)  # noqa: PTH100 - resolve() would leave the venv
        self._python.unlink(missing_ok=True)
        self._python.symlink_to(over)

    @staticmethod
    def _holds(top: Path, module: str) -> bool:
        compiled = any(top.glob(f"{module}.*.so")) if top.is_dir() else False
        return (top / module).is_dir() or (top / f"{module}.py").is_file() or compiled

    def _call(self, argv: Sequence[str]) -> Said:
        return call(argv, is_over=self.is_over, most_s=self.most_s)


def is_requirement(text: str) -> bool:
    """Return whether `text` names a distribution, perhaps with extras and versions: no address, no option."""
    return _REQUIREMENT.fullmatch(text) is not None


def _installed(words: str) -> str:
    """Return what pip says that it installed, for people."""
    return words.replace("Successfully installed", "installed", 1)[:_SAID]
