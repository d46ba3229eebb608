"""Fakes at the engine's seams: views without data, grading without metrics, a judge without statistics.

A fake candidate's script is one JSON object; `behave` does what it says:
    {"score": 1.5}                      writes that number as its predictions; each fold adds its own small noise
    {"fail": "ValueError: x"}           prints a traceback and exits with 1
    {"fail": ..., "fixed": {...}}       the same, and what the fake repairer makes of it
    {"silent": true}                    ends well and writes nothing
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from assay.core.candidate import Candidate
from assay.core.digest import digest_text
from assay.core.files import write_whole
from assay.core.score import Provenance, Score
from assay.core.task import Task
from assay.core.view import Twist, View, ViewKey, ViewKind
from assay.core.weakness import Segment, Weakness, Weaknesses
from assay.grading import Blend, Grade, Graded, Invalid, Mixed, PredictionStats


def script(**behaviour: Any) -> Candidate:
    """Return a fake candidate."""
    return Candidate(
        kind="script",
        files={"solution.py": json.dumps(behaviour)},
        entry="solution.py",
        title=str(behaviour.get("title", "idea")),
        operator=str(behaviour.get("operator", "draft")),
    )


class FakeViews:
    """Empty views in a folder.

    Args:
        root: Folder to make them in.
        k: Number of folds.
    """

    def __init__(self, root: Path, k: int = 3) -> None:
        self._root = root
        self._k = k

    def fold_keys(self, seed: int = 0) -> tuple[ViewKey, ...]:
        return tuple(ViewKey(kind=ViewKind.FOLD, fold=fold, seed=seed) for fold in range(self._k))

    def sealed_key(self) -> ViewKey | None:
        return ViewKey(kind=ViewKind.SEALED)

    def final_key(self) -> ViewKey | None:
        return ViewKey(kind=ViewKind.FINAL)

    def twisted_key(self, fold: ViewKey, twist: Twist) -> ViewKey | None:
        return replace(fold, twist=twist)

    def rehearsal_key(self, rows: int) -> ViewKey | None:
        return ViewKey(kind=ViewKind.REHEARSAL, fold=0, row_cap=rows)

    def build(self, key: ViewKey) -> View:
        folder = self._root / key.name
        folder.mkdir(parents=True, exist_ok=True)
        if not (folder / "view.txt").exists():
            write_whole(folder / "view.txt", key.name)
        told = key.kind not in (ViewKind.FINAL, ViewKind.REHEARSAL)
        answers = self._root / f"{key.name}.csv" if told else None
        return View(key=key, input=folder, answers=answers, train_rows=90, test_rows=10)


class FakeGrading:
    """Takes the number in the file for the score."""

    def grade(self, task: Task, view: View, predictions: Path) -> Grade:
        text = predictions.read_text(encoding="utf-8").strip()
        try:
            value = float(text)
        except ValueError:
            return Invalid(problems=(f"{text!r} is no number",))
        return Graded(score=Score(value=value, provenance=Provenance.GRADED, view=view.key.name, rows=10))

    def grade_with_interval(self, task: Task, view: View, predictions: Path) -> Grade:
        return self.grade(task, view, predictions)

    def validate(self, task: Task, view: View, predictions: Path) -> tuple[str, ...]:
        return () if predictions.read_text(encoding="utf-8").strip() else ("empty",)

    def stats(self, task: Task, view: View, predictions: Path) -> PredictionStats | Invalid:
        return PredictionStats(rows=10, distinct=10, top_share=0.1)

    def blend(
        self, task: Task, views: Sequence[View], members: Mapping[int, Mapping[str, Mapping[str, Path]]]
    ) -> Blend:
        """Mix the first two members; the mix is always a little better than their mean."""
        first = sorted(members)[:2]
        scores = {
            view.key.name: sum(
                float(members[n][view.key.name]["submission.csv"].read_text(encoding="utf-8")) for n in first
            )
            / 2
            - 0.1
            for view in views
        }
        left_out = {n: "adding it does not improve the mix" for n in members if n not in first}
        return Blend(weights=dict.fromkeys(first, 0.5), scores=scores, left_out=left_out)

    def weaknesses(
        self, task: Task, views: Sequence[View], members: Mapping[int, Mapping[str, Path]]
    ) -> Weaknesses | None:
        """Return one segment of each member; its loss is the number in the first file."""
        by_trial = {}
        for number, files in members.items():
            loss = float(files[views[0].key.name].read_text(encoding="utf-8"))
            segment = Segment(by="colour", name="red", rows=20, loss=loss, share=0.5)
            by_trial[number] = Weakness(measure="error", rows=90, folds=len(views), loss=loss, segments=(segment,))
        pairs = [(one, other, 0.5) for one in by_trial for other in by_trial if one < other]
        return Weaknesses(trials=tuple(by_trial), found=tuple(by_trial.values()), alike=tuple(pairs))

    def combine(
        self, task: Task, view: View, blend: Blend, members: Mapping[int, Mapping[str, Path]], into: Path
    ) -> Mixed:
        values = [float(members[n]["submission.csv"].read_text(encoding="utf-8")) for n in blend.weights]
        path = into / "submission.csv"
        path.write_text(f"{sum(values) / len(values)}\n", encoding="utf-8")
        return Mixed(file=path)


def noise(*parts: object) -> float:
    """Return a number in [-0.01, 0.01] that depends on `parts` alone."""
    return int(digest_text("/".join(map(str, parts)))[:8], 16) / 2**32 * 0.02 - 0.01
