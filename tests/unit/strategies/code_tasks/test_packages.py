"""Packages that replies ask for: those that a person allows, into the run's own environment, and no others."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from assay.core.errors import UsageError
from assay.strategies.code_tasks.packages import allowed, plain
from support.task_bench import TaskBench
from support.wheels import wheel

pytestmark = pytest.mark.timeout(240)
TASK: dict[str, Any] = {"action": "Write", "type": "documentation", "evidence_paths": ["output/a.txt"]}
CODE = "```python\n!pip install {asked}\nfrom pathlib import Path\nimport {module}\n"
CODE += "Path('output/a.txt').write_text({module}.VALUE)\n```\n"


def test_what_is_allowed_is_installed_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("inhouse", "foreign"):
        wheel(tmp_path / "wheels", f"our-{name}", {f"{name}.py": f"VALUE = 'of {name}'\n"})
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "wheels"))
    names = ("inhouse", "foreign")
    replies = {name: CODE.format(asked=f"our_{name} --pre", module=name) for name in names}
    bench = TaskBench(tmp_path / "bench")
    tasks = [{"id": name, **TASK} for name in names]
    cycle = bench.work(tasks, replies, allow=("Our-Inhouse==1.2",))
    assert cycle.statuses() == {"inhouse": "completed", "foreign": "failed"}, cycle.ends
    assert "foreign" in cycle.ends["foreign"].reason
    told = [remark.text for _, remark in cycle.history.remarks if remark.code == "W431"]
    assert told == [text for text in told if "not allowed" in text]
    assert any("our_foreign" in text for text in told)
    noted = cycle.history.notes["tasks/inhouse/installed/our-inhouse"]
    assert (noted["package"], noted["done"]) == ("Our-Inhouse==1.2", True)
    assert not any(Path(sys.prefix).glob("lib/python*/site-packages/inhouse.py"))


@pytest.mark.parametrize("text", ["--index-url=http://x", "git+https://host/x", "http://x/y.whl", "", "../folder"])
def test_addresses_and_options_are_no_packages(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        allowed([text])
    assert caught.value.code == "E167"


def test_names_are_compared_as_indexes_compare_them() -> None:
    assert plain("Our_Inhouse[all]==1.2") == plain("our-inhouse") == plain("our.inhouse>=1")
    assert allowed(["Our_Inhouse[all]==1.2"]) == {"our-inhouse": "Our_Inhouse[all]==1.2"}
