"""One tiny task of every shape that the playbook serves."""

from __future__ import annotations

import numpy as np
import pandas as pd

from assay.core.metric import Needs
from assay.core.task import Problem
from support.playbook_tasks import TinyTask, images, phrases, prepared, series, table, texts, tiny, wells


def binary_table(needs: Needs = Needs.PROBABILITY, metric: str = "roc_auc") -> TinyTask:
    frame, kinds, signal = table()
    frame["bought"] = np.where(signal > np.median(signal), "yes", "no")
    return tiny(
        frame,
        problem=Problem.BINARY,
        targets=("bought",),
        metric=metric,
        needs=needs,
        kinds=kinds,
        columns=("p_no", "p_yes") if needs is Needs.CLASS_PROBABILITIES else None,
        classes=("no", "yes"),
    )


def regression_table(metric: str = "rmse") -> TinyTask:
    frame, kinds, signal = table()
    frame["price"] = np.exp(signal / 2)
    return tiny(frame, problem=Problem.REGRESSION, targets=("price",), metric=metric, needs=Needs.VALUES, kinds=kinds)


def class_table(needs: Needs, metric: str) -> TinyTask:
    frame, kinds, signal = table()
    frame["kind"] = pd.qcut(signal, 3, labels=["a", "b", "c"]).astype(str)
    columns = ("kind_a", "kind_b", "kind_c") if needs is Needs.CLASS_PROBABILITIES else None
    return tiny(
        frame,
        problem=Problem.MULTICLASS,
        targets=("kind",),
        metric=metric,
        needs=needs,
        kinds=kinds,
        columns=columns,
        classes=("a", "b", "c"),
        params=(("k", 2),),
    )


def many_targets(problem: Problem, needs: Needs) -> TinyTask:
    frame, kinds, signal = table()
    first, second = signal, -signal + frame["rooms"] / 100
    if problem is Problem.MULTILABEL:
        first, second = (first > np.median(first)).astype(int), (second > np.median(second)).astype(int)
    frame["one"], frame["two"] = first, second
    return tiny(frame, problem=problem, targets=("one", "two"), metric="mean", needs=needs, kinds=kinds)


def text_task(problem: Problem, needs: Needs, metric: str) -> TinyTask:
    frame, kinds, signal = texts()
    frame["label"] = signal if problem is Problem.REGRESSION else (signal > 0).astype(int)
    classes = () if problem is Problem.REGRESSION else ("0", "1")
    return tiny(frame, problem=problem, targets=("label",), metric=metric, needs=needs, kinds=kinds, classes=classes)


def phrase_task(problem: Problem) -> TinyTask:
    frame, kinds = phrases()
    score = frame.pop("score")
    frame["score"] = (score > 0.4).astype(int) if problem is Problem.BINARY else score
    needs = Needs.PROBABILITY if problem is Problem.BINARY else Needs.VALUES
    return tiny(frame, problem=problem, targets=("score",), metric="pearson", needs=needs, kinds=kinds, classes=())


def profiles(metric: str = "pearson_mean_rowwise") -> TinyTask:
    frame, names = wells()
    return tiny(frame, problem=Problem.REGRESSION, targets=names, metric=metric, needs=Needs.VALUES, kinds={})


def bare_profiles() -> TinyTask:
    """Many targets with nothing that belongs to them: plain numbers only."""
    frame, names = wells(bits=3)
    frame = frame.drop(columns=["plate", "dose", "line"]).rename(columns=lambda name: name.replace("pre_", "gene"))
    genes = [name for name in frame if name.startswith("gene")]
    frame[genes] = 50 * frame[genes] + 1_000
    return tiny(frame, problem=Problem.REGRESSION, targets=names, metric="pearson", needs=Needs.VALUES, kinds={})


TASKS = {
    "binary": binary_table,
    "regression": regression_table,
    "text-labels": lambda: text_task(Problem.BINARY, Needs.LABELS, "f1"),
    "pairs": lambda: phrase_task(Problem.REGRESSION),
    "forecast": series,
    "images": lambda: prepared("train.npz", images()),
    "profiles": profiles,
    "profiles-bare": bare_profiles,
}
MORE_TASKS = {
    "binary-f1": lambda: binary_table(Needs.LABELS, "f1"),
    "binary-two-columns": lambda: binary_table(Needs.CLASS_PROBABILITIES, "log_loss"),
    "multiclass-labels": lambda: class_table(Needs.LABELS, "accuracy"),
    "multiclass-probabilities": lambda: class_table(Needs.CLASS_PROBABILITIES, "log_loss"),
    "multiclass-ranked": lambda: class_table(Needs.RANKED_LABELS, "map@2"),
    "multilabel": lambda: many_targets(Problem.MULTILABEL, Needs.PROBABILITY),
    "several-values": lambda: many_targets(Problem.REGRESSION, Needs.VALUES),
    "rmsle": lambda: regression_table("rmsle"),
    "mae": lambda: regression_table("mae"),
    "text-values": lambda: text_task(Problem.REGRESSION, Needs.VALUES, "rmse"),
    "pairs-binary": lambda: phrase_task(Problem.BINARY),
}
ALL_TASKS = {**TASKS, **MORE_TASKS}
