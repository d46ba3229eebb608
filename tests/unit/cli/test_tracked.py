"""The option --mlflow: what it means in each form, what is refused before anything is spent, and the export."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from assay.cli.tracked import ChosenStore, choose_store, mlflow_wish, spelled_out, store_address
from assay.core.errors import UsageError
from assay.journal.history import History
from assay.tracking import Store, resolve_place


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("run data --mlflow", "run data --mlflow=local"),
        ("run --mlflow data --time 1m", "run --mlflow=local data --time 1m"),
        ("run --mlflow --time 1m", "run --mlflow=local --time 1m"),
        ("run --mlflow http://host:5000 data", "run --mlflow http://host:5000 data"),
        ("run --mlflow=http://host:5000 data", "run --mlflow=http://host:5000 data"),
        ("export --mlflow shared/mlflow.db calm", "export --mlflow shared/mlflow.db calm"),
        ("export calm-otter --mlflow", "export calm-otter --mlflow=local"),
        ("tasks run queue.json --mlflow off", "tasks run queue.json --mlflow off"),
        ("tasks run --mlflow queue.json", "tasks run --mlflow=local queue.json"),
        ("tell -- --mlflow", "tell -- --mlflow"),
    ],
)
def test_the_value_may_be_left_out(typed: str, meant: str) -> None:
    assert spelled_out(typed.split()) == meant.split()


def test_every_run_is_tracked_unless_somebody_says_otherwise_and_what_is_typed_goes_first() -> None:
    assert mlflow_wish(None, off=False, environ={}) == "auto"
    assert mlflow_wish(None, off=False, environ={"ASSAY_MLFLOW": ""}) == "auto"
    assert mlflow_wish(None, off=False, file="http://host", environ={}) == "http://host"
    assert mlflow_wish(None, off=False, file="off", environ={}) == ""
    assert mlflow_wish(None, off=False, file="http://host", environ={"ASSAY_MLFLOW": "1"}) == "local"
    assert mlflow_wish(None, off=False, file="http://host", environ={"ASSAY_MLFLOW": "off"}) == ""
    assert mlflow_wish("local", off=False, file="http://host", environ={"ASSAY_MLFLOW": "off"}) == "local"
    assert mlflow_wish("local", off=True, file="http://host", environ={"ASSAY_MLFLOW": "1"}) == ""
    assert mlflow_wish(None, off=True, environ={}) == ""
    assert mlflow_wish(None, off=False, environ={}, default="") == ""


def test_what_nobody_asked_for_stays_on_this_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://host")
    chosen = choose_store("auto", tmp_path, free_bytes=lambda: 2**40, installed=True)
    assert (chosen.uri, chosen.kept, chosen.remark) == (f"sqlite:///{tmp_path}/mlflow.db", "auto", "")
    assert choose_store("local", tmp_path).uri == "http://host"


def test_without_mlflow_nothing_is_tracked_and_nothing_is_said_of_it(tmp_path: Path) -> None:
    chosen = choose_store("auto", tmp_path, free_bytes=lambda: 2**40, installed=False)
    assert (chosen.uri, chosen.kept, chosen.remark) == ("", "auto", "")


def test_where_memory_is_short_nobody_is_tracked_who_did_not_ask(tmp_path: Path) -> None:
    chosen = choose_store("auto", tmp_path, free_bytes=lambda: 2**30, installed=True)
    assert chosen.uri == ""
    assert "1.0 GB" in chosen.remark
    assert choose_store(str(tmp_path / "mine.db"), tmp_path, free_bytes=lambda: 0).uri.endswith("/mine.db")


def test_off_is_off(tmp_path: Path) -> None:
    assert choose_store("", tmp_path, free_bytes=lambda: 2**40, installed=True) == ChosenStore()


def test_the_local_store_is_that_of_mlflows_own_variable_or_lies_in_the_folder_of_runs(tmp_path: Path) -> None:
    assert resolve_place("local", tmp_path, {}).uri == f"sqlite:///{tmp_path}/mlflow.db"
    assert resolve_place("local", tmp_path, {"MLFLOW_TRACKING_URI": "http://host"}).uri == "http://host"
    assert resolve_place("sqlite:///a/b.db", tmp_path, {}).database == Path("a/b.db").absolute()
    assert store_address("", tmp_path) == ""


def test_only_a_store_elsewhere_gets_credentials_and_never_those_of_models(tmp_path: Path) -> None:
    environ = {"PATH": "/bin", "MLFLOW_TRACKING_TOKEN": "t", "AWS_SECRET_ACCESS_KEY": "a", "OPENAI_API_KEY": "o"}
    here = resolve_place("local", tmp_path, {}).environment(environ)
    there = resolve_place("https://host", tmp_path, {}).environment(environ)
    assert not {"MLFLOW_TRACKING_TOKEN", "AWS_SECRET_ACCESS_KEY", "OPENAI_API_KEY"} & set(here)
    assert {"MLFLOW_TRACKING_TOKEN", "AWS_SECRET_ACCESS_KEY"} <= set(there)
    assert "OPENAI_API_KEY" not in there


@pytest.mark.parametrize(
    ("address", "code"),
    [
        ("http://me:secret@host:5000", "E061"),
        ("mlruns", "E070"),
        ("file:///tmp/mlruns", "E070"),
        ("ftp://host", "E070"),
    ],
)
def test_an_address_that_cannot_be_used_is_refused_at_once(tmp_path: Path, address: str, code: str) -> None:
    with pytest.raises(UsageError) as caught:
        store_address(address, tmp_path)
    assert caught.value.code == code
    assert "secret" not in caught.value.message


def test_a_run_refuses_it_before_it_looks_at_data(assay: Any, tmp_path: Path) -> None:
    said = assay("run", "nowhere", "--mlflow=ftp://host")
    assert (said.code, "E070" in said.err) == (2, True)
    assert assay("export").code == 5


def test_an_export_writes_the_run_and_again_the_same(
    assay: Any, story: Callable[[str], History], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    history = story("interrupted")
    said = assay("export", "--mlflow", "--json")
    assert said.code == 0, said.err
    assert said.json["trials"] == len(history.trials)
    with Store(resolve_place("local", tmp_path / "runs", {})) as store:
        run = store.read(said.json["run_id"])
        assert run is not None
        assert run.state == "KILLED"
        assert len(store.keys(said.json["experiment"])) == len(history.trials) + 1
