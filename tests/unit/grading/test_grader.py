from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from assay.core.errors import MachineError, TaskError
from assay.core.metric import Needs
from assay.core.score import Provenance
from assay.data.metric_names import METRICS, with_params
from assay.grading import Graded, Grader, Invalid, PredictionStats
from assay.grading.process import LOCK, GradingProcess
from support.gradings import a_task, a_view, write_csv

TRUTH = [(f"r{i}", i % 2) for i in range(40)]


@pytest.fixture(scope="module")
def grader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Grader]:
    with Grader(tmp_path_factory.mktemp("grader")) as service:
        yield service


def own_metric(folder: Path, body: str) -> str:
    (folder / "grade.py").write_text(body, encoding="utf-8")
    return "grade.py"


def test_a_valid_file_is_scored_with_its_provenance(grader: Grader, tmp_path: Path) -> None:
    view = a_view(tmp_path, ("id", "target"), TRUTH)
    path = write_csv(tmp_path / "p.csv", ("id", "target"), [(i, 0.2 + 0.6 * y) for i, y in reversed(TRUTH)])
    grade = grader.grade(a_task(tmp_path), view, path)
    assert isinstance(grade, Graded)
    assert (grade.score.value, grade.score.rows, grade.score.view) == (1.0, 40, "fold-0")
    assert grade.score.provenance is Provenance.GRADED
    assert grade.score.low is None


def test_the_interval_holds_the_score_and_repeats(grader: Grader, tmp_path: Path) -> None:
    view = a_view(tmp_path, ("id", "target"), TRUTH)
    path = write_csv(tmp_path / "p.csv", ("id", "target"), [(i, ((k * 7) % 11) / 11) for k, (i, _) in enumerate(TRUTH)])
    task = a_task(tmp_path, "brier")
    first = grader.grade_with_interval(task, view, path)
    assert isinstance(first, Graded)
    score = first.score
    assert score.low is not None
    assert score.high is not None
    assert score.std_error is not None
    assert score.low < score.value < score.high
    # The error of a mean over rows is known exactly: s / sqrt(n).
    rows = [(y - ((k * 7) % 11) / 11) ** 2 for k, (_, y) in enumerate(TRUTH)]
    mean = sum(rows) / len(rows)
    exact = (sum((r - mean) ** 2 for r in rows) / len(rows)) ** 0.5 / len(rows) ** 0.5
    assert score.std_error == pytest.approx(exact, rel=0.1)
    assert grader.grade_with_interval(task, view, path) == first


def test_an_invalid_file_has_problems_and_no_score(grader: Grader, tmp_path: Path) -> None:
    view = a_view(tmp_path, ("id", "target"), TRUTH)
    path = write_csv(tmp_path / "p.csv", ("id", "target"), [(i, 0.5) for i, _ in TRUTH[1:]])
    grade = grader.grade(a_task(tmp_path), view, path)
    assert grade == Invalid(problems=("1 of 40 ids of 'id' are missing: 'r0'", "expected 40 rows, got 39"))
    assert grader.validate(a_task(tmp_path), view, path) == grade.problems


def test_constant_predictions_where_a_correlation_needs_more(grader: Grader, tmp_path: Path) -> None:
    view = a_view(tmp_path, ("id", "target"), TRUTH)
    path = write_csv(tmp_path / "p.csv", ("id", "target"), [(i, 0.5) for i, _ in TRUTH])
    grade = grader.grade(a_task(tmp_path, "pearson"), view, path)
    assert grade == Invalid(problems=("the predictions do not vary, so pearson is not defined",))


def test_answers_of_one_class_are_the_tasks_fault(grader: Grader, tmp_path: Path) -> None:
    view = a_view(tmp_path, ("id", "target"), [("a", 1), ("b", 1)])
    path = write_csv(tmp_path / "p.csv", ("id", "target"), [("a", 0.5), ("b", 0.1)])
    with pytest.raises(TaskError, match="all 2 answers are positive") as caught:
        grader.grade(a_task(tmp_path), view, path)
    assert caught.value.code == "E135"


