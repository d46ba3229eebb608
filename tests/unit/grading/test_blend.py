from __future__ import annotations

import random
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from assay.core.codec import decode, encode
from assay.core.errors import MachineError
from assay.core.metric import Needs
from assay.core.task import Task
from assay.core.view import View
from assay.data.metric_names import METRICS, with_params
from assay.grading import Blend, Graded, Grader, blend_script
from support.gradings import a_task, a_view, write_csv

Files = dict[int, dict[str, dict[str, Path]]]


@pytest.fixture(scope="module")
def grader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Grader]:
    with Grader(tmp_path_factory.mktemp("grader")) as service:
        yield service


def values_case(folder: Path, folds: int = 3, rows: int = 120) -> tuple[Task, list[View], Files]:
    """Members 1 and 2 err independently and equally; 3 is far worse; 4 is 1 again."""
    draw = random.Random(5)
    views, members = [], Files()
    for fold in range(folds):
        truth = [(i, draw.gauss(0, 3)) for i in range(rows)]
        views.append(a_view(folder, ("id", "target"), truth, fold=fold))
        one = [(i, y + draw.gauss(0, 1)) for i, y in truth]
        two = [(i, y + draw.gauss(0, 1)) for i, y in truth]
        bad = [(i, draw.gauss(0, 9)) for i, _ in truth]
        for number, table in ((1, one), (2, two), (3, bad), (4, one)):
            path = write_csv(folder / f"{number}-{fold}.csv", ("id", "target"), table)
            members.setdefault(number, {})[f"fold-{fold}"] = {"submission.csv": path}
    return a_task(folder, "rmse"), views, members


def mean_score(grader: Grader, task: Task, views: Sequence[View], files: Mapping[str, Mapping[str, Path]]) -> float:
    grades = [grader.grade(task, view, files[view.key.name]["submission.csv"]) for view in views]
    return sum(g.score.value for g in grades if isinstance(g, Graded)) / len(views)


def test_independent_members_are_mixed_and_a_bad_one_is_not(grader: Grader, tmp_path: Path) -> None:
    task, views, members = values_case(tmp_path)
    blend = grader.blend(task, views, members)
    assert sum(blend.weights.values()) == pytest.approx(1.0)
    assert 3 not in blend.weights
    assert set(blend.weights) | set(blend.left_out) == {1, 2, 3, 4}
    assert blend.left_out[3] == "adding it does not improve the mix"
    assert blend.weights[2] == pytest.approx(0.5, abs=0.15)
    assert set(blend.scores) == {"fold-0", "fold-1", "fold-2"}
    # Independent unit errors averaged in halves leave an error of 1 / sqrt(2).
    assert sum(blend.scores.values()) / 3 == pytest.approx(0.5**0.5, rel=0.1)
    assert sum(blend.scores.values()) / 3 < mean_score(grader, task, views, members[1])
    assert grader.blend(task, views, members) == blend
    assert decode(Blend, encode(blend)) == blend


def test_a_member_that_repeats_another_is_left_out_as_such(grader: Grader, tmp_path: Path) -> None:
    task, views, members = values_case(tmp_path)
    blend = grader.blend(task, views, members)
    (copy,) = {1, 4} - set(blend.weights)
    assert blend.left_out[copy] == f"too much like #{5 - copy}: their predictions correlate by 1.000"


def test_scores_are_cross_fitted(grader: Grader, tmp_path: Path) -> None:
    # Each member is perfect on one fold and useless on the other: what was chosen on one fold fails on the other.
    draw = random.Random(3)
    views, members = [], Files()
    for fold in range(2):
        truth = [(i, draw.gauss(0, 1)) for i in range(50)]
        views.append(a_view(tmp_path, ("id", "target"), truth, fold=fold))
        for number in (0, 1):
            table = truth if number == fold else [(i, 10.0) for i, _ in truth]
            path = write_csv(tmp_path / f"{number}-{fold}.csv", ("id", "target"), table)
            members.setdefault(number, {})[f"fold-{fold}"] = {"submission.csv": path}
    blend = grader.blend(a_task(tmp_path, "mae"), views, members)
    assert all(score > 9 for score in blend.scores.values())


