"""The file `llms.txt` of the site: every page by its place in the menu, each with its first sentence."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).parents[1]
NAME = "llms.txt"
SENTENCE = re.compile(r"(.+?(?:(?<! al)\.|[!?]))(?:\s|$)", re.DOTALL)
LINK = re.compile(r"\[([^\]]*)\]\([^)]*\)")


def write(docs: Path) -> None:
    """Write the file into `docs`, from where the site takes it."""
    project = tomllib.loads((ROOT / "zensical.toml").read_text(encoding="utf-8"))["project"]
    lines = [f"# {project['site_name']}", "", f"> {project['site_description']}", "", *_lines(project["nav"])]
    (docs / NAME).write_text("\n".join(lines) + "\n", encoding="utf-8")


def _lines(nav: Sequence[Mapping[str, object]], level: int = 2) -> Iterator[str]:
    for entry in nav:
        for title, place in entry.items():
            if isinstance(place, str):
                yield f"- [{title}]({Path(place).with_suffix('.html')}): {_first_sentence(ROOT / 'docs' / place)}"
            elif isinstance(place, list):
                yield from ("", f"{'#' * level} {title}", "", *_lines(place, level + 1))


def _first_sentence(page: Path) -> str:
    """Return the first sentence of the first paragraph; a page that begins with commands has its title only."""
    blocks = page.read_text(encoding="utf-8").split("\n\n")[1:]
    prose = next((block for block in blocks if re.match(r"[A-Z*`\[]", block) and not block.startswith("```")), "")
    found = SENTENCE.match(" ".join(LINK.sub(r"\1", prose).split()))
    return found[1] if found else ""