@pytest.mark.parametrize(
    ("positive", "classes", "truth", "expected"),
    [
        (None, ("no", "yes"), ["no", "yes", "yes"], 1.0),
        ("no", ("no", "yes"), ["no", "yes", "yes"], 0.0),
        (None, (), ["False", "True", "True"], 1.0),
        (1.0, ("0", "1"), ["0", "1", "1"], 1.0),
    ],
)
def test_the_positive_class(
    grader: Grader,
    tmp_path: Path,
    positive: str | float | None,
    classes: tuple[str, ...],
    truth: list[str],
    expected: float,
) -> None:
    view = a_view(tmp_path, ("id", "target"), [(i, y) for i, y in enumerate(truth)])
    path = write_csv(tmp_path / "p.csv", ("id", "target"), [(0, 0.1), (1, 0.8), (2, 0.9)])
    metric = METRICS["roc_auc"] if positive is None else with_params(METRICS["roc_auc"], positive=positive)
    grade = grader.grade(a_task(tmp_path, metric, classes=classes), view, path)
    assert isinstance(grade, Graded)
    assert grade.score.value == expected


def test_ratings_are_ordered_by_size(grader: Grader, tmp_path: Path) -> None:
    truth = [(i, r) for i, r in enumerate([1, 2, 10, 10, 1, 2])]
    view = a_view(tmp_path, ("id", "target"), truth)
    task = a_task(tmp_path, "quadratic_kappa", classes=("1", "10", "2"))
    near = write_csv(tmp_path / "near.csv", ("id", "target"), [(i, 2 if r == 1 else r) for i, r in truth])
    far = write_csv(tmp_path / "far.csv", ("id", "target"), [(i, 10 if r == 1 else r) for i, r in truth])
    values = [grade.score.value for p in (near, far) if isinstance(grade := grader.grade(task, view, p), Graded)]
    assert values[0] > values[1]


def test_several_classes_several_targets_and_rankings(grader: Grader, tmp_path: Path) -> None:
    view = a_view(tmp_path, ("id", "target"), [(0, "b"), (1, "c")])
    task = a_task(
        tmp_path,
        "log_loss",
        needs=Needs.CLASS_PROBABILITIES,
        columns=("p_b", "p_c"),
        classes=("b", "c"),
        sum_to_one=True,
    )
    path = write_csv(tmp_path / "p.csv", ("id", "p_b", "p_c"), [(0, 1, 0), (1, 0, 1)])
    grade = grader.grade(task, view, path)
    assert isinstance(grade, Graded)
    assert grade.score.value == pytest.approx(0.0, abs=1e-9)

    view = a_view(tmp_path / "two", ("id", "u", "v"), [(0, 1.0, 2.0), (1, 3.0, 2.0)])
    task = a_task(tmp_path, "rmse_mean_columnwise", columns=("u", "v"), targets=("u", "v"))
    path = write_csv(tmp_path / "q.csv", ("id", "u", "v"), [(0, 1, 3), (1, 3, 3)])
    grade = grader.grade(task, view, path)
    assert isinstance(grade, Graded)
    assert grade.score.value == 0.5

    view = a_view(tmp_path / "ranks", ("id", "target"), [(0, "5"), (1, "6")])
    path = write_csv(tmp_path / "r.csv", ("id", "target"), [(0, "5 6"), (1, "5.0 6.0")])
    grade = grader.grade(a_task(tmp_path, "map_at_k", classes=("5", "6")), view, path)
    assert isinstance(grade, Graded)
    assert grade.score.value == 0.75


def test_a_file_for_rows_whose_answers_nobody_has(grader: Grader, tmp_path: Path) -> None:
    view = a_view(tmp_path, ("id", "target"), TRUTH, answers=False)
    good = write_csv(tmp_path / "p.csv", ("id", "target"), [(i, 0.5) for i, _ in TRUTH])
    assert grader.validate(a_task(tmp_path), view, good) == ()
    bad = write_csv(tmp_path / "q.csv", ("id", "target"), [(i, 5) for i, _ in TRUTH[2:]])
    assert len(grader.validate(a_task(tmp_path), view, bad)) == 3
    with pytest.raises(MachineError, match="answers of view 'fold-0'"):
        grader.grade(a_task(tmp_path), view, good)


