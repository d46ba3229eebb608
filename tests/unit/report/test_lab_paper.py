"""The paper of a lab: a study made from the journal, whose numbers all have evidence."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from assay.models.base import Request
from assay.models.scripted import Scripted
from assay.report.document import Paragraph
from assay.report.lab.paper import paper_of
from assay.report.lab.story import LabReport, lab_files
from assay.strategies.lab.config import LabConfig
from support.lab_bench import LabBench, QuickClock, act, calm, in_order, repository, run

pytestmark = pytest.mark.timeout(120)
TRAIN = """\
depth=1; width=1; broken=0
for word in "$@"; do eval "$word"; done
[ "$broken" = 0 ] || exit 3
score=$((500 + 100 * depth + 30 * width))
folds="0.$((score - 3 * width)), 0.$score, 0.$((score + 2 * depth))"
echo "{\\"acc\\": 0.$score, \\"folds\\": [$folds]}" > metrics.json
"""
LAB = """\
mission = "Raise acc <b>soon</b>."
command = "sh train.sh"
[metric]
name = "acc"
direction = "max"
file = "metrics.json"
parts = "folds[*]"
[mentor]
every = 2
applies = false
[[options]]
name = "depth"
flag = "{name}={value}"
default = "1"
values = ["1", "2"]
[[options]]
name = "width"
flag = "{name}={value}"
default = "1"
values = ["1", "2"]
"""
CRITIQUE = "The gain of 0.777 that was hoped for is not seen; 0.76 is what there is."


def tried(words: str, label: str) -> dict[str, Any]:
    return run(0, label, command=f"sh train.sh {words}".strip())


def challenge(request: Request[Any]) -> Scripted:
    told: Any = request.inputs
    fields = {"trajectory": "off_track", "recommendation": "challenge", "critique": CRITIQUE}
    return {**calm(), **fields, "suggestion": act("wait")} if told.view.cycle == 6 else calm()


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> LabBench:
    folder = tmp_path_factory.mktemp("paper")
    repo = repository(folder / "repo", files={"train.sh": TRAIN, "lab.toml": LAB})
    both = tried("depth=2 width=2", "both")
    script = (tried("", "default"), tried("depth=2", "deeper"), tried("width=2", "wider"), both)
    broken = tried("broken=1", "does not work")
    answers = in_order(*script, broken, both, mentor=challenge)
    made = LabBench(folder / "run", repo, answers, clock=QuickClock(400.0))
    assert made.work().stopped_by == "finished"
    return made


@pytest.fixture(scope="module")
def files(bench: LabBench) -> Mapping[str, str]:
    return lab_files(bench.history, final=True)


def test_it_has_the_parts_of_a_study_and_tables_and_figures_that_the_text_names(files: Mapping[str, str]) -> None:
    paper = files["paper.md"]
    titles = re.findall(r"^## (\d+)\\\. (.*)$", paper, re.MULTILINE)
    assert [int(place) for place, _ in titles] == list(range(1, 11))
    for wanted in ("Setup", "Method", "Results", "What single changes are worth", "Limitations", "How to do it again"):
        assert wanted in [title for _, title in titles]
    tables = re.findall(r"\*\*Table (\d)\.\*\*", paper)
    assert tables == ["1", "2", "3", "4", "5"]
    text = paper.replace("**Table", "")
    assert all(f"Table {number}" in text for number in tables[:4])
    for name in ("lab-course", "lab-changes"):
        assert f"(plots/{name}.svg)" in paper
        assert files[f"plots/{name}.svg"].lstrip().startswith("<?xml")
        assert files["paper.html"].count("<svg") == 2
    assert "&lt;b&gt;soon" in files["paper.html"]
    assert "<b>soon" not in paper.replace("\\<b>soon", "")


def test_single_changes_are_compared_with_the_default_and_with_the_best(files: Mapping[str, str]) -> None:
    rows = [
        re.split(r"\s*\|\s*", line.strip("| ")) for line in files["paper.md"].splitlines() if line.startswith("| #")
    ]
    assert ["#1", "depth", "2", "1", "0.73", "0.1"] in rows
    assert ["#2", "width", "2", "1", "0.66", "0.03"] in rows
    assert ["#1", "width", "1", "2", "0.73", "-0.03"] in rows, "what the best owes to its width"
    assert ["#2", "depth", "1", "2", "0.66", "-0.1"] in rows
    numbers = json.loads(files["report.json"])["numbers"]
    assert numbers["lab.1.over_default"]["value"] == pytest.approx(0.1)
    assert numbers["lab.2.over_best"]["source"] == "derived"


def test_all_numbers_of_its_own_text_are_cited_and_those_of_others_are_marked(bench: LabBench) -> None:
    lab = LabReport(bench.history, LabConfig.model_validate(bench.history.notes["lab/config"]), final=True, top=3)
    paper = paper_of(lab)
    told = [paper.answer, *(b.parts for s in paper.sections for b in s.blocks if isinstance(b, Paragraph))]
    known = re.compile(r"\b(?:0\.05|95 %|Table \d|[Ff]igure \d)|\[1\].*|\bevery 2 cycles|Learning 52.*")
    own = [known.sub("", part) for cell in told for part in cell if isinstance(part, str)]
    assert [part for part in own if re.search(r"\d", part)] == []
    text = lab_files(bench.history, final=True)["paper.md"]
    assert "nothing measured backs 0.777.)" in text, "0.76 was reported"


def test_a_lab_without_a_score_has_a_paper_that_says_so(tmp_path: Path) -> None:
    repo = repository(tmp_path / "repo", files={"train.sh": TRAIN, "lab.toml": LAB})
    bench = LabBench(tmp_path / "run", repo, in_order(tried("broken=1", "does not work")), clock=QuickClock(400.0))
    bench.work()
    files = lab_files(bench.history, final=False)
    assert "No experiment reported a score." in files["paper.md"]
    assert "still at work" in files["paper.md"]
    assert not [name for name in files if name.startswith("plots/")]
