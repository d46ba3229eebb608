"""Faults of the machine and of people around a lab, from the command line: what was begun is ended, and told once."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from acceptance.test_lab import ENV, LAB, assay, begin, history, repository, runs, starts
from assay.core.trial import TrialState
from assay.journal import events as ev
from assay.journal.file import FileJournal
from assay.sandbox.identity import identify
from support.chat_server import After, Hang, Text, serving

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
SCRIPT = """\
import json, sys, time

told = dict(pair.split("=") for pair in sys.argv[1:])
print("starts", flush=True)
time.sleep(float(told.get("sleep", "0")))
with open("metrics.json", "w") as stream:
    json.dump({"acc": float(told["rate"]), "folds": [float(told["rate"])] * 3}, stream)
"""
FLOOD = """\
import json, os, sys

if len(sys.argv) == 1:  # the default takes the whole disk
    with open("checkpoint.bin", "wb") as stream:
        while True:
            stream.write(os.urandom(2**20))
with open("metrics.json", "w") as stream:
    json.dump({"acc": 0.5, "folds": [0.4, 0.5, 0.6]}, stream)
"""
NIGHT = """\
cp -r "$1/repo" "$1/disk" && cd "$1/disk" || exit 8
head -c 66000000 /dev/zero > filler
"$2" -m assay run repo --strategy lab --trials 2 --name lab --sandbox off --display none --no-mlflow &
until grep -q W440 runs/lab/events.jsonl 2> "$1/complaints"; do
  sleep 0.2; kill -0 $! || exit 9
done
cp runs/lab/events.jsonl "$1/while_full.jsonl"
rm filler
wait $!
echo $? > "$1/exit_code"
cp -r runs "$1/runs"
"""


def reply(**fields: Any) -> Text:
    """The worker's word."""
    rationale = "The results so far say that this is the thing to try."
    return Text(content=json.dumps({"rationale": rationale, "monitor_s": 15, **fields}))


def experiment(command: str, label: str) -> Text:
    return reply(action="run", command=command, label=label, category="optimization")


def test_stopped_during_a_call_of_the_model_with_an_experiment_under_way(tmp_path: Path) -> None:
    repo = repository(tmp_path)
    (repo / "train.py").write_text(SCRIPT, encoding="utf-8")
    engine: subprocess.Popen[str]
    refused: list[subprocess.CompletedProcess[str]] = []
    seen: list[bool] = []

    def interrupt() -> None:
        engine.send_signal(signal.SIGINT)

    def from_elsewhere() -> None:
        seen.append(bool(runs(tmp_path)))
        refused.append(assay("resume", "lab", cwd=tmp_path))
        refused.append(assay("stop", "lab", cwd=tmp_path))

    steps = (
        experiment("python train.py rate=0.4", "the first"),
        After(interrupt, Hang()),
        experiment("python train.py rate=0.5 sleep=100", "a long one"),
        After(from_elsewhere, Hang()),
    )
    with serving(*steps) as server, pytest.MonkeyPatch.context() as patch:
        patch.setitem(ENV, "OPENAI_API_KEY", "sk-loop-4c1d")
        model = ("--model", "openai:gpt-loop", "--base-url", server.base_url, "--no-mlflow")
        engine = begin("run", "repo", "--strategy", "lab", "--name", "lab", *model, cwd=tmp_path)
        _, said = engine.communicate(timeout=400)
        assert engine.returncode == 130, said
        assert "Traceback" not in said
        (first,) = history(tmp_path).trials.values()
        assert first.state is TrialState.COMPLETE

        engine = begin("resume", "lab", cwd=tmp_path)
        _, said = engine.communicate(timeout=400)
        assert "Traceback" not in said
        assert len(server.requests) == 4, said  # what was answered is not asked again, what was not, is

    second, stopped = refused
    assert (second.returncode, "error[E021]" in second.stderr) == (2, True), "one engine works on a lab"
    assert stopped.returncode == 0
    after = history(tmp_path)
    assert after.finished is not None
    assert after.finished.stopped_by == "user"
    long_one = after.trials[1]
    assert (long_one.title, long_one.state) == ("a long one", TrialState.STOPPED)
    assert starts(tmp_path) == 2
    assert (seen, runs(tmp_path)) == ([True], []), "it ran, and is ended"
    record = json.loads((tmp_path / "runs" / "lab" / "long" / "job-0001-1" / "record" / "record.json").read_text())
    assert identify(record["supervisor"]["pid"]) is None
    assert one_name_for_each_cycle(tmp_path / "runs" / "lab") >= 2


def one_name_for_each_cycle(folder: Path) -> int:
    """Return how many calls the log holds, having seen that each has the trace id of its cycle's story and event."""
    story = (folder / "story.md").read_text(encoding="utf-8")
    events = [event.payload for event in FileJournal(folder / "events.jsonl").read()]
    summaries = {f"step-{p.step:04d}": p.summary for p in events if isinstance(p, ev.StepFinished)}
    calls = [json.loads(path.read_text(encoding="utf-8")) for path in sorted((folder / "llm").glob("*.json"))]
    seen = 0
    for call in calls:
        step = call["key"].partition("/")[0]
        if step in summaries:
            assert summaries[step].startswith(call["trace"] + " | ")
            assert f"- {call['trace']} | " in story
            seen += 1
    return seen


def test_a_disk_that_is_full_and_one_that_an_experiment_fills(tmp_path: Path) -> None:
    """On a real disk of 64 MB: nothing is started without room, and what took the room costs its experiment alone."""
    bwrap = shutil.which("bwrap")
    (tmp_path / "disk").mkdir()
    (tmp_path / "repo").mkdir()
    (tmp_path / "repo" / "train.py").write_text(FLOOD, encoding="utf-8")
    (tmp_path / "repo" / "lab.toml").write_text(LAB, encoding="utf-8")
    disk = [bwrap or "", "--dev-bind", "/", "/", "--size", str(2**26), "--tmpfs", str(tmp_path / "disk")]
    if bwrap is None or subprocess.run([*disk, "true"], capture_output=True, check=False).returncode:
        pytest.skip("no bubblewrap that can make a disk of a given size")
    argv = [*disk, "sh", "-c", NIGHT, "night", str(tmp_path), sys.executable]
    done = subprocess.run(argv, capture_output=True, text=True, check=False, env=ENV, timeout=200)
    assert done.returncode == 0, done.stderr
    held = [event.payload for event in FileJournal(tmp_path / "while_full.jsonl").read()]
    assert not any(isinstance(payload, ev.AttemptStarted) for payload in held)
    after = history(tmp_path)
    told = [remark.text for _, remark in after.remarks if remark.code == "W440"]
    assert "nothing new is started" in told[0]
    assert "goes on" in told[1]
    flood, other = after.trials.values()
    assert flood.state is TrialState.FAILED
    assert other.state is TrialState.COMPLETE, "the disk is free again"
    assert after.finished is not None
    assert after.finished.stopped_by == "trials"
    assert (tmp_path / "exit_code").read_text(encoding="utf-8").strip() == "1"
    assert (tmp_path / "runs" / "lab" / "report.html").is_file()