def test_answers_of_some_of_the_rows(grader: Grader, tmp_path: Path) -> None:
    view = replace(a_view(tmp_path, ("id", "target"), TRUTH), partial=True)
    assert view.answers is not None
    write_csv(view.answers, ("id", "target"), [TRUTH[30], TRUTH[5]])
    right_there = [(i, y if i in ("r5", "r30") else 1 - y) for i, y in TRUTH]
    path = write_csv(tmp_path / "p.csv", ("id", "target"), right_there)
    grade = grader.grade(a_task(tmp_path), view, path)
    assert isinstance(grade, Graded)
    assert (grade.score.value, grade.score.rows) == (1.0, 2)
    some = write_csv(tmp_path / "q.csv", ("id", "target"), [TRUTH[5], TRUTH[30]])
    grade = grader.grade(a_task(tmp_path), view, some)
    assert isinstance(grade, Invalid)
    assert "38 of 40 ids of 'id' are missing" in grade.problems[0]
    blend = grader.blend(a_task(tmp_path, "brier"), [view], {1: {"fold-0": {"submission.csv": path}}})
    assert blend.scores == {"fold-0": 0.0}


def test_rows_by_order_even_where_the_answers_name_them(grader: Grader, tmp_path: Path) -> None:
    view = a_view(tmp_path, ("row", "target"), [(0, 1.0), (1, 2.0)])
    path = write_csv(tmp_path / "p.csv", ("target",), [(1,), (4,)])
    grade = grader.grade(a_task(tmp_path, "mae", ids=None), view, path)
    assert isinstance(grade, Graded)
    assert grade.score.value == 1.0


def test_how_predictions_look(grader: Grader, tmp_path: Path) -> None:
    view = a_view(tmp_path, ("id", "target"), [(i, y) for i, (_, y) in enumerate(TRUTH)])
    task = a_task(tmp_path, "rmse")
    copied = write_csv(tmp_path / "p.csv", ("id", "target"), [(i, i) for i in range(40)])
    stats = grader.stats(task, view, copied)
    assert stats == PredictionStats(rows=40, distinct=40, top_share=1 / 40, same_as="x", follows_ids=True)
    flat = write_csv(tmp_path / "q.csv", ("id", "target"), [(i, 1) for i in range(40)])
    assert grader.stats(task, view, flat) == PredictionStats(rows=40, distinct=1, top_share=1.0)
    assert isinstance(grader.stats(task, view, write_csv(tmp_path / "r.csv", ("x",), [])), Invalid)


def test_predictions_in_any_other_order_follow_no_ids(grader: Grader, tmp_path: Path) -> None:
    view = a_view(tmp_path, ("id", "target"), [(i, y) for i, (_, y) in enumerate(TRUTH)])
    for number, (value, follows) in enumerate([(lambda i: i * 7 % 40 / 40, False), (lambda i: -i / 40, True)]):
        path = write_csv(tmp_path / f"{number}.csv", ("id", "target"), [(i, value(i)) for i in range(40)])
        stats = grader.stats(a_task(tmp_path, "rmse"), view, path)
        assert stats == PredictionStats(rows=40, distinct=40, top_share=1 / 40, follows_ids=follows)


def test_rows_of_several_columns_and_rankings_are_counted_whole(grader: Grader, tmp_path: Path) -> None:
    columns = ("u", "v")
    view = a_view(tmp_path, ("id", *columns), [(i, 1, 2) for i in range(4)])
    task = a_task(tmp_path, "rmse_mean_columnwise", columns=columns, targets=columns)
    path = write_csv(tmp_path / "p.csv", ("id", *columns), [(i, *((1, 2) if i else (2, 1))) for i in range(4)])
    assert grader.stats(task, view, path) == PredictionStats(rows=4, distinct=2, top_share=0.75)
    view = a_view(tmp_path / "ranks", ("id", "target"), [(i, "a") for i in range(4)])
    path = write_csv(tmp_path / "q.csv", ("id", "target"), [(i, "a b" if i else "b a") for i in range(4)])
    stats = grader.stats(a_task(tmp_path, "map_at_k", classes=("a", "b")), view, path)
    assert stats == PredictionStats(rows=4, distinct=2, top_share=0.75)


def test_a_test_file_of_arrays_is_no_table_to_compare_predictions_with(grader: Grader, tmp_path: Path) -> None:
    view = a_view(tmp_path, ("id", "target"), TRUTH)
    (view.input / "test.csv").rename(view.input / "test.npz")
    task = a_task(tmp_path)
    task = replace(task, data=replace(task.data, test="test.npz"))
    path = write_csv(tmp_path / "p.csv", ("id", "target"), [(i, k / 40) for k, (i, _) in enumerate(TRUTH)])
    stats = grader.stats(task, view, path)
    assert isinstance(stats, PredictionStats)
    assert (stats.distinct, stats.same_as) == (40, "")


