"""The dialects of Anthropic and Google, each against a loopback server that speaks just enough of it."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from assay.core.errors import ProviderRefused
from assay.models.llm import open_model
from support.requests import GOOD, program_request


@contextmanager
def speaking(answer: bytes, status: int = 200) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    requests: list[dict[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, format: str, *args: Any) -> None:
            pass

        def do_POST(self) -> None:
            requests.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(status)
            self.send_header("Content-Type", "text/event-stream" if status == 200 else "application/json")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", requests
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def event(kind: str, **fields: Any) -> bytes:
    return f"event: {kind}\ndata: {json.dumps({'type': kind, **fields})}\n\n".encode()


USED = {"input_tokens": 10, "output_tokens": 1, "cache_creation_input_tokens": 100, "cache_read_input_tokens": 40}
MESSAGE = {
    "id": "m", "type": "message", "role": "assistant", "model": "claude-sonnet-5-5", "content": [],
    "stop_reason": None, "stop_sequence": None, "usage": USED,
}  # fmt: skip
ANTHROPIC = (
    event("message_start", message=MESSAGE)
    + event("content_block_start", index=0, content_block={"type": "text", "text": ""})
    + event("content_block_delta", index=0, delta={"type": "text_delta", "text": GOOD})
    + event("content_block_stop", index=0)
    + event("message_delta", delta={"stop_reason": "end_turn", "stop_sequence": None}, usage={"output_tokens": 50})
    + event("message_stop")
)
GOOGLE = b"data: " + json.dumps(
    {
        "candidates": [{"content": {"role": "model", "parts": [{"text": GOOD}]}, "finishReason": "STOP"}],
        "usageMetadata": {"promptTokenCount": 11, "candidatesTokenCount": 22, "totalTokenCount": 33},
        "modelVersion": "gemini-2.5-pro",
    }
).encode() + b"\n\n"  # fmt: skip


@pytest.mark.slow
def test_anthropic_caches_the_system_message_and_counts_it() -> None:
    with speaking(ANTHROPIC) as (url, requests):
        environ = {"ANTHROPIC_API_KEY": "k" * 20, "ANTHROPIC_BASE_URL": url}
        answer = open_model("anthropic:claude-sonnet-5-5", environ=environ).answer(program_request())
    assert answer.reply.title == "Ridge on logs"
    assert (answer.usage.input_tokens, answer.usage.cached_tokens, answer.usage.output_tokens) == (150, 40, 50)
    assert requests[0]["system"][0]["text"] == "You are careful."
    assert requests[0]["system"][0]["cache_control"]["type"] == "ephemeral"


@pytest.mark.slow
def test_google() -> None:
    with speaking(GOOGLE) as (url, requests):
        environ = {"GEMINI_API_KEY": "g" * 20, "GOOGLE_GEMINI_BASE_URL": url}
        answer = open_model("google:gemini-2.5-pro", environ=environ).answer(program_request())
    assert answer.reply.title == "Ridge on logs"
    assert (answer.usage.input_tokens, answer.usage.output_tokens) == (11, 22)
    assert requests[0]["systemInstruction"]["parts"][0]["text"] == "You are careful."


@pytest.mark.slow
@pytest.mark.parametrize("spec", ["anthropic:claude-sonnet-5-5", "google:gemini-2.5-pro"])
def test_a_wrong_key_is_refused_without_a_retry(spec: str) -> None:
    body = json.dumps({"error": {"type": "authentication_error", "code": 401, "message": "wrong key"}}).encode()
    with speaking(body, status=401) as (url, requests):
        environ = {"ANTHROPIC_API_KEY": "k" * 20, "ANTHROPIC_BASE_URL": url}
        environ |= {"GOOGLE_API_KEY": "g" * 20, "GOOGLE_GEMINI_BASE_URL": url}
        with pytest.raises(ProviderRefused, match="wrong key"):
            open_model(spec, environ=environ).answer(program_request())
    assert len(requests) == 1
