"""`assay model`: what is found is told by name, a test asks once, and a choice holds for runs that name no model."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from assay.cli.options.records import RunFlags
from assay.cli.saved_model import SavedModel, config_file, read_saved, with_saved, write_saved
from assay.core.errors import UsageError
from assay.models.servers import local_servers
from support.chat_server import Status, Text, serving
from unit.cli.conftest import Assay

KEY = "sk-of-this-test-0123456789abcdef"


@pytest.fixture(autouse=True)
def _own_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.endswith(("_API_KEY", "_BASE_URL")) or name == "ASSAY_PRICE"]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "settings"))


@pytest.fixture
def lister() -> Iterator[tuple[str, list[str]]]:
    """A server on this machine that lists two models; yields its address and the paths that were asked for."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            body = json.dumps({"data": [{"id": "qwen3:8b"}, {"id": "evil\x1b[31m"}]}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *words: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/v1", asked
    server.shutdown()
    server.server_close()
    thread.join()


def test_keys_are_listed_by_name_and_never_by_value(assay: Assay, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)
    said = assay("model", "list")
    assert said.code == 0
    assert " anthropic  ANTHROPIC_API_KEY is set" in said.out
    assert " openai     OPENAI_API_KEY is not set" in said.out
    assert " runs take  the playbook" in said.out
    value = assay("model", "list", "--json").json
    assert value["providers"]["anthropic"]["set"] == ["ANTHROPIC_API_KEY"]
    assert KEY not in said.out + json.dumps(value)


def test_a_server_on_this_machine_is_found_by_what_it_answers(
    assay: Assay, monkeypatch: pytest.MonkeyPatch, lister: tuple[str, list[str]]
) -> None:
    address, asked = lister
    monkeypatch.setenv("OLLAMA_BASE_URL", address)
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    said = assay("model", "list")
    assert address in said.out
    assert "qwen3:8b" in said.out
    assert "\x1b" not in said.out
    assert asked == ["/v1/models"]


def test_no_address_elsewhere_is_asked() -> None:
    found = local_servers(
        {"OLLAMA_BASE_URL": "http://192.0.2.1/v1", "OPENAI_BASE_URL": "https://models.invalid/v1"}, {}
    )
    assert found == []


def test_one_small_question_tells_time_tokens_and_price(assay: Assay, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASSAY_PRICE", "1,10")
    with serving(Text(content='{"answer": 42}', input_tokens=100, output_tokens=20)) as server:
        said = assay("model", "test", "openai:small", "--base-url", server.base_url)
        assert said.code == 0, said.err
        assert len(server.requests) == 1
    assert "answered in" in said.out
    assert "100 in, 20 out · $0.0003" in said.out
    assert "in the asked form, and right" in said.out


def test_a_wrong_answer_is_told_and_a_price_that_nobody_knows_too(assay: Assay) -> None:
    with serving(Text(content='{"answer": 41}')) as server:
        said = assay("model", "test", "openai:small", "--base-url", server.base_url)
    assert "and wrong" in said.out
    assert "ASSAY_PRICE=IN,OUT" in said.out


def test_a_failure_is_one_call_and_a_coded_error(assay: Assay, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASSAY_API_KEY", KEY)
    with serving(Status(code=503)) as server:
        said = assay("model", "test", "openai:small", "--base-url", server.base_url)
        assert len(server.requests) == 1
    assert said.code == 6
    assert "error[E302]" in said.err
    assert KEY not in said.err
    assert assay("model", "test", "anthropic:some").code == 6
    assert "asked" in assay("model", "test").out


def test_a_choice_holds_for_runs_that_name_no_model_and_no_key_is_written(
    assay: Assay, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    said = assay("model", "setup", "openai:gpt-5-mini", "--role-model", "debug=ollama:qwen3")
    assert said.code == 0, said.err
    text = config_file().read_text(encoding="utf-8")
    assert KEY not in text
    assert read_saved() == SavedModel(model="openai:gpt-5-mini", roles={"debug": "ollama:qwen3"})
    given, told = with_saved(RunFlags())
    assert (given.model, given.role_models) == ("openai:gpt-5-mini", ("debug=ollama:qwen3",))
    assert "openai:gpt-5-mini" in told
    assert " runs take  openai:gpt-5-mini" in assay("model", "list").out
    # What is typed goes first.
    assert with_saved(RunFlags(model="playbook")) == (RunFlags(model="playbook"), "")
    assert with_saved(RunFlags(role_models=("debug=openai:big",)))[0].role_models == ("debug=openai:big",)
    assert with_saved(RunFlags(offline=True))[0].model is None
    assert assay("model", "setup", "--forget").code == 0
    assert with_saved(RunFlags()) == (RunFlags(), "")


def test_a_run_takes_it_and_says_so(assay: Assay, tmp_path: Path) -> None:
    rows = "\n".join(f"{n},{n % 7},{n % 2}" for n in range(80))
    (tmp_path / "rows.csv").write_text(f"id,x,y\n{rows}\n", encoding="utf-8")
    write_saved(SavedModel(model="ollama:qwen3"))
    said = assay("run", "rows.csv", "--target", "y", "--dry-run")
    assert said.code == 0, said.err
    assert " chosen   ollama:qwen3, by assay model setup" in said.out
    assert " model    ollama:qwen3" in said.out
    assert "playbook" in assay("run", "rows.csv", "--target", "y", "--dry-run", "--model", "playbook").out


def test_a_missing_key_is_named_where_a_model_is_chosen(assay: Assay) -> None:
    assert "OPENAI_API_KEY is not set: export OPENAI_API_KEY=..." in assay("model", "setup", "openai:gpt-5").out


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["nobody:gpt"], "E002"),
        (["openai:gpt-5", "--base-url", "http://me:secret@localhost/v1"], "E002"),
        (["openai:gpt-5", "--role-model", "cook=openai:gpt-5"], "E002"),
        ([], "E041"),
    ],
)
def test_what_can_be_no_choice_is_not_written(assay: Assay, words: list[str], told: str) -> None:
    said = assay("model", "setup", *words)
    assert said.code == 2
    assert f"error[{told}]" in said.err
    assert not config_file().exists()


@pytest.mark.parametrize(
    "text", ["[model", "[model]\nbase_url = 3\n", "model = 1\n", "[model]\nname = 'a'\nroles = 2\n"]
)
def test_a_file_that_cannot_be_understood_says_so(assay: Assay, text: str) -> None:
    config_file().parent.mkdir(parents=True)
    config_file().write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match="cannot be understood"):
        read_saved()
    assert "assay model setup --forget" in assay("model", "list").err
    assert assay("model", "setup", "--forget").code == 0
    assert read_saved() is None