# --- the user's own metric


def test_a_users_own_metric(grader: Grader, tmp_path: Path) -> None:
    view = a_view(tmp_path, ("id", "target"), TRUTH)
    path = write_csv(tmp_path / "p.csv", ("id", "target"), [(i, y) for i, y in reversed(TRUTH)])
    name = own_metric(
        tmp_path,
        "import numpy as np\nprint('noise that is no reply')\n"
        "def grade(submission, answers):\n"
        "    assert list(submission['id']) == list(answers['id'])\n"
        "    return np.float32((submission['target'] == answers['target']).mean())\n",
    )
    grade = grader.grade(a_task(tmp_path, "rmse", grader=name), view, path)
    assert isinstance(grade, Graded)
    assert grade.score.value == 1.0


@pytest.mark.parametrize(
    ("code", "words", "body"),
    [
        ("E131", "defines no function", "x = 1"),
        ("E131", "cannot be loaded: ModuleNotFoundError", "import no_such_module_anywhere"),
        ("E131", "SyntaxError", "def grade(:"),
        ("E132", "KeyError: 'nope' (line 2)", "def grade(submission, answers):\n    return submission['nope']"),
        ("E133", "returned nan", "def grade(submission, answers):\n    return float('nan')"),
        ("E133", "returned '0.5'", "def grade(submission, answers):\n    return '0.5'"),
        ("E133", "returned None", "def grade(submission, answers):\n    pass"),
        ("E133", "returned True", "def grade(submission, answers):\n    return True"),
        ("E134", "exit code 3", "import os\ndef grade(submission, answers):\n    os._exit(3)"),
    ],
)
def test_what_a_users_metric_does_wrong_is_never_the_candidates_fault(
    grader: Grader, tmp_path: Path, code: str, words: str, body: str
) -> None:
    view = a_view(tmp_path, ("id", "target"), TRUTH)
    path = write_csv(tmp_path / "p.csv", ("id", "target"), [(i, y) for i, y in TRUTH])
    with pytest.raises(TaskError) as caught:
        grader.grade(a_task(tmp_path, "rmse", grader=own_metric(tmp_path, body)), view, path)
    assert caught.value.code == code
    assert words in caught.value.message


def test_a_users_metric_may_refuse_a_submission(grader: Grader, tmp_path: Path) -> None:
    view = a_view(tmp_path, ("id", "target"), TRUTH)
    path = write_csv(tmp_path / "p.csv", ("id", "target"), [(i, y) for i, y in TRUTH])
    body = "class InvalidSubmissionError(Exception): pass\ndef grade(s, a): raise InvalidSubmissionError('too bold')"
    grade = grader.grade(a_task(tmp_path, "rmse", grader=own_metric(tmp_path, body)), view, path)
    assert grade == Invalid(problems=("grade.py says: too bold",))


PEARSON = (
    "import numpy as np\n"
    "def grade(submission, answers):\n"
    "    with np.errstate(all='ignore'):\n"
    "        return float(np.corrcoef(submission['target'], answers['target'])[0, 1])\n"
)
LOG_LOSS = (
    "import math\n"
    "def grade(submission, answers):\n"
    "    pairs = zip(submission['target'], answers['target'])\n"
    "    return -sum(y * math.log(p) + (1 - y) * math.log(1 - p) for p, y in pairs) / len(answers)\n"
)
BY_CLASS = "import math\ndef grade(s, a):\n    return -sum(math.log(s[str(y)][i]) for i, y in enumerate(a['target']))\n"


@pytest.mark.parametrize(
    ("body", "columns", "predicted", "words"),
    [
        (PEARSON, ("target",), (0.5,), "returned nan"),
        (LOG_LOSS, ("target",), (1.0,), "raised ValueError"),
        (BY_CLASS, ("0", "1"), (1.0, 0.0), "raised ValueError"),
    ],
)
def test_predictions_that_a_sound_metric_cannot_score_are_invalid(
    tmp_path: Path, body: str, columns: tuple[str, ...], predicted: tuple[float, ...], words: str
) -> None:
    view = a_view(tmp_path, ("id", "target"), TRUTH)
    needs = Needs.PROBABILITY if len(columns) == 1 else Needs.CLASS_PROBABILITIES
    task = a_task(tmp_path, "rmse", grader=own_metric(tmp_path, body), columns=columns, needs=needs)
    path = write_csv(tmp_path / "p.csv", ("id", *columns), [(i, *predicted) for i, _ in TRUTH])
    with Grader(tmp_path) as first:
        grade = first.grade(task, view, path)
    assert isinstance(grade, Invalid)
    assert "the metric gives these predictions no score" in grade.problems[0]
    assert words in grade.problems[0]


