"""A cap on money that is reached in the middle of a phase: the search ends there, and the run ends well."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from assay.core.budget import Limits, Spent
from assay.core.usage import Usage
from assay.engine.budget import spent
from assay.journal.base import JournalBackend
from assay.journal.memory import MemoryJournal
from assay.models.base import Answer, R, Request
from assay.models.cap import Cap
from assay.models.completion import Prompt
from assay.models.scripted import ScriptedModel
from support.completers import ScriptedCompleter
from support.engine import Bench, propose

ANSWER = Usage(requests=1, input_tokens=100, output_tokens=900, cost_usd=Decimal("0.01"))


class PaidModel(ScriptedModel):
    """Takes a cent for every answer but those on baselines, under a real cap."""

    def __init__(self, cap: Cap) -> None:
        super().__init__(propose)
        self._cap = cap
        self.answered: list[str] = []

    def answer(self, request: Request[R]) -> Answer[R]:
        if request.role == "baseline":
            return super().answer(request)
        prompt = Prompt(role=request.role, key=request.key, messages=(), max_output_tokens=999)
        with self._cap.call(prompt, ScriptedCompleter([])) as used:
            answer = super().answer(request)
            used(ANSWER)
        self.answered.append(request.key)
        return replace(answer, usage=ANSWER)


def bench(folder: Path, backend: JournalBackend, *, questions: int, before: Spent | None = None) -> Bench:
    """An engine that may pay for so many questions."""
    cap = Decimal(questions) / 100
    made = Bench(folder, backend=backend, limits=Limits(trials=12, workers=2, cost_usd=cap))
    made.model = PaidModel(Cap(cost_usd=cap, spent=before))
    return made


@pytest.mark.parametrize("questions", [1, 4, 7])
def test_the_search_ends_there_and_the_run_goes_on_with_more_money(tmp_path: Path, questions: int) -> None:
    backend = MemoryJournal()
    first = bench(tmp_path, backend, questions=questions)
    end = first.open().work()
    assert (end.stopped_by, end.exit_code) == ("cost", 0)
    assert end.winner is not None
    history = first.log.read(lambda history: history)
    assert all(trial.state.is_final for trial in history.trials.values())
    assert [phase for _, phase in history.phases] == ["search", "finish"]
    assert history.submission is not None
    assert history.usage.cost_usd == Decimal(questions) / 100

    second = bench(tmp_path, backend, questions=100, before=first.log.read(spent))
    end = second.open().work()
    assert end.stopped_by == "trials"
    put = [*first.model.answered, *second.model.answered]
    assert Counter(put).most_common(1)[0][1] == 1, "no answer is paid for twice"
    assert end.cost_usd == Decimal(len(put)) / 100
