"""What the written pages hold, whatever the story."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pytest
from markdown_it import MarkdownIt

from assay.journal.history import History
from assay.journal.objects import ObjectStore
from assay.report import write_reports
from assay.report.canvas import TOKENS, themed
from support.histories import STORIES

Write = Callable[[str], tuple[Path, History]]

ALLOWED = {"html", "head", "meta", "title", "style", "body", "main", "header", "section", "h1", "h2", "div", "span"}
ALLOWED |= {"p", "q", "code", "strong", "a", "ul", "ol", "li", "dl", "dt", "dd", "table", "caption", "thead", "tbody"}
ALLOWED |= {"tr", "th", "td", "details", "summary", "pre", "blockquote", "footer", "figure"}
ALLOWED |= {"svg", "defs", "g", "path", "text", "use", "clippath", "rect", "circle"}


class Page(HTMLParser):
    """Collects the tags, attributes and text of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def all(self, name: str) -> list[str]:
        return [value for _, attributes in self.tags if (value := attributes.get(name)) is not None]


@pytest.mark.parametrize("story", sorted(STORIES))
def test_the_page_needs_nothing_else_and_runs_nothing(story: str, written: Write) -> None:
    folder, _ = written(story)
    text = (folder / "report.html").read_text(encoding="utf-8")
    page = Page(text)
    assert {tag for tag, _ in page.tags} <= ALLOWED
    assert not [name for _, attributes in page.tags for name in attributes if name.startswith("on")]
    assert not page.all("src")
    assert all(re.match(r"#|trials/", href) for href in page.all("href"))
    assert not re.search(r"@import|url\((?!#)|url\([\"']", text)
    assert len(text.encode()) < 5_000_000


@pytest.mark.parametrize("story", sorted(STORIES))
def test_every_number_links_to_its_evidence(story: str, written: Write) -> None:
    folder, _ = written(story)
    page = Page((folder / "report.html").read_text(encoding="utf-8"))
    numbers = json.loads((folder / "report.json").read_text(encoding="utf-8"))["numbers"]
    targets = [href.removeprefix("#e-") for href in page.all("href") if href.startswith("#e-")]
    rows = {name.removeprefix("e-") for name in page.all("id") if name.startswith("e-")}
    assert targets
    assert set(targets) == rows
    assert rows <= set(numbers)
    ids = page.all("id")
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("story", sorted(STORIES))
def test_no_text_file_holds_control_characters_and_every_link_leads_somewhere(story: str, written: Write) -> None:
    folder, _ = written(story)
    readable = [p for p in folder.rglob("*") if p.suffix in (".md", ".html", ".csv", ".tsv", ".log", ".svg")]
    for path in readable:
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u200b]", text), path
        if path.suffix == ".md" and path.parent == folder:
            for link in re.findall(r"(?<!\\)\]\(([^)]*)\)", text):
                assert (folder / link).exists(), (path, link)


@pytest.mark.parametrize("story", ["good_run", "just_started", "interrupted"])
def test_equal_journals_give_equal_files(story: str, written: Write, tmp_path: Path) -> None:
    folder, history = written(story)
    write_reports(tmp_path, history, ObjectStore(folder / "objects"), final=True)
    made = {p.relative_to(tmp_path) for p in tmp_path.rglob("*") if p.is_file()}
    assert made
    for name in made:
        assert (tmp_path / name).read_bytes() == (folder / name).read_bytes(), name


def test_text_of_others_is_never_markup(written: Write) -> None:
    folder, _ = written("hostile_texts")
    html = (folder / "report.html").read_text(encoding="utf-8")
    assert "<script" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
    renderer = MarkdownIt("commonmark", {"html": True, "linkify": False}).enable("table")
    for path in [*folder.glob("*.md"), *folder.glob("trials/*/*.md"), folder / "best/README.md"]:
        page = Page(renderer.render(path.read_text(encoding="utf-8")))
        tags = {tag for tag, _ in page.tags}
        assert not tags & {"script", "b"}, path
        assert not [src for src in page.all("src") if not src.startswith("plots/")], path
        assert not [href for href in page.all("href") if not href.startswith("trials/")], path
        assert not [name for _, attributes in page.tags for name in attributes if name.startswith("on")], path


def test_a_spreadsheet_runs_no_candidates_formula(written: Write) -> None:
    folder, _ = written("hostile_texts")
    board = (folder / "leaderboard.csv").read_text(encoding="utf-8")
    assert "'=cmd()" in board
    assert not re.search(r"(^|,)\"?[=@]", board, re.MULTILINE)


def test_prose_with_unbacked_numbers_is_marked(written: Write) -> None:
    folder, _ = written("hostile_texts")
    text = (folder / "report.md").read_text(encoding="utf-8")
    assert "**not verified**: nothing measured backs" in text
    assert "0.0001" in text.split("nothing measured backs")[1].splitlines()[0]


def test_plots_are_whole_svg_and_take_the_pages_colours(written: Write) -> None:
    folder, _ = written("good_run")
    names = {path.stem for path in folder.glob("plots/*.svg")}
    assert names == {"progress", "paired", "sealed", "ablation", "time"}
    html = (folder / "report.html").read_text(encoding="utf-8")
    for path in folder.glob("plots/*.svg"):
        text = path.read_text(encoding="utf-8")
        ElementTree.fromstring(text)
        inlined = themed(text)
        assert inlined.strip() in html
        assert not [colour for colour in TOKENS if colour in inlined]
    assert (folder / "progress.png").read_bytes().startswith(b"\x89PNG")