def test_one_view_is_cross_fitted_by_rows(grader: Grader, tmp_path: Path) -> None:
    task, views, members = values_case(tmp_path, folds=1, rows=400)
    blend = grader.blend(task, views, members)
    assert set(blend.scores) == {"fold-0"}
    assert blend.scores["fold-0"] == pytest.approx(0.5**0.5, rel=0.1)


def test_ranks_are_mixed_where_scales_differ(grader: Grader, tmp_path: Path) -> None:
    draw = random.Random(7)
    views, members = [], Files()
    for fold in range(3):
        truth = [(i, draw.randint(0, 1)) for i in range(200)]
        views.append(a_view(tmp_path, ("id", "target"), truth, fold=fold))
        for number in (1, 2):
            scores = [(i, 1 / (1 + 2.718 ** -(y * 1.5 + draw.gauss(0, 1)))) for i, y in truth]
            if number == 2:
                scores = [(i, p**40) for i, p in scores]
            path = write_csv(tmp_path / f"{number}-{fold}.csv", ("id", "target"), scores)
            members.setdefault(number, {})[f"fold-{fold}"] = {"submission.csv": path}
    blend = grader.blend(a_task(tmp_path), views, members)
    assert blend.rule == "rank"
    assert set(blend.weights) == {1, 2}
    assert all(score > 0.8 for score in blend.scores.values())


def label_case(folder: Path, classes: Sequence[str], soft: Sequence[int]) -> tuple[Task, list[View], Files]:
    """Noisy class probabilities of two members; the threshold 0.5 is far too high for the binary case."""
    draw = random.Random(11)
    views, members = [], Files()
    for fold in range(3):
        truth = [
            (i, classes[-1] if draw.random() < 0.3 else classes[draw.randrange(len(classes) - 1)]) for i in range(150)
        ]
        views.append(a_view(folder, ("id", "target"), truth, fold=fold))
        for number in (1, 2):
            table: list[list[Any]] = []
            for i, y in truth:
                raw = [2.718 ** ((1.2 if c == y else 0.0) + draw.gauss(0, 0.8)) for c in classes]
                if len(classes) == 2:
                    raw[1] *= 0.25
                table.append([i, *[value / sum(raw) for value in raw]])
            hard = [(row[0], classes[max(range(len(classes)), key=lambda k: row[k + 1])]) for row in table]
            files = {"submission.csv": write_csv(folder / f"{number}-{fold}.csv", ("id", "target"), hard)}
            if number in soft:
                one = len(classes) == 2
                rows = [(row[0], row[2]) for row in table] if one else table
                head = ("id", "probability") if one else ("id", *classes)
                files["probabilities.csv"] = write_csv(folder / f"{number}-{fold}-p.csv", head, rows)
            members.setdefault(number, {})[f"fold-{fold}"] = files
    metric = "f1" if len(classes) == 2 else "accuracy"
    return a_task(folder, metric, classes=classes), views, members


def test_probabilities_make_a_better_decision_than_votes(grader: Grader, tmp_path: Path) -> None:
    task, views, members = label_case(tmp_path, ("no", "yes"), soft=(1, 2))
    blend = grader.blend(task, views, members)
    assert blend.rule == "threshold"
    assert blend.soft == tuple(blend.weights)
    assert blend.threshold < 0.45
    alone = max(mean_score(grader, task, views, members[n]) for n in (1, 2))
    assert sum(blend.scores.values()) / 3 > alone + 0.1


