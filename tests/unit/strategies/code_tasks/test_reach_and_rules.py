"""A patch widens nothing; a failure seen three times becomes a rule."""

from __future__ import annotations

from pathlib import Path

import pytest

from assay.strategies.code_tasks.reach import widened
from assay.strategies.code_tasks.rules import Failure, earlier_failures, failure, keep_failures, rules

PLAIN = "import json\nopen('out/x.json', 'w').write(json.dumps(1))"


@pytest.mark.parametrize(
    ("after", "item"),
    [
        ("import requests", "network:requests"),
        ("from urllib.request import urlopen", "network:urllib"),
        ("import subprocess as s", "process:subprocess"),
        ("import os\nos.system('ls')", "process:os.system"),
        ("from os import system\nsystem('ls')", "process:os.system"),
        ("open('/etc/passwd')", "path:/etc/passwd"),
        ("open('../../events.jsonl')", "path:../../events.jsonl"),
        ("import os\nos.environ['KEY']", "environment:os.environ"),
        ("import os\nos.chmod('x', 0o777)", "permission:os.chmod"),
        ("from pathlib import Path\nPath('x').symlink_to('y')", "link:symlink_to"),
        ("u = 'https://example.org/x'", "address:https://example.org/x"),
        ("exec('x')", "dynamic:exec"),
        ("import pickle\npickle.loads(b'')", "dynamic:pickle.loads"),
    ],
)
def test_what_a_patch_would_add_is_named(after: str, item: str) -> None:
    assert item in widened((PLAIN,), (PLAIN, after))
    assert widened((PLAIN, after), (after, PLAIN)) == ()


def test_a_plain_mend_widens_nothing() -> None:
    assert widened((PLAIN,), (PLAIN.replace("dumps(1)", "dumps(2)"), "import numpy as np\nx = np.zeros(3)")) == ()


def test_of_code_that_does_not_parse_its_words_count() -> None:
    broken = "import subprocess\ndef f(:"
    assert widened((broken,), ("import subprocess",)) == ()
    assert widened((broken,), ("import socket",)) == ("network:socket",)


def missing(name: str) -> Failure:
    return failure("execution", "ModuleNotFoundError", f"No module named '{name}'")


def test_three_equal_failures_make_a_rule_and_two_do_not() -> None:
    seen = [missing("clip"), missing("other"), missing("clip")]
    assert rules(seen) == ()
    told = rules([*seen, missing("clip")])
    assert len(told) == 1
    assert "clip" in told[0]
    assert "3 times" in told[0]


def test_numbers_and_names_of_findings_do_not_hide_a_pattern() -> None:
    seen = [failure("verification", "V09", f"the metric 'm{n}' is {n} at all steps") for n in range(3)]
    assert len(rules(seen)) == 1
    lines = [failure("execution", "ValueError", f"bad shape {n}") for n in range(3)]
    assert len(rules(lines)) == 1


def test_later_runs_know_what_earlier_ones_met(tmp_path: Path) -> None:
    for name in ("one", "two", "own"):
        (tmp_path / name).mkdir()
        keep_failures(tmp_path / name, [missing("clip")])
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "failures.json").write_text("{", encoding="utf-8")
    assert len(earlier_failures(tmp_path, tmp_path / "own")) == 2
