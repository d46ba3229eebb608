"""A run's own environment: wheels and clones added to it alone, nothing of others run, and nothing but names taken."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from assay.kinds.command import Layer, is_requirement
from support.wheels import git_repository, wheel

pytestmark = pytest.mark.timeout(180)
BELOW = Path(getattr(sys, "_base_executable", sys.executable))
"""Usually has pip, which the environment of the tests need not."""
LOUD = "import pathlib; pathlib.Path('{file}').write_text('it ran')\n"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("layer")
    loud = LOUD.format(file=folder / "ran")
    files = {
        "inhouse/__init__.py": "VALUE = 0.7\n",
        "inhouse.pth": loud,
        "sitecustomize.py": loud,
        "pip/__init__.py": loud,
        "our_inhouse-1.2.data/scripts/python": f"#!{BELOW}\n{loud}",
    }
    wheel(folder / "wheels", "our-inhouse", files, needs="our-base")
    wheel(folder / "wheels", "our-base", {"base_of_it.py": ""})
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PIP_NO_INDEX", "1")
        patch.setenv("PIP_FIND_LINKS", str(folder / "wheels"))
        yield folder


@pytest.fixture(scope="module")
def layer(place: Path) -> Layer:
    return Layer(folder=place / "environment", over=BELOW)


def says(layer: Layer, code: str) -> str:
    assert layer.python is not None
    done = subprocess.run([layer.python, "-c", code], capture_output=True, text=True, check=False)
    return (done.stdout + done.stderr).strip()


def test_a_wheel_is_installed_with_what_it_needs_and_nothing_of_it_runs(layer: Layer, place: Path) -> None:
    said = layer.install("our-inhouse==1.2", module="inhouse")
    assert said.done, said
    assert "our-inhouse-1.2" in said.words
    assert says(layer, "import inhouse, base_of_it; print(inhouse.VALUE)") == "0.7"
    layer.install("never-heard-of")
    assert not (place / "ran").exists(), "its .pth, its sitecustomize, its pip or its python ran"
    missing = subprocess.run([BELOW, "-c", "import inhouse"], capture_output=True, check=False)
    assert missing.returncode != 0, "the interpreter below stays as it is"


def test_what_the_index_lacks_and_what_holds_another_module_is_told(layer: Layer) -> None:
    assert "No matching distribution" in layer.install("never-heard-of", module="never").words
    other = layer.install("our-base", module="something_else")
    assert (other.done, other.words) == (False, "it was installed, and holds no module 'something_else'")


@pytest.mark.parametrize(
    "name", ["git+https://example.org/x.git", "--pre", "./here", "a @ file:///b", "a b", "a;b", ""]
)
def test_only_names_of_distributions_are_taken(name: str, tmp_path: Path) -> None:
    assert not is_requirement(name)
    fresh = Layer(folder=tmp_path / "environment", over=BELOW)
    assert not fresh.install(name).done
    assert fresh.python is None, "nothing was made for it"


def test_a_clone_is_put_on_the_path_without_its_history_and_goes_first(layer: Layer, place: Path) -> None:
    files = {"deep/src/odd/__init__.py": "VALUE = 3\n", "deep/src/base_of_it.py": "VALUE = 'cloned'\n"}
    repo = git_repository(place / "odd", {**files, "setup.py": "raise SystemExit('it was built')\n"})
    said = layer.clone(str(repo), module="odd", ref="main", folder="deep")
    assert said.done, said
    assert says(layer, "import odd; print(odd.VALUE)") == "3"
    assert not list((layer.folder / "clones").glob("*/.git"))
    assert "holds no module 'even'" in layer.clone(str(repo), module="even").words
    assert says(layer, "import odd; print(odd.VALUE)") == "3", "a refused clone takes nothing away"


@pytest.mark.parametrize(("address", "folder"), [("--upload-pack=x", ""), ("ext::sh -c true", ""), ("x", "../..")])
def test_no_address_is_an_option_or_a_command(address: str, folder: str, tmp_path: Path) -> None:
    fresh = Layer(folder=tmp_path / "environment", over=BELOW)
    assert not fresh.clone(address, module="x", folder=folder).done
    assert fresh.python is None


def test_who_has_gone_waits_for_nothing(tmp_path: Path) -> None:
    gone = Layer(folder=tmp_path / "environment", over=BELOW, is_over=lambda: True)
    said = gone.install("our-base", module="base_of_it")
    assert not said.done
    assert "the run was stopped" in said.words
