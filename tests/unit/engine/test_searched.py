"""Where an answer comes from stands in the journal; journals from before that are read as well."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, cast

from assay.core.codec import decode, encode
from assay.engine.session import Session
from assay.journal import events as ev
from assay.models.base import Answer, Request
from assay.models.roles import BaselineInputs
from assay.models.scripted import ScriptedModel
from assay.operators.brief import brief_at
from support.engine import Bench, propose

PAGE = "https://example.org/boosting"


class Searcher(ScriptedModel):
    """A scripted model that says it looked something up."""

    def answer(self, request: Request[Any]) -> Answer[Any]:
        return replace(super().answer(request), searched=True, sources=(PAGE,), kept="2026-11-12")


class AskOnce:
    """A strategy of one question."""

    def run(self, session: Session) -> None:
        inputs = BaselineInputs(brief=brief_at(session, session.view(), "q"), name="constant")
        session.ask("q", "baseline", inputs)


def test_what_was_looked_at_is_journaled_with_the_answer(tmp_path: Path) -> None:
    bench = Bench(tmp_path, strategy=AskOnce())
    bench.model = Searcher(propose)
    bench.open()._search()
    answered = [e.payload for e in bench.backend.read() if isinstance(e.payload, ev.Answered)]
    assert [(a.searched, a.sources, a.kept) for a in answered] == [(True, (PAGE,), "2026-11-12")]
    assert decode(ev.Answered, encode(answered[0])) == answered[0]
    assert not bench.model.requests[0].search


def test_an_answer_of_an_older_journal_was_not_searched_for() -> None:
    old = {"key": "q", "role": "draft", "request": "r", "reply": "d", "model": "m", "latency_s": 1.0, "error": ""}
    answered = cast(ev.Answered, decode(ev.Answered, old))
    assert (answered.searched, answered.sources, answered.kept) == (False, (), "")
