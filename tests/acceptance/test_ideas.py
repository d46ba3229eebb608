"""`assay ideas` from data to files: real notebooks in the real sandbox, by the playbook and by a model that boasts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from assay.cli.boundary import run
from assay.core.digest import digest_file
from assay.strategies.ideas import read_package
from support.chat_server import Text, serving
from support.star_server import reply_text


def write_data(folder: Path) -> Path:
    draw = np.random.default_rng(4)
    a, b = draw.normal(0, 1, (2, 1_500))
    frame = pd.DataFrame({"id": range(1_500), "a": a, "b": b, "c": draw.random(1_500)})
    frame["group"] = draw.integers(0, 40, 1_500)
    frame["y"] = 2 * a + 3 * ((a > 0) == (b > 0)) + draw.normal(0, 0.5, 1_500)
    folder.mkdir()
    frame[:1_400].to_csv(folder / "train.csv", index=False)
    frame[1_400:].drop(columns="y").assign(c=lambda f: f["c"] + 1).to_csv(folder / "test.csv", index=False)
    return folder


@pytest.fixture(scope="module")
def looked(tmp_path_factory: pytest.TempPathFactory) -> tuple[int, Path]:
    """Exit code and folder of one call on a table, with two workers."""
    root = tmp_path_factory.mktemp("ideas")
    data = write_data(root / "data")
    options = ["--target", "y", "--split", "group=group", "--offline", "--no-papers", "--workers", "2", "--count", "3"]
    return run(["ideas", str(data), "--out", str(root / "out"), *options]), root / "out"


def read(file: Path) -> Any:
    return json.loads(file.read_text(encoding="utf-8"))


@pytest.mark.slow
def test_each_notebook_has_a_folder_of_its_own_and_what_holds_was_measured(looked: tuple[int, Path]) -> None:
    code, out = looked
    folders = sorted((out / "analyses").iterdir())
    held = {tuple(one["columns"]): one["effect"] for f in folders for one in read(f / "checked.json") if one["holds"]}

    assert code == 0
    assert [folder.name for folder in folders] == ["01-seed-0", "02-seed-1", "03-seed-2"]
    assert all((folder / "notebook_exec.ipynb").is_file() for folder in folders)
    assert {("a",), ("a", "b"), ("c",)} <= set(held)
    assert not (out / ".work").exists()


@pytest.mark.slow
def test_the_run_graph_names_every_file_with_the_digest_it_has(looked: tuple[int, Path]) -> None:
    _, out = looked
    graph = read(out / "run_graph.json")
    digests = {name: digest for edge in graph["edges"] for name, digest in edge.get("sha256", {}).items()}
    nodes = {node["id"] for node in graph["nodes"]}

    assert len(digests) == 3 * 5 + 1
    assert all(digest_file(out / name) == digest for name, digest in digests.items())
    assert all({edge["head"], *edge["tail"]} <= nodes for edge in graph["edges"])


@pytest.mark.slow
def test_report_ideas_package_and_reference_are_there(looked: tuple[int, Path]) -> None:
    _, out = looked
    ideas, report = read(out / "idea.json")["ideas"], read(out / "report.json")
    [reference] = (out / "reference").iterdir()
    about = read(reference / "reference.json")

    assert 1 <= len(ideas) <= 6
    assert all(set(i) == {"title", "description", "reasoning", "expected_impact"} and all(i.values()) for i in ideas)
    assert any("`c`" in idea["title"] for idea in ideas)
    assert report["best"] == max(report["analyses"], key=lambda a: a["score"])["number"]
    assert reference.name.endswith(about["analysis"])
    assert all(digest_file(reference / name) == digest for name, digest in about["sha256"].items())
    assert "## Established" in (out / "report.md").read_text(encoding="utf-8")
    assert len(read_package(out / "data_package").folds) == 1_400


@pytest.mark.slow
def test_a_folder_that_is_there_is_left_alone(looked: tuple[int, Path], capsys: pytest.CaptureFixture[str]) -> None:
    _, out = looked
    before = sorted(out.rglob("*"))
    assert run(["ideas", str(out.parent / "data"), "--out", str(out), "--target", "y", "--offline", "--no-papers"]) == 2
    assert "error[E097]" in capsys.readouterr().err
    assert sorted(out.rglob("*")) == before


BOAST = """\
# p-value, random_state, contrastive, pathway, novelty, reproducible, plt.
words = ["p-value < 0.001", "significant", "novel", "interpretable"] * 50
print(words)
state("tells", ["c"], 0.99)
state("shift", ["b"], 0.99)
"""
PLAIN = 'state("tells", ["a"], 0.1)\n'


def exploration(title: str, code: str) -> Text:
    cell = {"id": "look", "purpose": title, "code": code}
    return Text(content=reply_text({"title": title, "cells": [cell]}))


@pytest.mark.slow
def test_words_win_nothing_and_a_reply_without_ideas_leaves_no_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    data = write_data(tmp_path / "data")
    monkeypatch.setenv("ASSAY_API_KEY", "sk-" + "q" * 32)
    nothing = Text(content='{"ideas": []}')
    with serving(exploration("Many words", BOAST), exploration("One fact", PLAIN), nothing) as server:
        model = ["--model", "openai:any", "--base-url", server.base_url, "--workers", "1", "--count", "2"]
        code = run(["ideas", str(data), "--out", str(tmp_path / "out"), "--target", "y", "--no-papers", *model])
    said = capsys.readouterr()
    report = read(tmp_path / "out" / "report.json")
    scores = [analysis["score"] for analysis in report["analyses"]]

    assert code == 1, said.err
    assert scores[0] == 0.0, report
    assert scores[1] is not None, report["problems"]
    assert scores[1] > 0.1
    assert report["best"] == 2
    assert not (tmp_path / "out" / "idea.json").exists()
    assert "no idea file is written" in said.out
    told = server.requests[1]["messages"][-1]["content"]
    assert "interactions" in told
    assert "state(kind, columns, effect)" in told
    assert not any("q" * 32 in f.read_text(errors="replace") for f in (tmp_path / "out").rglob("*") if f.is_file())


@pytest.mark.slow
def test_below_the_least_score_nothing_is_exported(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = write_data(tmp_path / "data")
    options = ["--target", "y", "--offline", "--no-papers", "--count", "1", "--min-score", "0.95"]
    code = run(["ideas", str(data), "--out", str(tmp_path / "out"), *options])

    assert code == 1
    assert not (tmp_path / "out" / "reference").exists()
    assert not (tmp_path / "out" / "idea.json").exists()
    assert "no analysis scores 0.95 or more" in capsys.readouterr().out
