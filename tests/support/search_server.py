"""A loopback server that speaks as much of three providers' dialects as a reply with a web search takes."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

FIRST, SECOND = "https://example.org/boosting", "https://example.org/splines?page=2"


@dataclass
class Server:
    """What it is asked, and where it is."""

    url: str = ""
    paths: list[str] = field(default_factory=list)
    requests: list[dict[str, Any]] = field(default_factory=list)

    def tools(self, call: int) -> str:
        """The tools of a call as text; empty for none."""
        return json.dumps(self.requests[call].get("tools") or []).lower()


@contextmanager
def answering(*steps: bytes | int) -> Iterator[Server]:
    """Answer each request with the next step, a stream or the number of an error; the last one is repeated."""
    told = Server()

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, format: str, *args: Any) -> None:
            pass

        def do_POST(self) -> None:
            told.requests.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            told.paths.append(self.path)
            step = steps[min(len(told.requests), len(steps)) - 1]
            failed = isinstance(step, int)
            body = b'{"type": "error", "error": {"type": "x", "message": "no"}}' if isinstance(step, int) else step
            self.send_response(step if isinstance(step, int) else 200)
            self.send_header("Content-Type", "application/json" if failed else "text/event-stream")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    told.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield told
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _event(kind: str, **fields: Any) -> bytes:
    return f"event: {kind}\ndata: {json.dumps({'type': kind, **fields})}\n\n".encode()


def anthropic(text: str, *, searched: bool) -> bytes:
    """Return Anthropic's stream of a reply."""
    used = {"input_tokens": 10, "output_tokens": 1}
    message = {
        "id": "m", "type": "message", "role": "assistant", "model": "claude-sonnet-5-5", "content": [],
        "stop_reason": None, "stop_sequence": None, "usage": used,
    }  # fmt: skip
    found = [
        {"type": "web_search_result", "url": url, "title": "t", "encrypted_content": "x", "page_age": None}
        for url in (FIRST, SECOND, FIRST)
    ]
    blocks: list[dict[str, Any]] = []
    if searched:
        blocks = [
            {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {"query": "boosting"}},
            {"type": "web_search_tool_result", "tool_use_id": "srvtoolu_1", "content": found},
        ]
    stream = _event("message_start", message=message)
    for index, block in enumerate(blocks):
        stream += _event("content_block_start", index=index, content_block=block)
        stream += _event("content_block_stop", index=index)
    # Citations split a text into blocks in the middle of a sentence.
    for index, piece in enumerate((text[:40], text[40:]), start=len(blocks)):
        stream += _event("content_block_start", index=index, content_block={"type": "text", "text": ""})
        stream += _event("content_block_delta", index=index, delta={"type": "text_delta", "text": piece})
        stream += _event("content_block_stop", index=index)
    ended = {"stop_reason": "end_turn", "stop_sequence": None}
    stream += _event("message_delta", delta=ended, usage={"output_tokens": 50})
    return stream + _event("message_stop")


def google(text: str, *, searched: bool) -> bytes:
    """Return Google's stream of a reply."""
    candidate: dict[str, Any] = {"content": {"role": "model", "parts": [{"text": text}]}, "finishReason": "STOP"}
    if searched:
        chunks = [{"web": {"uri": url, "title": "t"}} for url in (FIRST, SECOND)]
        candidate["groundingMetadata"] = {"webSearchQueries": ["boosting"], "groundingChunks": chunks}
    usage = {"promptTokenCount": 11, "candidatesTokenCount": 22, "totalTokenCount": 33}
    said = {"candidates": [candidate], "usageMetadata": usage, "modelVersion": "gemini-2.5-pro"}
    return b"data: " + json.dumps(said).encode() + b"\n\n"


def responses(text: str, *, searched: bool) -> bytes:
    """Return the stream of OpenAI's Responses interface."""
    base = {
        "id": "resp_1", "object": "response", "created_at": 1_800_000_000, "model": "gpt-5", "output": [],
        "parallel_tool_calls": True, "tool_choice": "auto", "tools": [], "error": None, "incomplete_details": None,
        "instructions": None, "metadata": {}, "temperature": 1.0, "top_p": 1.0,
    }  # fmt: skip
    stream = _event("response.created", sequence_number=0, response={**base, "status": "in_progress"})
    if searched:
        action = {"type": "search", "query": "boosting"}
        asked = {"type": "web_search_call", "id": "ws_1", "status": "in_progress", "action": action}
        sources = [{"type": "url", "url": url} for url in (FIRST, SECOND)]
        done = {**asked, "status": "completed", "action": {**action, "sources": sources}}
        stream += _event("response.output_item.added", sequence_number=1, output_index=0, item=asked)
        stream += _event("response.output_item.done", sequence_number=2, output_index=0, item=done)
    at = {"item_id": "msg_1", "output_index": 1, "content_index": 0}
    message = {"type": "message", "id": "msg_1", "role": "assistant", "status": "in_progress", "content": []}
    part = {"type": "output_text", "text": "", "annotations": []}
    stream += _event("response.output_item.added", sequence_number=3, output_index=1, item=message)
    stream += _event("response.content_part.added", sequence_number=4, part=part, **at)
    stream += _event("response.output_text.delta", sequence_number=5, delta=text, logprobs=[], **at)
    stream += _event("response.output_text.done", sequence_number=6, text=text, logprobs=[], **at)
    done_message = {**message, "status": "completed", "content": [{**part, "text": text}]}
    stream += _event("response.output_item.done", sequence_number=7, output_index=1, item=done_message)
    usage = {
        "input_tokens": 100, "input_tokens_details": {"cached_tokens": 0}, "output_tokens": 20,
        "output_tokens_details": {"reasoning_tokens": 5}, "total_tokens": 120,
    }  # fmt: skip
    ended = {**base, "status": "completed", "output": [done_message], "usage": usage}
    return stream + _event("response.completed", sequence_number=8, response=ended)


def chat(text: str) -> bytes:
    """Return the stream of OpenAI's chat completions, which know no search."""
    chunk: dict[str, Any] = {
        "id": "c", "object": "chat.completion.chunk", "created": 1_800_000_000, "model": "gpt-5",
    }  # fmt: skip
    said = [
        {**chunk, "choices": [{"index": 0, "delta": {"role": "assistant", "content": text}, "finish_reason": None}]},
        {**chunk, "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]},
    ]
    return b"".join(b"data: " + json.dumps(part).encode() + b"\n\n" for part in said) + b"data: [DONE]\n\n"
