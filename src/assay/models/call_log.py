"""Every call to a provider kept as a file: what was asked, what came back, how long it took, what it cost."""

from __future__ import annotations

import json
import re
import threading
from pathlib import Path
from typing import Any

from assay.core.clock import Clock, SystemClock, iso_utc
from assay.core.errors import ModelError
from assay.core.files import write_whole
from assay.core.trace import trace_of
from assay.core.usage import Usage
from assay.models.completion import Around, Completer, Completion, Prompt
from assay.models.scrub import Scrubber


class CallLog:
    """A layer that writes `NNNN-role.json` into a folder, keys scrubbed, each file whole.

    Args:
        folder: Made if missing; numbers go on after the files already there.
        scrubber: What masks the secrets; by default those of the process's environment.
        clock: Dates and measures the calls.
        run: Name of the run; each call of one of its steps is then kept with the step's trace id.
    """

    def __init__(
        self, folder: Path, *, scrubber: Scrubber | None = None, clock: Clock | None = None, run: str = ""
    ) -> None:
        self._folder = folder
        self._scrubber = scrubber or Scrubber()
        self._clock = clock or SystemClock()
        self._run = run
        self._lock = threading.Lock()
        self._last: int | None = None

    def __call__(self, completer: Completer) -> Completer:
        """Return `completer` with its calls logged."""
        return _LoggedCompleter(self, completer)

    def keep(self, prompt: Prompt, completer: Completer) -> Completion:
        """Make one call and keep it, whether it succeeds or not."""
        started_at, started = self._clock.now(), self._clock.monotonic()
        entry: dict[str, Any] = {
            "role": prompt.role,
            "key": prompt.key,
            **self._traced(prompt.key),
            "purpose": prompt.purpose.value,
            "model": completer.name,
            "at": iso_utc(started_at),
        }
        try:
            completion = completer.complete(prompt)
        except ModelError as error:
            entry |= {"error": error.as_dict(), "reply": getattr(error, "raw", "")}
            if error.usage.requests:
                entry |= _counted(error.usage)
            raise
        else:
            entry |= _told(completion)
            return completion
        finally:
            entry["latency_s"] = round(self._clock.monotonic() - started, 3)
            entry["messages"] = [{"role": m.role, "content": m.content} for m in prompt.messages]
            self._write(prompt.role, entry)

    def _traced(self, key: str) -> dict[str, str]:
        """Return the trace id that the line of the story and the journal's step have, too; nothing outside a step."""
        trace = trace_of(self._run, key) if self._run else ""
        return {"trace": trace} if trace else {}

    def _write(self, role: str, entry: dict[str, Any]) -> None:
        number = self._next_number()
        safe = re.sub(r"[^A-Za-z0-9_-]+", "-", role) or "role"
        text = json.dumps(self._scrubber.scrub_json({"call": number, **entry}), indent=1, ensure_ascii=False)
        # Text of a model may hold lone surrogates, which UTF-8 cannot say.
        content = text.encode("utf-8", "backslashreplace")
        write_whole(self._folder / f"{number:04d}-{safe}.json", content + b"\n", mode=0o600)

    def _next_number(self) -> int:
        with self._lock:
            if self._last is None:
                self._folder.mkdir(parents=True, exist_ok=True)
                names = (path.name.split("-", 1)[0] for path in self._folder.glob("[0-9]*-*.json"))
                self._last = max((int(name) for name in names if name.isdigit()), default=0)
            self._last += 1
            return self._last


class _LoggedCompleter(Around):
    def __init__(self, log: CallLog, completer: Completer) -> None:
        self._log = log
        super().__init__(completer)

    def complete(self, prompt: Prompt) -> Completion:
        return self._log.keep(prompt, self._completer)


def _told(completion: Completion) -> dict[str, Any]:
    looked = {"searched": True, "sources": list(completion.sources)} if completion.searched else {}
    return {
        **looked,
        "model": completion.model,
        "finish": completion.finish.value,
        **_counted(completion.usage),
        "reply": completion.text,
        "thinking": completion.thinking,
    }


def _counted(usage: Usage) -> dict[str, Any]:
    return {
        "requests": usage.requests,
        "input_tokens": usage.input_tokens,
        "cached_tokens": usage.cached_tokens,
        "output_tokens": usage.output_tokens,
        "reasoning_tokens": usage.reasoning_tokens,
        "cost_usd": None if usage.cost_usd is None else str(usage.cost_usd),
    }
