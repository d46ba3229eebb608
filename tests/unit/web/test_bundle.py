from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from assay.cli.boundary import run
from assay.core.errors import UsageError
from assay.web.app import head_of
from assay.web.bundle import Bundle, bundle_run, key_of, render, write_bundle
from assay.web.pages import PAGES, page_of
from assay.web.view import RunReader
from support.dashboard import write_run
from support.histories import good_run, just_started

KEY = "sk-abcdefghijklmnopqrstuvwx"
EVIL = "</script><script>alert(1)</script>\u2028"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = write_run(tmp_path_factory.mktemp("runs"), "good run", good_run)
    (folder / "notes.md").write_text(f"{EVIL} {KEY}")
    (folder / "trace.log").write_text(f'File "{folder}/work/solution.py", line 1')
    (folder / "private").mkdir()
    (folder / "private" / "sealed.csv").write_text("hidden answers")
    (folder / "huge.log").write_text("x" * 200_000)
    (folder / "progress.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    (folder / "outside").symlink_to("/etc/passwd")
    return folder


@pytest.fixture(scope="module")
def made(folder: Path) -> Bundle:
    return bundle_run(folder)


def inlined(text: str) -> dict[str, Any]:
    found = re.search(r'<script type="application/json" id="assay-data">(.*?)</script>', text, re.DOTALL)
    assert found is not None
    answers: dict[str, Any] = json.loads(found[1])
    return answers


def test_where_the_run_lies_on_this_machine_is_not_in_it(made: Bundle, folder: Path) -> None:
    assert str(folder) not in render(made)
    trace = made.answers[key_of("good run", "files", "trace.log")]["data"]["text"]
    assert trace == 'File "good run/work/solution.py", line 1'


def test_every_page_is_in_it_as_the_server_would_answer(made: Bundle, folder: Path) -> None:
    for page in PAGES:
        rest = "3" if page.name == "trial" else ""
        assert key_of("good run", page.name, rest) in made.answers, page.name
    with RunReader(folder).view() as view:
        for name in ("overview", "cost", "agents"):
            answer = made.answers[key_of("good run", name)]
            assert answer["data"] == json.loads(json.dumps(page_of(name).data(view, {"rest": ""})))
            assert answer["run"]["at"] == head_of(view)["at"]
        assert sum("/trial/" in key for key in made.answers) == len(view.history.trials)
    assert made.answers[key_of("good run", "report")]["data"]["html"].startswith("<!doctype html>")
    assert made.answers["runs"]["data"]["runs"][0]["name"] == "good run"


def test_what_it_holds_is_data_and_nothing_that_runs(made: Bundle) -> None:
    text = render(made)
    assert len(re.findall(r"<script", text)) == 3
    assert "</script><script>alert(1)" not in text
    assert not re.search(r"""(src|href)=["'](https?:)?//""", text)
    answers = inlined(text)
    assert EVIL.rstrip("\u2028") in answers["good%20run/files/notes.md"]["data"]["text"]


def test_neither_keys_nor_hidden_answers_nor_links_get_into_it(made: Bundle) -> None:
    text = render(made)
    assert KEY not in text
    assert "hidden answers" not in made.answers["good%20run/files"]["data"]["entries"][0].get("text", "")
    assert not any("private" in key or "outside" in key or "objects" in key for key in made.answers)
    assert "good%20run/files/huge.log" not in made.answers
    assert made.answers["good%20run/files/progress.png"]["data"]["inline"].startswith("data:image/png;base64,")
    assert any("larger" in sentence for sentence in made.said)
    assert made.answers["good%20run/files"]["data"]["bundle"] == made.said


def test_scripts_import_each_other_by_the_names_of_the_map(made: Bundle) -> None:
    import base64

    found = re.search(r'<script type="importmap">(.*?)</script>', render(made), re.DOTALL)
    assert found is not None
    modules = json.loads(found[1])["imports"]
    texts = {name: base64.b64decode(address.partition(",")[2]).decode() for name, address in modules.items()}
    assert not [name for name, text in texts.items() if re.search(r"""(from|import\()\s*["'`]\.""", text)]
    wanted = {match for text in texts.values() for match in re.findall(r'from "(assay/[^"]+)"', text)}
    assert wanted <= set(modules)
    assert {f"assay/pages/{page.name}.js" for page in PAGES} <= set(modules)


def test_nothing_is_replaced_unless_asked_for(made: Bundle, tmp_path: Path) -> None:
    page = write_bundle(made, tmp_path / "run.html")
    assert page == tmp_path / "run.html"
    with pytest.raises(UsageError) as raised:
        write_bundle(made, tmp_path / "run.html")
    assert raised.value.code == "E072"
    assert write_bundle(made, tmp_path / "run.html", replace=True).is_file()
    assert write_bundle(made, tmp_path / "folder") == tmp_path / "folder" / "index.html"
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.tex").write_text("years of work")
    with pytest.raises(UsageError):
        write_bundle(made, tmp_path / "mine", replace=True)
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["thesis.tex"]


def test_the_command_says_where_it_is_and_what_is_left_out(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "one.html"
    argv = ["bundle", "good run", "--runs", str(folder.parent), "-o", str(target), "--quick", "--json"]
    code = run(argv)
    told = json.loads(capsys.readouterr().out)
    assert (code, told["page"], told["bytes"]) == (0, str(target), target.stat().st_size)
    assert told["left_out"]


def test_a_run_that_has_just_begun_can_be_bundled(tmp_path: Path) -> None:
    made = bundle_run(write_run(tmp_path, "new-wren", just_started))
    assert set(inlined(render(made))) >= {key_of("new-wren", page.name) for page in PAGES if page.name != "trial"}
