"""Honest candidates with odd habits, each through the whole engine: none is rejected, none is scored wrongly."""

from dataclasses import dataclass, field

import pytest

from assay.core.trial import TrialState
from support.real_engine import PRELUDE, TARGET, RealEngine, limited


@dataclass(frozen=True)
class Odd:
    """An odd script that writes just the predictions of the baseline."""

    body: str
    files: dict[str, str] = field(default_factory=dict)
    flags: frozenset[str] = frozenset()
    """Codes of remarks that it may well get."""


SAME = {
    "prints nothing": Odd("write(predictions)"),
    "prints megabytes": Odd("for n in range(30_000):\n    print('epoch', n, 'loss', 'x' * 100)\nwrite(predictions)"),
    "prints bytes that are no text": Odd("write(predictions)\nos.write(1, bytes(range(256)) * 100)"),
    "prints a traceback that it expected": Odd(
        "import traceback\ntry:\n    int('x')\nexcept ValueError:\n    traceback.print_exc()\nwrite(predictions)"
    ),
    "warns on standard error": Odd(
        "import warnings\nwarnings.warn('rare category')\nprint('Error: none', file=sys.stderr)\nwrite(predictions)"
    ),
    "prints an honest score": Odd("write(predictions)\nprint('Final Validation Performance: 0.86')"),
    "prints a modest score": Odd("write(predictions)\nprint('score: 0.6')"),
    "prints a score that is not a number": Odd("write(predictions)\nprint('score: nan')"),
    "multiprocessing": Odd(
        "from multiprocessing import Pool\n\n\ndef double(x):\n    return 2 * x\n\n\n"
        "with Pool(2) as pool:\n    assert pool.map(double, range(8)) == list(range(0, 16, 2))\nwrite(predictions)"
    ),
    "joblib": Odd(
        "from joblib import Parallel, delayed\n"
        "print(Parallel(n_jobs=2)(delayed(math.sqrt)(n) for n in range(4)))\nwrite(predictions)"
    ),
    "futures in processes": Odd(
        "from concurrent.futures import ProcessPoolExecutor\n"
        "with ProcessPoolExecutor(2) as pool:\n    print(list(pool.map(abs, range(4))))\nwrite(predictions)"
    ),
    "threads": Odd(
        "import threading\nworkers = [threading.Thread(target=time.sleep, args=(0.01,)) for _ in range(40)]\n"
        "for worker in workers:\n    worker.start()\nfor worker in workers:\n    worker.join()\nwrite(predictions)"
    ),
    "a helper file as a child process": Odd(
        "import json\nimport subprocess\nnumbers = subprocess.run([sys.executable, 'helper.py', '3'], check=True, "
        "capture_output=True, text=True).stdout\nassert json.loads(numbers) == [0, 1, 2]\nwrite(predictions)",
        files={"helper.py": "import json, sys\nprint(json.dumps(list(range(int(sys.argv[1])))))\n"},
    ),
    "a helper file as a module": Odd(
        "from lib.helper import same\nwrite(same(predictions))",
        files={"lib/__init__.py": "", "lib/helper.py": "def same(values):\n    return values\n"},
    ),
    "a shell command": Odd(
        "import subprocess\nsubprocess.run('ls -l input | wc -l', shell=True, check=True)\nwrite(predictions)"
    ),
    "asks for the processor": Odd("print(open('/proc/cpuinfo').read()[:80], os.cpu_count())\nwrite(predictions)"),
    "reads its own settings from the environment": Odd(
        "print(os.environ.get('OMP_NUM_THREADS'), os.environ['ASSAY_SEED'], os.environ['HOME'])\nwrite(predictions)"
    ),
    "big temporary files": Odd(
        "import tempfile\nwith tempfile.TemporaryDirectory() as place:\n"
        "    with open(os.path.join(place, 'cache.bin'), 'wb') as stream:\n"
        "        for _ in range(30):\n            stream.write(bytes(2**20))\nwrite(predictions)"
    ),
    "leaves its model beside the predictions": Odd(
        "import pickle\nwith open('output/model.pkl', 'wb') as stream:\n    pickle.dump(fit(train), stream)\n"
        "os.makedirs('output/plots')\nopen('output/plots/loss.txt', 'w').close()\nwrite(predictions)"
    ),
    "catches what it expects": Odd(
        "for row in train:\n    try:\n        float(row['ort'])\n    except ValueError:\n        continue\n"
        "write(predictions)"
    ),
    "catches everything and says so": Odd(
        "try:\n    import a_library_that_nobody_has\nexcept Exception as error:\n    print('without it:', error)\n"
        "write(predictions)"
    ),
    "a method named exit": Odd(
        "class Door:\n    def exit(self):\n        return 'through the door'\n\n\nprint(Door().exit())\n"
        "write(predictions)"
    ),
    "changes into its output folder": Odd("os.chdir('output')\nwrite(predictions, 'submission.csv')"),
    "an absolute path to its own folder": Odd("write(predictions, os.path.abspath('output/submission.csv'))"),
    "another order of rows": Odd("import random\nrandom.shuffle(predictions)\nwrite(predictions)"),
    "scientific notation": Odd("write([(i, f'{p:.17e}') for i, p in predictions])"),
    "many digits": Odd("write([(i, f'{p:.60f}') for i, p in predictions])"),
    "ids as pandas writes them after a join": Odd("write([(f'{i}.0', p) for i, p in predictions])"),
    # What Excel and `utf-8-sig` write is the same text.
    "a byte-order mark": Odd("write(predictions, encoding='utf-8-sig')"),
    "Windows line ends": Odd("write(predictions, end='\\r\\n')"),
    "everything in quotes": Odd(
        "with open('output/submission.csv', 'w', encoding='utf-8') as stream:\n"
        '    stream.write(f\'"id","{TARGET}"\\n\' + \'\'.join(f\'"{i}","{p}"\\n\' for i, p in predictions))'
    ),
    "no newline at the end, a blank line in between": Odd(
        "with open('output/submission.csv', 'w', encoding='utf-8') as stream:\n"
        "    stream.write(f'id,{TARGET}\\n\\n' + '\\n'.join(f'{i},{p}' for i, p in predictions))"
    ),
    "writes twice": Odd("write([(i, 0.5) for i in ids])\nwrite(predictions)"),
    "writes elsewhere and renames": Odd(
        "write(predictions, 'output/.partial')\nos.replace('output/.partial', 'output/submission.csv')"
    ),
    "makes its output folder anew": Odd(
        "import shutil\nshutil.rmtree('output')\nos.makedirs('output')\nwrite(predictions)"
    ),
    "a careful umask": Odd("os.umask(0o077)\nwrite(predictions)\nos.chmod('output/submission.csv', 0o400)"),
    "scales with the test features": Odd(
        "middle = sum(float(r['x2']) for r in (*train, *test)) / (len(train) + len(test))\n"
        "for row in (*train, *test):\n    row['x2'] = float(row['x2']) - middle\n"
        "write(list(zip(ids, predict(fit(train), test))))"
    ),
    "target encoding inside its own folds": Odd(
        "means = {}\nfor fold in range(3):\n    inside = [r for n, r in enumerate(train) if n % 3 != fold]\n"
        "    for ort in {r['ort'] for r in train}:\n"
        "        hits = [int(r[TARGET]) for r in inside if r['ort'] == ort]\n"
        "        means[fold, ort] = sum(hits) / len(hits)\nprint(means)\nwrite(predictions)"
    ),
    "validates with the names of the field": Odd(
        "train_labels = [row[TARGET] for row in train]\nanswers = dict(zip(ids, predictions))\n"
        "test_answers = [answers[i] for i in ids]\nwrite(test_answers)"
    ),
    "random seeds from the clock": Odd(
        "import random\nrandom.seed(time.time())\nrandom.shuffle(train)\n"
        "write(list(zip(ids, predict(fit(train), test))))"
    ),
    "ends with os._exit": Odd("write(predictions)\nos._exit(0)", flags=frozenset({"L08"})),
    "ends with sys.exit": Odd("write(predictions)\nsys.exit(0)", flags=frozenset({"L08"})),
    "ends as programs do": Odd(
        "def main():\n    write(predictions)\n    return 0\n\n\nif __name__ == '__main__':\n    sys.exit(main())"
    ),
    "runs at exit": Odd("import atexit\natexit.register(write, predictions)"),
    "asks for patience": Odd("time.sleep(2)\nwrite(predictions)"),
    "handles signals": Odd("import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nwrite(predictions)"),
    "leaves a child that sleeps": Odd(
        "import subprocess\nsubprocess.Popen(['sleep', '600'], start_new_session=True)\nwrite(predictions)"
    ),
    "collects no garbage, recurses deeply": Odd(
        "import gc\ngc.disable()\nsys.setrecursionlimit(5_000)\n\n\n"
        "def depth(n):\n    return 0 if n == 0 else 1 + depth(n - 1)\n\n\n"
        "print(depth(3_000))\nwrite(predictions)"
    ),
    "text outside ASCII": Odd("# Größenänderung: 大きさ\nüber = 'naïve façade ☃'\nprint(über)\nwrite(predictions)"),
}


