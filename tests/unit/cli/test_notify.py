"""Notices sent for real: to servers on loopback and to a program; what is secret stays so."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from assay.cli.notify.channels import open_channel
from assay.cli.notify.notifier import Notifier
from assay.core.errors import UsageError
from support import histories


class Hook(ThreadingHTTPServer):
    """Takes posts and keeps them; answers the first ones as it is told."""

    def __init__(self) -> None:
        self.taken: list[tuple[str, dict[str, str], bytes]] = []
        self.answers: list[int] = []
        hook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                hook.taken.append((self.path, dict(self.headers), body))
                self.send_response(hook.answers.pop(0) if hook.answers else 200)
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                del format, args

        super().__init__(("127.0.0.1", 0), Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


@pytest.fixture
def hook() -> Iterator[Hook]:
    with Hook() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def test_a_webhook_gets_json_that_slack_and_discord_read(hook: Hook) -> None:
    open_channel(f"{hook.url}/services/T0/secret").send("assay otter", "done: 0.9")
    path, headers, body = hook.taken[0]
    assert (path, headers["Content-Type"]) == ("/services/T0/secret", "application/json")
    assert json.loads(body) == {"text": "assay otter: done: 0.9", "content": "assay otter: done: 0.9"}


def test_ntfy_gets_the_text_and_a_title(hook: Hook) -> None:
    open_channel(f"ntfy:{hook.url}/my-topic").send("assay otter", "done: 0.9 ± 0.1")
    path, headers, body = hook.taken[0]
    assert (path, headers["Title"], body.decode()) == ("/my-topic", "assay otter", "done: 0.9 ± 0.1")


def test_a_program_gets_the_title_as_its_last_word_and_the_text_as_its_input(tmp_path: Path) -> None:
    script = tmp_path / "tell.py"
    script.write_text(f"import sys\nopen({str(tmp_path / 'told')!r}, 'w').write(sys.argv[-1] + '|' + sys.stdin.read())")
    open_channel(f"cmd:{sys.executable} {script}").send("assay otter", "done")
    assert (tmp_path / "told").read_text() == "assay otter|done\n"
    script.write_text("raise SystemExit(3)")
    with pytest.raises(OSError, match="exit code 3"):
        open_channel(f"cmd:{sys.executable} {script}").send("assay otter", "done")


@pytest.mark.parametrize(
    "wish", ["", "ntfy:", "cmd:", "env:NOT_SET", "ftp://host/x", "http://elsewhere.example/secret", "slack"]
)
def test_what_is_of_no_form_is_refused_without_being_repeated(wish: str) -> None:
    with pytest.raises(UsageError, match="--notify") as refused:
        open_channel(wish, {})
    assert refused.value.code == "E077"
    assert "secret" not in str(refused.value)


def test_an_address_comes_from_a_variable(hook: Hook) -> None:
    open_channel("env:HOOK", {"HOOK": f"{hook.url}/x"}).send("a", "b")
    assert hook.taken[0][0] == "/x"


def follow(channel: str, folder: Path) -> list[tuple[str, str]]:
    remarks: list[tuple[str, str]] = []
    notifier = Notifier(open_channel(channel), pause_s=0.01)
    with notifier.following(folder, lambda code, text: remarks.append((code, text))):
        for event in histories.good_run()[1]:
            notifier.on_event(event)
    return remarks


def test_a_run_is_told_in_order_and_the_log_says_what_became_of_it(hook: Hook, tmp_path: Path) -> None:
    hook.answers = [503, 429]
    assert follow(f"{hook.url}/secret-path", tmp_path) == []
    texts = [json.loads(body)["text"] for _, _, body in hook.taken]
    assert texts[0] == texts[1] == texts[2], "tried again until it was taken"
    assert ["first score" in texts[2], "done: #21" in texts[-1], len(texts)] == [True, True, 7]
    log = (tmp_path / "notify.log").read_text(encoding="utf-8")
    assert log.count("(sent by webhook at 127.0.0.1)") == 5
    assert "secret-path" not in log


def test_a_place_that_takes_nothing_stops_nothing_and_is_in_the_log(hook: Hook, tmp_path: Path) -> None:
    hook.answers = [500] * 99
    follow(f"{hook.url}/secret-path", tmp_path)
    log = (tmp_path / "notify.log").read_text(encoding="utf-8")
    assert log.count("NOT sent by webhook at 127.0.0.1: it answered 500") == 5
    assert "secret-path" not in log
