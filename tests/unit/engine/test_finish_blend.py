"""What a run tells of its blend: who is in it, who is not and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from assay.core.budget import Limits
from assay.core.codec import decode
from assay.core.task import Task
from assay.core.view import View
from assay.engine.blending import BLEND_KEY
from assay.grading import Blend, Mixed
from assay.journal import events as ev
from assay.journal.history import History
from assay.journal.memory import MemoryJournal
from support.engine import Bench
from support.fakes import FakeGrading

Members = Mapping[int, Mapping[str, Mapping[str, Path]]]


class OneIsBest(FakeGrading):
    """Finds that a single member is better than any mix."""

    def blend(self, task: Task, views: Sequence[View], members: Members) -> Blend:
        first, *rest = sorted(members)
        return Blend(weights={first: 1.0}, left_out=dict.fromkeys(rest, "adding it does not improve the mix"))


class LosesOne(FakeGrading):
    """Finds the mix better than anything, and one member's file invalid on the sealed view."""

    def blend(self, task: Task, views: Sequence[View], members: Members) -> Blend:
        blend = super().blend(task, views, members)
        return replace(blend, scores={name: score - 9.0 for name, score in blend.scores.items()})

    def combine(
        self, task: Task, view: View, blend: Blend, members: Mapping[int, Mapping[str, Path]], into: Path
    ) -> Mixed:
        mixed = super().combine(task, view, blend, members, into)
        dropped = {max(blend.weights): "3 of 90 ids are missing"} if view.key.name == "sealed" else {}
        return replace(mixed, dropped=dropped)


def work(bench: Bench) -> History:
    bench.open().work()
    return bench.log.read(lambda history: history)


def test_every_member_that_was_looked_at_is_in_the_blend_or_left_out_with_a_reason(tmp_path: Path) -> None:
    history = work(Bench(tmp_path))
    trial = history.trial_by_key(BLEND_KEY)
    assert trial is not None
    blend = decode(Blend, trial.recipe["blend"])
    known = [t for t in history.ranking() if t.folds == 3 and t.operator != "blend"][:12]
    assert {*blend.weights, *blend.left_out} == {t.number for t in known}
    assert blend.left_out
    assert all(blend.left_out.values())


def test_why_there_is_no_blend_is_noted_once(tmp_path: Path) -> None:
    backend = MemoryJournal()
    history = work(Bench(tmp_path, backend=backend, grading=OneIsBest()))
    assert history.trial_by_key(BLEND_KEY) is None
    blend = decode(Blend, history.notes[BLEND_KEY])
    assert len(blend.weights) == 1
    assert set(blend.left_out.values()) == {"adding it does not improve the mix"}
    again = Bench(tmp_path, backend=backend, grading=OneIsBest(), limits=Limits(trials=12))
    work(again)
    assert len([e for e in backend.read() if isinstance(e.payload, ev.Noted) and e.payload.key == BLEND_KEY]) == 1


def test_a_member_that_drops_out_of_the_delivered_mix_is_remarked_on(tmp_path: Path) -> None:
    history = work(Bench(tmp_path, grading=LosesOne()))
    assert history.sealed is not None
    trial = history.trials[history.sealed.trial]
    assert trial.operator == "blend"
    told = [remark.text for _, remark in history.remarks if remark.code == "W405"]
    lost = max(trial.parents)
    assert told == [f"the blend goes without #{lost} on sealed, the other weights grew: 3 of 90 ids are missing"]
