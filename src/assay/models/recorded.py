"""Answers kept in files, and replayed from them: the same questions give the same run, without network or cost."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from assay.core.codec import decode, encode
from assay.core.errors import ModelError, ReplyInvalid
from assay.core.files import write_whole
from assay.core.usage import Usage
from assay.models.base import Answer, Model, Request
from assay.models.scrub import Scrubber

R = TypeVar("R", bound=BaseModel)

_LINES = "lines"
"""Key under which a text of several lines is kept as a list, so that a difference shows line by line."""


class Recorder:
    """Wraps a model and keeps its answers, and its replies out of form, one JSON file each.

    Args:
        model: Answers.
        folder: Where the files go; made if missing. Recordings already there are kept.
        scrubber: What masks secrets; by default those of the process's environment.
    """

    def __init__(self, model: Model, folder: Path, *, scrubber: Scrubber | None = None) -> None:
        self._model = model
        self._folder = folder
        self._scrubber = scrubber or Scrubber()
        self._lock = threading.Lock()

    @property
    def name(self) -> str:
        """The inner model's name."""
        return self._model.name

    def answer(self, request: Request[R]) -> Answer[R]:
        """Return the inner model's answer and keep it."""
        try:
            answer = self._model.answer(request)
        except ReplyInvalid as error:
            self._keep(request, {"invalid": error.message, "raw": error.raw, "usage": encode(error.usage)})
            raise
        told = {
            "model": answer.model,
            "latency_s": round(answer.latency_s, 3),
            "usage": encode(answer.usage),
            "reply": answer.reply.model_dump(mode="json"),
            "raw": answer.raw,
        }
        if answer.searched:
            told |= {"searched": True, "sources": list(answer.sources)}
        self._keep(request, told)
        return answer

    def _keep(self, request: Request[Any], told: dict[str, Any]) -> None:
        entry = {"role": request.role, "key": request.key, "digest": request.digest, **told}
        with self._lock:
            write_recording(self._folder, self._scrubber.scrub_json(entry))


def write_recording(folder: Path, entry: Mapping[str, Any]) -> Path:
    """Write one recording and return its file.

    Args:
        folder: Made if missing; recordings already there are kept.
        entry: `role`, `key` and `digest` of the question, and `reply` with `model`, `latency_s`, `usage` and `raw`, or
            `invalid` and `raw` where no reply was in form. Secrets must be masked already.
    """
    folder.mkdir(parents=True, exist_ok=True)
    stem = _stem(entry["role"], entry["digest"])
    path = folder / f"{stem}-{len(_files(folder, stem))}.json"
    text = json.dumps(_spread(dict(entry)), indent=1, ensure_ascii=False)
    write_whole(path, text.encode("utf-8", "backslashreplace") + b"\n")
    return path


class RecordedModel:
    """Answers from the files of a `Recorder`.

    Among recordings of equal questions the one with the same key is chosen, else the next in order; so the outcome
    does not depend on which thread asks first, as long as keys are stable.

    Args:
        folder: Where the files are.
        any_digest: Whether a recording of the same role and key is taken even if the prompt differs: prompts tell run
            times, which another machine does not repeat.
    """

    def __init__(self, folder: Path, *, any_digest: bool = False) -> None:
        self._folder = folder
        self._any_digest = any_digest
        self._asked: Counter[str] = Counter()
        self._lock = threading.Lock()

    @property
    def name(self) -> str:
        """Short name for tables."""
        return "recorded"

    def answer(self, request: Request[R]) -> Answer[R]:
        """Return the recorded answer.

        Raises:
            ReplyInvalid: The recorded replies were out of form, too.
            ModelError: There is no recording, or it is not one of this reply type.
        """
        entry = self._entry(request)
        usage = decode(Usage, entry.get("usage") or {})
        if "invalid" in entry:
            error = ReplyInvalid(str(entry["invalid"]), raw=str(entry.get("raw", "")))
            error.usage = usage
            raise error
        try:
            reply = request.reply_type.model_validate(entry.get("reply"))
        except ValidationError as error:
            raise ModelError("E306", f"{self._told(request)} is not a reply of its type: {error}") from error
        return Answer(
            reply=reply,
            model=str(entry.get("model", self.name)),
            usage=usage,
            latency_s=float(entry.get("latency_s", 0.0)),
            raw=str(entry.get("raw", "")),
            searched=bool(entry.get("searched", False)),
            sources=tuple(map(str, entry.get("sources", ()))),
        )

    def _entry(self, request: Request[Any]) -> dict[str, Any]:
        entries = [_load(path) for path in _files(self._folder, _stem(request.role, request.digest))]
        entries = [entry for entry in entries if entry.get("digest") == request.digest]
        if self._any_digest and not entries:
            others = (_load(path) for path in sorted(self._folder.glob(f"{request.role}-*.json")))
            entries = [entry for entry in others if entry.get("key") == request.key]
        with self._lock:
            turn = self._asked[request.digest]
            self._asked[request.digest] += 1
        by_key = [entry for entry in entries if entry.get("key") == request.key]
        chosen: dict[str, Any] | None = by_key[0] if by_key else next(iter(entries[turn:]), None)
        if chosen is None:
            found = f"{len(entries)} of them are used" if entries else "there is none"
            raise ModelError(
                "E305",
                f"{self._told(request)} is missing in {str(self._folder)!r}: {found}",
                fix="record it with a live model; a changed prompt or reply type needs a new recording",
            )
        return chosen

    @staticmethod
    def _told(request: Request[Any]) -> str:
        return f"the recording for role {request.role!r}, digest {request.digest}, key {request.key!r}"


def _stem(role: str, digest: str) -> str:
    return f"{role}-{digest[:16]}"


def _files(folder: Path, stem: str) -> list[Path]:
    return sorted(folder.glob(f"{stem}-*.json"), key=lambda path: int(path.stem.rpartition("-")[2]))


def _load(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = _gather(json.loads(path.read_text(encoding="utf-8")))
    return found


def _spread(value: Any) -> Any:
    """Turn texts of several lines into lists."""
    if isinstance(value, str):
        return {_LINES: value.split("\n")} if "\n" in value else value
    if isinstance(value, dict):
        return {key: _spread(item) for key, item in value.items()}
    return [_spread(item) for item in value] if isinstance(value, list) else value


def _gather(value: Any) -> Any:
    """Undo `_spread`."""
    if isinstance(value, dict):
        if value.keys() == {_LINES}:
            return "\n".join(value[_LINES])
        return {key: _gather(item) for key, item in value.items()}
    return [_gather(item) for item in value] if isinstance(value, list) else value
