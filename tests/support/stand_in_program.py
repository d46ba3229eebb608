"""A program that stands in for Claude Code, Codex, Gemini CLI or one of a person's own.

It speaks the format of the program whose name its file has, and does what its folder's `plan.json` says: one step for
each call, the last one for all further calls. What it was given is kept in `call-N.json`. A step may hold:

    say       answer with this text                 finish  stop reason of the answer (claude)
    search    say that the web was searched before
    fail      fail with these words                 status  HTTP status that belongs to them
    print     print this text as it is              stderr  the same on standard error
    exit      exit code                             signal  end by this signal
    flood     print this many bytes                 write   leave a file of this name in the working folder
    child     leave a process behind: "group" for one of the same group, "session" for one of its own
    hang      sleep until killed                    deaf    ignore SIGTERM
    unread    close standard input unread
"""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO


@dataclass(frozen=True)
class StandIn:
    """An installed stand-in."""

    folder: Path
    path: Path

    @property
    def environ(self) -> dict[str, str]:
        """Variables of a person who has it on PATH."""
        return {"PATH": f"{self.path.parent}:/usr/bin:/bin", "HOME": str(self.folder), "LANG": "C.UTF-8"}

    @property
    def calls(self) -> list[dict[str, Any]]:
        """What each call was given, oldest first."""
        paths = sorted(self.folder.glob("call-*.json"), key=lambda path: int(path.stem.split("-")[1]))
        return [json.loads(path.read_text(encoding="utf-8")) for path in paths]


class LateOnceCalled:
    """A clock by which the time is up as soon as a stand-in has been given its question."""

    def __init__(self, program: StandIn) -> None:
        self._program = program

    def now(self) -> float:
        return 1_790_000_000.0

    def monotonic(self) -> float:
        return 1e9 if self._program.calls else 0.0

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


def install(folder: Path, name: str, *plan: Mapping[str, Any]) -> StandIn:
    """Put a stand-in called `name` into `folder`, with what it shall do at each call."""
    path = folder / "bin" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!{sys.executable} -IS\n" + Path(__file__).read_text(encoding="utf-8"), encoding="utf-8")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    (folder / "plan.json").write_text(json.dumps(plan), encoding="utf-8")
    return StandIn(folder=folder, path=path)


def main(program: Path) -> int:
    """Do one step of the plan."""
    folder = program.parent.parent
    plan = json.loads((folder / "plan.json").read_text(encoding="utf-8"))
    number = len(list(folder.glob("call-*.json")))
    step = plan[min(number, len(plan) - 1)]
    if step.get("deaf"):
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    stdin = ""
    if step.get("unread"):
        os.close(0)
    else:
        stdin = sys.stdin.buffer.read().decode()
    call: dict[str, Any] = {
        "argv": sys.argv[1:],
        "stdin": stdin,
        "env": dict(os.environ),
        "cwd": str(Path.cwd()),
        "files": sorted(path.name for path in Path.cwd().iterdir()),
        "pid": os.getpid(),
    }
    if step.get("child"):
        call["child"] = _leave_a_child(own_session=step["child"] == "session")
    if step.get("write"):
        Path(step["write"]).write_text("left here", encoding="utf-8")
    # Whole at once: a test waits for it.
    draft = folder / f"draft-{os.getpid()}"
    draft.write_text(json.dumps(call), encoding="utf-8")
    draft.rename(folder / f"call-{number}.json")
    return _act(step, program.stem)


def _leave_a_child(*, own_session: bool) -> int:
    # It holds the output open, as a forgotten helper does.
    code = "import time; time.sleep(600)"
    return subprocess.Popen([sys.executable, "-IS", "-c", code], start_new_session=own_session).pid