@pytest.mark.parametrize("name", SAME)
def test_an_odd_habit_changes_no_score(engine: RealEngine, name: str) -> None:
    odd = SAME[name]
    tried = engine.evaluate(odd.body, files=odd.files)
    assert tried.state is TrialState.COMPLETE, f"{tried.trial.reason}\n{tried.trial.flags}\n{tried.log[-1000:]}"
    assert dict(tried.scores) == pytest.approx(dict(engine.honest), abs=1e-9)
    assert tried.codes <= odd.flags, tried.trial.flags


def test_whole_numbers_are_probabilities_too(engine: RealEngine) -> None:
    tried = engine.evaluate("write([(i, round(p)) for i, p in predictions])")
    assert tried.state is TrialState.COMPLETE
    assert all(0.6 < score < engine.honest[fold] for fold, score in tried.scores.items())
    assert tried.codes == set()


def test_a_perfect_score_is_no_crime(engine: RealEngine) -> None:
    tried = engine.evaluate("write([(r['id'], 0.9 if r['geleakt'] == 'ja' else 1e-05) for r in test])")
    assert dict(tried.scores) == dict.fromkeys(engine.honest, 1.0)
    assert tried.trial.ranks


def test_pandas_and_scikit_learn_as_everybody_uses_them(engine: RealEngine) -> None:
    body = f"""
import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

train = pd.read_csv("./input/train.csv")
test = pd.read_csv("./input/test.csv")
y = train["{TARGET}"]
oof = np.zeros(len(train))
for fit_rows, val_rows in StratifiedKFold(3, shuffle=True, random_state=0).split(train, y):
    part = train.iloc[fit_rows]
    means = part.groupby("ort")["{TARGET}"].mean()
    X = part[["größe", "x2"]].assign(ort=part["ort"].map(means))
    held = train.iloc[val_rows]
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(X, y.iloc[fit_rows])
    oof[val_rows] = model.predict_proba(held[["größe", "x2"]].assign(ort=held["ort"].map(means)))[:, 1]
print(f"Final Validation Performance: {{roc_auc_score(y, oof)}}")
model = make_pipeline(StandardScaler(), LogisticRegression()).fit(train[["größe", "x2"]], y)
test["{TARGET}"] = model.predict_proba(test[["größe", "x2"]])[:, 1]
test[["id", "{TARGET}"]].to_csv("./output/submission.csv", index=False)
"""
    tried = engine.evaluate(body, whole=True)
    assert tried.state is TrialState.COMPLETE, tried.log
    assert dict(tried.scores) == pytest.approx(dict(engine.honest), abs=0.02)
    assert tried.codes == set()
    assert all(m.reported is not None for m in tried.measurements)


