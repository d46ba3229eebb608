"""The page of error codes has what `assay explain` says of each."""

from __future__ import annotations

import re
from pathlib import Path

import errors_page
import pytest

from assay.cli.commands.explain import explanations

ROOT = Path(__file__).parents[2]


def test_every_code_has_a_heading_of_its_own_and_its_text() -> None:
    page = errors_page.page()
    codes = [name for name in explanations() if errors_page.CODE.fullmatch(name)]
    assert sorted(re.findall(r"^### (\S+)$", page, re.MULTILINE)) == sorted(codes)
    for code in codes:
        entry = explanations()[code]
        assert f"### {code}\n\n**{entry.title}.** {entry.text}\n" in page
        assert not entry.fix or f"*What to do:* {entry.fix}\n" in page


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md"])
def test_the_page_is_linked(name: str) -> None:
    assert "(docs/errors.md)" in (ROOT / name).read_text(encoding="utf-8")
