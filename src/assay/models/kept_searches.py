"""Kept searches: what the web said on a task is not searched for again by the next run on the same task.

A question is known again by what it asks about: role, task and data, machine, what catalogue and person offer, and the
seed. Times and scores of a run, which are never the same twice, are left out of that.
"""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from assay.core.clock import Clock, SystemClock
from assay.core.codec import encode
from assay.core.digest import digest_json
from assay.core.errors import ProviderDown
from assay.core.files import write_whole
from assay.models.base import Answer, Model, R, Request

DAY_S = 86_400.0
FRESH_S = 14 * DAY_S
"""Age up to which an answer is taken without asking: what does well on a kind of data changes slowly."""

_PASSING = frozenset({"lab_worker", "lab_mentor"})
"""Roles whose answers are decisions of one moment: nobody will put the same question again."""

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class _Kept:
    """An earlier answer."""

    entry: dict[str, Any]
    age_s: float

    @property
    def dated(self) -> str:
        return datetime.fromtimestamp(self.entry["at"], UTC).date().isoformat()


class KeptSearches:
    """Answers questions that search the web from earlier runs, where these are fresh; all others go to `model`.

    Where the provider is away, an older answer stands in. Only answers for which the web was searched are kept, without
    their prompts. What cannot be read or written counts as not there.

    Args:
        model: Answers.
        folder: Where answers are; made when first needed.
        fresh_s: Answers younger than this are not asked for again, in seconds.
        clock: Dates answers.
    """

    def __init__(self, model: Model, folder: Path, *, fresh_s: float = FRESH_S, clock: Clock | None = None) -> None:
        self._model = model
        self._folder = folder
        self._fresh_s = fresh_s
        self._clock = clock or SystemClock()

    @property
    def name(self) -> str:
        """The inner model's name."""
        return self._model.name

    def answer(self, request: Request[R]) -> Answer[R]:
        """Answer `request`; raises what the inner model raises, unless an older answer stands in for it."""
        if not request.search or request.role in _PASSING:
            return self._model.answer(request)
        path = self._folder / f"{request.role}-{subject(request, self.name)[:32]}.json"
        kept = self._read(path)
        if kept is not None and kept.age_s <= self._fresh_s and (known := _answer(kept, request)) is not None:
            return known
        try:
            answer = self._model.answer(request)
        except ProviderDown as down:
            known = _answer(kept, request) if kept is not None else None
            if known is None:
                raise
            return replace(known, usage=down.usage)
        if answer.searched:
            self._write(path, answer)
        return answer

    def _read(self, path: Path) -> _Kept | None:
        try:
            entry = json.loads(path.read_text(encoding="utf-8"))
            kept = _Kept(entry=entry, age_s=max(0.0, self._clock.now() - float(entry["at"])))
            return kept if kept.dated else None
        except (OSError, ValueError, KeyError, TypeError, OverflowError):
            return None

    def _write(self, path: Path, answer: Answer[Any]) -> None:
        entry = {
            "at": self._clock.now(),
            "model": answer.model,
            "sources": list(answer.sources),
            "reply": answer.reply.model_dump(mode="json"),
        }
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            text = json.dumps(entry, ensure_ascii=False, indent=1).encode("utf-8", "backslashreplace")
            write_whole(path, text, mode=0o600)
        except OSError as error:
            _logger.info("%s: not kept: %s", path, error)


def subject(request: Request[Any], model: str) -> str:
    """Return the digest of what a question asks about, the same in every run on the same task, data and machine."""
    inputs = request.inputs
    told: dict[str, Any] = {
        "role": request.role,
        "model": model,
        "seed": request.seed,
        "inputs": inputs.model_dump(mode="json", exclude={"brief"}),
        "reply": request.reply_type.model_json_schema(),
    }
    brief = getattr(inputs, "brief", None)
    if brief is None:
        told["messages"] = [[message.role, message.content] for message in request.messages]
    else:
        machine = brief.machine.model_dump(mode="json")
        told |= {
            "task": encode(replace(brief.task, folder=Path())),
            "profile": encode(brief.profile),
            "machine": {name: machine[name] for name in ("gpu", "packages", "python")},
            "remarks": list(brief.remarks),
        }
    return digest_json(told)


def _answer(kept: _Kept, request: Request[R]) -> Answer[R] | None:
    """Return an earlier answer to `request`, which costs nothing; None where it is not of the asked type."""
    try:
        return Answer(
            reply=request.reply_type.model_validate(kept.entry["reply"]),
            model=str(kept.entry["model"]),
            searched=True,
            sources=tuple(map(str, kept.entry["sources"])),
            kept=kept.dated,
        )
    except (ValidationError, KeyError, TypeError):
        return None
