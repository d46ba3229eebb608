"""What the catalogue answers: sensible, mixed, and the same every time."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from assay.core.metric import Needs
from assay.core.profile import ColumnKind, DataProfile
from assay.core.task import Problem, Task
from assay.models.catalogue import Hit, Modality, find, load, search
from assay.models.catalogue.search import _about, estimate_s, missing_packages
from assay.models.catalogue.traits import facts_of, traits
from support.briefs import HOURLY, INCOME, INCOME_PROFILE, MACHINE, SPAM, category_column, number_column
from unit.models.playbook import shapes

EVERYTHING = tuple({name for entry in load() for name in entry.needs})
PLAIN = tuple(MACHINE.packages)

SPAM_PROFILE = DataProfile(
    train_rows=3_700,
    test_rows=1_100,
    columns=(category_column("message", "Free entry now", kind=ColumnKind.TEXT, distinct=3_500, mean_words=15.5),),
    targets=(number_column("spam"),),
    target_counts=(("0", 3_200), ("1", 500)),
)
HOURLY_PROFILE = DataProfile(
    train_rows=290_000,
    test_rows=19_872,
    columns=(category_column("series", "H1", distinct=414), number_column("t", distinct=960)),
    targets=(number_column("y", integral=False),),
    series=414,
    horizon=48,
)
PHRASES = replace(
    INCOME,
    name="us-patent",
    statement="Predict how alike `anchor` and `target` are, 0 to 1.",
    problem=Problem.REGRESSION,
    metric=replace(INCOME.metric, name="pearson", needs=Needs.VALUES),
    targets=("score",),
)
PHRASES_PROFILE = DataProfile(
    train_rows=26_000,
    test_rows=9_000,
    columns=(
        category_column("anchor", "abatement", kind=ColumnKind.TEXT, distinct=730, mean_words=2.0),
        category_column("target", "act of abating", kind=ColumnKind.TEXT, distinct=20_000, mean_words=2.2),
        category_column("context", "A47", distinct=106),
    ),
    targets=(number_column("score", low=0.0, high=1.0, integral=False),),
)


def found(task: Task, profile: DataProfile, packages: tuple[str, ...] = PLAIN, **options: Any) -> list[Hit]:
    return search(task, profile, packages, options.pop("gpu", False), options.pop("limit", 4), **options)


def names(hits: list[Hit]) -> list[str]:
    return [hit.entry.name for hit in hits]


CASES = {
    "table": (INCOME, INCOME_PROFILE, {"lightgbm"}, {Modality.TABLES}),
    "short text": (SPAM, SPAM_PROFILE, {"char-ngrams", "nb-svm"}, {Modality.TEXT}),
    "hourly series": (HOURLY, HOURLY_PROFILE, {"lag-boosting", "window-linear"}, {Modality.SERIES}),
    "phrases": (PHRASES, PHRASES_PROFILE, {"string-similarity", "group-context"}, {Modality.PAIRS}),
}


@pytest.mark.parametrize("case", CASES, ids=str)
def test_what_comes_first_fits_the_task_runs_here_and_is_mixed(case: str) -> None:
    task, profile, expected, modalities = CASES[case]
    hits = found(task, profile)
    assert expected <= set(names(hits))
    assert {hit.entry.modality for hit in hits} == modalities
    assert all(hit.runnable and not hit.missing for hit in hits)
    assert len({hit.entry.family for hit in hits}) >= 3


@pytest.mark.parametrize("packages", [PLAIN, EVERYTHING], ids=["plain", "everything"])
@pytest.mark.parametrize("gpu", [False, True])
def test_no_family_stands_three_times_among_the_first_four(packages: tuple[str, ...], gpu: bool) -> None:
    for task, profile, *_ in CASES.values():
        first = found(task, profile, packages, gpu=gpu, limit=8)[:4]
        assert max(Counter(hit.entry.family for hit in first).values()) <= 2


def test_images_in_an_array_file_are_images() -> None:
    brief = shapes.TASKS["images"]().brief
    hits = search(brief.task, brief.profile, PLAIN, False, 5, only_runnable=True)
    assert {hit.entry.modality for hit in hits} == {Modality.IMAGES}
    assert "hog-svm" in names(hits)
    with_gpu = search(brief.task, brief.profile, (*PLAIN, "torch", "torchvision"), True, 5)
    assert "small-cnn" in names(with_gpu)


def test_a_folder_of_sounds_is_known_by_its_files() -> None:
    files = ("train.csv (10.0 kB)", "clips/ (800 files, 90.0 MB; clips/1.wav, clips/2.wav ...)")
    profile = replace(INCOME_PROFILE, columns=(), files=files)
    assert {hit.entry.modality for hit in found(INCOME, profile)} == {Modality.SEQUENCES}


def test_the_same_question_has_the_same_answer_and_a_shorter_list_is_its_beginning() -> None:
    hits = found(INCOME, INCOME_PROFILE, EVERYTHING, limit=9)
    assert hits == found(INCOME, INCOME_PROFILE, tuple(reversed(EVERYTHING)), limit=9)
    assert found(INCOME, INCOME_PROFILE, EVERYTHING, limit=3) == hits[:3]
    assert found(INCOME, INCOME_PROFILE, limit=0) == []


def test_what_is_excluded_does_not_come_back() -> None:
    first = names(found(INCOME, INCOME_PROFILE))
    assert not set(first) & set(names(found(INCOME, INCOME_PROFILE, exclude=first)))
    everything = [entry.name for entry in load()]
    assert found(INCOME, INCOME_PROFILE, exclude=everything) == []


def test_a_package_that_is_installed_brings_its_families_forward() -> None:
    without = found(INCOME, INCOME_PROFILE, limit=6)
    assert "catboost" not in names(without)
    assert "catboost" in names(found(INCOME, INCOME_PROFILE, (*PLAIN, "catboost"), limit=2))
    tail = [hit for hit in found(INCOME, INCOME_PROFILE, limit=40) if hit.entry.name == "catboost"]
    assert tail[0].missing == ("catboost",)
    assert "needs catboost, not installed" in tail[0].why


def test_a_package_under_another_name_counts() -> None:
    xgboost, transformer = find("xgboost"), find("ft-transformer")
    assert xgboost is not None
    assert transformer is not None
    assert missing_packages(xgboost, ("xgboost-cpu",)) == ()
    assert missing_packages(transformer, ("Rtdl-Revisiting.Models", "torch")) == ("scikit-learn",)


def test_networks_that_need_a_gpu_wait_for_one() -> None:
    packages = (*PLAIN, "torch", "transformers")
    assert "deberta" not in names(found(SPAM, SPAM_PROFILE, packages, limit=8))
    last = next(h for h in found(SPAM, SPAM_PROFILE, packages, limit=30) if h.entry.name == "deberta")
    assert "needs a GPU, and there is none" in last.why
    assert not last.runnable
    long_texts = replace(SPAM_PROFILE, train_rows=20_000)
    assert "deberta" in names(found(SPAM, long_texts, packages, gpu=True, limit=8))


def test_what_takes_longer_than_a_trial_may_comes_late_and_says_so() -> None:
    packages = (*PLAIN, "catboost")
    assert "catboost" in names(found(INCOME, INCOME_PROFILE, packages, trial_s=600.0))
    hits = found(INCOME, INCOME_PROFILE, packages, trial_s=30.0, limit=30)
    assert "catboost" not in names(hits[:4])
    assert "likely too slow here" in next(h for h in hits if h.entry.name == "catboost").why


def test_a_guess_of_the_time_grows_with_the_rows_as_the_family_does() -> None:
    process, boosting = find("gaussian-process"), find("catboost")
    assert process is not None
    assert boosting is not None
    assert estimate_s(process, 10, gpu=False) == 1.0
    assert estimate_s(process, 8_000, gpu=False) == pytest.approx(8 * estimate_s(process, 4_000, gpu=False))
    assert estimate_s(boosting, 10_000, gpu=True) == 5.0


@pytest.mark.parametrize(("seconds", "told"), [(0.4, "a second"), (8.2, "8 s"), (240.0, "4 min"), (7_300.0, "2 h")])
def test_a_training_time_is_told_in_plain_words(seconds: float, told: str) -> None:
    assert _about(seconds) == told


def test_a_reason_names_what_was_found_in_the_data() -> None:
    first = found(INCOME, INCOME_PROFILE)[0]
    assert first.entry.name == "lightgbm"
    assert first.why.startswith("Suits 43,957 rows, missing values and categories; about ")
    assert all(hit.why.endswith(".") and "\n" not in hit.why for hit in found(SPAM, SPAM_PROFILE, limit=40))


def test_special_questions_bring_their_own_families() -> None:
    survival = replace(
        INCOME, statement="Predict the survival time; some rows are censored.", problem=Problem.REGRESSION
    )
    assert "cox-regression" in names(found(survival, INCOME_PROFILE, (*PLAIN, "lifelines")))
    fraud = replace(INCOME_PROFILE, target_counts=(("0", 43_500), ("1", 457)))
    assert "isolation-forest" in names(found(INCOME, fraud, limit=6))
    ranked = replace(INCOME, problem=Problem.MULTICLASS, output=replace(INCOME.output, needs=Needs.RANKED_LABELS))
    columns = (category_column("user_id", distinct=9_000), number_column("hour"))
    purchases = replace(INCOME_PROFILE, columns=columns, target_counts=(("1", 10), ("2", 9)))
    hits = found(replace(ranked, targets=("item_id",)), purchases)
    assert hits[0].entry.modality is Modality.INTERACTIONS


def test_places_counts_and_many_levels_are_seen() -> None:
    columns = (
        number_column("longitude", low=-124.0, high=-114.0),
        number_column("latitude", low=32.0, high=42.0),
        category_column("town", distinct=4_000),
    )
    target = number_column("visits", low=0.0)
    profile = replace(INCOME_PROFILE, columns=columns, targets=(target,), target_counts=(), target_skew=2.0)
    task = replace(INCOME, problem=Problem.REGRESSION)
    seen = traits(facts_of(task, profile, PLAIN), gpu=False)
    assert {"location", "counts", "many_levels", "skewed"} <= seen.keys()
    assert seen["many_levels"] == "the 4,000 levels of `town`"
    hits = names(found(task, profile, limit=10))
    assert {"spatial-neighbours", "target-encoding"} <= set(hits[:5])
    assert "counts-boosting" in hits


def test_what_makes_sense_for_certain_data_only_is_offered_there_only() -> None:
    offered = names(found(INCOME, INCOME_PROFILE, EVERYTHING, gpu=True, limit=80))
    assert "target-encoding" in offered
    assert not {"spatial-neighbours", "counts-boosting", "deep-factorisation"} & set(offered)


def test_every_shape_of_task_has_families_that_run_with_the_plain_packages() -> None:
    for make in shapes.ALL_TASKS.values():
        brief = make().brief
        hits = search(brief.task, brief.profile, tuple(brief.machine.packages), False, 4, only_runnable=True)
        assert len(hits) == 4 or (brief.task.problem is Problem.MULTILABEL and len(hits) >= 3)