def test_several_classes_are_decided_by_the_largest_mean(grader: Grader, tmp_path: Path) -> None:
    task, views, members = label_case(tmp_path, ("a", "b", "c"), soft=(1,))
    blend = grader.blend(task, views, members)
    assert blend.rule == "argmax"
    assert set(blend.soft) <= {1}
    alone = max(mean_score(grader, task, views, members[n]) for n in (1, 2))
    assert sum(blend.scores.values()) / 3 > alone - 0.05


COLUMNS = ("damp", "warm")


def flags_case(folder: Path, classes: Sequence[str] = ("0", "1"), metric: str = "f1") -> tuple[Task, list[View], Files]:
    """Three members that are each wrong in another third of the rows, in both columns."""
    views, members = [], Files()
    for fold in range(2):
        truth = [(i, i % len(classes), (i // 5) % len(classes)) for i in range(60)]
        rows = [(i, classes[a], classes[b]) for i, a, b in truth]
        views.append(a_view(folder, ("id", *COLUMNS), rows, fold=fold))
        for number in (1, 2, 3):
            off = [int(i % 3 == number - 1) for i, _, _ in truth]
            told = [
                (i, classes[(a + o) % len(classes)], classes[(b + o) % len(classes)])
                for (i, a, b), o in zip(truth, off, strict=True)
            ]
            path = write_csv(folder / f"{number}-{fold}.csv", ("id", *COLUMNS), told)
            members.setdefault(number, {})[f"fold-{fold}"] = {"submission.csv": path}
    return a_task(folder, metric, columns=COLUMNS, targets=COLUMNS, classes=classes), views, members


def test_several_columns_are_mixed_for_a_metric_that_has_no_fast_form_for_them(grader: Grader, tmp_path: Path) -> None:
    blend = grader.blend(*flags_case(tmp_path, metric="accuracy"))
    assert blend.rule == "flags"
    assert blend.weights
    assert min(blend.scores.values()) >= 0.6


def test_several_columns_of_two_labels_are_mixed_by_majority(grader: Grader, tmp_path: Path) -> None:
    task, views, members = flags_case(tmp_path)
    blend = grader.blend(task, views, members)
    assert blend.rule == "flags"
    assert set(blend.weights) == {1, 2, 3}
    assert blend.scores == {"fold-0": 1.0, "fold-1": 1.0}


def test_several_columns_of_more_labels_are_not_mixed(grader: Grader, tmp_path: Path) -> None:
    task, views, members = flags_case(tmp_path, ("a", "b", "c"))
    blend = grader.blend(task, views, members)
    assert blend.weights == {}
    assert set(blend.left_out) == {1, 2, 3}


def test_without_any_valid_member_there_is_no_mix_and_each_says_why(grader: Grader, tmp_path: Path) -> None:
    task, views, _ = values_case(tmp_path)
    blend = grader.blend(task, views, {7: {}, 8: {"fold-0": {}}})
    assert blend.weights == {}
    assert blend.left_out == dict.fromkeys((7, 8), "no predictions on fold-0, fold-1, fold-2")


def test_rankings_are_as_long_as_the_metric_looks(grader: Grader, tmp_path: Path) -> None:
    classes = ("a", "b", "c", "d")
    _, views, members = label_case(tmp_path, classes, soft=(1,))
    task = a_task(tmp_path, with_params(METRICS["map_at_k"], k=2), classes=classes)
    blend = grader.blend(task, views, members)
    assert blend.weights == {1: 1.0}
    assert blend.left_out == {2: "no probabilities.csv, which rankings are mixed from"}
    mixed = grader.combine(task, views[0], blend, {1: members[1]["fold-0"]}, tmp_path)
    lines = mixed.file.read_text(encoding="utf-8").splitlines()[1:]
    assert {len(set(line.split(",")[1].split())) for line in lines} == {2}


@pytest.mark.parametrize(("metric", "takes_part"), [("accuracy", True), ("map_at_k", False)])
def test_probabilities_of_unknown_classes_count_for_nothing(
    grader: Grader, tmp_path: Path, metric: str, takes_part: bool
) -> None:
    classes = ("a", "b", "c")
    _, views, members = label_case(tmp_path, classes, soft=(1,))
    for view in views:
        path = members[1][view.key.name]["probabilities.csv"]
        path.write_text(path.read_text().replace("id,a,b,c", "id,a,b,x"), encoding="utf-8")
    blend = grader.blend(a_task(tmp_path, metric, classes=classes), views, {1: members[1]})
    assert blend.soft == ()
    assert blend.weights == ({1: 1.0} if takes_part else {})
    if not takes_part:
        assert "'x'" in blend.left_out[1]


def test_probabilities_that_are_all_nothing_are_no_opinion(grader: Grader, tmp_path: Path) -> None:
    # Half of the rows have no probability at all and are `no`: the threshold lies above one half, which they count as.
    right = ["no" if i < 20 else "yes" for i in range(40)]
    task = a_task(tmp_path, "f1", classes=("no", "yes"))
    view = a_view(tmp_path, ("id", "target"), list(enumerate(right)))
    labels = write_csv(tmp_path / "1.csv", ("id", "target"), [(i, "no") for i in range(40)])
    rows = [(i, 0, 0) if i < 20 else (i, 0.7, 0.3) for i in range(40)]
    chances = write_csv(tmp_path / "1-p.csv", ("id", "yes", "no"), rows)
    files = {"submission.csv": labels, "probabilities.csv": chances}
    blend = grader.blend(task, [view], {1: {"fold-0": files}})
    assert blend.soft == (1,)
    assert 0.5 < blend.threshold <= 0.7
    mixed = grader.combine(task, view, blend, {1: files}, tmp_path)
    assert [line.split(",")[1] for line in mixed.file.read_text(encoding="utf-8").splitlines()[1:]] == right


def test_rankings_are_mixed_from_class_probabilities(grader: Grader, tmp_path: Path) -> None:
    classes = ("a", "b", "c", "d")
    _, views, members = label_case(tmp_path, classes, soft=(1, 2))
    task = a_task(tmp_path, "map_at_k", classes=classes)
    blend = grader.blend(task, views, members)
    assert blend.rule == "top"
    assert all(0.4 < score < 1 for score in blend.scores.values())
    view = views[0]
    mixed = grader.combine(task, view, blend, {n: files["fold-0"] for n, files in members.items()}, tmp_path)
    grade = grader.grade(task, view, mixed.file)
    assert isinstance(grade, Graded)
    assert grade.score.value == pytest.approx(blend.scores["fold-0"], abs=0.05)


def test_a_blend_of_thousands_of_classes_is_told_whole(grader: Grader, tmp_path: Path) -> None:
    rare = tuple(f"kingdom/phylum/class/order/family/genus/species-{i:04d}" for i in range(2_000))
    _, views, members = label_case(tmp_path, ("a", "b", "c"), soft=())
    blend = grader.blend(a_task(tmp_path, "accuracy", classes=("a", "b", "c", *rare)), views, members)
    assert blend.weights, blend.left_out
    assert len(blend.classes) == 2_003


def test_a_member_that_cannot_take_part_is_named(grader: Grader, tmp_path: Path) -> None:
    task, views, members = values_case(tmp_path)
    write_csv(tmp_path / "2-1.csv", ("id", "target"), [(0, "nan")])
    del members[4]["fold-2"]
    blend = grader.blend(task, views, members)
    assert set(blend.weights) == {1}
    assert set(blend.left_out) == {2, 3, 4}
    assert "119 of 120 ids" in blend.left_out[2]
    assert "no predictions on fold-2" in blend.left_out[4]


def test_a_users_own_metric_has_no_blend(grader: Grader, tmp_path: Path) -> None:
    _, views, members = values_case(tmp_path)
    blend = grader.blend(a_task(tmp_path, "rmse", grader="grade.py"), views, members)
    assert blend.weights == {}
    assert set(blend.left_out) == set(members)


def members_folder(folder: Path, files: Mapping[int, Mapping[str, Path]]) -> None:
    for number, outputs in files.items():
        for name, path in outputs.items():
            target = folder / "members" / str(number) / "output" / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(path.read_bytes())


@pytest.mark.parametrize("case", ["values", "binary", "classes", "flags"])
def test_the_script_and_the_grader_write_the_same_mix(grader: Grader, tmp_path: Path, case: str) -> None:
    if case == "values":
        task, views, members = values_case(tmp_path)
    elif case == "flags":
        task, views, members = flags_case(tmp_path)
    else:
        task, views, members = label_case(tmp_path, ("no", "yes") if case == "binary" else ("a", "b", "c"), soft=(1,))
    blend = grader.blend(task, views, members)
    files = {number: members[number]["fold-0"] for number in blend.weights}
    trusted = grader.combine(task, views[0], blend, files, tmp_path).file
    place = tmp_path / "place"
    members_folder(place, files)
    (place / "solution.py").write_text(blend_script(task, blend), encoding="utf-8")
    subprocess.run([sys.executable, "-I", "solution.py"], cwd=place, check=True)
    assert (place / "output" / "submission.csv").read_bytes() == trusted.read_bytes()
    grade = grader.grade(task, views[0], trusted)
    assert isinstance(grade, Graded)
    assert grade.score.value == pytest.approx(blend.scores["fold-0"], abs=0.15)


def test_the_script_runs_members_that_have_no_predictions(tmp_path: Path) -> None:
    write_csv(tmp_path / "input" / "test.csv", ("id",), [("x",), ("y",)])
    for number, value in ((1, 10), (2, 30)):
        member = tmp_path / "members" / str(number)
        member.mkdir(parents=True)
        (member / "solution.py").write_text(
            "import csv\nrows = list(csv.reader(open('input/test.csv')))[1:]\n"
            "with open('output/submission.csv', 'w') as f:\n    f.write('id,target\\n')\n"
            f"    for row in reversed(rows): f.write(f'{{row[0]}},{value}\\n')\n",
            encoding="utf-8",
        )
    script = blend_script(a_task(tmp_path, "rmse"), Blend(weights={1: 0.75, 2: 0.25}))
    (tmp_path / "solution.py").write_text(script, encoding="utf-8")
    subprocess.run([sys.executable, "solution.py"], cwd=tmp_path, check=True)
    written = (tmp_path / "output" / "submission.csv").read_text(encoding="utf-8")
    assert written == "id,target\ny,15.0\nx,15.0\n"


def test_combining_survives_a_member_that_left_no_valid_file(grader: Grader, tmp_path: Path) -> None:
    task, views, members = values_case(tmp_path)
    blend = Blend(weights={1: 0.5, 2: 0.5})
    broken = write_csv(tmp_path / "broken.csv", ("id", "target"), [(0, 1)])
    files = {1: members[1]["fold-0"], 2: {"submission.csv": broken}}
    mixed = grader.combine(task, views[0], blend, files, tmp_path)
    alone = grader.grade(task, views[0], members[1]["fold-0"]["submission.csv"])
    assert grader.grade(task, views[0], mixed.file) == alone
    assert set(mixed.dropped) == {2}
    assert "119 of 120 ids" in mixed.dropped[2]
    none = grader.combine(task, views[0], blend, {1: {"submission.csv": broken}}, tmp_path)
    assert "119 of 120 ids" in grader.validate(task, views[0], none.file)[0]
    assert none.dropped == {}


@pytest.mark.parametrize(
    ("written", "reason"),
    [("1e9", "outside [0, 1]"), ("nan", "have no label"), ("x", "not numbers"), (None, "119 of 120")],
)
def test_no_probabilities_weigh_more_than_their_member(
    grader: Grader, tmp_path: Path, written: str | None, reason: str
) -> None:
    # What it wrote on the folds was fine; what counts is what it writes for the rows that are handed in.
    ids = range(120)
    task = a_task(tmp_path, "f1", classes=("no", "yes"))
    view = a_view(tmp_path, ("id", "target"), [(i, "yes") for i in ids])
    sound = {"submission.csv": write_csv(tmp_path / "1.csv", ("id", "target"), [(i, "no") for i in ids])}
    rows = [(i, written) for i in ids] if written else [(0, 1.0)]
    odd = {
        "submission.csv": write_csv(tmp_path / "2.csv", ("id", "target"), [(i, "yes") for i in ids]),
        "probabilities.csv": write_csv(tmp_path / "2-p.csv", ("id", "p"), rows),
    }
    blend = Blend(weights={1: 0.9, 2: 0.1}, rule="threshold", soft=(2,), classes=("no", "yes"), positive=1)
    mixed = grader.combine(task, view, blend, {1: sound, 2: odd}, tmp_path)
    assert set(mixed.dropped) == {2}
    assert reason in mixed.dropped[2]
    assert mixed.file.read_bytes() == sound["submission.csv"].read_bytes()


def test_truth_values_are_probabilities_to_the_mix_too(grader: Grader, tmp_path: Path) -> None:
    task = a_task(tmp_path, "f1", classes=("no", "yes"))
    view = a_view(tmp_path, ("id", "target"), [(i, "yes") for i in range(4)])
    files = {
        "submission.csv": write_csv(tmp_path / "1.csv", ("id", "target"), [(i, "no") for i in range(4)]),
        "probabilities.csv": write_csv(tmp_path / "1-p.csv", ("id", "p"), [(i, "True") for i in range(4)]),
    }
    blend = Blend(weights={1: 1.0}, rule="threshold", soft=(1,), classes=("no", "yes"), positive=1)
    assert grader.combine(task, view, blend, {1: files}, tmp_path).file.read_text() == "id,target\n" + "".join(
        f"{i},yes\n" for i in range(4)
    )


def test_a_mix_that_does_not_end_is_an_error_and_not_the_heaviest_member(tmp_path: Path) -> None:
    task, views, members = values_case(tmp_path)
    files = {number: outputs["fold-0"] for number, outputs in members.items() if number in (1, 2)}
    with Grader(tmp_path, blend_limit_s=0.0) as hasty, pytest.raises(MachineError, match="took longer") as caught:
        hasty.combine(task, views[0], Blend(weights={1: 0.5, 2: 0.5}), files, tmp_path)
    assert caught.value.code == "E522"


def test_probability_columns_are_normalised_where_they_must_sum_to_one(grader: Grader, tmp_path: Path) -> None:
    classes = ("a", "b")
    task = a_task(
        tmp_path, "log_loss", needs=Needs.CLASS_PROBABILITIES, columns=classes, classes=classes, sum_to_one=True
    )
    views = [a_view(tmp_path, ("id", "target"), [(i, classes[i % 2]) for i in range(20)], fold=f) for f in range(2)]
    members: Files = {}
    for number, sharp in ((1, 0.6), (2, 0.8)):
        table = [(i, *((sharp, 1 - sharp) if i % 2 == 0 else (1 - sharp, sharp))) for i in range(20)]
        path = write_csv(tmp_path / f"{number}.csv", ("id", *classes), table)
        members[number] = {view.key.name: {"submission.csv": path} for view in views}
    blend = grader.blend(task, views, members)
    assert blend.weights == {2: 1.0}
    mixed = grader.combine(
        task, views[0], Blend(weights={1: 0.5, 2: 0.5}), {n: f["fold-0"] for n, f in members.items()}, tmp_path
    )
    assert grader.validate(task, views[0], mixed.file) == ()
