"""Code tasks written, reviewed and mended by a language model, on a real loopback server, by the command line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from assay.journal.file import FileJournal
from assay.journal.history import History
from support.chat_server import Text, serving

KEY = "sk-loop-5c0de7a5c5"
GOOD = "from pathlib import Path\nPath('output').joinpath('report.md').write_text('# Report\\n' * 3)"
BAD = "total = 1 / 0  # the first draft"
VERDICT = {
    "verdict": "approve",
    "critical": [],
    "warnings": ["short"],
    "confidence": 0.9,
    "reason": "It writes one file.",
}


def told(value: object, code: str = "") -> Text:
    block = f"\n```python\n{code}\n```\n" if code else ""
    return Text(content=f"```json\n{json.dumps(value)}\n```\n{block}")


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_model_writes_reviews_and_mends_and_no_key_is_kept(tmp_path: Path) -> None:
    queue = {"meeting_id": "loop", "decisions": [{"id": "doc", "action": "Report", "type": "documentation"}]}
    (tmp_path / "queue.json").write_text(json.dumps(queue), encoding="utf-8")
    steps = [
        told({"plan": "Write it."}, BAD),
        Text(content="\u2705 \u2705 Approved, ready, looks good to me."),
        *(told(VERDICT),) * 2,
        told({"cause": "It divides by zero.", "confidence": 0.9}, GOOD),
        *(told(VERDICT),) * 4,
    ]
    words = ("run", "queue.json", "--model", "openai:gpt-loop", "--no-checkpoint")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("ASSAY_", "OPENAI_"))}
    with serving(*steps) as server:
        done = subprocess.run(
            [sys.executable, "-m", "assay", "tasks", *words, "--base-url", server.base_url],
            capture_output=True,
            text=True,
            check=False,
            cwd=tmp_path,
            env={**kept, "OPENAI_API_KEY": KEY, "ASSAY_MLFLOW": "off"},
            timeout=250,
        )
        asked = ["\n".join(m["content"] for m in request["messages"]) for request in server.requests]
    assert done.returncode == 0, done.stdout + done.stderr
    history = History(FileJournal(tmp_path / "runs" / "loop" / "events.jsonl").read())
    trial = history.trials[0]
    assert [review.verdict for review in trial.reviews] == ["approve"] * 6
    assert (trial.repairs[0].point, trial.attempts) == ("execution", 2)
    assert len(asked) == 9, "ticks in free text were asked again for a verdict"
    assert all(BAD in text for text in asked[1:5])
    assert "ZeroDivisionError" in asked[4]
    assert "file output/report.md" in asked[-1]
    assert history.usage.requests == 9
    files = [path for path in (tmp_path / "runs").rglob("*") if path.is_file()]
    assert [path for path in files if KEY.encode() in path.read_bytes()] == []
