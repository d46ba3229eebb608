"""Installing for a lab: by a person's leave, from maps alone, one at a time, one retry, all on the record."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from assay.core.errors import TaskError, UsageError
from assay.core.trial import TrialState
from assay.strategies.lab import Lab, read_lab
from support.lab_bench import LabBench, act, in_order, repository, run
from support.wheels import git_repository, wheel

pytestmark = pytest.mark.timeout(240)
BELOW = Path(getattr(sys, "_base_executable", sys.executable))
USE = (
    "import sys, json\nmodule = __import__(sys.argv[1])\njson.dump({'acc': module.VALUE}, open('metrics.json', 'w'))\n"
)
FILES = {"use.py": USE}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("adding")
    wheel(folder / "wheels", "our-inhouse", {"inhouse.py": "VALUE = 0.7\n"})
    wheel(folder / "wheels", "bystander", {"bystander.py": "VALUE = 0.9\n"})
    git_repository(folder / "odd", {"pkg/odd.py": "VALUE = 0.8\n"})
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PIP_NO_INDEX", "1")
        patch.setenv("PIP_FIND_LINKS", str(folder / "wheels"))
        yield folder


def lab(folder: Path, *modules: str, more: str, installs: bool = True) -> LabBench:
    repo = repository(folder / "repo", more, FILES)
    asked = [run(0, f"with {name}", command=f"python use.py {name}") for name in modules]
    # A cycle without the worker stands between two of these: the retry, or nothing.
    answers: list[Any] = [answer for one in asked for answer in (one, act("wait"))]
    return LabBench(folder / "run", repo, in_order(*answers), strategy=Lab("off", installs=installs), python=BELOW)


def test_what_is_missing_is_installed_from_the_maps_into_the_runs_own_environment_and_tried_once_more(
    tmp_path: Path, place: Path
) -> None:
    maps = (
        '[repair]\npackages = { inhouse = ["never-heard-of", "our-inhouse"] }\n'
        f"[repair.clones.odd]\nrepository = '{place / 'odd'}'\nfolder = 'pkg'\n"
    )
    bench = lab(tmp_path, "inhouse", "odd", "inhouse", more=maps)
    bench.work()
    states = [(t.recipe["command"].split()[-1], t.state, t.recipe.get("mends")) for t in bench.history.trials.values()]
    failed, complete = TrialState.FAILED, TrialState.COMPLETE
    assert states == [
        ("inhouse", failed, None),
        ("inhouse", complete, 0),
        ("odd", failed, None),
        ("odd", complete, 2),
        ("inhouse", complete, None),
    ]
    assert [bench.history.notes[f"lab/result/{n}"]["score"] for n in (1, 3)] == [0.7, 0.8]
    first, second = bench.history.notes["lab/repair/0"], bench.history.notes["lab/repair/2"]
    assert [(one["name"], one["how"], one["done"]) for one in first["tries"]] == [
        ("never-heard-of", "map", False),
        ("our-inhouse", "map", True),
    ]
    assert [(one["how"], one["done"]) for one in second["tries"]] == [("clone", True)]
    assert [c.cycle.source for c in bench.cycles][:4] == ["worker", "repair", "worker", "repair"]
    told = bench.told(5).view
    assert {"inhouse", "odd"} <= set(told.may_install)
    assert "our-inhouse: installed our-inhouse-1.2; tried once more" in told.repairs[0]
    assert "tried once more" in told.repairs[1]
    assert (bench.folder / "environment").is_dir()


def test_a_module_that_no_map_names_is_refused_and_the_worker_is_told(tmp_path: Path, place: Path) -> None:
    bench = lab(tmp_path, "bystander", more="")
    bench.work()
    (trial,) = bench.history.trials.values()
    assert "module 'bystander' is missing (no map names it, so it is not installed)" in trial.reason
    assert bench.history.notes["lab/repair/0"]["tries"] == []
    told = bench.told(2).view
    assert told.repairs == ("#0: 'bystander' is missing and stays so (no map names it); do without it",)
    assert not (bench.folder / "environment").exists()


def test_a_guess_is_one_name_and_only_where_a_person_wants_it(tmp_path: Path, place: Path) -> None:
    bench = lab(tmp_path, "bystander", more="[repair]\nguess = true\n")
    bench.work()
    assert [t.state for t in bench.history.trials.values()] == [TrialState.FAILED, TrialState.COMPLETE]
    (one,) = bench.history.notes["lab/repair/0"]["tries"]
    assert (one["name"], one["how"], one["done"]) == ("bystander", "guess", True)


def test_without_leave_nothing_is_installed_whatever_the_maps_say(tmp_path: Path, place: Path) -> None:
    more = '[repair]\nguess = true\npackages = { inhouse = "our-inhouse" }\n'
    bench = lab(tmp_path, "inhouse", more=more, installs=False)
    bench.work()
    (trial,) = bench.history.trials.values()
    assert "our-inhouse has it; nothing is installed by itself" in trial.reason
    assert bench.told(2).view.may_install is None
    assert not (bench.folder / "environment").exists()


def test_leave_is_given_with_the_run_and_maps_hold_names_alone(tmp_path: Path) -> None:
    assert Lab.from_arguments({"installs": "on"}) is not None
    with pytest.raises(UsageError, match="on or off"):
        Lab.from_arguments({"installs": "yes please"})
    repo = repository(tmp_path / "repo", "[repair]\npackages = { x = 'git+https://example.org/x' }\n")
    with pytest.raises(TaskError, match="is no name of a distribution"):
        read_lab(repo)
    repo = repository(tmp_path / "other", "[repair]\ninstalls = true\n")
    with pytest.raises(TaskError, match="installs"):
        read_lab(repo)
