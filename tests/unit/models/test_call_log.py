from __future__ import annotations

import json
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from assay.core.clock import FakeClock
from assay.core.errors import ProviderDown, ReplyInvalid
from assay.core.trace import trace_id
from assay.models.call_log import CallLog
from assay.models.scrub import Scrubber
from support.completers import ScriptedCompleter, completion, prompt


def log(folder: Path, environ: dict[str, str] | None = None) -> CallLog:
    return CallLog(folder, scrubber=Scrubber(environ or {}), clock=FakeClock())


def test_a_call_is_kept_with_all_that_matters(tmp_path: Path) -> None:
    log(tmp_path / "llm")(ScriptedCompleter([completion("hello")])).complete(prompt("question"))
    entry = json.loads((tmp_path / "llm" / "0001-draft.json").read_text())
    assert entry == {
        "call": 1,
        "role": "draft",
        "key": "q/1",
        "purpose": "ask",
        "model": "test:model-1",
        "at": "2027-01-15T08:00:00Z",
        "finish": "stop",
        "requests": 1,
        "input_tokens": 1_000,
        "cached_tokens": 0,
        "output_tokens": 0,
        "reasoning_tokens": 0,
        "cost_usd": "0.01",
        "reply": "hello",
        "thinking": "",
        "latency_s": 0.0,
        "messages": [{"role": "user", "content": "question"}],
    }


def test_a_call_of_a_step_has_the_trace_id_of_its_cycle(tmp_path: Path) -> None:
    log = CallLog(tmp_path, scrubber=Scrubber({}), clock=FakeClock(), run="calm-otter")
    for key in ("step-0011/worker", "step-0011/mentor", "baselines"):
        log(ScriptedCompleter([completion()])).complete(replace(prompt(), key=key))
    first, second, other = (json.loads(path.read_text()) for path in sorted(tmp_path.iterdir()))
    assert first["trace"] == second["trace"] == trace_id("calm-otter", 12)
    assert "trace" not in other


def test_a_failed_call_is_kept_with_its_raw_text(tmp_path: Path) -> None:
    logged = log(tmp_path)(ScriptedCompleter([ReplyInvalid("too long", raw="garbage"), ProviderDown("gone")]))
    for expected in (ReplyInvalid, ProviderDown):
        with pytest.raises(expected):
            logged.complete(prompt())
    first, second = (json.loads(path.read_text()) for path in sorted(tmp_path.iterdir()))
    assert (first["error"]["code"], first["reply"]) == ("E301", "garbage")
    assert second["error"]["message"] == "gone"


def test_numbers_go_on_after_a_restart(tmp_path: Path) -> None:
    for role in ("draft", "a/../b"):
        log(tmp_path)(ScriptedCompleter([completion()])).complete(prompt(role=role))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["0001-draft.json", "0002-a-b.json"]


def test_threads_get_numbers_of_their_own(tmp_path: Path) -> None:
    logged = log(tmp_path)(ScriptedCompleter([completion()] * 8))
    threads = [threading.Thread(target=logged.complete, args=(prompt(),)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(list(tmp_path.iterdir())) == 8


def test_secrets_are_masked_even_where_json_would_escape_them(tmp_path: Path) -> None:
    secret = 'pa"ss\\word\n42'
    logged = log(tmp_path, {"DB_PASSWORD": secret})(ScriptedCompleter([completion(f"it is {secret}!")]))
    logged.complete(prompt(f"use {secret}"))
    entry = json.loads((tmp_path / "0001-draft.json").read_text())
    assert entry["reply"] == "it is [secret]!"
    assert entry["messages"][0]["content"] == "use [secret]"


def test_text_that_is_no_unicode_is_still_kept(tmp_path: Path) -> None:
    log(tmp_path)(ScriptedCompleter([completion("half \ud83d pair")])).complete(prompt())
    assert "half" in json.loads((tmp_path / "0001-draft.json").read_text())["reply"]
