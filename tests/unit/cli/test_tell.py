"""What a person says to a run that is under way: words, models to try, code to refine first."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from assay.core.codec import encode
from assay.engine.control import take
from assay.journal.events import Wish
from assay.journal.history import History
from assay.journal.lease import LEASE_FILE, Lease
from assay.strategies.options import RunOptions
from unit.cli.conftest import Assay

BLOCK = "    model = Ridge()\n    model.fit(X, y)"


@pytest.fixture
def live(tmp_path: Path, story: Callable[[str], History]) -> Iterator[Callable[[str], Path]]:
    """Makes a run of a strategy that this process holds."""
    held: list[Lease] = []

    def hold(strategy: str) -> Path:
        history = story("interrupted")
        assert history.started is not None
        folder = tmp_path / "runs" / history.started.run
        options = RunOptions(strategy=strategy)
        text = json.dumps({"task": encode(history.task), "options": encode(options)})
        (folder / "run.json").write_text(text, encoding="utf-8")
        held.append(Lease(folder / LEASE_FILE))
        return folder

    yield hold
    for lease in held:
        lease.release()


def test_words_models_and_code_go_to_the_run_as_what_they_are(
    tmp_path: Path, live: Callable[[str], Path], assay: Assay
) -> None:
    folder = live("mle_star")
    (tmp_path / "block.py").write_text(f"\n{BLOCK}\n\n", encoding="utf-8")
    said = assay(
        "tell",
        "be brief",
        "--model-hint",
        "CatBoost",
        "--model-hint",
        "sk-ant-0123456789abcdefghij",
        "--block",
        "@block.py",
    )
    assert said.code == 0, said.err
    told = {(message.what, message.text) for message in take(folder)}
    assert {(Wish.REMARK, "be brief"), (Wish.HINT, "CatBoost"), (Wish.BLOCK, BLOCK)} <= told
    assert len(told) == 4
    assert not any("0123456789" in text for _, text in told)


def test_a_model_alone_is_enough_and_nothing_at_all_is_refused(live: Callable[[str], Path], assay: Assay) -> None:
    folder = live("tree")
    assert assay("tell", "--model-hint", "CatBoost").code == 0
    assert [message.text for message in take(folder)] == ["CatBoost"]
    said = assay("tell")
    assert (said.code, said.err.startswith("error[E002]")) == (2, True)


def test_code_is_refused_where_whole_scripts_are_improved_and_nothing_is_sent(
    live: Callable[[str], Path], assay: Assay
) -> None:
    folder = live("tree")
    assert assay("tell", "be brief", "--block", BLOCK).err.startswith("error[E029]")
    assert assay("tell", "--block", "@no-such-file", "--model-hint", " ").err.startswith("error[E002]: 2 options")
    assert take(folder) == []
