"""Kept searches: the next run on the same task does not search again, and says so."""

from __future__ import annotations

import json
import stat
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from assay.core.clock import FakeClock
from assay.core.errors import ProviderDown
from assay.models.base import Answer, Request
from assay.models.cache_place import cache_root
from assay.models.kept_searches import DAY_S, FRESH_S, KeptSearches
from assay.models.llm import open_model
from assay.models.prices import stated_prices
from assay.models.roles import Retrieval, RetrieveInputs
from support.briefs import brief_of, tried
from support.requests import GOOD, program_request
from support.search_server import FIRST, SECOND, answering, chat, responses

ENVIRON = {"OPENAI_API_KEY": "k" * 20, "ASSAY_WEB_SEARCH": "on"}
IDEAS = (
    '```json\n{"models": [{"name": "GAM", "why": "Smooth."}]}\n```\n'
    "```python\nfrom pygam import LinearGAM\n\nmodel = LinearGAM()\n```\n"
)


def question(search: bool = True, **changes: Any) -> Request[Retrieval]:
    """A retriever's question, with what it is told beside the task."""
    fields = {"count": 1, "path": 0, "paths": 1, **{k: v for k, v in changes.items() if k in ("path", "hints")}}
    brief = brief_of().model_copy(update=changes.get("brief", {}))
    asked = program_request(user=f"Find models. {brief.remaining_s} s are left.")
    return Request(
        role="retrieve",
        inputs=RetrieveInputs(brief=brief, **fields),
        messages=asked.messages,
        reply_type=Retrieval,
        key="step-0002/retrieve/retrieve",
        seed=changes.get("seed", 7),
        search=search,
    )


class Runs:
    """Runs one after the other, with one cache between them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "searches"
        self.clock = FakeClock()
        self.asked = 0

    def ask(self, request: Request[Any], *, searched: bool = True, down: bool = False) -> Answer[Any]:
        """Put a question in a run of its own."""
        text = IDEAS if request.reply_type is Retrieval else GOOD
        good = responses(text, searched=searched) if request.search else chat(text)
        step: bytes | int = 503 if down else good
        with answering(step) as server:
            model = open_model(
                "openai:gpt-5",
                environ={**ENVIRON, "OPENAI_BASE_URL": f"{server.url}/v1"},
                prices=stated_prices("1,10", at=0.0),
                sleep=lambda seconds: None,
                attempts=2,
            )
            try:
                return KeptSearches(model, self.folder, clock=self.clock).answer(request)
            finally:
                self.asked = len(server.requests)


def test_the_same_question_of_a_later_run_is_answered_from_the_earlier_ones_search(tmp_path: Path) -> None:
    runs = Runs(tmp_path)
    first = runs.ask(question())
    assert (runs.asked, first.kept, first.searched) == (1, "", True)
    runs.clock.advance(3 * DAY_S)
    later = {"remaining_s": 77.0, "history": (tried(1, "boosting", 0.9),), "noise": 0.1}
    second = runs.ask(question(brief=later))
    assert runs.asked == 0
    assert second.kept == "2027-01-15"
    assert second.reply == first.reply
    assert (second.searched, second.sources) == (True, (FIRST, SECOND))
    assert second.usage.requests == 0
    (file,) = runs.folder.iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert "Find models" not in file.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "change", [{"path": 1}, {"seed": 8}, {"hints": ("GAM",)}, {"brief": {"remarks": ("no trees",)}}]
)
def test_another_question_is_searched_for(tmp_path: Path, change: dict[str, Any]) -> None:
    runs = Runs(tmp_path)
    runs.ask(question())
    assert runs.ask(question(**change)).kept == ""
    assert runs.asked == 1


def test_an_old_answer_is_searched_for_again_and_stands_in_where_the_provider_is_away(tmp_path: Path) -> None:
    runs = Runs(tmp_path)
    runs.ask(question())
    runs.clock.advance(FRESH_S + DAY_S)
    assert runs.ask(question(), down=True).kept == "2027-01-15"
    assert runs.asked == 2, "it was tried"
    assert runs.ask(question()).kept == ""
    assert runs.ask(question()).kept == "2027-01-30"


def test_without_an_older_answer_an_outage_is_one(tmp_path: Path) -> None:
    with pytest.raises(ProviderDown):
        Runs(tmp_path).ask(question(), down=True)


def test_what_was_not_searched_for_is_not_kept(tmp_path: Path) -> None:
    runs = Runs(tmp_path)
    runs.ask(question(), searched=False)
    runs.ask(question(search=False))
    runs.ask(replace(program_request(), search=False))
    assert not runs.folder.exists()


@pytest.mark.parametrize("damage", ["", "{", '{"at": "x"}', '{"at": 1e300}', '{"at": 1e9, "reply": {}}'])
def test_a_damaged_file_counts_as_none(tmp_path: Path, damage: str) -> None:
    runs = Runs(tmp_path)
    runs.ask(question())
    (file,) = runs.folder.iterdir()
    file.write_text(damage, encoding="utf-8")
    assert runs.ask(question()).kept == ""
    assert json.loads(file.read_text(encoding="utf-8"))["reply"]["models"]


def test_a_folder_that_cannot_be_written_costs_nothing_but_the_keeping(tmp_path: Path) -> None:
    (tmp_path / "searches").write_text("a file", encoding="utf-8")
    answer = Runs(tmp_path).ask(question())
    assert answer.reply.models[0].name == "GAM"


def test_one_variable_names_the_folder_or_switches_it_off(tmp_path: Path) -> None:
    assert cache_root({"HOME": "/home/a", "XDG_CACHE_HOME": "/c"}) == Path("/c/assay")
    assert cache_root({"HOME": "/home/a", "XDG_CACHE_HOME": "/c", "ASSAY_CACHE": str(tmp_path)}) == tmp_path
    assert cache_root({"HOME": "/home/a", "ASSAY_CACHE": "off"}) is None
    assert str(cache_root({"HOME": "/home/a"})).startswith("/home/a/")