def test_predictions_written_before_time_is_up_count_and_are_marked(engine: RealEngine) -> None:
    tried = engine.evaluate(
        "write(predictions)\nprint('now tuning', flush=True)\ntime.sleep(600)", limits=limited(wall_s=3.0)
    )
    assert tried.state is TrialState.COMPLETE
    assert tried.outcomes == ("timeout", "timeout")
    assert dict(tried.scores) == dict(engine.honest)
    assert all(m.score is not None and m.score.partial for m in tried.measurements)
    assert "P01" in tried.codes


def test_predictions_written_before_a_crash_count_and_are_marked(engine: RealEngine) -> None:
    tried = engine.evaluate("write(predictions)\nraise RuntimeError('the plot failed')")
    assert tried.state is TrialState.COMPLETE
    assert dict(tried.scores) == dict(engine.honest)
    assert [flag for flag in tried.trial.flags if flag.startswith("P01")]
    assert not any("time limit" in flag for flag in tried.trial.flags)


def test_names_outside_ascii_go_through_unchanged(engine: RealEngine) -> None:
    tried = engine.evaluate("print(list(train[0]), train[0]['ort'] in ('Köln', 'Łódź', '東京'))\nwrite(predictions)")
    assert f"['id', 'größe', 'x2', 'ort', 'geleakt', '{TARGET}'] True" in tried.log
    submission = engine.folder / "submission.csv"
    assert submission.read_text(encoding="utf-8-sig").splitlines()[0] == f"id,{TARGET}"


def test_the_prelude_itself_raises_no_finding(engine: RealEngine) -> None:
    assert "submission.csv" in PRELUDE
    assert engine.baseline.trial.flags == ()