def _act(step: Mapping[str, Any], name: str) -> int:
    while step.get("hang"):
        time.sleep(60)
    if "flood" in step:
        block = "[STARTUP] so much to say\n" * 1000
        for _ in range(step["flood"] // len(block)):
            sys.stdout.write(block)
    sys.stdout.write(step.get("print", ""))
    sys.stderr.write(step.get("stderr", ""))
    if "say" in step:
        _SAY[name if name in _SAY else ""](step)
    if "fail" in step:
        return _FAIL[name if name in _FAIL else ""](step)
    sys.stdout.flush()
    if "signal" in step:
        signal.signal(step["signal"], signal.SIG_DFL)
        os.kill(os.getpid(), step["signal"])
    return int(step.get("exit", 0))


def _put(line: str, stream: TextIO = sys.stdout) -> None:
    stream.write(line + "\n")


def _say_claude(step: Mapping[str, Any], **changes: Any) -> None:
    tokens = {"input_tokens": 11, "cache_creation_input_tokens": 5, "cache_read_input_tokens": 7, "output_tokens": 3}
    result = {
        "type": "result",
        "subtype": "success",
        "is_error": False,
        "api_error_status": None,
        "num_turns": 1,
        "result": step.get("say", ""),
        "stop_reason": step.get("finish", "end_turn"),
        "session_id": "0f8eefb4-ea31-49db-91cb-94ef02821f0f",
        "total_cost_usd": 0.0025,
        "usage": {**tokens, "service_tier": "standard"},
        "modelUsage": {
            "claude-small": {"outputTokens": 1},
            "claude-large": {"outputTokens": 3, "webSearchRequests": step.get("search", 0)},
        },
        **changes,
    }
    _put(json.dumps(result))


def _fail_claude(step: Mapping[str, Any]) -> int:
    nothing = {"input_tokens": 0, "cache_creation_input_tokens": 0, "cache_read_input_tokens": 0, "output_tokens": 0}
    _say_claude(
        step,
        is_error=True,
        api_error_status=step.get("status"),
        result=step["fail"],
        usage=nothing,
        modelUsage={},
        total_cost_usd=0,
    )
    return 1


def _say_codex(step: Mapping[str, Any]) -> None:
    usage = {"input_tokens": 11, "cached_input_tokens": 4, "output_tokens": 3, "reasoning_output_tokens": 1}
    _events(
        {"type": "turn.started"},
        {"type": "error", "message": "Reconnecting... 2/5 (unexpected status 404 Not Found)"},
        {"type": "item.completed", "item": {"id": "item_0", "type": "error", "message": "Falling back to HTTPS."}},
        {"type": "item.completed", "item": {"id": "item_1", "type": "agent_message", "text": "I will answer now."}},
        *([{"type": "item.completed", "item": {"type": "web_search", "query": "q"}}] if step.get("search") else []),
        {"type": "item.completed", "item": {"id": "item_2", "type": "agent_message", "text": step["say"]}},
        {"type": "turn.completed", "usage": usage},
    )


def _fail_codex(step: Mapping[str, Any]) -> int:
    status = f"unexpected status {step['status']} : " if "status" in step else ""
    error = {"message": status + step["fail"]}
    _events({"type": "turn.started"}, {"type": "error", **error}, {"type": "turn.failed", "error": error})
    return 1


def _events(*events: Mapping[str, Any]) -> None:
    for event in ({"type": "thread.started", "thread_id": "01a1fee8-ba8a-7230-bec6-ebb06e3cf8c2"}, *events):
        _put(json.dumps(event))


def _say_gemini(step: Mapping[str, Any]) -> None:
    tokens = {"input": 7, "prompt": 11, "candidates": 3, "total": 16, "cached": 4, "thoughts": 2, "tool": 0}
    tools = {"google_web_search": {"count": 1}} if step.get("search") else {}
    stats = {"models": {"gemini-large": {"api": {"totalRequests": 1}, "tokens": tokens}}, "tools": {"byName": tools}}
    _put("[STARTUP] Phase 'cleanup_ops' was started but never ended.", sys.stderr)
    _put(json.dumps({"session_id": "e5e482a4", "response": step["say"], "stats": stats}, indent=2))


def _fail_gemini(step: Mapping[str, Any]) -> int:
    words, code = step["fail"], step.get("status", 1)
    if "status" in step:
        words = json.dumps({"error": {"code": code, "message": words, "status": "SOMETHING"}})
    _put("    at async Turn.run (file:///gemini.js:1:1) {\n  status: 1\n}", sys.stderr)
    error = {"session_id": "2fc32a77", "error": {"type": "Error", "message": words, "code": code}}
    _put(json.dumps(error, indent=2), sys.stderr)
    return int(code) & 0xFF


def _say_plain(step: Mapping[str, Any]) -> None:
    _put(step["say"])


def _fail_plain(step: Mapping[str, Any]) -> int:
    _put(step["fail"], sys.stderr)
    return 3


_SAY = {"claude": _say_claude, "codex": _say_codex, "gemini": _say_gemini, "": _say_plain}
_FAIL = {"claude": _fail_claude, "codex": _fail_codex, "gemini": _fail_gemini, "": _fail_plain}

if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[0]).absolute()))
