"""A loopback server that answers the real prompts of `mle_star`, and does at one question what a test scripted."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from assay.core.budget import Limits, Spent
from assay.core.prices import Prices, Rate
from assay.journal.base import JournalBackend
from assay.models.base import Answer, R, Request
from assay.models.call_log import CallLog
from assay.models.cap import Cap
from assay.models.llm import open_model
from assay.models.routed import RoutedModel
from assay.models.scripted import Scripted, ScriptedModel
from assay.operators.rendering import Prompts
from assay.strategies.star.options import StarOptions
from assay.strategies.star.strategy import MleStar
from support.chat_server import Answer as ServerAnswer
from support.chat_server import ChatServer, Text
from support.engine import Bench
from support.star import answer

KEY = "sk-star-52be01c7d9a34f68"
OPTIONS = StarOptions(models=2, outer=1, inner=2, paths=1, rounds=1)
"""Every phase, on one path."""
SCRIPTS = ("code", "example", "block")
"""Fields of replies that stand in fenced blocks."""


@dataclass(frozen=True, kw_only=True)
class Fault:
    """What the server does instead of answering well."""

    at: str
    """The role whose first question meets it."""
    steps: Sequence[ServerAnswer]
    """What the calls for this one question get, the first first; good answers follow."""
    lasting: bool = False
    """Whether every later call, of whatever role, gets the last of the steps."""


class StarServer(ChatServer):
    """Knows which question a request puts, since the prompts are registered when they are asked.

    Args:
        fault: What goes wrong; None for nothing.
        answers: Answers well; what is no mapping stands for a reply in no form at all.
    """

    def __init__(self, fault: Fault | None = None, answers: Callable[[Request[Any]], Scripted] = answer) -> None:
        super().__init__(())
        self._fault = fault
        self._answers = answers
        self._guard = threading.Lock()
        self._known: dict[str, Request[Any]] = {}
        self.struck = ""
        """Key of the question that met the fault; empty before."""
        self._given = 0
        self.roles: list[str] = []
        """Role of each request, in the order they came."""
        self.answered: Counter[str] = Counter()
        """Questions that were answered well, by key."""
        self.met: list[dict[str, Any]] = []
        """The requests that met the fault's question."""

    def register(self, request: Request[Any]) -> None:
        """Let a question be recognised by its prompt."""
        with self._guard:
            self._known[request.messages[-1].content] = request

    def take(self, request: dict[str, Any], headers: dict[str, str]) -> ServerAnswer:
        with self._guard:
            self.requests.append(request)
            self.headers.append(headers)
            asked = self._recognised(request)
            self.roles.append(asked.role)
            step = self._fault_of(asked, request)
            if step is not None:
                return step
            reply = self._answers(asked)
            if not isinstance(reply, Mapping):
                return Text(content="I have no idea.")
            self.answered[asked.key] += 1
            return Text(content=reply_text(reply))

    def _recognised(self, request: dict[str, Any]) -> Request[Any]:
        told = next(message["content"] for message in request["messages"] if message["role"] == "user")
        # The form of the reply stands behind the prompt.
        return max(
            (known for text, known in self._known.items() if told.startswith(text.rstrip())),
            key=lambda known: len(known.messages[-1].content),
        )

    def _fault_of(self, asked: Request[Any], request: dict[str, Any]) -> ServerAnswer | None:
        fault = self._fault
        if fault is None:
            return None
        if not self.struck and asked.role == fault.at:
            self.struck = asked.key
        if not self.struck:
            return None
        if asked.key == self.struck:
            self.met.append(request)
            self._given += 1
            if self._given <= len(fault.steps):
                return fault.steps[self._given - 1]
        return fault.steps[-1] if fault.lasting else None


def reply_text(reply: Mapping[str, Any]) -> str:
    """Return a reply in the asked form: its scripts as fenced blocks behind one JSON object."""
    scripts: list[str] = []
    head = _without_scripts(reply, scripts)
    blocks = [f"```json\n{json.dumps(head)}\n```", *(f"```python\n{script.rstrip()}\n```" for script in scripts)]
    return "\n".join(blocks) + "\n"


def _without_scripts(value: Any, scripts: list[str]) -> Any:
    if isinstance(value, Mapping):
        scripts.extend(value[name] for name in SCRIPTS if name in value)
        return {name: _without_scripts(inner, scripts) for name, inner in value.items() if name not in SCRIPTS}
    return [_without_scripts(inner, scripts) for inner in value] if isinstance(value, list) else value


@contextmanager
def star_server(
    fault: Fault | None = None, answers: Callable[[Request[Any]], Scripted] = answer
) -> Iterator[StarServer]:
    """Serve until the end of the block."""
    server = StarServer(fault, answers)
    server.start()
    try:
        yield server
    finally:
        server.close()


class _Registered:
    """Registers every question with the server before it is asked."""

    def __init__(self, model: RoutedModel, server: StarServer) -> None:
        self._model = model
        self._server = server

    @property
    def name(self) -> str:
        return self._model.name

    def answer(self, request: Request[R]) -> Answer[R]:
        self._server.register(request)
        return self._model.answer(request)


@dataclass
class StarBench:
    """One engine with `mle_star`, the real prompts and the real model client; its sandbox and data are fakes."""

    folder: Path
    server: StarServer
    backend: JournalBackend
    limits: Limits = field(default_factory=lambda: Limits(workers=2))
    options: StarOptions = OPTIONS
    spent: Spent | None = None
    environ: Mapping[str, str] = field(default_factory=lambda: {"OPENAI_API_KEY": KEY})
    timeout_s: float = 60.0
    """Longest silence of the server, in seconds."""
    own_address: bool = False
    """Whether the model is asked at the provider's own address, where a key is needed."""

    def __post_init__(self) -> None:
        self.slept: list[float] = []
        """Waits between attempts, in seconds."""
        self.bench = Bench(
            self.folder, strategy=MleStar(self.options), answers=answer, limits=self.limits, backend=self.backend, k=2
        )
        self.bench.render = Prompts().render
        cap = Cap(tokens=self.limits.tokens, cost_usd=self.limits.cost_usd, spent=self.spent)
        language = open_model(
            "openai:gpt-loop",
            base_url=None if self.own_address else self.server.base_url,
            environ=self.environ,
            timeout_s=self.timeout_s,
            prices=Prices(input=Rate(usd=Decimal(1)), output=Rate(usd=Decimal(10))),
            layers=[cap, CallLog(self.folder / "llm")],
            sleep=self.slept.append,
        )
        routed = RoutedModel(language, {"baseline": ScriptedModel(answer)})
        self.bench.model = _Registered(routed, self.server)  # type: ignore[assignment]
