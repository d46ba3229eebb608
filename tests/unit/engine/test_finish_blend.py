"""What a run tells of its blend: who is in it, who is not and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from assay.core.budget import Limits
from assay.core.codec import decode
from assay.core.task import Task
from assay.core.view import View
from assay.engine.blending import BLEND_KEY
from assay.engine.branches import branch_of
from assay.grading import Blend, Mixed
from assay.journal import events as ev
from assay.journal.history import History
from assay.journal.memory import MemoryJournal
from assay.models.base import Request
from assay.models.scripted import Scripted
from assay.strategies.tree import Tree, TreeOptions
from support.engine import SCORES, Bench, program, propose
from support.fakes import FakeGrading, noise

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


class Mixes(FakeGrading):
    """Finds a mix that scores a little worse than the best single trial."""

    def blend(self, task: Task, views: Sequence[View], members: Members) -> Blend:
        blend = super().blend(task, views, members)
        return replace(blend, scores={view.key.name: 1.786 + self.behind for view in views})

    behind = 0.0


def crowded(request: Request[Any]) -> Scripted:
    """Answer with many solutions that are equally good but for luck."""
    if request.role in ("draft", "improve"):
        return program(request.key, score=1.8 + noise(request.key))
    return propose(request)


def test_a_blend_wins_over_the_best_of_a_crowd_of_equals_and_the_reason_is_told(tmp_path: Path) -> None:
    bench = Bench(tmp_path, answers=crowded, grading=Mixes(), strategy=Tree(TreeOptions(drafts=30)))
    bench.limits = Limits(trials=40)
    end = bench.open().work()
    history = bench.log.read(lambda h: h)
    best = history.best
    assert best is not None
    assert end.winner is not None
    assert best.operator != "blend", "by plain search score a single trial is first"
    assert history.trials[end.winner].operator == "blend"
    assert [remark.text for _, remark in history.remarks if remark.code == "W407"]
    assert history.sealed is not None
    assert history.sealed.trial == end.winner


def test_a_blend_that_is_worse_than_the_best_without_its_luck_does_not_win(tmp_path: Path) -> None:
    grading = Mixes()
    grading.behind = 0.5
    bench = Bench(tmp_path, answers=crowded, grading=grading, strategy=Tree(TreeOptions(drafts=30)))
    bench.limits = Limits(trials=40)
    end = bench.open().work()
    assert end.winner is not None
    assert bench.log.read(lambda h: h.trials[end.winner or 0].operator) != "blend"


def hopeless(request: Request[Any]) -> Scripted:
    """Answer with many solutions that are hardly worse than the best baseline."""
    if request.role in ("draft", "improve"):
        return program(request.key, score=min(SCORES.values()) + 0.012 + noise(request.key))
    return propose(request)


def test_no_blend_wins_over_a_baseline_that_scores_better_for_a_baseline_had_no_luck(tmp_path: Path) -> None:
    grading = Mixes()
    grading.behind = 1.998 - 1.786
    bench = Bench(tmp_path, answers=hopeless, grading=grading, strategy=Tree(TreeOptions(drafts=30)))
    bench.limits = Limits(trials=40)
    end = bench.open().work()
    history = bench.log.read(lambda h: h)
    assert history.trial_by_key(BLEND_KEY) is not None
    assert end.winner is not None
    assert history.trials[end.winner].operator == "baseline"


def test_each_branch_is_sure_of_its_seats(tmp_path: Path) -> None:
    history = work(Bench(tmp_path, limits=Limits(trials=40), grading=OneIsBest()))
    blend = decode(Blend, history.notes[BLEND_KEY])
    members = {*blend.weights, *blend.left_out}
    whole = [t for t in history.ranking() if t.folds == 3 and t.operator != "baseline"]
    branches = {branch_of(history, t) for t in whole}
    assert len(whole) > 12 > len(branches) - 1
    assert {branch_of(history, history.trials[n]) for n in members} >= branches
