"""Links between our pages lead somewhere, and pictures are small and whole."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")])
TARGET = re.compile(r"\]\(([^)\s]+)\)|(?:src|srcset)=\"([^\"]+)\"")
PICTURES = sorted((ROOT / "docs" / "images").iterdir())


def anchors(page: Path) -> set[str]:
    """Names of the headings as GitHub makes them."""
    titles = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def _in_the_repository(target: Path) -> Path:
    """Return where the site's page `docs/gallery/NAME.html` is made from."""
    return ROOT / "gallery" / target.stem / "report.html" if target.parent == ROOT / "docs" / "gallery" else target


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_to_files_and_headings_that_there_are(page: Path) -> None:
    broken = []
    for match in TARGET.finditer(page.read_text(encoding="utf-8")):
        name, _, anchor = (match[1] or match[2]).partition("#")
        if name.startswith(("http:", "https:", "mailto:")):
            continue
        target = _in_the_repository(page.parent / name) if name else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            broken.append(match[0])
    assert broken == []


@pytest.mark.parametrize("picture", PICTURES, ids=lambda picture: picture.name)
def test_pictures_are_small_load_nothing_and_tell_of_no_machine(picture: Path) -> None:
    content = picture.read_bytes()
    assert len(content) < 150_000
    if picture.suffix == ".svg":
        text = content.decode()
        assert not re.search(r"@import|url\((?!#)|href=|<script|<image", text)
        assert "/home/" not in text
        assert "/tmp/" not in text
