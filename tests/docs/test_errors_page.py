"""The page of error codes is what `assay explain` says today."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

from assay.cli.commands.explain import explanations

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("errors_page", ROOT / "scripts" / "errors_page.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_of_error_codes_is_up_to_date(script: ModuleType) -> None:
    written = (ROOT / "docs" / "errors.md").read_text(encoding="utf-8")
    assert written == script.page(), f"docs/errors.md is out of date; renew it with: {script.COMMAND}"


def test_every_code_has_a_heading_of_its_own_and_its_text(script: ModuleType) -> None:
    page = script.page()
    codes = [name for name in explanations() if script.CODE.fullmatch(name)]
    assert sorted(re.findall(r"^### (\S+)$", page, re.MULTILINE)) == sorted(codes)
    for code in codes:
        entry = explanations()[code]
        assert f"### {code}\n\n**{entry.title}.** {entry.text}\n" in page
        assert not entry.fix or f"*What to do:* {entry.fix}\n" in page


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md"])
def test_the_page_is_linked(name: str) -> None:
    assert "(docs/errors.md)" in (ROOT / name).read_text(encoding="utf-8")