def test_a_metric_that_once_scored_is_not_to_blame_for_what_it_cannot_score(grader: Grader, tmp_path: Path) -> None:
    view = a_view(tmp_path, ("id", "target"), TRUTH)
    # It fails on the answers themselves, too.
    body = "def grade(s, a):\n    wrong = (s.target - a.target).abs().sum()\n    assert wrong > 5\n    return wrong\n"
    task = a_task(tmp_path, "rmse", grader=own_metric(tmp_path, body))
    exact = write_csv(tmp_path / "p.csv", ("id", "target"), [(i, y) for i, y in TRUTH])
    with pytest.raises(TaskError, match="AssertionError"):
        grader.grade(task, view, exact)
    near = write_csv(tmp_path / "q.csv", ("id", "target"), [(i, y + 0.25) for i, y in TRUTH])
    assert isinstance(grader.grade(task, view, near), Graded)
    assert isinstance(grader.grade(task, view, exact), Invalid)


# --- hostile files and a process that dies


def test_nothing_is_imported_from_a_workspace(grader: Grader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "pandas.py").write_text("raise SystemExit('imported from the workspace')", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    view = a_view(tmp_path, ("id", "target"), TRUTH)
    path = write_csv(tmp_path / "p.csv", ("id", "target"), [(i, y) for i, y in TRUTH])
    with Grader(tmp_path) as fresh:
        assert isinstance(fresh.grade(a_task(tmp_path), view, path), Graded)


@pytest.mark.slow
def test_what_a_request_takes_is_limited_and_costs_no_other(tmp_path: Path) -> None:
    view = a_view(tmp_path, ("id", "target"), TRUTH)
    path = write_csv(tmp_path / "p.csv", ("id", "target"), [(i, y) for i, y in TRUTH])
    with Grader(tmp_path, time_limit_s=8.0, memory_bytes=2 * 2**30) as service:
        first = service.grade(a_task(tmp_path), view, path)
        pid = service.pid
        slow = own_metric(tmp_path, "import time\ndef grade(submission, answers):\n    time.sleep(600)")
        with pytest.raises(TaskError, match="took longer than 8 s") as caught:
            service.grade(a_task(tmp_path, "rmse", grader=slow), view, path)
        assert caught.value.code == "E134"
        large = own_metric(tmp_path, "def grade(submission, answers):\n    return float(len(bytearray(3 * 2**30)))")
        with pytest.raises(TaskError, match="MemoryError"):
            service.grade(a_task(tmp_path, "rmse", grader=large), view, path)
        assert service.grade(a_task(tmp_path), view, path) == first
        assert service.pid == pid


def test_the_process_that_reads_files_has_no_network_and_reads_little(grader: Grader, tmp_path: Path) -> None:
    view = a_view(tmp_path / "task", ("id", "target"), TRUTH)
    path = write_csv(tmp_path / "task" / "p.csv", ("id", "target"), [(i, y) for i, y in TRUTH])
    secret = tmp_path / "secret.txt"
    secret.write_text("key", encoding="utf-8")
    body = (
        "import socket\n"
        "def blocked(action):\n"
        "    try:\n        action()\n    except OSError:\n        return 1\n    return 0\n"
        "def grade(submission, answers):\n"
        f"    read = blocked(lambda: open({str(secret)!r}).read())\n"
        f"    write = blocked(lambda: open({str(secret)!r}, 'w').write('x' * 10))\n"
        "    net = blocked(lambda: socket.socket(socket.AF_INET, socket.SOCK_STREAM))\n"
        "    return 100.0 * read + 10 * write + net\n"
    )
    task = a_task(tmp_path / "task", "rmse", grader=own_metric(tmp_path / "task", body))
    grade = grader.grade(task, view, path)
    assert isinstance(grade, Graded)
    landlock = Path("/sys/kernel/security/lsm")
    if sys.platform == "linux" and (not landlock.exists() or "landlock" in landlock.read_text(encoding="utf-8")):
        assert grade.score.value == 111.0
    assert secret.read_text(encoding="utf-8") == "key"


def test_a_grading_process_that_is_less_locked_down_is_said_once_in_the_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    process = GradingProcess(tmp_path)
    for lock in ("Landlock ABI 7 and seccomp", "seccomp", "seccomp"):
        process.note_lock({LOCK: lock})
    process.close()
    assert [record.getMessage() for record in caplog.records] == [
        "the grading process reads files of generated code with less isolation: seccomp"
    ]


@pytest.mark.slow
def test_a_dead_process_is_started_again(tmp_path: Path) -> None:
    view = a_view(tmp_path, ("id", "target"), TRUTH)
    path = write_csv(tmp_path / "p.csv", ("id", "target"), [(i, y) for i, y in TRUTH])
    killer = own_metric(
        tmp_path, "import os\ndef grade(submission, answers):\n    os.kill(os.getppid(), 9)\n    return 1.0"
    )
    with Grader(tmp_path) as service:
        before = service.grade(a_task(tmp_path), view, path)
        first = service.pid
        assert first is not None
        os.kill(first, signal.SIGKILL)
        os.waitid(os.P_PID, first, os.WEXITED | os.WNOWAIT)
        assert service.grade(a_task(tmp_path), view, path) == before
        assert service.pid != first
        # With a lock-down the kill is refused and the metric's own fault; without one the worker dies in the request.
        try:
            grade = service.grade(a_task(tmp_path, "rmse", grader=killer), view, path)
        except TaskError:
            pass
        else:
            assert isinstance(grade, Invalid)
        assert service.grade(a_task(tmp_path), view, path) == before


ENGINE = """
import sys
from pathlib import Path
from assay.grading import Grader
from support.gradings import a_task, a_view
folder = Path(sys.argv[1])
view = a_view(folder, ("id", "target"), [("a", 0), ("b", 1)])
with Grader(folder, time_limit_s=600.0) as service:
    print(service.pid, flush=True)
    service.grade(a_task(folder, "rmse", grader="grade.py"), view, folder / "p.csv")
"""


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_request_ends_with_the_engine_that_asked(tmp_path: Path) -> None:
    own_metric(tmp_path, "import time\ndef grade(submission, answers):\n    time.sleep(600)")
    write_csv(tmp_path / "p.csv", ("id", "target"), [("a", 0), ("b", 1)])
    path = os.pathsep.join(entry for entry in sys.path if entry)
    command = [sys.executable, "-c", ENGINE, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": path}) as engine:
        assert engine.stdout is not None
        worker = psutil.Process(int(engine.stdout.readline()))
        while not (forks := worker.children()):
            assert engine.poll() is None
            time.sleep(0.05)
        engine.kill()
    _, left = psutil.wait_procs([worker, *forks], timeout=60)
    assert left == [], "nobody is there to take the answer"


def test_threads_may_share_a_grader(grader: Grader, tmp_path: Path) -> None:
    view = a_view(tmp_path, ("id", "target"), TRUTH)
    paths = [
        write_csv(tmp_path / f"p{n}.csv", ("id", "target"), [(i, 0.25 * n + 0.1 * y) for i, y in TRUTH])
        for n in range(4)
    ]
    task = a_task(tmp_path, "brier")
    alone = [grader.grade(task, view, path) for path in paths]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda path: grader.grade(task, view, path), paths)) == alone


def test_a_request_longer_than_a_line_travels_by_file(grader: Grader, tmp_path: Path) -> None:
    classes = tuple(f"class-number-{i:05d}" for i in range(6000))
    view = a_view(tmp_path, ("id", "target"), [(0, classes[0]), (1, classes[1])])
    path = write_csv(tmp_path / "p.csv", ("id", "target"), [(0, classes[0]), (1, classes[5])])
    grade = grader.grade(a_task(tmp_path, "accuracy", classes=classes), view, path)
    assert isinstance(grade, Graded)
    assert grade.score.value == 0.5


def test_the_engine_never_loads_the_numeric_libraries() -> None:
    code = (
        "import sys, assay.grading, assay.grading.stats\n"
        "found = [m for m in ('numpy', 'pandas', 'sklearn', 'scipy') if m in sys.modules]\n"
        "sys.exit(f'loaded {found}' if found else 0)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_process_and_its_folder_are_gone_after_close(tmp_path: Path) -> None:
    service = Grader(tmp_path)
    with service:
        assert service.pid is not None
        assert list(tmp_path.iterdir())
    assert service.pid is None
    assert list(tmp_path.iterdir()) == []
