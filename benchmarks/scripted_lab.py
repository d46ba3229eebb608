"""A lab for benchmarks: a small repository, and a loopback server that plays worker and mentor from a script."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

LEFT_BEHIND = "901.0625"
"""Seconds that a child sleeps which an experiment leaves behind: what it is known by among all processes."""
TRAIN = '''\
"""Waits for some seconds and reports its argument; MODE says what else it does."""
import json, os, random, signal, subprocess, sys, time

score, mode = float(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else "plain"
draw = random.Random(int(os.environ["ASSAY_SEED"]) + hash(score))
print(f"starts with {score} as {mode}", flush=True)
if mode == "leaves":  # a child in a session of its own, which would outlive everybody
    subprocess.Popen(["sleep", "LEFT"], start_new_session=True)
if mode == "deaf":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    time.sleep(120)
if mode == "slow":
    time.sleep(120)
if mode == "talks":
    for line in range(20_000):
        print(f"step {line}: loss={draw.random():.6f} and some more words to fill the line")
for epoch in range(5):
    time.sleep(draw.uniform(0.3, 0.8))
    print(f"epoch {epoch}: acc={score + draw.gauss(0, 0.01):.4f}", flush=True)
if mode == "nan":
    print("loss=nan", flush=True)
    time.sleep(120)
if mode == "fails":
    sys.exit("ValueError: this one fails")
with open("checkpoint.bin", "wb") as stream:
    stream.write(os.urandom(200_000))
folds = [score + draw.gauss(0, 0.01) for _ in range(5)]
with open("metrics.json", "w") as stream:
    json.dump({"acc": sum(folds) / 5, "folds": folds}, stream)
'''
LAB = """\
mission = "Raise acc."
command = "python train.py 0.5"
time = "60s"
files = ["train.py"]
[metric]
name = "acc"
direction = "max"
file = "metrics.json"
parts = "folds[*]"
[mentor]
every = 4
"""
MODES = ("plain", "plain", "leaves", "plain", "fails", "plain", "nan", "plain", "slow", "talks", "plain", "deaf")
"""What the worker's runs do, over and over; a slow or a deaf one is stopped in the next cycle."""
WAIT_EVERY = 40
"""Runs between two cycles that only wait."""


def write_repository(folder: Path) -> None:
    """Write the repository, without git, into a new folder."""
    folder.mkdir()
    (folder / "train.py").write_text(TRAIN.replace("LEFT", LEFT_BEHIND), encoding="utf-8")
    (folder / "lab.toml").write_text(LAB, encoding="utf-8")


class Script:
    """Says what worker and mentor answer; one question at a time."""

    def __init__(self) -> None:
        self.runs = self.reviews = 0

    def reply(self, messages: list[dict[str, str]]) -> dict[str, Any]:
        """Return the answer to a question, as the fields of a decision or of a review."""
        system, user = messages[0]["content"], messages[-1]["content"]
        return self._decision(user) if "You run the experiments." in system else self._review()

    def _decision(self, user: str) -> dict[str, Any]:
        if "An experiment is running." in user:
            return {"action": "stop", "rationale": "It takes too long, as its output shows.", "monitor_s": 15}
        self.runs += 1
        if self.runs % WAIT_EVERY == 0:
            return {"action": "wait", "rationale": "The machine may cool down for a moment.", "monitor_s": 15}
        number, mode = self.runs, MODES[self.runs % len(MODES)]
        score = 0.5 + (number % 97) / 1_000
        return {
            "action": "run",
            "rationale": f"Run {number}: {score} was not tried as {mode}; above 0.55 it would beat the default.",
            "command": f"python train.py {score} {mode}",
            "label": f"score {score} as {mode}",
            "category": ("optimization", "model_arch", "augmentation", "loss")[number % 4],
            "monitor_s": 15,
            "stop_patterns": ["loss=nan"],
            "housekeeping": {
                "notes": f"Run {number} asked whether {score} holds as {mode}. " + "More words. " * (number % 20),
                "todo_new": [f"look at experiment {number} again, which had {score}"] if number % 5 == 0 else [],
            },
        }

    def _review(self) -> dict[str, Any]:
        self.reviews += 1
        critique = f"Review {self.reviews}: the scores so far differ by less than they vary. " * 4
        made: dict[str, Any] = {"trajectory": "on_track", "recommendation": "continue", "critique": critique}
        if self.reviews % 6:
            return made
        score = 0.6 + (self.reviews % 50) / 1_000
        suggestion = {
            "action": "run",
            "rationale": "The default's neighbourhood was looked at long enough.",
            "command": f"python train.py {score}",
            "label": f"the mentor's {score}",
            "category": "other",
            "monitor_s": 15,
        }
        return {**made, "trajectory": "off_track", "recommendation": "challenge", "suggestion": suggestion}


@contextmanager
def answering(script: Script) -> Iterator[str]:
    """Serve the script as an OpenAI-compatible model on the loopback interface; yields the address."""
    handler = type("Handler", (_Handler,), {"script": script, "lock": threading.Lock()})
    http = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    http.daemon_threads = True
    thread = threading.Thread(target=http.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{http.server_address[1]}/v1"
    finally:
        http.shutdown()
        http.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    script: Script
    lock: threading.Lock

    def handle(self) -> None:
        with suppress(ConnectionError):
            super().handle()

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        with self.lock:
            text = json.dumps(self.script.reply(body["messages"]))
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        usage = {"prompt_tokens": 2_000, "completion_tokens": 200, "total_tokens": 2_200}
        self._event(body, {"choices": [_choice({"role": "assistant", "content": text})]})
        self._event(body, {"choices": [_choice({}, finish="stop")]})
        self._event(body, {"choices": [], "usage": usage})
        self._send(b"data: [DONE]\n\n")
        self.wfile.write(b"0\r\n\r\n")

    def _event(self, body: dict[str, Any], value: dict[str, Any]) -> None:
        head = {"id": "chat-1", "object": "chat.completion.chunk", "created": 1_800_000_000, "model": body["model"]}
        self._send(b"data: " + json.dumps({**head, **value}).encode() + b"\n\n")

    def _send(self, data: bytes) -> None:
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))


def _choice(delta: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
    return {"index": 0, "delta": delta, "finish_reason": finish}
