"""The gallery: every committed run is replayed from its journal, without data, a model or a sandbox."""

from __future__ import annotations

import importlib.util
import json
import re
import shutil
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from assay.core.digest import canonical_json
from assay.journal import events as ev
from assay.journal.events import Event
from assay.journal.file import FileJournal
from assay.ship.replay import replay

ROOT = Path(__file__).parents[3]
GALLERY = ROOT / "gallery"
RUNS = sorted(path.parent for path in GALLERY.glob("*/events.jsonl"))
SIX = {"bookings", "coins", "digits", "houses", "messages", "perturbation"}
MOST_BYTES = 4 * 2**20

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def script() -> ModuleType:
    """What puts runs into the gallery."""
    spec = importlib.util.spec_from_file_location("gallery_script", ROOT / "scripts" / "gallery.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def told(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    return found


def test_there_are_six_runs_each_with_its_report_on_the_page() -> None:
    assert {folder.name for folder in RUNS} == SIX
    page = (ROOT / "docs" / "gallery.md").read_text(encoding="utf-8")
    for folder in RUNS:
        assert f"gallery/{folder.name}.html" in page
        assert f"assay replay gallery/{folder.name}" in page
        assert f"assay replay gallery/{folder.name}" in (folder / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("folder", RUNS, ids=lambda folder: folder.name)
def test_every_trial_that_a_report_names_has_its_plan_and_its_code(folder: Path) -> None:
    named = set(re.findall(r'href="(trials/[^"]*)/"', (folder / "report.html").read_text(encoding="utf-8")))
    assert named
    for trial in named:
        assert (folder / trial / "plan.md").is_file()
        assert (folder / trial / "solution.py").is_file() or (folder / trial / "solution.ipynb").is_file()


@pytest.mark.parametrize("folder", RUNS, ids=lambda folder: folder.name)
def test_the_same_decisions_and_the_same_numbers_come_out_of_the_journal(folder: Path) -> None:
    done = replay(folder)
    assert done.alone
    assert [one for one in done.differences if one.decides] == []
    assert done.same
    assert done.trials + done.cut_off == len(told(folder)["trials"])
    assert done.numbers == len(told(folder)["numbers"]) > 0


def test_a_score_that_was_changed_in_a_journal_is_found(tmp_path: Path) -> None:
    folder = tmp_path / "coins"
    shutil.copytree(GALLERY / "coins", folder)
    events: list[Event] = []
    for event in FileJournal(folder / "events.jsonl").read():
        payload = event.payload
        if isinstance(payload, ev.Graded) and payload.trial == 1 and payload.view == "fold-0" and payload.score:
            payload = replace(payload, score=replace(payload.score, value=payload.score.value - 0.2))
        events.append(Event.after(events[-1] if events else None, time=event.time, payload=payload))
    text = "".join(canonical_json(event.as_dict()) + "\n" for event in events)
    (folder / "events.jsonl").write_text(text, encoding="utf-8")
    done = replay(folder)
    assert not done.same
    assert {"score"} <= {difference.what for difference in done.differences}


def test_each_run_shows_what_it_is_there_for() -> None:
    reports = {folder.name: told(folder) for folder in RUNS}
    assert reports["coins"]["finding"] == "no gain"
    assert "W203" in {remark["code"] for remark in reports["bookings"]["remarks"]}
    assert "Do not believe the score yet" in (GALLERY / "bookings" / "report.md").read_text(encoding="utf-8")
    cheats = [trial for trial in reports["digits"]["trials"] if trial["operator"] == "cheat"]
    assert [(trial["state"], trial["reason"][:3]) for trial in cheats] == [("rejected", "L01")]
    assert reports["houses"]["finding"] == "gain"


def test_they_are_small_and_tell_of_no_machine_and_no_secret(script: ModuleType) -> None:
    files = [path for path in GALLERY.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < MOST_BYTES
    for path in files:
        script.refuse(path.read_text(encoding="utf-8"), path)
    with pytest.raises(SystemExit, match="names"):
        script.refuse('File "/home/ann/run/x.py"', GALLERY / "x")
    with pytest.raises(SystemExit, match="key"):
        script.refuse("sk-" + "a1" * 16, GALLERY / "x")
