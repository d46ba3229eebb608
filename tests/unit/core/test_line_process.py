"""A helper process asked in lines of JSON: real processes that answer, hang, die and babble."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from assay.core.line_process import Gone, LineProcess

ECHO = "import sys\nfor line in sys.stdin:\n    print(line, end='', flush=True)\n"


@contextmanager
def helper(folder: Path, program: str) -> Iterator[LineProcess]:
    argv = [sys.executable, "-I", "-S", "-c", program]
    process = LineProcess("the helper", argv, folder=folder, env={}, most_reply_bytes=1_000_000)
    try:
        yield process
    finally:
        process.close()
        assert process.pid is None


def test_it_answers_in_turn_however_long_the_lines_are(tmp_path: Path) -> None:
    with helper(tmp_path, ECHO) as process:
        for told in ({"a": 1}, {"long": "ä" * 50_000}, {"a": [None, 2.5]}):
            process.write(told, 60)
            assert process.read(60) == told


def test_it_runs_in_its_folder_with_its_own_variables_alone(tmp_path: Path) -> None:
    program = "import json, os\nprint(json.dumps({'folder': os.getcwd(), 'home': os.environ.get('HOME')}), flush=True)"
    with helper(tmp_path, program) as process:
        assert process.read(60) == {"folder": str(tmp_path.resolve()), "home": None}


def test_two_replies_that_come_at_once_are_two(tmp_path: Path) -> None:
    with helper(tmp_path, 'import os, time\nos.write(1, b\'{"n": 1}\\n{"n": 2}\\n\')\ntime.sleep(60)') as process:
        assert [process.read(60), process.read(60)] == [{"n": 1}, {"n": 2}]


@pytest.mark.parametrize(
    ("program", "reason"),
    [
        ("", "the helper ended"),
        ("print('{', flush=True)", "the helper said something that is not JSON"),
        ("print('[1]', flush=True)", "the helper said something that is no reply"),
        ("print('x' * 2_000_000, flush=True)", "the helper said too much"),
    ],
)
def test_what_is_no_reply_is_said(tmp_path: Path, program: str, reason: str) -> None:
    with helper(tmp_path, program) as process, pytest.raises(Gone, match=reason) as caught:
        process.read(60)
    assert caught.value.reason == reason


def test_one_that_neither_reads_nor_answers_is_given_up(tmp_path: Path) -> None:
    with helper(tmp_path, "import time\ntime.sleep(60)") as process:
        with pytest.raises(Gone, match="did not answer within"):
            process.read(0.05)
        with pytest.raises(Gone, match="did not take what it was told in time"):
            process.write({"more than a pipe holds": "x" * 200_000}, 0.05)


def test_one_that_is_killed_is_gone(tmp_path: Path) -> None:
    with helper(tmp_path, ECHO) as process:
        process.signal_kill()
        with pytest.raises(Gone, match="the helper ended"):
            process.read(60)
        while process.pid is not None:
            time.sleep(0.01)
        with pytest.raises(Gone, match="the helper was gone"):
            process.write({}, 60)
