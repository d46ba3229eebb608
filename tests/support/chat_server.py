"""A small OpenAI-compatible chat server on a real loopback socket that does what a test scripted."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Text:
    """A reply, streamed in pieces."""

    content: str
    finish: str | None = "stop"
    input_tokens: int = 100
    output_tokens: int = 20
    cached_tokens: int = 0
    reasoning: str = ""
    model: str = ""
    """The name the server answers with; the asked one if empty."""


@dataclass(frozen=True, kw_only=True)
class Status:
    """An error status."""

    code: int
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Cut:
    """A stream that breaks off after some text."""

    content: str
    announced: bool
    """Whether the connection breaks inside the announced framing, or just ends without the end marker."""


@dataclass(frozen=True)
class Hang:
    """Says nothing until the server is closed."""


@dataclass(frozen=True)
class Refusal:
    """The structured refusal of a provider."""

    words: str


Answer = Text | Status | Cut | Hang | Refusal


@dataclass(frozen=True)
class After:
    """Does something when the request has come, before it is answered."""

    action: Callable[[], object]
    answer: Answer


Step = Answer | After


class ChatServer:
    """Answers each request with the next step; the last step is repeated."""

    def __init__(self, steps: Sequence[Step]) -> None:
        self._steps = list(steps)
        self._lock = threading.Lock()
        self.closing = threading.Event()
        self.requests: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"chat": self}))
        self._http.daemon_threads = True
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True)

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self._http.server_address[1]}/v1"

    def take(self, request: dict[str, Any], headers: dict[str, str]) -> Answer:
        with self._lock:
            self.requests.append(request)
            self.headers.append(headers)
            step = self._steps[min(len(self.requests), len(self._steps)) - 1]
        if not isinstance(step, After):
            return step
        step.action()
        return step.answer

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        self.closing.set()
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()


@contextmanager
def serving(*steps: Step) -> Iterator[ChatServer]:
    server = ChatServer(steps)
    server.start()
    try:
        yield server
    finally:
        server.close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    chat: ChatServer

    def handle(self) -> None:
        # A client that stops reading closes the connection under us.
        with suppress(ConnectionResetError):
            super().handle()

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        step = self.chat.take(body, {k.lower(): v for k, v in self.headers.items()})
        if isinstance(step, Status):
            self._status(step)
        elif isinstance(step, Hang):
            self.chat.closing.wait()
            self.close_connection = True
        elif isinstance(step, Cut):
            self._cut(step, body)
        else:
            self._stream(step, body)

    def _status(self, step: Status) -> None:
        body = {"error": {"message": f"scripted {step.code}"}} if step.body is None else step.body
        data = json.dumps(body).encode()
        self.send_response(step.code)
        for name, value in step.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def _open(self, *, chunked: bool) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header(*(("Transfer-Encoding", "chunked") if chunked else ("Connection", "close")))
        self.end_headers()

    def _event(self, value: Any, *, chunked: bool) -> None:
        data = b"data: " + (value if isinstance(value, bytes) else json.dumps(value).encode()) + b"\n\n"
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data) if chunked else data)

    def _cut(self, step: Cut, body: dict[str, Any]) -> None:
        self._open(chunked=step.announced)
        self._event(_chunk(body, {"role": "assistant", "content": step.content}), chunked=step.announced)
        self.wfile.flush()
        self.close_connection = True

    def _stream(self, step: Text | Refusal, body: dict[str, Any]) -> None:
        self._open(chunked=True)
        try:
            for event in _events(step, body):
                self._event(event, chunked=True)
            self._event(b"[DONE]", chunked=True)
            self.wfile.write(b"0\r\n\r\n")
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True


def _events(step: Text | Refusal, body: dict[str, Any]) -> Iterator[dict[str, Any]]:
    if isinstance(step, Refusal):
        yield _chunk(body, {"role": "assistant", "refusal": step.words})
        yield _chunk(body, {}, finish="stop")
        return
    body = {**body, "model": step.model or body["model"]}
    yield _chunk(body, {"role": "assistant", "content": ""})
    if step.reasoning:
        yield _chunk(body, {"reasoning_content": step.reasoning})
    size = 50_000
    for start in range(0, len(step.content), size):
        yield _chunk(body, {"content": step.content[start : start + size]})
    if step.finish:
        yield _chunk(body, {}, finish=step.finish)
    usage = {
        "prompt_tokens": step.input_tokens,
        "completion_tokens": step.output_tokens,
        "total_tokens": step.input_tokens + step.output_tokens,
        "prompt_tokens_details": {"cached_tokens": step.cached_tokens},
    }
    yield {**_chunk(body, {}), "choices": [], "usage": usage}


def _chunk(body: dict[str, Any], delta: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
    return {
        "id": "chat-1",
        "object": "chat.completion.chunk",
        "created": 1_800_000_000,
        "model": body["model"],
        "choices": [{"index": 0, "delta": delta, "finish_reason": finish}],
    }
