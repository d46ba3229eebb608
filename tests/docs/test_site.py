"""The pages build into a site, with each page in its menu, and a page fetches nothing from the network."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import gallery_pages
import llms_index
import pytest

ROOT = Path(__file__).parents[2]
FETCHED = re.compile(r"<(?:script|img|iframe|link)\b[^>]*\b(?:src|href)=[\"']?(?:https?:)?//[^>]*>")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    shutil.copytree(ROOT / "docs", folder / "docs")
    gallery_pages.place(folder / "docs")
    llms_index.write(folder / "docs")
    shutil.copy(ROOT / "zensical.toml", folder)
    done = subprocess.run(
        [sys.executable, "-m", "zensical", "build", "--strict"], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return folder / "site"


def _pages(nav: Any) -> list[str]:
    if isinstance(nav, str):
        return [nav]
    parts = nav.values() if isinstance(nav, dict) else nav
    return [page for part in parts for page in _pages(part)]


def test_every_page_is_in_the_menu_once() -> None:
    settings = tomllib.loads((ROOT / "zensical.toml").read_text(encoding="utf-8"))
    docs = ROOT / "docs"
    assert sorted(_pages(settings["project"]["nav"])) == sorted(
        page.relative_to(docs).as_posix() for page in docs.rglob("*.md")
    )


def test_every_page_is_built_and_fetches_nothing(site: Path) -> None:
    for page in (ROOT / "docs").rglob("*.md"):
        text = (site / page.relative_to(ROOT / "docs")).with_suffix(".html").read_text(encoding="utf-8")
        assert FETCHED.findall(text) == [], page


def test_the_reports_of_the_gallery_are_on_it_and_each_of_their_trials_can_be_read(site: Path) -> None:
    reports = sorted((site / "gallery").glob("*.html"))
    assert [page.stem for page in reports] == sorted(run.parent.name for run in ROOT.glob("gallery/*/report.html"))
    for report in reports:
        text = report.read_text(encoding="utf-8")
        assert 'href="trials/' not in text
        led_to = set(re.findall(rf'href="({report.stem}/[^"]*)"', text))
        assert {f"{report.stem}/{page.name}" for page in (report.parent / report.stem).iterdir()} >= led_to != set()


def test_a_trial_of_the_gallery_shows_plan_change_and_code_and_runs_nothing(site: Path) -> None:
    (page,) = (site / "gallery" / "houses").glob("0005-*.html")
    text = page.read_text(encoding="utf-8")
    assert "<h1>#5 target_of: logarithm of the price</h1>" in text
    assert "What was changed" in text
    assert "RidgeCV" in text
    assert "<script" not in text
    (notebook,) = (site / "gallery" / "perturbation").glob("0001-*.html")
    assert "# %%" in notebook.read_text(encoding="utf-8")


def test_a_program_that_reads_the_site_finds_every_page_with_what_it_says(site: Path) -> None:
    text = (site / "llms.txt").read_text(encoding="utf-8")
    led_to = re.findall(r"^- \[[^\]]+\]\(([^)]+)\): \S", text, re.MULTILINE)
    assert sorted(led_to) == sorted(page.with_suffix(".html").name for page in (ROOT / "docs").glob("*.md"))
    assert all((site / page).is_file() for page in led_to)
