"""Code blocks are found in every shape that people and models write."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import pytest
import yaml

from assay.kinds.extraction import extract

CORPUS = yaml.safe_load(Path(__file__).with_name("replies.yaml").read_text(encoding="utf-8"))


def spelled(text: str) -> str:
    """Return `text` with the letters F and T that stand for fences replaced."""
    lines = []
    for line in text.split("\n"):
        for sign, fence in (("F", "```"), ("T", "~~~")):
            bare = line.lstrip(" >`\ufeff")
            words = ("", "python", "py", "markdown", "md", "bash", "json", "yaml", "r", "pycon")
            if bare.rstrip()[:1] == sign and bare.rstrip()[1:] in words:
                line = line.replace(sign, fence, 1)
        lines.append(line)
    return "\n".join(lines)


def replies() -> Iterator[Any]:
    """Yield name, reply and what is expected of it."""
    for tag, fence, end in product(CORPUS["tags"], CORPUS["fences"], CORPUS["ends"]):
        parts = [f"Text.\n\n{fence}{tag}\n{code}\n{fence}\n" for code in CORPUS["blocks"]]
        name = f"{tag} {fence} {'lf' if end == chr(10) else 'crlf'}"
        yield pytest.param("\n".join(parts).replace("\n", end), {"blocks": CORPUS["blocks"]}, id=name)
    for case in CORPUS["cases"]:
        reply = case["reply"].replace("\r", "\n") if "Mac" in case["name"] else case["reply"]
        reply = spelled(reply).replace("\n", "\r") if "Mac" in case["name"] else spelled(reply)
        yield pytest.param(reply, case, id=case["name"])


@pytest.mark.parametrize(("reply", "expected"), list(replies()))
def test_every_shape_gives_its_blocks(reply: str, expected: Any) -> None:
    found = extract(reply)
    assert [block.code.rstrip("\n") for block in found.blocks] == [spelled(code) for code in expected["blocks"]]
    assert list(found.packages) == expected.get("packages", [])
    if "other" in expected:
        assert list(found.other) == expected["other"]


def test_the_corpus_has_at_least_sixty_replies_and_forty_shapes() -> None:
    assert len(list(replies())) >= 60
    assert len(CORPUS["cases"]) >= 40


def test_nothing_of_a_long_reply_is_cut() -> None:
    code = "\n".join(f"x{number} = {number}" for number in range(20_000))
    found = extract(f"text\n\n```python\n{code}\n```\n")
    assert found.blocks[0].code == code + "\n"


@pytest.mark.parametrize(
    ("reply", "block"),
    [
        ("a\n\n```\nx = 1\n```\n", ("x = 1\n", 4)),
        ("a\n\n    x = 1\n    y = 2\n", ("x = 1\ny = 2\n", 3)),
        ("x = 1\nprint(x)", ("x = 1\nprint(x)\n", 1)),
        ("a\n```py\nx = 1\nprint(x)", ("x = 1\nprint(x)\n", 3)),
        ("```py\nx = 1\n\nThat is all.\n", ("x = 1\n", 2)),
        ("b\n```py\ns = '''\n```\n'''\n```\n", ("s = '''\n```\n'''\n", 3)),
        ("> ```py\n> s = '''\n> ```\n> '''\n> ```\n", ("s = '''\n```\n'''\n", 2)),
        ("```markdown\nwords\n\n```py\nx = 1\n```\n```\n", ("x = 1\n", 5)),
    ],
)
def test_a_block_says_where_it_begins(reply: str, block: tuple[str, int]) -> None:
    (found,) = extract(reply).blocks
    assert (found.code, found.line) == block


def test_what_nobody_writes_by_hand_is_refused_unread() -> None:
    with pytest.raises(ValueError, match="the reply has 10,000,001 characters, more than 10,000,000"):
        extract("x" * 10_000_001)


def test_the_line_of_a_block_is_that_in_the_reply() -> None:
    assert [block.line for block in extract("a\n\n```python\nx = 1\n```\n\n```py\ny = 2\n```").blocks] == [4, 8]


@pytest.mark.parametrize(
    ("reply", "lines"),
    [
        ("```python\ns = '''\n```\ninner\n```\n'''\n```\n```python\ny = 2\n```\n", [2, 9]),
        ("```python\nthis is not (\n```\n", [2]),
        ("Cut off:\n\n```python\nx = 1\n\nprint(x\n", [4]),
    ],
)
def test_a_block_says_where_it_stands_even_where_a_fence_is_within_it_or_it_is_no_python(
    reply: str, lines: list[int]
) -> None:
    assert [block.line for block in extract(reply).blocks] == lines
